"""The internal rate of return: every rate, the only rate, or none, and never a guess."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.models.sound import rates
from valor_core.models.numbers import watched_refusals
from valor_core.models.refusals import NotFinite
from valor_core.models.returns.irr import CHUNK, all_irrs, irr, irr_or_none
from valor_core.models.returns.refusals import AmbiguousIrr, NoIrr

FLOWS = st.lists(st.just(0.0) | rates(0.01, 1e6) | rates(-1e6, -0.01), min_size=1, max_size=14)
RATES = st.lists(rates(-0.9, 5.0), min_size=1, max_size=5)


def worth(flows, rate):
    """The sum of the discounted flows, and of their sizes."""
    values = np.asarray(flows) / (1.0 + rate) ** np.arange(len(flows))
    return values.sum(), np.abs(values).sum()


def by_eigenvalues(flows):
    """The rates by the companion matrix of the polynomial in 1/(1+r)."""
    roots = np.roots(np.trim_zeros(flows)[::-1])
    real = roots[(np.abs(roots.imag) <= 1e-9 * np.abs(roots)) & (roots.real > 1e-12)].real
    found = np.sort(1.0 / real - 1.0)
    sizes = [worth(flows, rate)[1] * np.finfo(float).eps for rate in found]
    return found[np.array(sizes) <= np.abs(flows).sum()]  # else rounding hides the value


@given(FLOWS)
def test_at_every_rate_that_is_told_the_flows_are_worth_nothing(flows):
    for rate in all_irrs(flows):
        assert rate > -1.0
        value, size = worth(flows, rate)
        assert abs(value) <= 1e-12 * len(flows) * max(1.0, 1.0 / (1.0 + rate)) * size


@given(FLOWS)
def test_there_are_never_more_rates_than_changes_of_sign_and_one_change_has_one_rate(flows):
    signs = [flow > 0.0 for flow in flows if flow]
    changes = sum(one != other for one, other in pairwise(signs))

    found = len(all_irrs(flows))

    assert found <= changes
    assert changes > 1 or found == changes


@given(RATES, rates(1.0, 1e6))
def test_the_rates_from_which_flows_were_made_are_found_again(made, outlay):
    apart = np.diff(np.sort(np.log1p(made)))
    assume((apart > 0.05).all())
    flows = np.array([outlay])
    for rate in made:
        flows = np.convolve(flows, [-1.0, 1.0 + rate])

    assert all_irrs(flows) == pytest.approx(sorted(made), rel=1e-6, abs=1e-6)


def test_random_flows_have_the_rates_that_the_companion_matrix_gives():
    random = np.random.default_rng(11)
    for _ in range(150):
        flows = random.normal(size=random.integers(2, 14))

        assert all_irrs(flows) == pytest.approx(by_eigenvalues(flows).tolist(), rel=1e-7, abs=1e-9)


@given(FLOWS, rates(0.001, 1_000.0))
def test_a_currency_changes_no_rate(flows, factor):
    assert len(all_irrs(flows)) == len(all_irrs([factor * flow for flow in flows]))


@pytest.mark.parametrize(
    ("flows", "reason"),
    [
        ([1.0, 2.0], "none of them is negative"),
        ([-1.0, 0.0], "none of them is positive"),
        ([0.0], "none of them is negative"),
        ([], "there are none"),
        ([1.0, -2.0, 3.0], "zero at no rate"),
    ],
)
def test_flows_without_a_rate_are_refused_with_the_reason(flows, reason):
    with pytest.raises(NoIrr, match=reason):
        irr(flows)
    assert irr_or_none(flows) is None


def test_flows_with_several_rates_are_refused_with_all_of_them():
    with pytest.raises(AmbiguousIrr, match=r"20\.00%, 30\.00%") as refused:
        irr([-1_000.0, 2_500.0, -1_560.0])

    assert refused.value.rates == pytest.approx((0.2, 0.3), abs=1e-12)


def test_a_rate_at_which_the_value_only_touches_zero_is_one_rate():
    assert irr([-100.0, 220.0, -121.0]) == pytest.approx(0.1)


def test_a_flow_that_is_no_number_is_refused():
    with pytest.raises(NotFinite, match="flows is nan"):
        irr([-1.0, float("nan")])


def test_a_row_of_a_batch_has_the_bits_of_its_single_run_and_each_refusal_its_reason():
    random = np.random.default_rng(3)
    rows = random.normal(size=(CHUNK + 20, 11)) * 0.5 + np.array([-2.0, *[1.0] * 10])
    rows[5], rows[7, 0] = 1.0, np.nan
    with watched_refusals() as refusals:
        found = irr(rows)

    for place in [*range(30), *range(CHUNK - 10, CHUNK + 20)]:
        alone = None if place == 7 else irr_or_none(rows[place])
        assert (alone is None) == np.isnan(found[place])
        assert alone is None or alone == found[place]
    (refusal,) = refusals
    lacking = np.flatnonzero(np.isnan(found))
    assert refusal.failed.nonzero()[0].tolist() == lacking.tolist()
    codes = {error.code for error in refusal.errors(lacking.tolist())}
    assert codes == {"no_irr", "ambiguous_irr", "not_finite"}
    np.testing.assert_array_equal(irr_or_none(rows), found)


@pytest.mark.parametrize(
    ("flows", "rate"),
    [
        ([-100.0, 1e-3], -0.99999),
        ([-1e-12, 100.0], 1e14 - 1.0),
        ([-1e9, *[0.0] * 300, 1.0], 1e-9 ** (1.0 / 301.0) - 1.0),
    ],
)
def test_rates_near_a_total_loss_and_beyond_any_bank_are_found(flows, rate):
    assert irr(flows) == pytest.approx(rate, rel=1e-13)
