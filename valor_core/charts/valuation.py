"""A valuation in pictures: the way to equity, the forecast, and how the value moves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from valor_core.amounts import in_money, shown
from valor_core.charts.style import (
    DOWN,
    HEAT,
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
from valor_core.models.bridge import ASSETS, CLAIMS, Bridge
from valor_core.models.dcf import DcfResult
from valor_core.models.dcf_direct import DirectDcfResult
from valor_core.models.fields import Unit
from valor_core.models.sensitivity import Grid

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MONEY = (Unit.MONEY, Unit.MONEY_PER_SHARE)
LABELS = {
    "debt": "Debt",
    "leases": "Leases",
    "minority_interests": "Minorities",
    "preferred": "Preferred",
    "pensions": "Pensions",
    "options_value": "Options",
    "cash": "Cash",
    "associates": "Associates",
    "non_operating_assets": "Non-operating",
}


def enterprise_bridge(
    result: DcfResult | DirectDcfResult, bridge: Bridge, *, currency: str, theme: Theme = "light"
) -> "Figure":
    """From enterprise value to equity value as a waterfall; items of zero are left out.

    While an item waits to be stated, it ends with what has been: there is no equity value yet.
    """
    steps = [(LABELS[name], -(getattr(bridge, name) or 0.0)) for name in CLAIMS]
    steps += [(LABELS[name], getattr(bridge, name) or 0.0) for name in ASSETS]
    steps = [(label, amount) for label, amount in steps if amount]
    ends = [] if bridge.missing else [("Equity value", result.equity_value)]
    names = ["Enterprise value", *(label for label, _ in (*steps, *ends))]
    amounts = [result.enterprise_value, *(amount for _, amount in (*steps, *ends))]
    waterfall = {
        "type": "waterfall",
        "x": names,
        "y": [float(amount) / shown().size for amount in amounts],
        "measure": ["absolute", *["relative"] * len(steps), *["total"] * len(ends)],
        "text": [money(amount) for amount in amounts],
        "textposition": "outside",
        "cliponaxis": False,
        "increasing": {"marker": {"color": UP[theme]}},
        "decreasing": {"marker": {"color": DOWN[theme]}},
        "totals": {"marker": {"color": TOTAL[theme]}},
        "connector": {"line": {"color": INK[theme], "width": 0.5}},
        "hovertemplate": f"%{{x}}: {money_hover('y', currency, 1)}<extra></extra>",
    }
    return figure([waterfall], theme, height=340, y=money_axis(in_money(currency)))


def forecast(
    result: DcfResult,
    *,
    currency: str,
    fiscal_years: Sequence[str] = (),
    theme: Theme = "light",
) -> "Figure":
    """Revenue as bars, EBIT and free cash flow as lines, a year each, numbered where unnamed."""
    years = list(fiscal_years) or list(range(1, len(result.fcff) + 1))
    revenue, ebit, fcff, *_ = SERIES[theme]

    def trace(name: str, row: object, **look: Any) -> dict[str, Any]:
        hover = f"%{{x}}: {money_hover('y', currency)}<extra>%{{fullData.name}}</extra>"
        return {"x": years, "y": _scaled(row), "name": name, "hovertemplate": hover, **look}

    bars = {"type": "bar", "marker": {"color": revenue}, "opacity": 0.55}
    traces = [
        trace("Revenue", result.revenues[: len(years)], **bars),
        trace("EBIT", result.ebit, line={"color": ebit, "width": 2.5}),
        trace("FCFF", result.fcff, line={"color": fcff, "width": 2.5, "dash": "dot"}),
    ]
    x = {"type": "category"} if fiscal_years else {"title": {"text": "forecast year"}, "dtick": 1}
    return figure(traces, theme, height=320, x=x, y=money_axis(in_money(currency)), showlegend=True)


def sensitivity(
    grid: Grid,
    *,
    row_label: str,
    column_label: str,
    as_percent: tuple[bool, bool] = (True, True),
    scale: tuple[float, float] = (1.0, 1.0),
    marks: tuple[str, str] = ("", ""),
    base: tuple[int, int] | None = None,
    unit: Unit | None = Unit.MONEY_PER_SHARE,
    theme: Theme = "light",
) -> "Figure":
    """A result over two inputs as a heatmap; an empty cell tells its reason on hover.

    `marks` follow the numbers of rows and columns that are no percentages; `base` has a frame.
    """

    def told_of(value: float) -> str:
        if unit is Unit.RATE:
            return f"{100 * value:.1f} %"
        return money(value) if unit is Unit.MONEY else f"{value:,.2f}"

    def ticks(values: tuple[float, ...], axis: int) -> list[str]:
        if as_percent[axis]:
            return [f"{100 * value:.2f} %" for value in values]
        return [f"{value / scale[axis]:,.2f}{marks[axis]}" for value in values]

    values = np.where(np.isfinite(grid.values), grid.values, np.nan)
    told = [
        [
            str(grid.reasons[i, j]) if (i, j) in grid.reasons else told_of(values[i, j])
            for j in range(len(grid.columns))
        ]
        for i in range(len(grid.rows))
    ]
    small = values.size <= 121
    heatmap = {
        "type": "heatmap",
        "z": [[None if np.isnan(v) else float(v) for v in row] for row in values],
        "x": ticks(grid.columns, 1),
        "y": ticks(grid.rows, 0),
        "customdata": told,
        "text": [["" if np.isnan(v) else told_of(v) for v in row] for row in values],
        "texttemplate": "%{text}" if small else None,
        "textfont": {"color": INK[theme]},
        "colorscale": HEAT[theme],
        "showscale": not small,
        "xgap": 1,
        "ygap": 1,
        "hovertemplate": f"{row_label} %{{y}}, {column_label} %{{x}}"
        "<br>%{customdata}<extra></extra>",
    }
    x = {"title": {"text": column_label}, "type": "category", "side": "bottom"}
    y = {"title": {"text": row_label}, "type": "category", "autorange": "reversed"}
    frames = [] if base is None else [_framed(*base, INK[theme])]
    return figure([heatmap], theme, height=380, x=x, y=y, shapes=frames)


def _framed(row: int, column: int, colour: str) -> dict[str, Any]:
    """A frame around a cell of a heatmap."""
    return {
        "type": "rect", "x0": column - 0.5, "x1": column + 0.5, "y0": row - 0.5, "y1": row + 0.5,
        "line": {"color": colour, "width": 2},
    }  # fmt: skip


def _scaled(row: object) -> list[float]:
    return [float(value) / shown().size for value in np.asarray(row)]
