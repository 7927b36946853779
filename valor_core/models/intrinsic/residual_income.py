"""The value of the equity by its book value and what it earns above its cost."""

from dataclasses import dataclass, field

import numpy as np

from valor_core.models.dilution import Shares, value_per_share
from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.intrinsic.refusals import (
    CostOfEquityTooLow,
    GrowthNotBelowCostOfEquity,
    PersistenceOutOfRange,
)
from valor_core.models.numbers import Numbers, Row, row_of, valid_where
from valor_core.models.paths import Path, over_years
from valor_core.models.refusals import ChooseOne, YearsOutOfRange

MOST_YEARS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualIncomeInputs:
    """Book value, what it earns and what is paid out of it. Rates are fractions.

    Book values follow by clean surplus: the one before + net income − dividends.
    """

    years: int = field(metadata=says("forecast years", Unit.YEARS))
    book_value: Numbers = field(metadata=says("book value of the equity today", Unit.MONEY))
    net_income: Row | None = field(default=None, metadata=says("net income", Unit.MONEY))
    roe: Path | None = field(
        default=None, metadata=says("net income as a share of the book value before", Unit.RATE)
    )
    dividends: Row | None = field(
        default=None, metadata=says("dividends less new shares sold", Unit.MONEY)
    )
    payout: Path | None = field(
        default=None, metadata=says("dividends as a share of net income", Unit.RATE)
    )
    cost_of_equity: Path = field(metadata=says("cost of equity", Unit.RATE))
    terminal_growth: Numbers | None = field(
        default=None, metadata=says("growth of residual income after the forecast", Unit.RATE)
    )
    persistence: Numbers | None = field(
        default=None,
        metadata=says("part of it that is left a year later (ω); 0: none is", Unit.RATE),
    )
    terminal_roe: Numbers | None = field(
        default=None,
        metadata=says("return in the first year after the forecast; none: as before", Unit.RATE),
    )
    shares: Shares | None = field(
        default=None, metadata=says("shares; none: the amounts are those of one share")
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualIncomeResult:
    """The value of the equity with every line on the way."""

    opening_book: Row = field(metadata=says("book value a year before", Unit.MONEY))
    net_income: Row = field(metadata=says("net income", Unit.MONEY))
    dividends: Row = field(metadata=says("dividends less new shares sold", Unit.MONEY))
    closing_book: Row = field(metadata=says("book value", Unit.MONEY))
    costs_of_equity: Row = field(metadata=says("cost of equity", Unit.RATE))
    equity_charge: Row = field(metadata=says("what the book value costs", Unit.MONEY))
    residual_income: Row = field(metadata=says("net income above that", Unit.MONEY))
    discount_factors: Row = field(metadata=says("value today of one unit then", Unit.RATIO))
    pv_residual_income: Row = field(metadata=says("present value of it", Unit.MONEY))
    terminal_residual_income: Numbers = field(
        metadata=says("residual income after the forecast", Unit.MONEY)
    )
    terminal_value: Numbers = field(
        metadata=says("what it is worth above book at the end of the forecast", Unit.MONEY)
    )
    pv_terminal: Numbers = field(metadata=says("its present value", Unit.MONEY))
    pv_forecast: Numbers = field(metadata=says("present value of the forecast", Unit.MONEY))
    equity_value: Numbers = field(metadata=says("value of the common equity", Unit.MONEY))
    value_per_share: Numbers = field(metadata=says("value of one share", Unit.MONEY_PER_SHARE))


@guarded
def residual_income(inputs: ResidualIncomeInputs) -> ResidualIncomeResult:
    """B₀ + Σ (NIₜ − kₑ·B₍ₜ₋₁₎) / Π(1 + kₑ) + what residual income is worth after (Ohlson 1995).

    A persistence ω is a growth of ω − 1.

    >>> fair = ResidualIncomeInputs(years=2, book_value=50.0, roe=[0.1, 0.1], payout=[0.4, 0.4],
    ...                             cost_of_equity=[0.1, 0.1], terminal_growth=0.0)
    >>> print(residual_income(fair).value_per_share)  # it earns its cost, so it is worth its book
    50.0
    """
    years = _refuse_structure(inputs)
    rates, growth = _rates(inputs)
    returns = None if inputs.roe is None else over_years(inputs.roe, years, name="roe")
    payouts = None if inputs.payout is None else over_years(inputs.payout, years, name="payout")
    earned = _given(inputs.net_income, years, "net_income")
    paid = _given(inputs.dividends, years, "dividends")
    book, factor = inputs.book_value, 1.0
    opening, income, dividends, closing, charges, factors = [], [], [], [], [], []
    for year, rate in enumerate(rates):
        opening.append(book)
        income.append(book * returns[year] if returns is not None else earned[year])
        dividends.append(income[-1] * payouts[year] if payouts is not None else paid[year])
        charges.append(book * rate)
        book = book + income[-1] - dividends[-1]
        closing.append(book)
        factor = factor / (1.0 + rate)
        factors.append(factor)
    excess = [profit - charge for profit, charge in zip(income, charges, strict=True)]
    after = excess[-1] * (1.0 + growth)
    if inputs.terminal_roe is not None:
        after = book * (inputs.terminal_roe - rates[-1])
    terminal = after / (rates[-1] - growth)
    present = row_of([each * then for each, then in zip(excess, factors, strict=True)])
    pv_forecast, pv_terminal = np.sum(present, axis=-1), terminal * factor
    equity = inputs.book_value + pv_forecast + pv_terminal
    return ResidualIncomeResult(
        opening_book=row_of(opening),
        net_income=row_of(income),
        dividends=row_of(dividends),
        closing_book=row_of(closing),
        costs_of_equity=row_of(rates),
        equity_charge=row_of(charges),
        residual_income=row_of(excess),
        discount_factors=row_of(factors),
        pv_residual_income=present,
        terminal_residual_income=after,
        terminal_value=terminal,
        pv_terminal=pv_terminal,
        pv_forecast=pv_forecast,
        equity_value=equity,
        value_per_share=equity if inputs.shares is None else value_per_share(equity, inputs.shares),
    )


def _refuse_structure(inputs: ResidualIncomeInputs) -> int:
    if not 1 <= inputs.years <= MOST_YEARS:
        raise YearsOutOfRange(years=inputs.years, most=MOST_YEARS)
    for first, second in (
        ("net_income", "roe"),
        ("dividends", "payout"),
        ("terminal_growth", "persistence"),
    ):
        given = getattr(inputs, first) is not None
        if given == (getattr(inputs, second) is not None):
            raise ChooseOne(first, second, given=given)
    return inputs.years


def _given(row: Row | None, years: int, name: str) -> list[Numbers]:
    return [] if row is None else over_years(row, years, name=name)


def _rates(inputs: ResidualIncomeInputs) -> tuple[list[Numbers], Numbers]:
    """The cost of equity of each year, and the growth of residual income after them."""
    rates = over_years(inputs.cost_of_equity, inputs.years, name="cost_of_equity")
    lowest = np.min(row_of(rates), axis=-1)
    if inputs.persistence is None:
        growth = inputs.terminal_growth
    else:
        left = inputs.persistence
        in_range = np.minimum(left, 1.0 - left) >= 0.0
        growth = valid_where(in_range, left, PersistenceOutOfRange, persistence=left) - 1.0
    growth = valid_where(lowest > -1.0, growth, CostOfEquityTooLow, cost_of_equity=lowest)
    last = rates[-1]
    below = growth < last
    growth = valid_where(
        below, growth, GrowthNotBelowCostOfEquity, growth=growth, cost_of_equity=last
    )
    return rates, growth
