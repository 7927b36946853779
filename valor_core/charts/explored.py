"""What was explored, in a picture: bars by group, lines over time, points, or how values spread."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from valor_core.charts.style import SERIES, TOTAL, Theme, figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Values = Sequence[float | None]
ROW_PX, AXES_PX, HEIGHT = 26, 84, 340
DASHES = "solid", "dot"


def bars(
    labels: Sequence[str], series: Mapping[str, Values], *, heading: str, theme: Theme
) -> "Figure":
    """A bar from 0 for each group, the first on top; several series stand side by side."""
    places = list(range(len(labels)))
    named = [escape(label) for label in labels]
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "y": places,
            "x": list(values),
            "customdata": named,
            "name": escape(name),
            "marker": {"color": color},
            "hovertemplate": "%{customdata}: %{x:,.4~g}<extra>" + escape(name) + "</extra>",
        }
        for name, values, color in _coloured(series, theme)
    ]
    height = AXES_PX + ROW_PX * len(labels) * max(1, (len(series) + 1) // 2)
    return figure(
        traces, theme, height=height, barmode="group", showlegend=len(series) > 1,
        x={"title": {"text": escape(heading)}},
        y={"tickvals": places, "ticktext": named, "autorange": "reversed", "showgrid": False},
    )  # fmt: skip


def lines(
    moments: Sequence[str], series: Mapping[str, Values], *, heading: str, theme: Theme
) -> "Figure":
    """A line a series, from the first moment to the last."""
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": list(moments),
            "y": list(values),
            "name": escape(name),
            "line": {"color": color, "width": 2.5, "dash": DASHES[at // len(SERIES[theme])]},
            "hovertemplate": "%{x}: %{y:,.4~g}<extra>" + escape(name) + "</extra>",
        }
        for at, (name, values, color) in enumerate(_coloured(series, theme))
    ]
    return figure(
        traces, theme, height=HEIGHT, showlegend=len(series) > 1,
        x={"type": "category", "nticks": 12, "tickangle": 0},
        y={"title": {"text": escape(heading)}},
    )  # fmt: skip


def points(
    labels: Sequence[str], x: Values, y: Values, *, headings: tuple[str, str], theme: Theme
) -> "Figure":
    """A point for each row that has both."""
    known = [
        each
        for each in zip(labels, x, y, strict=True)
        if each[1] is not None and each[2] is not None
    ]
    trace = {
        "type": "scatter",
        "mode": "markers",
        "x": [each[1] for each in known],
        "y": [each[2] for each in known],
        "customdata": [escape(each[0]) for each in known],
        "marker": {"color": TOTAL[theme], "size": 9, "opacity": 0.75},
        "hovertemplate": "%{customdata}<br>%{x:,.4~g}, %{y:,.4~g}<extra></extra>",
    }
    return figure(
        [trace], theme, height=HEIGHT,
        x={"title": {"text": escape(headings[0])}}, y={"title": {"text": escape(headings[1])}},
    )  # fmt: skip


def spread(values: Values, *, heading: str, theme: Theme) -> "Figure":
    """How many rows lie in each span of values."""
    trace = {
        "type": "histogram",
        "x": [value for value in values if value is not None],
        "nbinsx": 30,
        "marker": {"color": TOTAL[theme]},
        "hovertemplate": "%{x}: %{y:,} rows<extra></extra>",
    }
    return figure(
        [trace], theme, height=HEIGHT, bargap=0.04,
        x={"title": {"text": escape(heading)}}, y={"title": {"text": "Rows"}},
    )  # fmt: skip


def _coloured(series: Mapping[str, Values], theme: Theme) -> list[tuple[str, Values, str]]:
    colors = SERIES[theme]
    return [
        (name, values, colors[at % len(colors)]) for at, (name, values) in enumerate(series.items())
    ]
