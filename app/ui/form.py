"""The inputs of any model as widgets, made from what its dataclasses say of their fields.

`numbers`, `choice`, `count`, `flag` and `part` ask for single inputs; `drivers` and `members` are
grids: a year, or a member of a tuple such as a tranche, a row.
"""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from enum import StrEnum
from typing import Any, get_args, get_origin

import numpy as np
import streamlit as st

from app.ui import ask, ask_grids, grid
from app.ui.choices import in_words
from app.ui.draft import Desk
from app.ui.field import Field, field_of
from app.ui.grid import Column, Edit
from app.ui.places import at, can_be_empty, put_at
from valor_core.models.fields import Unit, every_leaf, hints, is_number, is_row, kinds

MEMBERS_MAX, NAME_MAX = 100, 60


def numbers(desk: Desk, *paths: str, columns: int = 4) -> None:
    """Single numbers side by side; those of a part that is not used are left out."""
    there = [path for path in paths if at(desk.inputs, path.rpartition(".")[0]) is not None]
    ask.numbers(desk, [field_of(desk.inputs, path) for path in there], columns=columns)


def choice(desk: Desk, path: str, label: str = "") -> None:
    """One of the conventions that the field's type names."""
    options = _options(_hint(desk.inputs, path))
    told = field_of(desk.inputs, path, label)
    key = desk.key(path)
    st.selectbox(
        told.label,
        options,
        index=options.index(at(desk.inputs, path)),
        format_func=in_words,
        key=key,
        help=told.meaning or None,
        on_change=lambda: _put(desk, path, st.session_state[key]),
    )


def count(desk: Desk, path: str, *, least: int = 0, most: int = 100, label: str = "") -> None:
    """A whole number."""
    told, key = field_of(desk.inputs, path, label), desk.key(path)
    st.number_input(
        told.label,
        value=at(desk.inputs, path),
        min_value=least,
        max_value=most,
        step=1,
        key=key,
        help=told.meaning or None,
        on_change=lambda: _put(desk, path, int(st.session_state[key])),
    )


def years(desk: Desk, *, most: int = 40) -> None:
    """How many years are forecast; rows by year go on as they end, or are cut."""
    key = desk.key("years")

    def changed() -> None:
        inputs, told = desk.inputs, int(st.session_state[key])
        for path, row, by_year in every_leaf(inputs):
            if by_year and isinstance(row, np.ndarray):
                length = len(row) + told - desk.inputs.years
                inputs = put_at(inputs, path, [*row, *[row[-1]] * length][:length])
        desk.put(replace(desk.content, inputs=replace(inputs, years=told)))

    st.number_input(
        ask.FORECAST_YEARS,
        value=desk.inputs.years,
        min_value=1,
        max_value=most,
        step=1,
        key=key,
        on_change=changed,
    )


def flag(desk: Desk, path: str, label: str = "") -> None:
    """Yes or no."""
    told, key = field_of(desk.inputs, path, label), desk.key(path)
    st.toggle(
        told.label,
        value=at(desk.inputs, path),
        key=key,
        help=told.meaning or None,
        on_change=lambda: _put(desk, path, st.session_state[key]),
    )


def part(desk: Desk, path: str, usual: Any, label: str = "") -> bool:
    """Whether a part of the deal is used; switched on, it begins as usual, or as it was."""
    told, key = field_of(desk.inputs, path, label), desk.key(f"{path}:used")
    kept = f"{key}:before"

    def changed() -> None:
        now = at(desk.inputs, path)
        if now is not None:
            st.session_state[kept] = now
        _put(desk, path, st.session_state.get(kept, usual) if st.session_state[key] else None)

    return st.toggle(
        told.label,
        value=at(desk.inputs, path) is not None,
        key=key,
        help=told.meaning or None,
        on_change=changed,
    )


def drivers(desk: Desk, years: Sequence[str], rows: Sequence[Field]) -> None:
    """Drivers in a grid with a year a row; below it, folded, the fades that they are."""
    there = [each for each in rows if at(desk.inputs, each.path) is not None]
    ask_grids.drivers_by_year(desk, years, there)
    ask.fades_again(desk, there)
    with st.expander("Fades", icon=":material/trending_flat:", key=desk.key("fades:shown")):
        ask_grids.fades(desk, there)


