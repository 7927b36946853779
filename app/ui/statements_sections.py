"""The parts of the page of linked statements: the headline, then one section at a time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import streamlit as st

from app.ui import ask, ask_grids, form, grid, scenario_sections, sheet, show, words
from app.ui.draft import Desk
from app.ui.field import Field, field_of
from app.ui.filed import filed, years_as_filed
from app.ui.frame import caller
from app.ui.grid import Column, Edit
from app.ui.places import at, put_at
from valor_core.charts import statements as charts
from valor_core.coverage.reported import History, drivers_as_filed
from valor_core.models.conventions import valued_as_of
from valor_core.models.fields import Unit
from valor_core.models.paths import constant
from valor_core.models.statements.forecast import StatementsResult
from valor_core.models.statements.plan import Debt

Line = tuple[str, str, int]  # label, place in the result, sign
WORKING_CAPITAL = "Working capital released (+) or tied up (−)"
INCOME: tuple[Line, ...] = (
    ("Revenue", "income.revenue", 1),
    ("Cost of revenue", "income.cost_of_revenue", -1),
    ("Gross profit", "income.gross_profit", 1),
    ("Operating costs", "income.operating_costs", -1),
    ("EBITDA", "income.ebitda", 1),
    ("Depreciation", "income.depreciation", -1),
    ("Amortisation", "income.amortisation", -1),
    ("EBIT", "income.ebit", 1),
    ("Interest on debt", "income.interest_expense", -1),
    ("Interest on cash", "income.interest_income", 1),
    ("Profit before tax", "income.pretax_income", 1),
    ("Tax", "income.tax", -1),
    ("Profit after tax", "income.net_income", 1),
    ("Of minorities", "income.to_minorities", -1),
    ("On preferred stock", "income.to_preferred", -1),
    ("Profit to common holders", "income.to_common", 1),
)
BALANCE: tuple[Line, ...] = (
    ("Cash", "balance.cash", 1),
    ("Receivables", "balance.receivables", 1),
    ("Inventory", "balance.inventory", 1),
    ("Other current assets", "balance.other_current_assets", 1),
    ("Property, plant and equipment", "balance.fixed_assets", 1),
    ("Goodwill and intangibles", "balance.intangibles", 1),
    ("Other assets", "balance.other_assets", 1),
    ("All assets", "balance.total_assets", 1),
    ("Payables", "balance.payables", 1),
    ("Other current liabilities", "balance.other_current_liabilities", 1),
    ("Revolver", "balance.revolver", 1),
    ("Debt", "balance.debt", 1),
    ("Other liabilities", "balance.other_liabilities", 1),
    ("All liabilities", "balance.total_liabilities", 1),
    ("Minority interests", "balance.minority_interests", 1),
    ("Preferred stock", "balance.preferred", 1),
    ("Paid in and other equity", "balance.paid_in", 1),
    ("Retained earnings", "balance.retained", 1),
    ("All equity", "balance.total_equity", 1),
    ("All liabilities and equity", "balance.total_claims", 1),
    ("Assets less liabilities and equity", "balance_difference", 1),
)
CASH_FLOW: tuple[Line, ...] = (
    ("Profit after tax", "income.net_income", 1),
    ("Depreciation", "income.depreciation", 1),
    ("Amortisation", "income.amortisation", 1),
    ("Costs paid in shares", "cash_flow.stock_compensation", 1),
    (WORKING_CAPITAL, "cash_flow.working_capital_added", -1),
    ("Cash from operations", "cash_flow.from_operations", 1),
    ("Capital expenditure", "cash_flow.capital_expenditure", -1),
    ("Debt raised", "cash_flow.debt_issued", 1),
    ("Debt repaid", "cash_flow.debt_repaid", -1),
    ("Revolver, net", "cash_flow.revolver_drawn", 1),
    ("Dividends", "cash_flow.dividends", -1),
    ("Shares bought back", "cash_flow.buybacks", -1),
    ("Shares issued", "cash_flow.shares_issued", 1),
    ("Change of cash", "cash_flow.net_change", 1),
    ("Free cash flow", "free_cash_flow", 1),
)
STRONG = frozenset(
    {
        "Revenue", "EBITDA", "EBIT", "Profit to common holders", "All assets", "All liabilities",
        "All equity", "All liabilities and equity", "Net working capital",
        "Assets less liabilities and equity",
        "Cash from operations", "Change of cash", "Free cash flow", "At the end",
    }
)  # fmt: skip
OPERATIONS = {
    "growth": "Revenue growth",
    "cost_of_revenue": "Cost of revenue",
    "operating_costs": "Operating costs",
    "stock_compensation": "Paid in shares",
    "depreciation": "Depreciation",
    "capital_expenditure": "Capital expenditure",
    "taxes.rate": "Tax",
}
BALANCES = {
    "receivable_days": "Receivables, days",
    "inventory_days": "Inventory, days",
    "payable_days": "Payables, days",
    "other_current_assets": "Other current assets",
    "other_current_liabilities": "Other current liabilities",
    "amortisation": "Amortisation",
    "minority_share": "Minorities' part",
    "preferred_rate": "Preferred dividend",
}
RATES = {
    "cash_rate": "Interest on cash",
    "revolver_rate": "Interest on the revolver",
    "share_price": "Price of a share",
}
POLICY = {
    "payout": "Dividends of profit",
    "dividends": "Dividends whatever is earned",
    "buyback_payout": "Buybacks of profit",
    "target_leverage": "Net debt / EBITDA aimed at",
}
DEBT = (
    Field("balance", "Owed at the start", Unit.MONEY),
    Field("name", "Name"),
    Field("amortisation.start", "Repaid a year", Unit.RATE),
    Field("maturity", "Due in forecast year"),
)
PAID = {"buybacks": "Shares bought back", "shares_issued": "Shares issued"}
AXES = (
    Field("growth.start", "Revenue growth", Unit.RATE, 0.01),
    Field("cost_of_revenue.start", "Cost of revenue", Unit.RATE, 0.01),
    Field("operating_costs.start", "Operating costs", Unit.RATE, 0.01),
    Field("capital_expenditure.start", "Capital expenditure", Unit.RATE, 0.005),
    Field("taxes.rate.start", "Tax", Unit.RATE, 0.01),
    Field("payout.start", "Dividends of profit", Unit.RATE, 0.1),
    Field("target_leverage.start", "Net debt / EBITDA aimed at", Unit.RATIO, 0.25),
)
OPENING = (
    "cash", "receivables", "inventory", "other_current_assets", "fixed_assets", "intangibles",
    "other_assets", "payables", "other_current_liabilities", "revolver", "other_liabilities",
    "minority_interests", "preferred", "retained",
)  # fmt: skip
OPENING_LABELS = {
    "fixed_assets": "Property, plant, equipment",
    "intangibles": "Goodwill and intangibles",
    "preferred": "Preferred stock",
    "retained": "Retained earnings",
}
DRIVEN_BALANCES = "Drivers of balances and dividends by year"
SIGNS = (
    "A: as filed; E: expected. Costs and payments are below zero, so that expected columns add "
    "up; filed years have lines beside these, such as other income. – is not filed, or no line of "
    "that year."
)


def headline(desk: Desk, result: StatementsResult | None) -> None:
    """What a share earns in the end, whether the statements tie, and the cash that they leave."""
    years, money = (
        sheet.fiscal_years(desk, "revenue", desk.inputs.years),
        desk.money_short,
    )
    if result is None:
        show.facts(
            {f"Earnings per share in {years[-1]}, {desk.currency}": words.NOTHING}, first_large=True
        )
        return
    ebitda, owed = float(result.income.ebitda[-1]), _net_debt(result)
    show.facts(
        {
            f"Earnings per share in {years[-1]}, {desk.currency}": words.per_share(
                result.last_earnings_per_share
            ),
            **sheet.against_saved(desk, result),
            f"Revenue in {years[-1]}, {money}": words.money(result.income.revenue[-1]),
            f"Free cash flow, all years, {money}": words.money(result.cumulated_free_cash_flow),
            "Net debt / EBITDA then": words.times(owed / ebitda) if ebitda > 0.0 else words.NOTHING,
            "Balance sheets": _tied(result),
        },
        first_large=True,
    )
    st.caption(valued_as_of(desk.inputs, desk.basis))
    sheet.checks(desk, result)


def _net_debt(result: StatementsResult) -> float:
    sheets = result.balance
    return float(sheets.debt[-1] + sheets.revolver[-1] - sheets.cash[-1])


def _tied(result: StatementsResult) -> str:
    apart = float(np.max(np.abs(result.balance_difference)))
    return f"{words.money(apart, 3)} m apart" if apart else "tie"


def statements(desk: Desk, result: StatementsResult | None) -> None:
    """The three statements, filed years beside expected ones."""
    if result is None:
        st.info("The statements appear once the plan holds.", icon=":material/table_rows:")
        return
    _chart(desk, result, "performance", charts.performance,
           "Revenue, EBITDA and free cash flow by year, filed and expected")  # fmt: skip
    _table(desk, result, "Income statement", INCOME, also=_ratios(desk, result))
    _table(desk, result, "Balance sheet", BALANCE)
    _table(desk, result, "Cash flow", CASH_FLOW)
    st.caption(SIGNS)


def drivers(desk: Desk, result: StatementsResult | None) -> None:
    """What moves the statements, year by year, below what it was in the filed years."""
    years = sheet.fiscal_years(desk, "revenue", desk.inputs.years)
    operations, balances = (
        [field_of(desk.inputs, path, label) for path, label in named.items()]
        for named in (OPERATIONS, BALANCES)
    )
    ask_grids.drivers_by_year(desk, years, operations)
    ask_grids.drivers_by_year(desk, years, balances, name="balances", label=DRIVEN_BALANCES)
    every = [*operations, *balances]
    ask.fades_again(desk, every)
    with st.expander("As filed", icon=":material/history:", key=desk.key("filed:shown")):
        _as_filed(desk, every)
    with st.expander("Fades", icon=":material/trending_flat:", key=desk.key("fades:shown")):
        ask_grids.fades(desk, every)
    with st.columns(4)[0]:
        form.years(desk)
    if result is not None:
        _table(desk, result, "Income statement", INCOME, also=_ratios(desk, result))


def _as_filed(desk: Desk, drivers: Sequence[Field]) -> None:
    told = _filed(desk)
    if not told.years:
        return
    rows = drivers_as_filed(told)
    show.table(
        "The same drivers as filed",
        [f"FY{year}A" for year in told.years],
        [
            (each.label, [_in_unit(each, value) for value in rows[each.path]])
            for each in drivers
            if each.path in rows and any(rows[each.path])
        ],
    )


def _in_unit(each: Field, value: float | None) -> str:
    return words.percent(value) if each.unit is Unit.RATE else words.number(value, 1)


def financing(desk: Desk, result: StatementsResult | None) -> None:
    """Debt with a schedule, cash and the revolver, and what holders are paid."""
    years = sheet.fiscal_years(desk, "revenue", desk.inputs.years)
    _debts_asked(desk)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        form.choice(desk, "interest_on", "Interest is on")
    with right:
        form.numbers(desk, "minimum_cash", "revolver_limit", columns=2)
    st.caption(
        "On average balances, interest depends on the cash that it leaves itself: both are "
        "solved at once, exactly, without iteration."
    )
    _policy(desk, result, years)
    price = constant(max(round(15.0 * _earnings(result), 2), 1.0))
    form.part(desk, "share_price", price, "Shares are bought and issued at a price")
    debts = range(len(desk.inputs.debt))
    amounts = {
        f"debt[{place}].{name}": f"{_called(desk, place)} {name}"
        for place in debts
        for name in ("repaid", "issued")
    }
    form.rows(
        desk,
        "Repaid, raised and paid out by year",
        years,
        [
            field_of(desk.inputs, path, label)
            for path, label in (amounts | PAID).items()
            if at(desk.inputs, path) is not None
        ],
    )
    rates = {f"debt[{place}].rate": f"Interest on {_called(desk, place)}" for place in debts}
    rates |= RATES
    there = [
        field_of(desk.inputs, path, label)
        for path, label in rates.items()
        if at(desk.inputs, path) is not None
    ]
    ask_grids.drivers_by_year(desk, years, there, name="rates", label="Interest and prices by year")
    ask.fades_again(desk, there)
    if result is not None:
        _chart(desk, result, "debt", charts.debt_and_cash,
               "Cash, debt and what they come to by year, filed and expected")  # fmt: skip
        _debts(desk, result, years)


def _debts_asked(desk: Desk) -> None:
    """Each debt with its rules, a row each."""
    nothing = [0.0] * desk.inputs.years
    fresh = Debt(balance=0.0, rate=constant(0.06), repaid=nothing, issued=nothing,
                 amortisation=constant(0.0))  # fmt: skip
    by_year = any(isinstance(each.amortisation, np.ndarray) for each in desk.inputs.debt)
    columns = [each for each in DEBT if not by_year or each.path != "amortisation.start"]
    form.members(desk, "debt", "Debts", fresh, columns, called="Debt")
    st.caption(
        "Repaid a year is a part of what is owed at the start; what is left falls due at the end "
        "of its forecast year, or stays where none is stated. Amounts by year come on top."
    )


def _called(desk: Desk, place: int) -> str:
    """A debt by its name, or by its place where it has none."""
    return desk.inputs.debt[place].name or f"Debt {place + 1}"


def _policy(desk: Desk, result: StatementsResult | None, years: Sequence[str]) -> None:
    """What holders are paid by rule, so that no amount has to be stated by year."""
    st.header("Dividends and buybacks by rule", anchor=False)
    paid = 0.0 if result is None else round(float(result.cash_flow.dividends[0]), -6)
    left, right = st.columns(2)
    with left:
        form.part(desk, "dividends", constant(max(paid, 0.0)), "Dividends whatever is earned")
    with right:
        form.part(desk, "target_leverage", constant(2.0), "Buybacks up to a leverage")
    there = [
        field_of(desk.inputs, path, label)
        for path, label in POLICY.items()
        if at(desk.inputs, path) is not None
    ]
    ask_grids.drivers_by_year(desk, years, there, name="policy", label="Paid out by rule, by year")
    ask.fades_again(desk, there)
    if desk.inputs.target_leverage is not None:
        st.caption(
            "Shares are bought back with all that leaves net debt below this many times EBITDA at "
            "the year's end; what cash does not pay is drawn on the revolver."
        )


def _earnings(result: StatementsResult | None) -> float:
    return 0.0 if result is None else float(result.earnings_per_share[0])


def _debts(desk: Desk, result: StatementsResult, years: Sequence[str]) -> None:
    for place, debt in enumerate(result.debt, 1):
        _schedule(
            desk,
            _called(desk, place - 1),
            years,
            [("At the start", debt.opening), ("Raised", debt.issued), ("Repaid", -debt.repaid),
             ("At the end", debt.closing), ("Interest", debt.interest)],
        )  # fmt: skip


def schedules(desk: Desk, result: StatementsResult | None) -> None:
    """How fixed assets, working capital, tax and equity come about."""
    if result is None:
        st.info("The schedules appear once the plan holds.", icon=":material/table_rows:")
        return
    years = sheet.fiscal_years(desk, "revenue", desk.inputs.years)
    sheets, earned, flows = result.balance, result.income, result.cash_flow
    opening, added = desk.inputs.opening, flows.working_capital_added
    _schedule(
        desk,
        "Property, plant and equipment",
        years,
        [("At the start", _before(opening.fixed_assets, sheets.fixed_assets)),
         ("Capital expenditure", flows.capital_expenditure),
         ("Depreciation", -earned.depreciation), ("At the end", sheets.fixed_assets)],
    )  # fmt: skip
    tied_up = [sheets.receivables, sheets.inventory, sheets.other_current_assets,
               -sheets.payables, -sheets.other_current_liabilities]  # fmt: skip
    labels = ["Receivables", "Inventory", "Other current assets", "Payables",
              "Other current liabilities"]  # fmt: skip
    _schedule(
        desk,
        "Working capital",
        years,
        [*zip(labels, tied_up, strict=True), ("Net working capital", np.sum(tied_up, axis=0)),
         (WORKING_CAPITAL, -added)],
    )  # fmt: skip
    carried = result.interest_carried
    _schedule(
        desk,
        "Tax",
        years,
        [("EBIT", earned.ebit), ("Net interest", -result.interest_deducted),
         ("Tax", earned.tax), ("Losses carried forward", result.losses_carried),
         *([("Interest carried forward", carried)] if carried is not None else [])],
        also=[("Tax on profit before tax", _over(earned.tax, earned.pretax_income))],
    )  # fmt: skip
    common = sheets.paid_in + sheets.retained
    _schedule(
        desk,
        "Common equity",
        years,
        [("At the start", _before(result.opening_paid_in + opening.retained, common)),
         ("Profit to common holders", earned.to_common),
         ("Dividends", earned.to_preferred - flows.dividends),
         ("Costs paid in shares", flows.stock_compensation),
         ("Shares issued less bought back", flows.shares_issued - flows.buybacks),
         ("At the end", common)],
        also=[
            ("Shares at the end, million", [words.millions(v, 1) for v in result.shares]),
            (f"Earnings per share, {desk.currency}",
             [words.per_share(v) for v in result.earnings_per_share]),
        ],
    )  # fmt: skip


def opening(desk: Desk, result: StatementsResult | None) -> None:
    """The balance sheet that the forecast begins with, and what is carried into it."""
    if result is not None:
        paid_in = result.opening_paid_in + desk.inputs.opening.retained
        show.facts(
            {
                f"All assets, {desk.money_short}": words.money(result.opening_assets),
                f"Common equity, {desk.money_short}": words.money(paid_in),
                f"Of it paid in and other, {desk.money_short}": words.money(result.opening_paid_in),
            }
        )
    st.caption(
        "Paid in and other equity is what the other items and the debt under Financing leave, so "
        "that the sheet ties."
    )
    _opening_items(desk)
    st.header("Base year and tax", anchor=False)
    form.numbers(desk, "revenue", "shares", "taxes.losses", "taxes.loss_limit",
                 "taxes.interest_cap")  # fmt: skip


def _opening_items(desk: Desk) -> None:
    told = [
        field_of(desk.inputs, f"opening.{name}", OPENING_LABELS.get(name, "")) for name in OPENING
    ]

    def changed(edits: Sequence[Edit]) -> None:
        inputs = desk.inputs
        for edit in edits:
            each = told[edit.row]
            inputs = put_at(inputs, each.path, edit.value * each.scale)
        desk.put(replace(desk.content, inputs=inputs))

    grid.edited(
        "Opening balance sheet",
        {
            "amount": Column(heading=f"Amount, {desk.money}", digits=0),
            "source": Column(heading="Where it comes from", kind="text", editable=False),
        },
        [
            (
                each.label,
                [each.on_screen(at(desk.inputs, each.path)),
                 ask.basis(desk.sources().get(each.path))],
            )
            for each in told
        ],
        key=desk.grid_key("opening"),
        on_change=changed,
        corner="Item",
    )  # fmt: skip


def sensitivity(desk: Desk, result: StatementsResult | None) -> None:
    """The earnings per share of the last year over two inputs."""
    sheet.sensitivity(desk, result, AXES, first="growth.start")


def scenarios(desk: Desk, result: StatementsResult | None) -> None:  # noqa: ARG001, as its siblings
    """The earnings per share of the last year if things go otherwise."""
    scenario_sections.scenarios(desk, AXES)


def _filed(desk: Desk) -> History:
    """The filed years before the forecast, as known on the draft's day."""

    def read() -> History:
        known = filed(caller(), desk.company, desk.content.as_of)
        return years_as_filed(known.key, known.facts)

    return desk.once("history", read)


