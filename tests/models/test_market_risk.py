"""Betas: laws that hold for all returns, and another implementation beside."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import floats, integers
from scipy.stats import linregress

from valor_core.models.cost_of_capital import (
    BetaKind,
    CostOfCapitalInputs,
    TargetWeights,
    cost_of_capital,
)
from valor_core.models.market_risk import (
    LEAST,
    BetaFit,
    NoBeta,
    NoPeerBeta,
    PeerBeta,
    blume,
    industry_beta,
    ols_beta,
    vasicek,
)

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


def a_peer(beta: float, leverage: float, tax: float = 0.25) -> PeerBeta:
    return PeerBeta(name="Peer", beta=beta, debt_to_equity=leverage, tax=tax)


def test_damodarans_coca_cola_comes_back_from_its_own_debt():
    """Workbook "ko_valuation", sheet "Cost of capital worksheet": 0.5657 levered, 0.5129 without
    debt, at a debt of 42,818 and an equity of 311,888 million, 25 % tax."""
    levered = a_peer(0.5656971158431242, 42817.796893134815 / 311888.2)

    assert industry_beta([levered]) == pytest.approx(0.5128879692565596, rel=1e-8)


@given(floats(0.1, 3.0), floats(0.0, 3.0), floats(0.0, 0.5))
def test_a_peer_with_ones_own_debt_gives_back_its_beta_once_it_is_levered(beta, leverage, tax):
    without = industry_beta([a_peer(beta, leverage, tax)])
    capital = CostOfCapitalInputs(
        risk_free=0.04, equity_risk_premium=0.05, beta=without, beta_kind=BetaKind.UNLEVERED,
        pretax_cost_of_debt=0.06, tax=tax, target=TargetWeights(debt=leverage / (1 + leverage)),
    )  # fmt: skip

    assert cost_of_capital(capital).levered_beta == pytest.approx(beta)


@given(factors, factors)
def test_one_peer_that_is_far_off_moves_the_industry_to_its_neighbour_at_most(middle, far):
    peers = [a_peer(each, 0.0) for each in (middle - 0.1, middle, middle + 0.1)]

    found = industry_beta([*peers, a_peer(1e3 * far, 0.0)])

    assert middle - 0.1 - 1e-9 <= found <= middle + 0.1 + 1e-9


@pytest.mark.parametrize("peers", [[], [a_peer(1.0, -0.1)]])
def test_without_a_peer_or_with_a_debt_below_zero_there_is_no_industry_beta(peers):
    with pytest.raises(NoPeerBeta):
        industry_beta(peers)
