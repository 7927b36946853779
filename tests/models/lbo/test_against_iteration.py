"""The exact year against a loop that pays, computes interest on the averages, and pays again."""

from dataclasses import replace

import numpy as np
import pytest

from tests.workbooks.cases import RANDOM_CASES
from valor_core.models.lbo.buyout import LboInputs, leveraged_buyout
from valor_core.models.lbo.debt import InterestOn, SweepOf
from valor_core.models.paths import constant, over_years
from valor_core.models.taxes import CapBase, TaxBase

PASSES = 200


def a_plain_deal(seed: int) -> LboInputs:
    """A random deal on average balances without events, half of them short of cash."""
    deal = RANDOM_CASES["lbo"](seed)
    poor = 0.4 if seed % 2 else 1.0
    margin = [poor * each for each in over_years(deal.operations.margin, deal.years, name="")]
    return replace(
        deal,
        purchase=replace(deal.purchase, cash_funded=0.0),
        operations=replace(deal.operations, margin=margin),
        interest_on=InterestOn.AVERAGE,
        refinancings=(),
        add_ons=(),
        recapitalisations=(),
        covenants=(),
        tranches=tuple(replace(each, pari_passu=False) for each in deal.tranches),
    )


def tax_by_hand(deal, rate, ebitda, depreciation, income, interest, carried, losses):
    """Tax, interest carried and losses by the rules as a form asks for them."""
    profit = ebitda - depreciation + income
    deducted = 0.0
    if deal.taxes.base is TaxBase.LEVERED:
        offered = deducted = interest + carried
        if deal.taxes.interest_cap is not None:
            of = ebitda if deal.taxes.cap_base is CapBase.EBITDA else ebitda - depreciation
            deducted = min(offered, deal.taxes.interest_cap * max(of, 0.0) + income)
        carried = offered - deducted
    taxable = profit - deducted
    if taxable <= 0.0:
        return 0.0, carried, losses - taxable
    limit = 1.0 if deal.taxes.loss_limit is None else deal.taxes.loss_limit
    used = min(losses, limit * taxable)
    return rate * (taxable - used), carried, losses - used


def by_iteration(deal, result):
    """Closing balances, revolver and cash, year by year, by a fixed point on plain floats."""
    balances = [tranche.face for tranche in deal.tranches]
    drawn = 0.0 if deal.revolver is None else deal.revolver.drawn
    cash, carried, losses = (
        result.funding.opening_cash, deal.taxes.interest_carried or 0.0, deal.taxes.losses
    )  # fmt: skip
    bases = over_years(deal.base_rate, deal.years, name="")
    rates = over_years(deal.taxes.rate, deal.years, name="")
    found = []
    for year in range(deal.years):
        ebitda, worn = result.ebitda[year], result.depreciation[year]
        income = (deal.cash_rate or 0.0) * cash
        flow = ebitda - result.capital_expenditure[year] - result.working_capital_added[year]
        flow += income
        closing, revolver, free, tax = list(balances), drawn, 0.0, 0.0
        after, left = carried, losses
        for _ in range(PASSES):
            paid = deducted = 0.0
            accrued, mandatory = [], []
            for tranche, start, end in zip(deal.tranches, balances, closing, strict=True):
                matures = tranche.maturity is not None and tranche.maturity <= year + 1
                bearing = start if matures else (start + end) / 2.0
                rate = tranche.cash_rate
                if tranche.floats:
                    rate += max(bases[year], tranche.floor)
                pik = (tranche.pik_rate or 0.0) * bearing
                path = constant(0.0) if tranche.amortisation is None else tranche.amortisation
                share = over_years(path, deal.years, name="")[year]
                owed = start + pik
                paid += rate * bearing
                deducted += rate * bearing + (pik if deal.taxes.deducts_pik else 0.0)
                accrued.append(pik)
                mandatory.append(owed if matures else min(share * tranche.face, owed))
            if deal.revolver is not None:
                terms, average = deal.revolver, (drawn + revolver) / 2.0
                rate = terms.cash_rate
                if terms.floats:
                    rate += max(bases[year], terms.floor)
                fee = terms.undrawn_fee * (terms.commitment - average)
                paid += rate * average + fee
                deducted += rate * average + fee
            if deal.taxes.deducts_costs:
                deducted += result.costs_released[year]
            tax, after, left = tax_by_hand(
                deal, rates[year], ebitda, worn, income, deducted, carried, losses
            )
            free = cash + flow - paid - tax - sum(mandatory)
            if deal.revolver is not None:
                room = deal.revolver.commitment - drawn
                repaid = min(max(free - deal.minimum_cash, -room), drawn)
                revolver, free = drawn - repaid, free - repaid
            kept = max(cash - deal.minimum_cash, 0.0) * (deal.sweep.of is SweepOf.CASH_FLOW)
            pot = max(result.sweep_share[year] * (free - deal.minimum_cash - kept), 0.0)
            closing = []
            for tranche, start, pik, due in zip(
                deal.tranches, balances, accrued, mandatory, strict=True
            ):
                swept = min(pot, start + pik - due) if tranche.sweeps else 0.0
                pot, free = pot - swept, free - swept
                closing.append(start + pik - due - swept)
        balances, drawn, cash, carried, losses = closing, revolver, max(free, 0.0), after, left
        found.append([*balances, drawn, cash, tax])
    return np.array(found)


@pytest.mark.parametrize("seed", range(40))
def test_the_exact_solution_is_where_iteration_arrives(seed):
    deal = a_plain_deal(seed)
    result = leveraged_buyout(deal)

    revolver = np.zeros(deal.years) if result.revolver is None else result.revolver.closing
    ours = np.column_stack(
        [*(tranche.closing for tranche in result.tranches), revolver, result.cash, result.tax]
    )
    assert ours == pytest.approx(by_iteration(deal, result), rel=1e-9, abs=1e-9)


def test_these_deals_meet_every_regime():
    """Tax paid and not, cap met and not, revolver drawn and repaid, swept in part and in whole."""
    results = [leveraged_buyout(a_plain_deal(seed)) for seed in range(40)]

    def share(of):
        return np.mean(np.concatenate([of(result) for result in results]))

    drawn = [result.revolver.repaid for result in results if result.revolver is not None]
    assert 0.05 < share(lambda result: result.tax == 0.0) < 0.9
    assert 0.05 < share(lambda result: result.interest_carried > 0.0) < 0.9
    assert 0.05 < share(lambda result: result.swept > 0.0) < 0.95
    assert 0.05 < np.mean(np.concatenate(drawn) < 0.0) < 0.9
    assert any((result.shortfall > 0.0).any() for result in results)
