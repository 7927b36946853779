"""Laws that hold for every company, what one company and a batch share, and what is refused."""

from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from tests.models.sound import a_cost_of_capital, a_dcf, dcfs, rates, rows
from valor_core.errors import ValorError
from valor_core.models import refusals
from valor_core.models.bridge import ASSETS, CLAIMS, Bridge
from valor_core.models.cost_of_capital import cost_of_capital
from valor_core.models.dcf import Failure, ProceedsBasis, discounted_cash_flow
from valor_core.models.dilution import OptionTranche, Shares
from valor_core.models.discounting import Timing
from valor_core.models.fields import leaves
from valor_core.models.paths import Fade, constant
from valor_core.models.reinvestment import CapitalPlan, SalesToCapital
from valor_core.models.sensitivity import replace_at
from valor_core.models.terminal import MultipleOf, TerminalMethod

MONEY_LEAVES = {
    "revenue",
    "operating_loss",
    "capital_plan.working_capital_before",
    "failure.book_value",
    *(f"bridge.{item}" for item in (*CLAIMS, *ASSETS)),
}


def steady(*, growth, wacc, roic, years, margin=0.2, **changes):
    """A company that grows, earns and reinvests the same every year."""
    tax = 0.25
    # Reinvestment is growth over return on capital of the year's own profit: revenue added is
    # g/(1+g) of revenue, so the ratio is what makes the two alike.
    ratio = (growth / (1.0 + growth)) / (margin * (1.0 - tax) * growth / roic) if growth else 1.0
    return a_dcf(
        years=years,
        revenue=100.0,
        growth=constant(growth),
        margin=constant(margin),
        tax=constant(tax),
        terminal_tax=None,
        sales_to_capital=SalesToCapital(ratio=constant(ratio)),
        wacc=constant(wacc),
        terminal_growth=growth,
        terminal_roic=roic,
        **changes,
    )


@given(
    years=st.integers(1, 40),
    growth=rates(0.001, 0.04),
    wacc=rates(0.06, 0.2),
    roic=rates(0.05, 0.4),
)
def test_a_steady_company_is_worth_gordon_whatever_the_forecast_length(years, growth, wacc, roic):
    result = discounted_cash_flow(steady(growth=growth, wacc=wacc, roic=roic, years=years))

    first_flow = 100.0 * (1.0 + growth) * 0.2 * 0.75 * (1.0 - growth / roic)
    assert result.enterprise_value == pytest.approx(
        first_flow / (wacc - growth), rel=1e-9, abs=1e-9
    )


@given(
    years=st.integers(1, 40),
    growth=rates(0.001, 0.04),
    wacc=rates(0.06, 0.2),
    stub=rates(0.05, 1.0),
    timing=st.sampled_from(Timing),
)
def test_a_steady_company_after_a_stub_is_worth_its_flows_whatever_the_forecast_length(
    years, growth, wacc, stub, timing
):
    company = steady(growth=growth, wacc=wacc, roic=0.15, years=years, stub=stub, timing=timing)

    result = discounted_cash_flow(company)

    full_year = 100.0 * (1.0 + growth) * 0.2 * 0.75 * (1.0 - growth / 0.15)
    half = 0.5 if timing is Timing.MID_YEAR else 1.0
    rest = full_year * (1.0 + growth) / (wacc - growth) * (1.0 + wacc) ** (1.0 - stub - half)
    rest_of_first = stub * full_year * (1.0 + wacc) ** (-stub * half)
    assert result.enterprise_value == pytest.approx(rest_of_first + rest, rel=1e-9)


@given(years=st.integers(1, 20), growth=rates(0.001, 0.04), wacc=rates(0.06, 0.2))
def test_cash_in_mid_year_is_worth_half_a_year_more_than_at_its_end(years, growth, wacc):
    company = steady(growth=growth, wacc=wacc, roic=0.15, years=years)
    end = discounted_cash_flow(company).enterprise_value
    middle = discounted_cash_flow(replace(company, timing=Timing.MID_YEAR)).enterprise_value

    assert middle == pytest.approx(end * (1.0 + wacc) ** 0.5, rel=1e-12)


@given(dcfs(), rates(0.0005, 0.03))
def test_value_falls_in_wacc_while_every_flow_is_positive(company, more):
    company = replace(company, wacc=constant(0.08), terminal_wacc=0.08, failure=None)
    low = discounted_cash_flow(company)
    assume((low.fcff > 0.0).all())
    high = discounted_cash_flow(
        replace(company, wacc=constant(0.08 + more), terminal_wacc=0.08 + more)
    )

    assert high.enterprise_value < low.enterprise_value


