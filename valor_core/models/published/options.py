"""Options as textbooks print them (Haug; Longstaff and Schwartz; Dixit and Pindyck)."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from valor_core.models.fields import Unit, says, settle
from valor_core.models.numbers import Numbers
from valor_core.models.options.barone_adesi_whaley import AmericanValue, barone_adesi_whaley
from valor_core.models.options.bjerksund_stensland import (
    bjerksund_stensland_1993,
    bjerksund_stensland_2002,
)
from valor_core.models.options.black_scholes import european_option
from valor_core.models.options.chooser import ChooserOption, chooser_option
from valor_core.models.options.compound import CompoundOption, compound_option
from valor_core.models.options.exchange import (
    ExchangeOption,
    exchange_option,
    in_units_of_the_other,
)
from valor_core.models.options.least_squares import SimulatedOption, least_squares_monte_carlo
from valor_core.models.options.perpetual import PerpetualOption, perpetual_option
from valor_core.models.options.terms import Option, OptionType
from valor_core.models.published.method import Method

SIMULATED_PATHS = 20_000
"""So many that the standard error is about a thousandth of the tables' values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionCase:
    """A call or a put, with continuous rates and times in years."""

    type: OptionType = field(default=OptionType.CALL, metadata=says("call or put"))
    spot: Numbers = field(metadata=says("price of the underlying", Unit.MONEY))
    strike: Numbers = field(metadata=says("strike", Unit.MONEY))
    rate: Numbers = field(metadata=says("risk-free rate", Unit.RATE))
    dividend_yield: Numbers = field(default=0.0, metadata=says("dividend yield", Unit.RATE))
    vol: Numbers = field(metadata=says("volatility"))
    maturity: Numbers = field(metadata=says("time to expiry", Unit.YEARS))

    def __post_init__(self) -> None:
        settle(self)

    def terms(self) -> Option:
        """The option in the project's words."""
        return Option(
            type=self.type,
            spot=self.spot,
            strike=self.strike,
            rate=self.rate,
            dividend_yield=self.dividend_yield,
            volatility=self.vol,
            maturity=self.maturity,
        )


def european(case: OptionCase) -> dict[str, Any]:
    """A European option and its Greeks."""
    result = european_option(case.terms())
    return {
        "value": result.value,
        "delta": result.delta,
        "gamma": result.gamma,
        "vega": result.vega,
        "theta": result.theta,
        "rho": result.rho,
        "dividend_rho": result.dividend_rho,
        "d1": result.d1,
        "d2": result.d2,
    }


def _american(result: AmericanValue) -> dict[str, Any]:
    return {
        "value": result.value,
        "european": result.european_value,
        "early_exercise_premium": result.early_exercise_premium,
        "critical_price": result.critical_price,
    }


def quadratic(case: OptionCase) -> dict[str, Any]:
    """An American option by Barone-Adesi and Whaley."""
    return _american(barone_adesi_whaley(case.terms()))


class Edition(StrEnum):
    """Which of Bjerksund and Stensland's approximations a source prints."""

    OF_1993 = "1993"
    OF_2002 = "2002"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryCase(OptionCase):
    """An American option by Bjerksund and Stensland; the tables of Haug's page 27 are of 1993."""

    version: Edition = field(default=Edition.OF_1993, metadata=says("1993 or 2002"))


def boundary(case: BoundaryCase) -> dict[str, Any]:
    """An American option by Bjerksund and Stensland."""
    first = case.version is Edition.OF_1993
    approximation = bjerksund_stensland_1993 if first else bjerksund_stensland_2002
    return _american(approximation(case.terms()))


@dataclass(frozen=True, slots=True, kw_only=True)
class CompoundCase:
    """An option (the mother) on an option (the daughter); times run from today."""

    mother: OptionType = field(metadata=says("type of the first option"))
    daughter: OptionType = field(metadata=says("type of the option it is on"))
    strike_mother: Numbers = field(metadata=says("price of the daughter", Unit.MONEY))
    strike_daughter: Numbers = field(metadata=says("strike of the daughter", Unit.MONEY))
    spot: Numbers = field(metadata=says("price of the underlying", Unit.MONEY))
    dividend_yield: Numbers = field(default=0.0, metadata=says("dividend yield", Unit.RATE))
    rate: Numbers = field(metadata=says("risk-free rate", Unit.RATE))
    t_mother: Numbers = field(metadata=says("time until the first decision", Unit.YEARS))
    t_daughter: Numbers = field(metadata=says("time until the second", Unit.YEARS))
    vol: Numbers = field(metadata=says("volatility"))

    def __post_init__(self) -> None:
        settle(self)


