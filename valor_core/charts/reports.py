"""What a report tells of days and shares, in pictures."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from valor_core.charts.providers import Stretch, timeline
from valor_core.charts.style import SERIES, Theme, figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def drift_by_day(
    differences: Mapping[str, Mapping[str, float]], *, theme: Theme = "light"
) -> "Figure":
    """What was billed beyond what was metered on each day, a bar for each currency."""
    traces = [
        {
            "type": "bar",
            "name": escape(currency),
            "x": list(days),
            "y": list(days.values()),
            "marker": {"color": SERIES[theme][n % len(SERIES[theme])]},
            "hovertemplate": "%{x}: %{y:,.2f} " + escape(currency) + "<extra></extra>",
        }
        for n, (currency, days) in enumerate(differences.items())
    ]
    return figure(
        traces,
        theme,
        height=280,
        x={"type": "category", "nticks": 12, "showgrid": False},
        y={"title": {"text": "billed beyond metered"}, "zeroline": True},
        barmode="group",
        showlegend=True,
    )


def course(states: Sequence[Mapping[str, str]], *, theme: Theme = "light") -> "Figure":
    """What each provider was when; what nobody knows is left white."""
    stretches = [
        Stretch(
            label=each["label"],
            state=each["state"],
            cause=each["cause"],
            start=datetime.fromisoformat(each["start"]),
            end=datetime.fromisoformat(each["end"]),
        )
        for each in states
    ]
    return timeline(stretches, theme=theme)