def rows(desk: Desk, label: str, years: Sequence[str], fields: Sequence[Field]) -> None:
    """Rows of the inputs in a grid with a year a row; those that are not stated are left out."""
    there = {each.path: each for each in fields if at(desk.inputs, each.path) is not None}

    def changed(edits: Sequence[Edit]) -> None:
        inputs = desk.inputs
        for edit in edits:
            row = [float(number) for number in at(inputs, edit.column)]
            row[edit.row] = edit.value * there[edit.column].scale
            inputs = put_at(inputs, edit.column, row)
        desk.put(replace(desk.content, inputs=inputs))

    if not there:
        return
    grid.edited(
        label,
        {
            path: Column(
                heading=each.heading(desk.currency), digits=1 if each.unit is Unit.MONEY else 2
            )
            for path, each in there.items()
        },
        [
            (year, [each.on_screen(at(desk.inputs, path)[place]) for path, each in there.items()])
            for place, year in enumerate(years)
        ],
        key=desk.grid_key(label),
        on_change=changed,
        corner="Year",
    )


def members(
    desk: Desk, path: str, label: str, fresh: Any, columns: Sequence[Field] = (), *, called: str
) -> None:
    """The members of a tuple, a row each, and one row more that begins like `fresh`.

    Without columns, those of all single fields. A member whose first cell is emptied is taken out.
    """
    columns = columns or [field_of(fresh, name) for name in _single(type(fresh))]
    there: tuple[Any, ...] = at(desk.inputs, path)

    def changed(edits: Sequence[Edit]) -> None:
        rows = list(at(desk.inputs, path))
        gone = set()
        for edit in edits:
            if edit.row == len(rows) and edit.value is not None and len(rows) < MEMBERS_MAX:
                rows.append(fresh)
            if edit.row >= len(rows):
                continue
            if edit.column == columns[0].path and edit.value is None:
                gone.add(edit.row)
            elif edit.value is not None or can_be_empty(fresh, edit.column):
                whole = _with_owner(rows[edit.row], fresh, edit.column)
                rows[edit.row] = put_at(whole, edit.column, _typed(fresh, edit, columns))
        kept = [row for place, row in enumerate(rows) if place not in gone]
        _put(desk, path, tuple(kept))

    grid.edited(
        label,
        {each.path: _column(fresh, each, desk.currency, first=not i)
         for i, each in enumerate(columns)},
        [
            *(
                (f"{called} {place}", [_shown(member, fresh, each) for each in columns])
                for place, member in enumerate(there, start=1)
            ),
            (f"Another {called.lower()}", [None] * len(columns)),
        ],
        key=desk.grid_key(path),
        on_change=changed,
        corner=label,
    )  # fmt: skip


def _single(kind: type) -> list[str]:
    """The fields of a member that one cell can hold."""
    types = hints(kind)
    return [
        each.name
        for each in fields(kind)
        if not is_row(types[each.name])
        and not any(is_dataclass(k) or get_origin(k) is tuple for k in kinds(types[each.name]))
    ]


def _column(fresh: Any, told: Field, currency: str, *, first: bool) -> Column:
    hint = _hint(fresh, told.path)
    options = _options(hint)
    if options:
        return Column(
            heading=told.label,
            kind="choice",
            options=tuple(in_words(each) for each in options),
            optional=first,
        )
    optional = first or type(None) in get_args(hint)
    heading = told.heading(currency)
    if hint is str:
        return Column(heading=heading, kind="text", most=NAME_MAX)
    if is_number(hint):
        return Column(heading=heading, optional=optional)
    return Column(heading=heading, kind="whole", optional=optional)


def _options(hint: Any) -> list[Any]:
    """What a choice may be: the members of its enum, or no and yes."""
    for kind in kinds(hint):
        if kind is bool:
            return [False, True]
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            return list(kind)
    return []


def _shown(member: Any, fresh: Any, told: Field) -> float | str | None:
    value, hint = at(member, told.path), _hint(fresh, told.path)
    if hint is str:
        return value
    return in_words(value) if _options(hint) else told.on_screen(value)


def _with_owner(member: Any, fresh: Any, path: str) -> Any:
    """The member with the part that the path leads into, as a fresh one has it."""
    owner, _, _ = path.rpartition(".")
    if not owner or at(member, owner) is not None:
        return member
    return put_at(member, owner, at(fresh, owner))


def _typed(fresh: Any, edit: Edit, columns: Sequence[Field]) -> Any:
    """The cell as its field holds it."""
    hint = _hint(fresh, edit.column)
    told = next(each for each in columns if each.path == edit.column)
    if edit.value is None:
        return None
    for option in _options(hint):
        if in_words(option) == edit.value:
            return option
    if hint is str:
        return edit.value.strip()
    return edit.value * told.scale if is_number(hint) else int(edit.value)


def _hint(inputs: Any, path: str) -> Any:
    owner, _, name = path.rpartition(".")
    return hints(type(at(inputs, owner) if owner else inputs))[name]


def _put(desk: Desk, path: str, value: Any) -> None:
    desk.put(replace(desk.content, inputs=put_at(desk.inputs, path, value)))