@given(dcfs(), rates(0.001, 0.1))
def test_value_rises_in_margin_where_ebit_is_positive(company, more):
    company = replace(company, margin=constant(0.1), terminal_roic=0.3, failure=None)
    better = replace(company, margin=constant(0.1 + more))

    low, high = discounted_cash_flow(company), discounted_cash_flow(better)

    assert high.enterprise_value > low.enterprise_value


@st.composite
def growing(draw, marginal_return):
    """A company whose every added unit of capital earns just this return, from the next year on."""
    years = draw(st.integers(2, 12))
    tax, sales_to_capital = draw(rates(0.0, 0.4)), draw(rates(0.5, 4.0))
    margin = marginal_return / ((1.0 - tax) * sales_to_capital)
    return a_dcf(
        years=years,
        growth=draw(rows(-0.1, 0.3, years)),
        margin=constant(margin),
        tax=constant(tax),
        terminal_tax=None,
        sales_to_capital=SalesToCapital(ratio=constant(sales_to_capital), lag=1),
        wacc=constant(0.10),
        terminal_growth=draw(rates(0.0, 0.015)),
        terminal_roic=marginal_return,
    )


def with_more_growth(company, place, more):
    """The same company, growing faster in one year of the forecast or, after the last, for ever."""
    if place == company.years:
        return replace(company, terminal_growth=company.terminal_growth + more)
    growth = company.growth.copy()
    growth[place] += more
    return replace(company, growth=growth)


@given(data=st.data(), marginal_return=rates(0.04, 0.3), more=rates(0.002, 0.02))
def test_value_rises_in_growth_only_where_the_marginal_return_exceeds_the_wacc(
    data, marginal_return, more
):
    assume(abs(marginal_return - 0.10) > 0.002)
    company = data.draw(growing(marginal_return))
    place = data.draw(st.integers(1, company.years))  # capital for year 1 was spent before it

    slow = discounted_cash_flow(company).enterprise_value
    fast = discounted_cash_flow(with_more_growth(company, place, more)).enterprise_value

    assert (fast > slow) == (marginal_return > 0.10)


@given(data=st.data(), more=rates(0.002, 0.02))
def test_growth_whose_marginal_return_is_the_wacc_leaves_the_value_as_it_is(data, more):
    company = data.draw(growing(0.10))
    place = data.draw(st.integers(1, company.years))

    slow = discounted_cash_flow(company).enterprise_value
    fast = discounted_cash_flow(with_more_growth(company, place, more)).enterprise_value

    assert fast == pytest.approx(slow, rel=1e-9)


@given(dcfs())
def test_of_a_given_profit_growth_for_ever_that_earns_the_wacc_is_worth_nothing(company):
    one = replace(company, terminal_growth=0.01, terminal_roic=None)
    other = replace(company, terminal_growth=0.03, terminal_roic=None)

    values = [
        result.terminal_value_gordon / result.terminal_nopat
        for result in map(discounted_cash_flow, (one, other))
    ]

    assert values[0] == pytest.approx(values[1], rel=1e-9)


@given(dcfs())
def test_enterprise_value_less_the_bridge_is_the_equity(company):
    result, bridge = discounted_cash_flow(company), company.bridge

    terms = [result.enterprise_value]
    terms += [-getattr(bridge, item) for item in CLAIMS] + [
        getattr(bridge, item) for item in ASSETS
    ]
    assert abs(sum(terms) - result.equity_value) <= 1e-9 * max(map(abs, terms))


@given(dcfs())
def test_the_parts_of_the_value_sum_to_it(company):
    result = discounted_cash_flow(company)

    assert result.pv_fcff == pytest.approx(result.fcff * result.discount_factors)
    assert result.pv_forecast == pytest.approx(result.pv_fcff.sum(), rel=1e-9, abs=1e-9)
    assert result.going_concern_value == result.pv_forecast + result.pv_terminal
    assert result.ebit == pytest.approx(result.revenues * result.margins)
    assert result.diluted_shares * result.value_per_share == pytest.approx(
        result.equity_value, rel=1e-9, abs=1e-7
    )


