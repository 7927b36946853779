"""A statement of an analyst's own, asked of a snapshot: what it may read, the answer, a copy."""

from typing import Any
from urllib.parse import urlencode

import streamlit as st

from app.ui import show
from app.ui.answers import LARGE
from app.ui.words import NOTHING, counted
from valor_core.snapshots.manifest import Manifest
from valor_core.snapshots.measures import MEASURES
from valor_core.snapshots.sql import LENGTH_MAX, SqlAnswer
from valor_core.values import Caller
from valor_core.workbench import snapshots
from valor_core.workbench.verb import open_work

TABLE_HEIGHT = 420
ANSWERED = "sql_answered"
BEGIN = "SELECT name, ticker, revenue, growth\nFROM coverage\nORDER BY revenue DESC"
OF_COVERAGE = "name, ticker, sic, fiscal_year, currency"


def sql_box(who: Caller, made: Manifest) -> None:
    """The statement, and under it what it gives."""
    with st.form("sql_form", border=False):
        sql = st.text_area(
            "One SELECT", value=BEGIN, key="sql", height=150, max_chars=LENGTH_MAX,
            bind="query-params",
        )  # fmt: skip
        pressed = st.form_submit_button("Ask", icon=":material/play_arrow:", type="primary")
    if pressed or "sql" in st.query_params:  # a link brings its statement along
        answer = _known(who, made.id, sql)
        if answer:
            _answer(answer, sql)
    _readable(who)


def _known(who: Caller, snapshot_id: str, sql: str) -> SqlAnswer | None:
    """The answer, asked once for each statement: the log tells of every time that it is asked."""
    question, answer = st.session_state.get(ANSWERED, (None, None))
    if question != (snapshot_id, sql):
        with st.spinner("Asking …"):
            answer = show.or_explain(_asked, who, snapshot_id, sql)
        st.session_state[ANSWERED] = ((snapshot_id, sql) if answer else None, answer)
    return answer


def _asked(who: Caller, snapshot_id: str, sql: str) -> SqlAnswer:
    with open_work(who) as work:
        return snapshots.ask_in_sql(work, sql, snapshot_id=snapshot_id)


def _answer(answer: SqlAnswer, sql: str) -> None:
    more = "; there are more, of which these are the first" if answer.more else ""
    told = f"{counted(len(answer.rows), 'row')}{more}."
    st.caption(told)
    if answer.rows:
        st.dataframe(
            {name: [row[at] for row in answer.rows] for at, name in enumerate(answer.columns)},
            column_config=_large_numbers(answer),
            hide_index=True, placeholder=NOTHING, key="sql_answer", alt=told,
            height=min(TABLE_HEIGHT, 36 * (len(answer.rows) + 1) + 4),
        )  # fmt: skip
        asked = urlencode({"sql": sql, "format": "csv"})
        address = f"/api/v1/snapshots/{answer.snapshot_id}/sql?{asked}"
        here = f"/explore?{urlencode({'snapshot': answer.snapshot_id, 'sql': sql})}"
        show.links({"Take it along as CSV": address, "Link to share": here})


def _large_numbers(answer: SqlAnswer) -> dict[str, Any]:
    """Numbers that nobody reads without their thousands apart; years and codes stay as they are."""
    return {
        name: st.column_config.NumberColumn(format="%,.0f")
        for at, name in enumerate(answer.columns)
        if any(_is_large(row[at]) for row in answer.rows)
    }


def _is_large(cell: Any) -> bool:
    return isinstance(cell, (int, float)) and abs(cell) >= LARGE


def _readable(who: Caller) -> None:
    with open_work(who) as work:
        datasets = snapshots.readable_datasets(work)
    measures = ", ".join(measure.name for measure in MEASURES)
    with st.expander("What can be read", icon=":material/menu_book:"):
        show.listing(
            "Datasets with their columns",
            ["Name", "One row is", "Columns"],
            [
                ["coverage", "a company with all measures of the screen",
                 f"{OF_COVERAGE}, {measures}"],
                *([each.name, each.row, ", ".join(name for name, _ in each.columns)]
                  for each in datasets),
            ],
            text=frozenset({"Name", "One row is", "Columns"}),
        )  # fmt: skip
