"""One look for every chart: calm, readable in light and dark, figures of equal width."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from valor_core.amounts import in_money, shown

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Theme = Literal["light", "dark"]

CLEAR = "rgba(0,0,0,0)"
INK = {"light": "#1b2733", "dark": "#e6edf3"}
FAINT = {"light": "#d3dbe3", "dark": "#2d3a47"}
UP = {"light": "#187a4d", "dark": "#4cc38a"}
DOWN = {"light": "#b3263f", "dark": "#f2708a"}
TOTAL = {"light": "#0b4f8a", "dark": "#6aaef2"}
SERIES = {
    "light": ("#0b57a4", "#c65a11", "#15806a", "#7a4fb0"),
    "dark": ("#6aaef2", "#f2a05a", "#4cc9a4", "#b79bf0"),
}
HEAT = {
    "light": ((0.0, "#eef4fb"), (1.0, "#92bbe1")),
    "dark": ((0.0, "#10263b"), (1.0, "#23639b")),
}
"""From the least to the most, so that the ink of the theme is read on each."""


def money_format(digits: int = 0) -> str:
    """How amounts in that unit are written: as exact in billions as in millions."""
    return f",.{digits + shown().digits}f"


def money_hover(axis: str, currency: str, digits: int = 0) -> str:
    """An amount on an axis as the pointer tells it, with its unit."""
    return f"%{{{axis}:{money_format(digits)}}} {in_money(currency)}"


def money(amount: Any, digits: int = 0) -> str:
    """An amount in that unit, without it.

    >>> money(30_990_000_000.0)
    '30,990'
    """
    return format(float(amount) / shown().size + 0.0, money_format(digits))  # 0.0, not −0.0


def money_axis(title: str) -> dict[str, Any]:
    """An axis of money whose numbers are in that unit already: 3,500,000 and not 3.5M."""
    return {"title": {"text": title}, "tickformat": ",.3~f" if shown().digits else ",.0f"}


def figure(
    traces: Sequence[Mapping[str, Any]],
    theme: Theme,
    *,
    height: int,
    x: Mapping[str, Any] | None = None,
    y: Mapping[str, Any] | None = None,
    **layout: Any,
) -> "Figure":
    """The traces in the house's look; the height is fixed so that nothing jumps.

    All of it is given at once: Plotly's own chain of updates took seven times as long.
    """
    import plotly.graph_objects as go

    axis = {"automargin": True, "gridcolor": FAINT[theme], "fixedrange": True}
    look = {
        "template": "none",
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 24, "b": 8},
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "font": {"color": INK[theme], "size": 13, "family": "Source Sans, system-ui, sans-serif"},
        "hoverlabel": {"font": {"size": 13}},
        "legend": {"orientation": "h", "y": 1.08, "x": 0, "yanchor": "bottom"},
        "showlegend": False,
        "dragmode": False,
        "separators": ".,",
        "xaxis": {**axis, "linecolor": FAINT[theme], **(x or {})},
        "yaxis": {**axis, "linecolor": CLEAR, "zerolinecolor": FAINT[theme], **(y or {})},
        **layout,
    }
    return go.Figure({"data": list(traces), "layout": look})
