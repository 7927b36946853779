"""The named queries of a snapshot: choose one, say what about, take the answer along."""

from collections.abc import Mapping, Sequence
from datetime import date
from urllib.parse import urlencode

import streamlit as st

from app.ui import show
from app.ui.answers import answer_table, heading, scaled
from app.ui.explored import BARS_MAX, SERIES_MAX
from app.ui.words import counted
from valor_core.charts import explored as charts
from valor_core.snapshots.manifest import Manifest
from valor_core.snapshots.named import Answer, Parameter, Query
from valor_core.values import Caller
from valor_core.workbench import snapshots
from valor_core.workbench.verb import open_work


def questions(who: Caller, made: Manifest) -> None:
    """A question asked of the snapshot, with a chart, a table and files of its answer."""
    with open_work(who) as work:
        queries = {each.name: each for each in snapshots.list_queries(work)}
    linked = st.query_params.get("question")
    if linked in queries:  # a link names it; what the list then writes there are its words
        st.session_state.setdefault("question", linked)
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
        day = st.date_input(parameter.label, value=None, key=key, width=206, format="YYYY-MM-DD")
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
    _picture(answer)
    answer_table(
        answer.query.columns,
        answer.rows,
        key=f"answer_{answer.query.name}",
        alt=f"{label}, {counted(len(answer.rows), 'row')}",
    )
    base = f"/api/v1/snapshots/{answer.snapshot_id}/queries/{answer.query.name}"
    show.links(
        {
            f"Take it along as {name}": f"{base}?{urlencode({**told, 'format': kind})}"
            for name, kind in (("CSV", "csv"), ("Excel", "xlsx"))
        }
    )


def _picture(answer: Answer) -> None:
    """The chart that the query declares, where it has more than one row."""
    declared, columns = answer.query.chart, answer.query.columns
    if declared is None or len(answer.rows) < 2:
        return
    value = columns[declared.value]
    known = [row for row in answer.rows if row[declared.value] is not None]
    amounts = [scaled(row[declared.value], value.kind) for row in known]
    labels = [_label(row[declared.by]) for row in known]
    if declared.kind == "bars":
        groups, most, what = len(known), BARS_MAX, "rows"
        few = {value.label: amounts[:BARS_MAX]}
        drawn = charts.bars(labels[:BARS_MAX], few, heading=heading(value), theme=show.theme())
    else:
        each = declared.each
        series = [value.label if each is None else _label(row[each]) for row in known]
        moments, courses = _courses(labels, series, amounts)
        groups, most, what = len(courses), SERIES_MAX, "lines, those with the most of it"
        few = dict(list(courses.items())[:SERIES_MAX])
        drawn = charts.lines(moments, few, heading=heading(value), theme=show.theme())
    show.chart(
        drawn, key=f"picture_{answer.query.name}", alt=f"{value.label}: {answer.query.label}"
    )
    if groups > most:
        st.caption(f"The chart shows {most} of {groups} {what}.")


def _courses(
    labels: Sequence[str], series: Sequence[str], amounts: Sequence[float]
) -> tuple[list[str], dict[str, list[float | None]]]:
    """Each series at every moment, the one with the most first.

    >>> _courses(["1", "2", "2"], ["a", "a", "b"], [1.0, 2.0, 9.0])
    (['1', '2'], {'b': [None, 9.0], 'a': [1.0, 2.0]})
    """
    moments = sorted(set(labels))
    told = dict(zip(zip(series, labels, strict=True), amounts, strict=True))
    sums = dict.fromkeys(series, 0.0)
    for name, amount in zip(series, amounts, strict=True):
        sums[name] += abs(amount)
    largest = sorted(sums, key=lambda name: -sums[name])
    return moments, {name: [told.get((name, at)) for at in moments] for name in largest}


def _label(cell: object) -> str:
    return f"{cell:%Y-%m-%d}" if isinstance(cell, date) else str(cell)
