"""The value of a share by its dividends: Gordon, several stages, and growth that fades by half."""

from dataclasses import dataclass, field

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.intrinsic.refusals import (
    CostOfEquityTooLow,
    DividendBasisUnclear,
    DividendNegative,
    GrowthNotBelowCostOfEquity,
    HalfLifeNegative,
    InputMissing,
    RoeNotPositive,
)
from valor_core.models.numbers import Numbers, Row, row_of, valid_where
from valor_core.models.paths import Path, over_years
from valor_core.models.refusals import ChooseOne, YearsOutOfRange

MOST_YEARS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DividendDiscountInputs:
    """Dividends of some stated years, and how they grow for ever after. Rates are fractions.

    Dividends are stated, or follow from the last one or the next one and their growth, or from
    earnings and the part of them that is paid out; these may grow by the return on what is kept.
    """

    years: int = field(
        default=0, metadata=says("years before growth is stable; 0: it is", Unit.YEARS)
    )
    dividends: Row | None = field(
        default=None, metadata=says("dividends of the stated years", Unit.MONEY_PER_SHARE)
    )
    last_dividend: Numbers | None = field(
        default=None, metadata=says("dividend of the last year (D₀)", Unit.MONEY_PER_SHARE)
    )
    next_dividend: Numbers | None = field(
        default=None, metadata=says("dividend of the coming year (D₁)", Unit.MONEY_PER_SHARE)
    )
    earnings: Numbers | None = field(
        default=None, metadata=says("earnings per share of the last year", Unit.MONEY_PER_SHARE)
    )
    payout: Path | None = field(
        default=None, metadata=says("part of the earnings that is paid out", Unit.RATE)
    )
    growth: Path | None = field(
        default=None, metadata=says("growth of the dividends, or of the earnings", Unit.RATE)
    )
    roe: Path | None = field(
        default=None, metadata=says("return on equity: growth is what is kept × this", Unit.RATE)
    )
    cost_of_equity: Path = field(metadata=says("cost of equity", Unit.RATE))
    terminal_growth: Numbers = field(metadata=says("growth for ever after", Unit.RATE))
    terminal_payout: Numbers | None = field(
        default=None, metadata=says("payout after the stated years; none: the last", Unit.RATE)
    )
    terminal_roe: Numbers | None = field(
        default=None,
        metadata=says("return on equity then, for a payout of 1 − growth / it", Unit.RATE),
    )
    terminal_cost_of_equity: Numbers | None = field(
        default=None, metadata=says("cost of equity then; none: the last year's", Unit.RATE)
    )
    fading_growth: Numbers | None = field(
        default=None,
        metadata=says("growth after the stated years that fades to the stable one", Unit.RATE),
    )
    half_life: Numbers | None = field(
        default=None, metadata=says("half the years in which it fades (H)", Unit.YEARS)
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class DividendDiscountResult:
    """The value of a share with every line on the way; None where a line has no meaning."""

    growth: Row | None = field(metadata=says("growth of dividends or earnings", Unit.RATE))
    earnings: Row | None = field(metadata=says("earnings per share", Unit.MONEY_PER_SHARE))
    payouts: Row | None = field(metadata=says("part of them that is paid out", Unit.RATE))
    dividends: Row | None = field(metadata=says("dividends per share", Unit.MONEY_PER_SHARE))
    costs_of_equity: Row | None = field(metadata=says("cost of equity", Unit.RATE))
    discount_factors: Row | None = field(metadata=says("value today of one unit then", Unit.RATIO))
    pv_dividends: Row | None = field(
        metadata=says("present value of the dividends", Unit.MONEY_PER_SHARE)
    )
    terminal_payout: Numbers | None = field(
        metadata=says("payout after the stated years", Unit.RATE)
    )
    terminal_dividend: Numbers = field(
        metadata=says("first dividend after the stated years", Unit.MONEY_PER_SHARE)
    )
    fading_dividend: Numbers | None = field(
        metadata=says("what fading growth adds to it, H × its excess", Unit.MONEY_PER_SHARE)
    )
    terminal_value: Numbers = field(
        metadata=says("price at the end of the stated years", Unit.MONEY_PER_SHARE)
    )
    pv_terminal: Numbers = field(metadata=says("its present value", Unit.MONEY_PER_SHARE))
    pv_forecast: Numbers = field(
        metadata=says("present value of the stated years", Unit.MONEY_PER_SHARE)
    )
    value_per_share: Numbers = field(metadata=says("value of one share", Unit.MONEY_PER_SHARE))


@guarded
def dividend_discount(inputs: DividendDiscountInputs) -> DividendDiscountResult:
    """Σ Dₜ / Π(1 + kₑ) + D₍ₙ₊₁₎ / (kₑ − g) / Π(1 + kₑ) (Gordon; Damodaran); fading growth by H.

    The H-model adds D₀ · H · (gₛ − g) / (kₑ − g) for growth that fades in a line over 2H years
    (Fuller and Hsia 1984).

    >>> gordon = DividendDiscountInputs(next_dividend=2.0, terminal_growth=0.05,
    ...                                 cost_of_equity=[0.10])
    >>> print(f"{dividend_discount(gordon).value_per_share:.6f}")
    40.000000
    """
    _refuse_structure(inputs)
    rates, rate = _costs_of_equity(inputs)
    growth = inputs.terminal_growth
    spread = valid_where(
        growth < rate, rate - growth, GrowthNotBelowCostOfEquity, growth=growth, cost_of_equity=rate
    )
    stream = _stream(inputs)
    paid = [*stream.dividends, stream.terminal_dividend]
    least = np.min(row_of(paid), axis=-1)
    terminal = valid_where(least >= 0.0, paid[-1], DividendNegative, dividend=least)
    fading = _fading(inputs, stream)
    factor, factors = 1.0, []
    for each in rates[: inputs.years]:
        factor = factor / (1.0 + each)
        factors.append(factor)
    present = [cash * each for cash, each in zip(stream.dividends, factors, strict=True)]
    price = (terminal if fading is None else terminal + fading) / spread
    pv_forecast = np.sum(row_of(present), axis=-1) if present else 0.0
    pv_terminal = price * factor
    return DividendDiscountResult(
        growth=_row(stream.growth),
        earnings=_row(stream.earnings),
        payouts=_row(stream.payouts),
        dividends=_row(stream.dividends),
        costs_of_equity=_row(rates[: inputs.years]),
        discount_factors=_row(factors),
        pv_dividends=_row(present),
        terminal_payout=stream.terminal_payout,
        terminal_dividend=terminal,
        fading_dividend=fading,
        terminal_value=price,
        pv_terminal=pv_terminal,
        pv_forecast=pv_forecast,
        value_per_share=pv_forecast + pv_terminal,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stream:
    """Dividends by year, the first after the stated years, and what they come from."""

    growth: list[Numbers]
    dividends: list[Numbers]
    terminal_dividend: Numbers
    last: Numbers | None  # of the stated years, or before them
    earnings: list[Numbers] = field(default_factory=list)
    payouts: list[Numbers] = field(default_factory=list)
    terminal_payout: Numbers | None = None


def _stream(inputs: DividendDiscountInputs) -> _Stream:
    if inputs.dividends is not None:
        return _as_stated(inputs)
    return _by_growth(inputs) if inputs.earnings is None else _by_payout(inputs)


def _row(years: list[Numbers]) -> Row | None:
    return row_of(years) if years else None


def _refuse_structure(inputs: DividendDiscountInputs) -> None:
    fewest = 0 if inputs.dividends is None else 1
    if not fewest <= inputs.years <= MOST_YEARS:
        raise YearsOutOfRange(years=inputs.years, most=MOST_YEARS)
    stated = (inputs.dividends, inputs.last_dividend, inputs.next_dividend, inputs.earnings)
    given = sum(each is not None for each in stated)
    if given != 1:
        raise DividendBasisUnclear(given=given)
    grows = inputs.years > 0 and inputs.dividends is None
    if grows and (inputs.growth is None) == (inputs.roe is None):
        raise ChooseOne("growth", "roe", given=inputs.growth is not None)
    if grows and inputs.earnings is None and inputs.roe is not None:
        raise InputMissing("earnings", needed_for="growth by the return on equity")
    if (inputs.fading_growth is None) != (inputs.half_life is None):
        lacking = "half_life" if inputs.half_life is None else "fading_growth"
        raise InputMissing(lacking, needed_for="growth that fades by half")


def _costs_of_equity(inputs: DividendDiscountInputs) -> tuple[list[Numbers], Numbers]:
    """The cost of equity of each year, and for ever after."""
    terminal = inputs.terminal_cost_of_equity
    rates = over_years(
        inputs.cost_of_equity, max(inputs.years, 1), name="cost_of_equity", terminal=terminal
    )
    last = rates[-1] if terminal is None else terminal
    lowest = np.minimum(np.min(row_of(rates), axis=-1), last)
    return rates, valid_where(lowest > -1.0, last, CostOfEquityTooLow, cost_of_equity=lowest)


def _as_stated(inputs: DividendDiscountInputs) -> _Stream:
    paid = over_years(inputs.dividends, inputs.years, name="dividends")
    after = paid[-1] * (1.0 + inputs.terminal_growth)
    return _Stream(growth=[], dividends=paid, terminal_dividend=after, last=paid[-1])


def _by_growth(inputs: DividendDiscountInputs) -> _Stream:
    """Each dividend is the one before, grown; the first may be stated itself."""
    last, growth, dividends = inputs.last_dividend, _stated_growth(inputs), []
    for year, rate in enumerate(growth):
        stated = inputs.next_dividend if year == 0 else None
        last = last * (1.0 + rate) if stated is None else stated
        dividends.append(last)
    after = inputs.next_dividend if last is None else last * (1.0 + inputs.terminal_growth)
    return _Stream(growth=growth, dividends=dividends, terminal_dividend=after, last=last)


def _stated_growth(inputs: DividendDiscountInputs) -> list[Numbers]:
    if inputs.growth is None or not inputs.years:
        return []
    return over_years(inputs.growth, inputs.years, name="growth", terminal=inputs.terminal_growth)


def _by_payout(inputs: DividendDiscountInputs) -> _Stream:
    """Earnings grow as stated, or by the return on what is kept of them; a part is paid out."""
    years, earned = inputs.years, inputs.earnings
    payouts = []
    if years:
        if inputs.payout is None:
            raise InputMissing("payout", needed_for="a dividend out of earnings")
        payouts = over_years(inputs.payout, years, name="payout", terminal=inputs.terminal_payout)
    growth = _earnings_growth(inputs, payouts)
    earnings, dividends = [], []
    for rate, payout in zip(growth, payouts, strict=True):
        earned = earned * (1.0 + rate)
        earnings.append(earned)
        dividends.append(earned * payout)
    payout = _terminal_payout(inputs, payouts)
    return _Stream(
        growth=growth,
        dividends=dividends,
        terminal_dividend=earned * (1.0 + inputs.terminal_growth) * payout,
        last=dividends[-1] if dividends else None,
        earnings=earnings,
        payouts=payouts,
        terminal_payout=payout,
    )


def _earnings_growth(inputs: DividendDiscountInputs, payouts: list[Numbers]) -> list[Numbers]:
    if inputs.roe is None or not payouts:
        return _stated_growth(inputs)
    returns = over_years(inputs.roe, inputs.years, name="roe", terminal=inputs.terminal_roe)
    return [earned * (1.0 - paid) for earned, paid in zip(returns, payouts, strict=True)]


def _terminal_payout(inputs: DividendDiscountInputs, payouts: list[Numbers]) -> Numbers:
    """As stated, or 1 − g / ROE, or as in the last year."""
    if inputs.terminal_payout is not None and inputs.terminal_roe is not None:
        raise ChooseOne("terminal_payout", "terminal_roe", given=True)
    if inputs.terminal_roe is not None:
        roe = valid_where(
            inputs.terminal_roe > 0.0, inputs.terminal_roe, RoeNotPositive, roe=inputs.terminal_roe
        )
        return 1.0 - inputs.terminal_growth / roe
    if inputs.terminal_payout is not None:
        return inputs.terminal_payout
    if not payouts:
        raise InputMissing("terminal_payout", needed_for="a dividend out of earnings")
    return payouts[-1]


def _fading(inputs: DividendDiscountInputs, stream: _Stream) -> Numbers | None:
    """H × (gₛ − g) × the last dividend: what growth that fades in a line is worth a year."""
    if inputs.half_life is None:
        return None
    if stream.last is None:
        raise InputMissing("last_dividend", needed_for="growth that fades by half")
    half_life = valid_where(
        inputs.half_life >= 0.0, inputs.half_life, HalfLifeNegative, half_life=inputs.half_life
    )
    return stream.last * half_life * (inputs.fading_growth - inputs.terminal_growth)
