"""Why scenarios or companies of a batch have no value, in the words each would hear alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from valor_core.errors import ValorError
from valor_core.models.catalogue import model_of
from valor_core.models.numbers import watched_refusals
from valor_core.models.sensitivity import NoMeaning, replace_at
from valor_core.models.simulation.program import Columns


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


def reasons_of_lost(
    inputs: Any, draws: Mapping[str, np.ndarray], columns: Columns, *, but_for: Any = np.False_
) -> dict[int, ValorError]:
    """For each scenario that lacks a number, the error that it would raise alone.

    The model itself tells, run once more on these scenarios: they are few, or the plan is poor.
    Those of which the reason is known already may be left out.
    """
    lost = np.flatnonzero(lost_scenarios(columns) & ~but_for)
    if not lost.size:
        return {}
    for path, values in draws.items():
        inputs = replace_at(inputs, path, values[lost])
    with watched_refusals() as refusals:
        model_of(inputs).function(inputs)
    found: dict[int, ValorError] = {}
    told = np.zeros(lost.size, dtype=bool)
    for refusal in refusals:  # the first refusal of a scenario is the one that it would raise alone
        fresh = np.flatnonzero(refusal.failed & ~told)
        told = told | refusal.failed
        found.update(zip(lost[fresh].tolist(), refusal.errors(fresh.tolist()), strict=True))
    without_meaning = NoMeaning(next(iter(columns)))
    return {place: found.get(place, without_meaning) for place in lost.tolist()}


def counted(errors: Iterable[ValorError]) -> dict[str, Refused]:
    """The errors by their code."""
    found: dict[str, Refused] = {}
    for error in errors:
        one = Refused(code=error.code, count=1, example=str(error))
        found[error.code] = added(found.get(error.code), one)
    return found


def added(before: Refused | None, more: Refused) -> Refused:
    """Both counts, with the first example."""
    if before is None:
        return more
    return Refused(code=more.code, count=before.count + more.count, example=before.example)
