"""Options on options: a first payment buys the right to make a second (Geske, 1979)."""

from dataclasses import dataclass, field, replace

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.normal import ndtr
from valor_core.models.numbers import Numbers, valid_where
from valor_core.models.options.bivariate import bivariate_normal
from valor_core.models.options.black_scholes import distances, european_value
from valor_core.models.options.refusals import DecisionAfterExpiry, ExpiryNegative, StrikeNegative
from valor_core.models.options.roots import rising_root
from valor_core.models.options.terms import Option, OptionType, sound
from valor_core.models.recorder import whole

FAR = 700.0
"""On either side of the strike, in logarithms: as far as floats reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompoundOption:
    """A right to buy or sell an option, which is bought or sold at its first strike."""

    type: OptionType = field(
        default=OptionType.CALL, metadata=says("call: buys the option, put: sells it")
    )
    first_strike: Numbers = field(metadata=says("price of the option when decided", Unit.MONEY))
    decision: Numbers = field(metadata=says("time until the first decision", Unit.YEARS))
    underlying: Option = field(metadata=says("the option that is bought or sold"))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompoundValue:
    """An option on an option, beside the option that it is on."""

    underlying_value: Numbers = field(metadata=says("value of the option it is on", Unit.MONEY))
    critical_price: Numbers = field(
        metadata=says("where the first payment is worth what it buys", Unit.MONEY)
    )
    first_probability: Numbers = field(
        metadata=says("risk-neutral probability of the first payment", Unit.RATE)
    )
    value: Numbers = field(metadata=says("value of the compound option", Unit.MONEY))


@guarded
def compound_option(compound: CompoundOption) -> CompoundValue:
    """An option on a European option by Geske.

    >>> call = Option(spot=500.0, strike=520.0, rate=0.08, dividend_yield=0.03, volatility=0.35,
    ...               maturity=0.5)
    >>> sold = CompoundOption(type=OptionType.PUT, first_strike=50.0, decision=0.25,
    ...                       underlying=call)
    >>> print(f"{compound_option(sold).value:.4f}")
    21.1964
    """
    compound = sound_compound(compound)
    option, mother = compound.underlying, compound.type.sign
    daughter, start = option.type.sign, compound.decision
    after = replace(option, maturity=option.maturity - start)
    critical = price_of_value(after, compound.first_strike)
    a1, a2 = distances(replace(option, strike=critical, maturity=start))
    b1, b2 = distances(option)
    both = mother * daughter
    later = np.where(option.maturity > 0.0, option.maturity, 1.0)
    correlation = mother * np.sqrt(np.where(option.maturity > 0.0, start / later, 0.0))
    received = bivariate_normal(both * a1, daughter * b1, correlation)
    given = bivariate_normal(both * a2, daughter * b2, correlation)
    first = ndtr(both * a2)
    carried = option.spot * np.exp(-option.dividend_yield * option.maturity)
    last_paid = option.strike * np.exp(-option.rate * option.maturity)
    first_paid = compound.first_strike * np.exp(-option.rate * start)
    value = both * (carried * received - last_paid * given) - mother * first_paid * first
    return CompoundValue(
        underlying_value=european_value(option),
        critical_price=critical,
        first_probability=first,
        value=np.maximum(value, 0.0),
    )


def sound_compound(compound: CompoundOption) -> CompoundOption:
    """The compound option, where its terms are those of one."""
    first, start = compound.first_strike, compound.decision
    option = sound(compound.underlying)
    first = valid_where(first >= 0.0, first, StrikeNegative, strike=first)
    start = valid_where(start >= 0.0, start, ExpiryNegative, years=start)
    start = valid_where(
        start <= option.maturity,
        start,
        DecisionAfterExpiry,
        decision=start,
        expiry=option.maturity,
    )
    return replace(compound, first_strike=first, decision=start, underlying=option)


def price_of_value(option: Option, value: Numbers) -> Numbers:
    """The underlying at which the option is worth so much; where none is, the end of the scale."""
    sign = option.type.sign

    def critical_price(
        value: Numbers,
        strike: Numbers,
        rate: Numbers,
        dividend_yield: Numbers,
        volatility: Numbers,
        maturity: Numbers,
    ) -> Numbers:
        terms = Option(
            type=option.type,
            spot=strike,
            strike=strike,
            rate=rate,
            dividend_yield=dividend_yield,
            volatility=volatility,
            maturity=maturity,
        )

        def excess(log_moneyness: Numbers) -> tuple[Numbers, Numbers]:
            at = replace(terms, spot=strike * np.exp(sign * log_moneyness))
            d1, _ = distances(at)
            slope = at.spot * np.exp(-dividend_yield * maturity) * ndtr(sign * d1)
            return (european_value(at) - value) / strike, slope / strike

        with np.errstate(all="ignore"):
            far = 0.0 * (value + strike) + FAR
            return strike * np.exp(sign * rising_root(excess, -far, far))

    return whole(
        critical_price,
        value,
        option.strike,
        option.rate,
        option.dividend_yield,
        option.volatility,
        option.maturity,
    )
