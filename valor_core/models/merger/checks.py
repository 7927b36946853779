"""What an experienced reader would question in a merger."""

import numpy as np

from valor_core.models.checks import Check, Severity
from valor_core.models.merger.allocation import (
    PurchasePriceAllocationInputs,
    PurchasePriceAllocationResult,
)
from valor_core.models.merger.merger import MergerInputs, MergerResult
from valor_core.models.numbers import Numbers, amount

MOST_DEBT_TO_EBITDA = 5.0
PREMIUMS = 0.0, 1.0


def merger_checks(inputs: MergerInputs, result: MergerResult) -> tuple[Check, ...]:
    """The checks of one deal, those that failed first."""
    checks = [
        _value(result),
        _premium(result),
        _losses(result),
        _cash(inputs, result),
        _refinancing(inputs),
        None if result.allocation is None else _bargain(result.allocation.bargain_gain),
        _leverage(result),
    ]
    told = [check for check in checks if check is not None]
    return tuple(sorted(told, key=lambda check: check.passed))


def allocation_checks(
    _inputs: PurchasePriceAllocationInputs, result: PurchasePriceAllocationResult
) -> tuple[Check, ...]:
    """The checks of one allocation, those that failed first."""
    cash = result.opening_cash
    left = Check(
        name="cash",
        passed=bool(cash >= 0.0),
        severity=Severity.WARNING,
        message=f"Closing leaves cash of {amount(cash)}; below 0 the means do not cover the uses.",
        numbers={"opening_cash": float(cash)},
    )
    return tuple(sorted((left, _bargain(result.bargain_gain)), key=lambda check: check.passed))


def _value(result: MergerResult) -> Check:
    accretion, gain = result.judged_accretion, result.gain_of_acquirer
    return Check(
        name="accretion_and_value",
        passed=not (accretion >= 0.0 and gain < 0.0),
        severity=Severity.WARNING,
        message=f"Earnings per share change by {accretion:.4g} while the acquirer's owners gain "
        f"{amount(gain)}; accretion is not value.",
        numbers={"accretion": float(accretion), "gain_of_acquirer": float(gain)},
    )


def _premium(result: MergerResult) -> Check:
    low, high = PREMIUMS
    return Check(
        name="premium",
        passed=bool(low <= result.premium <= high),
        severity=Severity.WARNING,
        message=f"The offer is {result.premium:.1%} above the share price; outside {low:.0%} to "
        f"{high:.0%} it is rare.",
        numbers={"premium": float(result.premium)},
    )


def _losses(result: MergerResult) -> Check:
    least = np.min(result.pretax_income)
    return Check(
        name="losses",
        passed=bool(least >= 0.0),
        severity=Severity.WARNING,
        message=f"The lowest combined profit before tax is {amount(least)}; a loss is taken to "
        "save tax in its own year.",
        numbers={"pretax_income": float(least)},
    )


def _cash(inputs: MergerInputs, result: MergerResult) -> Check | None:
    ours, theirs = inputs.acquirer.books, inputs.target.books
    if ours is None or theirs is None:
        return None
    held = ours.cash + theirs.cash
    return Check(
        name="cash",
        passed=bool(result.cash_used <= held),
        severity=Severity.WARNING,
        message=f"The deal uses cash of {amount(result.cash_used)}; both companies hold "
        f"{amount(held)}.",
        numbers={"cash_used": float(result.cash_used), "cash_held": float(held)},
    )


def _refinancing(inputs: MergerInputs) -> Check | None:
    if inputs.target.books is None:
        return None
    debt, repaid = inputs.target.books.debt, inputs.financing.refinanced
    return Check(
        name="refinancing",
        passed=bool(repaid <= debt),
        severity=Severity.WARNING,
        message=f"Debt of {amount(repaid)} is refinanced; the target owes {amount(debt)}.",
        numbers={"refinanced": float(repaid), "debt": float(debt)},
    )


def _bargain(gain: Numbers) -> Check:
    fair = bool(gain == 0.0)
    return Check(
        name="bargain",
        passed=fair,
        severity=Severity.WARNING,
        message="The price is no less than the net assets, so no gain is booked."
        if fair
        else f"Net assets exceed the price by {amount(gain)}; look for a liability that is "
        "missing before booking a gain.",
        numbers={"bargain_gain": float(gain)},
    )


def _leverage(result: MergerResult) -> Check | None:
    multiple = result.debt_to_ebitda
    if multiple is None:
        return None
    return Check(
        name="leverage",
        passed=bool(multiple <= MOST_DEBT_TO_EBITDA),
        severity=Severity.WARNING,
        message=f"Debt is {multiple:.1f}× the first year's EBITDA; above "
        f"{MOST_DEBT_TO_EBITDA:.0f}× the interest assumed may not be had.",
        numbers={"debt_to_ebitda": float(multiple)},
    )
