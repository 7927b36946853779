"""Laws that hold for every deal, a second route to its income, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from tests.models.merger.sound import a_deal, a_target, an_acquirer, deals, existing
from tests.models.sound import rates
from valor_core.errors import ValorError
from valor_core.models import refusals
from valor_core.models.catalogue import checks_of, model_of
from valor_core.models.codec import dump, load
from valor_core.models.conventions import conventions_of
from valor_core.models.dilution import OptionTranche, Shares
from valor_core.models.fields import leaves
from valor_core.models.merger.allocation import Books
from valor_core.models.merger.consideration import Exchange, Offer
from valor_core.models.merger.financing import Financing
from valor_core.models.merger.merger import MergerInputs, merger
from valor_core.models.merger.refusals import (
    DealTaxOutOfRange,
    JudgedYearOutOfRange,
    LifeNotPositive,
    MergerAmountNegative,
    MixOutOfRange,
    OfferNotPositive,
    PartOutOfRange,
    SynergiesGrowTooFast,
    SynergyRateTooLow,
)
from valor_core.models.merger.synergies import Synergies
from valor_core.models.merger.write_ups import Asset, WriteUp
from valor_core.models.sensitivity import grid, replace_at


@given(deal=deals())
def test_what_is_raised_is_what_is_used(deal):
    result = merger(deal)

    raised = result.cash_used + result.new_debt + result.paid_in_stock
    assert raised == pytest.approx(result.total_uses, rel=1e-12)


@given(deal=deals())
def test_the_combined_balance_sheet_closes(deal):
    acquirer, target = (
        replace(party, books=party.books or Books(identifiable_assets=700.0, cash=90.0))
        for party in (deal.acquirer, deal.target)
    )
    opening = existing(merger(replace(deal, acquirer=acquirer, target=target)).opening)

    assert opening.total_assets == pytest.approx(opening.total_liabilities_and_equity, rel=1e-12)


@given(deal=deals())
def test_at_the_break_even_price_nothing_is_diluted(deal):
    price = existing(merger(deal).break_even_price)

    again = merger(replace(deal, offer=replace(deal.offer, price=price, premium=None)))
    assert again.judged_accretion == pytest.approx(0.0, abs=1e-9)
    assert again.premium == pytest.approx(merger(deal).break_even_premium, rel=1e-9)


@given(deal=deals())
def test_a_higher_price_than_the_break_even_dilutes_and_a_lower_one_adds(deal):
    price = existing(merger(deal).break_even_price)

    below, above = (
        merger(replace(deal, offer=replace(deal.offer, price=price * part, premium=None)))
        for part in (0.99, 1.01)
    )
    assert below.judged_accretion > 0.0 > above.judged_accretion


@given(deal=deals())
def test_at_the_break_even_part_of_stock_nothing_is_diluted(deal):
    stock = existing(merger(deal).break_even_stock)

    scale = (1.0 - stock) / (deal.offer.cash + deal.offer.debt)
    mixed = replace(deal.offer, cash=deal.offer.cash * scale, debt=deal.offer.debt * scale)
    assert merger(replace(deal, offer=mixed)).judged_accretion == pytest.approx(0.0, abs=1e-9)


@given(deal=deals())
def test_with_the_synergies_that_lack_nothing_is_diluted(deal):
    lacking = merger(replace(deal, synergies=None)).break_even_synergies

    found = Synergies(costs_saved=1.0, phasing=lacking, discount_rate=0.1)
    again = merger(replace(deal, synergies=found))
    assert again.accretion == pytest.approx(np.zeros(len(lacking)), abs=1e-9)


@given(deal=deals())
def test_all_that_is_gained_is_the_synergies_less_the_fees(deal):
    result, terms = merger(deal), deal.financing

    fees = terms.advisory_fees + terms.financing_fees + terms.issue_costs
    gained = result.gain_of_acquirer + result.gain_of_target
    assert gained == pytest.approx(result.value_of_synergies - fees, abs=1e-6)


def test_paid_in_money_the_acquirer_gains_the_synergies_less_the_premium():
    saved = Synergies(costs_saved=20.0, discount_rate=0.1, growth=0.02)

    result = merger(a_deal(offer=Offer(price=12.0, cash=1.0), synergies=saved))

    assert result.value_of_synergies == pytest.approx(20.0 * 0.6 / (0.1 - 0.02) * _first(0.02))
    assert result.gain_of_acquirer == pytest.approx(result.synergies_less_premium)
    assert result.gain_of_target == pytest.approx(result.premium_paid) == pytest.approx(100.0)


def _first(growth):
    """Two level years before growth sets in, over growth from the first year on."""
    return ((1 / 1.1 + 1 / 1.1**2) * (0.1 - growth)) + (1 + growth) / 1.1**2


@given(price=rates(5.0, 30.0), earned=rates(10.0, 80.0))
def test_a_stock_deal_adds_where_the_acquirer_trades_at_more_times_earnings(price, earned):
    target = a_target(tax=0.4, ebit=[earned, earned])

    result = merger(a_deal(offer=Offer(price=price), target=target))

    ours = 10.0 / result.acquirer_eps[0]
    theirs = price * 50.0 / (earned * 0.6)
    assume(abs(ours / theirs - 1.0) > 1e-9)
    assert (result.judged_accretion > 0.0) == (ours > theirs)


@given(price=rates(5.0, 30.0), cash=rates(0.0, 0.5), debt=rates(0.0, 0.5))
def test_without_synergies_a_deal_adds_where_the_target_yields_more_than_its_funding_costs(
    price, cash, debt
):
    alike = a_target(tax=0.4)

    result = merger(a_deal(offer=Offer(price=price, cash=cash, debt=debt), target=alike))

    more = result.target_earnings_yield - result.cost_of_funding
    assume(abs(more) > 1e-9)
    assert (result.judged_accretion > 0.0) == (more > 0.0)


@given(deal=deals(), k=rates(0.01, 100.0))
def test_in_another_currency_a_deal_is_the_same_deal(deal, k):
    other = deal
    for path, value in leaves(deal).items():
        if not _is_free_of_money(path):
            other = replace_at(other, path, value * k)

    ours, theirs = merger(deal), merger(other)

    assert theirs.eps == pytest.approx(ours.eps * k, rel=1e-9)
    assert theirs.exchange_ratio == pytest.approx(ours.exchange_ratio, rel=1e-9)
    assert theirs.gain_of_acquirer == pytest.approx(ours.gain_of_acquirer * k, rel=1e-9, abs=1e-6)


def _is_free_of_money(path):
    name = path.rpartition(".")[2]
    free = {"basic", "number", "tax", "cash", "debt", "premium", "life", "phasing", "growth"}
    free |= {"debt_repaid", "financing_fees_life", "others_from_debt", "added_margin"}
    of_books = ".books." in path
    return (name in free and not of_books) or name.endswith("rate")


@given(deal=deals(), k=st.integers(2, 10))
def test_a_split_of_the_targets_shares_changes_nothing_but_the_ratio(deal, k):
    target = deal.target
    split = replace(
        target,
        share_price=target.share_price / k,
        shares=Shares(
            basic=target.shares.basic * k,
            options=tuple(
                OptionTranche(number=each.number * k, strike=each.strike / k)
                for each in target.shares.options
            ),
        ),
    )
    price = None if deal.offer.price is None else deal.offer.price / k

    ours = merger(deal)
    theirs = merger(replace(deal, target=split, offer=replace(deal.offer, price=price)))

    assert theirs.eps == pytest.approx(ours.eps, rel=1e-9)
    assert theirs.exchange_ratio * k == pytest.approx(ours.exchange_ratio, rel=1e-9)


@given(deal=deals())
def test_income_by_a_second_route_of_plain_numbers(deal):
    """Both net incomes, each adjustment after tax, and the difference of the two tax rates."""
    result, terms = merger(deal), deal.financing
    tax = deal.acquirer.tax if deal.tax is None else deal.tax
    left, book = 1.0, 0.0
    write_ups = [(each.amount, each.life) for each in deal.write_ups if each.life]
    for year, income in enumerate(result.net_income):
        pretax = [
            party.ebit[year] + (0.0 if party.net_interest is None else party.net_interest[year])
            for party in (deal.acquirer, deal.target)
        ]
        change = sum(
            alone * (party.tax - tax)
            for alone, party in zip(pretax, (deal.acquirer, deal.target), strict=True)
        )
        charges = sum(
            sum(1 for month in range(120) if year + (month + 0.5) / 120 < life) / 120 * a / life
            for a, life in write_ups
        )
        charges += (
            terms.financing_fees
            / terms.financing_fees_life
            * min(max(terms.financing_fees_life - year, 0.0), 1.0)
        )
        interest = (result.cash_used * terms.cash_rate) + (
            result.new_debt * left * terms.debt_rate - terms.refinanced * terms.refinanced_rate
        )
        left -= 0.0 if terms.debt_repaid is None else terms.debt_repaid[year]
        synergies = result.synergies[year] - result.costs_to_achieve[year]
        alone = result.acquirer_net_income[year] + result.target_net_income[year]
        book = alone + change + (synergies - charges - interest) * (1.0 - tax)
        assert income == pytest.approx(book, rel=1e-9)


@given(deal=deals())
def test_deferred_tax_is_released_as_write_ups_are_charged(deal):
    result = merger(deal)

    rate = deal.acquirer.tax if deal.tax is None else deal.tax
    rate = 0.0 if deal.tax_base_stepped_up else rate
    assert result.deferred_tax_released == pytest.approx(result.write_up_charges * rate)
    if result.allocation is not None:
        whole = result.allocation.deferred_tax_liability
        assert result.deferred_tax[-1] == pytest.approx(
            whole - result.deferred_tax_released.sum(), abs=1e-9
        )


@given(deal=deals(), premiums=st.lists(rates(-0.2, 1.0), min_size=2, max_size=6))
def test_a_scenario_is_valued_as_alone_to_the_bit(deal, premiums):
    offer = replace(deal.offer, price=None, premium=0.2)
    batch = replace(deal, offer=replace(offer, premium=np.array(premiums)))

    together = dump(merger(batch))
    for place, premium in enumerate(premiums):
        alone = merger(replace(deal, offer=replace(offer, premium=premium)))
        assert together["judged_accretion"][place] == alone.judged_accretion
        assert together["gain_of_acquirer"][place] == alone.gain_of_acquirer
        found = together["break_even_price"]
        known = found[place] if isinstance(found, list) else found
        assert known == alone.break_even_price


def test_a_grid_over_premium_and_mix_holds_the_deal_itself():
    deal = a_deal(offer=Offer(premium=0.2, cash=0.25, debt=0.25))

    table = grid(
        deal, ("offer.premium", [0.1, 0.2]), ("offer.cash", [0.25, 0.9]), field="judged_accretion"
    )

    assert table.values[1, 0] == merger(deal).judged_accretion
    assert {type(reason) for reason in table.reasons.values()} == {MixOutOfRange}


def test_cash_earnings_leave_out_what_write_ups_charge():
    deal = a_deal(write_ups=(WriteUp(amount=50.0, life=5.0, asset=Asset.TANGIBLE),))

    result = merger(deal)

    assert result.eps == pytest.approx(merger(a_deal()).eps - 10.0 * 0.6 / 120.0)
    assert result.cash_eps == pytest.approx(merger(a_deal()).eps)


def test_debt_that_is_repaid_bears_interest_on_what_is_left():
    terms = Financing(debt_rate=0.1, debt_repaid=[0.75, 0.75])

    result = merger(a_deal(financing=terms, offer=Offer(price=10.0, debt=1.0)))

    assert result.new_interest.tolist() == [50.0, 12.5]
    assert result.new_debt_left.tolist() == [125.0, 0.0]


def test_goodwill_at_closing_follows_the_acquirers_price_where_the_ratio_is_fixed():
    target = a_target(books=Books(identifiable_assets=300.0))
    offer = Offer(price=12.0, closing_price=11.0)

    fixed_ratio = merger(a_deal(target=target, offer=offer))
    fixed_value = merger(a_deal(target=target, offer=replace(offer, exchange=Exchange.FIXED_VALUE)))

    assert fixed_ratio.allocation is not None
    assert fixed_value.allocation is not None
    assert fixed_ratio.allocation.goodwill == pytest.approx(660.0 - 300.0)
    assert fixed_value.allocation.goodwill == pytest.approx(600.0 - 300.0)
    assert fixed_value.new_shares == pytest.approx(600.0 / 11.0)


def test_contributions_stand_beside_ownership_and_need_earnings_of_both():
    result = merger(a_deal())
    loses = merger(a_deal(target=a_target(ebit=[-1.0, 45.0])))

    assert result.revenue_contributed is not None
    assert result.revenue_contributed.tolist() == pytest.approx([1 / 3, 110 / 360])
    assert result.target_ownership == pytest.approx(20.0 / 120.0)
    assert loses.ebit_contributed is None
    assert loses.revenue_contributed is not None


def test_no_price_avoids_dilution_where_fees_eat_what_the_target_earns():
    poor = a_target(ebit=[1.0, 1.0])
    terms = Financing(financing_fees=100.0, financing_fees_life=5.0, debt_rate=0.05)

    result = merger(a_deal(target=poor, financing=terms))

    assert result.break_even_price is None
    assert result.break_even_premium is None
    assert result.break_even_synergies[0] > 0.0


def test_accretion_of_a_loss_has_no_percentage():
    result = merger(a_deal(acquirer=an_acquirer(ebit=[-80.0, 110.0])))

    assert result.accretion_percent is None
    assert result.accretion[0] > 0.0


REFUSED = {
    MixOutOfRange: {"offer": Offer(price=12.0, cash=0.7, debt=0.4)},
    OfferNotPositive: {"offer": Offer(premium=-1.0)},
    refusals.ChooseOne: {"offer": Offer(price=12.0, premium=0.2)},
    DealTaxOutOfRange: {"tax": 1.0},
    JudgedYearOutOfRange: {"judged_year": 3},
    MergerAmountNegative: {"financing": Financing(refinanced=-1.0)},
    PartOutOfRange: {"financing": Financing(others_from_debt=1.5)},
    LifeNotPositive: {"write_ups": (WriteUp(amount=1.0, life=0.0),)},
    SynergiesGrowTooFast: {"synergies": Synergies(discount_rate=0.05, growth=0.05)},
    SynergyRateTooLow: {"synergies": Synergies(discount_rate=-1.0)},
    refusals.LengthDoesNotFit: {"target": a_target(ebit=[1.0])},
    refusals.SharesNotPositive: {"target": a_target(shares=Shares(basic=0.0))},
    refusals.PriceNotPositive: {"acquirer": an_acquirer(share_price=0.0)},
}


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda kind: kind.code)
def test_a_deal_that_cannot_be_is_refused_with_its_reason(refusal):
    with pytest.raises(refusal):
        merger(a_deal(**REFUSED[refusal]))


def test_what_deserves_a_question_is_asked():
    books = Books(identifiable_assets=900.0, debt=100.0)
    dear = a_deal(
        acquirer=an_acquirer(books=books, depreciation=[5.0, 5.0]),
        target=a_target(books=books, depreciation=[5.0, 5.0]),
        offer=Offer(price=25.0, debt=1.0),
        financing=Financing(debt_rate=0.01, refinanced=101.0, others_from_debt=0.0),
    )
    failed = {each.name for each in checks_of(dear, merger(dear)) if not each.passed}

    assert failed == {"accretion_and_value", "premium", "cash", "refinancing", "leverage"}
    assert [each.name for each in checks_of(a_deal(), merger(a_deal())) if not each.passed] == []


def test_a_bargain_and_a_loss_are_asked_about():
    deal = a_deal(
        target=a_target(ebit=[-500.0, 45.0], books=Books(identifiable_assets=900.0)),
        offer=Offer(price=12.0),
    )

    failed = {each.name for each in checks_of(deal, merger(deal)) if not each.passed}

    assert failed == {"losses", "bargain"}


def test_the_conventions_tell_how_stock_is_promised():
    told = conventions_of(a_deal(offer=Offer(price=12.0, exchange=Exchange.FIXED_VALUE)))

    assert told["Stock"].startswith("a fixed value; booked")


@given(deal=deals())
@settings(max_examples=20)
def test_a_deal_survives_json(deal):
    again = load(MergerInputs, dump(deal))

    assert dump(again) == dump(deal)
    assert model_of(again).headline == "judged_accretion"


@given(st.data())
def test_a_deal_has_finite_numbers_or_is_refused(data):
    extremes = st.sampled_from([0.0, -0.0, 1.0, -1.0, 5e-324, 1e100, -1e100, 1e308, -1e308])
    deal = data.draw(deals())
    for path in data.draw(st.sets(st.sampled_from(sorted(leaves(deal))), max_size=3)):
        size = np.shape(leaves(deal)[path])
        value = data.draw(extremes)
        deal = replace_at(deal, path, np.full(size, value) if size else value)
    try:
        result = merger(deal)
    except ValorError as refusal:
        event(refusal.code)
        return
    for path, value in leaves(result).items():
        assert np.isfinite(value).all(), path
    checks_of(deal, result)
