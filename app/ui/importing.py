"""Bringing in filed facts: everything in a file, or nothing of it and all that is wrong."""

from collections.abc import Callable

import pandas as pd
import streamlit as st
from streamlit.elements.lib.mutable_status_container import StatusContainer

from app.ui import show
from app.ui.words import counted
from valor_core.coverage.imports import Imported
from valor_core.errors import BadInputs, ValorError
from valor_core.market.provider import Capability
from valor_core.tenancy.access import MAY
from valor_core.values import Caller
from valor_core.workbench import market_data
from valor_core.workbench.companies import Document, import_document, read_document
from valor_core.workbench.fetching import facts_asked_for, fetch_facts
from valor_core.workbench.verb import open_work

_TOLD = "importing_told"
POLICY = "Whom the routing policy asks"


def import_facts(who: Caller, *, suggested: str = "") -> None:
    """A company to ask the SEC for or a file to choose, and what came of the last one."""
    if who.role not in MAY["fact.import"]:
        st.caption("Importing is for analysts. Ask one of your tenant to bring the filing in.")
        return
    _fetch(who, suggested)
    st.markdown(
        "**From a file.** An SEC companyfacts document (`.json` or `.json.gz`), or a table made "
        "from the template, as [CSV](/api/v1/imports/template.csv) or "
        "[XLSX](/api/v1/imports/template.xlsx). All of it is kept, or nothing."
    )
    with st.form("importing", clear_on_submit=True, border=False):
        sent = st.file_uploader("File with filed facts", type=["json", "gz", "csv", "xlsx"])
        pressed = st.form_submit_button("Import", type="primary", icon=":material/upload_file:")
    if pressed and sent is None:
        st.warning("Choose a file first.")
    elif pressed and sent is not None:
        _bring_in(who, lambda: read_document(sent.getvalue(), file_name=sent.name))
    elif done := st.session_state.pop(_TOLD, None):
        _tell(done)


def _fetch(who: Caller, suggested: str) -> None:
    with open_work(who) as work:
        ready = {POLICY: ""} | {
            each.offer.title: each.offer.name
            for each in market_data.list_providers(work)
            if each.provider and Capability.FUNDAMENTALS in each.provider.capabilities
        }
    st.markdown("**From the source.** All annual reports that a company filed, figure by figure.")
    with st.form("fetching", border=False):
        left, right = st.columns(2)
        wanted = left.text_input(
            "Ticker or CIK",
            value=suggested,
            max_chars=20,
            placeholder="AAPL",
            key=f"fetching_{suggested or 'company'}",
        )
        title = right.selectbox("Provider", list(ready))
        pressed = st.form_submit_button("Fetch", icon=":material/cloud_download:")
    if pressed and not wanted.strip():
        st.warning("Write a ticker or a CIK first.")
    elif pressed:
        status = st.status(f"Asking for {show.plain(wanted)} …")
        name = ready[title]
        _bring_in(who, lambda: fetch_facts(who, facts_asked_for(wanted), provider=name), status)


def _bring_in(
    who: Caller, read: Callable[[], Document], status: StatusContainer | None = None
) -> None:
    try:
        document = read()
        if status:
            name = document.read[0].company.name
            status.update(label=f"Keeping what {show.plain(name)} filed …")
        with open_work(who) as work:
            done = import_document(work, document)
    except ValorError as error:
        if status:
            status.update(label="Nothing was brought in.", state="error")
        if isinstance(error, BadInputs):
            _refuse(error)
        else:
            show.refusal(error)
    else:
        st.session_state[_TOLD] = done
        st.rerun()  # what came in shows on the whole page


def _tell(done: Imported) -> None:
    if done.known_before:
        st.info(f"{show.plain(done.file_name)} was imported before, so nothing has changed.")
        return
    of = counted(len(done.companies), "company", "companies")
    st.success(
        f"{counted(done.facts_n, 'new figure')} of {of} came in from {show.plain(done.file_name)}.",
        icon=":material/check:",
    )


def _refuse(error: BadInputs) -> None:
    st.error(
        f"Nothing was imported: {counted(len(error.flaws), 'thing is', 'things are')} wrong in "
        f"this document. {show.plain(error.hint)}",
        icon=":material/error:",
    )
    rows = [(*_place(flaw.place), flaw.problem) for flaw in error.flaws]
    st.dataframe(
        pd.DataFrame(rows, columns=["Row", "Column", "What is wrong"]),
        hide_index=True,
        height=min(36 * (len(rows) + 1) + 2, 400),
        column_config={"What is wrong": st.column_config.TextColumn(width="large")},
        alt="What is wrong in the file, by row and column",
    )


def _place(place: str) -> tuple[str, str]:
    """A place in a table as row and column; one in a document stands whole in the first.

    >>> _place("row 3, value"), _place("facts.us-gaap")
    (('3', 'value'), ('facts.us-gaap', ''))
    """
    if not place.startswith("row "):
        return place, ""
    row, _, column = place.removeprefix("row ").partition(", ")
    return row, column
