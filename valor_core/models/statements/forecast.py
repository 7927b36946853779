"""Three linked statements by year: what is earned, what is owned and owed, where cash went.

Cash and the revolver are the only plug. Interest on their average balances depends on where they
end, which depends on the interest: both are solved at once, without iteration. After-tax profit is
the least of a few straight lines in the cash that is left (a line for each way of being taxed,
with and without a dividend), so that cash is the least of what each line by itself would leave.
"""

from dataclasses import dataclass, field, fields
from functools import partial
from itertools import product

import numpy as np

from valor_core.models.fields import Unit, says
from valor_core.models.guarded import guarded
from valor_core.models.lbo.debt import InterestOn
from valor_core.models.numbers import Numbers, Row, row_of, valid_where
from valor_core.models.paths import Path, over_years
from valor_core.models.refusals import RevenueNegative, YearsOutOfRange
from valor_core.models.several import lowest, total
from valor_core.models.statements.plan import Debt, OpeningBalance, StatementsInputs
from valor_core.models.statements.refusals import (
    DriverOutOfRange,
    RepaidBeyondBalance,
    RevolverBeyondLimit,
)
from valor_core.models.taxes import CapBase, TaxPaid, TaxYear

MOST_YEARS = 40
DAYS = 365.0
SAME = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtSchedule:
    """A debt over the years: opening + issued − repaid = closing."""

    opening: Row = field(metadata=says("owed at the year's start", Unit.MONEY))
    issued: Row = field(metadata=says("raised", Unit.MONEY))
    repaid: Row = field(metadata=says("repaid", Unit.MONEY))
    closing: Row = field(metadata=says("owed at the year's end", Unit.MONEY))
    interest: Row = field(metadata=says("interest", Unit.MONEY))


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomeStatement:
    """What each year earns."""

    revenue: Row = field(metadata=says("revenue", Unit.MONEY))
    cost_of_revenue: Row = field(metadata=says("cost of revenue", Unit.MONEY))
    gross_profit: Row = field(metadata=says("gross profit", Unit.MONEY))
    operating_costs: Row = field(metadata=says("operating costs", Unit.MONEY))
    ebitda: Row = field(metadata=says("EBITDA", Unit.MONEY, label="EBITDA"))
    depreciation: Row = field(metadata=says("depreciation", Unit.MONEY))
    amortisation: Row = field(metadata=says("amortisation", Unit.MONEY))
    ebit: Row = field(metadata=says("EBIT", Unit.MONEY, label="EBIT"))
    interest_expense: Row = field(metadata=says("interest on debt and revolver", Unit.MONEY))
    interest_income: Row = field(metadata=says("interest on cash", Unit.MONEY))
    pretax_income: Row = field(metadata=says("profit before tax", Unit.MONEY))
    tax: Row = field(metadata=says("tax", Unit.MONEY))
    net_income: Row = field(metadata=says("profit after tax", Unit.MONEY))
    to_minorities: Row = field(metadata=says("profit of minorities", Unit.MONEY))
    to_preferred: Row = field(metadata=says("dividend on preferred stock", Unit.MONEY))
    to_common: Row = field(metadata=says("profit to common holders", Unit.MONEY))


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceSheet:
    """What is owned and owed at each year's end."""

    cash: Row = field(metadata=says("cash", Unit.MONEY))
    receivables: Row = field(metadata=says("receivables", Unit.MONEY))
    inventory: Row = field(metadata=says("inventory", Unit.MONEY))
    other_current_assets: Row = field(metadata=says("other current assets", Unit.MONEY))
    fixed_assets: Row = field(metadata=says("property, plant and equipment, net", Unit.MONEY))
    intangibles: Row = field(metadata=says("goodwill and intangible assets", Unit.MONEY))
    other_assets: Row = field(metadata=says("other assets", Unit.MONEY))
    total_assets: Row = field(metadata=says("all assets", Unit.MONEY))
    payables: Row = field(metadata=says("payables", Unit.MONEY))
    other_current_liabilities: Row = field(metadata=says("other current liabilities", Unit.MONEY))
    revolver: Row = field(metadata=says("drawn on the revolver", Unit.MONEY))
    debt: Row = field(metadata=says("debt with a schedule", Unit.MONEY))
    other_liabilities: Row = field(metadata=says("other liabilities", Unit.MONEY))
    total_liabilities: Row = field(metadata=says("all liabilities", Unit.MONEY))
    minority_interests: Row = field(metadata=says("minority interests", Unit.MONEY))
    preferred: Row = field(metadata=says("preferred stock", Unit.MONEY))
    paid_in: Row = field(metadata=says("capital paid in", Unit.MONEY))
    retained: Row = field(metadata=says("retained earnings", Unit.MONEY))
    total_equity: Row = field(
        metadata=says("all equity, minorities and preferred stock with it", Unit.MONEY)
    )
    total_claims: Row = field(metadata=says("all liabilities and equity", Unit.MONEY))


