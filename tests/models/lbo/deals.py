"""Sound buyouts, so that a test states only what it is about, and strategies for many of them."""

from dataclasses import replace

from hypothesis import strategies as st

from tests.models.sound import paths, rates
from valor_core.models.lbo.buyout import LboInputs
from valor_core.models.lbo.covenants import Covenant, Measure
from valor_core.models.lbo.debt import InterestOn, Sweep, SweepOf, SweepStep
from valor_core.models.lbo.funding import Purchase
from valor_core.models.lbo.holders import Band, Holders, HurdleOn, ManagementPool
from valor_core.models.lbo.operations import Operations
from valor_core.models.lbo.tranches import Revolver, Tranche
from valor_core.models.paths import constant
from valor_core.models.taxes import CapBase, TaxBase, Taxes


def a_deal(**changes) -> LboInputs:
    """A company of EBITDA 100, bought at 10 times with four tranches and a revolver."""
    known = LboInputs(
        years=7,
        exit_year=5,
        purchase=Purchase(ebitda=100.0, multiple=10.0, cash=20.0, fee_rate=0.02, rollover=40.0),
        operations=Operations(
            revenue=500.0,
            growth=constant(0.05),
            margin=constant(0.21),
            depreciation=constant(0.03),
            capital_expenditure=constant(0.03),
            working_capital=constant(0.1),
        ),
        taxes=Taxes(rate=constant(0.25)),
        tranches=(
            Tranche(face=150.0, cash_rate=0.06, amortisation=constant(0.1), sweeps=True),
            Tranche(
                face=200.0, cash_rate=0.07, amortisation=constant(0.01), sweeps=True,
                issue_price=0.99, fee=0.02, maturity=7,
            ),
            Tranche(face=100.0, cash_rate=0.08),
            Tranche(face=80.0, cash_rate=0.05, pik_rate=0.06),
        ),
        revolver=Revolver(commitment=60.0, cash_rate=0.05, undrawn_fee=0.005),
        minimum_cash=20.0,
        exit_multiple=10.0,
    )  # fmt: skip
    return replace(known, **changes)


@st.composite
def tranches(draw):
    return Tranche(
        face=draw(rates(0.0, 200.0)),
        cash_rate=draw(rates(0.0, 0.15)),
        pik_rate=draw(st.none() | rates(0.0, 0.15)),
        floats=draw(st.booleans()),
        floor=draw(rates(0.0, 0.05)),
        amortisation=draw(st.none() | rates(0.0, 0.2).map(constant)),
        sweeps=draw(st.booleans()),
        pari_passu=draw(st.booleans()),
        maturity=draw(st.none() | st.integers(1, 12)),
    )


@st.composite
def taxations(draw, years):
    return Taxes(
        rate=draw(paths(0.0, 0.5, years)),
        base=draw(st.sampled_from(TaxBase)),
        losses=draw(rates(0.0, 300.0)),
        loss_limit=draw(st.none() | rates(0.0, 1.0)),
        interest_cap=draw(st.none() | rates(0.0, 0.6)),
        cap_base=draw(st.sampled_from(CapBase)),
        interest_carried=draw(st.none() | rates(0.0, 50.0)),
        deducts_pik=draw(st.booleans()),
        deducts_costs=draw(st.booleans()),
    )


@st.composite
def deals(draw):
    """Deals of any kind: good and bad companies, all kinds of debt, tax and holders."""
    years = draw(st.integers(1, 7))
    steps = draw(st.lists(st.tuples(rates(0.0, 8.0), rates(0.0, 1.0)), max_size=3))
    return LboInputs(
        years=years,
        exit_year=draw(st.integers(1, years)),
        purchase=Purchase(
            ebitda=draw(rates(70.0, 130.0)), multiple=draw(rates(10.0, 14.0)), cash=50.0,
            cash_used=draw(rates(0.0, 50.0)), rollover=draw(rates(0.0, 50.0)), fees=5.0,
        ),
        operations=Operations(
            revenue=draw(rates(100.0, 600.0)),
            growth=draw(paths(-0.3, 0.3, years)),
            margin=draw(paths(-0.1, 0.4, years)),
            depreciation=draw(paths(0.0, 0.1, years)),
            capital_expenditure=draw(paths(0.0, 0.1, years)),
            working_capital=draw(paths(-0.1, 0.3, years)),
        ),
        taxes=draw(taxations(years)),
        tranches=tuple(draw(st.lists(tranches(), max_size=3))),
        revolver=draw(
            st.none()
            | st.builds(
                Revolver, commitment=rates(20.0, 90.0), drawn=rates(0.0, 20.0),
                cash_rate=rates(0.0, 0.1), undrawn_fee=rates(0.0, 0.02), floats=st.booleans(),
            )
        ),
        base_rate=draw(paths(0.0, 0.08, years)),
        interest_on=draw(st.sampled_from(InterestOn)),
        minimum_cash=draw(rates(0.0, 60.0)),
        cash_rate=draw(st.none() | rates(0.0, 0.05)),
        sweep=Sweep(
            share=draw(st.none() | rates(0.0, 1.0)),
            steps=tuple(SweepStep(leverage=at, share=share) for at, share in steps),
            of=draw(st.sampled_from(SweepOf)),
        ),
        exit_multiple=draw(rates(0.0, 14.0)),
        exit_costs=draw(rates(0.0, 0.05)),
        holders=Holders(
            preferred=draw(rates(0.0, 1.0)),
            preferred_rate=draw(rates(0.0, 0.15)),
            rollover_share=draw(st.none() | rates(0.0, 1.0)),
            pool=draw(
                st.none()
                | st.builds(
                    ManagementPool, share=rates(0.0, 0.2), strike=rates(0.0, 100.0),
                    vesting_years=st.none() | rates(1.0, 8.0), cliff_years=rates(0.0, 2.0),
                    bands=st.sampled_from(
                        [(), (Band(hurdle=1.5, share=0.2), Band(hurdle=2.5, share=0.3))]
                    ),
                    hurdle_on=st.sampled_from(HurdleOn),
                )
            ),
        ),
        covenants=tuple(
            Covenant(measure=measure, limit=draw(paths(0.5, 8.0, years)))
            for measure in draw(st.lists(st.sampled_from(Measure), max_size=2))
        ),
    )  # fmt: skip
