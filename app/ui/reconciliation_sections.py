"""The parts of the page of the reconciliation: the headline, then one section at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from app.ui import ask, ask_grids, form, scenario_sections, sheet, show, words
from app.ui.draft import Desk
from app.ui.field import Field, field_of
from app.ui.frame import caller
from app.ui.places import at, put_at
from valor_core.amounts import shown
from valor_core.charts import reconciliation as charts
from valor_core.errors import ValorError
from valor_core.models.conventions import valued_as_of
from valor_core.models.fields import Unit
from valor_core.models.intrinsic.causes import (
    AGREES,
    Reconciled,
    made_consistent,
    reconciled,
    why,
)
from valor_core.models.intrinsic.reconciliation import (
    ByMethod,
    ReconciliationResult,
    reconciliation,
)
from valor_core.models.paths import Fade
from valor_core.values import from_micros
from valor_core.workbench.valuations import newest_saved
from valor_core.workbench.verb import open_work

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
METHODS = 7  # the others vary the first one
FLOWS = {
    "fcff": ("FCFF at WACC", "Free cash flow to the firm"),
    "capital_cash_flow": ("Capital cash flow", "FCFF + tax that interest saves"),
    "fcfe": ("FCFE at the cost of equity", "Free cash flow to equity"),
    "dividend_discount": ("Dividends", "Dividends"),
    "eva": ("EVA", "Economic value added"),
    "residual_income": ("Residual income", "Residual income"),
    "one_wacc": ("FCFF at one WACC", "Free cash flow to the firm"),
    "target_weights": ("FCFF at target weights", "Free cash flow to the firm"),
}
PLAN = {
    "nopat": "NOPAT",
    "reinvestment": "Net reinvestment",
    "dividends": "Dividends",
    "book_changes": "Capital changed outside profit",
}
NUMBERS = (
    Field("invested_capital", "Invested capital today", Unit.MONEY, 100.0),
    Field("terminal_growth", "Growth after the forecast", Unit.RATE, 0.25),
    Field("terminal_nopat", "NOPAT after it (empty: grown)", Unit.MONEY, 100.0),
    Field("terminal_roic", "Return on new capital (empty: as profit)", Unit.RATE, 0.5),
)
RATES = {
    "financing.unlevered_cost": "Cost without debt",
    "financing.cost_of_debt": "Cost of debt",
    "financing.tax": "Tax that interest saves",
}
DEBT = {"financing.debt": "Debt at the end", "financing.leverage": "Share of debt at the end"}
VARIED = (
    Field("stated_wacc", "One WACC for all years (empty: today's)", Unit.RATE, 0.25),
    Field("target_leverage", "Target share of debt (empty: none)", Unit.RATE, 5.0),
)
AXES = (
    Field("financing.unlevered_cost.start", "Cost without debt", Unit.RATE, 0.005),
    Field("financing.leverage.start", "Share of debt", Unit.RATE, 0.05),
    Field("terminal_growth", "Terminal growth", Unit.RATE, 0.0025),
    Field("terminal_roic", "Return on new capital", Unit.RATE, 0.01),
    Field("financing.cost_of_debt.start", "Cost of debt", Unit.RATE, 0.005),
    Field("financing.tax.start", "Tax that interest saves", Unit.RATE, 0.05),
    Field("invested_capital", "Invested capital", Unit.MONEY, 1e9),
)


def headline(desk: Desk, result: ReconciliationResult | None) -> None:
    """What the operations are worth, by how many methods, and how far these are apart."""
    value = f"Value of the operations, {desk.money_short}"
    if result is None:
        show.facts({value: words.NOTHING}, first_large=True)
        return
    rows = _rows(desk, result)[:METHODS]
    by_share = desk.inputs.financing.leverage is not None
    base, money = (
        "at target weights" if by_share else "as planned",
        desk.money_short,
    )
    show.facts(
        {
            value: words.money(result.enterprise_value),
            "Methods that agree": f"{sum(not row.causes for row in rows)} of {METHODS}",
            "Largest difference": _furthest(rows),
            f"Debt, {money}": words.money(result.debt),
            f"Equity, {money}": words.money(result.equity_value),
            **sheet.against_saved(desk, result),
            "WACC, year 1": words.percent(result.capital.wacc, 2),
        },
        first_large=True,
    )
    st.caption(
        f"{valued_as_of(desk.inputs, desk.basis)}. Debt and equity {base}{_of_the_dcf(desk)}"
    )
    sheet.checks(desk, result)


def _of_the_dcf(desk: Desk) -> str:
    """The equity of the saved DCF, which is what its own bridge leaves of the value."""
    with open_work(caller()) as work:
        kept = newest_saved(work, desk.company.id)
    if kept is None:
        return "; no DCF is saved to stand beside."
    equity = words.money(kept.row.result["equity_value"])
    return (
        f", of this plan: the equity of the DCF saved on "
        f"{from_micros(kept.row.created_at):%d %b %Y}, after its own bridge, is "
        f"{kept.row.currency} {equity} {shown().word}."
    )


def _furthest(rows: Sequence[Reconciled]) -> str:
    """How far the method furthest from FCFF is, and which one where it is more than rounding."""
    row = max(rows, key=_share)
    return f"{words.percent(_share(row))}, {row.method}" if _share(row) > AGREES else _apart(rows)


def _share(row: Reconciled) -> float:
    return abs(row.difference / (row.value - row.difference))


def _apart(rows: Sequence[Reconciled]) -> str:
    """The largest relative difference to FCFF, down to the rounding of the last digit."""
    most = max(_share(row) for row in rows)
    if not most:
        return "nothing"
    digit, _, power = f"{most:.0e}".partition("e")
    return f"{digit} × 10{str(int(power)).translate(RAISED)}"


def methods(desk: Desk, result: ReconciliationResult | None) -> None:
    """The methods side by side, and the causes of each difference."""
    if result is None:
        st.info("The methods appear once the plan can be valued.", icon=":material/balance:")
        return
    rows, consistent = _rows(desk, result), _consistent(desk)
    show.chart(
        desk.once(
            ("methods", show.theme()),
            lambda: charts.methods(rows, consistent, currency=desk.currency, theme=show.theme()),
        ),
        key="reconciliation:methods",
        alt=f"Value of the operations by each method, {desk.money}",
    )
    by_method = {row.method: row for row in consistent}
    show.table(
        f"Value of the operations, {desk.money}",
        ["Your plan", "Difference", "In percent", *(["Made consistent"] if consistent else [])],
        [(row.method, _cells(row, by_method)) for row in rows],
        first="Method",
        strong=frozenset({"FCFF at WACC"}),
    )
    _why(desk, rows)
    if consistent:
        _made_consistent(desk, consistent, already=not any(row.causes for row in rows[:METHODS]))


def _cells(row: Reconciled, consistent: Mapping[str, Reconciled]) -> list[str]:
    whole, differs = row.value - row.difference, bool(row.causes)
    cells = [
        words.money(row.value),
        words.money(row.difference) if differs else "agrees",
        words.percent(row.difference / whole) if differs else "",
    ]
    if consistent:
        other = consistent.get(row.method)
        cells.append(words.money(other.value) if other else words.NOTHING)
    return cells


def _why(desk: Desk, rows: Sequence[Reconciled]) -> None:
    told = [
        (row.method, f"{why(row, money=lambda value: _amount(desk, value))}.")
        for row in rows
        if row.causes
    ]
    if told:
        show.listed("Why methods differ from FCFF", told)


def _amount(desk: Desk, amount: float) -> str:
    return f"{desk.currency} {words.money(amount)} {shown().word}"


def _made_consistent(desk: Desk, rows: Sequence[Reconciled], *, already: bool) -> None:
    st.caption(
        "Consistent is the same plan where capital grows as profit does after the forecast, all "
        "free cash flow to equity is paid out, and book capital changes by profit and payments "
        f"alone: the seven methods are then {_apart(rows[:METHODS])} of the value apart, which is "
        "the rounding of the machine."
    )
    if not already:
        st.button(
            "Make my plan consistent",
            icon=":material/balance:",
            on_click=lambda: desk.put(
                replace(desk.content, inputs=made_consistent(desk.inputs)), widgets=True
            ),
            key=desk.key("consistent"),
        )


def plan(desk: Desk, result: ReconciliationResult | None) -> None:
    """Profit and reinvestment by year, what follows them, and what breaks the books."""
    ask.numbers(desk, NUMBERS)
    nothing = [0.0] * desk.inputs.years
    left, right = st.columns(2)
    with left:
        paid = nothing if result is None else [float(flow) for flow in result.fcfe.flows]
        form.part(desk, "dividends", paid, "Dividends are stated")
    with right:
        form.part(desk, "book_changes", nothing, "Capital changes outside profit")
    form.rows(desk, "The plan by year", _years(desk), _stated(desk, PLAN))
    with st.columns(4)[0]:
        form.years(desk)
    if result is None:
        return
    show.table(
        f"What follows, {desk.money}",
        _years(desk),
        [
            (label, [words.money(value) for value in row])
            for label, row in (
                ("Capital at the start", result.opening_capital),
                ("Book equity at the start", result.opening_book),
                ("Net income", result.net_income),
                ("Free cash flow to the firm", result.fcff.flows),
                ("Free cash flow to equity", result.fcfe.flows),
            )
        ]
        + [("Return on capital", _shares(desk.inputs.nopat, result.opening_capital))],
    )


def financing(desk: Desk, result: ReconciliationResult | None) -> None:
    """What operations and debt cost, how much debt there is, and how risky its shields are."""
    left, right = st.columns(2)
    with left:
        form.choice(desk, "financing.shields", "Tax that interest saves is")
    with right:
        _debt_by(desk, result)
    years = _years(desk)
    there = _stated(desk, RATES)
    ask_grids.drivers_by_year(desk, years, there, name="rates", label="Rates by year")
    ask.fades_again(desk, there)
    if isinstance(desk.inputs.financing.leverage, Fade):
        ask.numbers(desk, [Field("financing.leverage.start", "Share of debt", Unit.RATE, 5.0)])
    else:
        form.rows(desk, "Debt by year", ["Today", *years], _stated(desk, DEBT))
    st.header("What analysts often do instead", anchor=False)
    ask.numbers(desk, VARIED, columns=2)
    if result is None:
        return
    capital = result.capital
    show.table(
        f"Cost of capital on its own weights, {desk.money}",
        years,
        [
            ("Value of the operations", [words.money(value) for value in capital.values]),
            ("Debt", [words.money(value) for value in capital.debt]),
            *(
                (label, [words.percent(value, 2) for value in row])
                for label, row in (
                    ("Debt of the value", capital.weights_of_debt),
                    ("Cost of equity", capital.costs_of_equity),
                    ("Cost before tax", capital.pretax_costs),
                    ("WACC", capital.waccs),
                )
            ),
        ],
        strong=frozenset({"WACC"}),
    )


def _debt_by(desk: Desk, result: ReconciliationResult | None) -> None:
    """Debt as a share of value or as amounts; the other form begins where this one stands."""
    shares, amounts = "a share of the value", "planned amounts"
    key, stated = desk.key("debt_by"), desk.inputs.financing

    def changed() -> None:
        capital = None if result is None else result.capital
        if capital is None:
            return
        debt = np.append(capital.debt, capital.terminal_debt)
        values = np.append(capital.values, capital.terminal_value)
        by_share = st.session_state[key] == shares
        other = {"debt": None, "leverage": debt / values} if by_share else {
            "debt": debt, "leverage": None}  # fmt: skip
        desk.put(
            replace(
                desk.content, inputs=put_at(desk.inputs, "financing", replace(stated, **other))
            ),
            widgets=True,
        )

    st.selectbox(
        "Debt is",
        [shares, amounts],
        index=0 if stated.debt is None else 1,
        key=key,
        on_change=changed,
    )


def by_year(desk: Desk, result: ReconciliationResult | None) -> None:
    """What one method discounts, at what, and what is left at each year's start."""
    if result is None:
        st.info("The years appear once the plan can be valued.", icon=":material/balance:")
        return
    there = {name: told for name, told in FLOWS.items() if getattr(result, name) is not None}
    name = st.selectbox(
        "Method",
        list(there),
        format_func=lambda each: there[each][0],
        key="reconciliation:method",
    )
    method: ByMethod = getattr(result, name)
    show.table(
        f"{there[name][0]}, {desk.money}",
        [*_years(desk), "After"],
        [
            (there[name][1], [words.money(v) for v in (*method.flows, method.terminal_flow)]),
            ("Discounted at", [words.percent(v, 2) for v in (*method.rates, method.terminal_rate)]),
            (
                "Value of the operations at the start",
                [words.money(v) for v in (*method.values, method.terminal_value)],
            ),
        ],
        strong=frozenset({"Value of the operations at the start"}),
    )
    st.caption(
        "The value of the operations at each year's start; where a method values the equity or "
        "what is earned above the cost of capital, debt or invested capital is added to it."
    )