@dataclass(frozen=True, slots=True, kw_only=True)
class CashFlowStatement:
    """Where each year's cash came from and went."""

    stock_compensation: Row = field(metadata=says("costs paid in shares", Unit.MONEY))
    working_capital_added: Row = field(metadata=says("working capital added", Unit.MONEY))
    from_operations: Row = field(metadata=says("cash flow from operations", Unit.MONEY))
    capital_expenditure: Row = field(metadata=says("capital expenditure", Unit.MONEY))
    debt_issued: Row = field(metadata=says("debt raised", Unit.MONEY))
    debt_repaid: Row = field(metadata=says("debt repaid", Unit.MONEY))
    revolver_drawn: Row = field(metadata=says("drawn on the revolver, net", Unit.MONEY))
    dividends: Row = field(metadata=says("dividends to all holders", Unit.MONEY))
    buybacks: Row = field(metadata=says("shares bought back", Unit.MONEY))
    shares_issued: Row = field(metadata=says("cash raised by new shares", Unit.MONEY))
    net_change: Row = field(metadata=says("change of cash", Unit.MONEY))


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementsResult:
    """The statements of every forecast year, their schedules, and the checks that they tie."""

    income: IncomeStatement = field(metadata=says("income statement"))
    balance: BalanceSheet = field(metadata=says("balance sheet"))
    cash_flow: CashFlowStatement = field(metadata=says("cash flow statement"))
    debt: tuple[DebtSchedule, ...] = field(metadata=says("each debt"))
    interest_deducted: Row = field(metadata=says("net interest deducted", Unit.MONEY))
    interest_carried: Row | None = field(
        metadata=says("interest carried forward; none: there is no cap", Unit.MONEY)
    )
    losses_carried: Row = field(metadata=says("losses carried forward (NOL)", Unit.MONEY))
    shares: Row = field(metadata=says("shares at the year's end", Unit.SHARES))
    earnings_per_share: Row = field(
        metadata=says("profit to common holders by average shares", Unit.MONEY_PER_SHARE)
    )
    free_cash_flow: Row = field(
        metadata=says("from operations less capital expenditure", Unit.MONEY)
    )
    balance_difference: Row = field(
        metadata=says("assets less liabilities and equity; nothing where they tie", Unit.MONEY)
    )
    cash_difference: Row = field(
        metadata=says("cash of the balance sheet less that of the cash flows", Unit.MONEY)
    )
    opening_assets: Numbers = field(metadata=says("all assets of the base year", Unit.MONEY))
    opening_paid_in: Numbers = field(
        metadata=says("capital paid in that balances the base year", Unit.MONEY)
    )
    peak_revolver: Numbers = field(metadata=says("most drawn on the revolver", Unit.MONEY))
    cumulated_free_cash_flow: Numbers = field(
        metadata=says("free cash flow of all years", Unit.MONEY)
    )
    last_earnings_per_share: Numbers = field(
        metadata=says("earnings per share in the last year", Unit.MONEY_PER_SHARE)
    )


