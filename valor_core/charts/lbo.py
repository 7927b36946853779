"""A buyout in pictures: the debt as it is paid down, and what the value created came from."""

from typing import TYPE_CHECKING, Any

import numpy as np

from valor_core.amounts import in_money, shown
from valor_core.charts.style import (
    DOWN,
    INK,
    SERIES,
    TOTAL,
    UP,
    Theme,
    figure,
    money,
    money_axis,
    money_hover,
)
from valor_core.models.lbo.buyout import LboResult

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

SOURCES_OF_VALUE = {
    "EBITDA growth": "from_ebitda_growth",
    "Add-ons": "from_add_ons",
    "Multiple": "from_multiple",
    "Debt paid down": "from_deleveraging",
    "Distributions": "from_distributions",
    "Fees and costs": "from_costs",
    "Unpaid debt": "from_limited_liability",
}


def debt_paydown(
    result: LboResult, *, years: list[str], currency: str, theme: Theme = "light"
) -> "Figure":
    """Debt by tranche at each year's end as stacked bars, and net debt by EBITDA as a line."""
    closing = [(f"Tranche {place}", t.closing) for place, t in enumerate(result.tranches, 1)]
    if result.revolver is not None:
        closing = [("Revolver", result.revolver.closing), *closing]
    colours = (*SERIES[theme], TOTAL[theme], UP[theme], DOWN[theme])
    bars: list[dict[str, Any]] = [
        {
            "type": "bar",
            "x": years,
            "y": (np.asarray(row) / shown().size).tolist(),
            "name": name,
            "marker": {"color": colours[place % len(colours)]},
            "opacity": 0.75,
            "hovertemplate": f"%{{x}}: {money_hover('y', currency)}"
            "<extra>%{fullData.name}</extra>",
        }
        for place, (name, row) in enumerate(closing)
    ]
    leverage = {
        "x": years,
        "y": (np.asarray(result.net_debt) / np.asarray(result.ebitda)).tolist(),
        "name": "Net debt / EBITDA",
        "yaxis": "y2",
        "line": {"color": INK[theme], "width": 2.5, "dash": "dot"},
        "hovertemplate": "%{x}: %{y:.1f}×<extra>%{fullData.name}</extra>",
    }
    right = {
        "overlaying": "y",
        "side": "right",
        "tickformat": ".1f",
        "ticksuffix": "×",
        "rangemode": "tozero",
        "showgrid": False,
        "automargin": True,
        "fixedrange": True,
    }
    left = money_axis(in_money(currency))
    return figure(
        [*bars, leverage], theme, height=340, x={"type": "category"}, y=left,
        yaxis2=right, barmode="stack", showlegend=True,
    )  # fmt: skip


def value_bridge(
    result: LboResult, *, exit_year: int, currency: str, theme: Theme = "light"
) -> "Figure":
    """From the equity paid in to what all holders receive, by what made the difference."""
    last = exit_year - 1
    steps = [
        (label, float(getattr(result, name)[last])) for label, name in SOURCES_OF_VALUE.items()
    ]
    steps = [(label, amount) for label, amount in steps if amount]
    paid = float(result.funding.sponsor_equity + result.funding.rollover)
    received = paid + float(result.value_created[last])
    names = ["Equity paid in", *(label for label, _ in steps), "Equity received"]
    amounts = [paid, *(amount for _, amount in steps), received]
    waterfall = {
        "type": "waterfall",
        "x": names,
        "y": [amount / shown().size for amount in amounts],
        "measure": ["absolute", *["relative"] * len(steps), "total"],
        "text": [money(amount) for amount in amounts],
        "textposition": "outside",
        "cliponaxis": False,
        "increasing": {"marker": {"color": UP[theme]}},
        "decreasing": {"marker": {"color": DOWN[theme]}},
        "totals": {"marker": {"color": TOTAL[theme]}},
        "connector": {"line": {"color": INK[theme], "width": 0.5}},
        "hovertemplate": f"%{{x}}: {money_hover('y', currency, 1)}<extra></extra>",
    }
    y = money_axis(in_money(currency))
    return figure([waterfall], theme, height=340, y=y)
