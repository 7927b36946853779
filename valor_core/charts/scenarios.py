"""Scenarios in a picture: what each is worth, beside the base case and what is expected."""

from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

from valor_core.charts.style import DOWN, INK, SERIES, UP, Theme, figure
from valor_core.models.simulation.scenarios import WeighedScenarios

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ROW_PX, AXES_PX = 44, 110


def weighed(
    found: WeighedScenarios, *, heading: str, theme: Theme, scale: float = 1.0, digits: int = 2
) -> "Figure":
    """A bar from the base case to each scenario, the first on top; likely ones are solid."""
    shown = [place for place, value in enumerate(found.values) if isfinite(value)][::-1]
    base = found.base / scale
    likeliest = max(found.probabilities)
    apart = [found.values[place] / scale - base for place in shown]
    bars = {
        "type": "bar",
        "orientation": "h",
        "base": base,
        "y": [f"{escape(found.names[p])}, {100 * found.probabilities[p]:.3g} %" for p in shown],
        "x": apart,
        "text": [f"{found.values[place] / scale:,.{digits}f}" for place in shown],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {
            "color": [UP[theme] if each >= 0.0 else DOWN[theme] for each in apart],
            "opacity": [0.35 + 0.65 * found.probabilities[p] / likeliest for p in shown],
        },
        "hovertemplate": "%{y}: %{text}<extra></extra>",
    }
    ends = [base, *(found.values[place] / scale for place in shown)]
    room = 0.15 * ((max(ends) - min(ends)) or abs(base) or 1.0)  # for the texts beside the bars
    marks = [_mark(base, f"Base {base:,.{digits}f}", SERIES[theme][1], lift=0, dash="dash")]
    if found.expected is not None:
        expected = found.expected / scale
        marks.append(_mark(expected, f"Weighted {expected:,.{digits}f}", INK[theme], lift=18))
    return figure(
        [bars], theme, height=AXES_PX + ROW_PX * len(shown),
        margin={"l": 8, "r": 24, "t": 56, "b": 8},
        x={
            "title": {"text": heading},
            "tickformat": ",.6~g",
            "range": [min(ends) - room, max(ends) + room],
        },
        y={"showgrid": False},
        shapes=[line for line, _ in marks], annotations=[label for _, label in marks],
    )  # fmt: skip


def _mark(
    at: float, text: str, colour: str, *, lift: int, dash: str = "solid"
) -> tuple[dict[str, Any], dict[str, Any]]:
    line = {
        "type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper",
        "line": {"color": colour, "width": 1.5, "dash": dash},
    }  # fmt: skip
    label = {
        "x": at, "y": 1, "yref": "paper", "yanchor": "bottom", "yshift": lift, "showarrow": False,
        "text": text, "font": {"color": colour, "size": 12},
    }  # fmt: skip
    return line, label
