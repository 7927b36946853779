"""The states of providers on a line of time, a row each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from valor_core.charts.style import DOWN, FAINT, SERIES, TOTAL, UP, Theme, figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ROW_PX, AXES_PX = 30, 96
STATES = ("up", "degraded", "down", "maintenance", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A state of a provider from when to when."""

    label: str
    state: str
    cause: str
    start: datetime
    end: datetime


def timeline(stretches: Sequence[Stretch], *, theme: Theme) -> "Figure":
    """What each provider was when; nobody knows what is left white."""
    labels = sorted({each.label for each in stretches}, reverse=True)
    colours = {
        "up": UP[theme],
        "degraded": SERIES[theme][1],
        "down": DOWN[theme],
        "maintenance": TOTAL[theme],
        "unknown": FAINT[theme],
    }
    traces = []
    for state in STATES:
        those = [each for each in stretches if each.state == state]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": state,
                "visible": True if those else "legendonly",
                "showlegend": bool(those),
                "y": [labels.index(each.label) for each in those],
                "base": [each.start.isoformat() for each in those],
                "x": [(each.end - each.start).total_seconds() * 1000 for each in those],
                "customdata": [
                    [escape(each.label), escape(each.cause), f"{each.start:%d %b %H:%M}",
                     f"{each.end:%H:%M}"]
                    for each in those
                ],
                "marker": {"color": colours[state], "line": {"width": 0}},
                "width": 0.6,
                "hovertemplate": "%{customdata[0]}: " + state + " from %{customdata[2]} to "
                "%{customdata[3]} UTC<br>%{customdata[1]}<extra></extra>",
            }
        )  # fmt: skip
    return figure(
        traces, theme, height=AXES_PX + ROW_PX * max(1, len(labels)),
        x={
            "type": "date", "tickangle": 0, "nticks": 4, "tickformat": "%H:%M\n%d %b",
            "tickformatstops": [{"dtickrange": [None, 30_000], "value": "%H:%M:%S\n%d %b"}],
        },
        y={
            "tickvals": list(range(len(labels))),
            "ticktext": [escape(label) for label in labels],
            "range": [-0.6, len(labels) - 0.4],
            "showgrid": False, "zeroline": False,
        },
        showlegend=True, barmode="overlay",
    )  # fmt: skip
