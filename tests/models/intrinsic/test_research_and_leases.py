"""Research and leases as the investments and the debt that they are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.sound import rates, rows
from valor_core.models.intrinsic.leases import LeaseInputs, converted_leases
from valor_core.models.intrinsic.refusals import (
    CommitmentNegative,
    CommitmentsUntold,
    LeaseYearsNotPositive,
    LifeOutOfRange,
    ResearchYearsMissing,
)
from valor_core.models.intrinsic.research import ResearchInputs, capitalised_research
from valor_core.models.refusals import CostOfDebtTooLow


@given(life=st.integers(1, 50), spent=rates(0.1, 1_000.0))
def test_research_that_never_changes_leaves_earnings_as_they_are(life, spent):
    result = capitalised_research(
        ResearchInputs(life=life, current=spent, past=[spent] * life, ebit=5.0)
    )

    assert result.research_asset == pytest.approx(spent * (life + 1) / 2)
    assert result.ebit_adjustment == pytest.approx(0.0, abs=1e-9 * spent)
    assert result.adjusted_ebit == pytest.approx(5.0, abs=1e-9 * spent)


@given(past=rows(0.0, 500.0, 6), current=rates(0.0, 500.0))
def test_the_asset_rolls_forward_by_what_is_spent_less_what_is_written_off(past, current):
    life = 5
    before = capitalised_research(ResearchInputs(life=life, current=past[0], past=past[1:]))
    now = capitalised_research(ResearchInputs(life=life, current=current, past=past[:-1]))

    rolled = before.research_asset + current - now.amortisation
    assert now.research_asset == pytest.approx(rolled, abs=1e-9)


def test_research_older_than_its_life_is_written_off():
    known = capitalised_research(ResearchInputs(life=2, current=9.0, past=[4.0, 6.0]))
    longer = capitalised_research(ResearchInputs(life=2, current=9.0, past=[4.0, 6.0, 100.0]))

    assert known.research_asset == longer.research_asset == 11.0
    assert longer.unamortised.tolist() == [9.0, 2.0]


@pytest.mark.parametrize(
    ("life", "past", "error"),
    [
        (0, [1.0], LifeOutOfRange),
        (51, [1.0] * 60, LifeOutOfRange),
        (3, [1.0], ResearchYearsMissing),
    ],
)
def test_a_life_that_no_research_has_is_refused(life, past, error):
    with pytest.raises(error):
        capitalised_research(ResearchInputs(life=life, current=1.0, past=past))


def a_lease(**changes) -> LeaseInputs:
    """A retailer's leases over five years and a lump after them."""
    known = LeaseInputs(
        current_expense=120.0,
        commitments=[100.0, 90.0, 80.0, 70.0, 60.0],
        beyond=200.0,
        pretax_cost_of_debt=0.05,
    )
    return replace(known, **changes)


@given(rate=rates(0.001, 0.3), yearly=rates(1.0, 500.0), years=st.integers(1, 20))
def test_level_commitments_are_an_annuity_however_they_are_told(rate, yearly, years):
    told = a_lease(commitments=[yearly] * 5, beyond=yearly * years, pretax_cost_of_debt=rate)
    one_by_one = a_lease(commitments=[yearly] * (5 + years), beyond=0.0, pretax_cost_of_debt=rate)

    assert converted_leases(told).years_beyond == years
    assert converted_leases(told).lease_debt == pytest.approx(
        converted_leases(one_by_one).lease_debt
    )


@given(rate=rates(-0.5, 0.5), commitments=rows(0.1, 500.0, 5), beyond=rates(0.0, 5_000.0))
def test_debt_lies_between_what_is_paid_and_its_value_when_all_is_paid_last(
    rate, commitments, beyond
):
    result = converted_leases(
        a_lease(commitments=commitments, beyond=beyond, pretax_cost_of_debt=rate)
    )

    paid = sum(commitments) + beyond
    ends = sorted([paid, paid * (1 + rate) ** -(5.0 + result.years_beyond)])
    assert ends[0] * (1 - 1e-9) <= result.lease_debt <= ends[1] * (1 + 1e-9)
    assert result.depreciation * (5 + result.years_beyond) == pytest.approx(result.lease_debt)


def test_without_interest_the_debt_is_what_is_paid():
    assert converted_leases(a_lease(pretax_cost_of_debt=0.0)).lease_debt == pytest.approx(600.0)


def test_a_little_beyond_falls_due_in_one_year_and_halves_round_up_as_spreadsheets_do():
    years = [converted_leases(a_lease(beyond=lump)).years_beyond for lump in (1.0, 199.9, 200.0)]

    assert years == [1.0, 2.0, 3.0]  # 200 / 80 = 2.5


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"commitments": [0.0, 0.0]}, CommitmentsUntold),
        ({"commitments": [5.0, -1.0]}, CommitmentNegative),
        ({"beyond": -1.0}, CommitmentNegative),
        ({"years_beyond": 0.0}, LeaseYearsNotPositive),
        ({"pretax_cost_of_debt": -1.0}, CostOfDebtTooLow),
    ],
)
def test_commitments_that_tell_no_debt_are_refused(changes, error):
    with pytest.raises(error):
        converted_leases(a_lease(**changes))


def test_a_batch_converts_each_company_as_alone():
    rate = np.array([0.0, 0.03, 0.08])

    batch = converted_leases(a_lease(pretax_cost_of_debt=rate)).lease_debt

    alone = [converted_leases(a_lease(pretax_cost_of_debt=each)).lease_debt for each in rate]
    assert batch.tolist() == pytest.approx(alone, rel=1e-14)
