"""What the fields of inputs and results say of themselves, and how inputs become floats."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import numpy as np

from valor_core.models.numbers import Row
from valor_core.models.units import Unit


def says(
    text: str, unit: Unit | None = None, *, label: str = "", longest: int | None = None
) -> dict[str, Any]:
    """The metadata of a field: what it means, its unit and, where its name will not do, a label.

    `longest` is the most members of a row that may be longer than years are.
    """
    return {"text": text, "unit": unit, "label": label, "longest": longest}


@cache
def hints(cls: type) -> dict[str, Any]:
    """The fields' types, with what is annotated to them."""
    return get_type_hints(cls, include_extras=True)


def kinds(hint: Any) -> tuple[Any, ...]:
    """What a field may be, one by one, without the None of an optional one.

    >>> kinds(Row | None) == (Row,)
    True
    """
    if get_origin(hint) is Annotated or not get_args(hint) or get_origin(hint) is tuple:
        return (hint,)
    return tuple(kind for kind in get_args(hint) if kind is not type(None))


@cache
def is_row(hint: Any) -> bool:
    """Whether the field may be a row of years."""
    return Row in kinds(hint)


@cache
def is_number(hint: Any) -> bool:
    """Whether the field is a number or a row of numbers, and so may vary over scenarios."""
    return Any in kinds(hint) or is_row(hint)


@cache
def hint_at(cls: type, path: str) -> Any:
    """The type of the field at a dotted path, such as `balance.cash`; None where there is none."""
    name, _, within = path.partition(".")
    hint = hints(cls).get(name)
    if hint is None or not within:
        return hint
    nested = next((kind for kind in kinds(hint) if is_dataclass(kind)), None)
    return hint_at(nested, within) if isinstance(nested, type) else None


def line_at(result: Any, path: str) -> Any:
    """The line of a result at a dotted path; None below what has no meaning there."""
    for name in path.split("."):
        result = None if result is None else getattr(result, name)
    return result


def settle(inputs: Any) -> None:
    """Make floats of whole numbers and arrays of lists, so that every input has one form.

    Rows become arrays that nobody can write into: inputs are frozen.
    """
    for name in _numbers(type(inputs)):
        value = getattr(inputs, name)
        if type(value) is not float:
            object.__setattr__(inputs, name, settled(value))


@cache
def _numbers(cls: type) -> tuple[str, ...]:
    return tuple(name for name, hint in hints(cls).items() if is_number(hint))


def settled(value: Any) -> Any:
    """A float, or an array of floats; anything else (None, a fade, a recording value) as it is."""
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{value} is a truth value where a number is meant")
    if isinstance(value, (int, float, np.number)):
        return float(value)
    if isinstance(value, (list, tuple)) or type(value) is np.ndarray:
        array = np.array(value, dtype=np.float64)
        array.setflags(write=False)
        return array
    return value


def leaves(inputs: Any, *, under: str = "") -> dict[str, Any]:
    """Every number of the inputs by its dotted path, as it stands: a float, a row or scenarios.

    Tranches have their place in the path: `shares.options[0].strike`. What is not stated is
    left out.
    """
    return {path: value for path, value, _ in every_leaf(inputs, under)}


def every_leaf(inputs: Any, under: str = "") -> Iterator[tuple[str, Any, bool]]:
    """Each number's path, its value, and whether its last axis is the year."""
    types = hints(type(inputs))
    for field in fields(inputs):
        value, path = getattr(inputs, field.name), f"{under}{field.name}"
        if value is None:
            continue
        if is_dataclass(value):
            yield from every_leaf(value, f"{path}.")
        elif isinstance(value, tuple):
            for place, member in enumerate(value):
                if is_dataclass(member):
                    yield from every_leaf(member, f"{path}[{place}].")
        elif is_number(types[field.name]):
            yield path, value, is_row(types[field.name])


def choices(inputs: Any) -> dict[str, Any]:
    """Every input that is no amount by its dotted path: conventions, flags, whole years, days."""
    return dict(_every_choice(inputs))


def _every_choice(inputs: Any, under: str = "") -> Iterator[tuple[str, Any]]:
    for field in fields(inputs):
        value, path = getattr(inputs, field.name), f"{under}{field.name}"
        if is_dataclass(value):
            yield from _every_choice(value, f"{path}.")
        elif isinstance(value, tuple):
            for place, member in enumerate(value):
                if is_dataclass(member):
                    yield from _every_choice(member, f"{path}[{place}].")
                else:
                    yield f"{path}[{place}]", member
        elif isinstance(value, (StrEnum, int, date)):  # numbers are floats once they have settled
            yield path, value
