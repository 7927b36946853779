"""Why scenarios or companies of a batch have no value, in the words each would hear alone."""

import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

import numpy as np

from valor_core.errors import ValorError
from valor_core.models.catalogue import model_of
from valor_core.models.numbers import Refusal, watched_refusals
from valor_core.models.sensitivity import NoMeaning, replace_at
from valor_core.models.simulation.program import Columns

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

    An error is put into words when it is asked for: of many thousands a few are read.
    """

    def __init__(self, told: Sequence[tuple[np.ndarray, Refusal]]) -> None:
        """Refusals in the order that one scenario would meet them, each with its scenarios."""
        self._refusals = [refusal.over(scenarios.shape) for scenarios, refusal in told]
        rows = [np.flatnonzero(refusal.failed) for refusal in self._refusals]
        refused = [scenarios[row] for (scenarios, _), row in zip(told, rows, strict=True)]
        self._scenarios, first = np.unique(np.concatenate([_NONE, *refused]), return_index=True)
        self._rows = np.concatenate([_NONE, *rows])[first]
        self._by = np.repeat(np.arange(len(rows)), [len(row) for row in rows])[first]

    def __getitem__(self, scenario: int) -> ValorError:
        at = int(np.searchsorted(self._scenarios, scenario))
        if at == len(self) or self._scenarios[at] != scenario:
            raise KeyError(scenario)
        return self._refusals[self._by[at]].errors([int(self._rows[at])])[0]

    def __iter__(self) -> Iterator[int]:
        return iter(self._scenarios.tolist())

    def __len__(self) -> int:
        return len(self._scenarios)

    def by_code(self) -> dict[str, Refused]:
        """How many there are of a kind, each with its first in words."""
        found: dict[str, Refused] = {}
        _, first, counts = np.unique(self._by, return_index=True, return_counts=True)
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
    lost = lost_scenarios(columns)
    told = [(np.arange(lost.size), refusal) for refusal in known]
    others = np.flatnonzero(lost & ~reduce(operator.or_, (each.failed for each in known), _NEVER))
    if others.size:
        for path, values in draws.items():
            inputs = replace_at(inputs, path, values[others])
        with watched_refusals() as refusals:
            model_of(inputs).function(inputs)
        without_meaning = Refusal(np.True_, partial(NoMeaning, next(iter(columns))), {})
        told += [(others, refusal) for refusal in (*refusals, without_meaning)]
    return Reasons(told)


def added(before: Refused | None, more: Refused) -> Refused:
    """Both counts, with the first example."""
    if before is None:
        return more
    return Refused(code=more.code, count=before.count + more.count, example=before.example)
