"""What an analyst changed, as the page calls it and in the unit that it is asked in."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from app.ui.ask import BASICS, BRIDGE_LABELS, CAPM, ROW_PX, TERMINAL
from app.ui.draft import Desk
from app.ui.drivers import DRIVERS
from app.ui.words import NOTHING, in_unit, millions, percent
from valor_core.models.dcf import DcfInputs
from valor_core.models.fields import Unit, leaves
from valor_core.models.lines import Line, lines_of, spoken

LABELS: Mapping[str, str] = {
    **{field.path: field.label.partition(" (")[0] for field in (*CAPM, *TERMINAL, *BASICS)},
    **{driver.path: driver.label for driver in DRIVERS},
    **{f"bridge.{item}": label for item, label in BRIDGE_LABELS.items()},
    "shares.basic": "Shares outstanding",
}


def reasons(desk: Desk) -> None:
    """Every input that differs from what the facts suggest, with room for the reason."""
    import pandas as pd

    paths = list(desk.changed())
    now, before = _lines(desk.inputs), _lines(desk.start.inputs)
    key = desk.grid_key(f"reasons:{hash(tuple(paths))}")

    def changed() -> None:
        given = dict(desk.content.rationales)
        for place, cells in st.session_state[key]["edited_rows"].items():
            given[paths[place]] = (cells.get("Your reason") or "").strip()
        desk.put(replace(desk.content, rationales=given), grids=False)

    st.data_editor(
        pd.DataFrame(
            {
                "Now": [told(now[path]) for path in paths],
                "Facts suggest": [told(before.get(path)) for path in paths],
                "Your reason": [desk.content.rationales.get(path, "") for path in paths],
            },
            index=pd.Index([heading(now[path], desk.currency) for path in paths], name="Input"),
        ),
        key=key,
        on_change=changed,
        disabled=["Input", "Now", "Facts suggest"],
        column_config={"Your reason": st.column_config.TextColumn(width="large", max_chars=2_000)},
        height=min(ROW_PX * (len(paths) + 1) + 4, 420),
        alt="Inputs that you changed, and why",
    )


def _lines(inputs: DcfInputs) -> dict[str, Line]:
    return lines_of(inputs, leaves(inputs), is_input=True)


def label(path: str) -> str:
    """How the page calls an input.

    >>> label("bridge.pensions"), label("growth.start"), label("shares.options[0].strike")
    ('Pension deficit after tax', 'Revenue growth, start', 'Options 1, strike')
    """
    if path in LABELS:
        return LABELS[path]
    owner, _, part = path.rpartition(".")
    if owner in LABELS:
        return f"{LABELS[owner]}, {part}"
    if owner.startswith("shares.options["):
        return f"Options {int(owner.partition('[')[2].rstrip(']')) + 1}, {part}"
    return spoken(path)


def heading(line: Line, currency: str) -> str:
    """The label of an input, with the unit where its numbers do not say it."""
    units = {
        Unit.MONEY: f"{currency} million",
        Unit.SHARES: "million",
        Unit.MONEY_PER_SHARE: currency,
    }
    mark = units.get(line.unit) if line.unit else None
    return f"{label(line.name)}, {mark}" if mark else label(line.name)


def told(line: Line | None) -> str:
    """An input's number in its unit, or those of its years."""
    if line is None:
        return NOTHING
    numbers = [_number(value, line.unit) for value in line.values]  # noqa: PD011, of a line
    if len(numbers) > 1 and len(set(numbers)) == 1:
        return f"{numbers[0]} each year"
    return ", ".join(numbers)


def _number(value: float, unit: Unit | None) -> str:
    """As it was asked for: rates to the hundredth of a percent, which a change may be of."""
    if unit is Unit.RATE:
        return percent(value, 2)
    return millions(value, 1) if unit is Unit.MONEY else in_unit(value, unit)
