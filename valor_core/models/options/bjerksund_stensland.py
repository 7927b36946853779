"""American options by a flat exercise boundary (Bjerksund and Stensland, 1993), or two (2002)."""

from dataclasses import dataclass

import numpy as np

from valor_core.models.guarded import guarded
from valor_core.models.normal import ndtr
from valor_core.models.numbers import Numbers, only_where, valid_where
from valor_core.models.options.barone_adesi_whaley import AmericanValue
from valor_core.models.options.bivariate import bivariate_normal
from valor_core.models.options.black_scholes import european_value
from valor_core.models.options.early_exercise import (
    certain_value,
    exercised_early,
    exercised_now,
    moves,
    sound_american,
    stand_in,
)
from valor_core.models.options.refusals import VolatilityTooLow
from valor_core.models.options.terms import Option, OptionType

GOLDEN = 0.5 * (5.0**0.5 - 1.0)
"""The part of the time before the two boundaries of 2002 change, and their correlation squared."""

MOST_DRIFT = 18.0
"""Standard deviations of drift up to which a reflection keeps its digits."""

LARGEST_POWER = 700.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Approximation:
    """An approximation, and whether its formulas kept their digits."""

    value: Numbers
    critical_price: Numbers
    trusted: Numbers


@guarded
def bjerksund_stensland_1993(option: Option) -> AmericanValue:
    """An American option exercised at the best flat boundary: a lower bound of its value.

    >>> haug = Option(spot=42.0, strike=40.0, rate=0.04, dividend_yield=0.08, volatility=0.35,
    ...               maturity=0.75)
    >>> print(f"{bjerksund_stensland_1993(haug).value:.4f}")
    5.2704
    """
    option = sound_american(option)
    return _told(option, flat_boundary(option))


def flat_boundary(option: Option) -> Approximation:
    """The approximation of 1993 to sound terms, and where it may be trusted."""
    call = _call(option)
    time, growth = call.maturity, call.boundary_growth(call.maturity)
    boundary = call.boundary(growth * call.start / (call.most - call.start))
    s, k, power = call.spot, call.strike, call.power
    beyond = (boundary - k) * np.power(s / boundary, power)
    waited = beyond * (1.0 - call.reflected(time, power, boundary, boundary))
    waited = waited + s * (
        call.reflected(time, 1.0, boundary, boundary) - call.reflected(time, 1.0, k, boundary)
    )
    waited = waited - k * (
        call.reflected(time, 0.0, boundary, boundary) - call.reflected(time, 0.0, k, boundary)
    )
    return _approximated(option, call, boundary, waited)


@guarded
def bjerksund_stensland_2002(option: Option) -> AmericanValue:
    """An American option exercised at a flat boundary early and at a lower one late.

    >>> haug = Option(spot=42.0, strike=40.0, rate=0.04, dividend_yield=0.08, volatility=0.35,
    ...               maturity=0.75)
    >>> print(f"{bjerksund_stensland_2002(haug).value:.3f}")
    5.287
    """
    option = sound_american(option)
    return _told(option, two_boundaries(option))


