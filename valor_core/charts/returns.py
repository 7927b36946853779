"""What flows are worth at each rate, with the rates at which they are worth nothing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from valor_core.amounts import in_money, shown
from valor_core.charts.style import DOWN, FAINT, INK, TOTAL, Theme, figure, money_hover

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HEIGHT = 340


def npv_by_rate(
    rates: Sequence[float],
    values: Sequence[float],
    *,
    roots: Sequence[float],
    stated: tuple[float, float],
    currency: str,
    theme: Theme = "light",
) -> "Figure":
    """The net present value over the rate, each root marked, and the rate that is stated."""
    rate, worth = stated
    curve = {
        "type": "scatter",
        "mode": "lines",
        "name": "NPV",
        "x": [100.0 * each for each in rates],
        "y": [value / shown().size for value in values],
        "line": {"color": TOTAL[theme], "width": 2.5},
        "hovertemplate": f"at %{{x:.2f}} %: {money_hover('y', currency, 2)}<extra></extra>",
    }
    marks = {
        "type": "scatter",
        "mode": "markers+text",
        "name": "Worth nothing: IRR" if len(roots) == 1 else "Worth nothing",
        "x": [100.0 * root for root in roots],
        "y": [0.0] * len(roots),
        "text": [f"{root:.2%}" for root in roots],
        "textposition": "top right",
        "cliponaxis": False,
        "textfont": {"color": INK[theme]},
        "marker": {"size": 11, "color": DOWN[theme]},
        "hovertemplate": "worth nothing at %{x:.4f} %<extra></extra>",
    }
    asked = {
        "type": "scatter",
        "mode": "markers",
        "name": "At the stated rate",
        "x": [100.0 * rate],
        "y": [worth / shown().size],
        "marker": {"size": 11, "color": TOTAL[theme], "symbol": "circle-open"},
        "hovertemplate": f"at %{{x:.2f}} %: {money_hover('y', currency, 2)}<extra></extra>",
    }
    return figure(
        [trace for trace in (curve, marks, asked) if trace["x"]],
        theme,
        height=HEIGHT,
        x={"ticksuffix": " %", "title": {"text": "Rate"}, "zeroline": False},
        y={"title": {"text": in_money(currency)}, "zeroline": True,
           "zerolinecolor": FAINT[theme], "zerolinewidth": 2},
        showlegend=True,
    )  # fmt: skip
