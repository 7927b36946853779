"""A batch in a picture: each company's value to its price, or how much it is worth as a whole."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from valor_core.charts.style import DOWN, TOTAL, UP, Theme, figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MILLION = 1e6
ROW_PX, AXES_PX = 26, 84


def rates(found: Sequence[tuple[str, float]], *, heading: str, theme: Theme) -> "Figure":
    """A rate of each company as a bar from 0, such as the upside to its price, largest on top."""
    rows = sorted(found, key=lambda each: each[1])
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": [name for name, _ in rows],
        "x": [rate for _, rate in rows],
        "marker": {"color": [UP[theme] if r >= 0.0 else DOWN[theme] for _, r in rows]},
        "hovertemplate": "%{y}: %{x:.1%}<extra></extra>",
    }
    return figure(
        [bars], theme, height=AXES_PX + ROW_PX * len(rows),
        x={"title": {"text": heading}, "tickformat": ".0%"}, y={"showgrid": False},
    )  # fmt: skip


def sizes(found: Sequence[tuple[str, float]], *, heading: str, theme: Theme) -> "Figure":
    """Enterprise values above 0 on a scale of powers of ten, largest on top."""
    rows = sorted(found, key=lambda each: each[1])
    points = {
        "type": "scatter",
        "mode": "markers",
        "y": [name for name, _ in rows],
        "x": [value / MILLION for _, value in rows],
        "marker": {"color": TOTAL[theme], "size": 11},
        "hovertemplate": "%{y}: %{x:,.0f} million<extra></extra>",
    }
    return figure(
        [points], theme, height=AXES_PX + ROW_PX * len(rows),
        x={"title": {"text": heading}, "type": "log", "tickformat": ",.0f"}, y={"showgrid": True},
    )  # fmt: skip
