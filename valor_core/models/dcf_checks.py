"""What an experienced reader would question in a DCF."""

import numpy as np

from valor_core.models.checks import Check, Severity
from valor_core.models.dcf import DcfInputs, DcfResult
from valor_core.models.dcf_direct import DirectDcfInputs, DirectDcfResult
from valor_core.models.numbers import Numbers, amount
from valor_core.models.terminal import MultipleOf, TerminalMethod

LEAST_SPREAD = 0.01
MOST_TERMINAL_SHARE = 0.85
MULTIPLES = {
    MultipleOf.EBITDA: (2.5, 30.0),
    MultipleOf.EBIT: (3.0, 40.0),
    MultipleOf.REVENUE: (0.3, 15.0),
}
MULTIPLES_OF_ANY = (0.3, 40.0)  # of a metric that nobody names
METRICS = {MultipleOf.EBITDA: "EBITDA", MultipleOf.EBIT: "EBIT", MultipleOf.REVENUE: "revenue"}
SAME_RETURN = 1e-9
MOST_GROWTH = 0.40  # of a single year, up or down
MOST_BETA = 3.0
WACCS = 0.03, 0.20
RARE = "it is rare: a decimal comma typed for a point makes 55 of 5,5."


def dcf_checks(
    inputs: DcfInputs | DirectDcfInputs, result: DcfResult | DirectDcfResult
) -> tuple[Check, ...]:
    """The checks of one company's valuation, those that failed first."""
    checks = [
        _spread(inputs, result),
        _terminal_share(result),
        _terminal_multiple(inputs, result),
        _implied_growth(inputs, result),
        _equity(result),
        _terminal_methods(result),
        _waccs(inputs, result),
        _bridge_day(inputs, result),
    ]
    if isinstance(inputs, DcfInputs) and isinstance(result, DcfResult):
        checks += [
            _terminal_return(inputs, result),
            _growth_above_risk_free(inputs),
            _growth(result),
            _beta(result),
            _tax_rates(result),
            _depreciation(result),
            _options_once(inputs),
        ]
    told = [check for check in checks if check is not None]
    return tuple(sorted(told, key=lambda check: check.passed))


def _terminal_wacc(
    inputs: DcfInputs | DirectDcfInputs, result: DcfResult | DirectDcfResult
) -> Numbers:
    return result.waccs[-1] if inputs.terminal_wacc is None else inputs.terminal_wacc


def _spread(
    inputs: DcfInputs | DirectDcfInputs, result: DcfResult | DirectDcfResult
) -> Check | None:
    if result.terminal_value_gordon is None:
        return None
    wacc, growth = _terminal_wacc(inputs, result), inputs.terminal_growth
    spread = wacc - growth
    return Check(
        name="spread",
        passed=bool(spread >= LEAST_SPREAD),
        severity=Severity.WARNING,
        message=f"WACC exceeds terminal growth by {spread:.2%}; below {LEAST_SPREAD:.0%} the "
        "terminal value hangs on the last decimal of either.",
        numbers={"spread": float(spread), "wacc": float(wacc), "growth": float(growth)},
    )


def _terminal_share(result: DcfResult | DirectDcfResult) -> Check | None:
    going_concern = result.pv_forecast + result.pv_terminal
    if going_concern <= 0.0:
        return None
    share = result.pv_terminal / going_concern
    return Check(
        name="terminal_share",
        passed=bool(share <= MOST_TERMINAL_SHARE),
        severity=Severity.WARNING,
        message=f"The terminal value is {share:.1%} of the whole; above "
        f"{MOST_TERMINAL_SHARE:.0%} the forecast hardly matters: lengthen it.",
        numbers={"share": float(share)},
    )


def _terminal_multiple(
    inputs: DcfInputs | DirectDcfInputs, result: DcfResult | DirectDcfResult
) -> Check | None:
    """The multiple at which the value is carried: the stated one, or what Gordon comes to."""
    sold = inputs.terminal_method is TerminalMethod.EXIT_MULTIPLE
    multiple = inputs.exit_multiple if sold else result.implied_multiple
    if multiple is None:
        return None
    low, high = MULTIPLES_OF_ANY
    what = "the stated metric"
    if isinstance(inputs, DcfInputs):
        (low, high), what = MULTIPLES[inputs.multiple_of], METRICS[inputs.multiple_of]
    return Check(
        name="terminal_multiple",
        passed=bool(low <= multiple <= high),
        severity=Severity.WARNING,
        message=f"The terminal value {'is' if sold else 'implies'} {multiple:.1f}× {what}; "
        f"companies are seldom sold outside {low:g}× to {high:g}×.",
        numbers={"multiple": float(multiple), "low": low, "high": high},
    )


def _implied_growth(
    inputs: DcfInputs | DirectDcfInputs, result: DcfResult | DirectDcfResult
) -> Check | None:
    """What the exit multiple asks of growth; only a note while the value rests on Gordon."""
    growth = result.implied_growth
    if growth is None:
        return None
    wacc = _terminal_wacc(inputs, result)
    spread = wacc - growth
    carries = inputs.terminal_method is TerminalMethod.EXIT_MULTIPLE
    return Check(
        name="implied_growth",
        passed=bool(spread >= LEAST_SPREAD),
        severity=Severity.WARNING if carries else Severity.NOTE,
        message=f"The exit multiple asks growth of {growth:.2%} for ever at a WACC of {wacc:.2%}; "
        f"with less than {LEAST_SPREAD:.0%} between them, nobody would pay that much.",
        numbers={"growth": float(growth), "wacc": float(wacc), "spread": float(spread)},
    )


