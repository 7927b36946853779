"""Series of a market, in pictures."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from valor_core.charts.style import DOWN, SERIES, Theme, figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


_FEW = 5
"""So many days are all named; between them there are no hours to be read."""


def course(
    days: Sequence[date],
    values: Sequence[float],
    *,
    doubtful: Sequence[tuple[date, float]] = (),
    theme: Theme = "light",
) -> "Figure":
    """A value by day as a line; what is in doubt stands beside it as crosses."""
    line = {
        "type": "scatter",
        "x": list(days),
        "y": list(values),
        "mode": "lines" if len(days) > 1 else "markers",
        "line": {"color": SERIES[theme][0], "width": 2},
        "hovertemplate": "%{x|%Y-%m-%d}: %{y:,.6~g}<extra></extra>",
    }
    crosses = {
        "type": "scatter",
        "x": [day for day, _ in doubtful],
        "y": [value for _, value in doubtful],
        "mode": "markers",
        "marker": {"symbol": "x", "size": 9, "color": DOWN[theme]},
        "hovertemplate": "%{x|%Y-%m-%d}: %{y:,.6~g}<extra>in doubt</extra>",
    }
    few = {"tickvals": list(days), "tickformat": "%-d %b %Y"} if len(days) <= _FEW else {}
    return figure([line, *([crosses] if doubtful else [])], theme, height=300, x=few)
