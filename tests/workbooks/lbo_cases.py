"""Random sound buyouts: every float varies, every option occurs."""

from typing import TYPE_CHECKING

from valor_core.models.lbo.buyout import LboInputs
from valor_core.models.lbo.covenants import Covenant, Measure
from valor_core.models.lbo.debt import InterestOn, Sweep, SweepOf, SweepStep
from valor_core.models.lbo.effective_interest import EffectiveInterestInputs
from valor_core.models.lbo.events import AddOn, Recapitalisation, Refinancing
from valor_core.models.lbo.events import Draw as DrawOn
from valor_core.models.lbo.funding import Purchase
from valor_core.models.lbo.holders import Band, Holders, HurdleOn, ManagementPool
from valor_core.models.lbo.operations import Operations
from valor_core.models.lbo.reverse import ReverseLboInputs
from valor_core.models.lbo.tranches import Revolver, Tranche
from valor_core.models.taxes import CapBase, TaxBase, Taxes

if TYPE_CHECKING:
    from tests.workbooks.cases import Draw


def an_effective_interest(draw: "Draw") -> EffectiveInterestInputs:
    return EffectiveInterestInputs(
        face=draw.between(100, 900),
        costs=draw.between(1, 40),
        years=draw.years,
        cash_rate=draw.between(0.04, 0.11),
        pik_rate=draw.one_of(0.0, draw.between(0.01, 0.05)),
        amortisation=draw.path(0.0, 0.08),
    )


def a_tranche(draw: "Draw", low: float, high: float, **terms) -> Tranche:
    return Tranche(
        face=draw.between(low, high),
        cash_rate=draw.between(0.03, 0.08),
        pik_rate=draw.one_of(None, draw.between(0.01, 0.05)),
        floats=draw.one_of(True, False),
        floor=draw.between(0.0, 0.03),
        issue_price=draw.one_of(None, draw.between(0.95, 1.0)),
        fee=draw.one_of(None, draw.between(0.005, 0.03)),
        amortisation=draw.one_of(None, draw.path(0.0, 0.08), draw.path(0.0, 0.08)),
        pari_passu=draw.one_of(True, False),
        **terms,
    )


def draws(draw: "Draw", low: float, high: float) -> tuple[DrawOn, ...]:
    return (
        DrawOn(
            tranche=draw.random.randint(1, 3),
            face=draw.between(low, high),
            issue_price=draw.between(0.96, 1.0),
            fee=draw.between(0.0, 0.02),
        ),
    )


def a_pool(draw: "Draw") -> ManagementPool:
    bands = (
        Band(hurdle=draw.between(1.2, 1.6), share=draw.between(0.06, 0.1)),
        Band(hurdle=draw.between(1.8, 2.5), share=draw.between(0.1, 0.15)),
    )
    return ManagementPool(
        share=draw.between(0.02, 0.06),
        strike=draw.between(0.0, 30.0),
        vesting_years=draw.one_of(None, draw.between(3.0, 6.0)),
        cliff_years=draw.between(0.5, 1.5),
        accelerates=draw.one_of(True, False),
        bands=draw.one_of((), bands),
        hurdle_on=draw.one_of(*HurdleOn),
    )


