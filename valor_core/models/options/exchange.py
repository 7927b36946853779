"""The right to give one asset for another (Margrabe, 1978), with its sensitivities."""

from dataclasses import dataclass, field

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.normal import ndtr
from valor_core.models.numbers import Numbers, valid_where
from valor_core.models.options.black_scholes import bell, distances
from valor_core.models.options.refusals import CorrelationOutOfRange, UnitsNotPositive
from valor_core.models.options.terms import Option, sound


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeOption:
    """A right to receive units of one asset for units of another."""

    received: Numbers = field(metadata=says("price of the asset received", Unit.MONEY))
    given: Numbers = field(metadata=says("price of the asset given", Unit.MONEY))
    units_received: Numbers = field(default=1.0, metadata=says("how many units are received"))
    units_given: Numbers = field(default=1.0, metadata=says("how many units are given"))
    yield_received: Numbers = field(
        default=0.0, metadata=says("what the asset received pays out a year", Unit.RATE)
    )
    yield_given: Numbers = field(
        default=0.0, metadata=says("what the asset given pays out a year", Unit.RATE)
    )
    volatility_received: Numbers = field(metadata=says("volatility of the asset received"))
    volatility_given: Numbers = field(metadata=says("volatility of the asset given"))
    correlation: Numbers = field(metadata=says("correlation of their returns", Unit.RATIO))
    maturity: Numbers = field(metadata=says("time until the right ends", Unit.YEARS))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeValue:
    """An exchange option with its sensitivities to either asset and to a year that passes."""

    volatility: Numbers = field(metadata=says("volatility of one price over the other"))
    d1: Numbers = field(metadata=says("d₁ of the formula", Unit.RATIO))
    d2: Numbers = field(metadata=says("d₂ of the formula", Unit.RATIO))
    delta_received: Numbers = field(metadata=says("change with the asset received", Unit.RATIO))
    delta_given: Numbers = field(metadata=says("change with the asset given", Unit.RATIO))
    gamma_received: Numbers = field(metadata=says("change of its delta with it", Unit.RATIO))
    gamma_given: Numbers = field(metadata=says("change of its delta with it", Unit.RATIO))
    vega: Numbers = field(metadata=says("change with the volatility of the ratio", Unit.MONEY))
    theta: Numbers = field(metadata=says("change as a year passes", Unit.MONEY))
    value: Numbers = field(metadata=says("value of the option", Unit.MONEY))


@guarded
def exchange_option(exchange: ExchangeOption) -> ExchangeValue:
    """A European exchange option by Margrabe; no rate enters, since no money changes hands.

    >>> haug = ExchangeOption(received=22.0, given=20.0, yield_received=0.06, yield_given=0.04,
    ...                       volatility_received=0.2, volatility_given=0.15, correlation=-0.5,
    ...                       maturity=0.1)
    >>> print(f"{exchange_option(haug).value:.3f}")
    2.125
    """
    option = in_units_of_the_other(exchange)
    d1, d2 = distances(option)
    years, root = option.maturity, np.sqrt(option.maturity)
    deviation = option.volatility * root
    spread = np.where(deviation > 0.0, deviation, 1.0)
    carried = option.spot * np.exp(-exchange.yield_received * years)
    paid = option.strike * np.exp(-exchange.yield_given * years)
    density = carried * bell(d1)
    decay = density * option.volatility / (2.0 * np.where(root > 0.0, root, 1.0))
    income = exchange.yield_received * carried * ndtr(d1) - exchange.yield_given * paid * ndtr(d2)
    return ExchangeValue(
        volatility=option.volatility,
        d1=d1,
        d2=d2,
        delta_received=carried * ndtr(d1) / exchange.received,
        delta_given=-paid * ndtr(d2) / exchange.given,
        gamma_received=density / (exchange.received * exchange.received * spread),
        gamma_given=paid * bell(d2) / (exchange.given * exchange.given * spread),
        vega=density * root,
        theta=income - decay,
        value=carried * ndtr(d1) - paid * ndtr(d2),
    )


def in_units_of_the_other(exchange: ExchangeOption) -> Option:
    """The exchange as a call on what is received: the asset given is its money, and its strike."""
    rho, units = exchange.correlation, np.minimum(exchange.units_received, exchange.units_given)
    rho = valid_where(np.abs(rho) <= 1.0, rho, CorrelationOutOfRange, correlation=rho)
    units = valid_where(units > 0.0, units, UnitsNotPositive, units=units)
    first, second = exchange.volatility_received, exchange.volatility_given
    # (σ₁ − σ₂)² + 2(1 − ρ)σ₁σ₂ has no negative rounding at ρ = 1.
    apart = first - second
    variance = apart * apart + 2.0 * (1.0 - rho) * first * second
    lesser = np.minimum(first, second)
    return sound(
        Option(
            spot=exchange.units_received * exchange.received + 0.0 * units,
            strike=exchange.units_given * exchange.given,
            rate=exchange.yield_given,
            dividend_yield=exchange.yield_received,
            volatility=np.where(lesser < 0.0, lesser, np.sqrt(np.maximum(variance, 0.0))),
            maturity=exchange.maturity,
        )
    )