def sensitivity(desk: Desk, result: ReconciliationResult | None) -> None:
    """The equity value over two inputs."""
    sheet.sensitivity(desk, result, AXES, first="financing.unlevered_cost.start")


def scenarios(desk: Desk, result: ReconciliationResult | None) -> None:  # noqa: ARG001, as its siblings
    """The equity value if things go otherwise."""
    scenario_sections.scenarios(desk, AXES)


def _rows(desk: Desk, result: ReconciliationResult) -> tuple[Reconciled, ...]:
    return desk.once(
        "reconciled",
        lambda: reconciled(desk.inputs, result, money=lambda amount: _amount(desk, amount)),
    )


def _consistent(desk: Desk) -> tuple[Reconciled, ...]:
    """The same plan made consistent; nothing where that plan has no value."""

    def run() -> tuple[Reconciled, ...]:
        same = made_consistent(desk.inputs)
        try:
            return reconciled(same, reconciliation(same))[:METHODS]
        except ValorError:
            return ()

    return desk.once("consistent", run)


def _stated(desk: Desk, labels: Mapping[str, str]) -> list[Field]:
    return [
        field_of(desk.inputs, path, label)
        for path, label in labels.items()
        if at(desk.inputs, path) is not None
    ]


def _years(desk: Desk) -> list[str]:
    return sheet.fiscal_years(desk, "nopat", desk.inputs.years)


def _shares(top: Any, bottom: Any) -> list[str]:
    return [
        words.percent(over / under) if under > 0.0 else words.NOTHING
        for over, under in zip(top, bottom, strict=True)
    ]


SECTIONS: dict[str, sheet.Section] = {
    "Methods": methods,
    "Plan": plan,
    "Financing": financing,
    "By year": by_year,
    "Sensitivity": sensitivity,
    "Scenarios": scenarios,
    "Workings": sheet.workings,
    "Sources": sheet.sources,
}