def _years(desk: Desk) -> list[str]:
    """Filed years, then expected ones."""
    expected = sheet.fiscal_years(desk, "revenue", desk.inputs.years)
    return [*(f"FY{year}A" for year in _filed(desk).years), *(f"{year}E" for year in expected)]


def _row(desk: Desk, result: StatementsResult, place: str) -> list[float | None]:
    """A line over filed and expected years."""
    told = _filed(desk)
    before = told.lines.get(place.rpartition(".")[2], (None,) * len(told.years))
    return [*before, *(float(value) for value in at(result, place))]


def _ratios(desk: Desk, result: StatementsResult) -> list[tuple[str, list[str]]]:
    """Growth, margins and earnings per share."""
    revenue = _row(desk, result, "income.revenue")
    grown = [None, *(now / before - 1.0 if now and before else None
                     for before, now in pairwise(revenue))]  # fmt: skip
    margins = [
        (label, _over(_row(desk, result, place), revenue))
        for label, place in (
            ("Gross margin", "income.gross_profit"),
            ("EBITDA margin", "income.ebitda"),
            ("Net margin", "income.net_income"),
        )
    ]
    earned = _row(desk, result, "earnings_per_share")
    return [
        ("Revenue growth", [words.percent(rate) for rate in grown]),
        *margins,
        (f"Earnings per share, {desk.currency}", [words.per_share(value) for value in earned]),
    ]


