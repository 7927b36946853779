"""Sound inputs, so that a test states only what it is about, and strategies for many of them."""

from dataclasses import replace
from functools import cache

from hypothesis import strategies as st

from valor_core.models.bridge import Bridge
from valor_core.models.cost_of_capital import CostOfCapitalInputs, TargetWeights
from valor_core.models.dcf import DcfInputs, Failure
from valor_core.models.dcf_direct import DirectDcfInputs
from valor_core.models.dilution import OptionTranche, Shares
from valor_core.models.discounting import Timing
from valor_core.models.paths import Fade, constant
from valor_core.models.reinvestment import CapitalPlan, SalesToCapital
from valor_core.models.terminal import MultipleOf


def a_dcf(**changes) -> DcfInputs:
    """Coca-Cola after its annual report for 2009, in millions of dollars; assumptions are round."""
    known = DcfInputs(
        years=10,
        revenue=30_990.0,
        growth=Fade(start=0.06, from_year=5, to_year=10),
        margin=constant(0.266),
        tax=Fade(start=0.24, from_year=5, to_year=10),
        terminal_tax=0.25,
        sales_to_capital=SalesToCapital(ratio=constant(1.2), lag=1),
        wacc=constant(0.085),
        terminal_growth=0.03,
        terminal_roic=0.12,
        bridge=Bridge.of(debt=11_859.0, minority_interests=547.0, cash=9_213.0),
        shares=Shares(basic=2_303.0, options=(OptionTranche(number=163.0, strike=49.5),)),
    )
    return replace(known, **changes)


def a_direct_dcf(**changes) -> DirectDcfInputs:
    """Five flows of a small company."""
    known = DirectDcfInputs(
        free_cash_flow=[10.0, 11.0, 12.0, 13.0, 14.0],
        wacc=constant(0.09),
        terminal_growth=0.02,
        bridge=Bridge.of(debt=40.0, cash=5.0),
        shares=Shares(basic=10.0),
    )
    return replace(known, **changes)


def a_cost_of_capital(**changes) -> CostOfCapitalInputs:
    """A company with a quarter of debt."""
    known = CostOfCapitalInputs(
        risk_free=0.04,
        equity_risk_premium=0.05,
        beta=1.1,
        pretax_cost_of_debt=0.055,
        tax=0.25,
        target=TargetWeights(debt=0.25),
    )
    return replace(known, **changes)


@cache  # a law draws them a hundred times; to make one takes longer than to draw from it
def rates(low, high):
    return st.floats(low, high, allow_subnormal=False)


@cache
def rates_or_none(low, high):
    return st.none() | rates(low, high)


@cache
def rows(low, high, years):
    return st.lists(rates(low, high), min_size=years, max_size=years)


@cache
@st.composite
def paths(draw, low, high, years):
    """A row, a constant or a fade, within a range."""
    if draw(st.booleans()):
        return draw(rows(low, high, years))
    start, to_year = draw(st.integers(0, years - 1)), draw(st.integers(years, years + 3))
    return Fade(
        start=draw(rates(low, high)),
        end=draw(rates(low, high)),
        first=draw(rates_or_none(low, high)),
        from_year=start,
        to_year=to_year,
    )


@st.composite
def dcfs(draw):
    """Companies of any kind that can be valued: with losses, failure, stubs and both plans."""
    years = draw(st.integers(1, 12))
    planned = draw(st.booleans())
    capital_plan = CapitalPlan(
        capital_expenditure=draw(paths(0.0, 0.1, years)),
        working_capital=draw(paths(0.0, 0.2, years)),
        working_capital_before=draw(rates(0.0, 100.0)),
    )
    sales_to_capital = SalesToCapital(
        ratio=draw(paths(0.5, 4.0, years)), lag=draw(st.integers(0, min(3, years)))
    )
    tranches = draw(st.lists(st.tuples(rates(0.0, 30.0), rates(0.0, 90.0)), max_size=4))
    margins = draw(paths(-0.1, 0.4, years))
    if isinstance(margins, Fade):
        margins = replace(margins, end=draw(rates(0.05, 0.4)), to_year=years)
        margins = replace(margins, first=None) if years == 1 else margins
    else:
        margins[-1] = draw(rates(0.05, 0.4))  # the perpetuity earns money
    return DcfInputs(
        years=years,
        revenue=draw(rates(10.0, 1_000.0)),
        growth=draw(paths(-0.3, 0.5, years)),
        margin=margins,
        tax=draw(paths(0.0, 0.35, years)),
        terminal_tax=draw(rates_or_none(0.0, 0.35)),
        capital_plan=capital_plan if planned else None,
        sales_to_capital=None if planned else sales_to_capital,
        depreciation=draw(paths(0.0, 0.1, years)) if planned else None,
        operating_loss=draw(rates(0.0, 300.0)),
        loss_limit=draw(rates(0.5, 1.0)),
        wacc=draw(paths(0.05, 0.2, years)),
        terminal_wacc=draw(rates(0.06, 0.15)),
        terminal_growth=draw(rates(-0.05, 0.04)),
        terminal_roic=draw(rates(0.05, 0.3)),
        exit_multiple=draw(rates_or_none(3.0, 25.0)),
        multiple_of=draw(st.sampled_from([MultipleOf.EBIT, MultipleOf.REVENUE])),
        timing=draw(st.sampled_from(Timing)),
        stub=draw(rates_or_none(0.05, 1.0)),
        failure=draw(
            st.none() | st.builds(Failure, probability=rates(0.0, 1.0), proceeds=rates(0.0, 1.0))
        ),
        bridge=Bridge.of(
            debt=draw(rates(0.0, 500.0)),
            leases=draw(rates(0.0, 50.0)),
            pensions=draw(rates(-20.0, 50.0)),
            cash=draw(rates(0.0, 300.0)),
        ),
        shares=Shares(
            basic=draw(rates(1.0, 100.0)),
            options=tuple(OptionTranche(number=n, strike=k) for n, k in tranches),
        ),
    )
