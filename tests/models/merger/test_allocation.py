"""A price allocated: what goodwill is, what it is not, and the books that open after it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from tests.models.merger.sound import allocations, an_allocation
from tests.models.sound import rates
from valor_core.errors import ValorError
from valor_core.models.catalogue import checks_of
from valor_core.models.conventions import conventions_of
from valor_core.models.fields import leaves
from valor_core.models.merger.allocation import (
    Books,
    Closing,
    GoodwillMethod,
    purchase_price_allocation,
)
from valor_core.models.merger.refusals import (
    DealTaxOutOfRange,
    MergerAmountNegative,
    StakeOutOfRange,
)
from valor_core.models.merger.write_ups import Asset, WriteUp
from valor_core.models.refusals import YearsOutOfRange
from valor_core.models.sensitivity import replace_at


@given(deal=allocations())
def test_the_opening_balance_sheet_closes(deal):
    result = purchase_price_allocation(deal)

    financed = result.opening_total_liabilities_and_equity
    assert result.opening_total_assets == pytest.approx(financed, rel=1e-12)


@given(deal=allocations())
def test_goodwill_is_what_all_owners_hold_above_net_assets(deal):
    result = purchase_price_allocation(deal)

    owned = deal.equity_price + result.minority_interest
    over = result.goodwill - result.bargain_gain
    assert over == pytest.approx(owned - result.net_identifiable_assets, rel=1e-9, abs=1e-9)
    assert min(result.goodwill, result.bargain_gain) == 0.0


@given(deal=allocations(), rise=rates(1.0, 50.0))
def test_a_write_up_moves_out_of_goodwill_only_what_tax_leaves_of_it(deal, rise):
    whole = replace(deal, stake=1.0)
    more = replace(whole, write_ups=(*whole.write_ups, WriteUp(amount=rise, life=5.0)))

    before, after = purchase_price_allocation(whole), purchase_price_allocation(more)

    assume(after.goodwill > 0.0)
    tax = 0.0 if deal.tax_base_stepped_up else deal.tax
    assert before.goodwill - after.goodwill == pytest.approx(rise * (1.0 - tax), rel=1e-6)


@given(deal=allocations(), old=rates(0.0, 500.0))
def test_goodwill_of_the_targets_own_deals_does_not_matter(deal, old):
    other = replace(deal, books=replace(deal.books, goodwill=old))

    ours, theirs = purchase_price_allocation(deal), purchase_price_allocation(other)

    assert theirs.goodwill == pytest.approx(ours.goodwill, abs=1e-9)


@given(deal=allocations())
def test_full_goodwill_exceeds_partial_by_the_minoritys_part_of_it(deal):
    paid = replace(deal, equity_price=3_000.0, minority_value=None)
    full, partial = (
        purchase_price_allocation(replace(paid, goodwill_method=method))
        for method in (GoodwillMethod.FULL, GoodwillMethod.PARTIAL)
    )

    rest = 1.0 - deal.stake
    assert full.goodwill - partial.goodwill == pytest.approx(full.goodwill * rest, rel=1e-9)


@given(deal=allocations())
def test_all_that_was_written_up_for_a_life_is_charged_once(deal):
    long = replace(deal, years=12)

    result = purchase_price_allocation(long)

    lived = sum(each.amount for each in deal.write_ups if each.life is not None)
    assert result.charges.sum() == pytest.approx(lived, abs=1e-9)
    kinds = result.depreciation + result.amortisation + result.inventory_charge
    assert kinds == pytest.approx(result.charges)


def test_each_kind_of_asset_is_charged_in_its_line():
    write_ups = tuple(
        WriteUp(amount=amount, life=life, asset=asset)
        for amount, life, asset in [
            (90.0, 9.0, Asset.TANGIBLE),
            (40.0, 2.5, Asset.INTANGIBLE),
            (30.0, None, Asset.INTANGIBLE),
            (12.0, 1.0, Asset.INVENTORY),
        ]
    )

    result = purchase_price_allocation(an_allocation(years=3, write_ups=write_ups))

    assert result.depreciation.tolist() == [10.0, 10.0, 10.0]
    assert result.amortisation.tolist() == [16.0, 16.0, 8.0]
    assert result.inventory_charge.tolist() == [12.0, 0.0, 0.0]
    assert result.deferred_tax_liability == 43.0
    assert result.deferred_tax.tolist() == [33.5, 27.0, 22.5]


def test_without_a_new_financing_equity_pays_and_debt_stays():
    result = purchase_price_allocation(an_allocation())

    assert result.opening_total_equity == 1_000.0
    assert result.opening_debt == 410.0
    assert result.opening_total_assets == 1_630.0 + 65.0 + 195.0


def test_a_fair_price_is_not_told_to_look_for_a_liability():
    fair = an_allocation()

    told = {each.name: each.message for each in checks_of(fair, purchase_price_allocation(fair))}

    assert told["bargain"] == "The price is no less than the net assets, so no gain is booked."


def test_a_purchase_below_net_assets_is_a_gain_and_no_negative_goodwill():
    cheap = an_allocation(equity_price=700.0)

    result = purchase_price_allocation(cheap)

    assert (result.goodwill, result.bargain_gain) == (0.0, 105.0)
    assert result.opening_total_equity == 805.0
    assert [each.name for each in checks_of(cheap, result) if not each.passed] == ["bargain"]


def test_means_that_do_not_cover_the_uses_are_asked_about():
    short = an_allocation(closing=Closing(equity=900.0, debt_repaid=100.0))

    result = purchase_price_allocation(short)

    assert result.opening_cash == -135.0
    assert [each.name for each in checks_of(short, result) if not each.passed] == ["cash"]


def test_the_conventions_tell_the_minority_and_the_tax():
    told = conventions_of(
        an_allocation(goodwill_method=GoodwillMethod.PARTIAL, tax_base_stepped_up=True)
    )

    assert told["Minority interest"] == "at its part of net assets"
    assert told["Deferred tax"] == "the tax base rises too, so no tax is deferred"


REFUSED = [
    (StakeOutOfRange, {"stake": 0.0}),
    (StakeOutOfRange, {"stake": 1.01}),
    (DealTaxOutOfRange, {"tax": -0.1}),
    (MergerAmountNegative, {"closing": Closing(equity=1.0, new_debt=-1.0)}),
    (YearsOutOfRange, {"years": 0}),
]


@pytest.mark.parametrize(("refusal", "changes"), REFUSED)
def test_an_allocation_that_cannot_be_is_refused(refusal, changes):
    with pytest.raises(refusal):
        purchase_price_allocation(an_allocation(**changes))


def test_a_batch_of_prices_has_a_goodwill_each():
    prices = np.array([700.0, 1_000.0, 1_200.0])

    result = purchase_price_allocation(an_allocation(equity_price=prices))

    assert result.goodwill.tolist() == [0.0, 195.0, 395.0]


@given(st.data())
def test_an_allocation_has_finite_numbers_or_is_refused(data):
    extremes = st.sampled_from([0.0, -0.0, 1.0, -1.0, 5e-324, 1e100, -1e100, 1e308, -1e308])
    deal = data.draw(allocations())
    for path in data.draw(st.sets(st.sampled_from(sorted(leaves(deal))), max_size=3)):
        deal = replace_at(deal, path, data.draw(extremes))
    try:
        result = purchase_price_allocation(deal)
    except ValorError as refusal:
        event(refusal.code)
        return
    for path, value in leaves(result).items():
        assert np.isfinite(value).all(), path


def test_equity_is_what_assets_leave_after_liabilities():
    books = Books(
        identifiable_assets=10.0, cash=5.0, goodwill=3.0, operating_liabilities=4.0, debt=6.0
    )

    assert books.equity == 8.0
