"""The parts of the LBO page: the headline, then one section at a time."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from app.ui import ask, form, scenario_sections, sheet, show, words
from app.ui.draft import Desk
from app.ui.field import Field, field_of
from valor_core.charts import lbo as charts
from valor_core.models.conventions import valued_as_of
from valor_core.models.fields import Unit
from valor_core.models.lbo.buyout import LboInputs, LboResult
from valor_core.models.lbo.covenants import Covenant, Measure
from valor_core.models.lbo.events import AddOn
from valor_core.models.lbo.holders import ManagementPool
from valor_core.models.lbo.tranches import Revolver, Tranche
from valor_core.models.paths import constant

PURCHASE = (
    Field("purchase.multiple", "Entry multiple of EBITDA", Unit.RATIO, 0.5),
    Field("purchase.ebitda", "EBITDA bought", Unit.MONEY, 10.0),
    Field("purchase.debt", "Debt repaid at close", Unit.MONEY, 10.0),
    Field("purchase.cash", "Cash of the company", Unit.MONEY, 10.0),
    Field("purchase.cash_used", "Part of it that pays for the deal", Unit.MONEY, 10.0),
    Field("purchase.cash_funded", "Cash put into the company", Unit.MONEY, 10.0),
    Field("purchase.rollover", "Rollover of the sellers", Unit.MONEY, 10.0),
    Field("purchase.fee_rate", "Transaction fees, of the price", Unit.RATE, 0.25),
    Field("purchase.fees", "Transaction fees, fixed", Unit.MONEY, 1.0),
    Field("purchase.financing_fees", "Financing fees beside the tranches'", Unit.MONEY, 1.0),
    Field("purchase.other_uses", "Other payments at close", Unit.MONEY, 1.0),
)
EXIT = (
    Field("exit_multiple", "Exit multiple of EBITDA", Unit.RATIO, 0.5),
    Field("exit_costs", "Cost of the sale, of the price", Unit.RATE, 0.25),
    Field("minimum_cash", "Cash that the company needs", Unit.MONEY, 10.0),
    Field("cash_rate", "Interest on cash", Unit.RATE, 0.25),
)
AXES = (
    Field("purchase.multiple", "Entry multiple", Unit.RATIO, 0.5),
    Field("exit_multiple", "Exit multiple", Unit.RATIO, 0.5),
    Field("operations.growth.start", "Revenue growth", Unit.RATE, 0.01),
    Field("operations.margin.start", "EBITDA margin", Unit.RATE, 0.01),
    Field("tranches[0].cash_rate", "Rate of tranche 1", Unit.RATE, 0.005),
    Field("operations.capital_expenditure.start", "Capital expenditure", Unit.RATE, 0.005),
)
DRIVERS = (
    "operations.growth",
    "operations.margin",
    "operations.depreciation",
    "operations.capital_expenditure",
    "operations.working_capital",
    "taxes.rate",
)
LABELS = {"operations.margin": "EBITDA margin", "taxes.rate": "Tax rate"}
TRANCHE = (
    Field("face", "Face", Unit.MONEY),
    Field("cash_rate", "Cash rate", Unit.RATE),
    Field("pik_rate", "PIK rate", Unit.RATE),
    Field("amortisation.start", "Repaid a year", Unit.RATE),
    Field("sweeps", "Swept"),
    Field("issue_price", "Issue price", Unit.RATIO),
    Field("fee", "Fee", Unit.RATE),
    Field("floats", "Floats"),
    Field("floor", "Floor", Unit.RATE),
    Field("maturity", "Due in year"),
)
CASH_LINES = (
    ("Revenue", "revenues", Unit.MONEY),
    ("EBITDA", "ebitda", Unit.MONEY),
    ("Capital expenditure", "capital_expenditure", Unit.MONEY),
    ("Working capital added", "working_capital_added", Unit.MONEY),
    ("Interest paid in cash", "cash_interest", Unit.MONEY),
    ("Tax", "tax", Unit.MONEY),
    ("Free cash flow", "free_cash_flow", Unit.MONEY),
)
DEBT_LINES = (
    ("Repaid by contract", "mandatory", Unit.MONEY),
    ("Repaid by the sweep", "swept", Unit.MONEY),
    ("Cash", "cash", Unit.MONEY),
    ("Debt", "debt", Unit.MONEY),
    ("Net debt", "net_debt", Unit.MONEY),
)
EXIT_LINES = (
    ("Enterprise value", "exit_enterprise_value", Unit.MONEY),
    ("Net debt", "net_debt", Unit.MONEY),
    ("To the sponsor", "sponsor_proceeds", Unit.MONEY),
)
FRESH_TRANCHE = Tranche(face=0.0, cash_rate=0.09, amortisation=constant(0.0))
FRESH_ADD_ON = AddOn(year=1, revenue=0.0, margin=0.15, multiple=8.0)
FRESH_COVENANT = Covenant(measure=next(iter(Measure)), limit=constant(6.0))


def headline(desk: Desk, result: LboResult | None) -> None:
    """What the sponsor makes, beside what was saved, and what the deal rests on."""
    if result is None:
        show.facts({"Sponsor's IRR": words.NOTHING}, first_large=True)
        return
    inputs: LboInputs = desk.inputs
    money = desk.money_short
    show.facts(
        {
            f"Sponsor's IRR, exit in year {inputs.exit_year}": words.percent(result.irr),
            **sheet.against_saved(desk, result),
            "Multiple of money": f"{words.number(result.moic, 2)}×",
            f"Sponsor's equity, {money}": words.money(result.funding.sponsor_equity),
            "Debt / EBITDA at close": words.times(result.funding.leverage),
            "Equity of debt and equity": words.percent(result.funding.equity_share),
            **_missing(result, money),
        },
        first_large=True,
    )
    st.caption(valued_as_of(desk.inputs, desk.basis))
    sheet.checks(desk, result)


def _missing(result: LboResult, money: str) -> dict[str, str]:
    short = float(result.total_shortfall)
    return {f"Cash missing to pay what is due, {money}": words.money(short)} if short else {}


def deal(desk: Desk, result: LboResult | None) -> None:
    """The price, and who pays it."""
    ask.numbers(desk, PURCHASE)
    if result is None:
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _side(desk, "Uses", _uses(result), result)
    with right:
        _side(desk, "Sources", _sources(desk.inputs, result), result)


def _uses(result: LboResult) -> list[tuple[str, Any]]:
    paid = result.funding
    return [
        ("Price of the equity", paid.equity_price),
        ("Debt repaid", paid.refinanced_debt),
        ("Transaction fees", paid.transaction_fees),
        ("Financing fees", paid.financing_fees),
        ("Issue discount", paid.issue_discount),
        ("Cash put in", paid.cash_funded),
        ("Other", paid.other_uses),
    ]


def _sources(inputs: LboInputs, result: LboResult) -> list[tuple[str, Any]]:
    paid = result.funding
    drawn = [("Revolver", inputs.revolver.drawn)] if inputs.revolver else []
    return [
        *drawn,
        *((f"Tranche {place}", each.face) for place, each in enumerate(inputs.tranches, 1)),
        ("Cash of the company", paid.cash_used),
        ("Rollover", paid.rollover),
        ("Sponsor's equity", paid.sponsor_equity),
    ]


def _side(desk: Desk, name: str, lines: list[tuple[str, Any]], result: LboResult) -> None:
    total, ebitda = float(result.funding.total_uses), float(desk.inputs.purchase.ebitda)
    rows = [
        (label, [words.money(amount), words.times(float(amount) / ebitda),
                 words.percent(float(amount) / total)])
        for label, amount in [*((n, a) for n, a in lines if a), ("Total", total)]
    ]  # fmt: skip
    show.table(
        name,
        [desk.money_short, "× EBITDA", f"Of all {name.lower()}"],
        rows,
        strong=frozenset({"Total", "Sponsor's equity"}),
    )


def debt(desk: Desk, result: LboResult | None) -> None:
    """The tranches by seniority, and how cash pays them down."""
    form.members(desk, "tranches", "Tranches by seniority", FRESH_TRANCHE, TRANCHE,
                 called="Tranche")  # fmt: skip
    first, second, third = st.columns(3)
    with first:
        form.choice(desk, "interest_on", "Interest on")
    with second:
        form.choice(desk, "sweep.of", "The sweep takes")
    with third:
        ask.number(desk, Field("sweep.share", "Part of excess cash swept", Unit.RATE, 5.0))
    usual = Revolver(commitment=0.5 * desk.inputs.purchase.ebitda, cash_rate=0.085)
    if form.part(desk, "revolver", usual, "A revolver covers what cash does not"):
        form.numbers(
            desk, "revolver.commitment", "revolver.drawn", "revolver.cash_rate",
            "revolver.undrawn_fee",
        )  # fmt: skip
    ask.numbers(desk, EXIT[2:])
    if result is not None:
        _paydown(desk, result)
        show.table(
            f"Cash and debt, {desk.money}",
            years(desk),
            _rows(result, (*CASH_LINES[-1:], *DEBT_LINES)),
            strong=frozenset({"Free cash flow", "Net debt"}),
        )


def _paydown(desk: Desk, result: LboResult) -> None:
    show.chart(
        desk.once(
            ("paydown", show.theme()),
            lambda: charts.debt_paydown(
                result, years=years(desk), currency=desk.currency, theme=show.theme()
            ),
        ),
        key="lbo:paydown",
        alt=f"Debt by tranche at each year's end, {desk.money}, and leverage",
    )


def operations(desk: Desk, result: LboResult | None) -> None:
    """What the company earns, by year."""
    drivers = [field_of(desk.inputs, path, LABELS.get(path, "")) for path in DRIVERS]
    form.drivers(desk, years(desk), drivers)
    form.numbers(desk, "operations.revenue", "taxes.interest_cap", "taxes.loss_limit",
                 "taxes.losses")  # fmt: skip
    if result is not None:
        show.table(
            f"Cash flow before repayments, {desk.money}",
            years(desk),
            _rows(result, CASH_LINES),
            strong=frozenset({"EBITDA", "Free cash flow"}),
        )
    with st.expander("Companies bought later", icon=":material/add_business:"):
        form.members(desk, "add_ons", "Add-ons", FRESH_ADD_ON, called="Add-on")


def returns(desk: Desk, result: LboResult | None) -> None:
    """What each holder makes, by exit year, and where it comes from."""
    left, right = st.columns([2, 1], gap="medium")
    with left:
        ask.numbers(desk, EXIT[:2], columns=2)
    with right:
        form.count(desk, "exit_year", least=1, most=desk.inputs.years, label="Exit in year")
    if result is None:
        return
    rows = _rows(result, EXIT_LINES)
    rows += [
        ("Multiple of money", [f"{words.number(v, 2)}×" for v in _row(result.moic_by_exit)]),
        ("IRR", [words.percent(v) for v in _row(result.irr_by_exit)]),
    ]
    show.table(
        f"An exit at the end of each year, {desk.money}",
        years(desk),
        rows,
        strong=frozenset({"IRR"}),
    )
    show.chart(
        desk.once(
            ("value", show.theme()),
            lambda: charts.value_bridge(
                result,
                exit_year=desk.inputs.exit_year,
                currency=desk.currency,
                theme=show.theme(),
            ),
        ),
        key="lbo:value",
        alt=f"From the equity paid in to what is received, {desk.money}",
    )
    _holders(desk, result)


def _holders(desk: Desk, result: LboResult) -> None:
    with st.expander("Preferred, rollover and managers", icon=":material/groups:"):
        form.numbers(desk, "holders.preferred", "holders.preferred_rate", "holders.rollover_share")
        usual = ManagementPool(share=0.1)
        if form.part(desk, "holders.pool", usual, "Managers hold options"):
            form.numbers(desk, "holders.pool.share", "holders.pool.strike",
                         "holders.pool.vesting_years", "holders.pool.cliff_years")  # fmt: skip
        last = desk.inputs.exit_year - 1
        show.facts(
            {
                f"{label}, {desk.money_short}": words.money(float(row[last]))
                for label, row in (
                    ("Sponsor", result.sponsor_proceeds),
                    ("Rollover", result.rollover_proceeds),
                    ("Managers", result.management_proceeds),
                )
            }
        )


def covenants(desk: Desk, result: LboResult | None) -> None:
    """What lenders test, and how far EBITDA may fall."""
    columns = (
        Field("limit.start", "Limit", Unit.RATIO),
        Field("measure", "Measure"),
        Field("first_year", "First year tested"),
        Field("tranches", "Senior tranches counted"),
    )
    form.members(desk, "covenants", "Covenants", FRESH_COVENANT, columns, called="Covenant")
    if result is None or not result.covenants:
        st.caption("A covenant is added in the last row: its limit first.")
        return
    for place, test in enumerate(result.covenants, 1):
        show.table(
            f"Covenant {place}",
            years(desk),
            [
                ("Limit", [f"{words.number(v, 2)}×" for v in _row(test.limits)]),
                ("EBITDA required", [words.money(v) for v in _row(test.required_ebitda)]),
                ("Headroom of EBITDA", [words.percent(v) for v in _row(test.headroom)]),
                ("Test", ["fails" if v else "holds" for v in _row(test.breaches)]),
            ],
        )


def sensitivity(desk: Desk, result: LboResult | None) -> None:
    """The IRR over two inputs."""
    sheet.sensitivity(desk, result, AXES, first="purchase.multiple")


def scenarios(desk: Desk, result: LboResult | None) -> None:  # noqa: ARG001, as its siblings
    """The IRR if things go otherwise."""
    scenario_sections.scenarios(desk, AXES)


def years(desk: Desk) -> list[str]:
    """The forecast years by their names."""
    return sheet.fiscal_years(desk, "operations.revenue", desk.inputs.years)


def _rows(result: LboResult, lines: Sequence[tuple[str, str, Unit]]) -> list[tuple[str, list[str]]]:
    return [
        (label, [words.in_unit(value, unit) for value in _row(getattr(result, name))])
        for label, name, unit in lines
    ]


def _row(row: Any) -> list[float]:
    return [float(value) for value in np.asarray(row)]


SECTIONS: dict[str, sheet.Section] = {
    "Deal": deal,
    "Debt": debt,
    "Operations": operations,
    "Returns": returns,
    "Covenants": covenants,
    "Sensitivity": sensitivity,
    "Scenarios": scenarios,
    "Workings": sheet.workings,
    "Sources": sheet.sources,
}
