"""A model as a straight list of array operations: traced once, run over any number of scenarios.

The operations are the model's own, in its order, so every number is that of the model to the bit.
Only what the asked-for columns need is kept: lines that nobody reads cost as much as the others.
"""

import operator
import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, reduce
from typing import Any

import numpy as np

from valor_core.models.catalogue import model_of
from valor_core.models.fields import line_at
from valor_core.models.numbers import Refusal, watched_refusals
from valor_core.models.refusals import ResultNotFinite
from valor_core.models.sensitivity import replace_at
from valor_core.models.simulation.compiled import MOST_OPERATIONS, Compiled
from valor_core.models.simulation.intervals import UNKNOWN, Ends
from valor_core.models.simulation.stepwise import Numbers, Stepwise
from valor_core.models.simulation.tracing import NotTraceable, Varying, VaryingRow

BLOCK = 16_384
"""Scenarios at a time: few enough for the processor's caches, many enough for numpy's calls."""

EVALUATORS_KEPT = 8
"""Each holds what was traced and, a thread that it runs in, up to some megabytes for a block."""

Columns = dict[str, np.ndarray]
"""Lines of a result: one number a scenario, or a row of years a scenario."""

Evaluator = Callable[[Mapping[str, np.ndarray]], Columns]
"""What makes columns from the drivers' values by path."""


def evaluator(
    inputs: Any,
    drivers: Sequence[str],
    columns: Sequence[str],
    *,
    within: Mapping[str, Ends] | None = None,
) -> Evaluator:
    """What makes the columns from the drivers' values: a program, or the model where it has none.

    Both give the same bits; a refused scenario is nan in every column. Where it is known within
    which ends nearly all values lie, those that do take a shorter program. The latest are kept, by
    all that was asked: whoever asks the same again, as each part of a long run, traces nothing.
    """
    asked = _Asked(pickle.dumps(inputs), inputs)
    if within is None:
        return kept_evaluator(asked, tuple(drivers), tuple(columns), None)
    ends = tuple(within.items())
    usual = kept_evaluator(asked, tuple(drivers), tuple(columns), ends)

    def run(draws: Mapping[str, np.ndarray]) -> Columns:
        inside = all(
            np.min(draws[path]) >= low and np.max(draws[path]) <= high for path, (low, high) in ends
        )
        return (usual if inside else evaluator(inputs, drivers, columns))(draws)

    return run


@dataclass(frozen=True, slots=True)
class _Asked:
    """Inputs of a model, the same where all their bits are."""

    bits: bytes
    inputs: Any = field(compare=False)


@lru_cache(maxsize=EVALUATORS_KEPT)
def kept_evaluator(
    asked: _Asked,
    drivers: tuple[str, ...],
    columns: tuple[str, ...],
    ends: tuple[tuple[str, Ends], ...] | None,
) -> Evaluator:
    """The same for inputs that were asked for before; without ends, for any values."""
    try:
        return Program(asked.inputs, drivers, columns, dict(ends or ())).run
    except NotTraceable:
        return lambda draws: directly(asked.inputs, draws, columns)


def directly(
    inputs: Any,
    draws: Mapping[str, np.ndarray],
    columns: Sequence[str],
    *,
    scenarios: int | None = None,
) -> Columns:
    """The columns by the model itself, run on all scenarios at once."""
    for path, values in draws.items():
        inputs = replace_at(inputs, path, values)
    with watched_refusals() as refusals:
        result = model_of(inputs).function(inputs)
    count = scenarios or len(next(iter(draws.values())))
    refused = _refused(refusals)
    return {name: _over(count, line_at(result, name), refused) for name in columns}


def _over(scenarios: int, line: Any, refused: Any) -> np.ndarray:
    """A line of each scenario: one that no driver changes is the same in all that are valued."""
    line = np.array(np.nan if line is None else line, dtype=np.float64)  # it may be a driver itself
    if line.shape[:1] == (scenarios,):
        return line
    spread = np.broadcast_to(line, (scenarios, *line.shape))
    return np.where(refused[:, None] if line.ndim and np.ndim(refused) else refused, np.nan, spread)


def _refused(refusals: Sequence[Refusal]) -> Any:
    """Which scenarios a condition refuses; a line beyond the range of numbers is lost alone."""
    failed = (each.failed for each in refusals if each.error is not ResultNotFinite)
    return reduce(operator.or_, failed, np.False_)