@given(dcfs(), rates(0.001, 1000.0))
def test_all_money_times_a_factor_is_all_value_times_that_factor(company, factor):
    scaled = company
    for path, value in leaves(company).items():
        if path in MONEY_LEAVES or path.endswith(".strike"):
            scaled = replace_at(scaled, path, value * factor)

    one, many = discounted_cash_flow(company), discounted_cash_flow(scaled)

    size = np.abs(one.pv_fcff).sum() + abs(one.pv_terminal)
    assert many.enterprise_value == pytest.approx(
        factor * one.enterprise_value, rel=1e-9, abs=1e-9 * size * factor
    )
    assert many.diluted_shares == pytest.approx(one.diluted_shares, rel=1e-6)


@given(dcfs(), st.integers(2, 50))
def test_a_share_split_changes_no_equity(company, split):
    shares = company.shares
    after = Shares(
        basic=shares.basic * split,
        options=tuple(
            OptionTranche(number=o.number * split, strike=o.strike / split) for o in shares.options
        ),
    )

    one, many = discounted_cash_flow(company), discounted_cash_flow(replace(company, shares=after))

    assert many.equity_value == one.equity_value
    assert many.value_per_share * split == pytest.approx(one.value_per_share, rel=1e-9, abs=1e-9)


@given(st.data())
def test_a_row_of_a_batch_equals_the_company_alone_to_the_bit(data):
    company = data.draw(dcfs())
    varied = {}
    for path, value in leaves(company).items():
        lows = np.asarray(value)[..., None] * data.draw(rates(0.97, 1.0))
        spread = np.linspace(1.0, 1.02, 9)
        varied[path] = np.moveaxis(lows * spread, -1, 0)
    batch, names = company, data.draw(st.sets(st.sampled_from(sorted(varied)), min_size=1))
    for name in names:
        batch = replace_at(batch, name, varied[name])
    together = discounted_cash_flow(batch)

    for scenario in range(9):
        alone = company
        for name in names:
            alone = replace_at(alone, name, varied[name][scenario])
        _assert_scenario_equals(together, scenario, alone)


def _assert_scenario_equals(together, scenario, alone):
    """Each line to the bit; a refused scenario has no line that varies."""
    try:
        result = discounted_cash_flow(alone)
    except ValorError:
        assert np.isnan(together.value_per_share[scenario])
        return
    for line in fields(result):
        own, all_of_them = getattr(result, line.name), getattr(together, line.name)
        if own is None:
            assert all_of_them is None or np.isnan(np.atleast_1d(all_of_them)[scenario])
            continue
        if is_dataclass(own):
            continue
        varies = np.ndim(all_of_them) > np.ndim(own)
        assert np.array_equal(all_of_them[scenario] if varies else all_of_them, own), line.name


def test_one_bad_scenario_is_lost_and_told_apart_from_the_others():
    result = discounted_cash_flow(a_dcf(terminal_growth=np.array([0.03, 0.09, np.nan, 0.02])))

    assert np.isnan(result.value_per_share).tolist() == [False, True, True, False]
    assert np.isnan(result.fcff[:, 0]).tolist() == [False, True, True, False]


def test_scenarios_of_different_number_are_refused():
    with pytest.raises(refusals.ScenariosDoNotFit, match="terminal_growth"):
        discounted_cash_flow(a_dcf(terminal_growth=np.zeros(3), revenue=np.ones(4)))


@given(dcfs())
def test_both_terminal_values_imply_each_other(company):
    company = replace(company, multiple_of=MultipleOf.REVENUE, exit_multiple=2.0)
    result = discounted_cash_flow(company)
    assert result.implied_multiple is not None

    sold = replace(company, exit_multiple=result.implied_multiple)
    again = discounted_cash_flow(sold)

    assert again.pv_terminal_multiple == pytest.approx(again.pv_terminal_gordon, rel=1e-9)
    assert again.implied_growth == pytest.approx(company.terminal_growth, rel=1e-6, abs=1e-9)


def test_an_exit_multiple_carries_the_value_where_gordon_has_none():
    result = discounted_cash_flow(
        a_dcf(
            terminal_growth=0.09,
            exit_multiple=12.0,
            terminal_method=TerminalMethod.EXIT_MULTIPLE,
        )
    )

    assert result.terminal_value == result.ebit[-1] * 12.0
    assert result.terminal_value_gordon is None
    assert result.implied_multiple is None


