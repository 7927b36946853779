"""The same random deals in capstack-lbo, an engine of exact decimals that iterates."""

import random
from datetime import date
from typing import Any

import capstack as cs
import numpy as np
import pytest

from valor_core.models.lbo.buyout import LboInputs, leveraged_buyout
from valor_core.models.lbo.covenants import Covenant, Measure
from valor_core.models.lbo.debt import InterestOn, Sweep, SweepStep
from valor_core.models.lbo.events import Draw, Recapitalisation
from valor_core.models.lbo.funding import Purchase
from valor_core.models.lbo.holders import Band, Holders, ManagementPool
from valor_core.models.lbo.operations import Operations
from valor_core.models.lbo.tranches import Revolver, Tranche
from valor_core.models.paths import constant
from valor_core.models.taxes import TaxBase, Taxes

CLOSE = date(2026, 6, 30)
NEAR = {"rel": 1e-6, "abs": 1e-6}


def a_deal(seed: int) -> LboInputs:
    """A deal within the conventions that both engines share."""
    draw = random.Random(seed)
    between, years = draw.uniform, draw.randint(2, 7)
    levered, revolving = draw.random() < 0.4, draw.random() < 0.5
    steps = () if revolving else draw.choice([(), ((4.5, 1.0), (3.0, 0.5))])
    cash, preferred = between(20, 40), draw.choice([0.0, between(0.3, 0.9)])
    # A distribution within a preferred claim's life accrues by days there, by years here.
    recapitalised = preferred == 0.0 and draw.random() < 0.5
    return LboInputs(
        years=years,
        exit_year=years,
        purchase=Purchase(
            ebitda=100.0,
            multiple=between(9, 12),
            debt=between(0, 200),
            cash=cash,
            rollover=between(0, 60),
            fee_rate=between(0, 0.03),
            other_uses=between(0, 10),
        ),
        operations=Operations(
            revenue=500.0,
            growth=[between(-0.15, 0.12) for _ in range(years)],
            margin=[between(0.12, 0.25) for _ in range(years)],
            depreciation=constant(between(0.01, 0.06)),
            capital_expenditure=constant(between(0.01, 0.05)),
            working_capital=constant(between(0.0, 0.2)),
        ),
        taxes=Taxes(
            rate=constant(between(0.1, 0.35)),
            base=TaxBase.LEVERED if levered else TaxBase.UNLEVERED,
            losses=draw.choice([0.0, between(0, 100)]),
            loss_limit=between(0.5, 1.0),
            interest_cap=draw.choice([None, between(0.15, 0.4)]) if levered else None,
            deducts_costs=False,
        ),
        tranches=(
            Tranche(face=between(50, 150), cash_rate=between(0.02, 0.05), floats=True,
                    floor=between(0, 0.02), amortisation=constant(between(0, 0.1)), sweeps=True,
                    issue_price=between(0.97, 1.0), fee=between(0, 0.03)),
            Tranche(face=between(50, 150), cash_rate=between(0.03, 0.06), sweeps=True,
                    pari_passu=draw.random() < 0.5, amortisation=constant(0.01)),
            Tranche(face=between(20, 100), cash_rate=between(0.05, 0.1),
                    maturity=draw.choice([None, years])),
            Tranche(face=between(10, 60), cash_rate=between(0.02, 0.06),
                    pik_rate=between(0.02, 0.08)),
        ),
        revolver=Revolver(
            commitment=between(20, 80), drawn=between(0, 20), floats=True,
            cash_rate=between(0.02, 0.05), undrawn_fee=0.0 if levered else between(0, 0.01),
        ) if revolving else None,
        base_rate=[between(0.0, 0.05) for _ in range(years)],
        interest_on=draw.choice(list(InterestOn)),
        minimum_cash=cash,
        sweep=Sweep(
            share=0.25 if steps else 1.0,
            steps=tuple(SweepStep(leverage=at, share=share) for at, share in steps),
        ),
        exit_multiple=between(8, 12),
        exit_costs=between(0, 0.02),
        holders=Holders(
            preferred=preferred,
            preferred_rate=between(0.0, 0.1),
            pool=draw.choice([None, ManagementPool(
                share=0.05, strike=between(0, 100), vesting_years=between(1.0, 8.0),
                bands=draw.choice([(), (Band(hurdle=1.5, share=0.1), Band(hurdle=2.5, share=0.2))]),
            )]),
        ),
        covenants=(
            Covenant(measure=Measure.NET_LEVERAGE, limit=constant(between(3, 6))),
            Covenant(measure=Measure.INTEREST_COVER, limit=constant(between(1.5, 3))),
            Covenant(measure=Measure.FIXED_CHARGE_COVER, limit=constant(between(1.0, 1.5))),
        ) if not levered else (),
        recapitalisations=(
            Recapitalisation(year=1, draws=(Draw(tranche=3, face=between(5, 30), fee=0.01),)),
        ) if recapitalised else (),
        year_length=((date(2026 + years, 6, 30) - CLOSE).days / 365.0) / years,
    )  # fmt: skip


