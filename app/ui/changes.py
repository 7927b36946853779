"""What an analyst changed, as the page calls it and in the unit that it is asked in."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass, replace
from typing import Any

import streamlit as st

from app.ui import grid, show
from app.ui.ask import BASICS, BRIDGE_LABELS, CAPM, CHOICES, FORECAST_YEARS, TERMINAL
from app.ui.ask_grids import REASON
from app.ui.choices import choices_in_words
from app.ui.draft import Desk
from app.ui.drivers import DRIVERS, years_of
from app.ui.grid import Column, Edit
from app.ui.words import NOTHING, in_unit, money, percent
from valor_core.amounts import in_money
from valor_core.models.dcf import DcfInputs
from valor_core.models.fields import Unit, leaves
from valor_core.models.lines import Line, lines_of, spoken

LABELS: Mapping[str, str] = {
    **{field.path: field.label.partition(" (")[0] for field in (*CAPM, *TERMINAL, *BASICS)},
    **{driver.path: driver.label for driver in DRIVERS},
    **{f"bridge.{item}": label for item, label in BRIDGE_LABELS.items()},
    **CHOICES,
    "shares.basic": "Shares outstanding",
    "cost_of_capital": "Cost of capital by CAPM",
}
PARTS = {"from_year": "holds to year", "to_year": "ends in year"}


def yours(desk: Desk) -> None:
    """All that differs from what the facts suggest; nothing where nothing does."""
    others = otherwise(desk.inputs, desk.start.inputs, desk.currency)
    if not desk.changed() and not others:
        return
    st.header("Your changes", anchor=False)
    if desk.changed():
        reasons(desk)
    if others:
        show.table("Chosen otherwise, or emptied", ["Now", "Facts suggest"], others, text=True)


def reasons(desk: Desk) -> None:
    """Every number that differs from what the facts suggest, with room for the reason."""
    paths = list(desk.changed())
    now, before = _lines(desk.inputs), _lines(desk.start.inputs)

    def suggested(path: str) -> str:
        driver = next((each for each in DRIVERS if each.path == path), None)
        if driver is None or path in before:
            return told(before.get(path))
        return _told(years_of(desk.start.inputs, driver) or [], driver.unit)

    def changed(edits: Sequence[Edit]) -> None:
        given = {paths[edit.row]: edit.value.strip() for edit in edits}
        desk.put(replace(desk.content, rationales={**desk.content.rationales, **given}))

    grid.edited(
        "Inputs that you changed, and why",
        {
            "now": Column(heading="Now", kind="text", editable=False),
            "before": Column(heading="Facts suggest", kind="text", editable=False),
            "reason": REASON,
        },
        [
            (
                heading(now[path], desk.currency),
                [told(now[path]), suggested(path), desk.content.rationales.get(path, "")],
            )
            for path in paths
        ],
        key=desk.grid_key("reasons"),
        on_change=changed,
        corner="Input",
    )


def otherwise(now: DcfInputs, start: DcfInputs, currency: str) -> list[tuple[str, tuple[str, str]]]:
    """Choices that differ and inputs that were emptied: what they are, and what facts suggest."""
    words, suggested = choices_in_words(now), choices_in_words(start)
    chosen = [
        (
            FORECAST_YEARS if path == "years" else label(path),
            (words[path], suggested[path]),
        )
        for path in words
        if words[path] != suggested.get(path, words[path])
    ]
    before = _lines(start)
    gone = dict.fromkeys(part for path in before if (part := _emptied(now, path)))
    emptied = [
        (heading(before[path], currency), (NOTHING, told(before[path])))
        if path in before
        else (label(path), ("not used", "used"))
        for path in gone
    ]
    return [*chosen, *emptied]


def _emptied(inputs: DcfInputs, path: str) -> str:
    """The part of the path that holds nothing now, if any: a row in place of a fade is no loss."""
    there: Any = inputs
    for step in re.finditer(r"(\w+)", path):
        name = step[0]
        if isinstance(there, tuple):
            there = there[int(name)] if int(name) < len(there) else None
        elif is_dataclass(there):
            there = getattr(there, name)
        else:
            return ""
        if there is None:
            return path[: step.end()] + "]" * path.startswith("]", step.end())
    return ""


def _lines(inputs: DcfInputs) -> dict[str, Line]:
    return lines_of(inputs, leaves(inputs), is_input=True)


def label(path: str) -> str:
    """How the page calls an input.

    >>> label("bridge.pensions"), label("growth.start"), label("shares.options[0].strike")
    ('Pension deficit after tax', 'Revenue growth, start', 'Options 1, strike')
    >>> label("tranches[1].cash_rate")
    'Tranches 2, cash rate'
    >>> label("acquirer.ebit"), label("cost_of_capital.debt_beta")
    ('Acquirer, EBIT', 'Cost of capital by CAPM, debt beta')
    """
    if path in LABELS:
        return LABELS[path]
    owner, _, part = path.rpartition(".")
    if owner in LABELS:
        return f"{LABELS[owner]}, {PARTS.get(part) or _lowered(spoken(part))}"
    steps = re.findall(r"(\w+)(?:\[(\d+)\])?", path.removeprefix("shares."))
    first, *rest = [f"{spoken(name)} {int(at) + 1}" if at else spoken(name) for name, at in steps]
    return ", ".join([first, *(each if each.isupper() else _lowered(each) for each in rest)])


def _lowered(text: str) -> str:
    return f"{text[0].lower()}{text[1:]}"


def heading(line: Line, currency: str) -> str:
    """The label of an input, with the unit where its numbers do not say it."""
    units = {
        Unit.MONEY: in_money(currency),
        Unit.SHARES: "million",
        Unit.MONEY_PER_SHARE: currency,
    }
    mark = units.get(line.unit) if line.unit else None
    return f"{label(line.name)}, {mark}" if mark else label(line.name)


def told(line: Line | None) -> str:
    """An input's number in its unit, or those of its years."""
    return NOTHING if line is None else _told(line.values, line.unit)


def _told(values: Sequence[float], unit: Unit | None) -> str:
    numbers = [_number(value, unit) for value in values]
    if len(numbers) > 1 and len(set(numbers)) == 1:
        return f"{numbers[0]} each year"
    return ", ".join(numbers) or NOTHING


def _number(value: float, unit: Unit | None) -> str:
    """As it was asked for: rates to the hundredth of a percent, which a change may be of."""
    if unit is Unit.RATE:
        return percent(value, 2)
    return money(value, 1) if unit is Unit.MONEY else in_unit(value, unit)
