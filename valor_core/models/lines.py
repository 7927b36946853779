"""The lines of a recorded run: every number with a name, and where each of its elements is made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np

from valor_core.models.fields import Unit
from valor_core.models.recorder import Element, Recorded, origin, plain


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Line:
    """A named input or result: one number, or a row with one number a year."""

    name: str  # the dotted path, such as bridge.debt
    node: Any = field(repr=False)  # recorded, or a constant that follows from the structure alone
    is_input: bool
    label: str
    text: str  # what it means
    unit: Unit | None
    starts: int = 0  # the year, counted from 0, of a row's first element

    @property
    def is_row(self) -> bool:
        """Whether it has an element a year."""
        return np.ndim(plain(self.node)) > 0

    @property
    def values(self) -> list[Any]:
        """Its elements as plain numbers."""
        return np.ravel(plain(self.node)).tolist()

    def year(self, i: int) -> int | None:
        """The year of its element i, counted from 0; a single number has none."""
        return self.starts + i if self.is_row else None

    def called(self, i: int) -> str:
        """The name of its element i."""
        return f"{self.name}[{self.year(i)}]" if self.is_row else self.name


Place = tuple[Line, int]
"""An element of a line."""


class Lines:
    """All lines of a run, and the one place where each computed element is at home."""

    def __init__(self, inputs: Mapping[str, Line], results: Mapping[str, Line]) -> None:
        self.inputs, self.results = dict(inputs), dict(results)
        self.steps: dict[str, Line] = {}
        self._homes: dict[tuple[int, int], Place] = {}
        self._by_year: dict[tuple[int, int, int], Place] = {}
        # A year of a row is better known as that than by the name of a scalar that picks it.
        rows_first = sorted(self.results.values(), key=lambda line: not line.is_row)
        for line in [*self.inputs.values(), *rows_first]:
            self._settle(line)

    def add_steps(self, steps: Mapping[str, Line]) -> None:
        """Know these parts, which the model gave no name, as lines of their own."""
        self.steps |= steps
        for line in steps.values():
            self._settle(line)

    def _settle(self, line: Line) -> None:
        for i in range(np.size(plain(line.node))):
            node, j = origin((line.node, i))
            if isinstance(node, Recorded):
                self._homes.setdefault((id(node), j), (line, i))
                if line.is_row:
                    self._by_year.setdefault((id(node), j, line.starts + i), (line, i))

    def home(self, element: Element, *, year: int | None = None) -> Place | None:
        """The line at which an element is at home, if it has a name.

        Within a year, a single number that a row shows for this year is known by the row.
        """
        node, j = origin(element)
        home = self._homes.get((id(node), j))
        if home is None or home[0].is_row or year is None:
            return home
        return self._by_year.get((id(node), j, year), home)

    def homes(self, row: Any) -> list[Place | None]:
        """The line of each element of a row, also of one that follows from structure alone."""
        for line in [*self.inputs.values(), *self.results.values()]:
            if line.node is row:
                return [(line, i) for i in range(len(line.values))]
        return [self.home((row, i)) for i in range(np.size(plain(row)))]

    def repeated(self, place: Place) -> Place | None:
        """The element of another line that this one only repeats."""
        line, i = place
        home = self.home((line.node, i))
        return None if home is None or (home[0] is line and home[1] == i) else home

    def parents(self, place: Place) -> Iterator[Place]:
        """The nearest named elements that an element of a line is made from, in their order."""
        if repeated := self.repeated(place):
            yield repeated
            return
        line, i = place
        year = line.year(i)
        seen, waiting = set(), below((line.node, i))[::-1]
        while waiting:
            node, j = waiting.pop()
            if not isinstance(node, Recorded) or (id(node), j) in seen:
                continue
            seen.add((id(node), j))
            if home := self.home((node, j), year=year):
                yield home
            else:
                waiting += below((node, j))[::-1]


def below(element: Element) -> list[Element]:
    """What the operation behind an element is applied to; nothing behind inputs and constants."""
    node, i = origin(element)
    if not isinstance(node, Recorded) or node.op == "input":
        return []
    return [origin(each) for each in node.elements(i)]


def lines_of(thing: Any, nodes: Mapping[str, Any], *, is_input: bool) -> dict[str, Line]:
    """A line for each of the nodes, with what the dataclass of inputs or results says about it."""
    told = dict(_told(thing))
    return {
        name: Line(
            name=name,
            node=node,
            is_input=is_input,
            label=told[name].get("label") or spoken(name),
            text=told[name].get("text", ""),
            unit=told[name].get("unit"),
        )
        for name, node in nodes.items()
    }


def _told(
    thing: Any, under: str = "", outer: Unit | None = None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What each field says about itself; the parts of a path over years have its unit."""
    for each in fields(thing):
        value, path = getattr(thing, each.name), f"{under}{each.name}"
        told = {**each.metadata, "unit": each.metadata.get("unit") or outer}
        if is_dataclass(value):
            yield from _told(value, f"{path}.", told["unit"])
        elif isinstance(value, tuple):
            for place, member in enumerate(value):
                if is_dataclass(member):
                    yield from _told(member, f"{path}[{place}].", told["unit"])
        else:
            yield path, told


KNOWN = {
    word.lower(): word
    for words in (
        "PV WACC WACCs ROIC FCFF FCFE APV NPV DCF LBO",
        "EBIT EBITDA IRR MOIC MIRR PIK EPS EV Gordon",
    )
    for word in words.split()
}
"""Words that people write with capitals."""


def spoken(name: str) -> str:
    """A path as people say it.

    >>> spoken("growth.start"), spoken("pv_forecast"), spoken("wacc")
    ('Growth start', 'PV forecast', 'WACC')
    """
    spoken = [KNOWN.get(word, word) for word in name.replace("_", " ").replace(".", " ").split()]
    return " ".join([spoken[0][:1].upper() + spoken[0][1:], *spoken[1:]])
