"""What the engine of today makes of a valuation that an earlier one has saved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isclose
from typing import Any

from valor_core.errors import ValorError
from valor_core.models.codec import dump
from valor_core.models.model import Model

ROUNDING, BELOW_NOTICE = 1e-9, 1e-7
"""Relative and absolute: `pow` may round otherwise on another processor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A number of the result that is no longer what was saved; None where one has it not."""

    path: str
    saved: Any
    today: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The saved inputs, valued by the model as it is now."""

    version: str
    departures: tuple[Departure, ...]
    refusal: str = ""  # why the inputs are no longer valued at all

    @property
    def agrees(self) -> bool:
        """Whether every number is still what was saved."""
        return not self.departures and not self.refusal


def valued_today(model: Model, inputs: Any, saved: Mapping[str, Any]) -> Today:
    """The inputs by today's model, and each number that differs from the saved result."""
    version = str(model.version)
    try:
        now = dump(model.function(inputs))
    except ValorError as error:
        return Today(version=version, departures=(), refusal=str(error))
    before, after = dict(_numbers(saved)), dict(_numbers(now))
    return Today(
        version=version,
        departures=tuple(
            Departure(path=path, saved=before.get(path), today=after.get(path))
            for path in dict.fromkeys((*before, *after))
            if not _same(before.get(path), after.get(path))
        ),
    )


def _numbers(told: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Whatever a dumped result says, by its path: `fcff[2]`, `bridge.debt`."""
    if isinstance(told, Mapping):
        for name, member in told.items():
            yield from _numbers(member, f"{path}.{name}" if path else str(name))
    elif isinstance(told, list):
        for place, member in enumerate(told):
            yield from _numbers(member, f"{path}[{place}]")
    else:
        yield path, told


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float | int) and isinstance(other, float | int):
        return isclose(one, other, rel_tol=ROUNDING, abs_tol=BELOW_NOTICE)
    return one == other
