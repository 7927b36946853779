"""Multiples of peers: what has none, how they lie, and what they make of a company."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.models.comparables.sound import (
    BY_EBITDA,
    a_company,
    a_peer,
    comparisons,
    priced_at,
    some_comparables,
)
from tests.models.sound import rates
from valor_core.errors import ValorError
from valor_core.models import refusals
from valor_core.models.bridge import Bridge
from valor_core.models.catalogue import checks_of
from valor_core.models.codec import dump, load
from valor_core.models.comparables.comparables import (
    ComparablesInputs,
    PeerKind,
    Weights,
    comparables,
    excluded,
    multiples_of,
)
from valor_core.models.comparables.figures import (
    Figures,
    calendarised,
    last_twelve_months,
    months_within,
)
from valor_core.models.comparables.refusals import (
    ControlPremiumTooLow,
    MonthOutOfRange,
    MultipleWeightNegative,
    NextYearMissing,
    NoMultiple,
)
from valor_core.models.comparables.statistics import quantile, spread_of
from valor_core.models.conventions import conventions_of
from valor_core.models.dilution import OptionTranche, Shares
from valor_core.models.fields import leaves
from valor_core.models.sensitivity import grid, replace_at


@given(row=st.lists(rates(0.1, 50.0), min_size=1, max_size=12), part=rates(0.0, 1.0))
def test_quantiles_are_those_of_numpy_and_what_has_no_meaning_is_not_counted(row, part):
    holes = np.array([np.nan, *row, np.nan])

    assert quantile(holes, part) == pytest.approx(np.quantile(row, part), rel=1e-12)


@given(row=st.lists(rates(0.1, 50.0), min_size=1, max_size=12))
def test_the_statistics_stand_in_their_order(row):
    spread = spread_of(np.array(row), len(row) + 2)

    near = 1e-9
    assert spread.lowest <= spread.lower_quartile <= spread.median <= spread.upper_quartile
    assert spread.upper_quartile <= spread.highest
    assert spread.lowest - near <= spread.harmonic_mean <= spread.average + near
    assert spread.average <= spread.highest + near
    assert (spread.used, spread.excluded) == (len(row), 2)


def test_a_company_is_worth_the_median_of_its_peers_over_its_bridge():
    result = comparables(some_comparables())

    by_ebitda = result.ev_ebitda
    assert by_ebitda is not None
    assert by_ebitda.multiples.tolist() == [8.0, 9.0, 11.0, 16.0]
    assert by_ebitda.spread.median == 10.0
    assert (by_ebitda.spread.lower_quartile, by_ebitda.spread.upper_quartile) == (8.75, 12.25)
    assert result.value_per_share == (10.0 * 30.0 - 50.0) / 20.0
    assert result.value_per_share_low == (8.75 * 30.0 - 50.0) / 20.0
    assert result.value_per_share_high == (12.25 * 30.0 - 50.0) / 20.0


@given(deal=comparisons())
def test_a_company_that_is_one_of_its_own_peers_is_worth_its_price(deal):
    peer = deal.peers[0]
    itself = replace(
        deal.company,
        price=peer.price,
        shares=peer.shares,
        bridge=peer.bridge,
        figures=peer.figures,
        next_figures=peer.next_figures,
        year_end=peer.year_end,
        growth=peer.growth,
    )
    weights = replace(deal.weights, premium_paid=0.0)
    alone = replace(deal, company=itself, peers=(peer,), control_premium=0.0, weights=weights)

    result = comparables(alone)

    assert result.value_per_share == pytest.approx(peer.price, rel=1e-9)
    for name in ("ev_revenue", "ev_ebitda", "ev_ebit", "price_earnings", "price_book", "peg"):
        value = getattr(result, name)
        assert value is None or value.own == pytest.approx(value.spread.median, rel=1e-12)


@given(deal=comparisons(), k=rates(0.01, 100.0))
def test_in_another_currency_a_company_is_worth_as_much(deal, k):
    other = deal
    for path, value in leaves(deal).items():
        name = path.rpartition(".")[2]
        free = {"basic", "number", "growth", "highest", "control_premium"}
        if name not in free and not path.startswith("weights."):
            other = replace_at(other, path, value * k)

    ours, theirs = comparables(deal), comparables(other)

    assert theirs.value_per_share == pytest.approx(ours.value_per_share * k, rel=1e-9)


@given(deal=comparisons(), more=rates(0.01, 0.5))
def test_dearer_peers_make_a_company_dearer(deal, more):
    deal = replace(deal, highest=1e12)  # so that no peer is left out for being dear
    peers = tuple(replace(each, price=each.price * (1.0 + more)) for each in deal.peers)

    ours, theirs = comparables(deal), comparables(replace(deal, peers=peers))

    assert theirs.value_per_share > ours.value_per_share


@given(deal=comparisons(), order=st.randoms())
def test_the_order_of_peers_does_not_matter(deal, order):
    peers = list(deal.peers)
    order.shuffle(peers)

    shuffled = comparables(replace(deal, peers=tuple(peers)))

    assert shuffled.value_per_share == pytest.approx(comparables(deal).value_per_share, rel=1e-12)


def test_a_loss_has_no_multiple_and_is_never_sorted_among_the_rest():
    earns = [replace(a_peer(), figures=Figures(net_income=income)) for income in (50.0, 40.0)]
    loses = replace(a_peer(), name="Loser", figures=Figures(net_income=-1.0))
    weights = Weights(ev_ebitda=0.0, ev_ebit=0.0)

    inputs = some_comparables(peers=(*earns, loses), weights=weights)
    value = comparables(inputs).price_earnings

    assert value is not None
    assert value.multiples.tolist() == [20.0, 25.0]
    assert (value.spread.used, value.spread.excluded) == (2.0, 1.0)
    assert [(each.peer, each.multiple) for each in excluded(inputs)] == [("Loser", "P/E")]


REASONS = [
    (a_peer(figures=Figures(ebitda=0.0)), "its EBITDA is not above 0"),
    (a_peer(figures=Figures(ebitda=1.0)), "its EBITDA is tiny beside what it is priced at"),
    (a_peer(bridge=Bridge.of(cash=2_000.0)), "what it is priced at is not above 0"),
]


@pytest.mark.parametrize(("peer", "reason"), REASONS)
def test_a_peer_is_left_out_with_its_reason(peer, reason):
    inputs = some_comparables(peers=(*priced_at(8.0), peer))

    assert reason in {each.reason for each in excluded(inputs)}
    value = comparables(inputs).ev_ebitda
    assert value is not None
    assert value.spread.excluded == 1.0


def test_a_peer_without_a_price_takes_no_part_and_says_so():
    priced = some_comparables()
    waiting = replace(priced, peers=(*priced.peers, a_peer(name="Waiting", price=None)))

    assert comparables(waiting).value_per_share == comparables(priced).value_per_share
    assert [(each.peer, each.reason) for each in excluded(waiting)] == [
        ("Waiting", "its price is not stated")
    ]
    assert multiples_of(waiting)["ev_ebitda"] == (8.0, 9.0, 11.0, 16.0, None)


def test_a_high_yield_is_cheap():
    peers = tuple(a_peer(figures=Figures(free_cash_flow=flow)) for flow in (50.0, 100.0, 200.0))
    company = a_company(figures=Figures(free_cash_flow=20.0))
    weights = Weights(ev_ebitda=0.0, ev_ebit=0.0, price_earnings=0.0, fcf_yield=1.0)

    result = comparables(some_comparables(peers=peers, company=company, weights=weights))

    assert result.value_per_share == pytest.approx(20.0 / 0.1 / 20.0)
    assert result.value_per_share_low == pytest.approx(20.0 / 0.15 / 20.0)
    assert result.value_per_share_high == pytest.approx(20.0 / 0.075 / 20.0)


def test_growth_is_divided_in_per_cent_and_losses_that_shrink_have_no_peg():
    grows = a_peer(growth=0.1)  # P/E of 20 at 10 %: a PEG of 2
    shrinks = a_peer(growth=-0.1, figures=Figures(net_income=-50.0))
    weights = Weights(ev_ebitda=0.0, ev_ebit=0.0, price_earnings=0.0, peg=1.0)

    result = comparables(
        some_comparables(peers=(grows, shrinks), company=a_company(growth=0.05), weights=weights)
    )

    assert result.peg is not None
    assert result.peg.multiples.tolist() == [2.0]
    assert result.value_per_share == pytest.approx(2.0 * 5.0 * 15.0 / 20.0)


def test_the_premium_of_deals_raises_the_companys_own_price():
    deals = tuple(a_peer(unaffected_price=price) for price in (8.0, 5.0, 6.25))
    weights = Weights(ev_ebitda=0.0, ev_ebit=0.0, price_earnings=0.0, premium_paid=1.0)

    result = comparables(
        some_comparables(
            peers=deals, company=a_company(price=20.0), weights=weights, kind=PeerKind.DEALS
        )
    )

    assert result.value_per_share == pytest.approx(32.0)  # the median deal paid 60 % above


def test_options_dilute_at_the_valued_price():
    shares = Shares(basic=20.0, options=(OptionTranche(number=5.0, strike=10.0),))

    result = comparables(some_comparables(company=a_company(shares=shares)))

    assert result.value_per_share == pytest.approx((250.0 + 50.0) / 25.0)


def test_control_is_paid_for_once():
    with_control = some_comparables(control_premium=0.2)

    result = comparables(with_control)

    assert result.value_per_share == pytest.approx(1.2 * result.value_before_control)
    of_deals = replace(with_control, kind=PeerKind.DEALS)
    asked = {each.name for each in checks_of(of_deals, comparables(of_deals)) if not each.passed}
    assert asked == {"control_once"}
    assert [each.name for each in checks_of(with_control, result) if not each.passed] == []


def test_few_peers_and_peers_of_two_kinds_are_asked_about():
    few = some_comparables(peers=(*priced_at(4.0, 30.0), a_peer(figures=Figures(ebitda=-1.0))))

    failed = {each.name for each in checks_of(few, comparables(few)) if not each.passed}

    assert failed == {"peers", "range", "excluded"}


def test_years_of_different_ends_are_made_alike():
    june = a_peer(year_end=6, figures=Figures(ebitda=80.0), next_figures=Figures(ebitda=160.0))

    result = comparables(some_comparables(peers=(june,))).ev_ebitda
    as_they_are = comparables(some_comparables(peers=(june,), common_year_end=0)).ev_ebitda

    assert result is not None
    assert as_they_are is not None
    assert result.multiples.tolist() == [10.0]
    assert as_they_are.multiples.tolist() == [15.0]


@given(month=st.integers(1, 12), common=st.integers(1, 12))
def test_a_year_lies_in_the_common_one_by_its_months(month, common):
    ends = [(month - common) % 12, 12]

    assert months_within(month, common) == (ends[0] or 12)


def test_figures_that_are_not_known_stay_unknown():
    known, part = Figures(revenue=100.0, book_equity=40.0), Figures(revenue=30.0, book_equity=45.0)

    ltm = last_twelve_months(known, part, Figures(revenue=20.0, ebitda=3.0))

    assert ltm == Figures(revenue=110.0, book_equity=45.0)
    assert calendarised(known, part, 12) == known
    assert calendarised(known, part, 6) == Figures(revenue=65.0, book_equity=42.5)


REFUSED = [
    (NoMultiple, {"peers": ()}),
    (NoMultiple, {"company": a_company(figures=Figures(ebitda=-1.0))}),
    (NoMultiple, {"weights": replace(BY_EBITDA, ev_ebitda=0.0)}),
    (MultipleWeightNegative, {"weights": replace(BY_EBITDA, peg=-1.0)}),
    (ControlPremiumTooLow, {"control_premium": -1.0}),
    (NextYearMissing, {"peers": (a_peer(year_end=6),)}),
    (NextYearMissing, {"company": a_company(year_end=6)}),
    (MonthOutOfRange, {"common_year_end": 13}),
    (refusals.BridgeItemMissing, {"company": a_company(bridge=Bridge(debt=1.0))}),
]


@pytest.mark.parametrize(("refusal", "changes"), REFUSED)
def test_a_comparison_that_cannot_be_is_refused(refusal, changes):
    with pytest.raises(refusal):
        comparables(some_comparables(**changes))


def test_a_batch_leaves_out_a_peer_in_the_scenario_where_it_loses():
    loses = some_comparables(
        peers=(*priced_at(8.0), a_peer(figures=Figures(ebitda=np.array([100.0, -5.0]))))
    )

    result = comparables(loses)

    assert result.value_per_share.tolist() == [
        comparables(some_comparables(peers=(*priced_at(8.0), a_peer()))).value_per_share,
        comparables(some_comparables(peers=priced_at(8.0))).value_per_share,
    ]


def test_a_grid_tells_where_no_multiple_is_left():
    table = grid(
        some_comparables(),
        ("company.figures.ebitda", [30.0, -30.0]),
        ("weights.ev_ebitda", [1.0, 2.0]),
    )

    assert table.values[0].tolist() == [12.5, 12.5]
    assert {type(reason) for reason in table.reasons.values()} == {NoMultiple}


def test_the_conventions_tell_whose_prices_and_which_years():
    told = conventions_of(some_comparables(kind=PeerKind.DEALS, common_year_end=6))

    assert told["Prices"] == "paid for whole companies"
    assert told["Years"].startswith("made to end in month 6")
    assert conventions_of(some_comparables(common_year_end=0))["Years"].startswith("as each")


@given(deal=comparisons())
@settings(max_examples=20)
def test_a_comparison_survives_json_with_its_names(deal):
    assert dump(load(ComparablesInputs, dump(deal))) == dump(deal)


@given(st.data())
def test_a_comparison_has_finite_numbers_or_is_refused(data):
    extremes = st.sampled_from([0.0, -0.0, 1.0, -1.0, 5e-324, 1e100, -1e100, 1e308, -1e308])
    deal = data.draw(comparisons())
    for path in data.draw(st.sets(st.sampled_from(sorted(leaves(deal))), max_size=3)):
        deal = replace_at(deal, path, data.draw(extremes))
    try:
        result = comparables(deal)
    except ValorError as refusal:
        event(refusal.code)
        return
    for path, value in leaves(result).items():
        assert np.isfinite(value).all(), path
    checks_of(deal, result)
