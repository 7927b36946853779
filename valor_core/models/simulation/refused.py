"""Why scenarios or companies of a batch have no value, in the words each would hear alone."""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from typing import Any

import numpy as np

from valor_core.errors import ValorError
from valor_core.models.catalogue import model_of
from valor_core.models.numbers import Refusal, watched_refusals
from valor_core.models.sensitivity import NoMeaning, replace_at
from valor_core.models.simulation.program import Columns

Told = tuple[np.ndarray, Refusal]
"""Scenarios, and the refusal that some of them meet."""

_NEVER = np.False_
_NONE = np.empty(0, dtype=np.intp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """How many draws were refused for one reason, and the first of them in words."""

    code: str
    count: int
    example: str


def lost_scenarios(columns: Columns) -> np.ndarray:
    """Which scenarios lack a number that was asked for."""
    lost = [np.isnan(line if line.ndim == 1 else line.sum(axis=-1)) for line in columns.values()]
    return np.logical_or.reduce(lost)


class Reasons(Mapping[int, ValorError]):
    """For each scenario without a number, the error that it would raise alone.

    Which scenarios is known at once. The model is run on them, and an error is put into words, when
    somebody asks: of many thousands a few are read.
    """

    def __init__(self, lost: np.ndarray, told: Callable[[], Sequence[Told]]) -> None:
        """The lost scenarios in their order, and what tells why each of them is lost."""
        self._scenarios, self._told = lost, told

    def __getitem__(self, scenario: int) -> ValorError:
        if scenario not in self:
            raise KeyError(scenario)
        at = np.searchsorted(self._scenarios, scenario)
        refusals, by, rows = self._found
        return refusals[by[at]].errors([int(rows[at])])[0]

    def __contains__(self, scenario: object) -> bool:
        if not isinstance(scenario, (int, np.integer)):
            return False
        at = int(np.searchsorted(self._scenarios, scenario))
        return at < len(self) and bool(self._scenarios[at] == scenario)

    def __iter__(self) -> Iterator[int]:
        return iter(self._scenarios.tolist())

    def __len__(self) -> int:
        return len(self._scenarios)

    @cached_property
    def _found(self) -> tuple[list[Refusal], np.ndarray, np.ndarray]:
        """The refusals, which of them each lost scenario meets first, and its row there."""
        told = self._told()
        refusals = [refusal.over(scenarios.shape) for scenarios, refusal in told]
        rows = [np.flatnonzero(refusal.failed) for refusal in refusals]
        refused = [scenarios[row] for (scenarios, _), row in zip(told, rows, strict=True)]
        _, first = np.unique(np.concatenate([_NONE, *refused]), return_index=True)
        by = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
        return refusals, by[first], np.concatenate([_NONE, *rows])[first]

    def by_code(self) -> dict[str, Refused]:
        """How many there are of a kind, each with its first in words."""
        found: dict[str, Refused] = {}
        if not self:
            return found
        _, first, counts = np.unique(self._found[1], return_index=True, return_counts=True)
        for at in np.argsort(first):
            error = self[int(self._scenarios[first[at]])]
            one = Refused(code=error.code, count=int(counts[at]), example=str(error))
            found[error.code] = added(found.get(error.code), one)
        return found


def reasons_of_lost(
    inputs: Any, draws: Mapping[str, np.ndarray], columns: Columns, known: Sequence[Refusal] = ()
) -> Reasons:
    """For each scenario that lacks a number, the error that it would raise alone.

    The model itself tells, run once more on these scenarios: they are few, or the plan is poor.
    Those of which the reason is known already are left out of that run.
    """
    failed = [each.failed for each in known]
    untold = lost_scenarios(columns) & ~reduce(operator.or_, failed, _NEVER)
    others = np.flatnonzero(untold)
    rows = {path: values[others] for path, values in draws.items()} if others.size else {}
    told = partial(_told, inputs, rows, others, tuple(known), next(iter(columns)))
    return Reasons(np.flatnonzero(reduce(operator.or_, failed, untold)), told)


def _told(
    inputs: Any,
    rows: dict[str, np.ndarray],
    others: np.ndarray,
    known: Sequence[Refusal],
    asked: str,
) -> list[Told]:
    """The known refusals, which are of all scenarios, and those that the model tells of others."""
    everyone = np.arange(known[0].failed.size) if known else _NONE
    told = [(everyone, each) for each in known]
    if not others.size:
        return told
    for path, values in rows.items():
        inputs = replace_at(inputs, path, values)
    with watched_refusals() as refusals:
        model_of(inputs).function(inputs)
    without_meaning = Refusal(np.True_, partial(NoMeaning, asked), {})
    return told + [(others, refusal) for refusal in (*refusals, without_meaning)]


def added(before: Refused | None, more: Refused) -> Refused:
    """Both counts, with the first example."""
    if before is None:
        return more
    return Refused(code=more.code, count=before.count + more.count, example=before.example)
