"""Companies whose inputs have the same form, valued in one run of the model.

Inputs of one form differ in their numbers alone: the same lines are stated, the same are open and
every choice is the same. The model then runs once over all of them, a company in the place of a
scenario, and each has the value that it has alone, to the bit; a rate that is found by iteration,
to its last digits.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from itertools import repeat
from math import isnan
from typing import Any

import numpy as np

from valor_core.coverage.batches import (
    BatchPolicy,
    Valued,
    by_policy,
    lines_of,
    refused,
    told_of,
    valued,
)
from valor_core.coverage.companies import Company
from valor_core.coverage.prefill import Prefilled
from valor_core.errors import ValorError
from valor_core.models.catalogue import model_of
from valor_core.models.fields import every_leaf, line_at
from valor_core.models.numbers import watched_refusals
from valor_core.models.sensitivity import replace_at

Columns = Mapping[str, np.ndarray]
"""Of each input that differs, by its path, the number of each company."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A company with the inputs that its facts suggest."""

    company: Company
    start: Prefilled
    price: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stated:
    """The same with what the policy states, and what of the bridge it counts as nothing."""

    of: Started
    inputs: Any
    lacking: tuple[str, ...]


def all_valued(started: Sequence[Started], policy: BatchPolicy) -> list[Valued]:
    """Each company by the policy, in their order; whoever has no value says why."""
    found: list[Valued | None] = [None] * len(started)
    stated = dict[int, _Stated]()
    for place, each in enumerate(started):
        try:
            inputs, lacking = by_policy(each.start.inputs, policy)
            stated[place] = _Stated(of=each, inputs=inputs, lacking=lacking)
        except ValorError as why:
            found[place] = refused(each.company, why, each.price)
    for places, columns in _forms(stated):
        if len(places) > 1:
            of_form = [stated[place] for place in places]
            for place, row in zip(places, _in_one_run(of_form, columns, policy), strict=True):
                found[place] = row
    return [row or _alone(started[place], policy) for place, row in enumerate(found)]


def _alone(each: Started, policy: BatchPolicy) -> Valued:
    try:
        return valued(each.company, each.start, policy, each.price)
    except ValorError as why:
        return refused(each.company, why, each.price)


def _in_one_run(
    stated: Sequence[_Stated], columns: Columns, policy: BatchPolicy
) -> Iterator[Valued | None]:
    """Companies of one form; None where one has to be run alone, to hear its own reason."""
    inputs = stated[0].inputs
    try:
        for path, numbers in columns.items():
            inputs = replace_at(inputs, path, numbers)
        with watched_refusals() as refusals:
            result = model_of(inputs).function(inputs)
    except ValorError:  # of their form, or of numbers that all have
        return repeat(None, len(stated))
    lines = [line_at(result, name) for name in lines_of(policy)]
    table = np.full((len(stated), len(lines)), np.nan)
    for column, line in zip(table.T, lines, strict=True):
        column[:] = np.nan if line is None else line
    for refusal in refusals:
        table[refusal.failed] = np.nan
    return (
        None
        if any(map(isnan, numbers))
        else told_of(each.of.company, each.of.start, each.of.price, numbers, each.lacking)
        for each, numbers in zip(stated, table.tolist(), strict=True)
    )


def _forms(stated: Mapping[int, _Stated]) -> Iterator[tuple[list[int], Columns]]:
    """Of each form the places of those that have it, and the numbers in which they differ."""
    forms: dict[Hashable, list[int]] = {}
    numbers: dict[int, list[float]] = {}
    for place, each in stated.items():
        forms.setdefault(_form(each.inputs, numbers.setdefault(place, [])), []).append(place)
    for places in forms.values():
        first = stated[places[0]].inputs
        paths = [path for path, number, _ in every_leaf(first) if type(number) is float]
        columns = np.array([numbers[place] for place in places]).T
        differing = {
            path: column
            for path, column in zip(paths, columns, strict=True)
            if (column != column[0]).any()
        }
        yield places, differing


def _form(value: Any, numbers: list[float]) -> Hashable:
    """The inputs without their numbers, which are put down in the order of their paths.

    A row of years belongs to the form.
    """
    kind = type(value)
    if kind is float:
        numbers.append(value)
        return float
    if names := _names(kind):
        return kind, *[_form(getattr(value, name), numbers) for name in names]
    if kind is tuple:
        return tuple([_form(member, numbers) for member in value])
    if kind is np.ndarray:
        return value.shape, value.tobytes()
    return value


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()
