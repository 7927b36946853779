"""Why methods differ on one plan: a table of each value, its difference to FCFF, and the causes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from valor_core.models.checks import Check, Severity
from valor_core.models.intrinsic.financing import Financing, IteratedCapitalInputs, Shields
from valor_core.models.intrinsic.reconciliation import (
    ByMethod,
    ReconciliationInputs,
    ReconciliationResult,
)
from valor_core.models.numbers import amount

AGREES = 1e-9
"""Relative difference below which two methods agree: what is left is rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One reason why a method differs from FCFF, and how much of the difference it makes."""

    text: str
    amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """A method, its value of the operations, and why that is not the value by FCFF."""

    method: str
    value: float
    difference: float
    causes: tuple[Cause, ...]  # their amounts add up to the difference


Worded = Callable[[float], str]
"""How an amount of money is written."""


def reconciled(
    inputs: ReconciliationInputs, result: ReconciliationResult, *, money: Worded = amount
) -> tuple[Reconciled, ...]:
    """Every method of one company's reconciliation, in the order in which they are taught."""
    fcff, by_books = result.fcff, (("EVA", result.eva), ("Residual income", result.residual_income))
    apv = float(result.capital.enterprise_value)
    rows = [
        _row("FCFF at WACC", fcff, fcff, ()),
        Reconciled(method="APV", value=apv, difference=apv - float(fcff.value), causes=()),
        _row("Capital cash flow", result.capital_cash_flow, fcff, ()),
        _row("FCFE at the cost of equity", result.fcfe, fcff, ()),
        _row("Dividends", result.dividend_discount, fcff, _of_dividends(result, money)),
        *(_row(name, by, fcff, _of_book(inputs, result, by, money)) for name, by in by_books),
    ]
    if result.one_wacc is not None:
        rows.append(_row("FCFF at one WACC", result.one_wacc, fcff, [_of_one_wacc(inputs, result)]))
    if result.target_weights is not None:
        cause = _of_target(inputs, result)
        rows.append(_row("FCFF at target weights", result.target_weights, fcff, [cause]))
    return tuple(rows)


def made_consistent(inputs: ReconciliationInputs) -> ReconciliationInputs:
    """The plan without what makes the seven methods differ.

    Capital grows as profit does for ever, all cash is paid out, no change of capital passes profit.
    """
    return replace(inputs, terminal_roic=None, dividends=None, book_changes=None)


def reconciliation_checks(
    inputs: ReconciliationInputs, result: ReconciliationResult
) -> tuple[Check, ...]:
    """Whether each method agrees with FCFF, what differs first."""
    checks = [_check(row) for row in reconciled(inputs, result)[1:]]
    return tuple(sorted(checks, key=lambda check: check.passed))


def reconciliation_conventions(inputs: ReconciliationInputs) -> dict[str, str]:
    """What the values of a reconciliation rest on."""
    return {
        "Tax": "NOPAT as stated; interest saves tax at the stated rate in the year that it is "
        "paid, in a loss too",
        "Terminal value": "every line grows at one rate; capital does where no terminal return is "
        "stated",
        **financing_conventions(inputs.financing),
    }


def iterated_conventions(inputs: IteratedCapitalInputs) -> dict[str, str]:
    """What the cost of capital on the weights of its own values rests on."""
    return {
        "Terminal value": "the last flow and the debt grow at one rate",
        **financing_conventions(inputs.financing),
    }


def financing_conventions(financing: Financing) -> dict[str, str]:
    """The debt policy and the levering formula that follows from it."""
    policy = "planned amounts" if financing.leverage is None else "a share of the value"
    return {
        "Rates": "fractions, compounded once a year; flows and rates in one currency, both "
        "nominal or both real",
        "Timing": "cash arrives at the end of each year",
        "Debt": f"{policy}, today and at the end of each year; it is worth its face value",
        "Tax shields": {
            Shields.FIXED: "as safe as the debt, at its cost (Modigliani-Miller)",
            Shields.HARRIS_PRINGLE: "as risky as the operations, at their cost (Harris-Pringle)",
            Shields.MILES_EZZELL: "the next at the cost of debt, later ones at the cost of the "
            "operations (Miles-Ezzell)",
        }[financing.shields],
        "Cost of capital": "on the weights of the values found, one rate a year, solved backwards",
    }


def _row(method: str, by: ByMethod, fcff: ByMethod, causes: Any) -> Reconciled:
    value, difference = float(by.value), float(by.value - fcff.value)
    kept = tuple(causes) if _differs(value, difference) else ()
    return Reconciled(method=method, value=value, difference=difference, causes=kept)