def an_lbo(draw: "Draw") -> LboInputs:
    """A company of EBITDA 100 bought with three tranches that it can bear."""
    years = draw.years = min(draw.years, 4)
    last = max(years - 1, 1)
    tranches = (
        a_tranche(draw, 150, 250, sweeps=True),
        a_tranche(draw, 80, 160, sweeps=draw.one_of(True, False), maturity=draw.one_of(None, 9)),
        a_tranche(draw, 40, 90),
    )
    add_on = AddOn(
        year=draw.random.randint(1, last),
        revenue=draw.between(20, 60),
        margin=draw.between(0.1, 0.3),
        multiple=draw.between(4, 8),
        fees=draw.between(0.0, 0.03),
        integration_cost=draw.between(0, 3),
        synergies=draw.between(0, 4),
        phase_in=draw.random.randint(1, 3),
        draws=draws(draw, 160, 200),
    )
    recapitalisation = Recapitalisation(
        year=draw.random.randint(1, years), draws=draws(draw, 20, 40), from_cash=draw.between(1, 5)
    )
    refinancing = Refinancing(
        year=draw.random.randint(1, years),
        tranche=draw.random.randint(1, 3),
        premium=draw.between(0.0, 0.02),
        draws=(DrawOn(tranche=3, face=draw.between(500, 550)),),
    )
    refinancings = draw.one_of((), (), (refinancing,))
    add_ons = (add_on,) if years > 1 and draw.one_of(True, False) else ()
    recapitalisations = draw.one_of((), (recapitalisation,))
    part = draw.between(0.2, 0.6)  # of the sweep, so that some cash is left for what happens
    eventful = refinancings or add_ons or recapitalisations
    return LboInputs(
        years=years,
        exit_year=draw.random.randint(1, years),
        purchase=Purchase(
            ebitda=draw.between(90, 110),
            multiple=draw.between(8, 11),
            debt=draw.between(0, 200),
            cash=draw.between(60, 90),
            cash_used=draw.between(0, 10),
            cash_funded=draw.between(200, 240),
            rollover=draw.between(10, 60),
            fees=draw.between(0, 9),
            fee_rate=draw.between(0.0, 0.02),
            financing_fees=draw.between(0, 4),
            other_uses=draw.between(0, 9),
        ),
        operations=Operations(
            revenue=draw.between(450, 550),
            growth=draw.path(0.0, 0.09),
            margin=draw.path(0.17, 0.25),
            depreciation=draw.path(0.02, 0.05),
            capital_expenditure=draw.path(0.02, 0.06),
            working_capital=draw.path(0.08, 0.15),
            working_capital_before=draw.one_of(None, draw.between(40, 80)),
        ),
        taxes=Taxes(
            rate=draw.path(0.2, 0.3),
            base=draw.one_of(*TaxBase),
            losses=draw.between(0, 200),
            loss_limit=draw.one_of(None, draw.between(0.5, 0.95)),
            interest_cap=draw.one_of(None, draw.between(0.2, 0.5)),
            cap_base=draw.one_of(*CapBase),
            interest_carried=draw.one_of(None, draw.between(0, 20)),
            deducts_pik=draw.one_of(True, False),
            deducts_costs=draw.one_of(True, False),
        ),
        tranches=tranches,
        revolver=draw.one_of(
            None,
            Revolver(
                commitment=draw.between(40, 90),
                drawn=draw.between(0, 40),
                cash_rate=draw.between(0.02, 0.06),
                floats=draw.one_of(True, False),
                floor=draw.between(0.0, 0.03),
                undrawn_fee=draw.between(0.002, 0.006),
                fee=draw.one_of(None, draw.between(0.005, 0.02)),
            ),
        ),
        base_rate=draw.path(0.01, 0.04),
        interest_on=draw.one_of(*InterestOn),
        minimum_cash=draw.between(10, 40),
        cash_rate=draw.one_of(None, draw.between(0.0, 0.02)),
        sweep=Sweep(
            share=part if eventful else draw.one_of(None, part),
            steps=draw.one_of(
                (),
                (
                    SweepStep(leverage=4.0, share=draw.between(0.7, 0.8)),
                    SweepStep(leverage=2.5, share=draw.between(0.5, 0.6)),
                ),
            ),
            of=draw.one_of(*SweepOf),
        ),
        exit_multiple=draw.between(8, 11),
        exit_costs=draw.between(0.0, 0.02),
        holders=Holders(
            preferred=draw.between(0.0, 0.8),
            preferred_rate=draw.between(0.0, 0.1),
            rollover_share=draw.one_of(draw.between(0.05, 0.2), draw.between(0.05, 0.2), None),
            pool=draw.one_of(None, a_pool(draw)),
        ),
        covenants=tuple(
            Covenant(
                measure=measure,
                limit=draw.path(1.5, 6.0),
                first_year=draw.random.randint(1, 2),
                tranches=draw.one_of(None, 1, 2),
            )
            for measure in draw.random.sample(list(Measure), draw.random.randint(0, 5))
        ),
        refinancings=refinancings,
        add_ons=add_ons,
        recapitalisations=recapitalisations,
        year_length=draw.between(0.99, 1.01),
    )


def a_reverse_lbo(draw: "Draw") -> ReverseLboInputs:
    draw.years = min(draw.years, 2)
    return ReverseLboInputs(deal=an_lbo(draw), required_return=draw.between(0.1, 0.3))
