"""Inputs that bring a result about."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from tests.models.sound import a_dcf, dcfs, rates
from valor_core.errors import NotFound, ValorError
from valor_core.models import solving
from valor_core.models.dcf import discounted_cash_flow
from valor_core.models.intrinsic.dividends import DividendDiscountInputs, dividend_discount
from valor_core.models.paths import Fade, constant
from valor_core.models.sensitivity import NotOneNumber, replace_at
from valor_core.models.solving import (
    Goal,
    NotWholeYears,
    RangeUnusable,
    solve,
    solve_both,
    solve_each,
    solve_pairs,
    solve_years,
)


def per_share(inputs, path, value) -> float:
    return float(discounted_cash_flow(replace_at(inputs, path, float(value))).value_per_share)


@pytest.mark.parametrize(
    ("path", "between"),
    [
        ("growth.start", (-0.2, 0.4)),
        ("margin.start", (0.01, 0.9)),
        ("wacc.start", (0.031, 0.5)),
        ("terminal_growth", (-0.05, 0.08)),
        ("shares.options[0].strike", (0.0, 40.0)),
    ],
)
@given(price=rates(20.0, 90.0))
@settings(max_examples=15)
def test_what_a_price_implies_gives_the_price_back(path, between, price):
    company = a_dcf()

    found = solve(company, path, price, between=between)

    for root in found.roots:
        assert per_share(company, path, root) == pytest.approx(price, rel=1e-9)
    if not found.roots:
        ends = [found.at_low, found.at_high]
        assert all((end is None) or (end < price) == (ends[0] < price) for end in ends)


@settings(max_examples=15)
@given(dcfs(), rates(-0.05, 0.25))
def test_the_growth_behind_a_value_is_found_again(company, growth):
    company = replace(company, growth=Fade(start=growth, end=0.02, from_year=0, to_year=20))
    try:
        value = discounted_cash_flow(company).value_per_share
    except ValorError:
        assume(False)

    found = solve(company, "growth.start", value, between=(-0.06, 0.26)).roots

    flat = [root for root in found if per_share(company, "growth.start", root) == value]
    assert flat or any(abs(root - growth) < 1e-6 for root in found)


def test_all_roots_are_told_where_a_result_turns_around():
    # Growth at a return below the cost of equity costs more than it brings; so does shrinking fast.
    share = DividendDiscountInputs(
        earnings=4.0, terminal_growth=0.0, terminal_roe=0.06, cost_of_equity=constant(0.08)
    )
    growths = np.linspace(-0.5, 0.059, 2_000)
    best = dividend_discount(replace_at(share, "terminal_growth", growths)).value_per_share.max()

    found = solve(share, "terminal_growth", 0.9 * best, between=(-0.5, 0.059)).roots

    assert len(found) == 2
    for root in found:
        value = dividend_discount(replace_at(share, "terminal_growth", root)).value_per_share
        assert value == pytest.approx(0.9 * best)


def test_where_no_value_serves_both_ends_are_told():
    none = solve(a_dcf(), "margin.start", 1e6, between=(0.05, 0.5))
    refused = solve(a_dcf(), "terminal_growth", 1e6, between=(0.01, 0.2))

    assert none.roots == ()
    assert (none.at_low, none.at_high) == pytest.approx(
        (per_share(a_dcf(), "margin.start", 0.05), per_share(a_dcf(), "margin.start", 0.5))
    )
    assert refused.at_high is None


def test_the_end_of_a_range_is_a_root_too():
    value = per_share(a_dcf(), "margin.start", 0.2)

    assert solve(a_dcf(), "margin.start", value, between=(0.2, 0.5)).roots == (0.2,)
    assert solve(a_dcf(), "margin.start", value, between=(0.1, 0.2)).roots == (0.2,)


@pytest.fixture
def many():
    """300 companies that differ in revenue, margin, growth and options."""
    rng = np.random.default_rng(3)
    company = a_dcf(
        revenue=rng.uniform(20_000.0, 40_000.0, 300), margin=constant(rng.uniform(0.1, 0.3, 300))
    )
    return replace_at(company, "shares.options[0].strike", rng.uniform(10.0, 80.0, 300))


def alone(companies, place):
    return solving._part(companies, place)


def test_each_of_many_companies_is_solved_as_brents_method_does_alone(many):
    growth = np.random.default_rng(4).uniform(-0.05, 0.2, 300)
    prices = discounted_cash_flow(replace_at(many, "growth.start", growth)).value_per_share

    found = solve_each(many, "growth.start", prices, between=(-0.3, 0.5))

    assert found.roots == pytest.approx(growth, abs=1e-9)
    assert (found.crossings == 1).all()
    for place in (0, 17, 299):
        one = alone(many, place)
        brent = brentq(
            lambda x, one=one, place=place: per_share(one, "growth.start", x) - prices[place],
            -0.3,
            0.5,
            xtol=1e-14,
        )
        assert found.roots[place] == pytest.approx(brent, abs=1e-10)


def test_the_size_of_the_chunks_changes_no_bit(many, monkeypatch):
    whole = solve_each(many, "margin.start", 40.0, between=(0.01, 0.9))

    monkeypatch.setattr(solving, "CHUNK", 64)

    parts = solve_each(many, "margin.start", 40.0, between=(0.01, 0.9))
    assert whole.roots.tobytes() == parts.roots.tobytes()


def test_a_company_without_a_root_has_none_and_its_values_at_the_ends(many):
    prices = np.where(np.arange(300) == 5, 1e9, 40.0)

    found = solve_each(many, "margin.start", prices, between=(0.01, 0.9))

    assert np.flatnonzero(np.isnan(found.roots)).tolist() == [5]
    assert found.crossings[5] == 0
    assert found.at_low[5] < found.at_high[5] < 1e9


def test_two_roots_within_one_step_of_the_coarse_scan_are_found_by_the_finer():
    share = DividendDiscountInputs(
        earnings=4.0, terminal_growth=0.0, terminal_roe=0.06, cost_of_equity=constant(0.08)
    )
    growths = np.linspace(-0.5, 0.059, 2_000)
    best = dividend_discount(replace_at(share, "terminal_growth", growths)).value_per_share.max()

    found = solve_each(share, "terminal_growth", 0.999 * best, between=(-0.5, 0.059))

    assert found.crossings.tolist() == [2]
    assert np.isfinite(found.roots).all()


def test_pairs_are_a_line_of_equal_value():
    goal = Goal(path="margin.start", target=50.0, between=(0.01, 0.9))

    margins = solve_pairs(a_dcf(), "growth.start", [0.0, 0.05, 0.1], goal).roots

    assert (np.diff(margins) < 0.0).all()
    for growth, margin in zip([0.0, 0.05, 0.1], margins, strict=True):
        company = replace_at(a_dcf(), "growth.start", growth)
        assert per_share(company, "margin.start", margin) == pytest.approx(50.0)


def test_two_inputs_meet_two_results():
    company = a_dcf(exit_multiple=12.0)
    growth = Goal(path="growth.start", target=55.0, between=(-0.1, 0.3))
    terminal = Goal(
        path="terminal_growth", target=14.0, between=(0.0, 0.07), field="implied_multiple"
    )

    pairs = solve_both(company, growth, terminal)

    assert pairs
    for first, second in pairs:
        both = replace_at(replace_at(company, "growth.start", first), "terminal_growth", second)
        result = discounted_cash_flow(both)
        assert result.value_per_share == pytest.approx(55.0)
        assert result.implied_multiple == pytest.approx(14.0)
    assert solve_both(company, replace(growth, target=1e9), terminal) == ()


def test_the_years_of_growth_that_a_price_implies():
    share = DividendDiscountInputs(
        years=5,
        last_dividend=2.0,
        growth=constant(0.15),
        terminal_growth=0.03,
        cost_of_equity=constant(0.09),
    )
    values = [dividend_discount(replace(share, years=n)).value_per_share for n in (6, 7)]

    exact = solve_years(share, "years", values[0], between=(0, 20))
    middle = solve_years(share, "years", sum(values) / 2, between=(0, 20))
    never = solve_years(share, "years", 1.0, between=(0, 20))

    assert exact.crossed == pytest.approx(6.0)
    assert middle.crossed == pytest.approx(6.5)
    assert np.isnan(never.crossed)
    assert exact.values[7] == values[1]


def test_a_fade_of_many_companies_is_sought_in_whole_years(many):
    found = solve_years(many, ["years", "growth.to_year"], 30.0, between=(4, 15))

    assert found.values.shape == (300, 12)
    assert np.isnan(found.values[:, :2]).all()  # a fade that ends before it begins is refused
    assert np.isfinite(found.crossed).sum() > 10


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda: solve(a_dcf(), "growth.start", 1.0, between=(0.2, 0.1)), RangeUnusable),
        (lambda: solve(a_dcf(), "growth.start", 1.0, between=(0.2, np.inf)), RangeUnusable),
        (lambda: solve(a_dcf(), "nothing", 1.0, between=(0.0, 0.1)), NotFound),
        (lambda: solve(a_dcf(), "growth", 1.0, between=(0.0, 0.1)), NotOneNumber),
        (lambda: solve(a_dcf(), "tax.start", 1.0, between=(0.0, 0.1), field="fcff"), NotOneNumber),
        (lambda: solve_each(a_dcf(), "growth.start", 1.0, between=(1.0, 1.0)), RangeUnusable),
        (lambda: solve_years(a_dcf(), "years", 1.0, between=(9, 2)), RangeUnusable),
        (lambda: solve_years(a_dcf(), "growth.start", 1.0, between=(1, 9)), NotWholeYears),
        (lambda: solve_years(a_dcf(), "nothing", 1.0, between=(1, 9)), NotFound),
        (lambda: solve_years(a_dcf(), "growth.none", 1.0, between=(1, 9)), NotFound),
    ],
    ids=map(str, range(10)),
)
def test_a_goal_that_nothing_can_meet_is_refused(act, error):
    with pytest.raises(error):
        act()


@given(st.lists(st.floats(-5.0, 5.0, allow_subnormal=False), min_size=1, max_size=4, unique=True))
def test_every_root_of_a_polynomial_that_its_scan_tells_apart_is_found(zeros):
    zeros = sorted(zeros)
    assume(all(b - a > 0.2 for a, b in pairwise(zeros)))
    points = np.linspace(-5.5, 5.5, 201)

    def polynomial(x):
        return np.prod([x - zero for zero in zeros], axis=0)

    found = solving._roots(polynomial, points, polynomial(points))

    assert list(found) == pytest.approx(zeros, abs=1e-9)


def test_a_pole_is_no_root():
    points = np.linspace(-1.0, 1.0, 200)

    assert solving._roots(lambda x: 1 / x, points, 1 / points) == ()