def test_growth_that_costs_more_than_all_profit_has_no_gordon_value_beside_a_sale():
    result = discounted_cash_flow(
        a_dcf(
            terminal_roic=0.02,
            exit_multiple=12.0,
            terminal_method=TerminalMethod.EXIT_MULTIPLE,
        )
    )

    assert result.terminal_fcff < 0.0
    assert result.terminal_value_gordon is None
    assert result.implied_multiple is None


@given(stub=rates(0.05, 1.0))
def test_a_stub_takes_its_part_of_the_first_flow_and_brings_every_flow_nearer(stub):
    whole, rest = discounted_cash_flow(a_dcf()), discounted_cash_flow(a_dcf(stub=stub))

    assert rest.fcff[0] == whole.fcff[0] * stub
    assert rest.fcff[1:] == pytest.approx(whole.fcff[1:])
    assert rest.discount_factors == pytest.approx(whole.discount_factors * 1.085 ** (1.0 - stub))


def test_the_cost_of_capital_by_capm_holds_in_all_years_or_starts_the_fade():
    capm = a_cost_of_capital()
    own = cost_of_capital(capm).wacc

    flat = discounted_cash_flow(a_dcf(wacc=None, cost_of_capital=capm))
    fading = discounted_cash_flow(
        a_dcf(wacc=Fade(from_year=5, to_year=10), cost_of_capital=capm, terminal_wacc=0.07)
    )

    assert flat.waccs.tolist() == [own] * 10
    assert fading.waccs[:5].tolist() == [own] * 5
    assert fading.waccs[-1] == 0.07
    assert flat.cost_of_capital == cost_of_capital(capm)


def test_capital_expenditure_less_depreciation_and_working_capital_is_the_reinvestment():
    result = discounted_cash_flow(
        a_dcf(
            years=2,
            revenue=100.0,
            growth=[0.1, 0.0],
            sales_to_capital=None,
            capital_plan=CapitalPlan(
                capital_expenditure=[0.08, 0.06],
                working_capital=[0.2, 0.2],
                working_capital_before=15.0,
            ),
            depreciation=[0.05, 0.05],
        )
    )

    # Year 1: 8.8 − 5.5 + (22 − 15); year 2: 6.6 − 5.5 + 0
    assert result.reinvestment == pytest.approx([10.3, 1.1])
    assert result.ebitda == pytest.approx(result.ebit + 5.5)


def test_losses_shelter_profits_up_to_the_limit_and_are_never_paid_back():
    result = discounted_cash_flow(
        a_dcf(
            years=3,
            revenue=100.0,
            growth=constant(0.0),
            margin=[-0.3, 0.2, 0.4],
            tax=constant(0.5),
            operating_loss=10.0,
            loss_limit=0.8,
        )
    )

    # −30 adds to the 10; 20 is sheltered by 16; 40 by the 24 that are left.
    assert result.taxable_profit == pytest.approx([0.0, 4.0, 16.0])
    assert result.losses_left == pytest.approx([40.0, 24.0, 0.0])
    assert result.nopat == pytest.approx([-30.0, 18.0, 32.0])


def test_failure_weighs_the_going_concern_against_its_proceeds():
    alive = discounted_cash_flow(a_dcf()).enterprise_value
    fair = Failure(probability=0.2, proceeds=0.5)
    book = Failure(
        probability=0.2, proceeds=0.5, basis=ProceedsBasis.BOOK_VALUE, book_value=36_000.0
    )

    assert discounted_cash_flow(a_dcf(failure=fair)).enterprise_value == pytest.approx(alive * 0.9)
    assert discounted_cash_flow(a_dcf(failure=book)).enterprise_value == pytest.approx(
        alive * 0.8 + 3_600.0
    )


