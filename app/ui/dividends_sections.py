"""The parts of the page of dividends and residual income, the two values of equity by itself."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.ui import ask, form, scenario_sections, sheet, show, words
from app.ui.draft import Desk
from app.ui.field import Field, field_of
from app.ui.places import at
from valor_core.charts import dividends as charts
from valor_core.models.conventions import valued_as_of
from valor_core.models.fields import Unit
from valor_core.models.intrinsic.dividends import DividendDiscountResult
from valor_core.models.intrinsic.residual_income import ResidualIncomeResult

DIVIDENDS, RESIDUAL = "dividend_discount", "residual_income"
MODELS = {DIVIDENDS: "Dividends", RESIDUAL: "Residual income"}
Result = DividendDiscountResult | ResidualIncomeResult
BASIS = {
    DIVIDENDS: (
        Field("earnings", "Earnings a share, last year", Unit.MONEY_PER_SHARE, 0.1),
        Field("last_dividend", "Last dividend a share", Unit.MONEY_PER_SHARE, 0.1),
        Field("next_dividend", "Next dividend a share", Unit.MONEY_PER_SHARE, 0.1),
    ),
    RESIDUAL: (
        Field("book_value", "Book equity today", Unit.MONEY, 100.0),
        Field("shares.basic", "Shares", Unit.SHARES),
    ),
}
DRIVERS = {
    "roe": "Return on equity",
    "growth": "Growth",
    "payout": "Paid out of earnings",
    "cost_of_equity": "Cost of equity",
}
STATED = {
    "dividends": "Dividends",
    "net_income": "Net income",
}
AFTER = {
    DIVIDENDS: (
        Field("terminal_growth", "Growth for ever after", Unit.RATE, 0.25),
        Field("terminal_roe", "Return on equity then (empty: payout decides)", Unit.RATE),
        Field("terminal_payout", "Payout then (empty: return decides)", Unit.RATE),
        Field("terminal_cost_of_equity", "Cost of equity then (empty: last)", Unit.RATE),
        Field("fading_growth", "Growth that fades after (empty: none)", Unit.RATE),
        Field("half_life", "Half of the years in which it fades", Unit.YEARS, 0.5),
    ),
    RESIDUAL: (
        Field("persistence", "Part left a year later (empty: it grows)", Unit.RATE, 5.0),
        Field("terminal_growth", "Growth after (empty: it wanes)", Unit.RATE, 0.25),
        Field("terminal_roe", "Return on equity then (empty: as before)", Unit.RATE),
    ),
}
AXES = {
    DIVIDENDS: (
        Field("cost_of_equity.start", "Cost of equity", Unit.RATE, 0.005),
        Field("terminal_growth", "Growth for ever after", Unit.RATE, 0.0025),
        Field("growth.start", "Growth", Unit.RATE, 0.01),
        Field("payout.start", "Paid out of earnings", Unit.RATE, 0.05),
        Field("terminal_roe", "Return on equity after", Unit.RATE, 0.01),
        Field("earnings", "Earnings a share", Unit.MONEY_PER_SHARE, 0.1),
    ),
    RESIDUAL: (
        Field("cost_of_equity.start", "Cost of equity", Unit.RATE, 0.005),
        Field("roe.start", "Return on equity", Unit.RATE, 0.01),
        Field("payout.start", "Paid out of earnings", Unit.RATE, 0.05),
        Field("persistence", "Part left a year later", Unit.RATE, 0.1),
    ),
}
TABLE = {
    DIVIDENDS: (
        ("growth", "Growth", Unit.RATE),
        ("earnings", "Earnings", Unit.MONEY_PER_SHARE),
        ("payouts", "Paid out", Unit.RATE),
        ("dividends", "Dividend", Unit.MONEY_PER_SHARE),
        ("discount_factors", "Discount factor", Unit.RATIO),
        ("pv_dividends", "Worth today", Unit.MONEY_PER_SHARE),
    ),
    RESIDUAL: (
        ("opening_book", "Book equity at the start", Unit.MONEY),
        ("net_income", "Net income", Unit.MONEY),
        ("dividends", "Paid out", Unit.MONEY),
        ("equity_charge", "What the equity costs", Unit.MONEY),
        ("residual_income", "Residual income", Unit.MONEY),
        ("discount_factors", "Discount factor", Unit.RATIO),
        ("pv_residual_income", "Worth today", Unit.MONEY),
    ),
}


def model() -> str:
    """Whether the share is valued by its dividends or by what its book equity earns."""
    asked = st.query_params.get("model", DIVIDENDS)
    chosen = st.segmented_control(
        "Method",
        list(MODELS),
        default=asked if asked in MODELS else DIVIDENDS,
        required=True,
        format_func=MODELS.__getitem__,
        key="dividends:model",
        label_visibility="collapsed",
    )
    return chosen or DIVIDENDS


def headline(desk: Desk, result: Result | None) -> None:
    """What a share is worth, and how much of it comes after the stated years."""
    share = f"Value per share, {desk.currency}"
    if result is None:
        show.facts({share: words.NOTHING}, first_large=True)
        return
    told = {
        share: words.per_share(result.value_per_share),
        **sheet.against_saved(desk, result),
    }
    if isinstance(result, ResidualIncomeResult):
        book, whole = desk.inputs.book_value, result.equity_value
        told |= {
            f"Book equity, {desk.money_short}": words.money(book),
            f"Earned above its cost, {desk.money_short}": words.money(whole - book),
            "Value over book": words.times(whole / book) if book > 0.0 else words.NOTHING,
        }
    else:
        value = result.value_per_share
        told["Comes after the stated years"] = (
            words.percent(result.pv_terminal / value) if value else words.NOTHING
        )
    told["Cost of equity, year 1"] = words.percent(_first_cost(desk, result), 2)
    show.facts(told, first_large=True)
    st.caption(valued_as_of(desk.inputs, desk.basis))
    sheet.checks(desk, result)


def _first_cost(desk: Desk, result: Result) -> float:
    """The cost of equity of the first year; without stated years that of all."""
    rates = result.costs_of_equity
    return float(at(desk.inputs, "cost_of_equity.start") if rates is None else rates[0])


def forecast(desk: Desk, result: Result | None) -> None:
    """What drives it by year, and what follows."""
    inputs, name = desk.inputs, desk.model.name
    ask.numbers(desk, [each for each in BASIS[name] if at(inputs, each.path) is not None])
    years = _years(desk)
    if years:
        form.drivers(desk, years, _told(desk, DRIVERS))
    form.rows(desk, "Stated by year", years, _told(desk, STATED))
    with st.columns(4)[0]:
        form.years(desk)
    if result is None or not years:
        return
    show.table(
        f"What follows, {desk.currency} a share" if name == DIVIDENDS
        else f"What follows, {desk.money}",
        years,
        [
            (label, [words.in_unit(float(value), unit) for value in row])
            for line, label, unit in TABLE[name]
            if (row := getattr(result, line)) is not None
        ],
        strong=frozenset({"Worth today"}),
    )  # fmt: skip


def _told(desk: Desk, labels: Mapping[str, str]) -> list[Field]:
    """Those of the inputs that are stated."""
    inputs = desk.inputs
    return [
        field_of(inputs, path, label)
        for path, label in labels.items()
        if getattr(inputs, path, None) is not None
    ]


def after(desk: Desk, result: Result | None) -> None:
    """What follows the stated years, and how much of the value rests on it."""
    ask.numbers(desk, AFTER[desk.model.name], columns=3)
    if result is None:
        return
    parts = _parts(result)
    show.chart(
        desk.once(
            ("parts", show.theme()),
            lambda: charts.parts_of_value(
                parts, currency=desk.currency, a_share=desk.model.name == DIVIDENDS,
                theme=show.theme(),
            ),
        ),
        key=f"{desk.model.name}:parts",
        alt=f"What the value rests on: {', '.join(parts)}",
    )  # fmt: skip


def _parts(result: Result) -> dict[str, float]:
    """What the value adds up from."""
    if isinstance(result, DividendDiscountResult):
        return {
            "Dividends of the stated years": float(result.pv_forecast),
            "All dividends after": float(result.pv_terminal),
        }
    return {
        "Book equity": float(result.equity_value - result.pv_forecast - result.pv_terminal),
        "Earned above its cost": float(result.pv_forecast),
        "After the forecast": float(result.pv_terminal),
    }


def sensitivity(desk: Desk, result: Result | None) -> None:
    """The value over two inputs."""
    sheet.sensitivity(desk, result, AXES[desk.model.name], first="cost_of_equity.start")


def _years(desk: Desk) -> Sequence[str]:
    base = "book_value" if desk.model.name == RESIDUAL else "earnings"
    if base not in desk.start.sources:
        return [f"Year {year}" for year in range(1, desk.inputs.years + 1)]
    return sheet.fiscal_years(desk, base, desk.inputs.years)


def _sections(first: str) -> dict[str, sheet.Section]:
    return {
        first: forecast,
        "After the forecast": after,
        "Sensitivity": sensitivity,
        "Scenarios": scenario_sections.usual,
        "Workings": sheet.workings,
        "Sources": sheet.sources,
    }


SECTIONS = {DIVIDENDS: _sections("Dividends"), RESIDUAL: _sections("Earnings and book")}