def numbers(path, years: int):
    """One number a year."""
    path = constant(0.0) if path is None else path
    row = path if isinstance(path, np.ndarray) else [path.start] * years
    return cs.Driver.of([said(each) for each in row])


def said(number: Any) -> str:
    """A float in full, as a decimal reads it."""
    return repr(float(number))


def their_structure(deal: LboInputs) -> cs.CapitalStructure:
    kinds = [cs.TrancheKind.TERM_LOAN] * 2 + [cs.TrancheKind.NOTES, cs.TrancheKind.MEZZANINE]
    layers, rank = [], 0
    if deal.revolver is not None:
        terms = deal.revolver
        layers.append(
            cs.Tranche.of(
                "revolver", cs.TrancheKind.REVOLVER, said(terms.drawn), floating=True,
                cash_rate=said(terms.cash_rate), commitment=said(terms.commitment),
                undrawn_fee=said(terms.undrawn_fee),
            )
        )  # fmt: skip
    for place, (kind, terms) in enumerate(zip(kinds, deal.tranches, strict=True)):
        rank += 0 if terms.pari_passu else 1
        layers.append(
            cs.Tranche.of(
                f"tranche{place}", kind, said(terms.face), cash_rate=said(terms.cash_rate),
                pik_rate=said(terms.pik_rate or 0.0), floating=terms.floats,
                floor=said(terms.floor), seniority=rank, swept=terms.sweeps,
                amortisation=numbers(terms.amortisation, deal.years), maturity=terms.maturity,
            )
        )  # fmt: skip
    grid: dict[str, Any] = {}
    if deal.sweep.steps:
        steps = [(said(step.leverage), said(step.share)) for step in deal.sweep.steps]
        grid = {"sweep_grid": cs.SweepGrid.of(steps, floor=said(deal.sweep.share))}
    return cs.CapitalStructure.of(
        layers, minimum_cash=said(deal.minimum_cash), base_rate=numbers(deal.base_rate, deal.years),
        day_count=cs.DayCount.THIRTY_360_US, tolerance="1e-15",
        interest_basis=cs.InterestBasis(deal.interest_on.value), **grid,
    )  # fmt: skip


