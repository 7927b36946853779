"""American options by the quadratic approximation of Barone-Adesi and Whaley (1987)."""

from dataclasses import dataclass, field, replace

import numpy as np

from valor_core.models.fields import Unit, says
from valor_core.models.guarded import guarded
from valor_core.models.normal import ndtr
from valor_core.models.numbers import Numbers, only_where
from valor_core.models.options.black_scholes import bell, distances, european_value
from valor_core.models.options.early_exercise import (
    certain_value,
    exercised_early,
    exercised_now,
    moves,
    sound_american,
    stand_in,
)
from valor_core.models.options.roots import rising_root
from valor_core.models.options.terms import Option
from valor_core.models.recorder import whole

FAR = 700.0
"""On either side of the strike, in logarithms: as far as floats reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmericanValue:
    """An American option beside the European one on the same terms."""

    european_value: Numbers = field(metadata=says("value if exercised at the end", Unit.MONEY))
    early_exercise_premium: Numbers = field(
        metadata=says("what the right to exercise early adds", Unit.MONEY)
    )
    critical_price: Numbers | None = field(
        metadata=says("where exercise today begins to pay; none: it never does", Unit.MONEY)
    )
    value: Numbers = field(metadata=says("value of the option", Unit.MONEY))


@guarded
def barone_adesi_whaley(option: Option) -> AmericanValue:
    """An American option by Barone-Adesi and Whaley.

    >>> haug = Option(spot=90.0, strike=100.0, rate=0.1, dividend_yield=0.1, volatility=0.35,
    ...               maturity=0.1)
    >>> print(f"{barone_adesi_whaley(haug).value:.4f}")
    0.9495
    """
    option = sound_american(option)
    early = exercised_early(option)
    usable = stand_in(option)
    power = elasticity(usable)
    critical = critical_price(usable, power)
    sign = option.type.sign
    premium = _premium_at(replace(usable, spot=critical), power)
    waited = european_value(usable) + premium * np.power(usable.spot / critical, power)
    pays = sign * (option.spot - critical) >= 0.0
    european = european_value(option)
    value = np.where(early, np.where(pays, exercised_now(option), waited), european)
    value = np.where(moves(option), np.maximum(value, european), certain_value(option))
    return AmericanValue(
        european_value=european,
        early_exercise_premium=value - european,
        critical_price=only_where(early, critical),
        value=value,
    )


def elasticity(option: Option) -> Numbers:
    """The power of the underlying with which the premium of early exercise grows."""
    variance = option.volatility * option.volatility
    n = 2.0 * (option.rate - option.dividend_yield) / variance
    scaled = 2.0 / (variance * option.maturity * _average_discount(option.rate * option.maturity))
    return 0.5 * (1.0 - n + option.type.sign * np.sqrt((n - 1.0) ** 2 + 4.0 * scaled))


def _average_discount(x: Numbers) -> Numbers:
    """(1 − e⁻ˣ)/x, with its limit where x is almost nothing."""
    tiny = np.abs(x) < 1e-4
    series = 1.0 - x / 2.0 + x * x / 6.0 - x * x * x / 24.0
    return np.where(tiny, series, (1.0 - np.exp(-x)) / np.where(tiny, 1.0, x))


def _premium_at(option: Option, power: Numbers) -> Numbers:
    """The premium of early exercise at the critical price."""
    sign = option.type.sign
    d1, _ = distances(option)
    kept = np.exp(-option.dividend_yield * option.maturity) * ndtr(sign * d1)
    return sign * option.spot / power * (1.0 - kept)


def critical_price(option: Option, power: Numbers) -> Numbers:
    """Where exercise is worth as much as holding on."""
    sign = option.type.sign

    def baw_critical_price(
        strike: Numbers,
        rate: Numbers,
        dividend_yield: Numbers,
        volatility: Numbers,
        maturity: Numbers,
        power: Numbers,
    ) -> Numbers:
        terms = replace(
            option,
            strike=strike,
            rate=rate,
            dividend_yield=dividend_yield,
            volatility=volatility,
            maturity=maturity,
        )

        def gain(log_moneyness: Numbers) -> tuple[Numbers, Numbers]:
            """What exercise brings more than waiting, over the strike, rising into the money."""
            at = replace(terms, spot=strike * np.exp(sign * log_moneyness))
            d1, _ = distances(at)
            carried = np.exp(-dividend_yield * maturity)
            left = 1.0 - carried * ndtr(sign * d1)
            slope = left * (1.0 - 1.0 / power)
            slope = slope + sign * carried * bell(d1) / (power * volatility * np.sqrt(maturity))
            value = sign * (at.spot - strike) - european_value(at) - _premium_at(at, power)
            return value / strike, slope * at.spot / strike

        with np.errstate(all="ignore"):
            distance = rising_root(gain, 0.0 * strike, 0.0 * strike + FAR)
            return strike * np.exp(sign * distance)

    return whole(
        baw_critical_price,
        option.strike,
        option.rate,
        option.dividend_yield,
        option.volatility,
        option.maturity,
        power,
    )