def two_boundaries(option: Option) -> Approximation:
    """The approximation of 2002 to sound terms, and where it may be trusted."""
    call = _call(option)
    early = GOLDEN * call.maturity
    scale = call.strike * call.strike / ((call.most - call.start) * call.start)
    low = call.boundary(call.boundary_growth(early) * scale)
    high = call.boundary(call.boundary_growth(call.maturity) * scale)
    s, k, power = call.spot, call.strike, call.power
    of_high, of_low = ((i - k) * np.power(s / i, power) for i in (high, low))

    def one(gamma: Numbers, level: Numbers) -> Numbers:
        return call.reflected(early, gamma, level, high)

    def two(gamma: Numbers, level: Numbers) -> Numbers:
        return call.reflected_twice(gamma, level, high, low, early)

    waited = of_high * (1.0 - one(power, high)) + of_low * (one(power, low) - two(power, low))
    waited = waited + s * (one(1.0, high) - one(1.0, low) + two(1.0, low) - two(1.0, k))
    waited = waited - k * (one(0.0, high) - one(0.0, low) + two(0.0, low) - two(0.0, k))
    return _approximated(option, call, high, waited)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """A call that may be exercised early, with what its boundaries rest on."""

    spot: Numbers
    strike: Numbers
    rate: Numbers
    carry: Numbers  # how fast the underlying grows: the rate less the yield
    volatility: Numbers
    variance: Numbers
    maturity: Numbers
    power: Numbers  # β: how the value of a perpetual call grows with the underlying
    most: Numbers  # the boundary of a perpetual call
    start: Numbers  # the boundary just before the end
    trusted: Numbers  # whether the drift leaves the formulas their digits

    def boundary_growth(self, time: Numbers) -> Numbers:
        """How far a boundary so long before the end has come from its start."""
        return self.carry * time + 2.0 * self.volatility * np.sqrt(time)

    def boundary(self, growth: Numbers) -> Numbers:
        """A boundary between start and most, never below the start."""
        return self.start + (self.most - self.start) * (1.0 - np.exp(-np.maximum(growth, 0.0)))

    def drift(self, gamma: Numbers) -> Numbers:
        """The drift of the logarithm when value is counted in the power γ of the underlying."""
        return self.carry + (gamma - 0.5) * self.variance

    def growth(self, gamma: Numbers, time: Numbers) -> Numbers:
        """Today's worth of the power γ of the underlying then, over that power today."""
        half = 0.5 * gamma * (gamma - 1.0) * self.variance
        return np.exp((gamma * self.carry - self.rate + half) * time)

    def mirror(self, gamma: Numbers, level: Numbers) -> Numbers:
        """The weight of a path that is reflected at a level."""
        power = 2.0 * self.drift(gamma) / self.variance
        return np.exp(np.minimum(power * np.log(level / self.spot), LARGEST_POWER))

    def reflected(self, time: Numbers, gamma: Numbers, level: Numbers, cap: Numbers) -> Numbers:
        """φ over S^γ: worth of that power at a time, below a level, where the cap never was met."""
        spread = self.volatility * np.sqrt(time)
        d = -(np.log(self.spot / level) + self.drift(gamma) * time) / spread
        away = 2.0 * np.log(cap / self.spot) / spread
        kept = ndtr(d) - self.mirror(gamma, cap) * ndtr(d - away)
        return self.growth(gamma, time) * kept

    def reflected_twice(
        self, gamma: Numbers, level: Numbers, high: Numbers, low: Numbers, early: Numbers
    ) -> Numbers:
        """ψ over S^γ: the same at the end, past the high cap early and the low cap late."""
        s, time = self.spot, self.maturity
        first, whole = self.volatility * np.sqrt(early), self.volatility * np.sqrt(time)
        drift, rho = self.drift(gamma), GOLDEN**0.5

        def d(distance: Numbers, way: float) -> Numbers:
            return -(np.log(distance) + way * drift * early) / first

        def f(distance: Numbers) -> Numbers:
            return -(np.log(distance) + drift * time) / whole

        over_high = high * high / s
        kept = bivariate_normal(d(s / low, 1.0), f(s / level), rho)
        kept = kept - self.mirror(gamma, high) * bivariate_normal(
            d(over_high / low, 1.0), f(over_high / level), rho
        )
        kept = kept - self.mirror(gamma, low) * bivariate_normal(
            d(s / low, -1.0), f(low * low / (s * level)), -rho
        )
        both = self.mirror(gamma, low) / self.mirror(gamma, high)
        kept = kept + both * bivariate_normal(
            d(over_high / low, -1.0), f(low * low / (over_high * level)), -rho
        )
        return self.growth(gamma, time) * kept


def _call(option: Option) -> _Call:
    """The call that stands for the option, with a stand-in where it is never exercised early."""
    call = stand_in(option).as_type(OptionType.CALL)
    carry, variance = call.rate - call.dividend_yield, call.volatility * call.volatility
    above_one = _power_above_one(call.dividend_yield, carry + 0.5 * variance, variance)
    power = 1.0 + above_one
    drift = np.maximum(np.abs(carry), np.abs(carry + (power - 0.5) * variance))
    spread = call.volatility / np.sqrt(call.maturity)
    floor = np.maximum(call.rate / call.dividend_yield, 1.0)
    return _Call(
        spot=call.spot,
        strike=call.strike,
        rate=call.rate,
        carry=carry,
        volatility=call.volatility,
        variance=variance,
        maturity=call.maturity,
        power=power,
        most=call.strike * power / above_one,
        start=call.strike * floor,
        trusted=drift <= MOST_DRIFT * spread,
    )


def _power_above_one(dividend_yield: Numbers, drift: Numbers, variance: Numbers) -> Numbers:
    """β − 1, the positive root x of ½σ²x² + (b + ½σ²)x = q, without cancellation."""
    root = np.sqrt(drift * drift + 2.0 * variance * dividend_yield)
    climbs = drift > 0.0
    over = np.where(climbs, drift + root, 1.0)
    return np.where(climbs, 2.0 * dividend_yield / over, (root - drift) / variance)


def _approximated(option: Option, call: _Call, boundary: Numbers, waited: Numbers) -> Approximation:
    """The approximation between what holds for every American option."""
    now, european, early = exercised_now(option), european_value(option), exercised_early(option)
    value = np.where(call.spot >= boundary, now, np.maximum(waited, now))
    value = np.where(early, np.maximum(value, european), european)
    return Approximation(
        value=np.where(moves(option), value, certain_value(option)),
        critical_price=boundary
        if option.type.sign > 0.0
        else option.spot * option.strike / boundary,
        trusted=call.trusted | np.logical_not(early),
    )


def _told(option: Option, approximation: Approximation) -> AmericanValue:
    value = valid_where(
        approximation.trusted,
        approximation.value,
        VolatilityTooLow,
        volatility=option.volatility,
    )
    european = european_value(option)
    return AmericanValue(
        european_value=european,
        early_exercise_premium=value - european,
        critical_price=only_where(exercised_early(option), approximation.critical_price),
        value=value,
    )
