"""European options in closed form, with their sensitivities (Black, Scholes and Merton)."""

from dataclasses import dataclass, field
from math import pi, sqrt

import numpy as np

from valor_core.models.fields import Unit, says
from valor_core.models.guarded import guarded
from valor_core.models.normal import ndtr
from valor_core.models.numbers import Numbers
from valor_core.models.options.terms import Option, sound

CERTAIN = 40.0
"""Standard deviations beyond which a normal number is certain to the last bit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EuropeanValue:
    """A European option with its sensitivities, each to a whole unit: a year, a rate of 100 %."""

    d1: Numbers = field(metadata=says("d₁ of the formula", Unit.RATIO))
    d2: Numbers = field(metadata=says("d₂ of the formula", Unit.RATIO))
    exercise_probability: Numbers = field(
        metadata=says("risk-neutral probability of exercise", Unit.RATE)
    )
    delta: Numbers = field(metadata=says("change with the underlying", Unit.RATIO))
    gamma: Numbers = field(metadata=says("change of delta with the underlying", Unit.RATIO))
    vega: Numbers = field(metadata=says("change with the volatility", Unit.MONEY))
    theta: Numbers = field(metadata=says("change as a year passes", Unit.MONEY))
    rho: Numbers = field(metadata=says("change with the rate", Unit.MONEY))
    dividend_rho: Numbers = field(metadata=says("change with the yield", Unit.MONEY))
    value: Numbers = field(metadata=says("value of the option", Unit.MONEY))


@guarded
def european_option(option: Option) -> EuropeanValue:
    """A European option by Black, Scholes and Merton.

    >>> haug = Option(spot=60.0, strike=65.0, rate=0.08, volatility=0.3, maturity=0.25)
    >>> print(f"{european_option(haug).value:.4f}")
    2.1334
    """
    option = sound(option)
    sign = option.type.sign
    d1, d2 = distances(option)
    carried, paid = _present_values(option)
    received, given = carried * ndtr(sign * d1), paid * ndtr(sign * d2)
    root = np.sqrt(option.maturity)
    deviation = option.volatility * root
    density = carried * bell(d1)
    decay = density * option.volatility / (2.0 * np.where(root > 0.0, root, 1.0))
    return EuropeanValue(
        d1=d1,
        d2=d2,
        exercise_probability=ndtr(sign * d2),
        delta=sign * received / option.spot,
        gamma=density / (option.spot * option.spot * np.where(deviation > 0.0, deviation, 1.0)),
        vega=density * root,
        theta=sign * (option.dividend_yield * received - option.rate * given) - decay,
        rho=sign * option.maturity * given,
        dividend_rho=-sign * option.maturity * received,
        value=sign * (received - given),
    )


def european_value(option: Option) -> Numbers:
    """The value alone, of terms that are sound."""
    sign = option.type.sign
    d1, d2 = distances(option)
    carried, paid = _present_values(option)
    return sign * (carried * ndtr(sign * d1) - paid * ndtr(sign * d2))


def distances(option: Option) -> tuple[Numbers, Numbers]:
    """d₁ and d₂; where nothing can move, the option is certain to be exercised or not to be."""
    deviation = option.volatility * np.sqrt(option.maturity)
    drift = (option.rate - option.dividend_yield) * option.maturity
    ahead = np.log(np.divide(option.spot, option.strike)) + drift
    spread = np.where(deviation > 0.0, deviation, 1.0)
    certain = np.where(ahead > 0.0, CERTAIN, -CERTAIN)
    d2 = np.where(deviation > 0.0, ahead / spread - 0.5 * deviation, certain)
    return d2 + deviation, d2


def bell(x: Numbers) -> Numbers:
    """The density of the normal distribution."""
    return np.exp(-0.5 * x * x) / sqrt(2.0 * pi)


def _present_values(option: Option) -> tuple[Numbers, Numbers]:
    """Today's value of the underlying at the end, without what it pays out before, and of K."""
    carried = option.spot * np.exp(-option.dividend_yield * option.maturity)
    return carried, option.strike * np.exp(-option.rate * option.maturity)
