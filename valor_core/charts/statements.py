"""Linked statements in pictures: what is earned year by year, and how debt and cash move."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from valor_core.amounts import in_money, shown
from valor_core.charts.style import FAINT, SERIES, TOTAL, Theme, figure, money_axis, money_hover
from valor_core.models.statements.forecast import StatementsResult

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

FILED, EXPECTED = 0.8, 0.45  # how strongly a bar is drawn
Lines = Mapping[str, Sequence[float | None]]
"""Filed rows by the names that the forecast has for them."""


def performance(
    result: StatementsResult,
    filed: Lines,
    *,
    years: Sequence[str],
    currency: str,
    theme: Theme = "light",
) -> "Figure":
    """Revenue as bars, EBITDA and free cash flow as lines; the filed years stand first."""
    first, second, third, *_ = SERIES[theme]
    traces = [
        _bars("Revenue", _row(filed, "revenue", result.income.revenue), years, currency, first),
        _line("EBITDA", _row(filed, "ebitda", result.income.ebitda), years, currency, second),
        _line(
            "Free cash flow",
            _row(filed, "free_cash_flow", result.free_cash_flow),
            years,
            currency,
            third,
            dash="dot",
        ),
    ]
    return _drawn(traces, result, years, currency, theme)


def debt_and_cash(
    result: StatementsResult,
    filed: Lines,
    *,
    years: Sequence[str],
    currency: str,
    theme: Theme = "light",
) -> "Figure":
    """Cash above the line, debt and revolver below it, and what they come to."""
    first, second, _, fourth = SERIES[theme]
    cash = _row(filed, "cash", result.balance.cash)
    debt = _row(filed, "debt", result.balance.debt)
    drawn = [0.0] * (len(years) - len(result.free_cash_flow))
    revolver = [*drawn, *(np.asarray(result.balance.revolver) / shown().size)]
    net = [
        None if held is None or owed is None else held - owed - lent
        for held, owed, lent in zip(cash, debt, revolver, strict=True)
    ]
    traces = [
        _bars("Cash", cash, years, currency, first),
        _bars("Debt", [None if v is None else -v for v in debt], years, currency, second),
        *([_bars("Revolver", [-v for v in revolver], years, currency, fourth)]
          if any(revolver) else []),
        _line("Cash less debt", net, years, currency, TOTAL[theme], dash="dot"),
    ]  # fmt: skip
    return _drawn(traces, result, years, currency, theme, barmode="relative")


def _row(filed: Lines, name: str, forecast: Any) -> list[float | None]:
    """Filed years and forecast in one row, in millions."""
    row = [*filed.get(name, ()), *np.asarray(forecast).tolist()]
    return [None if value is None else value / shown().size for value in row]


def _bars(
    name: str, row: Sequence[float | None], years: Sequence[str], currency: str, colour: str
) -> dict[str, Any]:
    return {
        "type": "bar",
        "x": list(years),
        "y": list(row),
        "name": name,
        "marker": {
            "color": colour,
            "opacity": [FILED if year.endswith("A") else EXPECTED for year in years],
        },
        "hovertemplate": _hover(currency),
    }


def _line(
    name: str,
    row: Sequence[float | None],
    years: Sequence[str],
    currency: str,
    colour: str,
    *,
    dash: str = "solid",
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(years),
        "y": list(row),
        "name": name,
        "line": {"color": colour, "width": 2.5, "dash": dash},
        "hovertemplate": _hover(currency),
    }


def _hover(currency: str) -> str:
    return f"%{{x}}: {money_hover('y', currency)}<extra>%{{fullData.name}}</extra>"


def _drawn(
    traces: Sequence[Mapping[str, Any]],
    result: StatementsResult,
    years: Sequence[str],
    currency: str,
    theme: Theme,
    **layout: Any,
) -> "Figure":
    """With a line between what was filed and what is expected."""
    between = len(years) - len(result.free_cash_flow) - 0.5
    edge = {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": between,
        "x1": between,
        "y0": 0,
        "y1": 1,
        "layer": "below",
        "line": {"color": FAINT[theme], "width": 2},
    }
    y = money_axis(in_money(currency))
    return figure(
        traces, theme, height=340, x={"type": "category"}, y=y, showlegend=True, shapes=[edge],
        **layout,
    )  # fmt: skip
