"""Sources equal uses whatever the deal; what cannot be funded is refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.sound import rates
from valor_core.models.lbo import refusals
from valor_core.models.lbo.funding import Purchase, sources_and_uses
from valor_core.models.lbo.tranches import Revolver, Tranche

DEAL = Purchase(ebitda=100.0, multiple=10.0, debt=200.0, cash=50.0, cash_used=30.0)

tranches = st.builds(
    Tranche, face=rates(0.0, 500.0), cash_rate=rates(0.0, 0.2), issue_price=rates(0.8, 1.0),
    fee=rates(0.0, 0.05),
)  # fmt: skip
purchases = st.builds(
    Purchase,
    ebitda=rates(1.0, 500.0),
    multiple=rates(0.0, 20.0),
    debt=rates(0.0, 900.0),
    cash=rates(50.0, 900.0),
    cash_used=rates(0.0, 50.0),
    cash_funded=rates(0.0, 50.0),
    rollover=rates(0.0, 50.0),
    fees=rates(0.0, 50.0),
    fee_rate=rates(0.0, 0.05),
    financing_fees=rates(0.0, 50.0),
    other_uses=rates(0.0, 50.0),
)


@given(purchases, st.lists(tranches, max_size=4))
def test_sources_equal_uses_and_the_lines_add_up(purchase, layers):
    deal = sources_and_uses(purchase, layers)

    sources = deal.debt + deal.rollover + deal.cash_used + deal.sponsor_equity
    uses = (
        deal.equity_price + deal.refinanced_debt + deal.transaction_fees + deal.financing_fees
        + deal.issue_discount + deal.cash_funded + deal.other_uses
    )  # fmt: skip
    scale = 1e-12 * max(abs(deal.total_uses), deal.debt, abs(deal.sponsor_equity), 1.0)
    assert sources == pytest.approx(deal.total_uses, abs=scale)
    assert uses == pytest.approx(deal.total_uses, abs=scale)


@given(purchases, tranches)
def test_a_discount_costs_the_sponsor_what_the_lenders_keep(purchase, layer):
    at_par = sources_and_uses(purchase, [replace(layer, issue_price=1.0)])

    placed = sources_and_uses(purchase, [layer])

    kept = layer.face * (1.0 - layer.issue_price)
    assert placed.sponsor_equity - at_par.sponsor_equity == pytest.approx(kept, abs=1e-8)
    assert placed.leverage == at_par.leverage  # interest is paid on face, so it counts as face


def test_debt_of_the_company_does_not_change_what_a_buyer_pays_for_it_in_all():
    poor = sources_and_uses(replace(DEAL, debt=400.0))
    rich = sources_and_uses(replace(DEAL, debt=0.0))

    assert poor.equity_price == rich.equity_price - 400.0
    assert poor.total_uses == rich.total_uses


@pytest.mark.parametrize(
    ("purchase", "layers", "error"),
    [
        ({"ebitda": 0.0}, {}, refusals.EntryEbitdaNotPositive),
        ({"rollover": -1.0}, {}, refusals.DealAmountNegative),
        ({"fee_rate": 2.0}, {}, refusals.DealRateOutOfRange),
        ({"cash_used": 51.0}, {}, refusals.CashUsedExceedsCash),
        ({}, {"issue_price": 98.0}, refusals.IssuePriceOutOfRange),
        ({}, {"face": -1.0}, refusals.DealAmountNegative),
    ],
)
def test_what_no_deal_can_state_is_refused(purchase, layers, error):
    layer = replace(Tranche(face=10.0, cash_rate=0.05), **layers)

    with pytest.raises(error):
        sources_and_uses(replace(DEAL, **purchase), [layer])


def test_more_drawn_than_committed_is_refused():
    with pytest.raises(refusals.DrawnExceedsCommitment, match="drawn by 60 of a commitment of 50"):
        sources_and_uses(DEAL, (), Revolver(commitment=50.0, drawn=60.0, cash_rate=0.05))


def test_one_bad_scenario_does_not_lose_the_others():
    deal = sources_and_uses(replace(DEAL, multiple=np.array([9.0, -1.0, 11.0])))

    assert np.isnan(deal.sponsor_equity).tolist() == [False, True, False]
