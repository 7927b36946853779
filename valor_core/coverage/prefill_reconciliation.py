"""Where one plan by every method begins: the company's own DCF, its rates and its debt share."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from valor_core.coverage.bridge_facts import cash, debt
from valor_core.coverage.figures import Figures, Told, assumed, derived
from valor_core.coverage.prefill import (
    DEBT_SHARE,
    DEBT_SPREAD,
    MARGINAL_TAX,
    RISK_FREE,
    Named,
    Prefilled,
    Sources,
    prefill_dcf,
)
from valor_core.coverage.prefill_options import ProjectDcf, suggested_dcf
from valor_core.models.bridge import Bridge
from valor_core.models.dcf import DcfInputs, DcfResult, discounted_cash_flow
from valor_core.models.discounting import Timing
from valor_core.models.intrinsic.financing import Financing, Shields
from valor_core.models.intrinsic.reconciliation import ReconciliationInputs
from valor_core.models.numbers import Row
from valor_core.models.paths import Fade, Path
from valor_core.models.terminal import TerminalMethod
from valor_core.values import FiledFact


def prefill_reconciliation(
    company: Named,
    facts: Iterable[FiledFact],
    *,
    as_of: date | None = None,
    saved: ProjectDcf | None = None,
) -> Prefilled:
    """The plan of the saved DCF, else of the one that the facts suggest, at its WACC.

    The operations cost what makes its WACC of them at its share of debt, so that free cash flow at
    that WACC is worth what the DCF says.
    """
    known = list(facts)
    start = prefill_dcf(company, known, as_of=as_of)
    dcf = saved if saved and saved.inputs else suggested_dcf(start)
    assert dcf.inputs is not None
    stated = replace(dcf.inputs, bridge=Bridge.of())
    plan = discounted_cash_flow(stated)
    told = Sources()

    def of_dcf(number: float, rule: str) -> Told:
        return derived(number, f"{rule} of {dcf.named}", *dcf.facts)

    def row(path: str, numbers: Row, rule: str) -> Row:
        told.sources[path] = of_dcf(numbers[0], rule).source
        return numbers

    last = stated.terminal_wacc if stated.terminal_wacc is not None else float(plan.waccs[-1])
    earned = last if stated.terminal_roic is None else stated.terminal_roic
    inputs = ReconciliationInputs(
        years=stated.years,
        nopat=row("nopat", plan.nopat, "EBIT after tax"),
        reinvestment=row("reinvestment", plan.nopat - plan.fcff, "NOPAT − free cash flow"),
        invested_capital=told.number(
            "invested_capital", _capital(Figures(known, as_of), stated, dcf.named)
        ),
        terminal_growth=told.number(
            "terminal_growth", of_dcf(stated.terminal_growth, "terminal growth")
        ),
        terminal_nopat=told.number(
            "terminal_nopat", of_dcf(float(plan.terminal_nopat), "NOPAT after the forecast")
        ),
        terminal_roic=told.number(
            "terminal_roic", of_dcf(earned, "return on new capital after the forecast")
        ),
        financing=_financing(told, stated, plan, dcf),
    )
    return Prefilled(
        inputs=inputs,
        sources=told.sources,
        warnings=(*start.warnings, *_apart(stated, plan)),
        currency=start.currency,
    )


def _capital(figures: Figures, stated: DcfInputs, named: str) -> Told:
    """Equity and debt less cash as filed; else what the DCF's sales to capital imply."""
    equity = figures.first("equity_incl_nci", "stockholders_equity")
    owed, liquid = debt(figures), cash(figures)
    if equity is None or liquid.value is None:
        value, path = stated.revenue, stated.sales_to_capital
        ratio = path.ratio.start if path and isinstance(path.ratio, Fade) else None
        why = f"revenue / sales to capital of {named}: book capital cannot be told from the filing"
        return assumed(value / ratio if ratio else value, why)
    beside = "" if owed.value is not None else "; no debt is filed"
    return derived(
        equity.value + (owed.value or 0.0) - liquid.value,
        f"equity + debt − cash of FY{equity.fiscal_year}{beside}",
        equity,
        *owed.facts,
        *liquid.facts,
    )


def _financing(told: Sources, stated: DcfInputs, plan: DcfResult, dcf: ProjectDcf) -> Financing:
    """Debt as the share of value that the DCF's WACC rests on; it follows the value."""
    capital, found = stated.cost_of_capital, plan.cost_of_capital

    def number(name: str, value: float | None, usual: float, rule: str) -> float:
        path = f"financing.{name}.start"
        if value is None:
            return told.default(path, usual, f"{dcf.named} states its WACC alone: a default")
        return told.number(path, derived(float(value), f"{rule} of {dcf.named}", *dcf.facts))

    share = number(
        "leverage", found.weight_of_debt if found else None, DEBT_SHARE, "debt share of capital"
    )
    rate = number(
        "cost_of_debt",
        capital.pretax_cost_of_debt if capital else None,
        RISK_FREE + DEBT_SPREAD,
        "cost of debt before tax",
    )
    tax = number("tax", capital.tax if capital else None, MARGINAL_TAX, "tax that interest saves")
    return Financing(
        unlevered_cost=_unlevered(told, plan, dcf, tax * rate * share),
        cost_of_debt=Fade(start=rate),
        tax=Fade(start=tax),
        leverage=Fade(start=share),
        shields=Shields.HARRIS_PRINGLE,
    )


def _unlevered(told: Sources, plan: DcfResult, dcf: ProjectDcf, saved: float) -> Path:
    """The WACC and the tax that interest saves on the value: what operations alone cost."""
    costs = plan.waccs + saved
    steady = bool((costs == costs[0]).all())
    rule = f"WACC of {dcf.named} + tax × cost of debt × debt share (Harris-Pringle)"
    path = "financing.unlevered_cost.start" if steady else "financing.unlevered_cost"
    first = told.number(path, derived(float(costs[0]), rule, *dcf.facts))
    return Fade(start=first) if steady else costs


def _apart(stated: DcfInputs, plan: DcfResult) -> list[str]:
    """Conventions of the DCF that no method here has, so that its value is another one."""
    last = float(plan.waccs[-1])
    told = {
        "counts cash in the middle of a year": stated.timing is not Timing.END_YEAR,
        "begins within a year": stated.stub is not None,
        "rests on an exit multiple": stated.terminal_method is TerminalMethod.EXIT_MULTIPLE,
        "weighs the odds of failure": stated.failure is not None,
        "has another WACC after the forecast": stated.terminal_wacc not in (None, last),
    }
    return [
        f"The DCF {what}, which no method here does: the value is not the DCF's."
        for what, does in told.items()
        if does
    ]
