"""Formulas in words: named operands by their names, everything between them spelt out."""

from typing import Any

import numpy as np

from valor_core.models.lines import Line, Lines, Place, below
from valor_core.models.recorder import GROWING, Element, Recorded, origin

SPELT: dict[str, tuple[str, int]] = {
    "where": ("if {} then {} else {}", 0),
    "logical_or": ("{} or {}", 1),
    "logical_and": ("{} and {}", 2),
    "logical_not": ("not {}", 3),
    "less": ("{} < {}", 4),
    "less_equal": ("{} ≤ {}", 4),
    "greater": ("{} > {}", 4),
    "greater_equal": ("{} ≥ {}", 4),
    "equal": ("{} = {}", 4),
    "not_equal": ("{} ≠ {}", 4),
    "add": ("{} + {}", 5),
    "subtract": ("{} − {}", 5),
    "multiply": ("{} × {}", 6),
    "divide": ("{} / {}", 6),
    "negative": ("−{}", 7),
    "power": ("{}^{}", 8),
    "maximum": ("max({}, {})", 9),
    "minimum": ("min({}, {})", 9),
    "clip": ("{} kept between {} and {}", 4),
    "sqrt": ("√{}", 8),
    "exp": ("exp({})", 9),
    "floor": ("floor({})", 9),
    "log": ("ln({})", 9),
    "ndtr": ("N({})", 9),
    "absolute": ("|{}|", 9),
    "isfinite": ("{} is finite", 4),
}
"""Each operation as people write it, and how tightly it binds."""

NAMED, CALL = 10, 9
OPERANDS_SPELT = 40
GROUPS_SPELT = 3


class _Spelling:
    """One formula being spelt: relative to a year or not, and how much room is left."""

    def __init__(self, lines: Lines, year: int | None, *, relative: bool) -> None:
        self.lines, self.year, self.relative = lines, year, relative
        self.room = OPERANDS_SPELT

    def called(self, place: Place) -> str:
        """The name of an element; its year told from the formula's own where that is asked."""
        line, i = place
        if self.year is None or not (self.relative and line.is_row):
            return line.called(i)
        year = line.starts + i
        behind = {0: "t", 1: "t−1", -1: "t+1"}.get(self.year - year, str(year))
        return f"{line.name}[{behind}]"

    def operand(self, element: Element) -> tuple[str, int]:
        """The text of an operand and how tightly it binds."""
        self.room -= 1
        node, i = origin(element)
        if home := self.lines.home((node, i), year=self.year):
            return self.called(home), NAMED
        if not isinstance(node, Recorded):
            number = np.ravel(node)[i].item()
            return _literal(number), NAMED if number >= 0 else SPELT["negative"][1]
        return self.operation((node, i)) if self.room > 0 else ("…", NAMED)

    def operation(self, element: Element) -> tuple[str, int]:
        """The operation behind an element, in words."""
        node, _ = element
        operands = below(element)
        op = GROWING.get(node.op, node.op)
        if node.op in GROWING and len(operands) == 1:
            return self.operand(operands[0])
        if op not in SPELT:
            return f"{op.removesuffix('()')}({self._all(operands)})", CALL
        form, binds = SPELT[op]
        if binds == CALL:
            return form.format(*(self.operand(each)[0] for each in operands)), binds
        texts = []
        for place, each in enumerate(operands):
            text, inner = self.operand(each)
            loose = inner < binds + (place > 0 or op in {"power", "where"})
            texts.append(f"({text})" if loose else text)
        return form.format(*texts), binds

    def _all(self, operands: list[Element]) -> str:
        """The operands of a sum: a whole row by its name, else each of them."""
        homes = [self.lines.home(each, year=self.year) for each in operands]
        first = homes[0]
        if first is not None:
            line = first[0]
            places = [home[1] for home in homes if home is not None and home[0] is line]
            if line.is_row and places == list(range(len(line.values))):
                return line.name
        return ", ".join(self.operand(each)[0] for each in operands)


def _literal(number: Any) -> str:
    if isinstance(number, bool):
        return str(number).lower()
    return f"{number:.6g}".replace("-", "−")


def words_of(lines: Lines, place: Place) -> str:
    """The formula of one element of a line; empty for an input."""
    return _words(lines, place, relative=False)


def words_of_row(lines: Lines, line: Line) -> str:
    """The formula of a whole row, told once for all years that are made alike.

    `revenues[t−1] × (1 + growth[t])`: t is the year's own place, counted from 0.
    """
    spelt = [_words(lines, (line, i), relative=True) for i in range(len(line.values))]
    groups: list[tuple[str, int, int]] = []
    for i, text in enumerate(spelt):
        year = line.starts + i
        if groups and groups[-1][0] == text:
            groups[-1] = (text, groups[-1][1], year)
        else:
            groups.append((text, year, year))
    if len(groups) == 1:
        text = groups[0][0]
        return text.replace("[t]", "") if "[t−1]" not in text and "[t+1]" not in text else text
    told = [
        f"t = {first}: {text}" if first == last else f"t = {first}…{last}: {text}"
        for text, first, last in groups
    ]
    if len(told) > GROUPS_SPELT:
        told = [told[0], told[1], "…", told[-1]]
    return "; ".join(told)


def _words(lines: Lines, place: Place, *, relative: bool) -> str:
    line, i = place
    spelling = _Spelling(lines, line.year(i), relative=relative)
    if repeated := lines.repeated(place):
        return spelling.called(repeated)
    node, j = origin((line.node, i))
    if not isinstance(node, Recorded):
        return _literal(np.ravel(node)[j].item())
    return "" if node.op == "input" else spelling.operation((node, j))[0]


def words_of_condition(lines: Lines, condition: Recorded) -> str:
    """A decision that the model took on a number, in words."""
    return _Spelling(lines, None, relative=False).operand((condition, 0))[0]
