"""Costs of borrowing are released so that the whole charge is one rate on what is carried."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.sound import paths, rates
from valor_core.models.lbo.effective_interest import (
    EffectiveInterestInputs,
    effective_interest,
)
from valor_core.models.lbo.refusals import CostsExceedFace, ReleaseOutOfRange
from valor_core.models.lbo.sole_rate import sole_rate_of


@st.composite
def placements(draw):
    years, face = draw(st.integers(1, 12)), draw(rates(1.0, 1000.0))
    return EffectiveInterestInputs(
        face=face,
        costs=face * draw(rates(0.0, 0.5)),
        years=years,
        cash_rate=draw(rates(0.0, 0.3)),
        pik_rate=draw(rates(0.0, 0.2)),
        amortisation=draw(paths(0.0, 0.3, years)),
    )


@given(placements())
def test_all_costs_and_no_more_are_released_by_maturity(placed):
    result = effective_interest(placed)

    assert result.charges.sum() == pytest.approx(placed.costs, rel=1e-9, abs=1e-9 * placed.face)
    assert result.unamortised[-1] == pytest.approx(0.0, abs=1e-9 * placed.face)


@given(placements())
def test_each_year_of_a_loan_paid_in_cash_bears_a_part_of_the_costs(placed):
    result = effective_interest(replace(placed, pik_rate=0.0))

    assert (result.charges >= -1e-9 * placed.face).all()


@given(placements())
def test_the_payments_at_the_effective_rate_are_worth_the_proceeds(placed):
    result = effective_interest(placed)

    worth = np.sum(
        result.flows[1:] / (1.0 + result.effective_rate) ** np.arange(1, placed.years + 1)
    )
    assert worth == pytest.approx(placed.face - placed.costs, rel=1e-9)


@given(placements())
def test_costs_make_borrowing_dearer_than_its_coupon(placed):
    result = effective_interest(placed)

    assert result.effective_rate >= placed.cash_rate + placed.pik_rate - 1e-9


def test_a_bond_at_par_costs_its_coupon():
    placed = EffectiveInterestInputs(face=100.0, costs=0.0, years=5, cash_rate=0.07)

    assert effective_interest(placed).effective_rate == pytest.approx(0.07, abs=1e-14)


def test_a_release_over_no_year_or_of_more_than_the_face_is_refused():
    sound = {"face": 100.0, "cash_rate": 0.07}
    with pytest.raises(ReleaseOutOfRange, match="over 0 years"):
        effective_interest(EffectiveInterestInputs(**sound, costs=2.0, years=0))
    with pytest.raises(CostsExceedFace, match="Costs of 100 leave nothing of a face of 100"):
        effective_interest(EffectiveInterestInputs(**sound, costs=100.0, years=3))


@given(st.lists(rates(0.0, 1e6), min_size=1, max_size=10), rates(0.01, 1e6))
def test_the_sole_rate_makes_the_receipts_worth_the_payment(receipts, paid):
    rate = sole_rate_of(np.array([-paid, *receipts]))

    if sum(receipts) == 0.0:
        assert rate == -1.0
    elif rate > -1.0:
        v = 1.0 / (1.0 + rate)
        worth = sum(flow * v**year for year, flow in enumerate(receipts, 1))
        assert worth == pytest.approx(paid, rel=1e-6)
