"""The parts of the DCF page: the headline, then one section at a time: each costs a redraw."""

from dataclasses import replace

import numpy as np
import streamlit as st

from app.ui import ask, ask_grids, by_method, scenario_sections, sheet, show, words
from app.ui.choices import WORDS
from app.ui.draft import Desk
from app.ui.drivers import drivers_of
from app.ui.field import Field
from valor_core.charts import valuation as charts
from valor_core.coverage.figures import DEFAULT
from valor_core.models.conventions import valued_as_of
from valor_core.models.dcf import DcfInputs, DcfResult
from valor_core.models.dcf_direct import DirectDcfResult
from valor_core.models.discounting import Timing, parts_of_years
from valor_core.models.fields import Unit
from valor_core.models.paths import Fade
from valor_core.models.terminal import MultipleOf, TerminalMethod

WACC = "wacc.start"
AXES = (
    Field("terminal_growth", "Terminal growth", Unit.RATE, 0.005),
    Field(WACC, "WACC", Unit.RATE, 0.005),
    Field("growth.start", "Revenue growth, start", Unit.RATE, 0.01),
    Field("margin.start", "EBIT margin", Unit.RATE, 0.01),
    Field("tax.start", "Tax on EBIT, start", Unit.RATE, 0.01),
    Field("sales_to_capital.ratio.start", "Sales to capital", Unit.RATIO, 0.1),
    Field("terminal_roic", "Return on new capital", Unit.RATE, 0.01),
    Field("exit_multiple", "Exit multiple", Unit.RATIO, 1.0),
)
FORECAST = (
    ("Revenue", "revenues", Unit.MONEY),
    ("Growth", "growth", Unit.RATE),
    ("EBIT", "ebit", Unit.MONEY),
    ("EBIT margin", "margins", Unit.RATE),
    ("Tax rate", "tax_rates", Unit.RATE),
    ("Losses left", "losses_left", Unit.MONEY),
    ("NOPAT", "nopat", Unit.MONEY),
    ("Net reinvestment", "reinvestment", Unit.MONEY),
    ("FCFF", "fcff", Unit.MONEY),
    ("WACC", "waccs", Unit.RATE),
    ("Discount factor", "discount_factors", Unit.RATIO),
    ("PV of FCFF", "pv_fcff", Unit.MONEY),
)


def headline(desk: Desk, result: DcfResult | DirectDcfResult | None) -> None:
    """What a share is worth, beside what was saved, and what it rests on."""
    if result is None:
        show.facts({f"Value per share, {desk.currency}": words.NOTHING}, first_large=True)
        return
    currency, told = desk.currency, {}
    if desk.to_state:
        told[f"Value per share, {currency}"] = f"waits for {len(desk.to_state)} items"
    else:
        told[f"Value per share, {currency}"] = words.per_share(result.value_per_share)
    told |= sheet.against_saved(desk, result)
    told[f"Enterprise value, {desk.money_short}"] = words.money(result.enterprise_value)
    if not desk.to_state:
        told[f"Equity value, {desk.money_short}"] = words.money(result.equity_value)
    told["Terminal value's share"] = words.percent(_share(result))
    beta = desk.sources().get("cost_of_capital.beta")
    whose = ", Valor's default" if beta is not None and beta.author == DEFAULT else ""
    told[f"WACC, year 1{whose}"] = words.percent(float(result.waccs[0]), 2)
    show.facts(told, first_large=True)
    st.caption(valued_as_of(desk.inputs, desk.basis))
    sheet.checks(desk, result)


def _share(result: DcfResult | DirectDcfResult) -> float | None:
    whole = float(result.pv_forecast) + float(result.pv_terminal)
    return float(result.pv_terminal) / whole if whole else None


def drivers(desk: Desk, result: DcfResult | None) -> None:
    """The drivers by year, and the forecast that follows from them."""
    ask_grids.drivers_by_year(desk, _years(desk), drivers_of(desk.inputs))
    ask.fades_again(desk, drivers_of(desk.inputs))
    if result is not None:
        _forecast_table(desk, result)


