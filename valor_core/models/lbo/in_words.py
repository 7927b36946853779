"""What an experienced reader would question in a buyout, and the conventions that it rests on."""

import numpy as np

from valor_core.models.checks import Check, Severity
from valor_core.models.lbo.buyout import LboInputs, LboResult
from valor_core.models.lbo.debt import InterestOn, SweepOf
from valor_core.models.numbers import amount
from valor_core.models.taxes import TaxBase

SOLVED = 1e-9  # of the debt
MOST_LEVERAGE = 8.0
LEAST_EQUITY = 0.25


def lbo_checks(inputs: LboInputs, result: LboResult) -> tuple[Check, ...]:
    """The checks of one deal, those that failed first."""
    checks = [
        _solved(result),
        _funded(result),
        _covenants(inputs, result),
        _leverage(result),
        _equity_share(result),
        _multiple(inputs),
        _wiped_out(inputs, result),
    ]
    return tuple(sorted(checks, key=lambda check: check.passed))


def _solved(result: LboResult) -> Check:
    off = np.max(np.abs(result.repaid - result.repayments_allowed))
    return Check(
        name="solved",
        passed=bool(off <= SOLVED * (1.0 + result.funding.debt)),
        severity=Severity.WARNING,
        message=f"What is repaid and what its own interest and tax leave cash for differ by "
        f"{off:.1e}; they are one number where each year is solved.",
        numbers={"difference": float(off)},
    )


def _funded(result: LboResult) -> Check:
    missing = result.total_shortfall
    paid = bool(missing == 0.0)
    return Check(
        name="funded",
        passed=paid,
        severity=Severity.WARNING,
        message="Cash pays all that is due until the exit."
        if paid
        else f"Cash of {amount(missing)} is missing until the exit; somebody would have to pay "
        "it in, and the return leaves that out.",
        numbers={"shortfall": float(missing)},
    )


def _covenants(inputs: LboInputs, result: LboResult) -> Check:
    years = slice(inputs.exit_year)
    least = min((float(np.min(test.headroom[years])) for test in result.covenants), default=1.0)
    return Check(
        name="covenants",
        passed=bool(result.breached == 0.0),
        severity=Severity.WARNING,
        message=f"The tightest covenant leaves {least:.1%} of EBITDA to lose; below 0 % lenders "
        "may call the debt.",
        numbers={"headroom": least},
    )


def _leverage(result: LboResult) -> Check:
    leverage = result.funding.leverage
    return Check(
        name="leverage",
        passed=bool(leverage <= MOST_LEVERAGE),
        severity=Severity.WARNING,
        message=f"Debt is {leverage:.1f}× EBITDA; lenders seldom go above {MOST_LEVERAGE:g}×.",
        numbers={"leverage": float(leverage)},
    )


def _equity_share(result: LboResult) -> Check:
    share = result.funding.equity_share
    return Check(
        name="equity_share",
        passed=bool(share >= LEAST_EQUITY),
        severity=Severity.WARNING,
        message=f"Equity is {share:.0%} of debt and equity; lenders seldom accept less than "
        f"{LEAST_EQUITY:.0%}.",
        numbers={"share": float(share)},
    )


def _multiple(inputs: LboInputs) -> Check:
    entry, exit_multiple = inputs.purchase.multiple, inputs.exit_multiple
    return Check(
        name="exit_multiple",
        passed=bool(exit_multiple <= entry),
        severity=Severity.NOTE,
        message=f"Bought at {entry:.1f}× and sold at {exit_multiple:.1f}×; a return that needs a "
        "higher multiple needs a buyer who pays more than the sponsor did.",
        numbers={"entry": float(entry), "exit": float(exit_multiple)},
    )


def _wiped_out(inputs: LboInputs, result: LboResult) -> Check:
    equity = result.exit_equity[inputs.exit_year - 1]
    return Check(
        name="wiped_out",
        passed=bool(equity > 0.0),
        severity=Severity.WARNING,
        message=f"The exit leaves {amount(equity)} to the equity; at 0 the debt takes all.",
        numbers={"exit_equity": float(equity)},
    )


def lbo_conventions(inputs: LboInputs) -> dict[str, str]:
    """Interest, sweep, tax and returns of a deal."""
    average = inputs.interest_on is InterestOn.AVERAGE
    levered = inputs.taxes.base is TaxBase.LEVERED
    return {
        "Sources and uses": "the sponsor's equity is what the other sources leave; debt at face, "
        "its discount among the uses",
        "Interest": "on the average of opening and closing balance, solved exactly; debt that "
        "matures bears interest for the whole year"
        if average
        else "on the opening balance",
        "Repayment": "what the contract asks, then the revolver out of all cash above the minimum, "
        "then the sweep by seniority",
        "Sweep": "of the year's cash flow; cash from before stays"
        if inputs.sweep.of is SweepOf.CASH_FLOW
        else "of all cash above the minimum",
        "Tax": "on EBIT less interest within its cap; losses and interest left over are carried "
        "forward"
        if levered
        else "on EBIT, as if there were no debt",
        "Costs of borrowing": "released by effective interest until maturity; those of the "
        "revolver evenly",
        "Events": "at the end of their year, after its sweep: refinancings, add-ons, distributions",
        "Exit": "at the end of a year, after its distribution, at the multiple of that year's "
        "EBITDA; the equity receives no less than 0",
        "Returns": "of the sponsor, after managers' options; flows at the ends of years "
        f"{inputs.year_length:g} long",
    }
