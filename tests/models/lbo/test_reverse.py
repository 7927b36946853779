"""The price that a required return allows is the one at which the deal earns just that."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from tests.models.lbo.deals import a_deal
from tests.models.sound import rates
from tests.workbooks.cases import RANDOM_CASES
from valor_core.errors import BadInput
from valor_core.models.fields import leaves
from valor_core.models.lbo import refusals
from valor_core.models.lbo.buyout import leveraged_buyout
from valor_core.models.lbo.events import Draw, Recapitalisation
from valor_core.models.lbo.holders import Band, Holders, ManagementPool
from valor_core.models.lbo.reverse import ReverseLboInputs, entry_multiple_for, reverse_lbo

few = settings(max_examples=8, deadline=None)
WITH_ALL = Holders(
    preferred=0.5,
    preferred_rate=0.08,
    pool=ManagementPool(share=0.05, strike=20.0, bands=(Band(hurdle=2.0, share=0.15),)),
)
RECAP = Recapitalisation(year=3, draws=(Draw(tranche=3, face=60.0, fee=0.02),))


def bought_at(deal, multiple):
    return replace(deal, purchase=replace(deal.purchase, multiple=multiple))


@few
@given(rates(0.1, 0.35), rates(0.0, 15.0))
def test_bought_at_the_price_found_all_equity_earns_the_required_return(required, stated):
    deal = bought_at(a_deal(), stated)

    multiple = reverse_lbo(ReverseLboInputs(deal=deal, required_return=required)).entry_multiple

    result = leveraged_buyout(bought_at(deal, multiple))
    assert result.equity_moic == pytest.approx((1.0 + required) ** 5, rel=1e-9)


@few
@given(rates(0.1, 0.3))
def test_the_sponsor_earns_the_required_return_whatever_the_holders_and_distributions(required):
    deal = a_deal(holders=WITH_ALL, recapitalisations=(RECAP,))

    multiple = entry_multiple_for(deal, required)

    assert leveraged_buyout(bought_at(deal, multiple)).irr == pytest.approx(required, abs=1e-9)


def test_without_other_holders_both_ways_find_one_price():
    deal = a_deal(purchase=replace(a_deal().purchase, rollover=0.0))

    closed = reverse_lbo(ReverseLboInputs(deal=deal, required_return=0.2)).entry_multiple

    assert entry_multiple_for(deal, 0.2) == pytest.approx(closed, rel=1e-12)


def test_each_scenario_has_its_own_price_and_a_higher_return_a_lower_one():
    multiples = entry_multiple_for(a_deal(holders=WITH_ALL), np.array([0.15, 0.2, 0.25]))

    assert (np.diff(multiples) < 0.0).all()


def test_a_return_out_of_reach_is_refused():
    with pytest.raises(refusals.ReturnOutOfReach, match=r"A return of 20\.00% is out of reach"):
        entry_multiple_for(a_deal(exit_multiple=0.5), 0.2)
    with pytest.raises(refusals.RequiredReturnTooLow):
        reverse_lbo(ReverseLboInputs(deal=a_deal(), required_return=-1.0))


@pytest.mark.parametrize("length", [-1e300, 1e9, 6.4e79])
def test_a_year_whose_power_no_float_can_hold_has_a_finite_price_or_is_refused(length):
    deal = RANDOM_CASES["reverse_lbo"](3)

    try:
        found = reverse_lbo(replace(deal, deal=replace(deal.deal, year_length=length)))
    except BadInput:
        return
    assert all(np.isfinite(value).all() for value in leaves(found).values())
