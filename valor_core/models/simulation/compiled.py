"""A straight list of operations by machine code, where it is run often enough to earn that back.

Operations that a loop cannot do to the bit as numpy does (exp, log, most powers) are left to numpy:
the list falls into stages, each a loop and then what numpy does with its results.
"""

import sys
from collections.abc import Iterable, Sequence

import numpy as np

from valor_core.models.simulation.loops import Loop, can_compile
from valor_core.models.simulation.stepwise import Numbers, Step, written_into
from valor_core.models.simulation.tracing import Varying
from valor_core.models.simulation.writing import LANES, compiles

COMPILING = 2**18
"""Scenarios over which numpy takes as long as compiling: 60 µs an operation, at 0.2 ns each."""
LOADING = 2**28
"""Operations times scenarios over which numpy takes as long as loading the compiler: 55 ms."""
MOST_OPERATIONS = 4_096
"""Of a longer list the compiler takes too long to wait for, and the code leaves the caches."""


class _Account:
    """What numpy has done in this process that machine code would do faster."""

    operations = 0  # times their scenarios


class Compiled:
    """The operations that make the wanted numbers from the drivers, in as few loops as can be."""

    def __init__(
        self, drivers: Iterable[Varying], steps: Sequence[Step], wanted: Iterable[Varying]
    ) -> None:
        self._drivers, self._wanted, self._operations = list(drivers), list(wanted), len(steps)
        self._stages = [
            (Loop(inside, kept) if inside else None, others)
            for inside, others, kept in _in_stages(steps, self._wanted)
        ]
        self.loops = [loop for loop, _ in self._stages if loop is not None]

    def pays(self, scenarios: int) -> bool:
        """Whether numpy has by now taken as long over these loops as compiling them does.

        So whoever asks once waits for no compiler, and whoever goes on pays for it once.
        """
        _Account.operations += scenarios * self._operations
        for loop in self.loops:
            loop.code.seen += scenarios
        loaded = "llvmlite" in sys.modules or _Account.operations >= LOADING
        pays = loaded and all(loop.code.seen >= COMPILING for loop in self.loops)
        return pays and can_compile()

    def run(self, values: Sequence[np.ndarray]) -> Numbers:
        """The wanted numbers for a block of the drivers' values."""
        scenarios = len(values[0])
        if scenarios < LANES:
            more = self.run([np.resize(each, LANES) for each in values])
            return {number: column[:scenarios] for number, column in more.items()}
        numbers = {
            number: np.ascontiguousarray(each, dtype=np.float64)
            for number, each in zip(self._drivers, values, strict=True)
        }
        for loop, others in self._stages:
            if loop is not None:
                numbers |= {number: _empty(number, scenarios) for number in loop.kept}
                loop.run(numbers)
            for number, operands in others:
                numbers[number] = _empty(number, scenarios)
                read = [numbers[each] if isinstance(each, Varying) else each for each in operands]
                written_into(number.function)(*read, out=numbers[number])
        return {number: numbers[number] for number in self._wanted}


def _empty(number: Varying, scenarios: int) -> np.ndarray:
    return np.empty(scenarios, dtype=bool if number.condition else np.float64)


def _in_stages(
    steps: Sequence[Step], wanted: Sequence[Varying]
) -> list[tuple[list[Step], list[Step], list[Varying]]]:
    """What a loop does, what numpy does on its results, and which of its numbers others read."""
    stage: dict[Varying, int] = {}
    inside = {number for number, operands in steps if compiles((number, operands))}
    for number, operands in steps:
        known = [each for each in operands if isinstance(each, Varying) and each in stage]
        stage[number] = max(
            (stage[each] + (number in inside and each not in inside) for each in known), default=0
        )
    read_outside = set(wanted)
    for number, operands in steps:
        read_outside |= {
            each
            for each in operands
            if isinstance(each, Varying)
            and not (number in inside and stage.get(each) == stage[number])
        }
    parts: list[tuple[list[Step], list[Step], list[Varying]]] = [
        ([], [], []) for _ in range(1 + max(stage.values(), default=-1))
    ]
    for step in steps:
        number = step[0]
        loop, others, kept = parts[stage[number]]
        (loop if number in inside else others).append(step)
        if number in inside and number in read_outside:
            kept.append(number)
    return parts
