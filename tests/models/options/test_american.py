"""American options by approximation: bounds for all, QuantLib and the lattice for their size."""

from dataclasses import replace

import numpy as np
import pytest
import QuantLib
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.models.options.sound import an_option, by_quantlib, one_by_one, options, random_options
from valor_core.models.options.barone_adesi_whaley import barone_adesi_whaley
from valor_core.models.options.bjerksund_stensland import (
    bjerksund_stensland_1993,
    bjerksund_stensland_2002,
)
from valor_core.models.options.lattice import LatticeOption, Tree, lattice_option
from valor_core.models.options.perpetual import PerpetualOption, perpetual_option
from valor_core.models.options.refusals import (
    NothingLostByWaiting,
    RatesNegative,
    VolatilityTooLow,
)
from valor_core.models.options.terms import OptionType

APPROXIMATIONS = [barone_adesi_whaley, bjerksund_stensland_1993, bjerksund_stensland_2002]


@pytest.mark.parametrize("american", APPROXIMATIONS)
@given(option=options(least_volatility=0.15))
def test_an_american_option_is_worth_what_it_brings_now_and_what_it_brings_at_the_end(
    american, option
):
    found = american(option)

    now = max(option.type.sign * (option.spot - option.strike), 0.0)
    highest = option.spot if option.type is OptionType.CALL else option.strike
    assert found.value >= max(now, found.european_value) - 1e-9
    assert found.value <= highest + 1e-9
    assert found.early_exercise_premium >= 0.0


