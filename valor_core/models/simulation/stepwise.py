"""A straight list of operations by numpy, one after the other over a block of scenarios.

Each result is written into memory that is free again: memory that is new costs more to get than to
fill.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from threading import local
from typing import Any

import numpy as np

from valor_core.models.simulation.tracing import Varying

Step = tuple[Varying, Sequence[Any]]
"""An operation, and what it reads: other numbers, or a value that all scenarios share."""

Numbers = dict[Varying, np.ndarray]
"""Numbers of a model, and their values over a block of scenarios."""

_TRUTHS = partial(np.empty, dtype=bool)

_Bound = tuple[partial[Any], tuple[Any, ...]]  # an operation and what it reads


class Stepwise:
    """The operations that make the wanted numbers from the drivers, each right before its use."""

    def __init__(
        self, drivers: Iterable[Varying], steps: Sequence[Step], wanted: Iterable[Varying]
    ) -> None:
        self._wanted = list(wanted)
        self._memory: list[Callable[[int], Any]] = []  # what stands there, for so many scenarios
        self._places: dict[Any, int] = {}
        self._steps: list[tuple[Callable[..., Any], tuple[int, ...], int]] = []
        self._held = local()  # memory of a thread's last block, as others may run at once
        self._lay_out(drivers, steps)

    def run(self, values: Sequence[np.ndarray]) -> Numbers:
        """The wanted numbers for a block of the drivers' values; they stand until the next."""
        memory, steps = self._ready(len(values[0]))
        for place, each in enumerate(values):
            memory[place][...] = each
        for function, operands in steps:
            function(*operands)
        return {number: memory[self._places[number]] for number in self._wanted}

    def _ready(self, scenarios: int) -> tuple[list[Any], list[_Bound]]:
        """Memory for a block, and the steps on it; those of the last block where they fit."""
        size, memory, steps = getattr(self._held, "block", (0, [], []))
        if size != scenarios:
            memory = [allocated(scenarios) for allocated in self._memory]
            steps = [
                (
                    partial(function, out=memory[target]),
                    tuple(memory[place] for place in operands),
                )
                for function, operands, target in self._steps
            ]
            self._held.block = scenarios, memory, steps
        return memory, steps

    def _lay_out(self, drivers: Iterable[Varying], steps: Sequence[Step]) -> None:
        """Give each operation its memory: that of a number no longer read, or new."""
        for number in drivers:
            self._places[number] = self._new(np.empty)
        read_last = {operand: n for n, (_, operands) in enumerate(steps) for operand in operands}
        read_last |= dict.fromkeys(self._wanted, len(steps))
        free: dict[bool, list[int]] = {True: [], False: []}
        for n, (number, operands) in enumerate(steps):
            for operand in {each for each in operands if isinstance(each, Varying)}:
                if read_last[operand] == n and operand.function is not None:
                    free[operand.condition].append(self._places[operand])
            kind = free[number.condition]
            target = kind.pop() if kind else self._new(_TRUTHS if number.condition else np.empty)
            places = tuple(self._place(number.function, operand) for operand in operands)
            self._places[number] = target
            self._steps.append((written_into(number.function), places, target))

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


def written_into(function: Callable[..., Any]) -> Callable[..., Any]:
    """The operation as one that writes its result where it is told, as numpy's own do."""
    if isinstance(function, np.ufunc):
        return function

    def written(*operands: Any, out: np.ndarray) -> None:
        out[...] = function(*operands)

    return written