def compound(case: CompoundCase) -> dict[str, Any]:
    """An option on an option by Geske."""
    daughter = Option(
        type=case.daughter,
        spot=case.spot,
        strike=case.strike_daughter,
        rate=case.rate,
        dividend_yield=case.dividend_yield,
        volatility=case.vol,
        maturity=case.t_daughter,
    )
    result = compound_option(
        CompoundOption(
            type=case.mother,
            first_strike=case.strike_mother,
            decision=case.t_mother,
            underlying=daughter,
        )
    )
    return {
        "value": result.value,
        "daughter_value": result.underlying_value,
        "critical_price": result.critical_price,
    }


class Exercise(StrEnum):
    """When an exchange may be made."""

    EUROPEAN = "european"
    AMERICAN = "american"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeCase:
    """An exchange of asset 2 for asset 1; American by Bjerksund and Stensland of 1993."""

    asset1: Numbers = field(metadata=says("price of the asset received", Unit.MONEY))
    asset2: Numbers = field(metadata=says("price of the asset given", Unit.MONEY))
    q1_units: Numbers = field(default=1.0, metadata=says("units received"))
    q2_units: Numbers = field(default=1.0, metadata=says("units given"))
    yield1: Numbers = field(default=0.0, metadata=says("yield of asset 1", Unit.RATE))
    yield2: Numbers = field(default=0.0, metadata=says("yield of asset 2", Unit.RATE))
    rate: Numbers = field(default=0.0, metadata=says("risk-free rate; it does not enter"))
    maturity: Numbers = field(metadata=says("time to expiry", Unit.YEARS))
    vol1: Numbers = field(metadata=says("volatility of asset 1"))
    vol2: Numbers = field(metadata=says("volatility of asset 2"))
    corr: Numbers = field(default=0.0, metadata=says("correlation", Unit.RATIO))
    exercise: Exercise = field(
        default=Exercise.EUROPEAN, metadata=says("european, or american: at any time")
    )

    def __post_init__(self) -> None:
        settle(self)