REFUSED = [
    ({"terminal_growth": 0.085}, refusals.GrowthNotBelowWacc, r"8\.50% is not below .* 8\.50%"),
    ({"terminal_growth": float("nan")}, refusals.NotFinite, "terminal_growth is nan"),
    ({"revenue": float("inf")}, refusals.NotFinite, "revenue is inf"),
    ({"revenue": 1e308}, refusals.ResultNotFinite, "finite"),
    ({"revenue": -1.0}, refusals.RevenueNegative, "-1"),
    ({"growth": [0.1] * 9}, refusals.LengthDoesNotFit, "growth has 9 numbers for 10 years"),
    ({"growth": [[0.1] * 9] * 10}, refusals.LengthDoesNotFit, "9 numbers"),
    ({"growth": constant(-1.5)}, refusals.GrowthTooLow, "-150"),
    ({"wacc": constant(-1.0)}, refusals.WaccTooLow, "-100"),
    ({"wacc": None}, refusals.ChooseOne, "Neither is given: wacc and cost_of_capital"),
    ({"cost_of_capital": a_cost_of_capital()}, refusals.ChooseOne, "Both are given"),
    ({"sales_to_capital": None}, refusals.ChooseOne, "capital_plan"),
    ({"margin": constant(-0.1)}, refusals.TerminalFlowNegative, "is negative"),
    ({"margin": Fade(start=0.2, from_year=1, to_year=5)}, refusals.FadeWithoutEnd, "margin"),
    ({"margin": Fade(start=0.2, from_year=5, to_year=1)}, refusals.FadeBackwards, "5 to year 1"),
    ({"terminal_roic": 0.0}, refusals.ReturnNotPositive, "0.00%"),
    (
        {"sales_to_capital": SalesToCapital(ratio=constant(0.0))},
        refusals.SalesToCapitalNotPositive,
        "0",
    ),
    (
        {"sales_to_capital": SalesToCapital(ratio=constant(1.0), lag=11)},
        refusals.LagOutOfRange,
        "11",
    ),
    ({"stub": 0.0}, refusals.StubOutOfRange, "0 years"),
    ({"stub": 1.5}, refusals.StubOutOfRange, "1.5 years"),
    ({"shares": Shares(basic=0.0)}, refusals.SharesNotPositive, "0 basic shares"),
    ({"shares": Shares(basic=-5.0)}, refusals.SharesNotPositive, "-5 basic shares"),
    (
        {"shares": Shares(basic=5.0, options=(OptionTranche(number=-1.0, strike=2.0),))},
        refusals.OptionNegative,
        "-1",
    ),
    ({"bridge": Bridge(debt=1.0, cash=1.0)}, refusals.BridgeItemMissing, "leases, minority_int"),
    ({"years": 0}, refusals.YearsOutOfRange, "0 years"),
    ({"years": 101}, refusals.YearsOutOfRange, "101 years"),
    ({"operating_loss": -1.0}, refusals.LossNegative, "-1"),
    ({"loss_limit": 1.2}, refusals.LossLimitOutOfRange, "120"),
    ({"exit_multiple": -2.0}, refusals.ExitMultipleNotPositive, "-2"),
    ({"terminal_method": TerminalMethod.EXIT_MULTIPLE}, refusals.ExitMultipleMissing, "none is"),
    (
        {"exit_multiple": 9.0, "multiple_of": MultipleOf.EBITDA},
        refusals.DepreciationMissing,
        "EBITDA",
    ),
    (
        {
            "exit_multiple": 9.0,
            "terminal_method": TerminalMethod.EXIT_MULTIPLE,
            "margin": constant(-0.1),
        },
        refusals.ExitMetricNotPositive,
        "not positive",
    ),
    (
        {"failure": Failure(probability=1.2, proceeds=0.5)},
        refusals.ProbabilityOutOfRange,
        "120",
    ),
    ({"failure": Failure(probability=0.2, proceeds=-0.5)}, refusals.ProceedsNegative, "-50"),
    (
        {"failure": Failure(probability=0.2, proceeds=0.5, basis=ProceedsBasis.BOOK_VALUE)},
        refusals.BookValueMissing,
        "book value",
    ),
]


@pytest.mark.parametrize(("changes", "error", "words"), REFUSED)
def test_what_cannot_be_valued_is_refused_with_the_number_and_the_way_out(changes, error, words):
    with pytest.raises(error, match=words) as refusal:
        discounted_cash_flow(a_dcf(**changes))

    assert refusal.value.hint


EXTREMES = [0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, 1e-300, 1e100, -1e100, 1e308, 1e-12, 100.0]


@settings(max_examples=150)
@given(st.data())
def test_a_result_is_finite_or_the_inputs_are_refused(data):
    company = data.draw(dcfs())
    for path in data.draw(st.sets(st.sampled_from(sorted(leaves(company))), max_size=4)):
        value = np.asarray(leaves(company)[path])
        extreme = data.draw(st.sampled_from(EXTREMES))
        company = replace_at(
            company, path, np.full(value.shape, extreme) if value.ndim else extreme
        )
    try:
        result = discounted_cash_flow(company)
    except ValorError as refusal:
        event(refusal.code)
        return
    for line in fields(result):
        assert getattr(result, line.name) is None or np.isfinite(getattr(result, line.name)).all()