def fades(desk: Desk, result: DcfResult | None) -> None:  # noqa: ARG001, as its siblings
    """How the drivers run by themselves, and where they begin."""
    st.header("Fades", anchor=False)
    st.caption(
        "From the start, held to a forecast year, in a line to the end; without an end to the "
        "terminal value. A number by year takes the place of its fade."
    )
    ask_grids.fades(desk, drivers_of(desk.inputs))
    st.header("Base year", anchor=False)
    ask.numbers(desk, ask.BASICS, columns=3)
    ask.years(desk)


def forecast(desk: Desk, result: DcfResult | None) -> None:
    """The forecast as a picture above its table.

    Apart from the drivers: a chart's script holds a page up for a second or two when it first runs.
    """
    if result is None:
        st.info("The forecast appears once the drivers can be valued.", icon=":material/timeline:")
        return
    show.chart(
        desk.once(
            ("forecast", show.theme()),
            lambda: charts.forecast(
                result, currency=desk.currency, fiscal_years=_years(desk), theme=show.theme()
            ),
        ),
        key="dcf:forecast",
        alt=f"Revenue, EBIT and free cash flow by forecast year, {desk.money}",
    )
    _forecast_table(desk, result)


def _years(desk: Desk) -> list[str]:
    return sheet.fiscal_years(desk, "revenue", desk.inputs.years)


def _forecast_table(desk: Desk, result: DcfResult) -> None:
    """Each year, and the year after the forecast on which the terminal value rests."""
    after, rows, trends = _after_the_forecast(desk.inputs, result), [], {}
    for label, name, unit in FORECAST:
        row = [float(value) for value in np.asarray(getattr(result, name))[: desk.inputs.years]]
        cells = [words.in_unit(value, unit) for value in row]
        rows.append((label, [*cells, words.in_unit(after.get(name), unit)]))
        trends[label] = row
    if any(trends["Losses left"]) or np.any(desk.inputs.operating_loss):
        taxes = [words.money(e - n) for e, n in zip(trends["EBIT"], trends["NOPAT"], strict=True)]
        after_tax_rate = [label for label, _ in rows].index("Tax rate") + 1
        rows.insert(after_tax_rate, ("Tax after losses carried forward", [*taxes, words.NOTHING]))
    else:
        rows = [row for row in rows if row[0] != "Losses left"]
    if (stub := desk.inputs.stub) is not None:
        parts = [words.percent(part) for part in parts_of_years(desk.inputs.years, stub)]
        before_fcff = [label for label, _ in rows].index("FCFF")
        rows.insert(before_fcff, ("Part of the year", [*parts, words.NOTHING]))
    show.table(
        f"Forecast, {desk.money}",
        [*_years(desk), "After it"],
        rows,
        strong=frozenset({"Revenue", "FCFF", "PV of FCFF"}),
        trends=trends,
    )
    st.caption(
        "The terminal value rests on the year after the forecast, in which growth costs what the "
        "return on new capital asks for."
    )


def _after_the_forecast(inputs: DcfInputs, result: DcfResult) -> dict[str, float]:
    """The lines of the year after the forecast, as the terminal value takes them."""
    margin, nopat = float(result.margins[-1]), float(result.terminal_nopat)
    ebit = float(result.terminal_revenue) * margin
    return {
        "revenues": float(result.terminal_revenue),
        "growth": float(inputs.terminal_growth),
        "ebit": ebit,
        "margins": margin,
        "nopat": nopat,
        "reinvestment": float(result.terminal_reinvestment),
        "fcff": float(result.terminal_fcff),
    } | ({"tax_rates": 1.0 - nopat / ebit} if ebit else {})


