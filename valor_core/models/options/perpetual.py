"""Rights without end: when to invest, when to give up (McDonald–Siegel, Dixit–Pindyck)."""

from dataclasses import dataclass, field

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.numbers import Numbers, only_where, valid_where
from valor_core.models.options.early_exercise import waiting
from valor_core.models.options.refusals import (
    NothingLostByWaiting,
    OptionVolatilityNegative,
    StrikeNotPositive,
    UnderlyingNotPositive,
)
from valor_core.models.options.terms import Option, OptionType

SMALLEST = 1e-300
"""An inverse below which the power is beyond all numbers, and waiting worth nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PerpetualOption:
    """A right to invest in a project, or to give it up for its salvage, that never ends."""

    type: OptionType = field(
        default=OptionType.CALL, metadata=says("call: invests, put: gives up for the strike")
    )
    spot: Numbers = field(metadata=says("value of the project today", Unit.MONEY))
    strike: Numbers = field(metadata=says("outlay, or salvage value", Unit.MONEY))
    rate: Numbers = field(metadata=says("risk-free rate, continuous", Unit.RATE))
    cash_yield: Numbers = field(
        metadata=says("what the project pays out a year, as a part of its value", Unit.RATE)
    )
    volatility: Numbers = field(metadata=says("standard deviation of a year's log return"))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PerpetualValue:
    """The trigger, and what the right is worth on the way to it."""

    beta: Numbers | None = field(
        metadata=says("power of the project with which the right grows", Unit.RATIO)
    )
    trigger: Numbers = field(metadata=says("value of the project at which to act", Unit.MONEY))
    hurdle: Numbers = field(
        metadata=says("the trigger over the outlay, or the salvage over the trigger", Unit.RATIO)
    )
    acts_now: Numbers = field(metadata=says("1 where the trigger is met today", Unit.RATIO))
    value: Numbers = field(metadata=says("value of the right", Unit.MONEY))


@guarded
def perpetual_option(perpetual: PerpetualOption) -> PerpetualValue:
    """The trigger of a right without end, and its value.

    >>> project = PerpetualOption(spot=1.0, strike=1.0, rate=0.04, cash_yield=0.04, volatility=0.2)
    >>> found = perpetual_option(project)
    >>> print(f"{found.beta:.2f} {found.trigger:.2f} {found.value:.2f}")
    2.00 2.00 0.25
    """
    call = _sound(perpetual).as_type(OptionType.CALL)
    inverse = _inverse_power(call)
    hurdle = 1.0 / (1.0 - inverse)
    boundary = call.strike * hurdle
    grows = inverse > SMALLEST
    power = 1.0 / np.where(grows, inverse, 1.0)
    waited = np.where(grows, (boundary - call.strike) * np.power(call.spot / boundary, power), 0.0)
    acts = call.spot >= boundary
    buys = perpetual.type is OptionType.CALL
    return PerpetualValue(
        beta=only_where(grows, power if buys else 1.0 - power),
        trigger=boundary if buys else perpetual.strike / hurdle,
        hurdle=hurdle,
        acts_now=np.where(acts, 1.0, 0.0),
        value=np.where(acts, call.spot - call.strike, waited),
    )


def _inverse_power(call: Option) -> Numbers:
    """1/β of ½σ²β(β − 1) + (r − δ)β = r, without cancellation and without a volatility too."""
    variance = call.volatility * call.volatility
    drift = call.rate - call.dividend_yield - 0.5 * variance
    root = np.sqrt(drift * drift + 2.0 * call.rate * variance)
    falls = drift <= 0.0
    over = np.where(root - drift > 0.0, root - drift, 1.0)
    rate = np.where(falls, 1.0, call.rate)
    return np.where(falls, variance / over, (drift + root) / (2.0 * rate))


def _sound(perpetual: PerpetualOption) -> Option:
    spot, strike, volatility = perpetual.spot, perpetual.strike, perpetual.volatility
    option = Option(
        type=perpetual.type,
        spot=valid_where(spot > 0.0, spot, UnderlyingNotPositive, underlying=spot),
        strike=valid_where(strike > 0.0, strike, StrikeNotPositive, strike=strike),
        rate=perpetual.rate,
        dividend_yield=perpetual.cash_yield,
        volatility=valid_where(
            volatility >= 0.0, volatility, OptionVolatilityNegative, volatility=volatility
        ),
        maturity=0.0,
    )
    lost, _ = waiting(option)
    usable = valid_where(lost > 0.0, option.spot, NothingLostByWaiting, cash_yield=lost)
    return Option(
        type=option.type,
        spot=usable,
        strike=option.strike,
        rate=option.rate,
        dividend_yield=option.dividend_yield,
        volatility=option.volatility,
        maturity=0.0,
    )