def _differs(value: float, difference: float) -> bool:
    return abs(difference) > AGREES * abs(value - difference)


def _check(row: Reconciled) -> Check:
    agrees = not _differs(row.value, row.difference)
    message = f"{row.method} gives {amount(row.value)}"
    message += ", as FCFF at WACC does." if agrees else f", {_apart(row)}: {why(row)}."
    return Check(
        name=f"reconciles_{row.method.lower().replace(' ', '_')}",
        passed=agrees,
        severity=Severity.WARNING,
        message=message,
        numbers={"value": row.value, "difference": row.difference},
    )


def _apart(row: Reconciled) -> str:
    side = "more" if row.difference > 0.0 else "less"
    return f"{amount(abs(row.difference))} {side} than FCFF at WACC"


def why(row: Reconciled, *, money: Worded = amount) -> str:
    """The reasons why a method differs, each with its part where they are several."""
    if len(row.causes) == 1:
        return row.causes[0].text
    return "; ".join(f"{money(cause.amount)} because {cause.text}" for cause in row.causes)


def _present(flows: Any, rates: Any) -> float:
    """The present value of one flow a year at one rate a year."""
    return float(np.sum(flows / np.cumprod(1.0 + np.asarray(rates))))


def _of_dividends(result: ReconciliationResult, money: Worded) -> Iterator[Cause]:
    kept = result.fcfe.flows - result.dividend_discount.flows
    yield Cause(
        text="dividends are not the free cash flow to equity: cash of "
        f"{money(float(np.sum(kept)))} is kept, and no flow of the plan pays it out",
        amount=-_present(kept, result.fcfe.rates),
    )


def _of_book(
    inputs: ReconciliationInputs, result: ReconciliationResult, by: ByMethod, money: Worded
) -> Iterator[Cause]:
    """Clean surplus broken, and capital that does not grow as profit does for ever."""
    if inputs.book_changes is not None:
        total = float(np.sum(inputs.book_changes))
        yield Cause(
            text=f"book capital changes by {money(total)} outside profit (no clean surplus)",
            amount=-_present(inputs.book_changes, by.rates),
        )
    grown = float(inputs.terminal_growth * result.terminal_capital)
    excess = float(result.terminal_reinvestment) - grown
    if inputs.terminal_roic is not None and excess:
        spread = float(by.terminal_rate - inputs.terminal_growth)
        last = float(np.prod(1.0 + by.rates))
        yield Cause(
            text=f"profit is to grow by {float(inputs.terminal_growth):.2%} for ever and capital "
            f"otherwise: to grow alike, capital of {money(float(result.terminal_capital))} needs "
            f"{money(grown)} more in the first year after the forecast, but the plan adds "
            f"{money(float(result.terminal_reinvestment))}",
            amount=excess / spread / last,
        )


def _of_one_wacc(inputs: ReconciliationInputs, result: ReconciliationResult) -> Cause:
    assert result.one_wacc is not None
    used = f"{float(result.one_wacc.terminal_rate):.2%}"
    weights = _weights(result)
    waccs = [*result.capital.waccs, result.capital.terminal_wacc]
    stated = "today's WACC" if inputs.stated_wacc is None else "the stated WACC"
    return Cause(
        text=f"{stated} of {used} is used in all years, while debt is {_range(weights)} of the "
        f"value and the WACC on these weights {_range(waccs)}",
        amount=float(result.one_wacc.value - result.fcff.value),
    )


def _of_target(inputs: ReconciliationInputs, result: ReconciliationResult) -> Cause:
    assert result.target_weights is not None
    assert inputs.target_leverage is not None
    weights = _weights(result)
    text = (
        f"target weights of {float(inputs.target_leverage):.2%} debt are not the plan's, which "
        f"has debt of {_range(weights)} of the value"
    )
    if inputs.financing.shields is Shields.FIXED:
        text += "; and Modigliani and Miller's formula is of a debt that never changes"
    return Cause(text=text, amount=float(result.target_weights.value - result.fcff.value))


def _weights(result: ReconciliationResult) -> list[Any]:
    """Debt over value, in each year and at the horizon."""
    capital = result.capital
    return [*capital.weights_of_debt, capital.terminal_debt / capital.terminal_value]


def _range(rates: Any) -> str:
    low, high = float(min(rates)), float(max(rates))
    return f"{low:.2%}" if f"{low:.2%}" == f"{high:.2%}" else f"{low:.2%} to {high:.2%}"
