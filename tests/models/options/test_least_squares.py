"""Options by simulation: Longstaff and Schwartz's own table, the truth, and their seeds."""

import numpy as np
import pytest
import QuantLib

from tests.models.options.sound import an_option, by_quantlib
from valor_core.models.options.black_scholes import european_option
from valor_core.models.options.least_squares import (
    SimulatedOption,
    least_squares_monte_carlo,
)
from valor_core.models.options.refusals import DatesOutOfRange, PathsOutOfRange
from valor_core.models.options.terms import OptionType

# Longstaff and Schwartz (2001), table 1: spot, volatility, years; simulated value and its error.
TABLE_1 = [
    (36.0, 0.2, 1.0, 4.472, 0.010),
    (36.0, 0.4, 1.0, 7.091, 0.020),
    (38.0, 0.2, 1.0, 3.244, 0.009),
    (38.0, 0.4, 1.0, 6.139, 0.019),
    (40.0, 0.2, 1.0, 2.313, 0.009),
    (40.0, 0.4, 1.0, 5.308, 0.018),
    (42.0, 0.2, 1.0, 1.617, 0.007),
    (42.0, 0.4, 1.0, 4.588, 0.017),
    (44.0, 0.2, 1.0, 1.118, 0.007),
    (44.0, 0.4, 1.0, 3.957, 0.017),
]


def a_simulation(**changes) -> SimulatedOption:
    known = {"paths": 4_000, "dates": 20, "seed": 7}
    return SimulatedOption(option=an_option(), **{**known, **changes})


@pytest.mark.parametrize(("spot", "volatility", "years", "value", "error"), TABLE_1)
def test_the_authors_own_table_lies_within_three_standard_errors(
    spot, volatility, years, value, error
):
    option = an_option(
        spot=spot,
        strike=40.0,
        rate=0.06,
        dividend_yield=0.0,
        volatility=volatility,
        maturity=years,
    )

    found = least_squares_monte_carlo(
        SimulatedOption(option=option, dates=round(50 * years), paths=10_000, seed=1)
    )

    assert abs(found.value - value) <= 3.0 * np.hypot(found.standard_error, error)


@pytest.mark.parametrize("option_type", OptionType)
def test_with_one_date_it_is_the_european_option_to_the_last_digit_of_its_control(option_type):
    option = an_option(type=option_type)

    found = least_squares_monte_carlo(SimulatedOption(option=option, dates=1, paths=2_000))

    assert found.value == pytest.approx(european_option(option).value, rel=1e-12)
    assert found.standard_error == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("option_type", OptionType)
def test_with_many_dates_it_comes_just_below_the_american_option(option_type):
    option = an_option(type=option_type, rate=0.06, dividend_yield=0.06, maturity=2.0)
    exact = by_quantlib(option, QuantLib.QdFpAmericanEngine).NPV()

    found = least_squares_monte_carlo(
        SimulatedOption(option=option, dates=100, paths=30_000, seed=3)
    )

    assert exact - 0.03 < found.value < exact + 3.0 * found.standard_error
    assert found.standard_error < 0.005


def test_the_standard_error_is_the_spread_over_seeds():
    found = [least_squares_monte_carlo(a_simulation(seed=seed, dates=10)) for seed in range(24)]

    spread = np.std([each.value for each in found], ddof=1)
    told = np.mean([each.standard_error for each in found])
    assert 0.5 < told / spread < 2.0


def test_the_same_seed_gives_the_same_bytes_and_another_does_not():
    one, same, other = (least_squares_monte_carlo(a_simulation(seed=s)) for s in (7, 7, 8))

    assert one.value.tobytes() == same.value.tobytes() != other.value.tobytes()


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({"volatility": 0.0, "dividend_yield": 0.0, "strike": 110.0}, 10.0),
        ({"maturity": 0.0, "strike": 110.0}, 10.0),
        ({"maturity": 0.0, "strike": 90.0}, 0.0),
        ({"spot": 1.0}, 99.0),
        ({"spot": 1e6}, 0.0),
    ],
)
def test_where_all_is_certain_no_path_is_needed(changes, value):
    found = least_squares_monte_carlo(
        SimulatedOption(option=an_option(**changes), dates=10, paths=1_000)
    )

    assert found.value == pytest.approx(value, abs=1e-9)


def test_paths_and_dates_are_bounded():
    with pytest.raises(PathsOutOfRange, match="10 paths"):
        least_squares_monte_carlo(a_simulation(paths=10))
    with pytest.raises(DatesOutOfRange, match="0 dates"):
        least_squares_monte_carlo(a_simulation(dates=0))
