"""What a report tells of days and shares, in pictures."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

from valor_core.charts.comparables import ranges
from valor_core.charts.providers import Stretch, timeline
from valor_core.charts.style import SERIES, Theme, figure
from valor_core.models.comparables.football import FootballRow

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
    figure = timeline(stretches, theme=theme)
    if not stretches:
        figure.update_xaxes(visible=False).update_yaxes(visible=False)
        figure.add_annotation(text="No provider was watched in this time.", showarrow=False)
    return figure


def football(found: Sequence[Mapping[str, Any]], *, theme: Theme = "light") -> "Figure":
    """What each method says of a share, as ranges beside each other."""
    rows = [
        FootballRow(
            method=each["method"], assumption=each["assumption"],
            low=each["low"], mid=each["mid"], high=each["high"],
        )
        for each in found
    ]  # fmt: skip
    if not rows:
        return figure([], theme, height=120)
    currencies = {each["currency"] for each in found}
    return ranges(rows, currency=" and ".join(sorted(currencies)), theme=theme)


def spreads(companies: Sequence[Mapping[str, Any]], *, theme: Theme = "light") -> "Figure":
    """Each company's values by method, in percent off the middle of the lowest and the highest."""
    methods = sorted({method for each in companies for method in each["values"]})
    middles = [
        (min(each["values"].values()) + max(each["values"].values())) / 2 for each in companies
    ]
    traces = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": escape(method),
            "y": [escape(each["company"]) for each, _ in those],
            "x": [100 * (each["values"][method] / middle - 1) for each, middle in those],
            "customdata": [
                f"{each['values'][method]:,.2f} {escape(each['currency'])}" for each, _ in those
            ],
            "marker": {"size": 11, "color": SERIES[theme][n % len(SERIES[theme])]},
            "hovertemplate": "%{y}: %{customdata}<extra>%{fullData.name}</extra>",
        }
        for n, method in enumerate(methods)
        for those in [
            [
                (each, middle)
                for each, middle in zip(companies, middles, strict=True)
                if method in each["values"] and middle > 0
            ]
        ]
    ]
    return figure(
        traces,
        theme,
        height=120 + 26 * len(companies),
        x={"ticksuffix": " %", "zeroline": True},
        y={"type": "category", "autorange": "reversed"},
        showlegend=True,
    )
