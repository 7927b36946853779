"""One plan valued by every method, and the cost of capital on the weights of its values."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.sound import paths, rates, rows
from valor_core.errors import ValorError
from valor_core.models.catalogue import checks_of
from valor_core.models.cost_of_capital import (
    BetaKind,
    CostOfCapitalInputs,
    Levering,
    TargetWeights,
    cost_of_capital,
)
from valor_core.models.fields import leaves
from valor_core.models.intrinsic.causes import made_consistent, reconciled
from valor_core.models.intrinsic.financing import (
    Financing,
    IteratedCapitalInputs,
    Shields,
    iterated_cost_of_capital,
)
from valor_core.models.intrinsic.reconciliation import (
    ReconciliationInputs,
    reconciliation,
)
from valor_core.models.intrinsic.refusals import (
    DebtPlanDoesNotFit,
    EquityWipedOut,
    GrowthNotBelowUnleveredCost,
    LeverageFeedsItself,
    ShieldsGrowTooFast,
    UnleveredCostTooLow,
)
from valor_core.models.numbers import amount
from valor_core.models.paths import constant
from valor_core.models.refusals import ChooseOne, CostOfDebtTooLow, YearsOutOfRange
from valor_core.models.sensitivity import grid, replace_at

CONSISTENT = ("capital_cash_flow", "fcfe", "eva", "residual_income", "dividend_discount")


def a_financing(**changes) -> Financing:
    """Debt of 300, 320 … that follows the value."""
    known = Financing(
        unlevered_cost=constant(0.09),
        cost_of_debt=constant(0.05),
        tax=constant(0.25),
        debt=[300.0, 320.0, 340.0, 330.0],
    )
    return replace(known, **changes)


def a_plan(**changes) -> ReconciliationInputs:
    """Three years of a company that earns more than its capital costs."""
    known = ReconciliationInputs(
        years=3,
        nopat=[80.0, 86.0, 90.0],
        reinvestment=[30.0, 28.0, 25.0],
        invested_capital=700.0,
        terminal_growth=0.02,
        financing=a_financing(),
    )
    return replace(known, **changes)


@st.composite
def financings(draw, years):
    """Planned amounts or shares of value, under each policy, with rates that change."""
    shields = draw(st.sampled_from(Shields))
    if draw(st.booleans()):
        debt = {"debt": draw(rows(-50.0, 200.0, years + 1))}
    else:
        debt = {"leverage": draw(rows(0.0, 0.6, years + 1))}
    return Financing(
        unlevered_cost=draw(paths(0.07, 0.15, years)),
        cost_of_debt=draw(paths(0.035, 0.065, years)),
        tax=draw(paths(0.0, 0.4, years)),
        shields=shields,
        **debt,
    )


@st.composite
def plans(draw):
    """Plans of which every method can say the value."""
    years = draw(st.integers(1, 8))
    return ReconciliationInputs(
        years=years,
        nopat=draw(rows(60.0, 150.0, years)),
        reinvestment=draw(rows(-20.0, 25.0, years)),
        invested_capital=draw(rates(400.0, 800.0)),
        terminal_growth=draw(rates(-0.02, 0.025)),
        financing=draw(financings(years)),
    )


@given(plans())
def test_all_methods_agree_in_every_year_and_at_the_horizon_under_every_debt_policy(plan):
    result = reconciliation(plan)

    values = [*result.capital.values, result.capital.terminal_value]
    for name in ("fcff", *CONSISTENT):
        method = getattr(result, name)
        found = [*method.values, method.terminal_value]
        assert found == pytest.approx(values, rel=1e-9), name
        assert method.agreement == pytest.approx(1.0, rel=1e-9)
    assert all(row.causes == () for row in reconciled(plan, result)[:7])
    assert result.equity_value + result.debt == pytest.approx(result.enterprise_value)


@given(plans(), st.data())
def test_what_a_plan_breaks_is_named_and_the_causes_add_up_to_the_difference(plan, data):
    broken = replace(
        plan,
        terminal_roic=data.draw(rates(0.12, 0.4)),
        dividends=data.draw(rows(0.0, 90.0, plan.years)),
        book_changes=data.draw(rows(-40.0, 40.0, plan.years)),
        stated_wacc=data.draw(rates(0.06, 0.12)),
        target_leverage=data.draw(rates(0.0, 0.4)),
    )
    result = reconciliation(broken)

    for row in reconciled(broken, result):
        told = sum(cause.amount for cause in row.causes)
        assert told == pytest.approx(row.difference, abs=1e-7 * result.enterprise_value), row.method
    mended = made_consistent(broken)
    assert all(row.causes == () for row in reconciled(mended, reconciliation(mended))[:7])


@given(financings(4), rows(30.0, 120.0, 4), rates(-0.02, 0.025))
def test_iterating_the_weights_ends_at_the_weights_that_were_solved(financing, flows, growth):
    inputs = IteratedCapitalInputs(
        free_cash_flow=flows, terminal_growth=growth, financing=financing
    )
    solved = iterated_cost_of_capital(inputs)
    safe = {
        Shields.FIXED: [*solved.shield_values, solved.terminal_shields],
        Shields.HARRIS_PRINGLE: np.zeros(5),
    }
    if financing.shields is Shields.MILES_EZZELL:
        return  # its safe part is that of one year, which the next test holds

    def of(name):
        return np.append(getattr(solved, name), getattr(solved, name)[-1])

    operating, interest, tax = of("unlevered_costs"), of("costs_of_debt"), of("tax_rates")
    debt = np.append(solved.debt, solved.terminal_debt)
    values = np.full(5, 10.0 * max(flows) + 2.0 * max(debt))
    for _ in range(200):  # as a spreadsheet's circular cell would
        if financing.leverage is not None:
            debt = np.asarray(financing.leverage) * values
        equity = values - debt
        costs = operating + (operating - interest) * (debt - safe[financing.shields]) / equity
        waccs = (equity * costs + debt * interest * (1 - tax)) / values
        fresh = [flows[-1] * (1 + growth) / (waccs[-1] - growth)]
        for flow, wacc in zip(flows[::-1], waccs[-2::-1], strict=True):
            fresh.append((flow + fresh[-1]) / (1 + wacc))
        values = np.array(fresh[::-1])
    if np.all(np.isfinite(values)):
        assert values[:-1] == pytest.approx(solved.values, rel=1e-6)


@given(leverage=rates(0.0, 0.8), operating=rates(0.07, 0.15), tax=rates(0.0, 0.4))
def test_a_constant_share_of_debt_has_the_wacc_of_its_textbook_formula(leverage, operating, tax):
    financing = Financing(
        unlevered_cost=constant(operating),
        cost_of_debt=constant(0.05),
        tax=constant(tax),
        leverage=constant(leverage),
    )
    inputs = IteratedCapitalInputs(
        free_cash_flow=[10.0, 12.0], terminal_growth=0.02, financing=financing
    )
    found = iterated_cost_of_capital(inputs)
    yearly = iterated_cost_of_capital(
        replace(inputs, financing=replace(financing, shields=Shields.MILES_EZZELL))
    )

    saved = tax * 0.05 * leverage
    assert found.waccs == pytest.approx(operating - saved)
    assert yearly.waccs == pytest.approx(operating - saved * (1 + operating) / 1.05)
    capm = cost_of_capital(
        CostOfCapitalInputs(
            risk_free=0.05,  # debt without risk, so that a beta of 1 costs kᵤ
            equity_risk_premium=operating - 0.05,
            beta=1.0,
            beta_kind=BetaKind.UNLEVERED,
            levering=Levering.HARRIS_PRINGLE,
            pretax_cost_of_debt=0.05,
            tax=tax,
            target=TargetWeights(debt=leverage),
        )
    )
    assert found.wacc == pytest.approx(capm.wacc)


@given(debt=rates(0.0, 90.0), operating=rates(0.06, 0.15), tax=rates(0.0, 0.4))
def test_a_debt_that_never_changes_is_levered_by_hamada_and_worth_modigliani_and_miller(
    debt, operating, tax
):
    financing = Financing(
        unlevered_cost=constant(operating),
        cost_of_debt=constant(0.05),
        tax=constant(tax),
        debt=[debt, debt, debt],
        shields=Shields.FIXED,
    )
    inputs = IteratedCapitalInputs(
        free_cash_flow=[20.0, 20.0], terminal_growth=0.0, financing=financing
    )
    found = iterated_cost_of_capital(inputs)

    assert found.enterprise_value == pytest.approx(20.0 / operating + tax * debt)
    leverage = debt / found.equity_value
    hamada = operating + (operating - 0.05) * (1 - tax) * leverage
    assert found.costs_of_equity == pytest.approx(hamada)
    assert found.wacc == pytest.approx(operating * (1 - tax * debt / found.enterprise_value))


def test_a_plan_of_amounts_and_the_shares_that_it_comes_to_are_one():
    planned = reconciliation(a_plan())
    shares = [*planned.capital.weights_of_debt, None]
    shares[-1] = planned.capital.terminal_debt / planned.capital.terminal_value

    by_share = reconciliation(a_plan(financing=a_financing(debt=None, leverage=shares)))

    assert by_share.capital.values == pytest.approx(planned.capital.values)
    assert by_share.capital.debt == pytest.approx([300.0, 320.0, 340.0])


def test_one_wacc_for_a_debt_that_moves_is_off_and_says_why():
    plan = a_plan(financing=a_financing(debt=[600.0, 400.0, 200.0, 100.0]))
    result = reconciliation(plan)

    (row,) = [row for row in reconciled(plan, result) if row.method == "FCFF at one WACC"]

    assert row.difference == pytest.approx(row.value - result.fcff.value)
    assert row.difference > 1.0
    (cause,) = row.causes
    assert "today's WACC of 8." in cause.text
    assert "debt is 9.05% to 59.31% of the value" in cause.text
    failed = [check.name for check in checks_of(plan, result) if not check.passed]
    assert failed == ["reconciles_fcff_at_one_wacc"]


def test_a_broken_plan_tells_each_cause_with_its_amount():
    plan = a_plan(
        terminal_roic=0.15,
        dividends=[10.0, 10.0, 10.0],
        book_changes=[0.0, -40.0, 0.0],
        stated_wacc=0.08,
        target_leverage=0.5,
    )
    result = reconciliation(plan)

    told = {row.method: [cause.text for cause in row.causes] for row in reconciled(plan, result)}

    assert told["FCFF at WACC"] == told["APV"] == told["Capital cash flow"] == []
    assert "cash of" in told["Dividends"][0]
    assert "-40 outside profit" in told["EVA"][0]
    assert "profit is to grow by 2.00% for ever and capital otherwise" in told["Residual income"][1]
    assert "the stated WACC of 8.00%" in told["FCFF at one WACC"][0]
    assert "target weights of 50.00% debt" in told["FCFF at target weights"][0]
    fixed = replace(plan, financing=replace(plan.financing, shields=Shields.FIXED))
    last = reconciled(fixed, reconciliation(fixed))[-1]
    assert "Modigliani and Miller's formula is of a debt that never changes" in last.causes[0].text


def test_a_check_of_one_cause_tells_its_difference_once():
    plan = a_plan(terminal_roic=0.15)
    result = reconciliation(plan)

    told = {check.name: check.message for check in checks_of(plan, result)}["reconciles_eva"]
    off = amount(abs(float(result.eva.value - result.fcff.value)))

    assert told.count(off) == 1
    assert f"{off} less than FCFF at WACC: profit is to grow" in told


def test_where_todays_wacc_is_no_more_than_the_growth_one_wacc_has_no_value():
    costs = [0.03, 0.09, 0.09]

    plan = a_plan(terminal_growth=0.04, financing=a_financing(unlevered_cost=costs))

    assert reconciliation(plan).one_wacc is None


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"debt": [300.0, 320.0, 340.0]}, DebtPlanDoesNotFit),
        ({"leverage": constant(0.3)}, ChooseOne),
        ({"debt": None}, ChooseOne),
        ({"debt": [5_000.0] * 4}, EquityWipedOut),
        ({"debt": None, "leverage": constant(1.0)}, EquityWipedOut),
        ({"debt": None, "leverage": constant(9.0), "shields": Shields.FIXED}, LeverageFeedsItself),
        ({"unlevered_cost": constant(0.02)}, GrowthNotBelowUnleveredCost),
        ({"unlevered_cost": [0.09, -1.0, 0.09]}, UnleveredCostTooLow),
        ({"cost_of_debt": constant(-1.0)}, CostOfDebtTooLow),
        ({"cost_of_debt": constant(0.02), "shields": Shields.FIXED}, ShieldsGrowTooFast),
    ],
)
def test_a_financing_that_no_company_has_is_refused(changes, error):
    with pytest.raises(error):
        reconciliation(a_plan(financing=a_financing(**changes)))


def test_a_plan_without_years_is_refused():
    with pytest.raises(YearsOutOfRange):
        reconciliation(a_plan(years=0))


def test_without_debt_slow_interest_stops_no_fixed_policy():
    plan = a_plan(
        financing=a_financing(debt=[0.0] * 4, cost_of_debt=constant(0.01), shields=Shields.FIXED)
    )

    result = reconciliation(plan)

    assert result.enterprise_value == pytest.approx(result.capital.unlevered_values[0])


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "invested_capital": st.floats(),
            "terminal_growth": st.floats(),
            "terminal_roic": st.floats(),
            "terminal_nopat": st.floats(),
            "stated_wacc": st.floats(),
            "target_leverage": st.floats(),
            "nopat": st.lists(st.floats(), min_size=3, max_size=3),
        },
    )
)
def test_whatever_is_stated_a_plan_is_reconciled_or_refused(changes):
    plan = a_plan(**changes)
    try:
        result = reconciliation(plan)
    except ValorError:
        return
    assert all(np.isfinite(value).all() for value in leaves(result).values())
    assert len(checks_of(plan, result)) >= 6


def test_a_batch_reconciles_each_scenario_as_alone():
    growth = np.array([0.0, 0.01, 0.02, 0.2])

    batch = reconciliation(a_plan(terminal_growth=growth))

    for place, each in enumerate(growth[:3]):
        alone = leaves(reconciliation(a_plan(terminal_growth=float(each))))
        for name in ("eva.value", "dividend_discount.terminal_value", "capital.wacc"):
            group, line = name.split(".")
            assert getattr(getattr(batch, group), line)[place] == alone[name]
    assert np.isnan(batch.enterprise_value[3])


def test_a_reconciliation_is_varied_as_any_model():
    table = grid(
        a_plan(),
        ("terminal_growth", [0.01, 0.02]),
        ("financing.unlevered_cost.start", [0.09, 0.1]),
        field="equity_value",
    )

    assert table.values[1, 0] == reconciliation(a_plan()).equity_value
    dearer = replace_at(a_plan(), "financing.unlevered_cost.start", 0.1)
    assert table.values[1, 1] == reconciliation(dearer).equity_value
