"""Laws that hold for every buyout, whatever the company, the debt, the tax and the holders."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import assume, given, settings

from tests.models.lbo.deals import a_deal, deals
from tests.models.sound import rates
from valor_core.models.fields import leaves
from valor_core.models.lbo import refusals
from valor_core.models.lbo.buyout import (
    LboResult,
    breach_probability,
    lbo_returns,
    leveraged_buyout,
)
from valor_core.models.lbo.covenants import Covenant, Measure
from valor_core.models.lbo.debt import InterestOn, Sweep, SweepOf, SweepStep
from valor_core.models.lbo.events import AddOn, Draw, Recapitalisation, Refinancing
from valor_core.models.lbo.holders import Band, Holders, ManagementPool
from valor_core.models.lbo.tranches import Tranche
from valor_core.models.paths import constant
from valor_core.models.refusals import YearsOutOfRange
from valor_core.models.sensitivity import replace_at
from valor_core.models.taxes import TaxBase, Taxes

VALUE_PARTS = [each.name for each in fields(LboResult) if each.name.startswith("from_")]
few = settings(max_examples=20, deadline=None)
NEAR = {"rel": 1e-9, "abs": 1e-7}


def run(inputs) -> LboResult:
    """The deal; deals that leave the sponsor nothing to pay are not what a law is about."""
    try:
        return leveraged_buyout(inputs)
    except refusals.SponsorEquityNotPositive:
        assume(False)
        raise


@few
@given(deals())
def test_every_deal_is_valued_in_finite_numbers(deal):
    result = run(deal)

    assert all(np.isfinite(value).all() for value in leaves(result).values())


@few
@given(deals())
def test_what_is_repaid_is_what_its_own_interest_and_tax_leave_cash_for(deal):
    result = run(deal)

    assert result.repaid == pytest.approx(result.repayments_allowed, **NEAR)


@few
@given(deals())
def test_every_balance_and_the_cash_roll_forward(deal):
    result = run(deal)

    for tranche in result.tranches:
        rolled = tranche.opening + tranche.pik_interest - tranche.mandatory - tranche.swept
        assert tranche.closing == pytest.approx(rolled, **NEAR)
        assert tranche.opening[1:].tolist() == tranche.closing[:-1].tolist()
        assert (tranche.closing >= -1e-9).all()
    opening = np.append(result.funding.opening_cash, result.cash[:-1])
    spent = result.mandatory + result.repaid
    rolled = opening + result.free_cash_flow - spent + result.shortfall
    assert result.cash == pytest.approx(rolled, **NEAR)
    assert (result.cash >= 0.0).all()


@few
@given(deals())
def test_interest_is_the_rate_on_the_balance_that_bears_it(deal):
    result = run(replace(deal, base_rate=constant(0.0)))

    for terms, tranche in zip(deal.tranches, result.tranches, strict=True):
        bearing = tranche.opening
        if deal.interest_on is InterestOn.AVERAGE:
            matures = deal.years if terms.maturity is None else terms.maturity - 1
            before = np.arange(deal.years) < matures if terms.maturity else np.True_
            bearing = np.where(before, (tranche.opening + tranche.closing) / 2.0, bearing)
        rate = terms.cash_rate + (terms.floor if terms.floats else 0.0)
        assert tranche.cash_interest == pytest.approx(rate * bearing, **NEAR)
        pik = 0.0 if terms.pik_rate is None else terms.pik_rate
        assert tranche.pik_interest == pytest.approx(pik * bearing, **NEAR)


@few
@given(deals())
def test_the_parts_of_the_value_tie_to_what_was_created(deal):
    result = run(deal)

    total = sum(getattr(result, name) for name in VALUE_PARTS)
    assert total == pytest.approx(result.value_created, **NEAR)


@few
@given(deals())
def test_an_exit_pays_out_exactly_what_there_is(deal):
    result = run(deal)

    paid = result.management_proceeds + result.rollover_proceeds + result.sponsor_proceeds
    assert paid == pytest.approx(result.exit_equity, **NEAR)
    assert (result.management_proceeds >= 0.0).all()


@few
@given(deals())
def test_the_irr_of_two_flows_compounds_to_the_multiple(deal):
    result = run(deal)

    years = np.arange(1, deal.years + 1)
    assert (1.0 + result.irr_by_exit) ** years == pytest.approx(result.moic_by_exit, **NEAR)
    assert result.irr == result.irr_by_exit[deal.exit_year - 1]


@few
@given(deals(), rates(0.001, 2.0))
def test_all_money_times_a_factor_changes_no_ratio(deal, factor):
    base = run(deal)

    money = [
        path for path in leaves(deal)
        if path.split(".")[-1].split("[")[0] in {
            "ebitda", "cash", "cash_used", "rollover", "fees", "revenue", "face", "commitment",
            "drawn", "minimum_cash", "losses", "interest_carried", "strike",
        }
    ]  # fmt: skip
    scaled = deal
    for path in money:
        scaled = replace_at(scaled, path, leaves(deal)[path] * factor)
    result = run(scaled)

    assert result.moic == pytest.approx(base.moic, rel=1e-6, abs=1e-6)
    assert result.exit_equity == pytest.approx(base.exit_equity * factor, rel=1e-6, abs=1e-6)


@few
@given(deals())
def test_a_simulation_keeps_of_each_scenario_what_the_whole_deal_says(deal):
    result = run(deal)

    kept = lbo_returns(deal)

    at = deal.exit_year - 1
    expected = [result.breached, result.total_shortfall, result.net_debt[at]]
    expected += [result.exit_equity[at], result.moic, result.irr]
    assert [getattr(kept, each.name) for each in fields(kept)] == expected


@few
@given(deals(), rates(0.1, 3.0))
def test_a_higher_exit_multiple_never_costs_the_sponsor(deal, more):
    assume(deal.operations.revenue > 0.0)
    base = run(deal)
    higher = run(replace(deal, exit_multiple=deal.exit_multiple + more))

    earning = base.ebitda >= 0.0
    assert (higher.moic_by_exit[earning] >= base.moic_by_exit[earning] - 1e-9).all()


@few
@given(deals())
def test_a_scenario_of_a_batch_is_the_single_run(deal):
    single = run(deal)
    multiples = np.array([deal.exit_multiple, deal.exit_multiple + 1.0])

    batch = leveraged_buyout(replace(deal, exit_multiple=multiples))

    for name, value in leaves(single).items():
        other = leaves(batch)[name]
        first = other[0] if np.ndim(other) > np.ndim(value) else other
        assert np.asarray(first).tobytes() == np.asarray(value).tobytes(), name


def test_drivers_over_scenarios_give_each_its_own_schedule():
    growth = np.array([[0.05] * 7, [-0.1] * 7, [0.2] * 7])
    base = a_deal()

    batch = leveraged_buyout(replace(base, operations=replace(base.operations, growth=growth)))

    for place, row in enumerate(growth):
        alone = leveraged_buyout(replace(base, operations=replace(base.operations, growth=row)))
        assert batch.irr[place] == alone.irr
        for name in ("cash", "debt", "tax", "irr_by_exit"):
            assert getattr(batch, name)[place].tolist() == getattr(alone, name).tolist()


def test_interest_on_average_balances_is_cheaper_where_debt_is_repaid():
    average = leveraged_buyout(a_deal())
    opening = leveraged_buyout(a_deal(interest_on=InterestOn.OPENING))

    assert average.irr > opening.irr
    assert 0.0 < average.irr - opening.irr < 0.005


def test_the_revolver_is_drawn_when_cash_is_short_and_repaid_before_any_sweep():
    poor = a_deal(
        operations=replace(a_deal().operations, margin=[0.03, 0.02, 0.2, 0.3, 0.3, 0.3, 0.3])
    )

    result = leveraged_buyout(poor)

    assert result.revolver is not None
    drawn = result.revolver.closing
    assert drawn[0] > 0.0
    assert drawn[1] == 60.0  # to its limit
    assert result.shortfall[1] > 0.0
    swept_with_debt_drawn = result.swept[:-1][drawn[:-1] > 0.0]
    assert (swept_with_debt_drawn == 0.0).all()
    assert drawn[-1] == 0.0


def test_equals_share_a_sweep_in_proportion_to_what_they_owe():
    loan = Tranche(face=150.0, cash_rate=0.06, sweeps=True)
    twin = replace(loan, face=50.0, pari_passu=True)

    first, second = leveraged_buyout(a_deal(tranches=(loan, twin))).tranches

    assert first.swept == pytest.approx(3.0 * second.swept)


def test_a_split_tranche_is_the_whole_one():
    loan = Tranche(face=200.0, cash_rate=0.06, amortisation=constant(0.02), sweeps=True)
    half = replace(loan, face=100.0)

    whole = leveraged_buyout(a_deal(tranches=(loan,)))
    halves = leveraged_buyout(a_deal(tranches=(half, replace(half, pari_passu=True))))

    assert halves.irr == pytest.approx(whole.irr, abs=1e-12)
    assert halves.debt == pytest.approx(whole.debt, abs=1e-9)


def test_the_sweep_steps_down_as_leverage_falls():
    steps = (SweepStep(leverage=4.0, share=1.0), SweepStep(leverage=3.0, share=0.5))

    result = leveraged_buyout(a_deal(sweep=Sweep(share=0.25, steps=steps)))

    leverage = np.append(4.9, (result.net_debt / result.ebitda)[:-1])
    expected = np.where(leverage >= 4.0, 1.0, np.where(leverage >= 3.0, 0.5, 0.25))
    assert result.sweep_share.tolist() == expected.tolist()
    assert set(result.sweep_share) == {1.0, 0.5, 0.25}


def test_a_sweep_of_cash_flow_leaves_the_cash_from_before():
    rich = replace(a_deal().purchase, cash=90.0)

    flow = leveraged_buyout(a_deal(purchase=rich))
    all_cash = leveraged_buyout(a_deal(purchase=rich, sweep=Sweep(of=SweepOf.ALL_CASH)))

    assert flow.cash[0] == pytest.approx(90.0)
    assert all_cash.cash[0] == pytest.approx(20.0)
    assert all_cash.net_debt[0] < flow.net_debt[0] + 1e-9  # it saves interest as well


def test_a_cap_on_interest_delays_the_deduction_and_loses_none():
    free = leveraged_buyout(a_deal(interest_on=InterestOn.OPENING))
    capped = leveraged_buyout(
        a_deal(
            interest_on=InterestOn.OPENING,
            taxes=Taxes(rate=constant(0.25), interest_cap=0.3),
        )
    )

    assert (capped.interest_deducted <= 0.3 * capped.ebitda + 1e-12).all()
    assert capped.interest_carried[0] > 0.0
    assert capped.tax[0] > free.tax[0]
    incurred = capped.cash_interest + capped.pik_interest + capped.costs_released
    assert capped.interest_deducted.sum() + capped.interest_carried[-1] == pytest.approx(
        incurred.sum()
    )


def test_losses_shelter_profit_until_they_are_used_up():
    taxes = Taxes(rate=constant(0.25), losses=100.0, loss_limit=0.8)

    result = leveraged_buyout(a_deal(taxes=taxes))

    used = -np.diff(result.losses_carried, prepend=100.0)
    assert used.sum() == pytest.approx(100.0)
    assert (used <= 0.8 * result.taxable_profit + 1e-9).all()
    assert result.tax == pytest.approx(0.25 * (result.taxable_profit - used))


def test_tax_on_ebit_ignores_the_debt():
    taxes = Taxes(rate=constant(0.25), base=TaxBase.UNLEVERED)

    result = leveraged_buyout(a_deal(taxes=taxes))

    assert result.tax == pytest.approx(0.25 * (result.ebitda - result.depreciation))


def test_a_covenant_is_breached_where_ebitda_falls_below_what_it_needs():
    limits = [6.0, 4.5, 4.0, 3.5, 3.0, 2.5, 1.0]
    result = leveraged_buyout(
        a_deal(covenants=(Covenant(measure=Measure.LEVERAGE, limit=limits, first_year=2),))
    )
    [test] = result.covenants

    ratio = result.debt / result.ebitda
    assert test.breaches[1:].tolist() == (ratio > np.array(limits))[1:].astype(float).tolist()
    assert test.headroom == pytest.approx(1.0 - ratio / np.array(limits))


def test_headroom_is_the_part_of_ebitda_whose_loss_just_meets_the_covenant():
    cover = Covenant(measure=Measure.INTEREST_COVER, limit=constant(2.0))

    result = leveraged_buyout(a_deal(covenants=(cover,)))

    [test] = result.covenants
    assert result.ebitda * (1.0 - test.headroom) == pytest.approx(2.0 * result.cash_interest)


def test_the_odds_of_a_breach_are_the_scenarios_that_breach():
    growth = np.linspace(-0.15, 0.1, 101)[:, None] * np.ones(7)
    base = a_deal(covenants=(Covenant(measure=Measure.NET_LEVERAGE, limit=constant(5.0)),))

    result = leveraged_buyout(replace(base, operations=replace(base.operations, growth=growth)))

    [by_year] = breach_probability(result)
    [test] = result.covenants
    assert by_year == pytest.approx(test.breaches.mean(axis=0))
    assert 0.0 < by_year[-1] < 1.0
    assert (result.breached == test.breaches[:, :5].max(axis=-1)).all()


def test_a_dividend_recap_raises_the_irr_and_lowers_the_multiple():
    recap = Recapitalisation(
        year=3, draws=(Draw(tranche=3, face=80.0, issue_price=0.99, fee=0.01),), from_cash=0.0
    )

    result = leveraged_buyout(a_deal(recapitalisations=(recap,)))

    flat = leveraged_buyout(a_deal())
    assert result.distributions[2] == pytest.approx(80.0 * 0.98)
    assert result.without_distributions is not None
    assert result.without_distributions.irr == flat.irr
    assert result.irr > flat.irr
    assert result.moic < flat.moic
    flows = result.flows_by_exit[1].flows  # of the exits from year 4 on, that in year 5
    worth = (flows / (1.0 + result.irr) ** np.arange(6)).sum()
    assert worth == pytest.approx(0.0, abs=1e-9)
    total = sum(getattr(result, name) for name in VALUE_PARTS)
    assert total == pytest.approx(result.value_created)


def test_an_add_on_counts_from_the_year_after_at_its_own_margin():
    bought = AddOn(
        year=2, revenue=50.0, margin=0.2, multiple=6.0, fees=0.02, integration_cost=1.0,
        synergies=3.0, phase_in=2, draws=(Draw(tranche=3, face=70.0),),
    )  # fmt: skip

    result, alone = (leveraged_buyout(a_deal(add_ons=added)) for added in ((bought,), ()))

    more = result.ebitda - alone.ebitda
    assert more[:2].tolist() == [0.0, 0.0]
    assert more[2:4] == pytest.approx([50 * 1.05 * 0.2 + 1.5, 50 * 1.05**2 * 0.2 + 3.0])
    assert result.spent_on_add_ons[1] == pytest.approx(50 * 0.2 * 6 * 1.02 + 1.0)
    tied = result.working_capital_added[2] - alone.working_capital_added[2]
    assert tied == pytest.approx(0.1 * 50 * 0.05)  # only the growth of what was bought
    total = sum(getattr(result, name) for name in VALUE_PARTS)
    assert total == pytest.approx(result.value_created)


def test_a_refinancing_repays_the_whole_tranche_and_ends_its_costs():
    change = Refinancing(year=2, tranche=2, premium=0.01, draws=(Draw(tranche=3, face=150.0),))
    rich = replace(a_deal().purchase, cash=120.0)

    result = leveraged_buyout(a_deal(purchase=rich, refinancings=(change,)))

    old, new = result.tranches[1], result.tranches[2]
    assert old.refinanced[1] > 0.0
    assert (old.closing[1:] == 0.0).all()
    assert new.drawn[1] == 150.0
    assert result.call_premiums[1] == pytest.approx(0.01 * old.refinanced[1])
    assert (result.costs_released[2:] == 0.0).all()


def test_preferred_takes_its_return_first_and_leaves_the_common_the_leverage():
    preferred = Holders(preferred=0.8, preferred_rate=0.08)

    result = leveraged_buyout(a_deal(holders=preferred))

    claim = 0.8 * result.funding.sponsor_equity * 1.08 ** np.arange(1, 8)
    assert result.preferred_claim == pytest.approx(claim)
    common = result.exit_equity - claim
    share = 0.2 * result.funding.sponsor_equity / (0.2 * result.funding.sponsor_equity + 40.0)
    assert result.sponsor_proceeds == pytest.approx(claim + share * common)


def test_options_vest_with_time_and_lapse_where_their_strike_is_not_reached():
    pool = ManagementPool(share=0.1, strike=50.0, vesting_years=4.0, cliff_years=1.5)

    result = leveraged_buyout(a_deal(holders=Holders(pool=pool)))

    vested = np.array([0.0, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0])
    worth = vested * np.maximum(0.1 * (result.exit_equity + vested * 50.0) - 50.0, 0.0)
    assert result.management_proceeds == pytest.approx(worth)


def test_a_ratchet_pays_more_only_beyond_its_hurdle():
    flat = ManagementPool(share=0.05)
    steep = replace(flat, bands=(Band(hurdle=2.0, share=0.2),))
    multiples = np.linspace(4.0, 20.0, 41)
    plain, ratchet = (
        leveraged_buyout(a_deal(exit_multiple=multiples, holders=Holders(pool=pool)))
        for pool in (flat, steep)
    )

    beyond = plain.moic > 2.0
    assert ratchet.moic[~beyond].tolist() == plain.moic[~beyond].tolist()
    assert (ratchet.moic[beyond] < plain.moic[beyond]).all()
    more = np.diff(ratchet.management_proceeds[:, 4]) / np.diff(ratchet.exit_equity[:, 4])
    assert more[-1] == pytest.approx(0.2)
    assert (np.diff(ratchet.moic) >= 0.0).all()


def test_maturity_repays_a_bullet_and_charges_it_for_the_whole_year():
    bullet = Tranche(face=100.0, cash_rate=0.08, maturity=3)

    [tranche] = leveraged_buyout(a_deal(tranches=(bullet,))).tranches

    assert tranche.mandatory.tolist() == [0.0, 0.0, 100.0, 0.0, 0.0, 0.0, 0.0]
    assert tranche.cash_interest[:4].tolist() == [8.0, 8.0, 8.0, 0.0]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"years": 0}, YearsOutOfRange),
        ({"exit_year": 8}, refusals.ExitOutOfRange),
        ({"recapitalisations": (Recapitalisation(year=9),)}, refusals.EventOutOfRange),
        ({"refinancings": (Refinancing(year=1, tranche=5),)}, refusals.NoSuchTranche),
        ({"recapitalisations": (Recapitalisation(year=1, from_cash=90.0),)},
         refusals.CashForEventMissing),
        ({"add_ons": (AddOn(year=1, revenue=1.0, margin=0.1, multiple=5.0, phase_in=0),)},
         refusals.PhaseInTooShort),
        ({"sweep": Sweep(share=1.5)}, refusals.DealShareOutOfRange),
        ({"covenants": (Covenant(measure=Measure.LEVERAGE, limit=constant(0.0)),)},
         refusals.LimitNotPositive),
        ({"tranches": (Tranche(face=2000.0, cash_rate=0.05),)},
         refusals.SponsorEquityNotPositive),
        ({"holders": Holders(pool=ManagementPool(
            share=0.1, bands=(Band(hurdle=2.0, share=0.2), Band(hurdle=1.0, share=0.3))))},
         refusals.BandsNotRising),
    ],
)  # fmt: skip
def test_what_no_deal_can_mean_is_refused(changes, error):
    with pytest.raises(error):
        leveraged_buyout(a_deal(**changes))
