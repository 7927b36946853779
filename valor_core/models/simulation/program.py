"""A model as a straight list of array operations: traced once, run over any number of scenarios.

The operations are the model's own, in its order, so every number is that of the model to the bit.
Only what the asked-for columns need is kept, and each result is written into memory that is free
again: what costs most over many scenarios are lines that nobody reads and memory that is new.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial, reduce
from typing import Any

import numpy as np

from valor_core.models.catalogue import model_of
from valor_core.models.fields import line_at
from valor_core.models.numbers import Refusal, watched_refusals
from valor_core.models.refusals import ResultNotFinite
from valor_core.models.sensitivity import replace_at
from valor_core.models.simulation.intervals import UNKNOWN, Ends
from valor_core.models.simulation.tracing import NotTraceable, Varying, VaryingRow

BLOCK = 16_384
"""Scenarios at a time: few enough for the processor's caches, many enough for numpy's calls."""

_TRUTHS = partial(np.empty, dtype=bool)

_Bound = tuple[partial[Any], tuple[Any, ...]]  # an operation and what it reads

Columns = dict[str, np.ndarray]
"""Lines of a result: one number a scenario, or a row of years a scenario."""


def evaluator(
    inputs: Any,
    drivers: Sequence[str],
    columns: Sequence[str],
    *,
    within: Mapping[str, Ends] | None = None,
) -> Callable[[Mapping[str, np.ndarray]], Columns]:
    """What makes the columns from the drivers' values: a program, or the model where it has none.

    Both give the same bits; a refused scenario is nan in every column. Where it is known within
    which ends nearly all values lie, those that do take a shorter program.
    """
    try:
        usual = Program(inputs, drivers, columns, within)
    except NotTraceable:
        return lambda draws: directly(inputs, draws, columns)
    if within is None:
        return usual.run
    ends, for_any = dict(within), cache(lambda: Program(inputs, drivers, columns))

    def run(draws: Mapping[str, np.ndarray]) -> Columns:
        inside = all(
            np.min(draws[path]) >= low and np.max(draws[path]) <= high
            for path, (low, high) in ends.items()
        )
        return (usual if inside else for_any()).run(draws)

    return run


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
        self._memory: list[Callable[[int], Any]] = []  # what stands there, for so many scenarios
        self._places: dict[Any, int] = {}
        self._steps: list[tuple[Callable[..., Any], tuple[int, ...], int]] = []
        self._held: tuple[int, list[Any], list[_Bound]] = (0, [], [])
        self._lay_out()

    @property
    def operations(self) -> int:
        """How many operations make the columns."""
        return len(self._steps)

    def run(self, draws: Mapping[str, np.ndarray]) -> Columns:
        """The columns for these values of the drivers."""
        values = [np.asarray(draws[path]) for path in self._drivers]
        scenarios = len(values[0])
        made = {name: _empty(line, scenarios) for name, line in self._lines.items()}
        with np.errstate(all="ignore"):
            for start in range(0, scenarios, BLOCK):
                block = slice(start, min(start + BLOCK, scenarios))
                memory, steps = self._ready(block.stop - start)
                for place, each in enumerate(values):
                    memory[place][...] = each[block]
                for function, operands in steps:
                    function(*operands)
                for name, line in self._lines.items():
                    self._write(made[name][block], line, memory)
        return made

    def _ready(self, scenarios: int) -> tuple[list[Any], list[_Bound]]:
        """Memory for a block, and the steps on it; those of the last block where they fit.

        New memory costs more to get than to fill.
        """
        size, memory, steps = self._held
        if size != scenarios:
            memory = [allocated(scenarios) for allocated in self._memory]
            steps = [
                (
                    partial(function, out=memory[target]),
                    tuple(memory[place] for place in operands),
                )
                for function, operands, target in self._steps
            ]
            self._held = (scenarios, memory, steps)
        return memory, steps

    def _write(self, column: np.ndarray, line: Any, memory: list[Any]) -> None:
        if not isinstance(line, list):
            column[...] = self._value(line, memory)
            return
        for year, number in enumerate(line):
            column[:, year] = self._value(number, memory)

    def _value(self, number: Any, memory: list[Any]) -> Any:
        return memory[self._places[number]] if isinstance(number, Varying) else number

    def _line(self, line: Any, refused: Any) -> Any:
        """A number, or a list of one a year; what has no meaning is nan, and what is refused."""
        if isinstance(line, (VaryingRow, np.ndarray)):
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

    def _lay_out(self) -> None:
        """Give each needed operation its memory: that of a number no longer read, or new."""
        for number in self._drivers.values():
            self._places[number] = self._new(np.empty)
        wanted = [each for line in self._lines.values() for each in _numbers(line)]
        steps = [(each, self._operands(each)) for each in self._in_order(wanted)]
        read_last = {operand: n for n, (_, operands) in enumerate(steps) for operand in operands}
        read_last |= dict.fromkeys(wanted, len(steps))
        free: dict[bool, list[int]] = {True: [], False: []}
        for n, (number, operands) in enumerate(steps):
            for operand in {each for each in operands if isinstance(each, Varying)}:
                if read_last[operand] == n and operand.function is not None:
                    free[operand.condition].append(self._places[operand])
            kind = free[number.condition]
            target = kind.pop() if kind else self._new(_TRUTHS if number.condition else np.empty)
            places = tuple(self._place(number.function, operand) for operand in operands)
            self._places[number] = target
            self._steps.append((_into(number.function), places, target))

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

    def _place(self, function: Any, operand: Any) -> int:
        if isinstance(operand, Varying):
            return self._places[operand]
        spread = function in {np.minimum, np.maximum}  # numpy is faster on two arrays there
        key = (type(operand), float(operand).hex(), spread)
        if key not in self._places:
            self._places[key] = self._new(
                partial(np.full, fill_value=operand) if spread else lambda _: operand
            )
        return self._places[key]

    def _new(self, allocated: Callable[[int], Any]) -> int:
        self._memory.append(allocated)
        return len(self._memory) - 1


def _into(function: Callable[..., Any]) -> Callable[..., Any]:
    """The operation as one that writes its result where it is told, as numpy's own do."""
    if isinstance(function, np.ufunc):
        return function

    def written(*operands: Any, out: np.ndarray) -> None:
        out[...] = function(*operands)

    return written


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