def _equity(result: DcfResult | DirectDcfResult) -> Check:
    equity = result.equity_value
    return Check(
        name="equity",
        passed=bool(equity >= 0.0),
        severity=Severity.WARNING,
        message=f"The equity is worth {amount(equity)}; below 0 the claims exceed the company, "
        "and a share is worth no less than 0.",
        numbers={"equity_value": float(equity)},
    )


def _terminal_methods(result: DcfResult | DirectDcfResult) -> Check | None:
    gordon, sale = result.pv_terminal_gordon, result.pv_terminal_multiple
    if gordon is None or sale is None or gordon <= 0.0:
        return None
    return Check(
        name="terminal_methods",
        passed=bool(abs(sale / gordon - 1.0) <= 0.25),
        severity=Severity.NOTE,
        message=f"The exit multiple gives {sale / gordon:.0%} of the Gordon terminal value; more "
        "than a quarter apart, one of them is out of line.",
        numbers={"exit_multiple": float(sale), "gordon": float(gordon)},
    )


def _bridge_day(
    inputs: DcfInputs | DirectDcfInputs, result: DcfResult | DirectDcfResult
) -> Check | None:
    """With a stub the value's day is later than the balance sheet's."""
    if inputs.stub is None:
        return None
    received = result.fcff[0] / inputs.stub * (1.0 - inputs.stub)
    return Check(
        name="bridge_day",
        passed=bool(received == 0.0),
        severity=Severity.NOTE,
        message=f"About {amount(received)} of the first year's free cash flow came in before the "
        "day of the value; see that the cash and debt of the bridge are of that day too.",
        numbers={"received": float(received), "stub": float(inputs.stub)},
    )


def _terminal_return(inputs: DcfInputs, result: DcfResult) -> Check:
    wacc = _terminal_wacc(inputs, result)
    roic = wacc if inputs.terminal_roic is None else inputs.terminal_roic
    return Check(
        name="terminal_return",
        passed=bool(roic <= wacc + SAME_RETURN),
        severity=Severity.WARNING,
        message=f"New capital earns {roic:.2%} for ever at a WACC of {wacc:.2%}; above it, no "
        "competitor ever comes.",
        numbers={"roic": float(roic), "wacc": float(wacc)},
    )


def _growth_above_risk_free(inputs: DcfInputs) -> Check | None:
    if inputs.cost_of_capital is None:
        return None
    growth, risk_free = inputs.terminal_growth, inputs.cost_of_capital.risk_free
    return Check(
        name="growth_above_risk_free",
        passed=bool(growth <= risk_free),
        severity=Severity.WARNING,
        message=f"Terminal growth is {growth:.2%} at a risk-free rate of {risk_free:.2%}; above "
        "it, the company outgrows the economy.",
        numbers={"growth": float(growth), "risk_free": float(risk_free)},
    )


def _growth(result: DcfResult) -> Check:
    low, high = np.min(result.growth), np.max(result.growth)
    return Check(
        name="growth",
        passed=bool(low >= -MOST_GROWTH and high <= MOST_GROWTH),
        severity=Severity.WARNING,
        message=f"Growth runs from {low:.1%} to {high:.1%} a year; beyond ±{MOST_GROWTH:.0%} "
        f"{RARE}",
        numbers={"lowest": float(low), "highest": float(high)},
    )


def _beta(result: DcfResult) -> Check | None:
    if result.cost_of_capital is None:
        return None
    beta = result.cost_of_capital.levered_beta
    return Check(
        name="levered_beta",
        passed=bool(0.0 <= beta <= MOST_BETA),
        severity=Severity.WARNING,
        message=f"The levered beta is {beta:.2f}; outside 0 to {MOST_BETA:.0f} {RARE}",
        numbers={"beta": float(beta)},
    )


def _waccs(inputs: DcfInputs | DirectDcfInputs, result: DcfResult | DirectDcfResult) -> Check:
    last = _terminal_wacc(inputs, result)
    lowest = min(float(np.min(result.waccs)), float(last))
    highest = max(float(np.max(result.waccs)), float(last))
    low, high = WACCS
    return Check(
        name="wacc",
        passed=bool(low <= lowest and highest <= high),
        severity=Severity.WARNING,
        message=f"WACC runs from {lowest:.2%} to {highest:.2%}; outside {low:.0%} to {high:.0%} "
        f"{RARE}",
        numbers={"lowest": lowest, "highest": highest},
    )


def _tax_rates(result: DcfResult) -> Check:
    low, high = np.min(result.tax_rates), np.max(result.tax_rates)
    return Check(
        name="tax_rates",
        passed=bool(low >= 0.0 and high <= 0.5),
        severity=Severity.WARNING,
        message=f"Tax runs from {low:.1%} to {high:.1%}; profit is taxed between 0 and 50 %.",
        numbers={"lowest": float(low), "highest": float(high)},
    )


def _depreciation(result: DcfResult) -> Check | None:
    if result.depreciation is None:
        return None
    net = result.reinvestment[-1]
    return Check(
        name="reinvestment",
        passed=bool(net >= 0.0 or result.growth[-1] <= 0.0),
        severity=Severity.NOTE,
        message=f"Net reinvestment in the last year is {amount(net)}; a company that grows does "
        "not live off its capital for ever.",
        numbers={"reinvestment": float(net), "growth": float(result.growth[-1])},
    )


def _options_once(inputs: DcfInputs) -> Check:
    value = inputs.bridge.options_value or 0.0
    return Check(
        name="options_once",
        passed=not (inputs.shares.options and value > 0.0),
        severity=Severity.WARNING,
        message=f"{len(inputs.shares.options)} option tranches dilute and {amount(value)} is "
        "deducted for options; each option counts once.",
        numbers={"tranches": float(len(inputs.shares.options)), "options_value": float(value)},
    )
