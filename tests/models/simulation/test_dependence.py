"""Rank correlations, the copulas behind them, and the repair of impossible ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.models.simulation.sound import a_plan, assets_alone
from tests.models.sound import rates
from valor_core.models.simulation.dependence import (
    Copula,
    dependence,
    kendall_of,
    latent_correlation,
    nearest_correlation,
    spearman_of,
)
from valor_core.models.simulation.distributions import Lognormal, Normal
from valor_core.models.simulation.draws import Chunk, Sampler
from valor_core.models.simulation.plan import RankCorrelation
from valor_core.models.simulation.running import drawn


@given(rates(-1.0, 1.0))
def test_a_rank_correlation_survives_the_way_to_the_normals_and_back(spearman):
    assert spearman_of(latent_correlation(spearman)) == pytest.approx(spearman, abs=1e-12)


def pair(spearman, **changes):
    _, drivers = assets_alone(cash=Normal(mean=0.0, sd=1.0), associates=Lognormal(mu=0.0, sigma=1))
    asked = RankCorrelation(
        first="bridge.cash", second="bridge.associates", spearman=float(spearman)
    )
    plan = a_plan(drivers=drivers, correlations=(asked,), sampler=Sampler.PLAIN, **changes)
    chunk = Chunk(index=0, replicate=0, start=0, count=100_000)
    return list(drawn(plan, chunk, plan.dependence().root).values())


@pytest.mark.parametrize("spearman", [-0.9, -0.3, 0.0, 0.5819201041240698])
def test_drawn_ranks_are_as_correlated_as_was_asked_whatever_the_margins(spearman):
    first, second = pair(spearman)

    assert stats.spearmanr(first, second).statistic == pytest.approx(spearman, abs=0.01)


def test_kruskals_identities_hold_in_draws():
    first, second = pair(spearman_of(0.6))

    assert stats.kendalltau(first, second).statistic == pytest.approx(kendall_of(0.6), abs=0.01)


def test_extremes_come_together_more_often_under_a_t_copula():
    together = {}
    for copula in Copula:
        first, second = pair(0.5, copula=copula, degrees=3.0)
        low = (first < np.quantile(first, 0.01)) & (second < np.quantile(second, 0.01))
        together[copula] = low.mean() / 0.01
        assert stats.spearmanr(first, second).statistic == pytest.approx(0.5, abs=0.03)

    assert together[Copula.STUDENT_T] > 1.5 * together[Copula.GAUSSIAN]


def test_the_nearest_correlation_matrix_of_highams_paper_is_found():
    """Higham (2002), Computing the nearest correlation matrix, section 4."""
    found = nearest_correlation(np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]]))

    assert found[0] == pytest.approx([1.0, 0.7607, 0.1573], abs=5e-5)


@st.composite
def asked_matrices(draw):
    size = draw(st.integers(2, 6))
    asked = np.eye(size)
    for i in range(size):
        for j in range(i):
            asked[i, j] = asked[j, i] = draw(rates(-1.0, 1.0))
    return asked


@settings(max_examples=60, deadline=None)
@given(asked_matrices())
def test_any_matrix_becomes_a_possible_one_and_a_possible_one_stays(asked):
    found = dependence(asked)

    assert np.linalg.eigvalsh(found.latent)[0] > 0.0
    assert np.diag(found.used) == pytest.approx(1.0, abs=0.0)
    np.testing.assert_allclose(found.root @ found.root.T, found.latent, atol=1e-9)
    possible = np.linalg.eigvalsh(latent_correlation(asked) * (1 - np.eye(len(asked))))[0] > -0.99
    if possible:
        assert not found.repaired
    if not found.repaired:
        assert np.array_equal(found.used, asked)
    else:
        assert found.change > 0.0
        again = dependence(found.used)
        np.testing.assert_allclose(again.latent, found.latent, atol=1e-6)


def test_three_that_all_oppose_each_other_are_moved_to_the_least_harm():
    asked = np.full((3, 3), -0.9)
    np.fill_diagonal(asked, 1.0)

    found = dependence(asked)

    assert found.repaired
    assert found.latent[0, 1] == pytest.approx(-0.5, abs=1e-6)
    assert found.change == pytest.approx(0.9 - 6 / np.pi * np.arcsin(0.25), abs=1e-6)