@guarded
def forecast_statements(inputs: StatementsInputs) -> StatementsResult:
    """Forecast income statement, balance sheet and cash flow so that each ties to the others.

    >>> from valor_core.models.taxes import Taxes
    >>> from valor_core.models.paths import constant
    >>> plan = StatementsInputs(years=2, revenue=100.0, growth=constant(0.1),
    ...     opening=OpeningBalance(cash=10.0, fixed_assets=40.0),
    ...     cost_of_revenue=constant(0.7), depreciation=constant(0.1),
    ...     capital_expenditure=constant(0.05), taxes=Taxes(rate=constant(0.25)), shares=10.0)
    >>> told = forecast_statements(plan)
    >>> print(told.income.net_income.round(2), told.balance.cash.round(2))
    [21.75 24.11] [30.25 52.46]
    """
    if not 1 <= inputs.years <= MOST_YEARS:
        raise YearsOutOfRange(years=inputs.years, most=MOST_YEARS)
    drivers = _drivers(inputs)
    opened = state = _opened(inputs)
    years = []
    for year in range(inputs.years):
        made = _year(inputs, {name: row[year] for name, row in drivers.items()}, state, year)
        years.append(made)
        state = made.state
    return _result(inputs, opened, years)


SHARES = (
    "stock_compensation", "depreciation", "amortisation", "payout", "buyback_payout",
    "minority_share",
)  # fmt: skip
RATES = ("cash_rate", "revolver_rate", "preferred_rate")
DAY_COUNTS = ("receivable_days", "inventory_days", "payable_days")
OTHERS = (
    "growth", "cost_of_revenue", "operating_costs", "capital_expenditure",
    "other_current_assets", "other_current_liabilities",
)  # fmt: skip
BOUNDS = {
    **dict.fromkeys((*SHARES, *RATES), (0.0, 1.0)),
    **dict.fromkeys(DAY_COUNTS, (0.0, 3_650.0)),
    **dict.fromkeys(OTHERS[1:], (-10.0, 10.0)),
    "growth": (-1.0, 10.0),
}
LEVERAGE = (-10.0, 100.0)
AMOUNTS = (0.0, 1e15)


def _drivers(inputs: StatementsInputs) -> dict[str, list[Numbers]]:
    """Every driver year by year, each within what it can mean."""
    found = {}
    for name, bounds in BOUNDS.items():
        found[name] = _within(getattr(inputs, name), inputs.years, name, bounds)
    if inputs.target_leverage is not None:
        found["target"] = _within(inputs.target_leverage, inputs.years, "target_leverage", LEVERAGE)
    if inputs.dividends is not None:
        found["dividends"] = _within(inputs.dividends, inputs.years, "dividends", AMOUNTS)
    found["tax"] = over_years(inputs.taxes.rate, inputs.years, name="taxes.rate")
    if inputs.share_price is not None:
        found["share_price"] = over_years(inputs.share_price, inputs.years, name="share_price")
    for place, debt in enumerate(inputs.debt):
        found[f"rate {place}"] = over_years(debt.rate, inputs.years, name="rate")
        if debt.amortisation is not None:
            found[f"amortisation {place}"] = _within(
                debt.amortisation, inputs.years, "amortisation", (0.0, 1.0)
            )
    return found


def _within(path: Path, years: int, name: str, bounds: tuple[float, float]) -> list[Numbers]:
    least, most = bounds
    refusal = partial(DriverOutOfRange, _said(name), least=least, most=most)
    return [
        valid_where((each >= least) & (each <= most), each, refusal, stated=each)
        for each in over_years(path, years, name=name)
    ]


def _said(name: str) -> str:
    return name.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """The balance sheet and what is carried forward, at a year's end."""

    revenue: Numbers
    balance: OpeningBalance
    paid_in: Numbers
    debt: tuple[Numbers, ...]
    losses: Numbers
    interest_carried: Numbers | None
    shares: Numbers


def _opened(inputs: StatementsInputs) -> _State:
    """The base year's end; the capital paid in is what the other claims leave."""
    opening = inputs.opening
    owed = tuple(each.balance for each in inputs.debt)
    revenue = valid_where(
        inputs.revenue >= 0.0, inputs.revenue, RevenueNegative, revenue=inputs.revenue
    )
    return _State(
        revenue=revenue,
        balance=opening,
        paid_in=_assets(opening) - _claims(opening, owed, 0.0),
        debt=owed,
        losses=inputs.taxes.losses,
        interest_carried=inputs.taxes.interest_carried,
        shares=inputs.shares,
    )


