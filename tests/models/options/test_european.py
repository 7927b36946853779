"""European options in closed form: laws first, then QuantLib."""

from dataclasses import fields, replace

import numpy as np
import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st

from tests.models.options.sound import an_option, by_quantlib, one_by_one, options, random_options
from valor_core.models.options.black_scholes import european_option
from valor_core.models.options.refusals import (
    ExpiryNegative,
    OptionVolatilityNegative,
    StrikeNotPositive,
    UnderlyingNotPositive,
)
from valor_core.models.options.terms import OptionType


@given(options())
def test_a_call_less_its_put_is_the_forward(option):
    call = european_option(replace(option, type=OptionType.CALL)).value
    put = european_option(replace(option, type=OptionType.PUT)).value

    years = option.maturity
    carried = option.spot * np.exp(-option.dividend_yield * years)
    forward = carried - option.strike * np.exp(-option.rate * years)
    assert call - put == pytest.approx(forward, abs=1e-10)


@given(options())
def test_the_sensitivities_obey_the_equation_of_black_and_scholes(option):
    found = european_option(option)

    drift = (option.rate - option.dividend_yield) * option.spot * found.delta
    spread = 0.5 * option.volatility**2 * option.spot**2 * found.gamma
    assert found.theta + drift + spread == pytest.approx(option.rate * found.value, abs=1e-9)


STEPS = {
    "delta": ("spot", 1e-4, 1.0),
    "vega": ("volatility", 1e-5, 1.0),
    "rho": ("rate", 1e-6, 1.0),
    "dividend_rho": ("dividend_yield", 1e-6, 1.0),
    "theta": ("maturity", 1e-6, -1.0),  # as time passes, less is left
}


@pytest.mark.parametrize("name", STEPS)
@given(option=options(least_volatility=0.1))
def test_each_sensitivity_is_the_difference_that_it_stands_for(name, option):
    path, step, sign = STEPS[name]
    up, down = (
        european_option(replace(option, **{path: getattr(option, path) + s})).value
        for s in (step, -step)
    )

    expected = getattr(european_option(option), name)
    assert sign * (up - down) / (2.0 * step) == pytest.approx(expected, rel=1e-4, abs=1e-4)


@given(options(), st.floats(1.01, 2.0))
def test_more_volatility_is_never_worth_less(option, factor):
    wider = replace(option, volatility=option.volatility * factor)

    assert european_option(wider).value >= european_option(option).value - 1e-10


@given(options(), st.sampled_from(["volatility", "maturity"]))
def test_where_nothing_can_move_an_option_is_worth_its_forward_or_nothing(option, still):
    option = replace(option, **{still: 0.0})
    carried = option.spot * np.exp(-option.dividend_yield * option.maturity)
    paid = option.strike * np.exp(-option.rate * option.maturity)

    found = european_option(option)

    assert found.value == max(option.type.sign * (carried - paid), 0.0)
    assert found.gamma == found.vega == 0.0


@pytest.mark.parametrize(("spot", "value"), [(1e-6, 95.122942), (1e6, 0.0)])
def test_far_from_the_strike_a_put_is_certain(spot, value):
    option = an_option(spot=spot, dividend_yield=0.0)

    assert european_option(option).value == pytest.approx(value, abs=1e-5)


@pytest.mark.parametrize("option_type", OptionType)
def test_value_and_sensitivities_equal_quantlib_and_a_batch_its_single_options(option_type):
    batch = random_options(np.random.default_rng(1), 60, option_type)
    together = european_option(batch)

    for place, option in enumerate(one_by_one(batch)):
        theirs = by_quantlib(option, QuantLib.AnalyticEuropeanEngine, american=False)
        alone = european_option(option)
        assert alone.value == pytest.approx(theirs.NPV(), abs=1e-10)
        for name in ("delta", "gamma", "vega", "theta", "rho"):
            expected = getattr(theirs, name)()
            assert getattr(alone, name) == pytest.approx(expected, rel=1e-9, abs=1e-9), name
        assert alone.dividend_rho == pytest.approx(theirs.dividendRho(), rel=1e-9)
        for line in fields(alone):
            ours = getattr(together, line.name)[place]
            assert ours == pytest.approx(getattr(alone, line.name), rel=1e-12, abs=1e-13)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"spot": 0.0}, UnderlyingNotPositive, "worth 0"),
        ({"strike": -1.0}, StrikeNotPositive, "-1"),
        ({"volatility": -0.2}, OptionVolatilityNegative, r"-20\.00%"),
        ({"maturity": -1.0}, ExpiryNegative, "-1 years"),
    ],
)
def test_what_is_no_option_is_refused_with_the_number(changes, error, words):
    with pytest.raises(error, match=words):
        european_option(an_option(**changes))


def test_one_bad_option_of_a_batch_loses_no_other():
    values = european_option(an_option(spot=np.array([90.0, -1.0, 110.0]))).value

    assert np.isnan(values).tolist() == [False, True, False]
