"""What a value of equity by itself rests on: stated years, the years after, the book."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from valor_core.amounts import in_money, shown
from valor_core.charts.style import DOWN, TOTAL, UP, Theme, figure, money, money_axis, money_hover

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HEIGHT = 320


def parts_of_value(
    parts: Mapping[str, float], *, currency: str, a_share: bool, theme: Theme = "light"
) -> "Figure":
    """The parts of a value as steps up or down to the whole."""
    size = 1.0 if a_share else shown().size
    hover = f"%{{y:,.2f}} {currency}" if a_share else money_hover("y", currency)
    amounts = [*parts.values(), sum(parts.values())]
    trace = {
        "type": "waterfall",
        "x": [*parts, "Value of a share" if a_share else "Value of the equity"],
        "y": [amount / size for amount in amounts],
        "measure": [*["relative"] * len(parts), "total"],
        "text": [f"{amount:,.2f}" if a_share else money(amount) for amount in amounts],
        "textposition": "outside",
        "cliponaxis": False,
        "increasing": {"marker": {"color": UP[theme]}},
        "decreasing": {"marker": {"color": DOWN[theme]}},
        "totals": {"marker": {"color": TOTAL[theme]}},
        "hovertemplate": f"%{{x}}: {hover}<extra></extra>",
    }
    axis = {"title": {"text": f"{currency} a share"}} if a_share else money_axis(in_money(currency))
    return figure([trace], theme, height=HEIGHT, y=axis)