def _assets(sheet: OpeningBalance) -> Numbers:
    return (
        sheet.cash + sheet.receivables + sheet.inventory + sheet.other_current_assets
        + sheet.fixed_assets + sheet.intangibles + sheet.other_assets
    )  # fmt: skip


def _claims(sheet: OpeningBalance, debt: tuple[Numbers, ...], paid_in: Numbers) -> Numbers:
    claims = (
        sheet.payables + sheet.other_current_liabilities + sheet.revolver
        + sheet.other_liabilities + sheet.minority_interests + sheet.preferred + sheet.retained
        + paid_in
    )  # fmt: skip
    return claims + total(debt)


def _equity(state: _State) -> Numbers:
    sheet = state.balance
    return sheet.minority_interests + sheet.preferred + sheet.retained + state.paid_in


@dataclass(frozen=True, slots=True, kw_only=True)
class _Year:
    """All lines of one year, and the state that it ends in."""

    income: dict[str, Numbers]
    cash_flow: dict[str, Numbers]
    debt: tuple[dict[str, Numbers], ...]
    tax: TaxPaid
    state: _State


def _year(inputs: StatementsInputs, driver: dict[str, Numbers], before: _State, year: int) -> _Year:
    """One year: operations first, then the debt, then cash and tax at once."""
    earned = _operations(driver, before)
    sheet = _operating_sheet(driver, earned, before.balance)
    debt = tuple(
        _scheduled(inputs, each, owed, driver, place, year)
        for place, (each, owed) in enumerate(zip(inputs.debt, before.debt, strict=True))
    )
    flows = _flows(inputs, driver, earned, before, sheet, debt, year)
    solved = _solved(inputs, driver, earned, before, debt, flows)
    return _closed(inputs, driver, earned, before, sheet, debt, flows, solved)


def _operations(driver: dict[str, Numbers], before: _State) -> dict[str, Numbers]:
    """From revenue to EBIT."""
    revenue = before.revenue * (1.0 + driver["growth"])
    cost = revenue * driver["cost_of_revenue"]
    costs = revenue * driver["operating_costs"]
    depreciation = before.balance.fixed_assets * driver["depreciation"]
    amortisation = before.balance.intangibles * driver["amortisation"]
    ebitda = revenue - cost - costs
    return {
        "revenue": revenue,
        "cost_of_revenue": cost,
        "gross_profit": revenue - cost,
        "operating_costs": costs,
        "ebitda": ebitda,
        "depreciation": depreciation,
        "amortisation": amortisation,
        "ebit": ebitda - depreciation - amortisation,
    }


def _operating_sheet(
    driver: dict[str, Numbers], earned: dict[str, Numbers], before: OpeningBalance
) -> dict[str, Numbers]:
    """What operations own and owe at the year's end."""
    revenue, cost = earned["revenue"], earned["cost_of_revenue"]
    spent = revenue * driver["capital_expenditure"]
    return {
        "receivables": revenue * driver["receivable_days"] / DAYS,
        "inventory": cost * driver["inventory_days"] / DAYS,
        "other_current_assets": revenue * driver["other_current_assets"],
        "fixed_assets": before.fixed_assets + spent - earned["depreciation"],
        "intangibles": before.intangibles - earned["amortisation"],
        "payables": cost * driver["payable_days"] / DAYS,
        "other_current_liabilities": revenue * driver["other_current_liabilities"],
    }


def _scheduled(
    inputs: StatementsInputs,
    debt: Debt,
    owed: Numbers,
    driver: dict[str, Numbers],
    place: int,
    year: int,
) -> dict[str, Numbers]:
    """A debt's year; interest on what the inputs say bears it."""
    issued = 0.0 if debt.issued is None else debt.issued[..., year]
    repaid = 0.0 if debt.repaid is None else debt.repaid[..., year]
    if debt.amortisation is not None:
        due = debt.balance * driver[f"amortisation {place}"]
        repaid = repaid + np.minimum(due, np.maximum(owed + issued - repaid, 0.0))
    if debt.maturity is not None and year + 1 >= debt.maturity:
        repaid = np.maximum(repaid, owed + issued)
    closing = owed + issued - repaid
    closing = valid_where(
        closing >= -SAME * (1.0 + np.abs(owed)), closing, RepaidBeyondBalance, closing=closing
    )
    averaged = inputs.interest_on is InterestOn.AVERAGE
    bearing = 0.5 * (owed + closing) if averaged else owed
    return {
        "opening": owed,
        "issued": issued,
        "repaid": repaid,
        "closing": closing,
        "interest": driver[f"rate {place}"] * bearing,
    }


