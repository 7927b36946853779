"""The formulas of a run as a spreadsheet writes them."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from valor_core.models.lines import Lines, Place, below
from valor_core.models.recorder import (
    GROWING,
    Element,
    NotRecordable,
    Recorded,
    origin,
)

# Every formula is bracketed: a spreadsheet's unary minus binds tighter than its power.
FORMULAS = {
    "absolute": "ABS({})",
    "add": "({}+{})",
    "clip": "MIN(MAX({},{}),{})",
    "divide": "({}/{})",
    "equal": "({}={})",
    "exp": "EXP({})",
    "floor": "INT({})",
    "greater": "({}>{})",
    "greater_equal": "({}>={})",
    "isfinite": "ISNUMBER({})",
    "less": "({}<{})",
    "less_equal": "({}<={})",
    "log": "LN({})",
    "logical_and": "AND({},{})",
    "logical_not": "NOT({})",
    "logical_or": "OR({},{})",
    "maximum": "MAX({},{})",
    "minimum": "MIN({},{})",
    "multiply": "({}*{})",
    "ndtr": "NORMSDIST({})",
    "negative": "(-{})",
    "not_equal": "({}<>{})",
    "power": "({}^{})",
    "sqrt": "SQRT({})",
    "subtract": "({}-{})",
    "where": "IF({},{},{})",
}
OF_MANY = {"sum": "SUM", "prod": "PRODUCT", "max": "MAX", "min": "MIN", "mean": "AVERAGE"} | {
    "any": "OR", "all": "AND"
}  # fmt: skip
OF_ROWS = {"irr()": "IRR({},{found})", "xirr()": "XIRR({},{},{found})"} | {
    "sole_rate()": "IRR({},{found})",
    "all_irrs()": "IRR({},{found})", "all_xirrs()": "XIRR({},{},{found})",
    "count()": "COUNT({})", "average()": "AVERAGE({})", "harmonic_mean()": "HARMEAN({})",
    "lowest()": "MIN({})", "lower_quartile()": "QUARTILE({},1)", "median()": "MEDIAN({})",
    "upper_quartile()": "QUARTILE({},3)", "highest()": "MAX({})",
}  # fmt: skip
"""Functions of whole rows that a spreadsheet has too; it begins at the number that was found."""


def frozen(node: Any) -> bool:
    """Whether the number was found by a function that no spreadsheet has, so it stands as found."""
    return isinstance(node, Recorded) and node.is_whole and node.op not in OF_ROWS


def behind(nodes: Iterable[Any]) -> list[Recorded]:
    """These nodes and all that they are made from, each once."""
    found: dict[int, Recorded] = {}
    waiting = [node for node in nodes if isinstance(node, Recorded)]
    while waiting:
        node = waiting.pop()
        if id(node) not in found:
            found[id(node)] = node
            waiting += [arg for arg in node.args if isinstance(arg, Recorded)]
    return list(found.values())


class Formulas:
    """Writes the formula of any element, given where the elements of the lines stand."""

    def __init__(
        self,
        lines: Lines,
        *,
        cell: Callable[[Place], str],
        span: Callable[[list[Place]], str | None],
        constant: Callable[[float], str],
    ) -> None:
        self.lines, self.cell, self.span, self.constant = lines, cell, span, constant

    def of(self, place: Place) -> str:
        """The formula of an element of a line, with the leading equals sign."""
        if repeated := self.lines.repeated(place):
            return f"={self.cell(repeated)}"
        line, i = place
        node, j = origin((line.node, i))
        if not isinstance(node, Recorded):
            return f"={self._literal(np.ravel(node)[j].item())}"
        return f"={self._operation((node, j), line.year(i))}"

    def of_condition(self, condition: Recorded) -> str:
        """The formula of a decision, without the equals sign."""
        return self._operand((condition, 0), None)

    def of_unchanged(self, nodes: Iterable[Recorded]) -> str:
        """The formula of “the inputs behind these are as they were”, without the equals sign."""
        inputs = {id(node) for node in behind(nodes) if node.op == "input"}
        same = [
            f"{self.cell((line, i))}={self._literal(value)}"
            for line in self.lines.inputs.values()
            if id(line.node) in inputs
            for i, value in enumerate(line.values)
        ]
        return f"AND({','.join(same)})"

    def _operand(self, element: Element, year: int | None) -> str:
        node, i = origin(element)
        if home := self.lines.home((node, i), year=year):
            return self.cell(home)
        if not isinstance(node, Recorded):
            return self._literal(np.ravel(node)[i].item())
        return self._operation((node, i), year)

    def _operation(self, element: Element, year: int | None) -> str:
        node, _ = element
        operands = below(element)
        op = GROWING.get(node.op, node.op)
        if node.op in GROWING and len(operands) == 1:
            return self._operand(operands[0], year)
        if op in OF_MANY:
            return f"{OF_MANY[op]}({self._many(operands, year)})"
        if node.is_whole:
            return self._whole(element)
        if op not in FORMULAS:
            raise NotRecordable(f"numpy.{op} in a workbook")
        return FORMULAS[op].format(*(self._operand(each, year) for each in operands))

    def _whole(self, element: Element) -> str:
        """The spreadsheet's function of the same rows; else the number that ours found."""
        node, i = element
        found = self._literal(np.ravel(node.value)[i].item())
        form = OF_ROWS.get(node.op)
        if form is None:
            return found
        spans = []
        for arg in node.args:
            homes = self.lines.homes(arg)
            known = [home for home in homes if home is not None]
            spans.append(self.span(known) if known and len(known) == len(homes) else None)
        return found if None in spans else form.format(*spans, found=found)

    def _many(self, operands: list[Element], year: int | None) -> str:
        """A range where the operands stand side by side, else each of them."""
        homes = [self.lines.home(each, year=year) for each in operands]
        known = [home for home in homes if home is not None]
        if len(known) == len(operands) and (span := self.span(known)):
            return span
        return ",".join(self._operand(each, year) for each in operands)

    def _literal(self, number: Any) -> str:
        """A constant; one that a formula cannot hold in 15 digits gets a cell of its own."""
        if isinstance(number, bool):
            return str(number).upper()
        text = f"{number:.15g}"
        if float(text) != number:
            return self.constant(number)
        return f"({text})" if number < 0 else text
