"""Betas: laws that hold for all returns, and another implementation beside."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import floats, integers
from scipy.stats import linregress

from valor_core.models.market_risk import LEAST, BetaFit, NoBeta, blume, ols_beta, vasicek

seeds = integers(0, 2**31)
factors = floats(-3.0, 3.0)


def returns(seed: int, *, count: int = 104) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    market = draw.normal(0.001, 0.02, count)
    return 0.8 * market + draw.normal(0.0, 0.03, count), market


@given(seeds)
def test_a_beta_is_the_slope_that_scipy_finds(seed):
    share, market = returns(seed)
    fit, line = ols_beta(share, market), linregress(market, share)

    assert fit.beta == pytest.approx(line.slope)
    assert fit.alpha == pytest.approx(line.intercept)
    assert fit.standard_error == pytest.approx(line.stderr)
    assert fit.r_squared == pytest.approx(line.rvalue**2)


@given(seeds, factors, floats(-0.01, 0.01))
def test_leverage_multiplies_beta_and_a_steady_gain_leaves_it(seed, factor, gain):
    share, market = returns(seed)

    assert ols_beta(factor * share + gain, market).beta == pytest.approx(
        factor * ols_beta(share, market).beta, abs=1e-12
    )


@given(seeds, seeds, floats(0.0, 1.0))
def test_the_beta_of_a_portfolio_is_the_weighted_beta_of_its_shares(seed, other, weight):
    share, market = returns(seed)
    second = np.random.default_rng(other).normal(0.0, 0.05, len(market))
    mixed = weight * share + (1.0 - weight) * second

    expected = weight * ols_beta(share, market).beta + (1 - weight) * ols_beta(second, market).beta
    assert ols_beta(mixed, market).beta == pytest.approx(expected, abs=1e-9)


@given(seeds)
def test_the_market_has_a_beta_of_one_without_an_error(seed):
    _, market = returns(seed)
    fit = ols_beta(market, market)

    assert (fit.beta, fit.r_squared) == (pytest.approx(1.0), pytest.approx(1.0))
    assert fit.standard_error == pytest.approx(0.0, abs=1e-9)


@given(factors)
def test_blume_draws_every_beta_a_third_of_the_way_to_one(beta):
    assert blume(beta) - 1.0 == pytest.approx((beta - 1.0) * 2 / 3, abs=1e-12)


@given(factors, floats(0.0, 10.0), floats(0.05, 2.0))
def test_vasicek_lies_between_what_was_measured_and_the_mean(beta, error, spread):
    fit = BetaFit(beta=beta, alpha=0.0, standard_error=error, r_squared=0.5, count=104)

    found = vasicek(fit, mean=1.0, spread=spread)

    assert min(beta, 1.0) - 1e-12 <= found <= max(beta, 1.0) + 1e-12
    if error == 0.0:
        assert found == pytest.approx(beta)
    if error == spread:
        assert found == pytest.approx((beta + 1.0) / 2.0)


@given(arrays(float, integers(0, LEAST - 1), elements=floats(-0.1, 0.1)))
def test_few_returns_tell_no_beta(market):
    with pytest.raises(NoBeta, match=f"{len(market)} returns"):
        ols_beta(market, market)


def test_a_market_that_stands_still_tells_no_beta():
    with pytest.raises(NoBeta):
        ols_beta(np.linspace(0.0, 0.1, 60), np.zeros(60))