def _flows(
    inputs: StatementsInputs,
    driver: dict[str, Numbers],
    earned: dict[str, Numbers],
    before: _State,
    sheet: dict[str, Numbers],
    debt: tuple[dict[str, Numbers], ...],
    year: int,
) -> dict[str, Numbers]:
    """Cash flows that depend on no profit."""
    old = before.balance
    assets = ("receivables", "inventory", "other_current_assets")
    claims = ("payables", "other_current_liabilities")
    added: Numbers = 0.0
    for sign, names in ((1.0, assets), (-1.0, claims)):
        for name in names:
            added = added + sign * (sheet[name] - getattr(old, name))
    return {
        "working_capital_added": added,
        "stock_compensation": earned["revenue"] * driver["stock_compensation"],
        "capital_expenditure": earned["revenue"] * driver["capital_expenditure"],
        "debt_issued": total(each["issued"] for each in debt),
        "debt_repaid": total(each["repaid"] for each in debt),
        "buybacks": 0.0 if inputs.buybacks is None else inputs.buybacks[..., year],
        "shares_issued": 0.0 if inputs.shares_issued is None else inputs.shares_issued[..., year],
        "dividends": driver.get("dividends", 0.0),
        "to_preferred": old.preferred * driver["preferred_rate"],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Solved:
    """Where cash ends, and the interest and tax that go with it."""

    cash: Numbers
    revolver: Numbers
    income: Numbers
    expense: Numbers
    tax: TaxPaid
    bought: Numbers  # of shares, so that net debt is at its target


def _solved(
    inputs: StatementsInputs,
    driver: dict[str, Numbers],
    earned: dict[str, Numbers],
    before: _State,
    debt: tuple[dict[str, Numbers], ...],
    flows: dict[str, Numbers],
) -> _Solved:
    """Cash above its minimum, or what the revolver lends below it, exactly."""
    old, averaged = before.balance, inputs.interest_on is InterestOn.AVERAGE
    rate, borrowing = driver["cash_rate"], driver["revolver_rate"]
    scheduled = total(each["interest"] for each in debt)
    cash_bearing = 0.5 * (old.cash + inputs.minimum_cash) if averaged else old.cash
    drawn_bearing = 0.5 * old.revolver if averaged else old.revolver
    interest = scheduled + borrowing * drawn_bearing - rate * cash_bearing
    tax = TaxYear(
        rate=driver["tax"],
        profit=earned["ebit"],
        losses=before.losses,
        loss_limit=inputs.taxes.loss_limit,
        interest_carried=before.interest_carried,
        cap=_cap(inputs, earned),
        levered=True,
    )
    free = _free_of_profit(inputs, earned, before, flows)
    payout = driver["payout"] + driver["buyback_payout"]
    paid = payout * (1.0 - driver["minority_share"])
    back = payout * flows["to_preferred"]
    lines = []
    for line, (kept, returned) in product(tax.lines(), ((1.0, 0.0), (1.0 - paid, back))):
        profit = earned["ebit"] - interest - line.on(interest)
        at_nothing = free + kept * profit + returned
        lines.append((at_nothing, 0.5 * kept * (1.0 - line.relieved(1.0)) if averaged else 0.0))
    left = lowest(
        start / (1.0 - np.where(start >= 0.0, rate, borrowing) * moved) for start, moved in lines
    )
    bought: Numbers = 0.0
    if inputs.target_leverage is not None:
        allowed = driver["target"] * np.maximum(earned["ebitda"], 0.0)
        aim = total(each["closing"] for each in debt) - inputs.minimum_cash - allowed
        earns = np.where(aim >= 0.0, rate, borrowing)
        bought = np.maximum(
            lowest(start + earns * moved * aim for start, moved in lines) - aim, 0.0
        )
        left = np.where(bought > 0.0, aim, left)
    above, drawn = np.maximum(left, 0.0), np.maximum(-left, 0.0)
    drawn = _within_limit(inputs, drawn)
    income = rate * (cash_bearing + (0.5 * above if averaged else 0.0))
    expense = scheduled + borrowing * (drawn_bearing + (0.5 * drawn if averaged else 0.0))
    return _Solved(
        cash=inputs.minimum_cash + above,
        revolver=drawn,
        income=income,
        expense=expense,
        tax=tax.on(expense - income),
        bought=bought,
    )


def _cap(inputs: StatementsInputs, earned: dict[str, Numbers]) -> Numbers | None:
    if inputs.taxes.interest_cap is None:
        return None
    base = earned["ebitda" if inputs.taxes.cap_base is CapBase.EBITDA else "ebit"]
    return inputs.taxes.interest_cap * np.maximum(base, 0.0)


def _free_of_profit(
    inputs: StatementsInputs,
    earned: dict[str, Numbers],
    before: _State,
    flows: dict[str, Numbers],
) -> Numbers:
    """Cash above the minimum, less the revolver, before the year's profit and its dividend."""
    worn = earned["depreciation"] + earned["amortisation"] + flows["stock_compensation"]
    invested = flows["working_capital_added"] + flows["capital_expenditure"]
    raised = flows["debt_issued"] - flows["debt_repaid"] + flows["shares_issued"]
    paid = flows["buybacks"] + flows["dividends"] + flows["to_preferred"]
    start = before.balance.cash - inputs.minimum_cash - before.balance.revolver
    return start + worn - invested + raised - paid


def _within_limit(inputs: StatementsInputs, drawn: Numbers) -> Numbers:
    limit = inputs.revolver_limit
    if limit is None:
        return drawn
    return valid_where(
        drawn <= limit * (1.0 + SAME), drawn, RevolverBeyondLimit, drawn=drawn, limit=limit
    )


def _closed(
    inputs: StatementsInputs,
    driver: dict[str, Numbers],
    earned: dict[str, Numbers],
    before: _State,
    sheet: dict[str, Numbers],
    debt: tuple[dict[str, Numbers], ...],
    flows: dict[str, Numbers],
    solved: _Solved,
) -> _Year:
    """Profit, its holders, and the balance sheet that the year ends in."""
    old = before.balance
    pretax = earned["ebit"] - solved.expense + solved.income
    net = pretax - solved.tax.tax
    minorities = net * driver["minority_share"]
    common = net - minorities - flows["to_preferred"]
    profit = np.maximum(common, 0.0)
    ordinary = flows["dividends"] + driver["payout"] * profit
    buybacks = flows["buybacks"] + driver["buyback_payout"] * profit + solved.bought
    income = {
        **earned,
        "interest_expense": solved.expense,
        "interest_income": solved.income,
        "pretax_income": pretax,
        "tax": solved.tax.tax,
        "net_income": net,
        "to_minorities": minorities,
        "to_preferred": flows["to_preferred"],
        "to_common": common,
    }
    dividends = ordinary + flows["to_preferred"]
    operations = (
        net + earned["depreciation"] + earned["amortisation"] + flows["stock_compensation"]
        - flows["working_capital_added"]
    )  # fmt: skip
    drawn = solved.revolver - old.revolver
    raised = flows["debt_issued"] - flows["debt_repaid"] + drawn + flows["shares_issued"]
    cash_flow = {
        "stock_compensation": flows["stock_compensation"],
        "working_capital_added": flows["working_capital_added"],
        "from_operations": operations,
        "capital_expenditure": flows["capital_expenditure"],
        "debt_issued": flows["debt_issued"],
        "debt_repaid": flows["debt_repaid"],
        "revolver_drawn": drawn,
        "dividends": dividends,
        "buybacks": buybacks,
        "shares_issued": flows["shares_issued"],
        "net_change": operations - flows["capital_expenditure"] + raised - dividends
        - buybacks,
    }  # fmt: skip
    shares = before.shares
    if inputs.share_price is not None:
        shares = shares - (buybacks - flows["shares_issued"]) / driver["share_price"]
    balance = OpeningBalance(
        cash=solved.cash,
        **sheet,
        revolver=solved.revolver,
        other_assets=old.other_assets,
        other_liabilities=old.other_liabilities,
        minority_interests=old.minority_interests + minorities,
        preferred=old.preferred,
        retained=old.retained + common - ordinary,
    )  # fmt: skip
    state = _State(
        revenue=earned["revenue"],
        balance=balance,
        paid_in=before.paid_in + flows["stock_compensation"] + flows["shares_issued"] - buybacks,
        debt=tuple(each["closing"] for each in debt),
        losses=solved.tax.losses,
        interest_carried=solved.tax.interest_carried,
        shares=shares,
    )
    return _Year(income=income, cash_flow=cash_flow, debt=debt, tax=solved.tax, state=state)


def _result(inputs: StatementsInputs, opened: _State, years: list[_Year]) -> StatementsResult:
    """The years as rows, with the checks that they tie."""
    assets = [_assets(year.state.balance) for year in years]
    equities = [_equity(year.state) for year in years]
    claims = [_claims(year.state.balance, year.state.debt, year.state.paid_in) for year in years]
    sheets = [
        {each.name: getattr(year.state.balance, each.name) for each in fields(OpeningBalance)}
        | {
            "paid_in": year.state.paid_in,
            "debt": total(year.state.debt),
            "total_assets": asset,
            "total_liabilities": claim - equity,
            "total_equity": equity,
            "total_claims": claim,
        }
        for year, asset, claim, equity in zip(years, assets, claims, equities, strict=True)
    ]
    cash, by_flows = inputs.opening.cash, []
    for year in years:
        cash = cash + year.cash_flow["net_change"]
        by_flows.append(cash)
    counts = [inputs.shares, *(year.state.shares for year in years)]
    earnings = [
        year.income["to_common"] / (0.5 * (first + last))
        for year, first, last in zip(years, counts, counts[1:], strict=False)
    ]
    free = [
        year.cash_flow["from_operations"] - year.cash_flow["capital_expenditure"] for year in years
    ]
    return StatementsResult(
        income=IncomeStatement(**_rows([year.income for year in years])),
        balance=BalanceSheet(**_rows(sheets)),
        cash_flow=CashFlowStatement(**_rows([year.cash_flow for year in years])),
        debt=tuple(
            DebtSchedule(**_rows([year.debt[place] for year in years]))
            for place in range(len(inputs.debt))
        ),
        interest_deducted=row_of([year.tax.deducted for year in years]),
        interest_carried=None
        if inputs.taxes.interest_cap is None
        else row_of([year.tax.interest_carried for year in years]),
        losses_carried=row_of([year.tax.losses for year in years]),
        shares=row_of(counts[1:]),
        earnings_per_share=row_of(earnings),
        free_cash_flow=row_of(free),
        balance_difference=row_of(
            [_apart(asset, claim, asset) for asset, claim in zip(assets, claims, strict=True)]
        ),
        cash_difference=row_of(
            [
                _apart(year.state.balance.cash, cash, asset)
                for year, cash, asset in zip(years, by_flows, assets, strict=True)
            ]
        ),
        opening_assets=_assets(opened.balance),
        opening_paid_in=opened.paid_in,
        peak_revolver=np.max(row_of([year.state.balance.revolver for year in years]), axis=-1),
        cumulated_free_cash_flow=np.sum(row_of(free), axis=-1),
        last_earnings_per_share=earnings[-1],
    )


def _rows(years: list[dict[str, Numbers]]) -> dict[str, Row]:
    return {name: row_of([year[name] for year in years]) for name in years[0]}


def _apart(one: Numbers, other: Numbers, size: Numbers) -> Numbers:
    """How far two numbers that must tie are apart; nothing within the rounding of their size."""
    apart = one - other
    return np.where(np.abs(apart) <= SAME * (1.0 + np.abs(size)), 0.0, apart)
