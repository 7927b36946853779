"""Three statements that tie, whatever is planned."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.strategies import floats, integers

from tests.workbooks.cases import Draw
from tests.workbooks.statements_cases import a_plan
from valor_core.errors import BadInput
from valor_core.models.fields import leaves
from valor_core.models.lbo.debt import InterestOn
from valor_core.models.paths import constant, over_years
from valor_core.models.sensitivity import replace_at
from valor_core.models.statements.forecast import forecast_statements
from valor_core.models.statements.plan import Debt, OpeningBalance, StatementsInputs
from valor_core.models.statements.refusals import (
    DriverOutOfRange,
    RepaidBeyondBalance,
    RevolverBeyondLimit,
)
from valor_core.models.taxes import Taxes

SEEDS = integers(0, 10_000)


def plan(**changes) -> StatementsInputs:
    """A small company that earns and owes nothing."""
    known = StatementsInputs(
        years=3,
        revenue=100.0,
        growth=constant(0.1),
        opening=OpeningBalance(cash=10.0, fixed_assets=40.0),
        cost_of_revenue=constant(0.7),
        depreciation=constant(0.1),
        capital_expenditure=constant(0.05),
        taxes=Taxes(rate=constant(0.25)),
        shares=10.0,
    )
    return replace(known, **changes)


@given(seed=SEEDS)
def test_every_balance_sheet_balances_and_cash_is_what_the_flows_left(seed):
    told = forecast_statements(a_plan(Draw(seed)))

    size = np.max(np.abs(told.balance.total_assets))
    assert np.max(np.abs(told.balance_difference)) <= 1e-9 * size
    assert np.max(np.abs(told.cash_difference)) <= 1e-9 * size


@given(seed=SEEDS)
def test_cash_never_falls_below_its_minimum_and_the_revolver_is_drawn_only_for_that(seed):
    inputs = a_plan(Draw(seed))
    told = forecast_statements(inputs)
    spare = told.balance.cash - inputs.minimum_cash

    assert np.min(spare) >= 0.0
    assert np.min(told.balance.revolver) >= 0.0
    assert np.max(np.minimum(spare, told.balance.revolver)) <= 1e-9


@given(seed=SEEDS)
def test_interest_on_average_balances_is_what_iteration_comes_to(seed):
    inputs = replace(a_plan(Draw(seed)), interest_on=InterestOn.AVERAGE)
    told = forecast_statements(inputs)
    rates = _years(inputs.cash_rate, inputs), _years(inputs.revolver_rate, inputs)
    cash, drawn = inputs.opening.cash, inputs.opening.revolver
    for year in range(inputs.years):
        expected = rates[0][year] * 0.5 * (cash + told.balance.cash[year])
        assert told.income.interest_income[year] == pytest.approx(expected, abs=1e-9)
        debt = sum(each.interest[year] for each in told.debt)
        paid = debt + rates[1][year] * 0.5 * (drawn + told.balance.revolver[year])
        assert told.income.interest_expense[year] == pytest.approx(paid, abs=1e-9)
        cash, drawn = told.balance.cash[year], told.balance.revolver[year]


def _years(path, inputs):
    return over_years(path, inputs.years, name="rate")


@given(seed=SEEDS, other=SEEDS)
@settings(max_examples=15)
def test_a_scenario_forecasts_as_alone(seed, other):
    inputs = a_plan(Draw(seed))
    revenues = np.array([inputs.revenue, inputs.revenue * (1.0 + other / 1e5)])

    both = forecast_statements(replace_at(inputs, "revenue", revenues))
    alone = forecast_statements(inputs)

    for name, value in leaves(alone).items():
        beside = np.asarray(leaves(both)[name])  # what revenue does not move has no scenarios
        assert np.array_equal(beside if beside.ndim == np.ndim(value) else beside[0], value), name


@given(
    growth=floats(-1.0, 3.0),
    cost=floats(-1.0, 3.0),
    payout=floats(0.0, 1.0),
    rate=floats(0.0, 1.0),
    tax=floats(0.0, 0.9),
    days=floats(0.0, 3_000.0),
)
@settings(max_examples=100)
def test_whatever_is_stated_has_finite_statements_or_a_refusal(
    growth, cost, payout, rate, tax, days
):
    inputs = plan(
        growth=constant(growth),
        cost_of_revenue=constant(cost),
        payout=constant(payout),
        cash_rate=constant(rate),
        revolver_rate=constant(rate),
        taxes=Taxes(rate=constant(tax)),
        receivable_days=constant(days),
    )
    try:
        told = forecast_statements(inputs)
    except BadInput:
        return
    for name, value in leaves(told).items():
        assert np.isfinite(value).all(), name


def test_a_year_worked_out_by_hand():
    told = forecast_statements(
        plan(
            years=1, receivable_days=constant(36.5), payout=constant(0.4), cash_rate=constant(0.02)
        )
    )

    # EBIT 110 × 30 % − 4 = 29; cash c: 10 + 0.6 × NI + 4 − 11 − 5.5, NI = 0.75 (29 + 0.01 (10 + c))
    cash = (10.0 + 0.6 * 0.75 * (29.0 + 0.1) + 4.0 - 11.0 - 5.5) / (1.0 - 0.6 * 0.75 * 0.01)
    assert told.balance.receivables[0] == pytest.approx(11.0)
    assert told.balance.cash[0] == pytest.approx(cash, rel=1e-12)
    assert told.income.net_income[0] == pytest.approx(0.75 * (29.1 + 0.01 * cash), rel=1e-12)


def test_a_loss_is_carried_forward_and_shelters_later_profit():
    told = forecast_statements(plan(cost_of_revenue=[1.2, 0.7, 0.7]))

    assert told.income.tax[0] == 0.0
    assert told.losses_carried[0] == pytest.approx(-told.income.pretax_income[0])
    assert told.income.tax[1] == pytest.approx(
        0.25 * max(told.income.pretax_income[1] - told.losses_carried[0], 0.0)
    )


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"payout": constant(1.5)}, DriverOutOfRange),
        ({"growth": constant(-1.5)}, DriverOutOfRange),
        ({"minimum_cash": 500.0, "revolver_limit": 5.0}, RevolverBeyondLimit),
    ],
)
def test_a_plan_that_cannot_be_is_refused(changes, refusal):
    with pytest.raises(refusal):
        forecast_statements(plan(**changes))


def test_more_cannot_be_repaid_than_is_owed():
    inputs = a_plan(Draw(3))
    first = replace(inputs.debt[0], repaid=[1e6] * inputs.years)

    with pytest.raises(RepaidBeyondBalance):
        forecast_statements(replace(inputs, debt=(first, *inputs.debt[1:])))


def test_a_company_that_buys_back_its_shares_has_fewer_of_them():
    told = forecast_statements(
        plan(buybacks=[5.0, 0.0, 0.0], share_price=constant(10.0), shares_issued=[0.0, 2.0, 0.0])
    )

    assert told.shares.tolist() == pytest.approx([9.5, 9.7, 9.7])


@given(seed=SEEDS, leverage=floats(0.0, 3.0))
def test_net_debt_stands_at_its_target_wherever_shares_are_bought_to_reach_it(seed, leverage):
    inputs = replace(a_plan(Draw(seed)), buybacks=None, buyback_payout=constant(0.0),
                     target_leverage=constant(leverage))  # fmt: skip
    told = forecast_statements(inputs)
    sheets = told.balance
    owed = sheets.debt + sheets.revolver - sheets.cash
    allowed = leverage * np.maximum(told.income.ebitda, 0.0)
    bought = told.cash_flow.buybacks > 0.0

    assert owed[bought] == pytest.approx(allowed[bought], abs=1e-9 * np.max(sheets.total_assets))
    assert np.all(owed[~bought] >= allowed[~bought] - 1e-9 * np.max(sheets.total_assets))


@given(seed=SEEDS)
def test_a_target_below_any_leverage_buys_nothing_back(seed):
    inputs = replace(a_plan(Draw(seed)), target_leverage=None)

    never = forecast_statements(replace(inputs, target_leverage=constant(-10.0)))
    free = forecast_statements(inputs)

    if np.all(free.balance.cash < 10.0 * free.income.ebitda):
        assert np.array_equal(never.balance.cash, free.balance.cash)


@given(seed=SEEDS, part=floats(0.0, 0.6), cut=floats(0.0, 1.0))
def test_profit_paid_out_by_buybacks_leaves_as_much_cash_as_by_dividends(seed, part, cut):
    inputs = replace(a_plan(Draw(seed)), payout=constant(part), buyback_payout=constant(0.0))
    by_both = replace(
        inputs, payout=constant(part * cut), buyback_payout=constant(part * (1.0 - cut))
    )

    one, other = forecast_statements(inputs), forecast_statements(by_both)

    assert other.balance.cash == pytest.approx(one.balance.cash, rel=1e-9, abs=1e-9)
    assert other.balance.total_equity == pytest.approx(one.balance.total_equity, rel=1e-9)


def test_a_debt_amortises_by_its_share_and_the_rest_falls_due_at_maturity():
    loan = Debt(
        name="Term loan", balance=100.0, rate=constant(0.05), amortisation=constant(0.3), maturity=3
    )
    notes = Debt(name="Notes", balance=50.0, rate=constant(0.08), maturity=2)

    told = forecast_statements(plan(years=4, debt=(loan, notes)))

    assert told.debt[0].repaid.tolist() == pytest.approx([30.0, 30.0, 40.0, 0.0])
    assert told.debt[1].repaid.tolist() == [0.0, 50.0, 0.0, 0.0]
    assert told.debt[0].interest.tolist() == pytest.approx([4.25, 2.75, 1.0, 0.0])


def test_a_share_repaid_each_year_ends_with_the_debt():
    loan = Debt(balance=100.0, rate=constant(0.05), amortisation=constant(0.4))

    told = forecast_statements(plan(years=4, debt=(loan,)))

    assert told.debt[0].repaid.tolist() == pytest.approx([40.0, 40.0, 20.0, 0.0])


def test_dividends_that_are_stated_are_paid_whatever_is_earned():
    told = forecast_statements(plan(cost_of_revenue=constant(1.1), dividends=constant(4.0)))

    assert told.income.to_common[0] < 0.0
    assert told.cash_flow.dividends.tolist() == [4.0, 4.0, 4.0]


def test_a_debt_that_falls_due_before_the_forecast_is_refused():
    with pytest.raises(DriverOutOfRange, match="Maturity of 0"):
        Debt(balance=1.0, rate=constant(0.05), maturity=0)