@pytest.mark.parametrize("american", APPROXIMATIONS[1:])  # the quadratic one is not of that kind
@given(option=options(least_volatility=0.15))
def test_a_put_is_the_call_that_buys_its_strike(american, option):
    mirror = replace(
        option,
        type=OptionType.PUT if option.type is OptionType.CALL else OptionType.CALL,
        spot=option.strike,
        strike=option.spot,
        rate=option.dividend_yield,
        dividend_yield=option.rate,
    )

    assert american(mirror).value == pytest.approx(american(option).value, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("american", APPROXIMATIONS)
@given(option=options(least_volatility=0.15))
def test_from_its_critical_price_on_an_option_is_worth_its_exercise(american, option):
    critical = american(option).critical_price
    assume(critical is not None)

    at = replace(option, spot=critical * (1.0 + option.type.sign * 1e-9))

    found, gain = american(at), option.type.sign * (at.spot - option.strike)
    assert found.value == pytest.approx(max(gain, found.european_value), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("american", APPROXIMATIONS)
@pytest.mark.parametrize("option_type", OptionType)
def test_where_waiting_costs_nothing_nobody_exercises_early(american, option_type):
    free = an_option(type=option_type, rate=0.0, dividend_yield=0.0)

    found = american(free)

    assert found.critical_price is None
    assert found.value == found.european_value


@pytest.mark.parametrize("american", APPROXIMATIONS)
@given(option=options(), still=st.sampled_from(["volatility", "maturity"]))
def test_where_nothing_can_move_the_best_moment_is_known(american, option, still):
    option = replace(option, **{still: 0.0})
    moments = np.linspace(0.0, option.maturity, 2_001)

    value = american(option).value

    received = option.spot * np.exp(-option.dividend_yield * moments)
    gains = option.type.sign * (received - option.strike * np.exp(-option.rate * moments))
    assert value == pytest.approx(max(gains.max(), 0.0), rel=1e-5, abs=1e-4)
    assert value >= max(gains.max(), 0.0) - 1e-12


@given(option=options(least_volatility=0.15))
def test_boundaries_that_anybody_could_follow_are_worth_no_more_than_the_best_one(option):
    best = lattice_option(LatticeOption(option=option, steps=400))

    allowed = 10.0 * best.error + 1e-3 * option.strike
    for american in (bjerksund_stensland_1993, bjerksund_stensland_2002):
        assert american(option).value <= best.value + allowed


@pytest.mark.parametrize("option_type", OptionType)
def test_approximations_and_lattice_equal_quantlib_on_a_random_grid(option_type):
    batch = random_options(np.random.default_rng(2), 120, option_type)
    quadratic = barone_adesi_whaley(batch).value
    flat, two = bjerksund_stensland_1993(batch).value, bjerksund_stensland_2002(batch).value
    lattice = lattice_option(LatticeOption(option=batch, steps=300)).value
    crr = lattice_option(LatticeOption(option=batch, steps=300, tree=Tree.CRR)).value

    for place, option in enumerate(one_by_one(batch)):
        exact = by_quantlib(option, QuantLib.QdFpAmericanEngine).NPV()
        theirs = by_quantlib(option, QuantLib.BaroneAdesiWhaleyApproximationEngine).NPV()
        assert quadratic[place] == pytest.approx(theirs, abs=2e-4)
        theirs = by_quantlib(option, QuantLib.BjerksundStenslandApproximationEngine).NPV()
        assert flat[place] == pytest.approx(theirs, abs=1e-9)
        assert lattice[place] == pytest.approx(exact, abs=0.01)
        assert crr[place] == pytest.approx(exact, abs=0.06)
        assert exact - 0.6 < two[place] < exact + 1e-5
        assert barone_adesi_whaley(option).value == pytest.approx(quadratic[place], rel=1e-12)


def test_two_boundaries_are_worth_what_following_them_brings():
    """The strategy of 2002 walked on a fine lattice: exercised at once above either boundary."""
    option = an_option(type=OptionType.CALL, rate=0.04, dividend_yield=0.08, volatility=0.35)
    b, r, s, k, years = -0.04, 0.04, 0.35, 100.0, 1.0
    beta = 0.5 - b / s**2 + np.sqrt((b / s**2 - 0.5) ** 2 + 2.0 * r / s**2)
    most, start = beta / (beta - 1.0) * k, max(k, r / (r - b) * k)
    early = 0.5 * (5.0**0.5 - 1.0) * years
    low, high = (
        start
        + (most - start)
        * (1.0 - np.exp(-(b * t + 2.0 * s * t**0.5) * k**2 / ((most - start) * start)))
        for t in (early, years)
    )
    steps = 4_000
    step = years / steps
    jump = s * step**0.5
    up = (np.exp(b * step) - np.exp(-jump)) / (np.exp(jump) - np.exp(-jump))
    prices = 100.0 * np.exp(jump * np.arange(-steps, steps + 1, 2))
    values = np.maximum(prices - k, 0.0)
    for n in range(steps - 1, -1, -1):
        prices = prices[:-1] * np.exp(jump)
        values = np.exp(-r * step) * (up * values[1:] + (1.0 - up) * values[:-1])
        boundary = high if n * step < early else low
        values = np.where(prices >= boundary, prices - k, values)

    assert bjerksund_stensland_2002(option).value == pytest.approx(values[0], abs=0.02)


@given(
    kind=st.sampled_from(OptionType),
    spot=st.floats(50.0, 150.0),
    rate=st.floats(0.01, 0.1),
    cash_yield=st.floats(0.01, 0.1),
    volatility=st.floats(0.15, 0.5),
)
def test_a_very_long_option_comes_to_the_perpetual_one(kind, spot, rate, cash_yield, volatility):
    long = an_option(
        type=kind,
        spot=spot,
        rate=rate,
        dividend_yield=cash_yield,
        volatility=volatility,
        maturity=2_000.0,
    )
    endless = perpetual_option(
        PerpetualOption(
            type=kind,
            spot=spot,
            strike=100.0,
            rate=rate,
            cash_yield=cash_yield,
            volatility=volatility,
        )
    )

    assert barone_adesi_whaley(long).value == pytest.approx(endless.value, rel=1e-4, abs=1e-4)
    assert barone_adesi_whaley(long).critical_price == pytest.approx(endless.trigger, rel=1e-4)


@given(rate=st.floats(0.0, 0.1), cash_yield=st.floats(0.005, 0.1), volatility=st.floats(0.0, 0.6))
def test_the_power_solves_its_quadratic_and_the_value_is_smooth_at_the_trigger(
    rate, cash_yield, volatility
):
    project = PerpetualOption(
        spot=1.0, strike=1.0, rate=rate, cash_yield=cash_yield, volatility=volatility
    )
    found = perpetual_option(project)
    beta = np.inf if found.beta is None else found.beta
    assume(beta < 1e4)

    left = 0.5 * volatility**2 * beta * (beta - 1.0) + (rate - cash_yield) * beta - rate
    assert left == pytest.approx(0.0, abs=1e-9 * max(1.0, beta))
    assert found.trigger == pytest.approx(beta / (beta - 1.0))
    below = perpetual_option(replace(project, spot=found.trigger * (1.0 - 1e-9)))
    assert below.value == pytest.approx(found.trigger - 1.0, rel=1e-6, abs=1e-8)


def test_what_no_formula_knows_is_refused():
    with pytest.raises(RatesNegative, match=r"-1\.00%"):
        barone_adesi_whaley(an_option(rate=-0.01, dividend_yield=-0.02))
    with pytest.raises(VolatilityTooLow, match=r"0\.100%"):
        bjerksund_stensland_1993(an_option(volatility=0.001))
    with pytest.raises(NothingLostByWaiting, match="nothing is lost"):
        perpetual_option(
            PerpetualOption(spot=1.0, strike=1.0, rate=0.05, cash_yield=0.0, volatility=0.2)
        )
