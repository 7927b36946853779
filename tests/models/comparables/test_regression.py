"""Lines through peers against scipy's, and what a few peers can tell."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.models.sound import rates
from valor_core.models.comparables.refusals import (
    FundamentalsAlike,
    MultipleNotPositive,
    OneFundamentalOnly,
    PredictionLevelOutOfRange,
    TooFewPeers,
)
from valor_core.models.comparables.regression import (
    Fit,
    Fundamental,
    RegressionInputs,
    multiple_regression,
    regression_checks,
)
from valor_core.models.refusals import LengthDoesNotFit

GROWTH = np.array([0.02, 0.05, 0.03, 0.10, 0.07, 0.12, 0.04, 0.08, 0.06, 0.11])
MARGIN = np.array([0.12, 0.20, 0.15, 0.22, 0.30, 0.18, 0.25, 0.16, 0.28, 0.21])
NOISE = np.array([0.3, -0.5, 0.1, 0.4, -0.2, -0.1, 0.6, -0.4, 0.2, -0.4])


def a_line(**changes) -> RegressionInputs:
    """Ten peers whose multiple grows with growth."""
    known = RegressionInputs(
        multiples=8.0 + 40.0 * GROWTH + NOISE,
        fundamentals=(Fundamental(name="growth", peers=GROWTH, company=0.09),),
        logarithmic=False,
    )
    return replace(known, **changes)


def with_margin(**changes) -> RegressionInputs:
    both = (
        Fundamental(name="growth", peers=GROWTH, company=0.09),
        Fundamental(name="margin", peers=MARGIN, company=0.2),
    )
    return a_line(**{"fundamentals": both, **changes})


@given(noise=st.lists(rates(-3.0, 3.0), min_size=10, max_size=10), level=rates(0.5, 0.99))
def test_one_fundamental_by_least_squares_is_scipys_line(noise, level):
    from scipy.stats import linregress, t

    multiples = 20.0 + 40.0 * GROWTH + np.array(noise)
    assume(np.ptp(multiples - 40.0 * GROWTH) > 1e-3)

    ours = multiple_regression(a_line(multiples=multiples, level=level))
    theirs = linregress(GROWTH, multiples)

    assert ours.coefficients == pytest.approx([theirs.intercept, theirs.slope], rel=1e-9)
    assert ours.standard_errors == pytest.approx([theirs.intercept_stderr, theirs.stderr], rel=1e-9)
    assert ours.r_squared == pytest.approx(theirs.rvalue**2, rel=1e-9, abs=1e-12)
    off, n = GROWTH - GROWTH.mean(), len(GROWTH)
    sd = np.sqrt(np.sum(ours.residuals**2) / (n - 2))
    reach = sd * np.sqrt(1.0 + 1.0 / n + (0.09 - GROWTH.mean()) ** 2 / np.sum(off**2))
    half = t.ppf((1.0 + level) / 2.0, n - 2) * reach
    assert [ours.low, ours.high] == pytest.approx([ours.multiple - half, ours.multiple + half])


def test_residuals_of_peers_left_out_are_those_over_one_less_the_leverage():
    result = multiple_regression(with_margin())

    expected = result.residuals / (1.0 - result.leverage)
    assert result.left_out_residuals == pytest.approx(expected, rel=1e-9)
    assert result.leverage.sum() == pytest.approx(3.0)


@given(noise=st.lists(rates(-3.0, 3.0), min_size=10, max_size=10))
def test_the_median_of_slopes_is_scipys(noise):
    from scipy.stats import theilslopes

    multiples = 20.0 + 40.0 * GROWTH + np.array(noise)

    ours = multiple_regression(a_line(multiples=multiples, fit=Fit.THEIL_SEN))
    theirs = theilslopes(multiples, GROWTH)

    assert ours.coefficients == pytest.approx([theirs[1], theirs[0]], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("fit", [Fit.HUBER, Fit.THEIL_SEN])
def test_one_peer_far_away_hardly_moves_a_robust_line(fit):
    far = np.where(np.arange(10) == 3, 60.0, a_line().multiples)

    def moved(fit):
        first, second = (
            multiple_regression(a_line(multiples=each, fit=fit)).multiple
            for each in (a_line().multiples, far)
        )
        return abs(second - first)

    assert moved(fit) < 0.5
    assert moved(Fit.OLS) > 5.0


def test_where_hubers_line_rests_near_and_far_peers_pull_alike():
    far = np.where(np.arange(10) == 3, 60.0, with_margin().multiples)

    result = multiple_regression(with_margin(multiples=far, fit=Fit.HUBER))

    near = 1.345 * np.median(np.abs(result.residuals)) / 0.6744897501960817
    pull = np.clip(result.residuals, -near, near)
    for column in (np.ones(10), GROWTH, MARGIN):
        assert np.sum(pull * column) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("fit", [Fit.OLS, Fit.HUBER])
def test_the_unit_of_a_fundamental_does_not_matter(fit):
    in_percent = tuple(
        replace(each, peers=each.peers * 100.0, company=each.company * 100.0)
        for each in with_margin().fundamentals
    )

    ours = multiple_regression(with_margin(fit=fit))
    theirs = multiple_regression(with_margin(fit=fit, fundamentals=in_percent))

    assert theirs.multiple == pytest.approx(ours.multiple, rel=1e-9)
    assert theirs.left_out_residuals == pytest.approx(ours.left_out_residuals, rel=1e-6)


def test_an_explained_logarithm_gives_a_multiple_above_nothing():
    result = multiple_regression(a_line(logarithmic=True, level=0.99))

    assert result.low is not None
    assert result.high is not None
    assert 0.0 < result.low < result.multiple < result.high
    assert result.multiple**2 == pytest.approx(result.low * result.high)


def test_a_robust_interval_is_as_wide_as_the_residuals_of_peers_left_out():
    result = multiple_regression(a_line(fit=Fit.HUBER, level=0.8))

    ninth = np.sort(np.abs(result.left_out_residuals))[8]  # of 10: 0.8 × 11, rounded up
    assert result.high == pytest.approx(result.multiple + ninth)


def test_too_few_peers_give_a_robust_line_no_interval_and_say_so():
    few = a_line(
        multiples=[8.0, 12.0, 9.0, 14.0],
        fundamentals=(Fundamental(name="growth", peers=GROWTH[:4], company=0.3),),
        fit=Fit.THEIL_SEN,
        level=0.9,
    )

    result = multiple_regression(few)
    asked = [each for each in regression_checks(few, result) if not each.passed]

    assert result.low is None
    assert {each.name for each in asked} >= {"peers", "interval"}
    assert "4 peers" in next(each.message for each in asked if each.name == "peers")


def test_a_sound_line_raises_no_question():
    line = a_line()

    assert [
        each.name for each in regression_checks(line, multiple_regression(line)) if not each.passed
    ] == []


REFUSED = [
    (LengthDoesNotFit, a_line(multiples=[8.0, 9.0, 10.0])),
    (MultipleNotPositive, a_line(multiples=NOISE, logarithmic=True)),
    (PredictionLevelOutOfRange, a_line(level=1.0)),
    (OneFundamentalOnly, with_margin(fit=Fit.THEIL_SEN)),
    (
        FundamentalsAlike,
        a_line(fundamentals=(Fundamental(name="same", peers=np.full(10, 0.2), company=0.1),)),
    ),
    (
        FundamentalsAlike,
        a_line(fundamentals=(Fundamental(name="none", peers=np.zeros(10), company=0.1),)),
    ),
]


@pytest.mark.parametrize(("refusal", "line"), REFUSED)
def test_a_line_that_cannot_be_laid_is_refused(refusal, line):
    with pytest.raises(refusal):
        multiple_regression(line)


def test_a_line_needs_two_peers_more_than_coefficients():
    three = a_line(
        multiples=[8.0, 9.0, 10.0],
        fundamentals=(Fundamental(name="growth", peers=GROWTH[:3], company=0.09),),
    )

    with pytest.raises(TooFewPeers, match=r"3 peers .* needs 4"):
        multiple_regression(three)
