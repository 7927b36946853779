"""Steps: parts of formulas that the model gave no name but that deserve a line of their own."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from valor_core.models.lines import Line, Lines, below, spoken
from valor_core.models.recorder import Element, Recorded, gathered, origin

SHARED_SIZE = 3
"""Operands from which a part that is used more than once becomes a step."""

LONGEST_FORMULA = 30
"""Operands from which any part becomes a step."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A part that several years of a row have, one element a year from its first year on."""

    name: str
    starts: int
    elements: list[Element]

    def line(self) -> Line:
        row = gathered(self.elements)
        return Line(
            name=self.name,
            node=row if len(self.elements) > 1 else row[0],
            is_input=False,
            label=spoken(self.name),
            text="a part that several formulas share",
            unit=None,
            starts=self.starts,
        )


def steps_of(lines: Lines, conditions: Sequence[Recorded]) -> dict[str, Line]:
    """Lines for what has no name but is used twice, or would make a formula too long to read.

    Those of a row stand in the years that they serve.
    """
    sizes = _Sizes(lines, _uses(lines, conditions))
    found: list[_Step] = []
    for line in lines.results.values():
        running: list[_Step] = []  # the steps of the year before, in their order
        own = 0
        for i in range(len(line.values)):
            under = sizes.steps_under(line, i)
            for place, element in enumerate(under):
                if place == len(running):
                    own += 1
                    running.append(_Step(f"{line.name}.step_{own}", i, []))
                    found.append(running[place])
                running[place].elements.append(element)
            del running[len(under) :]
    return {step.name: step.line() for step in found}


class _Sizes:
    """How many operands the formula of each element would have."""

    def __init__(self, lines: Lines, uses: Counter[tuple[int, int]]) -> None:
        self.lines, self.uses = lines, uses
        self.known: dict[tuple[int, int], int] = {}

    def steps_under(self, line: Line, i: int) -> list[Element]:
        """The new steps that the formula of an element needs, the innermost first."""
        under: list[Element] = []
        if not self.lines.repeated((line, i)):
            for each in below((line.node, i)):
                self._size(each, under)
        return under

    def _size(self, element: Element, under: list[Element]) -> int:
        node, j = element
        key = (id(node), j)
        if not isinstance(node, Recorded) or self.lines.home(element):
            return 1
        if key not in self.known:
            counted = sum(self._size(each, under) for each in below(element))
            if counted >= (SHARED_SIZE if self.uses[key] > 1 else LONGEST_FORMULA):
                under.append(element)
                counted = 1
            self.known[key] = counted
        return self.known[key]


def _uses(lines: Lines, conditions: Sequence[Recorded]) -> Counter[tuple[int, int]]:
    """How often each element is an operand of what the lines and the decisions are made of."""
    uses: Counter[tuple[int, int]] = Counter()
    results: list[Any] = [
        (line.node, i) for line in lines.results.values() for i in range(len(line.values))
    ]
    waiting = [origin(each) for each in [*results, *((node, 0) for node in conditions)]]
    seen: set[tuple[int, int]] = set()
    while waiting:
        node, j = waiting.pop()
        if (id(node), j) in seen:
            continue
        seen.add((id(node), j))
        for each in below((node, j)):
            uses[id(each[0]), each[1]] += 1
            waiting.append(each)
    return uses