def exchange(case: ExchangeCase) -> dict[str, Any]:
    """An exchange option by Margrabe with its Greeks, or the American one.

    The tables count units otherwise than a derivative does: gammas without them, and the yields'
    part of theta with them twice. They are told so here; with one unit there is no difference.
    """
    terms = ExchangeOption(
        received=case.asset1,
        given=case.asset2,
        units_received=case.q1_units,
        units_given=case.q2_units,
        yield_received=case.yield1,
        yield_given=case.yield2,
        volatility_received=case.vol1,
        volatility_given=case.vol2,
        correlation=case.corr,
        maturity=case.maturity,
    )
    result = exchange_option(terms)
    if case.exercise is Exercise.AMERICAN:
        return _american(bjerksund_stensland_1993(in_units_of_the_other(terms)))
    income1 = case.yield1 * case.asset1 * result.delta_received
    income2 = case.yield2 * case.asset2 * result.delta_given
    again = income1 * (case.q1_units - 1.0) + income2 * (case.q2_units - 1.0)
    return {
        "value": result.value,
        "volatility": result.volatility,
        "delta1": result.delta_received,
        "delta2": result.delta_given,
        "gamma1": result.gamma_received / case.q1_units,
        "gamma2": result.gamma_given / case.q2_units,
        "theta": result.theta + again,
        "rho": 0.0,
        "vega": result.vega,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooserCase:
    """A chooser; without its own strikes or times the put shares those of the call."""

    spot: Numbers = field(metadata=says("price of the underlying", Unit.MONEY))
    call_strike: Numbers = field(metadata=says("strike of the call", Unit.MONEY))
    put_strike: Numbers | None = field(default=None, metadata=says("of the put", Unit.MONEY))
    dividend_yield: Numbers = field(default=0.0, metadata=says("dividend yield", Unit.RATE))
    rate: Numbers = field(metadata=says("risk-free rate", Unit.RATE))
    vol: Numbers = field(metadata=says("volatility"))
    t_choose: Numbers = field(metadata=says("time until the choice", Unit.YEARS))
    t_call: Numbers = field(metadata=says("time until the call ends", Unit.YEARS))
    t_put: Numbers | None = field(default=None, metadata=says("until the put ends", Unit.YEARS))

    def __post_init__(self) -> None:
        settle(self)


def chooser(case: ChooserCase) -> dict[str, Any]:
    """A simple or complex chooser."""
    result = chooser_option(
        ChooserOption(
            spot=case.spot,
            rate=case.rate,
            dividend_yield=case.dividend_yield,
            volatility=case.vol,
            decision=case.t_choose,
            call_strike=case.call_strike,
            call_maturity=case.t_call,
            put_strike=case.call_strike if case.put_strike is None else case.put_strike,
            put_maturity=case.t_call if case.t_put is None else case.t_put,
        )
    )
    return {
        "value": result.value,
        "call_value": result.call_value,
        "put_value": result.put_value,
        "critical_price": result.critical_price,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationCase(OptionCase):
    """An American option by simulation, a put unless told; its tables allow 50 dates a year."""

    type: OptionType = field(default=OptionType.PUT, metadata=says("call or put"))
    dates_per_year: int = field(default=50, metadata=says("dates of exercise a year"))
    seed: int = field(default=0, metadata=says("seed of the random numbers"))


def simulation(case: SimulationCase) -> dict[str, Any]:
    """An American option by least-squares Monte Carlo, and the European one in closed form."""
    result = least_squares_monte_carlo(
        SimulatedOption(
            option=case.terms(),
            dates=max(1, round(float(case.dates_per_year * case.maturity))),
            paths=SIMULATED_PATHS,
            seed=case.seed,
        )
    )
    american = dict.fromkeys(("value", "american", "american_fd", "american_lsm"), result.value)
    return {
        **american,
        "european": result.european_value,
        "early_exercise_premium": result.value - result.european_value,
        "standard_error": result.standard_error,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class PerpetualCase:
    """A project that may be bought at any time, in the letters of Dixit and Pindyck."""

    type: OptionType = field(default=OptionType.CALL, metadata=says("call: invest, put: give up"))
    rate: Numbers = field(metadata=says("risk-free rate", Unit.RATE))
    delta: Numbers = field(metadata=says("payout of the project", Unit.RATE))
    vol: Numbers = field(metadata=says("volatility"))
    investment: Numbers = field(metadata=says("outlay, or salvage", Unit.MONEY))
    V: Numbers = field(default=1.0, metadata=says("value of the project", Unit.MONEY))

    def __post_init__(self) -> None:
        settle(self)


def perpetual(case: PerpetualCase) -> dict[str, Any]:
    """β, trigger and value; the value at V goes by the names that sources give it."""
    result = perpetual_option(
        PerpetualOption(
            type=case.type,
            spot=case.V,
            strike=case.investment,
            rate=case.rate,
            cash_yield=case.delta,
            volatility=case.vol,
        )
    )
    at_v = dict.fromkeys(("value", "option_value", f"option_value_at_V{case.V:g}"), result.value)
    return {"beta": result.beta, "trigger": result.trigger, "hurdle": result.hurdle, **at_v}


METHODS = {
    "american_option_least_squares_monte_carlo": Method(
        inputs=SimulationCase, compute=simulation, main="value"
    ),
    "european_option_black_scholes_merton": Method(
        inputs=OptionCase, compute=european, main="value"
    ),
    "american_option_barone_adesi_whaley": Method(
        inputs=OptionCase, compute=quadratic, main="value"
    ),
    "american_option_bjerksund_stensland": Method(
        inputs=BoundaryCase, compute=boundary, main="value"
    ),
    "compound_option_geske": Method(inputs=CompoundCase, compute=compound, main="value"),
    "exchange_option_margrabe": Method(inputs=ExchangeCase, compute=exchange, main="value"),
    "chooser_option": Method(inputs=ChooserCase, compute=chooser, main="value"),
    "perpetual_option_to_invest": Method(inputs=PerpetualCase, compute=perpetual, main="value"),
}
