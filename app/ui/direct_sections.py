"""The parts of the page of stated cash flows; headline and bridge are those of the DCF."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from app.ui import ask, dcf_sections, grid, scenario_sections, sheet, show, words
from app.ui.choices import WORDS
from app.ui.draft import Desk
from app.ui.drivers import is_by_year
from app.ui.field import Field
from app.ui.grid import Column, Edit
from valor_core.coverage.prefill_direct import FLOWS
from valor_core.models.dcf_direct import MOST_YEARS, DirectDcfInputs, DirectDcfResult
from valor_core.models.discounting import Timing
from valor_core.models.fields import Unit
from valor_core.models.paths import Fade, over_years
from valor_core.models.terminal import TerminalMethod

FLOW = Field(FLOWS, "Free cash flow", Unit.MONEY)
WACC = Field("wacc", "WACC", Unit.RATE)
AXES = (
    Field("terminal_growth", "Terminal growth", Unit.RATE, 0.005),
    Field("wacc.start", "WACC", Unit.RATE, 0.005),
    Field("exit_multiple", "Exit multiple", Unit.RATIO, 1.0),
)
TERMINAL = (
    Field("terminal_growth", "Terminal growth", Unit.RATE),
    Field("terminal_wacc", "Terminal WACC (empty: last year's)", Unit.RATE),
    Field("stub", "Part of year 1 still to come (empty: all)", Unit.YEARS, 0.05),
    Field("exit_multiple", "Exit multiple (empty: none)", Unit.RATIO, 0.5),
    Field("exit_metric", "What it multiplies, such as EBITDA", Unit.MONEY, 100.0),
)


def flows(desk: Desk, result: DirectDcfResult | None) -> None:
    """The flows and the cost of capital by year, and what each is worth."""
    left, right, _ = st.columns(3)
    with left:
        _count(desk)
    with right:
        if is_by_year(desk.inputs, WACC):
            st.button(
                "One WACC for all years",
                icon=":material/trending_flat:",
                key=desk.key("one_wacc"),
                on_click=lambda: _put(desk, wacc=Fade(start=float(desk.inputs.wacc[0]))),
            )
        else:
            ask.number(desk, Field("wacc.start", "WACC, all years", Unit.RATE))
    _grid(desk)
    st.caption(
        "A column of a spreadsheet can be pasted into the first cell. What comes after the last "
        "flow is asked under Terminal value."
    )
    if result is not None:
        _worth(desk, result)


def _put(desk: Desk, **stated: object) -> None:
    desk.put(replace(desk.content, inputs=replace(desk.inputs, **stated)))


def _waccs(inputs: DirectDcfInputs) -> list[float]:
    years = len(inputs.free_cash_flow)
    row = over_years(inputs.wacc, years, name="wacc", terminal=inputs.terminal_wacc)
    return [float(rate) for rate in row]


def _count(desk: Desk) -> None:
    key = desk.key("years")

    def changed() -> None:
        count, inputs = int(st.session_state[key]), desk.inputs
        longer = {FLOWS: inputs.free_cash_flow}
        if is_by_year(inputs, WACC):
            longer["wacc"] = inputs.wacc
        _put(desk, **{name: [*row, *[row[-1]] * count][:count] for name, row in longer.items()})

    st.number_input(
        ask.FORECAST_YEARS,
        value=len(desk.inputs.free_cash_flow),
        min_value=1,
        max_value=MOST_YEARS,
        step=1,
        key=key,
        on_change=changed,
    )


def _years(desk: Desk) -> list[str]:
    return sheet.fiscal_years(desk, FLOWS, len(desk.inputs.free_cash_flow))


def _grid(desk: Desk) -> None:
    inputs: DirectDcfInputs = desk.inputs
    waccs = show.or_explain(_waccs, inputs)
    if waccs is None:
        return

    def changed(edits: Sequence[Edit]) -> None:
        rows = {FLOWS: [float(flow) for flow in inputs.free_cash_flow], "wacc": list(waccs)}
        for edit in edits:
            scale = FLOW.scale if edit.column == FLOWS else WACC.scale
            rows[edit.column][edit.row] = edit.value * scale
        _put(desk, **{edit.column: rows[edit.column] for edit in edits})

    grid.edited(
        "Cash flows",
        {each.path: Column(heading=each.heading(desk.currency)) for each in (FLOW, WACC)},
        [
            (year, [FLOW.on_screen(float(flow)), WACC.on_screen(wacc)])
            for year, flow, wacc in zip(_years(desk), inputs.free_cash_flow, waccs, strict=True)
        ],
        key=desk.grid_key("flows"),
        on_change=changed,
        corner="Year",
    )


def _worth(desk: Desk, result: DirectDcfResult) -> None:
    show.table(
        f"Present values, {desk.money}",
        _years(desk),
        [
            (label, [words.in_unit(float(value), unit) for value in row])
            for label, row, unit in (
                ("FCFF", result.fcff, Unit.MONEY),
                ("Years until it arrives", result.discount_periods, Unit.RATIO),
                ("Discount factor", result.discount_factors, Unit.RATIO),
                ("PV of FCFF", result.pv_fcff, Unit.MONEY),
            )
        ],
        strong=frozenset({"PV of FCFF"}),
    )


def terminal(desk: Desk, result: DirectDcfResult | None) -> None:
    """What follows the last flow, by both methods, and when cash arrives."""
    ask.numbers(desk, TERMINAL, columns=3)
    left, right = st.columns(2)
    with left:
        ask.choice(desk, "terminal_method", WORDS[TerminalMethod])
    with right:
        ask.choice(desk, "timing", WORDS[Timing])
    if result is not None:
        dcf_sections.both_methods(desk, result)


def sensitivity(desk: Desk, result: DirectDcfResult | None) -> None:
    """The value over two inputs."""
    sold = desk.inputs.terminal_method is TerminalMethod.EXIT_MULTIPLE
    sheet.sensitivity(desk, result, AXES, first="exit_multiple" if sold else "")


SECTIONS: dict[str, sheet.Section] = {
    "Cash flows": flows,
    "Terminal value": terminal,
    "Bridge and shares": dcf_sections.bridge,
    "Sensitivity": sensitivity,
    "Scenarios": scenario_sections.usual,
    "Workings": sheet.workings,
    "Sources": sheet.sources,
}
