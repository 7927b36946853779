"""Volatility from returns: laws, worked cases of Hull, and the arch package beside."""

from itertools import accumulate
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.strategies import floats, integers

from valor_core.models.return_volatility import (
    DAYS_A_YEAR,
    LEAST,
    LEAST_FOR_GARCH,
    GarchFit,
    NoVolatility,
    ewma_volatility,
    garch_t,
    next_ewma_variance,
    sample_volatility,
)

seeds = integers(0, 2**31)
FIT = GarchFit(
    mean=0.0, omega=0.000002, alpha=0.13, beta=0.86, nu=6.0, next_variance=0.00023516,
    log_likelihood=0.0, count=500,
)  # fmt: skip


def simulated(seed: int, count: int = 1000) -> np.ndarray:
    """Returns of a GARCH(1,1) with Student's t: ω 0.02, α 0.08, β 0.90, ν 6, mean 0.05, percent."""
    shocks = np.random.default_rng(seed).standard_t(6.0, count) * sqrt(4.0 / 6.0)
    variance, returns = 0.02 / (1.0 - 0.98), []
    for shock in shocks:
        moved = sqrt(variance) * shock
        returns.append(0.05 + moved)
        variance = 0.02 + 0.08 * moved * moved + 0.90 * variance
    return np.array(returns) / 100.0


@pytest.mark.parametrize(
    ("seed", "omega", "alpha", "beta", "nu", "log_likelihood", "tomorrow"),
    [
        (1, 0.0122524, 0.0544808, 0.9314746, 6.33862, -1236.95754, 0.563189),
        (2, 0.0353838, 0.0793401, 0.8891720, 6.07579, -1361.95528, 0.803402),
        (3, 0.0268728, 0.1032682, 0.8716208, 6.48769, -1281.31705, 1.130509),
    ],
)
def test_garch_finds_what_arch_8_0_0_finds(seed, omega, alpha, beta, nu, log_likelihood, tomorrow):
    """`arch_model(100 * returns, mean="Constant", vol="GARCH", p=1, q=1, dist="t").fit(tol=1e-12)`

    arch backcasts with the shocks around the sample's mean, we around the fitted one: the fifth
    digit is theirs or ours.
    """
    fit = garch_t(simulated(seed))

    assert fit.omega * 1e4 == pytest.approx(omega, rel=1e-3)
    assert fit.alpha == pytest.approx(alpha, rel=1e-3)
    assert fit.beta == pytest.approx(beta, rel=1e-3)
    assert fit.nu == pytest.approx(nu, rel=1e-3)
    assert fit.next_variance * 1e4 == pytest.approx(tomorrow, rel=1e-3)
    assert fit.log_likelihood - 1000 * np.log(100.0) == pytest.approx(log_likelihood, abs=0.01)


def test_ewma_and_garch_move_as_in_the_examples_of_hull():
    """Options, Futures, and Other Derivatives: "Estimating volatilities", 1.14 % and 1.53 %."""
    assert sqrt(next_ewma_variance(0.01**2, 0.02, decay=0.90)) == pytest.approx(0.0114, abs=5e-5)
    assert FIT.usual_variance == pytest.approx(0.0002)
    moved = FIT.omega + FIT.alpha * 0.01**2 + FIT.beta * 0.016**2
    assert sqrt(moved) == pytest.approx(0.0153, abs=5e-5)


@settings(max_examples=2)
@given(seeds, floats(0.2, 5.0))
def test_twice_the_returns_are_twice_as_volatile_by_every_method(seed, factor):
    returns = simulated(seed, 300)

    for method in (sample_volatility, ewma_volatility, lambda r: garch_t(r).volatility_over(1.0)):
        assert method(factor * returns) == pytest.approx(factor * method(returns), rel=0.01)


@given(seeds, floats(0.5, 0.99))
def test_ewma_is_its_own_recursion_once_the_beginning_is_forgotten(seed, decay):
    returns = simulated(seed, 2_000)
    *_, last = accumulate(
        returns, lambda v, r: next_ewma_variance(v, r, decay=decay), initial=returns[0] ** 2
    )

    assert ewma_volatility(returns, decay=decay) == pytest.approx(
        sqrt(last * DAYS_A_YEAR), rel=1e-4
    )


@given(floats(0.01, 30.0))
def test_over_time_volatility_goes_from_tomorrows_to_the_usual_one(years):
    usual = sqrt(FIT.usual_variance * DAYS_A_YEAR)
    days = max(round(years * DAYS_A_YEAR), 1)
    expected = [
        FIT.usual_variance + FIT.persistence**day * (FIT.next_variance - FIT.usual_variance)
        for day in range(days)
    ]

    found = FIT.volatility_over(days / DAYS_A_YEAR)

    assert usual <= found <= FIT.volatility_tomorrow + 1e-12
    assert found == pytest.approx(sqrt(np.mean(expected) * DAYS_A_YEAR), rel=1e-9)


def test_returns_that_know_no_calm_and_no_storm_are_said_to_cluster_not():
    alike = np.random.default_rng(1).normal(0.0, 0.01, 785)

    assert garch_t(simulated(1)).clusters
    assert not garch_t(alike).clusters


@pytest.mark.parametrize(
    ("method", "least"),
    [(sample_volatility, LEAST), (ewma_volatility, LEAST), (garch_t, LEAST_FOR_GARCH)],
)
def test_few_returns_and_a_price_that_stands_still_tell_no_volatility(method, least):
    for returns in (simulated(1, least - 1), np.zeros(2 * least)):
        with pytest.raises(NoVolatility, match=f"{len(returns)} returns"):
            method(returns)