def their_run(deal: LboInputs):
    """The transaction, the operating case, the debt schedule and the tax."""
    bought, case, years = deal.purchase, deal.operations, deal.years
    value = cs.EntryValuation.of(
        said(bought.ebitda), said(bought.multiple), existing_debt=said(bought.debt),
        existing_cash=said(bought.cash),
    )  # fmt: skip
    transaction = cs.Transaction.of(
        value,
        debt=tuple(
            cs.DebtFunding.of(
                f"tranche{place}", said(terms.face), issue_price=said(terms.issue_price or 1.0),
                financing_fee_rate=said(terms.fee or 0.0),
            )
            for place, terms in enumerate(deal.tranches)
        )
        + tuple(
            cs.DebtFunding.of("revolver", said(terms.drawn))
            for terms in (deal.revolver,)
            if terms is not None
        ),
        rollover_equity=said(bought.rollover),
        transaction_fee_rate=said(bought.fee_rate),
        other_uses=(cs.LineItem("other", cs.money(said(bought.other_uses))),),
    )  # fmt: skip
    assumptions = cs.OperatingAssumptions.of(
        revenue_growth=numbers(case.growth, years), ebitda_margin=numbers(case.margin, years),
        da_rate=numbers(case.depreciation, years),
        capex_rate=numbers(case.capital_expenditure, years),
        nwc_rate=numbers(case.working_capital, years), tax_rate=said(deal.taxes.rate.start),
        opening_carryforward=said(deal.taxes.losses), nol_usage_limit=said(deal.taxes.loss_limit),
    )  # fmt: skip
    model = cs.OperatingModel.project(
        cs.PeriodGrid.build(CLOSE, years), assumptions, opening_revenue=said(case.revenue)
    )
    structure = their_structure(deal)
    recaps = [
        cs.Recapitalisation.of(
            event.year,
            draws=[
                cs.Draw.of(f"tranche{each.tranche - 1}", said(each.face),
                           financing_fee_rate=said(each.fee))
                for each in event.draws
            ],
        )
        for event in deal.recapitalisations
    ]  # fmt: skip

    def run(flows):
        return cs.DebtSchedule.run(
            structure, [row.period for row in model], flows, opening_cash=said(bought.cash),
            ebitda=[row.ebitda for row in model], opening_ebitda=said(bought.ebitda),
            recapitalisations=recaps,
        )  # fmt: skip

    if deal.taxes.base is TaxBase.UNLEVERED:
        schedule = run([row.unlevered_free_cash_flow for row in model])
        return transaction, model, schedule, [row.tax.cash_tax for row in model]
    limit = deal.taxes.interest_cap
    policy = cs.TaxPolicy.from_assumptions(
        assumptions, interest_limit=None if limit is None else cs.InterestLimit.of(said(limit))
    )
    from capstack.tax import solve_levered

    solved = solve_levered(
        model=model, run=run, policy=policy, opening_carryforward=said(deal.taxes.losses),
        tolerance="1e-12",
    )  # fmt: skip
    return transaction, model, solved.schedule, list(solved.tax.cash_taxes)


def their_holders(deal: LboInputs, transaction) -> tuple[list, Any]:
    sponsor, rollover = float(transaction.sponsor_equity), deal.purchase.rollover
    preferred = deal.holders.preferred * sponsor
    common = sponsor - preferred
    share = common / (common + rollover)
    securities = [
        cs.Security.of("preferred", cs.SecurityKind.PREFERRED, said(preferred),
                       preferred_rate=said(deal.holders.preferred_rate)),
        cs.Security.of("sponsor", cs.SecurityKind.COMMON, said(common), ownership=said(share)),
        cs.Security.of("rollover", cs.SecurityKind.COMMON, said(rollover),
                       ownership=said(1.0 - share)),
    ]  # fmt: skip
    pool = deal.holders.pool
    if pool is None:
        return securities, None
    bands = [("0", said(pool.share)), *((said(b.hurdle), said(b.share)) for b in pool.bands)]
    ratchet = cs.Ratchet.of(bands, measured_on=["preferred", "sponsor"]) if pool.bands else None
    return securities, cs.OptionPool.of(
        "managers", said(pool.share), strike=said(pool.strike),
        vesting=cs.Vesting.of(said(pool.vesting_years)), ratchet=ratchet,
    )  # fmt: skip


def theirs_by_year(schedule, name) -> list[float]:
    return [float(getattr(row, name)) for row in schedule]


