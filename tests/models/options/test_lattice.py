"""Lattices: equal to the textbook's tree, nearer to the truth with each step."""

import numpy as np
import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st

from tests.models.options.sound import an_option, by_quantlib, options
from valor_core.models.options.black_scholes import european_option
from valor_core.models.options.lattice import (
    LatticeOption,
    Tree,
    exercise_boundary,
    lattice_option,
)
from valor_core.models.options.refusals import StepsOutOfRange, StepsTooFew
from valor_core.models.options.terms import OptionType


def textbook(option, steps):
    """The whole tree of Cox, Ross and Rubinstein, node by node."""
    step = option.maturity / steps
    up = np.exp(option.volatility * np.sqrt(step))
    growth = np.exp((option.rate - option.dividend_yield) * step)
    probability = (growth - 1.0 / up) / (up - 1.0 / up)
    sign, values = option.type.sign, np.empty(0)
    for n in range(steps, -1, -1):
        prices = option.spot * up ** (2.0 * np.arange(n + 1) - n)
        payoffs = np.maximum(sign * (prices - option.strike), 0.0)
        if n == steps:
            values = payoffs
            continue
        waited = probability * values[1:] + (1.0 - probability) * values[:-1]
        values = np.maximum(payoffs, np.exp(-option.rate * step) * waited)
    return values[0]


@given(option=options(least_volatility=0.2), steps=st.integers(30, 200))
def test_the_rows_give_what_the_whole_tree_gives(option, steps):
    value = lattice_option(LatticeOption(option=option, steps=steps, tree=Tree.CRR)).value

    assert value == pytest.approx(textbook(option, steps), rel=1e-11, abs=1e-11)


def test_rows_that_end_where_nobody_comes_lose_no_digit():
    option = an_option(volatility=0.2, maturity=2.0)

    value = lattice_option(LatticeOption(option=option, steps=2_000, tree=Tree.CRR)).value

    assert value == pytest.approx(textbook(option, 2_000), rel=1e-11)


@given(option=options(least_volatility=0.1), steps=st.integers(200, 400))
def test_a_call_without_dividends_comes_to_black_and_scholes(option, steps):
    option = an_option(
        type=OptionType.CALL,
        spot=option.spot,
        strike=option.strike,
        rate=option.rate,
        dividend_yield=0.0,
        volatility=option.volatility,
        maturity=option.maturity,
    )
    found = lattice_option(LatticeOption(option=option, steps=steps))

    assert found.value == pytest.approx(found.european_value, abs=2e-4 * option.spot)


def test_the_error_falls_as_the_steps_grow_and_faster_where_it_is_smoothed():
    option = an_option(volatility=0.2)
    exact = by_quantlib(option, QuantLib.QdFpAmericanEngine).NPV()

    off = {
        (tree, steps): abs(
            lattice_option(LatticeOption(option=option, steps=steps, tree=tree)).value - exact
        )
        for tree in Tree
        for steps in (100, 1_600)
    }

    assert off[Tree.CRR, 1_600] < off[Tree.CRR, 100] / 8.0
    assert off[Tree.BBSR, 1_600] < off[Tree.BBSR, 100] / 8.0
    assert off[Tree.BBSR, 100] < off[Tree.CRR, 100] / 4.0


@given(options(least_volatility=0.2))
def test_a_lattice_never_falls_below_its_european_option_or_exercise(option):
    found = lattice_option(LatticeOption(option=option, steps=100))

    now = max(option.type.sign * (option.spot - option.strike), 0.0)
    assert found.value >= now - 2e-3 * option.strike
    assert found.value >= found.european_value - 2e-3 * option.strike


def test_a_batch_of_any_shape_values_each_option_as_alone():
    spots, volatilities = np.array([[80.0], [100.0], [120.0]]), np.array([0.1, 0.4])
    batch = an_option(spot=spots + 0.0 * volatilities, volatility=volatilities + 0.0 * spots)

    together = lattice_option(LatticeOption(option=batch, steps=100)).value

    assert together.shape == (3, 2)
    for i, spot in enumerate([80.0, 100.0, 120.0]):
        for j, volatility in enumerate([0.1, 0.4]):
            alone = an_option(spot=spot, volatility=volatility)
            value = lattice_option(LatticeOption(option=alone, steps=100)).value
            assert together[i, j] == pytest.approx(value, rel=1e-12)


def test_at_its_boundary_an_option_is_worth_its_exercise_and_just_outside_more():
    option = an_option(dividend_yield=0.0, volatility=0.2)

    boundary = exercise_boundary(option, steps=2_000)

    assert boundary.years[0] == 0.0
    assert boundary.years[-1] == 1.0
    assert boundary.prices[-1] == 100.0
    assert (np.diff(boundary.prices) > -1.0).all()  # it rises, to within a node
    inside, outside = (
        by_quantlib(an_option(spot=s, dividend_yield=0.0, volatility=0.2), engine).NPV()
        for s, engine in (
            (boundary.prices[0] - 0.5, QuantLib.QdFpAmericanEngine),
            (boundary.prices[0] + 1.0, QuantLib.QdFpAmericanEngine),
        )
    )
    assert inside == pytest.approx(100.0 - boundary.prices[0] + 0.5, abs=1e-4)
    assert outside > 100.0 - boundary.prices[0] - 1.0 + 1e-3


def test_the_boundary_of_a_long_option_comes_to_the_perpetual_trigger():
    """Dixit and Pindyck's β = 2: invest from twice the outlay on."""
    project = an_option(
        type=OptionType.CALL, rate=0.04, dividend_yield=0.04, volatility=0.2, maturity=150.0
    )

    boundary = exercise_boundary(project, steps=6_000)

    assert boundary.prices[0] == pytest.approx(200.0, rel=0.01)


def test_where_waiting_is_free_there_is_no_boundary_before_the_end():
    free = an_option(type=OptionType.CALL, dividend_yield=0.0)

    assert np.isnan(exercise_boundary(free).prices[:-1]).all()


@pytest.mark.parametrize("tree", Tree)
def test_what_does_not_move_is_exercised_at_the_best_moment(tree):
    certain = an_option(volatility=0.0, dividend_yield=0.0, strike=110.0)

    assert lattice_option(LatticeOption(option=certain, tree=tree)).value == 10.0


def test_steps_that_give_no_probabilities_are_refused_with_how_many_it_takes():
    with pytest.raises(StepsTooFew, match="more than 900"):
        lattice_option(LatticeOption(option=an_option(volatility=0.001), steps=100))
    with pytest.raises(StepsOutOfRange, match="200000 steps"):
        lattice_option(LatticeOption(option=an_option(), steps=200_000, tree=Tree.CRR))


def test_a_batch_with_one_option_that_has_no_probabilities_loses_no_other():
    batch = an_option(volatility=np.array([0.2, 0.0001, 0.3]))

    values = lattice_option(LatticeOption(option=batch, steps=100)).value

    assert np.isnan(values).tolist() == [False, True, False]
    assert european_option(batch).value[1] >= 0.0
