"""Sound options and projects, strategies for many of them, and QuantLib as the oracle."""

from dataclasses import replace

import QuantLib
from hypothesis import strategies as st

from valor_core.models.options.project import ProjectInputs, Right, RightKind
from valor_core.models.options.real_option import RealOptionInputs, RealOptionKind
from valor_core.models.options.terms import Option, OptionType

DAYS = 360  # QuantLib counts whole days; the maturities here are whole days of this year


def an_option(**changes) -> Option:
    """A put at the money for a year."""
    known = Option(
        type=OptionType.PUT,
        spot=100.0,
        strike=100.0,
        rate=0.05,
        dividend_yield=0.02,
        volatility=0.25,
        maturity=1.0,
    )
    return replace(known, **changes)


def a_real_option(**changes) -> RealOptionInputs:
    """An investment that may wait for three years."""
    known = RealOptionInputs(
        kind=RealOptionKind.DEFER,
        project_value=100.0,
        amount=100.0,
        volatility=0.3,
        rate=0.05,
        cash_yield=0.04,
        years=3.0,
        steps=100,
    )
    return replace(known, **changes)


def a_project(**changes) -> ProjectInputs:
    """A running project that may be expanded or abandoned within three years."""
    known = ProjectInputs(
        project_value=100.0,
        volatility=0.3,
        rate=0.05,
        cash_yield=0.04,
        rights=(
            Right(kind=RightKind.EXPAND, share=0.3, amount=25.0, last=3.0),
            Right(kind=RightKind.ABANDON, amount=80.0, last=3.0),
        ),
        steps=120,
    )
    return replace(known, **changes)


def rates(low, high):
    return st.floats(low, high, allow_subnormal=False)


@st.composite
def options(draw, *, least_volatility=0.05):
    """Options of any kind that are traded, and some that are not."""
    return Option(
        type=draw(st.sampled_from(OptionType)),
        spot=draw(rates(20.0, 300.0)),
        strike=draw(rates(20.0, 300.0)),
        rate=draw(rates(0.0, 0.15)),
        dividend_yield=draw(rates(0.0, 0.15)),
        volatility=draw(rates(least_volatility, 0.8)),
        maturity=draw(rates(0.02, 10.0)),
    )


def random_options(rng, count, option_type):
    """A batch of options with maturities of whole days."""
    return Option(
        type=option_type,
        spot=rng.uniform(60.0, 140.0, count),
        strike=100.0,
        rate=rng.uniform(0.0, 0.12, count),
        dividend_yield=rng.uniform(0.0, 0.12, count),
        volatility=rng.uniform(0.1, 0.6, count),
        maturity=rng.integers(20, 1_000, count) / DAYS,
    )


def one_by_one(batch: Option):
    """Each option of a batch alone."""
    for place in range(len(batch.spot)):
        yield replace(
            batch,
            spot=batch.spot[place],
            rate=batch.rate[place],
            dividend_yield=batch.dividend_yield[place],
            volatility=batch.volatility[place],
            maturity=batch.maturity[place],
        )


def by_quantlib(option: Option, engine, *, american: bool = True):
    """QuantLib's option on the same terms, ready to be asked."""
    today, count = QuantLib.Date(1, 1, 2020), QuantLib.Actual360()
    QuantLib.Settings.instance().evaluationDate = today
    dividends, discounts = (
        QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(today, float(rate), count))
        for rate in (option.dividend_yield, option.rate)
    )
    volatility = QuantLib.BlackConstantVol(
        today, QuantLib.NullCalendar(), float(option.volatility), count
    )
    process = QuantLib.BlackScholesMertonProcess(
        QuantLib.QuoteHandle(QuantLib.SimpleQuote(float(option.spot))),
        dividends,
        discounts,
        QuantLib.BlackVolTermStructureHandle(volatility),
    )
    kind = QuantLib.Option.Call if option.type is OptionType.CALL else QuantLib.Option.Put
    end = today + round(float(option.maturity) * DAYS)
    exercise = QuantLib.AmericanExercise(today, end) if american else QuantLib.EuropeanExercise(end)
    found = QuantLib.VanillaOption(
        QuantLib.PlainVanillaPayoff(kind, float(option.strike)), exercise
    )
    found.setPricingEngine(engine(process))
    return found
