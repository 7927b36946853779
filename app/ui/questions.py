"""The named queries of a snapshot: choose one, say what about, take the answer along."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from app.ui import show
from app.ui.words import MILLION, NOTHING, counted
from valor_core.snapshots.manifest import Manifest
from valor_core.snapshots.named import Answer, Column, Parameter, Query
from valor_core.values import Caller
from valor_core.workbench import snapshots
from valor_core.workbench.verb import open_work

TABLE_HEIGHT = 420
FORMATS = {
    "whole": "%,.0f", "money": "%,.0f", "number": "%,.2f", "rate": "%.1f %%", "ratio": "%.1f×",
}  # fmt: skip
YEARS_AND_CODES = "fiscal_year", "sic"
SCALES = {"money": MILLION, "rate": 0.01}


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
    st.dataframe(
        [_line(row, answer.query.columns) for row in answer.rows],
        column_config={_heading(each): _config(each) for each in answer.query.columns},
        hide_index=True,
        height=min(TABLE_HEIGHT, 36 * (len(answer.rows) + 1) + 4),
        placeholder=NOTHING,
        key=f"answer_{answer.query.name}",
        alt=f"{label}, {counted(len(answer.rows), 'row')}",
    )
    asked = urlencode({**told, "format": "csv"})
    address = f"/api/v1/snapshots/{answer.snapshot_id}/queries/{answer.query.name}?{asked}"
    show.links({"Take it along as CSV": address})


def _heading(column: Column) -> str:
    return column.label + {"money": ", millions", "rate": ", %"}.get(column.kind, "")


def _line(row: Sequence[Any], columns: Sequence[Column]) -> dict[str, Any]:
    return {
        _heading(column): _cell(cell, column.kind)
        for cell, column in zip(row, columns, strict=True)
    }


def _cell(cell: Any, kind: str) -> Any:
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=UTC)
    return cell / SCALES[kind] if cell is not None and kind in SCALES else cell


def _config(column: Column) -> Any:
    if column.kind == "moment":
        return st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", timezone="UTC")
    if column.kind == "day":
        return st.column_config.DateColumn(format="YYYY-MM-DD")
    if column.name in YEARS_AND_CODES:
        return st.column_config.NumberColumn(format="%d")
    if column.kind in FORMATS:
        return st.column_config.NumberColumn(format=FORMATS[column.kind])
    return st.column_config.TextColumn(pinned=column.name == "name")
