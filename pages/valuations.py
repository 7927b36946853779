"""What was saved: each value with its reason, its sources and its workings; and two compared."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.ui import saved as screen
from app.ui import show
from app.ui.frame import caller, leads, link, only_for_its_readers
from app.ui.headline import page_of, value_of
from app.ui.trading import in_trading_currency
from app.ui.words import moment, person
from valor_core.coverage.companies import Company
from valor_core.errors import ValorError
from valor_core.models.lines import spoken
from valor_core.values import ValuationId, from_micros
from valor_core.workbench import companies, people
from valor_core.workbench.paging import PAGE_MAX
from valor_core.workbench.valuations import Saved, ValuationRow, list_valuations, read_valuation
from valor_core.workbench.verb import open_work

ROW_PX, ROWS_SEEN = 36, 8
SCENARIOS = "Scenarios"
PARTS = ("Result", "Inputs", SCENARIOS, "Workings", "Compare")
_OPENED = "valuations_opened"


def list_of(rows: Sequence[ValuationRow], called: dict[str, str]) -> None:
    """A row a saved value; the name of its company opens it."""
    column = st.column_config
    st.dataframe(
        pd.DataFrame(
            {
                "Company": [row.company_name for row in rows],
                "Value": [value_of(row) for row in rows],
                "Saved": [moment(from_micros(row.created_at)) for row in rows],
                "By": [person(row.created_by, called) for row in rows],
                "Model": [spoken(row.model) for row in rows],
                "Why": [row.rationale for row in rows],
            }
        ),
        key="valuations_list",
        hide_index=True,
        height=ROW_PX * (min(len(rows), ROWS_SEEN) + 1) + 2,
        row_height=ROW_PX,
        column_config={
            "Company": column.ButtonColumn(
                type="tertiary", alignment="left", pinned=True, width=190, key=_OPENED
            ),
            "Value": column.TextColumn(alignment="right", width=130),
            "Saved": column.TextColumn(width=150),
            "By": column.TextColumn(width=100),
            "Model": column.TextColumn(width=110),
            "Why": column.TextColumn(width="large"),
        },
        alt="Saved valuations, newest first; press a company's name to open one",
    )
    if clicked := st.session_state.get(_OPENED):
        st.query_params["valuation"] = rows[clicked.row].id


def asked_company() -> Company | None:
    """The company whose values are listed; none means all."""
    with open_work(who) as work:
        known = companies.list_companies(work)
    return st.selectbox(
        "Of the company",
        known,
        index=None,
        format_func=lambda each: f"{each.name} ({each.ticker})" if each.ticker else each.name,
        placeholder="All companies",
        key="valuations_company",
    )


def read(valuation_id: str) -> Saved | None:
    """A saved valuation, or the reason why it cannot be shown."""
    try:
        with open_work(who) as work:
            return read_valuation(work, ValuationId(valuation_id))
    except ValorError as error:
        show.refusal(error)
        return None


def opened(saved: Saved, rows: Sequence[ValuationRow], called: dict[str, str]) -> None:
    """One valuation, whole."""
    row = saved.row
    st.header(show.plain(row.company_name), anchor=False)
    screen.headline(saved, called)
    today = saved.today()
    if not today.agrees:
        screen.as_of_today(saved, today)
    if today.refusal:
        return
    book, about, again = st.columns([2, 2, 3], vertical_alignment="center")
    book.link_button(
        "Excel with live formulas",
        f"/api/v1/valuations/{row.id}/workbook.xlsx",
        icon=":material/download:",
        width="stretch",
    )
    with about:
        link("company", "Its statements", icon=":material/domain:", company=row.company_id)
    with again:
        link(
            page_of(row.model),
            "Value it again",
            icon=":material/calculate:",
            company=row.company_id,
        )
    parts = [part for part in PARTS if part != SCENARIOS or saved.scenarios]
    part = st.segmented_control(
        "Part", parts, default=PARTS[0], required=True, label_visibility="collapsed", key="part"
    )
    in_trading_currency(who, saved)
    told = screen.told(row.tenant_id, row.id, saved)
    if part == "Result":
        screen.results(told)
    elif part == SCENARIOS:
        screen.scenarios(saved)
    elif part == "Inputs":
        screen.inputs(told, saved.sources, called, filer=screen.filer(saved))
    elif part == "Workings":
        st.caption("Unfold a line to see the formula behind it, down to filings and assumptions.")
        show.tree(told.tree, row.currency, filer=screen.filer(saved))
    else:
        compared(saved, rows, called)


def compared(saved: Saved, rows: Sequence[ValuationRow], called: dict[str, str]) -> None:
    """The valuation beside another one."""
    others = [row for row in rows if row.id != saved.row.id]
    if not others:
        st.info("There is no other saved value in the list above to compare with.")
        return
    same_first = sorted(others, key=lambda row: row.company_id != saved.row.company_id)
    other = st.selectbox(
        "Compare with",
        [row.id for row in same_first],
        format_func={
            row.id: f"{row.company_name}, {value_of(row)}, {moment(from_micros(row.created_at))}"
            for row in others
        }.__getitem__,
        key="compare_with",
    )
    if against := read(other):
        screen.comparison(saved, against, called)


only_for_its_readers("valuations")
who = caller()
st.title("Valuations", anchor=False)
with show.asked():
    company = asked_company()
everything = st.query_params.get("all") == "yes"
with open_work(who) as work:
    listed = list_valuations(
        work, company.id if company else None, limit=PAGE_MAX if everything else 50
    )
    names = people.names(work)
wanted = st.query_params.get("valuation")
if listed:
    list_of(listed, names)
    wanted = st.query_params.get("valuation") or listed[0].id
    if len(listed) == 50 and not everything and st.button("Show older ones"):
        st.query_params["all"] = "yes"
        st.rerun()
    if len(listed) == PAGE_MAX:
        st.caption(f"The newest {PAGE_MAX}. Choose a company to find older ones.")
elif company:
    st.info(f"No value of {show.plain(company.name)} is saved yet.")
    link("dcf", "Value it", icon=":material/calculate:", company=company.ticker or company.id)
else:
    way = (
        "Value a company, say why, and save it."
        if leads("dcf")
        else "What an analyst of your tenant saves stands here."
    )
    st.info(f"Nothing is saved yet. {way}")
    link("dcf", "Value a company", icon=":material/calculate:")
if wanted and (chosen := read(wanted)):
    opened(chosen, listed, names)
