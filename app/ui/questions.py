"""The named queries of a snapshot: choose one, say what about, take the answer along."""

from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

import streamlit as st

from app.ui import show
from app.ui.answers import answer_table
from app.ui.words import counted
from valor_core.snapshots.manifest import Manifest
from valor_core.snapshots.named import Answer, Parameter, Query
from valor_core.values import Caller
from valor_core.workbench import snapshots
from valor_core.workbench.verb import open_work


def questions(who: Caller, made: Manifest) -> None:
    """A question asked of the snapshot, and its answer as a table."""
    with open_work(who) as work:
        queries = {each.name: each for each in snapshots.list_queries(work)}
    with show.asked():
        name = st.selectbox(
            "Question",
            list(queries),
            format_func=lambda each: f"{queries[each].label}: {queries[each].meaning}",
            key="question",
            bind="query-params",
        )
    query = queries[name]
    told = _told(query)
    if told is None:
        st.info("Say which company, by its ticker.", icon=":material/edit:")
        return
    answer = show.or_explain(_asked, who, made.id, query.name, told)
    if answer:
        _answer(answer, told)


def _told(query: Query) -> Mapping[str, str] | None:
    """The parameters as they are filled in; None while one is missing."""
    if not query.parameters:
        return {}
    with st.container(horizontal=True, gap="small"):
        told = {each.name: _parameter(query, each) for each in query.parameters}
    needed = [each.name for each in query.parameters if each.default is None]
    if not all(told[name] for name in needed):
        return None
    return {name: value for name, value in told.items() if value}


def _parameter(query: Query, parameter: Parameter) -> str:
    key = f"question_{query.name}_{parameter.name}"
    if parameter.kind == "day":
        day = st.date_input(parameter.label, value=None, key=key, width=206)
        return day.isoformat() if isinstance(day, date) else ""
    return st.text_input(parameter.label, key=key, width=260, max_chars=80).strip()


def _asked(who: Caller, snapshot_id: str, name: str, told: Mapping[str, str]) -> Answer:
    with open_work(who) as work:
        return snapshots.ask_snapshot(work, name, told, snapshot_id=snapshot_id)


def _answer(answer: Answer, told: Mapping[str, str]) -> None:
    if not answer.rows:
        st.info(
            "The answer is empty: in this snapshot there is nothing of the kind.",
            icon=":material/search_off:",
        )
        return
    label = answer.query.label
    more = "; it has more, of which these are the first" if answer.more else ""
    st.caption(f"{label}: {counted(len(answer.rows), 'row')}{more}.")
    answer_table(
        answer.query.columns,
        answer.rows,
        key=f"answer_{answer.query.name}",
        alt=f"{label}, {counted(len(answer.rows), 'row')}",
    )
    asked = urlencode({**told, "format": "csv"})
    address = f"/api/v1/snapshots/{answer.snapshot_id}/queries/{answer.query.name}?{asked}"
    show.links({"Take it along as CSV": address})
