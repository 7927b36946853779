"""The right to decide later whether an option is a call or a put (Rubinstein, 1991)."""

from dataclasses import dataclass, field, replace

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.normal import ndtr
from valor_core.models.numbers import Numbers, valid_where
from valor_core.models.options.bivariate import bivariate_normal
from valor_core.models.options.black_scholes import distances, european_value
from valor_core.models.options.compound import FAR
from valor_core.models.options.refusals import DecisionAfterExpiry, ExpiryNegative
from valor_core.models.options.roots import rising_root
from valor_core.models.options.terms import Option, OptionType, sound
from valor_core.models.recorder import whole


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooserOption:
    """A call and a put of which the holder keeps one; all times run from today."""

    spot: Numbers = field(metadata=says("value of the underlying today", Unit.MONEY))
    rate: Numbers = field(metadata=says("risk-free rate, continuous", Unit.RATE))
    dividend_yield: Numbers = field(
        default=0.0, metadata=says("what the underlying pays out a year, continuous", Unit.RATE)
    )
    volatility: Numbers = field(metadata=says("standard deviation of a year's log return"))
    decision: Numbers = field(metadata=says("time until the choice", Unit.YEARS))
    call_strike: Numbers = field(metadata=says("strike of the call", Unit.MONEY))
    call_maturity: Numbers = field(metadata=says("time until the call ends", Unit.YEARS))
    put_strike: Numbers = field(metadata=says("strike of the put", Unit.MONEY))
    put_maturity: Numbers = field(metadata=says("time until the put ends", Unit.YEARS))

    def __post_init__(self) -> None:
        settle(self)

    def option(self, option_type: OptionType) -> Option:
        """One of the two."""
        call = option_type is OptionType.CALL
        return Option(
            type=option_type,
            spot=self.spot,
            strike=self.call_strike if call else self.put_strike,
            rate=self.rate,
            dividend_yield=self.dividend_yield,
            volatility=self.volatility,
            maturity=self.call_maturity if call else self.put_maturity,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooserValue:
    """A chooser, beside the two options of which it keeps one."""

    call_value: Numbers = field(metadata=says("value of the call alone", Unit.MONEY))
    put_value: Numbers = field(metadata=says("value of the put alone", Unit.MONEY))
    critical_price: Numbers = field(
        metadata=says("above it the call is chosen, below it the put", Unit.MONEY)
    )
    value: Numbers = field(metadata=says("value of the right to choose", Unit.MONEY))


@guarded
def chooser_option(chooser: ChooserOption) -> ChooserValue:
    """A chooser of any strikes and maturities.

    >>> haug = ChooserOption(spot=50.0, rate=0.08, volatility=0.25, decision=0.25, call_strike=50.0,
    ...                      call_maturity=0.5, put_strike=50.0, put_maturity=0.5)
    >>> print(f"{chooser_option(haug).value:.4f}")
    6.1071
    """
    start = chooser.decision
    call, put = sound(chooser.option(OptionType.CALL)), sound(chooser.option(OptionType.PUT))
    first_end = np.minimum(call.maturity, put.maturity)
    start = valid_where(start >= 0.0, start, ExpiryNegative, years=start)
    start = valid_where(
        start <= first_end, start, DecisionAfterExpiry, decision=start, expiry=first_end
    )
    critical = _indifference(
        replace(call, maturity=call.maturity - start),
        replace(put, maturity=put.maturity - start),
    )
    d1, d2 = distances(replace(call, strike=critical, maturity=start))
    return ChooserValue(
        call_value=european_value(call),
        put_value=european_value(put),
        critical_price=critical,
        value=_kept(call, start, d1, d2) + _kept(put, start, d1, d2),
    )


def _kept(option: Option, start: Numbers, d1: Numbers, d2: Numbers) -> Numbers:
    """What an option is worth where it is the one that is kept."""
    sign, end = option.type.sign, option.maturity
    y1, y2 = distances(option)
    correlation = np.sqrt(np.where(end > 0.0, start / np.where(end > 0.0, end, 1.0), 0.0))
    received = option.spot * np.exp(-option.dividend_yield * end)
    given = option.strike * np.exp(-option.rate * end)
    received = received * bivariate_normal(sign * d1, sign * y1, correlation)
    return sign * (received - given * bivariate_normal(sign * d2, sign * y2, correlation))


def _indifference(call: Option, put: Option) -> Numbers:
    """The underlying at which the call is worth as much as the put."""

    def indifferent_price(
        call_strike: Numbers,
        put_strike: Numbers,
        rate: Numbers,
        dividend_yield: Numbers,
        volatility: Numbers,
        call_maturity: Numbers,
        put_maturity: Numbers,
    ) -> Numbers:
        same = {"rate": rate, "dividend_yield": dividend_yield, "volatility": volatility}
        terms = (
            replace(call, strike=call_strike, maturity=call_maturity, **same),
            replace(put, strike=put_strike, maturity=put_maturity, **same),
        )

        def excess(logarithm: Numbers) -> tuple[Numbers, Numbers]:
            spot = call_strike * np.exp(logarithm)
            value, slope = 0.0, 0.0
            for option in terms:
                at, sign = replace(option, spot=spot), option.type.sign
                d1, _ = distances(at)
                value = value + sign * european_value(at)
                carried = np.exp(-at.dividend_yield * at.maturity)
                slope = slope + spot * carried * ndtr(sign * d1)
            return value / call_strike, slope / call_strike

        with np.errstate(all="ignore"):
            far = 0.0 * (call_strike + put_strike) + FAR
            return call_strike * np.exp(rising_root(excess, -far, far))

    return whole(
        indifferent_price,
        call.strike,
        put.strike,
        call.rate,
        call.dividend_yield,
        call.volatility,
        call.maturity,
        put.maturity,
    )
