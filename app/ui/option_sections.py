"""The parts of the page of real options: one right by every method, or several in one lattice."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from app.ui import ask, by_method, form, scenario_sections, sheet, show, words
from app.ui.choices import in_words
from app.ui.draft import Desk
from app.ui.field import Field
from valor_core.charts import options as charts
from valor_core.coverage.prefill_options import right_of_kind
from valor_core.models.conventions import valued_as_of
from valor_core.models.fields import Unit
from valor_core.models.options.decision import course, triggers, value_curve, watched_value
from valor_core.models.options.interaction import each_right
from valor_core.models.options.lattice import Boundary
from valor_core.models.options.project import ProjectResult, Right, RightKind, Stage
from valor_core.models.options.real_option import (
    PUTS,
    RealOptionInputs,
    RealOptionKind,
    RealOptionResult,
)
from valor_core.models.options.simulated import by_simulation

ONE, SEVERAL = "real_option", "flexible_project"
MODELS = {ONE: "One right", SEVERAL: "Several rights"}
PROJECT = (
    Field("project_value", "Value of the project", Unit.MONEY, 1000.0),
    Field("volatility", "Volatility a year", Unit.RATE, 1.0),
    Field("cash_yield", "Paid out a year", Unit.RATE, 0.25),
    Field("rate", "Risk-free rate, continuous", Unit.RATE, 0.1),
)
END = Field("years", "Open for, years", Unit.YEARS, 0.5)
DATE = Field("years", "Decision in, years", Unit.YEARS, 0.5)


def _amount(label: str) -> Field:
    return Field("amount", label, Unit.MONEY, 1000.0)


def _share(label: str) -> Field:
    return Field("share", label, Unit.RATE, 5.0)


TERMS: Mapping[RealOptionKind, tuple[Field, ...]] = {
    RealOptionKind.DEFER: (_amount("Outlay"), END),
    RealOptionKind.EXPAND: (_share("Part added"), _amount("What it costs"), END),
    RealOptionKind.CONTRACT: (_share("Part given up"), _amount("What that brings"), END),
    RealOptionKind.ABANDON: (_amount("What giving up brings"), END),
    RealOptionKind.SWITCH: (
        Field("other_use.value", "Other use, less the switch", Unit.MONEY, 1000.0),
        Field("other_use.volatility", "Its volatility a year", Unit.RATE, 1.0),
        Field("other_use.cash_yield", "It pays out a year", Unit.RATE, 0.25),
        Field("other_use.correlation", "Correlation of the two", None, 0.1),
        END,
    ),
    RealOptionKind.STAGE: (
        _amount("First outlay"),
        Field("years", "Due in, years", Unit.YEARS, 0.5),
        Field("next_stage.outlay", "Second outlay", Unit.MONEY, 1000.0),
        Field("next_stage.years", "Due in, years from today", Unit.YEARS, 0.5),
    ),
    RealOptionKind.CHOOSE: (
        _share("Part added or given up"),
        _amount("Adding it costs"),
        Field("giving_up.salvage", "Giving it up brings", Unit.MONEY, 1000.0),
        DATE,
        Field("giving_up.years", "Rights end in, years", Unit.YEARS, 0.5),
    ),
}
ON_DATES = frozenset({RealOptionKind.STAGE, RealOptionKind.CHOOSE})
METHODS = {
    "closed_form": "On its dates alone, closed form",
    "barone_adesi_whaley": "Barone-Adesi and Whaley, 1987",
    "bjerksund_stensland_1993": "Bjerksund and Stensland, 1993",
    "bjerksund_stensland_2002": "Bjerksund and Stensland, 2002",
    "lattice_crr": "Lattice of Cox, Ross, Rubinstein",
    "lattice_bbsr": "Lattice, smoothed and extrapolated",
    "perpetual": "If the right never ended",
}
SIMULATED = "Least-squares Monte Carlo, 2001"
AT_ANY_TIME = (
    "The value rests on the line in bold. Its error is how far it lies from half the steps; that "
    "of the others is how far they lie from it. Both lines of Bjerksund and Stensland are lower "
    "bounds, the endless right an upper one; used at its end alone, a right is worth less than at "
    "any time. Monte Carlo simulates 20,000 paths with fifty dates of use; its error is "
    "what chance alone moves in 95 of 100 cases."
)
ON_ITS_DATES = (
    "The value rests on the closed form, which is exact for a right that is used on its dates "
    "alone; the error of a lattice is how far it lies from it."
)
RIGHT = (
    Field("amount", "Costs, or brings", Unit.MONEY),
    Field("kind", "Right"),
    Field("share", "Part", Unit.RATE),
    Field("first", "Open from, years"),
    Field("last", "Until, years"),
)
STAGE = (
    Field("outlay", "Outlay", Unit.MONEY),
    Field("deadline", "Due by, years"),
    Field("at_any_time", "Payable before"),
)
FRESH_STAGE = Stage(outlay=0.0, deadline=1.0)
FRESH_RIGHT = Right(kind=RightKind.EXPAND, share=0.3, amount=0.0, last=5.0)
CURVE_POINTS = 81


def model() -> str:
    """Whether one right is valued by every method, or several together."""
    chosen = st.segmented_control(
        "Rights",
        list(MODELS),
        default=ONE,
        required=True,
        format_func=MODELS.__getitem__,
        key="options:model",
        label_visibility="collapsed",
    )
    return chosen or ONE


def headline(desk: Desk, result: RealOptionResult | ProjectResult | None) -> None:
    """The project with its rights beside itself without them, and when to act."""
    money = desk.money_short
    if result is None:
        show.facts({f"Project with its rights, {money}": words.NOTHING}, first_large=True)
        return
    told = {
        f"Project with its rights, {money}": words.money(result.value_with_flexibility),
        **sheet.against_saved(desk, result),
        f"Without them, {money}": words.money(result.value_without_flexibility),
        f"Flexibility adds, {money}": words.money(result.option_value),
    }
    if isinstance(result, RealOptionResult):
        told |= _when(desk.inputs, _triggers(desk, result), money)
    else:
        told[f"Lattice moves by, {money}"] = words.money(result.lattice_error)
    show.facts(told, first_large=True)
    st.caption(valued_as_of(desk.inputs, desk.basis))
    sheet.checks(desk, result)


def _triggers(desk: Desk, result: RealOptionResult) -> Boundary:
    return desk.once("triggers", lambda: triggers(desk.inputs, result))


def _when(inputs: RealOptionInputs, boundary: Boundary, money: str) -> dict[str, str]:
    """The trigger of the first date, and what it says of today."""
    first, trigger = float(boundary.years[0]), float(boundary.prices[0])
    watched = "other use" if inputs.kind is RealOptionKind.SWITCH else "project"
    if inputs.kind is RealOptionKind.CHOOSE:
        return {f"In {first:g} years: add above, give up below, {money}": words.money(trigger)}
    below = inputs.kind in PUTS
    side = "at most" if below else "at least"
    if first > 0.0:
        asked = f"Act in {first:g} years if the {watched} is {side}, {money}"
        return {asked: words.money(trigger)}
    if not np.isfinite(trigger):
        return {"Act before the end": "never pays"}
    now = watched_value(inputs)
    acts = now <= trigger if below else now >= trigger
    return {
        f"Act today if the {watched} is {side}, {money}": words.money(trigger),
        "Today": "act" if acts else "wait",
    }


def project(desk: Desk, result: RealOptionResult | None) -> None:
    """The project, the right on it, and what the right is worth over the project's value."""
    inputs: RealOptionInputs = desk.inputs
    ask.numbers(desk, PROJECT)
    left, right = st.columns(2)
    with left:
        _kind(desk)
    with right:
        if inputs.kind not in ON_DATES:
            form.flag(desk, "at_any_time", "May be used at any time, not only at the end")
    ask.numbers(desk, TERMS[inputs.kind])
    by_method.of_project(desk)
    st.caption("Another right begins in round parts of the project's value: state your terms.")
    if result is not None:
        _value_chart(desk, result)