class Program:
    """The columns of a model's result as a list of operations on its drivers."""

    def __init__(
        self,
        inputs: Any,
        drivers: Sequence[str],
        columns: Sequence[str],
        within: Mapping[str, Ends] | None = None,
    ) -> None:
        known: dict[Any, Varying] = {}
        ends = within or {}
        self._drivers = {path: Varying(known, ends=ends.get(path, UNKNOWN)) for path in drivers}
        for path, number in self._drivers.items():
            inputs = replace_at(inputs, path, number)
        with watched_refusals() as refusals:
            result = model_of(inputs).function(inputs)
        self._marks = _marks(known.values(), refusals)
        refused = _refused(refusals)
        self._lines = {name: self._line(line_at(result, name), refused) for name in columns}
        self._wanted = dict.fromkeys(
            each
            for line in self._lines.values()
            for each in _numbers(line)
            if isinstance(each, Varying)
        )
        self._steps = [(each, self._operands(each)) for each in self._in_order(self._wanted)]
        self._faster: Compiled | None = None
        self._seen = 0  # scenarios

    @property
    def operations(self) -> int:
        """How many operations make the columns."""
        return len(self._steps)

    @cached_property
    def by_numpy(self) -> Stepwise:
        """The operations one after the other."""
        return Stepwise(self._drivers.values(), self._steps, self._wanted)

    @cached_property
    def by_loops(self) -> Compiled:
        """The operations in machine code."""
        return Compiled(self._drivers.values(), self._steps, self._wanted)

    def run(self, draws: Mapping[str, np.ndarray]) -> Columns:
        """The columns for these values of the drivers, the faster way."""
        values = [np.asarray(draws[path]) for path in self._drivers]
        if self._faster is None and self.operations <= MOST_OPERATIONS:
            self._seen += len(values[0])
            if self._seen >= BLOCK and self.by_loops.pays(len(values[0])):
                self._faster = self.by_loops
                vars(self).pop("by_numpy", None)  # its memory; who runs by it holds it
        return self.by(self._faster or self.by_numpy, values)

    def by(self, way: Stepwise | Compiled, values: Sequence[np.ndarray]) -> Columns:
        """The columns by one of the two ways, block by block."""
        scenarios = len(values[0])
        made = {name: _empty(line, scenarios) for name, line in self._lines.items()}
        with np.errstate(all="ignore"):
            for start in range(0, scenarios, BLOCK):
                block = slice(start, min(start + BLOCK, scenarios))
                numbers = way.run([each[block] for each in values])
                for name, line in self._lines.items():
                    _write(made[name][block], line, numbers)
        return made

    def _line(self, line: Any, refused: Any) -> Any:
        """A number, or a list of one a year; what has no meaning is nan, and what is refused."""
        if isinstance(line, VaryingRow) or (isinstance(line, np.ndarray) and line.ndim):
            return [self._line(year, refused) for year in getattr(line, "years", line)]
        if isinstance(line, Varying):
            return self._unmarked(line)
        fixed = np.nan if line is None else float(line)
        return np.where(refused, np.nan, fixed) if isinstance(refused, Varying) else fixed

    def _unmarked(self, number: Any) -> Any:
        """The number without marks of refusal on its way: in the end the whole result is marked."""
        while isinstance(number, Varying) and number in self._marks:
            number = number.operands[1]
        return number

    def _in_order(self, wanted: Iterable[Any]) -> list[Varying]:
        """The operations that are needed, each right after those that it reads.

        So little is held at a time, and stays in the processor's caches.
        """
        done, waiting = dict[Varying, None](), [(each, False) for each in reversed([*wanted])]
        while waiting:
            number, ready = waiting.pop()
            if not isinstance(number, Varying) or number.function is None or number in done:
                continue
            if ready:
                done[number] = None
            else:
                waiting.append((number, True))
                waiting += [(each, False) for each in reversed(self._operands(number))]
        return list(done)

    def _operands(self, number: Varying) -> list[Any]:
        return [self._unmarked(operand) for operand in number.operands]


def _marks(noted: Iterable[Varying], refusals: Sequence[Refusal]) -> set[Varying]:
    """The numbers that are nan where a scenario is refused, and another number elsewhere."""
    passed = {
        refusal.failed.operands[0]
        for refusal in refusals
        if getattr(refusal.failed, "function", None) is np.invert
    }
    return {
        number
        for number in noted
        if number.function is np.where
        and number.operands[0] in passed
        and not isinstance(number.operands[2], Varying)
        and np.isnan(number.operands[2])
    }


def _numbers(line: Any) -> list[Any]:
    return line if isinstance(line, list) else [line]


def _empty(line: Any, scenarios: int) -> np.ndarray:
    return np.empty((scenarios, len(line)) if isinstance(line, list) else scenarios)


def _write(column: np.ndarray, line: Any, numbers: Numbers) -> None:
    if not isinstance(line, list):
        column[...] = numbers[line] if isinstance(line, Varying) else line
        return
    for year, number in enumerate(line):
        column[:, year] = numbers[number] if isinstance(number, Varying) else number