def _over(top: Any, bottom: Any) -> list[str]:
    return [
        words.percent(over / under) if over is not None and under and under > 0.0 else words.NOTHING
        for over, under in zip(top, bottom, strict=True)
    ]


def _table(
    desk: Desk,
    result: StatementsResult,
    name: str,
    lines: Sequence[Line],
    *,
    also: Sequence[tuple[str, Sequence[str]]] = (),
) -> None:
    """Lines over filed and expected years; those that are nothing throughout are left out."""
    rows = [(label, sign, _row(desk, result, place)) for label, place, sign in lines]
    show.table(
        f"{name}, {desk.money}",
        _years(desk),
        [
            *(
                (label, [words.money(v if v is None else sign * v) for v in row])
                for label, sign, row in rows
                if label in STRONG or any(row)
            ),
            *also,
        ],
        strong=STRONG,
    )


def _schedule(
    desk: Desk,
    name: str,
    years: Sequence[str],
    rows: Sequence[tuple[str, Any]],
    *,
    also: Sequence[tuple[str, Sequence[str]]] = (),
) -> None:
    told = [(label, [words.money(value) for value in row]) for label, row in rows]
    show.table(f"{name}, {desk.money}", years, [*told, *also], strong=STRONG)


def _before(opening: Any, closing: Any) -> Any:
    """What stood at each year's start."""
    return np.concatenate([[opening], closing[:-1]])


def _chart(
    desk: Desk, result: StatementsResult, name: str, drawn: Callable[..., Any], alt: str
) -> None:
    show.chart(
        desk.once(
            (name, show.theme()),
            lambda: drawn(
                result,
                _filed(desk).lines,
                years=_years(desk),
                currency=desk.currency,
                theme=show.theme(),
            ),
        ),
        key=f"statements:{name}",
        alt=f"{alt}, {desk.money}",
    )


SECTIONS: dict[str, sheet.Section] = {
    "Statements": statements,
    "Drivers": drivers,
    "Financing": financing,
    "Schedules": schedules,
    "Opening balance": opening,
    "Sensitivity": sensitivity,
    "Scenarios": scenarios,
    "Workings": sheet.workings,
    "Sources": sheet.sources,
}
