"""The worth of the company after the forecast: by Gordon and by an exit multiple."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from valor_core.models.discounting import DiscountFactors
from valor_core.models.numbers import Numbers, only_where, valid_where
from valor_core.models.refusals import (
    ExitMetricNotPositive,
    ExitMultipleMissing,
    ExitMultipleNotPositive,
    GrowthNotBelowWacc,
    GrowthTooLow,
    ReturnNotPositive,
    TerminalFlowNegative,
)


class TerminalMethod(StrEnum):
    """Which terminal value carries the value of the company."""

    GORDON = "gordon"
    EXIT_MULTIPLE = "exit_multiple"


class MultipleOf(StrEnum):
    """What an exit multiple multiplies."""

    EBITDA = "ebitda"
    EBIT = "ebit"
    REVENUE = "revenue"


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalYear:
    """What the two methods value: the flow after the forecast, and the last year's metric."""

    flow: Numbers  # of the year after the forecast
    growth: Numbers
    wacc: Numbers
    metric: Numbers | None  # None: not stated, so no multiple can be told
    exit_multiple: Numbers | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalValues:
    """Both terminal values and what each implies for the other; None where it has no meaning."""

    gordon: Numbers | None
    pv_gordon: Numbers | None
    exit_multiple: Numbers | None
    pv_exit_multiple: Numbers | None
    implied_growth: Numbers | None
    implied_multiple: Numbers | None
    value: Numbers
    present_value: Numbers


def reinvestment_share(growth: Numbers, roic: Numbers) -> Numbers:
    """The part of NOPAT that pays for growth: g / ROIC; shrinking frees no capital (Koller).

    >>> print(reinvestment_share(0.03, 0.12))
    0.25
    """
    asked = np.where(growth > 0.0, roic, 1.0)  # without growth no return is asked for
    asked = valid_where(asked > 0.0, asked, ReturnNotPositive, roic=roic)
    return np.maximum(growth, 0.0) / asked


def terminal_values(
    year: TerminalYear, factors: DiscountFactors, method: TerminalMethod
) -> TerminalValues:
    """Flow / (WACC − g) when the last flow arrives, multiple × metric when the last year ends.

    The method that carries the value must be possible; the other is shown where it has a meaning.
    """
    gordon = _gordon(year, carries=method is TerminalMethod.GORDON)
    sale = _sale(year, carries=method is TerminalMethod.EXIT_MULTIPLE)
    pv_gordon = None if gordon is None else gordon * factors.gordon
    pv_sale = None if sale is None else sale * factors.end
    carrying = (gordon, pv_gordon) if method is TerminalMethod.GORDON else (sale, pv_sale)
    return TerminalValues(
        gordon=gordon,
        pv_gordon=pv_gordon,
        exit_multiple=sale,
        pv_exit_multiple=pv_sale,
        implied_growth=None if sale is None else _implied_growth(year, sale, factors),
        implied_multiple=None if gordon is None else _implied_multiple(year, gordon, factors),
        value=carrying[0],
        present_value=carrying[1],
    )


def _gordon(year: TerminalYear, *, carries: bool) -> Numbers | None:
    growth, wacc, flow = year.growth, year.wacc, year.flow
    if not carries:
        room = np.where(flow >= 0.0, wacc - growth, 0.0)  # a loss for ever is no value to compare
        spread = only_where(room > 0.0, wacc - growth)
        return None if spread is None else flow / spread
    spread = valid_where(growth < wacc, wacc - growth, GrowthNotBelowWacc, growth=growth, wacc=wacc)
    return valid_where(flow >= 0.0, flow, TerminalFlowNegative, flow=flow) / spread


def _sale(year: TerminalYear, *, carries: bool) -> Numbers | None:
    multiple, metric = year.exit_multiple, year.metric
    if multiple is None or metric is None:
        if carries:
            raise ExitMultipleMissing
        return None
    multiple = valid_where(multiple > 0.0, multiple, ExitMultipleNotPositive, multiple=multiple)
    if not carries:
        return only_where(metric > 0.0, multiple * metric)
    return valid_where(metric > 0.0, multiple * metric, ExitMetricNotPositive, metric=metric)


def _implied_growth(year: TerminalYear, sale: Numbers, factors: DiscountFactors) -> Numbers | None:
    """The growth at which Gordon, reinvesting the same share, gives the value of the sale.

    g = (T·w − F) / (T + F), T the sale at the time of the last flow, F the flow before growth.
    """
    sale = sale * (factors.end / factors.gordon)
    growing = valid_where(year.growth > -1.0, 1.0 + year.growth, GrowthTooLow, growth=year.growth)
    flow = year.flow / growing
    return only_where(sale + flow > 0.0, (sale * year.wacc - flow) / (sale + flow))


def _implied_multiple(
    year: TerminalYear, gordon: Numbers, factors: DiscountFactors
) -> Numbers | None:
    """The multiple at which a sale gives the Gordon value."""
    if year.metric is None:
        return None
    positive = np.where(year.metric > 0.0, year.metric, 1.0)
    return only_where(year.metric > 0.0, gordon * (factors.gordon / factors.end) / positive)
