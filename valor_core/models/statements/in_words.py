"""What an experienced reader would question in forecast statements, and what they rest on."""

import numpy as np

from valor_core.models.checks import Check, Severity
from valor_core.models.lbo.debt import InterestOn
from valor_core.models.numbers import amount
from valor_core.models.statements.forecast import CashFlowStatement, StatementsResult
from valor_core.models.statements.plan import StatementsInputs

LEAST_COVER = 2.0
MOST_CASH = 0.4  # of all assets
RENEWAL = (0.5, 2.0)  # capital expenditure by depreciation


def statements_checks(inputs: StatementsInputs, result: StatementsResult) -> tuple[Check, ...]:
    """The checks of one company's statements, those that failed first."""
    checks = [
        _ties(result),
        _revolver(inputs, result),
        _equity(result),
        _cover(result),
        _renewal(result),
        _idle_cash(result),
        _price_of_shares(inputs, result.cash_flow),
    ]
    return tuple(sorted(checks, key=lambda check: check.passed))


def _ties(result: StatementsResult) -> Check:
    apart = max(
        float(np.max(np.abs(row))) for row in (result.balance_difference, result.cash_difference)
    )
    return Check(
        name="ties",
        passed=apart == 0.0,
        severity=Severity.WARNING,
        message=f"Assets differ from claims, and cash from the cash flows, by {amount(apart)} at "
        "most; they tie to the last digits where each year is solved.",
        numbers={"difference": apart},
    )


def _revolver(inputs: StatementsInputs, result: StatementsResult) -> Check:
    peak, opening = float(result.peak_revolver), float(inputs.opening.revolver)
    return Check(
        name="revolver",
        passed=peak <= opening,
        severity=Severity.NOTE,
        message=f"At most {amount(peak)} is drawn on the revolver; it stands for debt or shares "
        "that the plan does not raise.",
        numbers={"peak": peak},
    )


def _equity(result: StatementsResult) -> Check:
    least = float(np.min(result.balance.paid_in + result.balance.retained))
    return Check(
        name="equity",
        passed=least > 0.0,
        severity=Severity.NOTE,
        message=f"The common equity falls to {amount(least)} at book; below 0 more was lost or "
        "paid out than was paid in and earned.",
        numbers={"equity": least},
    )


def _cover(result: StatementsResult) -> Check:
    ebit, interest = result.income.ebit, result.income.interest_expense
    covers = [float(earned / paid) for earned, paid in zip(ebit, interest, strict=True) if paid > 0]
    least = min(covers, default=0.0)
    told = f"EBIT is {least:.1f}× interest in the tightest year" if covers else "No interest is due"
    return Check(
        name="interest_cover",
        passed=not covers or least >= LEAST_COVER,
        severity=Severity.WARNING,
        message=f"{told}; below {LEAST_COVER:g}× lenders ask how it will be paid.",
        numbers={"cover": least} if covers else {},
    )


def _renewal(result: StatementsResult) -> Check:
    spent, worn = (float(row[-1]) for row in (
        result.cash_flow.capital_expenditure, result.income.depreciation))  # fmt: skip
    least, most = RENEWAL
    return Check(
        name="renewal",
        passed=least * worn <= spent <= most * worn,
        severity=Severity.NOTE,
        message=f"Capital expenditure of the last year is {amount(spent)} beside depreciation of "
        f"{amount(worn)}; outside {least:g}× to {most:g}× the assets shrink or swell.",
        numbers={"capital_expenditure": spent, "depreciation": worn},
    )


def _idle_cash(result: StatementsResult) -> Check:
    share = float(result.balance.cash[-1] / result.balance.total_assets[-1])
    return Check(
        name="idle_cash",
        passed=share <= MOST_CASH,
        severity=Severity.NOTE,
        message=f"Cash is {share:.0%} of all assets in the end; above {MOST_CASH:.0%} the plan "
        "does not say what it is for: state dividends, buybacks or repayments.",
        numbers={"share": share},
    )


def _price_of_shares(inputs: StatementsInputs, flows: CashFlowStatement) -> Check:
    moved = any(np.any(row != 0.0) for row in (flows.buybacks, flows.shares_issued))
    return Check(
        name="price_of_shares",
        passed=inputs.share_price is not None or not moved,
        severity=Severity.WARNING,
        message="Without a price of the share, buybacks and new shares leave the count, and so "
        "the earnings per share, as they were.",
        numbers={},
    )


def statements_conventions(inputs: StatementsInputs) -> dict[str, str]:
    """Costs, balances, interest and tax of the statements."""
    average = inputs.interest_on is InterestOn.AVERAGE
    return {
        "Costs": "shares of revenue, without depreciation; what is paid in shares is a cost that "
        "adds to the capital paid in",
        "Fixed assets": "depreciation is a share of what stood at the year's start",
        "Working capital": "receivables by days of revenue, inventory and payables by days of the "
        "cost of revenue, 365 a year",
        "Interest": "on the average of opening and closing balances, solved exactly with the cash "
        "that it leaves"
        if average
        else "on the opening balances",
        "Cash": "what is above the minimum stays as cash; what is missing is drawn on the revolver",
        "Tax": "on EBIT less net interest within its cap; losses and interest left over are "
        "carried forward, no deferred tax asset is recognised",
        "Dividends": "a part of the profit to common holders, none in a loss, and what is stated "
        "whatever is earned",
        **_rules(inputs),
        "Opening balance": "the capital paid in is what the other items leave, so that it ties",
    }


def _rules(inputs: StatementsInputs) -> dict[str, str]:
    """The rules that the plan states in place of amounts by year."""
    told = {}
    if inputs.target_leverage is not None:
        told["Buybacks"] = (
            "all that leaves net debt below its target of EBITDA at the year's end; what cash does "
            "not pay, the revolver lends"
        )
    if any(each.amortisation is not None or each.maturity is not None for each in inputs.debt):
        told["Repayment"] = "a share of what the base year owed each year, the rest at maturity"
    return told