def capital(desk: Desk, result: DcfResult | None) -> None:
    """CAPM, the terminal value by both methods, timing."""
    st.header("Cost of capital", anchor=False)
    if desk.inputs.cost_of_capital is None:
        st.caption("The WACC is stated under Drivers; clear its start, or fade again, for CAPM.")
    ask.numbers(desk, ask.capm(desk))
    if result is not None and (found := result.cost_of_capital) is not None:
        show.facts(
            {
                "Cost of equity": words.percent(found.cost_of_equity, 2),
                "Cost of debt after tax": words.percent(found.after_tax_cost_of_debt, 2),
                "Equity weight": words.percent(found.weight_of_equity),
                "WACC": words.percent(found.wacc, 2),
            }
        )
    by_method.of_capital(desk)
    st.header("Terminal value", anchor=False)
    ask.numbers(desk, ask.TERMINAL, columns=3)
    first, second, third = st.columns(3)
    with first:
        ask.choice(desk, "terminal_method", WORDS[TerminalMethod])
    with second:
        ask.choice(desk, "multiple_of", WORDS[MultipleOf])
    with third:
        ask.choice(desk, "timing", WORDS[Timing])
    if result is not None:
        both_methods(desk, result)


def both_methods(desk: Desk, result: DcfResult | DirectDcfResult) -> None:
    """What follows the forecast as a perpetuity and as a sale, side by side."""
    show.table(
        "Terminal value by both methods",
        ["Growing perpetuity", "Exit multiple"],
        [
            (f"Terminal value, {desk.money_short}", [words.money(result.terminal_value_gordon),
                                       words.money(result.terminal_value_multiple)]),
            (f"Present value, {desk.money_short}", [words.money(result.pv_terminal_gordon),
                                      words.money(result.pv_terminal_multiple)]),
            ("Implied multiple", [words.times(result.implied_multiple), words.NOTHING]),
            ("Implied growth", [words.NOTHING, words.percent(result.implied_growth, 2)]),
        ],
    )  # fmt: skip


def bridge(desk: Desk, result: DcfResult | DirectDcfResult | None) -> None:
    """From enterprise value to one share."""
    st.header("From enterprise to equity value", anchor=False)
    if desk.to_state:
        st.caption("● is still to be stated: an amount, and a reason where the filing has none.")
    ask_grids.bridge(desk)
    if result is not None and not desk.to_state:
        show.chart(
            desk.once(
                ("bridge", show.theme()),
                lambda: charts.enterprise_bridge(
                    result, desk.inputs.bridge, currency=desk.currency, theme=show.theme()
                ),
            ),
            key="dcf:bridge",
            alt=f"Waterfall from enterprise value to equity value, {desk.money}",
        )
    st.header("Shares", anchor=False)
    left, right = st.columns(2, gap="medium")
    with left:
        ask.number(desk, Field("shares.basic", "Shares outstanding", Unit.SHARES, 1.0))
        if result is not None and not desk.to_state:
            show.facts({"Diluted, million": words.millions(result.diluted_shares, 1)})
    with right:
        ask_grids.options(desk)


def _wacc_as_number(inputs: DcfInputs, result: DcfResult) -> DcfInputs:
    """The same valuation with the WACC that CAPM gives stated, so that it can be varied itself."""
    if result.cost_of_capital is None:
        return inputs
    path = replace(inputs.wacc or Fade(), start=result.cost_of_capital.wacc)
    return replace(inputs, wacc=path, cost_of_capital=None)


def sensitivity(desk: Desk, result: DcfResult | None) -> None:
    """The value over two inputs."""
    inputs = desk.inputs if result is None else _wacc_as_number(desk.inputs, result)
    sold = inputs.terminal_method is TerminalMethod.EXIT_MULTIPLE
    rests_on = "exit_multiple" if sold else ""
    sheet.sensitivity(desk, result, AXES, inputs=inputs, first=rests_on)


SECTIONS: dict[str, sheet.Section] = {
    "Drivers": drivers,
    "Fades and base year": fades,
    "Forecast": forecast,
    "Capital and terminal value": capital,
    "Bridge and shares": bridge,
    "Sensitivity": sensitivity,
    "Scenarios": scenario_sections.usual,
    "Workings": sheet.workings,
    "Sources": sheet.sources,
}
