"""What every American option has in common: when waiting is free, and when nothing can move."""

from dataclasses import replace

import numpy as np

from valor_core.models.numbers import Numbers, valid_where
from valor_core.models.options.refusals import RatesNegative
from valor_core.models.options.terms import Option, OptionType, sound

NEGLIGIBLE = 1e-13
"""Part of the strike below which no method can tell what waiting costs."""


def sound_american(option: Option) -> Option:
    """The option, where it has one exercise boundary at most."""
    option = sound(option)
    lost, saved = waiting(option)
    rate, dividend_yield = option.rate, option.dividend_yield
    spot = valid_where(
        (lost > 0.0) | (saved >= 0.0),
        option.spot,
        RatesNegative,
        rate=rate,
        dividend_yield=dividend_yield,
    )
    return replace(option, spot=spot)


def waiting(option: Option) -> tuple[Numbers, Numbers]:
    """What is lost and what is saved a year by not exercising: yield and rate, or the reverse."""
    if option.type is OptionType.CALL:
        return option.dividend_yield, option.rate
    return option.rate, option.dividend_yield


def exercised_early(option: Option) -> Numbers:
    """Whether early exercise may ever pay, in a world where the underlying moves."""
    lost, _ = waiting(option)
    return (lost * option.maturity > NEGLIGIBLE) & moves(option)


def moves(option: Option) -> Numbers:
    """Whether the underlying is uncertain at all before the option ends."""
    return (option.volatility > 0.0) & (option.maturity > 0.0)


def exercised_now(option: Option) -> Numbers:
    """What exercise brings today, 0 where it would cost."""
    return np.maximum(option.type.sign * (option.spot - option.strike), 0.0)


def stand_in(option: Option) -> Option:
    """The option where it may be exercised early, elsewhere one that harms no formula."""
    usable = exercised_early(option)
    lost, _ = waiting(option)
    lost = np.where(usable, lost, 0.05)
    call = option.type is OptionType.CALL
    return replace(
        option,
        rate=option.rate if call else lost,
        dividend_yield=lost if call else option.dividend_yield,
        volatility=np.where(usable, option.volatility, 0.3),
        maturity=np.where(usable, option.maturity, 1.0),
    )


def certain_value(option: Option) -> Numbers:
    """An American option on what does not move: exercised at the best of all moments."""
    rate, paid_out = option.rate, option.dividend_yield
    drift = rate - paid_out
    turns = (rate * paid_out > 0.0) & (drift != 0.0)
    saved = np.where(turns, rate * option.strike, 1.0)
    lost = np.where(turns, paid_out * option.spot, 1.0)
    turning = np.log(saved / lost) / np.where(turns, drift, 1.0)
    best = exercised_now(option)
    for moment in (option.maturity, np.clip(turning, 0.0, option.maturity)):
        received = option.spot * np.exp(-paid_out * moment)
        given = option.strike * np.exp(-rate * moment)
        best = np.maximum(best, option.type.sign * (received - given))
    return best