@pytest.mark.parametrize("block", range(10))
def test_schedules_returns_and_covenants_are_the_same_on_random_deals(block):
    for seed in range(20 * block, 20 * block + 20):
        deal = a_deal(seed)
        ours = leveraged_buyout(deal)
        transaction, model, schedule, taxes = their_run(deal)
        securities, pool = their_holders(deal, transaction)
        outcome = cs.Outcome.realise(
            transaction, model, schedule, entry_date=CLOSE, exit_multiple=said(deal.exit_multiple),
            exit_fee_rate=said(deal.exit_costs), securities=securities, incentive=pool,
        )  # fmt: skip

        assert ours.funding.sponsor_equity == pytest.approx(
            float(transaction.sponsor_equity), **NEAR
        ), seed
        assert ours.tax == pytest.approx([float(tax) for tax in taxes], **NEAR), seed
        for line, name in (
            ("cash_interest", "cash_cost_of_debt"), ("pik_interest", "pik_interest"),
            ("mandatory", "mandatory_repayment"), ("cash", "closing_cash"),
            ("debt", "closing_debt"), ("shortfall", "funding_shortfall"),
            ("sweep_share", "sweep_rate"), ("distributions", "distribution"),
        ):  # fmt: skip
            found = getattr(ours, line)
            assert found == pytest.approx(theirs_by_year(schedule, name), **NEAR), (seed, line)
        for place, tranche in enumerate(ours.tranches):
            closing = [float(row.tranche(f"tranche{place}").closing) for row in schedule]
            assert tranche.closing == pytest.approx(closing, **NEAR), (seed, place)
        assert_same_returns(deal, ours, outcome, seed)
        assert_same_covenants(deal, ours, schedule, model, seed)


def assert_same_returns(deal, ours, outcome, seed) -> None:
    sponsor = [outcome.security(name) for name in ("preferred", "sponsor")]
    received = sum(float(each.received) for each in sponsor)
    assert ours.moic == pytest.approx(received / ours.funding.sponsor_equity, **NEAR), seed
    assert ours.exit_equity[-1] == pytest.approx(float(outcome.valuation.equity_value), **NEAR)
    assert ours.management_proceeds[-1] == pytest.approx(float(outcome.incentive_paid), **NEAR)
    if not deal.recapitalisations:
        bridge = outcome.attribution
        for line, name in (
            ("from_ebitda_growth", "ebitda_growth"), ("from_multiple", "multiple_change"),
            ("from_deleveraging", "debt_paydown"), ("from_costs", "costs"),
            ("from_limited_liability", "floored"),
        ):  # fmt: skip
            theirs = float(getattr(bridge, name))
            assert getattr(ours, line)[-1] == pytest.approx(theirs, **NEAR), (seed, line)
        paid = sum(float(each.received) for each in sponsor)
        hold = deal.years * deal.year_length
        rate = (paid / ours.funding.sponsor_equity) ** (1.0 / hold) - 1.0
        assert ours.irr == pytest.approx(rate, **NEAR), seed
    elif float(sponsor[1].received) > 0.0:
        # They date distributions, we count whole years: a day's leap apart.
        assert ours.irr == pytest.approx(sponsor[1].irr, abs=3e-4), seed


def assert_same_covenants(deal, ours, schedule, model, seed) -> None:
    measures = {
        Measure.NET_LEVERAGE: cs.Measure.NET_LEVERAGE,
        Measure.INTEREST_COVER: cs.Measure.INTEREST_COVERAGE,
        Measure.FIXED_CHARGE_COVER: cs.Measure.FIXED_CHARGE_COVERAGE,
    }
    for covenant, test in zip(deal.covenants, ours.covenants, strict=True):
        limit = said(covenant.limit.start)
        asked = cs.Covenant.of("test", measures[covenant.measure], limit)
        theirs = cs.CovenantReport.test([asked], schedule, model)
        for place, seen in enumerate(theirs.observations):
            assert bool(test.breaches[place]) == seen.breached, (seed, covenant.measure)
            if seen.ebitda_at_breach is not None:
                needed = float(seen.ebitda_at_breach)
                ours_needed = max(test.required_ebitda[place], 0.0)  # net cash needs no earnings
                assert ours_needed == pytest.approx(needed, **NEAR), seed


def test_these_deals_meet_every_branch():
    results = [(deal, leveraged_buyout(deal)) for deal in map(a_deal, range(80))]

    revolving = [result.revolver for _, result in results if result.revolver is not None]
    assert sum((revolver.repaid < 0.0).any() for revolver in revolving) > 5
    assert sum((revolver.repaid > 0.0).any() for revolver in revolving) > 5
    assert sum((result.shortfall > 0.0).any() for _, result in results) > 1
    assert sum((result.interest_carried > 0.0).any() for _, result in results) > 2
    assert sum(result.breached == 1.0 for _, result in results) > 10
    assert sum(bool(deal.recapitalisations) for deal, _ in results) > 10
