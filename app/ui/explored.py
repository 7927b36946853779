"""The answer to a view: its table with totals, a chart that fits it, and what had no room."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.ui import show
from app.ui.answers import answer_table, heading, scaled
from app.ui.words import counted, person
from valor_core.charts import explored as charts
from valor_core.snapshots.explore import Explored, Heading, said
from valor_core.snapshots.named import ROWS_MAX
from valor_core.snapshots.view import GRAINS, NUMBERS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

BARS_MAX, SERIES_MAX, BAR_SERIES_MAX = 25, 8, 4
TEXT = "text"
Drawn = Callable[[], "Figure"]


def explored(found: Explored, names: Mapping[str, str]) -> None:
    """All of it, below each other."""
    if not found.rows:
        st.info(
            "Nothing passes these filters. Take one away, or choose a later snapshot.",
            icon=":material/filter_alt_off:",
        )
        return
    _chart(found, names)
    columns = [
        *(replace(each, kind=TEXT) for each in found.columns[: found.keys]),
        *found.columns[found.keys :],
    ]
    lines = [_line(row, found, names) for row in found.rows]
    if found.totals and len(lines) > 1:
        lines.append(("All", *("" for _ in range(found.keys - 1)), *found.totals[found.keys :]))
    told = left_out(found)
    st.caption(told)
    answer_table(columns, lines, key="explored", alt=told)


def left_out(found: Explored) -> str:
    """How much is shown, and what had no room.

    The line of all counts what had no room too.
    """
    what = "group" if found.keys else "row"
    told = f"{counted(len(found.rows), what)}."
    if found.rows_in_all > len(found.rows):
        told = f"The first {len(found.rows):,} of {counted(found.rows_in_all, what)}."
    if found.series_in_all > found.series:
        told += f" {found.series} of {found.series_in_all:,} values laid across have a column."
    if found.totals and "of" in told:
        told += " What has no room here is counted in the line “All”."
    return told


def _line(row: Sequence[Any], found: Explored, names: Mapping[str, str]) -> tuple[Any, ...]:
    kinds = [each.kind for each in found.columns]
    cells = [
        _told(cell, kind, names) if cell is not None else None
        for cell, kind in zip(row, kinds, strict=True)
    ]
    keys = found.keys
    return *(said(cell, kinds[at]) for at, cell in enumerate(cells[:keys])), *cells[keys:]


def _told(cell: Any, kind: str, names: Mapping[str, str]) -> Any:
    return person(cell, names) if kind == "person" else said(cell, kind) if kind == "term" else cell


def _chart(found: Explored, names: Mapping[str, str]) -> None:
    """One of the charts that fit, the most fitting at first."""
    fitting = _grouped(found, names) if found.keys else _single(found)
    if not fitting:
        return
    options = [*fitting, "No chart"]
    chosen = st.segmented_control(
        "Chart", options, default=options[0], required=True, key=f"explore:chart:{options}",
        label_visibility="collapsed",
    )  # fmt: skip
    draw = fitting.get(chosen or "")
    if draw:
        show.chart(draw(), key=f"explored:{chosen}", alt=f"{chosen}: {left_out(found)}")
        st.caption(_not_drawn(found, chosen or ""))


def _not_drawn(found: Explored, chart: str) -> str:
    """What of the table the chart has no room for; nothing where it has all."""
    groups, series = (BARS_MAX, BAR_SERIES_MAX) if chart == "Bars" else (ROWS_MAX, SERIES_MAX)
    lacks = [
        f"the first {most} of {count} {what}"
        for what, count, most in (
            ("groups", len(found.rows), groups),
            ("values laid across", found.series, series),
        )
        if count > most
    ]
    return f"The chart shows {' and '.join(lacks)}." if lacks else ""


def _grouped(found: Explored, names: Mapping[str, str]) -> dict[str, Drawn]:
    numeric = _numeric(found)
    if not numeric or len(found.rows) < 2:
        return {}
    lines = [_line(row, found, names) for row in found.rows]
    labels = [", ".join(map(str, line[: found.keys])) for line in lines]
    first = found.columns[numeric[0]]
    of_series = [at for at in numeric if found.columns[at].figure == first.figure]
    if found.series and len(of_series) > 1:
        of_series.pop()  # their total
    series = {found.columns[at].label: _values(found, at) for at in of_series}
    title = (
        heading(first) if len(series) == 1 else heading(replace(first, label=first.figure_label))
    )
    made: dict[str, Drawn] = {}
    if found.keys == 1 and _in_time(found.columns[0]):
        order = sorted(range(len(labels)), key=lambda at: labels[at])
        moments = [labels[at] for at in order]
        courses = {
            name: [values[at] for at in order] for name, values in list(series.items())[:SERIES_MAX]
        }
        made["Lines"] = lambda: charts.lines(moments, courses, heading=title, theme=show.theme())
    few = {name: values[:BARS_MAX] for name, values in list(series.items())[:BAR_SERIES_MAX]}
    made["Bars"] = lambda: charts.bars(labels[:BARS_MAX], few, heading=title, theme=show.theme())
    figures = {found.columns[at].figure for at in numeric}
    if len(figures) > 1 and not found.series:
        made["Points"] = _points(found, numeric, labels)
    return made


def _single(found: Explored) -> dict[str, Drawn]:
    numeric = _numeric(found)
    labels = [said(row[0], found.columns[0].kind) for row in found.rows]
    made: dict[str, Drawn] = {}
    if len(found.rows) < 2 or not numeric:
        return made
    if len(numeric) > 1:
        made["Points"] = _points(found, numeric, labels)
    column = found.columns[numeric[0]]
    made["Histogram"] = lambda: charts.spread(
        _values(found, numeric[0]), heading=heading(column), theme=show.theme()
    )
    return made


def _points(found: Explored, numeric: Sequence[int], labels: Sequence[str]) -> Drawn:
    x, y = numeric[:2]
    headings = heading(found.columns[x]), heading(found.columns[y])
    return lambda: charts.points(
        labels, _values(found, x), _values(found, y), headings=headings, theme=show.theme()
    )


def _numeric(found: Explored) -> list[int]:
    return [
        at
        for at, each in enumerate(found.columns)
        if at >= found.keys
        and each.kind in NUMBERS
        and any(row[at] is not None for row in found.rows)
    ]


def _values(found: Explored, at: int) -> list[float | None]:
    return [scaled(row[at], found.columns[at].kind) for row in found.rows]


def _in_time(column: Heading) -> bool:
    return column.kind in GRAINS or column.name == "fiscal_year"