def _kind(desk: Desk) -> None:
    key, kinds = desk.key("kind"), list(RealOptionKind)

    def changed() -> None:
        inputs = right_of_kind(desk.inputs, st.session_state[key])
        desk.put(replace(desk.content, inputs=inputs), widgets=True)

    st.selectbox(
        "The right is to",
        kinds,
        index=kinds.index(desk.inputs.kind),
        format_func=in_words,
        key=key,
        on_change=changed,
    )


def _value_chart(desk: Desk, result: RealOptionResult) -> None:
    inputs: RealOptionInputs = desk.inputs
    today = inputs.project_value
    trigger = float(_triggers(desk, result).prices[0])
    if inputs.kind is RealOptionKind.SWITCH:  # what counts is the other use over the project
        trigger = watched_value(inputs) * today / trigger
    farthest = min(max(2.0 * today, 1.15 * np.nan_to_num(trigger)), 4.0 * today)
    values = np.linspace(farthest / CURVE_POINTS, farthest, CURVE_POINTS)
    figure = show.or_explain(
        desk.once,
        ("curve", show.theme()),
        lambda: charts.option_value(
            value_curve(inputs, values),
            project_value=today,
            trigger=trigger if np.isfinite(trigger) else None,
            currency=desk.currency,
            theme=show.theme(),
        ),
    )
    if figure is not None:
        show.chart(
            figure,
            key="options:curve",
            alt=f"Value of the right over the value of the project, {desk.money}",
        )


