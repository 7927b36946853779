"""The parts of the DCF page: the headline, then one section at a time: each costs a redraw."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import streamlit as st

from app.ui import ask, ask_grids, changes, frame, show, words
from app.ui.ask import Field
from app.ui.choices import WORDS
from app.ui.draft import Desk
from app.ui.drivers import at
from valor_core.charts import valuation as charts
from valor_core.errors import ValorError
from valor_core.models.catalogue import checks_of, model_of
from valor_core.models.conventions import conventions_of, valued_as_of
from valor_core.models.dcf import DcfInputs, DcfResult
from valor_core.models.discounting import Timing, parts_of_years
from valor_core.models.fields import Unit
from valor_core.models.paths import Fade
from valor_core.models.sensitivity import grid
from valor_core.models.terminal import MultipleOf, TerminalMethod
from valor_core.values import from_micros

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
# The theme's own colour of a chosen segment is too faint to be read in the dark.
READABLE = """<style>
[class*=st-key-dcf-section] [aria-checked=true] p{color:var(--st-text-color,inherit)}
</style>"""
STEPS = 3  # to either side of the base
FORECAST = (
    ("Revenue", "revenues", Unit.MONEY),
    ("Growth", "growth", Unit.RATE),
    ("EBIT", "ebit", Unit.MONEY),
    ("EBIT margin", "margins", Unit.RATE),
    ("Tax rate", "tax_rates", Unit.RATE),
    ("NOPAT", "nopat", Unit.MONEY),
    ("Net reinvestment", "reinvestment", Unit.MONEY),
    ("FCFF", "fcff", Unit.MONEY),
    ("WACC", "waccs", Unit.RATE),
    ("Discount factor", "discount_factors", Unit.RATIO),
    ("PV of FCFF", "pv_fcff", Unit.MONEY),
)


def save(desk: Desk) -> None:
    """Keep the valuation with its reason, and say where it went."""
    with st.popover("Save", icon=":material/save:", disabled=bool(desk.to_state)):
        why = ask.rationale(desk)
        if st.button("Save valuation", type="primary", disabled=not why, key=desk.key("save:go")):
            try:
                desk.save(why)
            except ValorError as error:
                show.refusal(error)
            else:
                st.toast("Saved", icon=":material/check:")
                st.rerun()


def export(desk: Desk) -> None:
    """The saved valuation as a workbook, and the list that it stands in."""
    if desk.saved is None:
        st.caption("Export: save first")
        return
    if desk.is_saved:
        show.links({"Export to Excel": f"/api/v1/valuations/{desk.saved.id}/workbook.xlsx"})
    else:
        st.caption("Unsaved changes: save first to export them")
    frame.link("valuations", "Valuations", id=desk.saved.id)


def headline(desk: Desk, result: DcfResult | None) -> None:
    """What a share is worth, beside what was saved, and what it rests on."""
    if result is None:
        show.facts({f"Value per share, {desk.currency}": words.NOTHING})
        return
    currency, told = desk.currency, {}
    if desk.to_state:
        told[f"Value per share, {currency}"] = f"waits for {len(desk.to_state)} items"
    else:
        told[f"Value per share, {currency}"] = words.per_share(result.value_per_share)
    if desk.saved:
        told[f"Saved {from_micros(desk.saved.at):%d %b %Y}"] = _against(desk, result)
    told[f"Enterprise value, {currency} m"] = words.millions(result.enterprise_value)
    if not desk.to_state:
        told[f"Equity value, {currency} m"] = words.millions(result.equity_value)
    told["Terminal value's share"] = words.percent(_share(result))
    told["WACC, year 1"] = words.percent(float(result.waccs[0]), 2)
    show.facts(told, first_large=True)
    st.caption(valued_as_of(desk.inputs, desk.basis))
    _checks(desk, result)


def _against(desk: Desk, result: DcfResult) -> str:
    assert desk.saved
    before = desk.saved.headline
    if desk.to_state or desk.is_saved or not before:
        return words.per_share(before)
    change = float(result.value_per_share) / before - 1.0
    return f"{words.per_share(before)} ({'+' if change >= 0 else ''}{words.percent(change)})"


def _share(result: DcfResult) -> float | None:
    whole = float(result.going_concern_value)
    return float(result.pv_terminal) / whole if whole else None


def _checks(desk: Desk, result: DcfResult) -> None:
    if desk.to_state:
        return
    checks = desk.once("checks", lambda: checks_of(desk.inputs, result))
    failed = [check for check in checks if not check.passed]
    title = (
        f"{len(failed)} of {len(checks)} checks ask for a look"
        if failed
        else f"All {len(checks)} checks pass"
    )
    icon = ":material/rule:" if failed else ":material/check_circle:"
    with st.expander(title, icon=icon, key=desk.key("checks")):
        show.listed(
            "What an experienced reader would question",
            [
                ("Passes" if check.passed else check.severity.value.capitalize(), check.message)
                for check in checks
            ],
        )


def chosen(desk: Desk, result: DcfResult | None) -> None:
    """The section that is looked at; the others are not built."""
    sections: dict[str, Callable[[Desk, DcfResult | None], None]] = {
        "Drivers": drivers,
        "Fades and base year": fades,
        "Forecast": forecast,
        "Capital and terminal value": capital,
        "Bridge and shares": bridge,
        "Sensitivity": sensitivity,
        "Workings": workings,
        "Sources": sources,
    }
    st.html(READABLE)
    name = st.segmented_control(
        "Section",
        list(sections),
        default="Drivers",
        required=True,
        key="dcf:section",
        label_visibility="collapsed",
        wrap=True,
    )
    sections[name or "Drivers"](desk, result)


def drivers(desk: Desk, result: DcfResult | None) -> None:
    """The drivers by year, and the forecast that follows from them."""
    ask_grids.drivers_by_year(desk, _years(desk))
    ask.fades_again(desk)
    if result is not None:
        _forecast_table(desk, result)


def fades(desk: Desk, result: DcfResult | None) -> None:  # noqa: ARG001, as its siblings
    """How the drivers run by themselves, and where they begin."""
    st.subheader("Fades", anchor=False)
    st.caption(
        "From the start, held to a forecast year, in a line to the end; without an end to the "
        "terminal value. A number by year takes the place of its fade."
    )
    ask_grids.fades(desk)
    st.subheader("Base year", anchor=False)
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
        alt=f"Revenue, EBIT and free cash flow by forecast year, {desk.currency} million",
    )
    _forecast_table(desk, result)


def _years(desk: Desk) -> list[str]:
    facts = desk.start.sources["revenue"].facts
    base = facts[0].fiscal_year if facts else 0
    return [f"FY{base + year}" for year in range(1, desk.inputs.years + 1)]


def _forecast_table(desk: Desk, result: DcfResult) -> None:
    rows, trends = [], {}
    for label, name, unit in FORECAST:
        row = [float(value) for value in np.asarray(getattr(result, name))[: desk.inputs.years]]
        rows.append((label, [words.in_unit(value, unit) for value in row]))
        trends[label] = row
    if (stub := desk.inputs.stub) is not None:
        parts = [words.percent(part) for part in parts_of_years(desk.inputs.years, stub)]
        before_fcff = [name for _, name, _ in FORECAST].index("fcff")
        rows.insert(before_fcff, ("Part of the year", parts))
    show.table(
        f"Forecast, {desk.currency} million",
        _years(desk),
        rows,
        strong=frozenset({"Revenue", "FCFF", "PV of FCFF"}),
        trends=trends,
    )


def capital(desk: Desk, result: DcfResult | None) -> None:
    """CAPM, the terminal value by both methods, timing."""
    st.subheader("Cost of capital", anchor=False)
    if desk.inputs.cost_of_capital is None:
        st.caption("The WACC is stated under Drivers; clear its start, or fade again, for CAPM.")
    ask.numbers(desk, ask.CAPM)
    if result is not None and (found := result.cost_of_capital) is not None:
        show.facts(
            {
                "Cost of equity": words.percent(found.cost_of_equity, 2),
                "Cost of debt after tax": words.percent(found.after_tax_cost_of_debt, 2),
                "Equity weight": words.percent(found.weight_of_equity),
                "WACC": words.percent(found.wacc, 2),
            }
        )
    st.subheader("Terminal value", anchor=False)
    ask.numbers(desk, ask.TERMINAL, columns=3)
    first, second, third = st.columns(3)
    with first:
        ask.choice(desk, "terminal_method", WORDS[TerminalMethod])
    with second:
        ask.choice(desk, "multiple_of", WORDS[MultipleOf])
    with third:
        ask.choice(desk, "timing", WORDS[Timing])
    if result is not None:
        _both_methods(result, desk.currency)


def _both_methods(result: DcfResult, currency: str) -> None:
    show.table(
        "Terminal value by both methods",
        ["Growing perpetuity", "Exit multiple"],
        [
            (f"Terminal value, {currency} m", [words.millions(result.terminal_value_gordon),
                                       words.millions(result.terminal_value_multiple)]),
            (f"Present value, {currency} m", [words.millions(result.pv_terminal_gordon),
                                      words.millions(result.pv_terminal_multiple)]),
            ("Implied multiple", [words.times(result.implied_multiple), words.NOTHING]),
            ("Implied growth", [words.NOTHING, words.percent(result.implied_growth, 2)]),
        ],
    )  # fmt: skip


def bridge(desk: Desk, result: DcfResult | None) -> None:
    """From enterprise value to one share."""
    st.subheader("From enterprise to equity value", anchor=False)
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
            alt=f"Waterfall from enterprise value to equity value, {desk.currency} million",
        )
    st.subheader("Shares", anchor=False)
    left, right = st.columns(2, gap="medium")
    with left:
        ask.number(desk, Field("shares.basic", "Shares outstanding", Unit.SHARES, 1.0))
        if result is not None and not desk.to_state:
            show.facts({"Diluted, million": words.millions(result.diluted_shares, 1)})
    with right:
        ask_grids.options(desk)


@st.fragment
def sensitivity(desk: Desk, result: DcfResult | None) -> None:
    """The value over two inputs, and why some cells have none."""
    if result is None or desk.to_state:
        st.info("The grid appears once a share has a value.", icon=":material/grid_on:")
        return
    inputs = _wacc_as_number(desk.inputs, result)
    axes = {f.path: f for f in AXES if isinstance(_number_at(inputs, f.path), float)}
    left, right = st.columns(2)
    rests_on = "exit_multiple" if inputs.terminal_method is TerminalMethod.EXIT_MULTIPLE else ""
    down = left.selectbox(
        "Down",
        sorted(axes, key=lambda path: path != rests_on),  # what the value rests on comes first
        format_func=lambda p: axes[p].label,
        key="dcf:down",
    )
    others = [path for path in axes if path != down]
    across = right.selectbox(
        "Across", others, format_func=lambda p: axes[p].label, key="dcf:across"
    )
    try:
        found = desk.once(
            ("grid", down, across),
            lambda: grid(inputs, (down, _axis(inputs, axes[down])),
                         (across, _axis(inputs, axes[across]))),
        )  # fmt: skip
    except ValorError as error:
        show.refusal(error)
        return
    show.chart(
        charts.sensitivity(
            found,
            row_label=axes[down].label,
            column_label=axes[across].label,
            as_percent=(axes[down].unit is Unit.RATE, axes[across].unit is Unit.RATE),
            theme=show.theme(),
        ),
        key="dcf:sensitivity",
        alt=f"Value per share over {axes[down].label} and {axes[across].label}",
    )
    st.caption(f"Value per share, {desk.currency}; the base stands in the middle. "
               f"{_step(axes[down])}, {_step(axes[across])}.")  # fmt: skip
    if found.reasons:
        show.listed(
            "Cells without a value",
            [
                (
                    " / ".join(
                        (
                            words.in_unit(found.rows[i], axes[down].unit),
                            words.in_unit(found.columns[j], axes[across].unit),
                        )
                    ),
                    str(reason),
                )
                for (i, j), reason in sorted(found.reasons.items())
            ],
        )


def _wacc_as_number(inputs: DcfInputs, result: DcfResult) -> DcfInputs:
    """The same valuation with the WACC that CAPM gives stated, so that it can be varied itself."""
    if result.cost_of_capital is None:
        return inputs
    path = replace(inputs.wacc or Fade(), start=result.cost_of_capital.wacc)
    return replace(inputs, wacc=path, cost_of_capital=None)


def _number_at(inputs: DcfInputs, path: str) -> Any:
    owner, _, name = path.rpartition(".")
    thing = at(inputs, owner) if owner else inputs
    return getattr(thing, name, None)


def _axis(inputs: DcfInputs, axis: Field) -> list[float]:
    base = _number_at(inputs, axis.path)
    return [base + axis.step * step for step in range(-STEPS, STEPS + 1)]


def _step(axis: Field) -> str:
    return f"{axis.label} in steps of {words.in_unit(axis.step, axis.unit)}"


@st.fragment
def workings(desk: Desk, result: DcfResult | None) -> None:
    """How a number came about, down to the filing."""
    if result is None or desk.to_state:
        st.info("Workings appear once a share has a value.", icon=":material/account_tree:")
        return
    made = desk.workings()
    lines = made.lines.results
    first = model_of(desk.inputs).headline
    names = [first, *(name for name in lines if name != first)]
    name = st.selectbox(
        "Explain", names, format_func=lambda each: lines[each].label, key="dcf:explain"
    )
    show.tree(desk.once(("tree", name), lambda: made.explain(name, desk.sources())), desk.currency)
    show.listed("Conventions", list(conventions_of(desk.inputs, desk.basis).items()))


def sources(desk: Desk, result: DcfResult | None) -> None:  # noqa: ARG001, as its siblings
    """What was changed and why; where each of the other numbers comes from."""
    day = desk.content.as_of or date.today()  # noqa: DTZ011, a day on the reader's page
    changes.yours(desk)
    st.subheader(f"Where the numbers come from, as known on {day:%d %b %Y}", anchor=False)
    show.listed("Sources", [(changes.label(path), ask.basis(source))
         for path, source in desk.sources().items()])  # fmt: skip