def methods(desk: Desk, result: RealOptionResult | None) -> None:
    """The right by every method that knows it."""
    _steps(desk, most=5_000)
    if result is None:
        return
    used = _used(result)
    value = getattr(result.methods, used)
    simulated = desk.once("simulated", lambda: by_simulation(desk.inputs))
    rows = []
    for name, label in METHODS.items():
        found, error = getattr(result.methods, name), getattr(result.errors, name, None)
        if found is not None:
            share = error / value if error is not None and value else None
            rows.append(
                (label, [words.money(found, 1), words.money(error, 1),
                         words.percent(share, 2), _trigger_by(name, desk, result)])
            )  # fmt: skip
    if simulated is not None:
        share = simulated.standard_error / value if value else None
        rows.append(
            (SIMULATED, [words.money(simulated.value, 1),
                         f"± {words.money(1.96 * simulated.standard_error, 1)}",
                         words.percent(None if share is None else 1.96 * share, 2), words.NOTHING])
        )  # fmt: skip
    show.table(
        "The right by every method that knows it",
        [f"Value, {desk.money_short}", "Error", "of the value", "Trigger today"],
        rows,
        strong=frozenset({METHODS[used]}),
    )
    st.caption(ON_ITS_DATES if used == "closed_form" else AT_ANY_TIME)


def _steps(desk: Desk, *, most: int) -> None:
    with st.columns(4)[0]:
        form.count(desk, "steps", least=8, most=most, label="Steps of the lattice")


def _used(result: RealOptionResult) -> str:
    return "closed_form" if result.methods.lattice_bbsr is None else "lattice_bbsr"


def _trigger_by(name: str, desk: Desk, result: RealOptionResult) -> str:
    """From what value on to act today, by the methods that tell one."""
    by_method: dict[str, Any] = {
        "barone_adesi_whaley": result.trigger,
        "lattice_bbsr": float(_triggers(desk, result).prices[0]),
        "perpetual": result.perpetual_trigger,
    }
    return words.money(by_method.get(name))


def boundary(desk: Desk, result: RealOptionResult | None) -> None:
    """From which value on acting pays, by date."""
    if result is None:
        st.info("The boundary appears once there is a value.", icon=":material/timeline:")
        return
    inputs: RealOptionInputs = desk.inputs
    found = _triggers(desk, result)
    watched = "Other use" if inputs.kind is RealOptionKind.SWITCH else "Project"
    show.chart(
        desk.once(
            ("boundary", show.theme()),
            lambda: charts.exercise_boundary(
                found,
                course(inputs),
                today=watched_value(inputs),
                watched=watched,
                currency=desk.currency,
                theme=show.theme(),
            ),
        ),
        key="options:boundary",
        alt=f"Trigger by years from today, {desk.money}, and the range of the project",
    )
    places = np.unique(np.linspace(0, len(found.years) - 1, 6).round().astype(int))
    show.table(
        f"Trigger, {desk.money}",
        [f"{found.years[place]:.1f} years" for place in places],
        [("Act on a value of " + ("at most" if inputs.kind in PUTS else "at least"),
          [words.money(found.prices[place]) for place in places])],
    )  # fmt: skip
    st.caption(
        "The band holds 80 % of all cases in a risk-neutral world, the one in which the right is "
        "valued; it says nothing of the growth that is hoped for. No trigger: waiting is better "
        "whatever the value."
    )


def sensitivity(desk: Desk, result: RealOptionResult | ProjectResult | None) -> None:
    """The value with the rights over two inputs, volatility and the project's value first."""
    axes = (
        Field("volatility", "Volatility", Unit.RATE, 0.05),
        Field("project_value", "Value of the project", Unit.MONEY, 0.1 * desk.inputs.project_value),
        Field("cash_yield", "Paid out a year", Unit.RATE, 0.005),
        Field("rate", "Risk-free rate", Unit.RATE, 0.005),
        Field("amount", "Outlay, or what it brings", Unit.MONEY,
              0.1 * getattr(desk.inputs, "amount", 0.0)),
    )  # fmt: skip
    sheet.sensitivity(desk, result, axes, first="volatility")


def rights(desk: Desk, result: ProjectResult | None) -> None:
    """The project, all rights on it, and what each adds to the others."""
    ask.numbers(desk, PROJECT)
    by_method.of_project(desk)
    form.members(desk, "rights", "Rights", FRESH_RIGHT, RIGHT, called="Right")
    with st.expander("Outlays in stages", icon=":material/stairs:"):
        form.members(desk, "stages", "Stages", FRESH_STAGE, STAGE, called="Stage")
    _steps(desk, most=2_000)
    if result is None or not desk.inputs.rights:
        return
    worth = desk.once("worth", lambda: each_right(desk.inputs))
    show.table(
        f"What each right is worth, {desk.money}",
        ["Alone", "Beside the others"],
        [
            (f"{place} {in_words(right.kind)}",
             [words.money(each.alone), words.money(each.beside_the_others)])
            for place, (right, each) in enumerate(zip(desk.inputs.rights, worth, strict=True), 1)
        ],
    )  # fmt: skip
    st.caption("Rights do not add up: the first one that is used ends the others.")


COMMON: dict[str, sheet.Section] = {
    "Sensitivity": sensitivity,
    "Scenarios": scenario_sections.usual,
    "Workings": sheet.workings,
    "Sources": sheet.sources,
}
SECTIONS: dict[str, dict[str, sheet.Section]] = {
    ONE: {
        "Project and right": project,
        "Methods side by side": methods,
        "Exercise boundary": boundary,
        **COMMON,
    },
    SEVERAL: {"Project and rights": rights, **COMMON},
}
