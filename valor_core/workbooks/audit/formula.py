"""A formula as the pattern that it repeats along a row, and as the tree that rules look at.

The pattern names cells as they lie from the formula (R[0]C[-1], or R26C3 where a $ holds them), so
that a formula copied along a row is the same pattern everywhere and is read into a tree once. Sums
and products are flat: a − (b − c) is one sum of three terms, and a / b · c one product.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from valor_core.workbooks.reading import COLUMNS, ROWS, column_letters, column_number

LONGEST = 8_192
DEEPEST = 64

_TEXT = r'"(?:[^"]|"")*"'
_QUOTED = r"'(?:[^']|'')+'"
_SHEET = rf"(?:{_QUOTED}|[^\s'\"!+\-*/^&=<>(),;{{}}%\#]+)!"
_WRITTEN = re.compile(
    rf"""
    (?P<other>{_TEXT}|{_QUOTED})
  | (?P<space>\s+)
  | (?<![\w.$])(?:
        (?P<held_column>\$?)(?P<column>[A-Z]{{1,3}})(?P<held_row>\$?)(?P<row>[1-9]\d{{0,6}})(?![\w.(!])
      | (?P<columns>\$?[A-Z]{{1,3}}:\$?[A-Z]{{1,3}})(?![\w.(!])
      | (?P<rows>\$?[1-9]\d{{0,6}}:\$?[1-9]\d{{0,6}})(?![\w.(!])
    )
    """,
    re.VERBOSE,
)
_TOKEN = re.compile(
    rf"""
    (?P<sign><>|<=|>=|[-+*/^&=<>(),;{{}}:%@])
  | (?P<ref>R(?:\d+|\[-?\d+\])C(?:\d+|\[-?\d+\]))
  | (?P<text>{_TEXT})
  | (?P<sheet>{_SHEET})
  | (?P<error>\#[A-Z0-9_/]+[!?]?)
  | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<call>[^\W\d][\w.]*\()
  | (?P<name>[^\W\d][\w.\\?]*(?:\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\])?)
    """,
    re.VERBOSE,
)
_RELATIVE = re.compile(r"R(\[?)(-?\d+)\]?C(\[?)(-?\d+)\]?")


@dataclass(frozen=True, slots=True)
class Number:
    """A number typed into a formula."""

    value: float


@dataclass(frozen=True, slots=True)
class Word:
    """What is no number to us: a text, a truth, an error, an array."""

    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """A defined name."""

    name: str


@dataclass(frozen=True, slots=True)
class Ref:
    """A cell, as it lies from the formula unless a $ holds its row or column."""

    sheet: str  # empty: the formula's own
    row: int
    column: int
    row_held: bool
    column_held: bool

    def at(self, row: int, column: int) -> tuple[int, int]:
        """Row and column of the cell for a formula at that place."""
        return (
            self.row if self.row_held else row + self.row,
            self.column if self.column_held else column + self.column,
        )


@dataclass(frozen=True, slots=True)
class Area:
    """The cells from one corner to the other."""

    first: Ref
    last: Ref


@dataclass(frozen=True, slots=True)
class Call:
    """A function, or an operator that compares or joins, with its arguments."""

    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """Terms, each with the sign it enters by."""

    terms: tuple[tuple[int, "Node"], ...]


@dataclass(frozen=True, slots=True)
class Product:
    """Factors, each with 1 where it multiplies and −1 where it divides."""

    factors: tuple[tuple[int, "Node"], ...]


@dataclass(frozen=True, slots=True)
class Power:
    """A base raised to an exponent."""

    base: "Node"
    exponent: "Node"


Node = Number | Word | Name | Ref | Area | Call | Sum | Product | Power


class Unread(ValueError):
    """A formula that is not understood."""


@lru_cache(maxsize=50_000)
def pattern_of(formula: str, origin: tuple[int, int]) -> str:
    """The formula with its cells as they lie from the one it was written in.

    >>> pattern_of("B2*(1+$C$26)", (2, 3))
    'R[0]C[-1]*(1+R26C3)'
    """
    if len(formula) > LONGEST:
        raise Unread(formula)
    row, column = origin

    def lying(found: re.Match[str]) -> str:
        if found["row"]:
            down = found["row"] if found["held_row"] else f"[{int(found['row']) - row}]"
            across = column_number(found["column"])
            return f"R{down}C{across if found['held_column'] else f'[{across - column}]'}"
        return "" if found["space"] else found["other"] or _lines(found[0], origin)

    return _WRITTEN.sub(lying, formula)


def _lines(told: str, origin: tuple[int, int]) -> str:
    """Whole columns or rows, from their first cell to their last."""
    first, last = told.split(":")
    if first.strip("$").isdigit():
        return pattern_of(f"$A{first}:$XFD{last}", origin)
    return pattern_of(f"{first}$1:{last}${ROWS}", origin)


def formula_at(formula: str, origin: tuple[int, int], place: tuple[int, int]) -> str:
    """The formula as Excel shows it in a cell that shares it.

    >>> formula_at("A1*$C$26", (1, 2), (3, 2))
    'A3*$C$26'
    """
    rows, columns = place[0] - origin[0], place[1] - origin[1]

    def moved(found: re.Match[str]) -> str:
        if not found["row"]:
            return found[0]
        row = int(found["row"]) + (0 if found["held_row"] else rows)
        column = column_number(found["column"]) + (0 if found["held_column"] else columns)
        if not (0 < row <= ROWS and 0 < column <= COLUMNS):
            return "#REF!"
        return f"{found['held_column']}{column_letters(column)}{found['held_row']}{row}"

    return formula if origin == place else _WRITTEN.sub(moved, formula)


def _tokens(pattern: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(pattern):
        found = _TOKEN.match(pattern, at)
        if not found or not found.lastgroup:
            raise Unread(pattern)
        yield found.lastgroup, found[0]
        at = found.end()


@lru_cache(maxsize=50_000)
def tree_of(pattern: str) -> Node:
    """The tree of a pattern; Unread where it cannot be understood."""
    return _Parser(pattern).whole()


class _Parser:
    """Reads a pattern from left to right, as tightly as Excel binds: −, %, ^, ×, +, &, =."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.tokens = [*_tokens(pattern), ("end", "")]
        self.at = self.depth = 0

    def whole(self) -> Node:
        """The tree of everything."""
        node = self._compared()
        if self.tokens[self.at][0] != "end":
            raise Unread(self.pattern)
        return node

    def _take(self, *signs: str) -> str:
        """The next sign, if it is one of these."""
        kind, told = self.tokens[self.at]
        if kind != "sign" or told not in signs:
            return ""
        self.at += 1
        return told

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise Unread(self.pattern)

    def _compared(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unread(self.pattern)
        parts, signs = [self._joined()], []
        while sign := self._take("=", "<", ">", "<=", ">=", "<>"):
            signs.append(sign)
            parts.append(self._joined())
        self.depth -= 1
        return Call(" ".join(signs), tuple(parts)) if signs else parts[0]

    def _joined(self) -> Node:
        parts = [self._sum()]
        while self._take("&"):
            parts.append(self._sum())
        return Call("&", tuple(parts)) if len(parts) > 1 else parts[0]

    def _sum(self) -> Node:
        terms = [(1, self._product())]
        while sign := self._take("+", "-"):
            terms.append((1 if sign == "+" else -1, self._product()))
        return sum_of(terms)

    def _product(self) -> Node:
        factors = [(1, self._power())]
        while sign := self._take("*", "/"):
            factors.append((1 if sign == "*" else -1, self._power()))
        return product_of(factors)

    def _power(self) -> Node:
        node, times = self._signed(), 0
        while self._take("^"):
            node, times = Power(node, self._signed()), times + 1
            if times > DEEPEST:
                raise Unread(self.pattern)
        return node

    def _signed(self) -> Node:
        sign = 1
        while told := self._take("-", "+", "@"):
            sign = -sign if told == "-" else sign
        node = self._one()
        while self._take("%"):
            node = Number(node.value / 100) if isinstance(node, Number) else product_of(
                [(1, node), (-1, Number(100.0))]
            )  # fmt: skip
        if sign > 0:
            return node
        return Number(-node.value) if isinstance(node, Number) else sum_of([(-1, node)])

    def _one(self) -> Node:
        kind, told = self.tokens[self.at]
        self.at += 1
        match kind:
            case "number":
                return Number(float(told))
            case "text" | "error":
                return Word(told)
            case "name":
                return Word(told) if told in {"TRUE", "FALSE"} or "[" in told else Name(told)
            case "sheet" | "ref":
                return self._place(told)
            case "call":
                return self._call(told[:-1])
        return self._enclosed(told)

    def _enclosed(self, told: str) -> Node:
        if told == "{":
            return self._array()
        if told != "(":
            raise Unread(self.pattern)
        node = self._compared()
        self._need(")")
        return node

    def _place(self, told: str) -> Node:
        sheet = ""
        if told.endswith("!"):
            sheet = told[:-1].strip("'").replace("''", "'")
            kind, told = self.tokens[self.at]
            self.at += 1
            if kind == "end":
                raise Unread(self.pattern)
            if kind != "ref" or ":" in sheet:
                return Word(f"{sheet}!{told}")
        first = _ref(told, sheet)
        if not self._take(":"):
            return first
        kind, told = self.tokens[self.at]
        if kind != "ref":
            raise Unread(self.pattern)
        self.at += 1
        return Area(first, _ref(told, sheet))

    def _call(self, name: str) -> Node:
        arguments: list[Node] = []
        while not self._take(")"):
            if self._take(",", ";"):
                arguments.append(Word(""))
                continue
            arguments.append(self._compared())
            if not self._take(",", ";"):
                self._need(")")
                break
        return Call(name.upper().removeprefix("_XLFN."), tuple(arguments))

    def _array(self) -> Node:
        parts = []
        while not self._take("}"):
            kind, told = self.tokens[self.at]
            if kind == "end":
                raise Unread(self.pattern)
            parts.append(told)
            self.at += 1
        return Word("{" + "".join(parts) + "}")


def _ref(told: str, sheet: str) -> Ref:
    found = _RELATIVE.fullmatch(told)
    assert found
    return Ref(sheet, int(found[2]), int(found[4]), not found[1], not found[3])


def sum_of(terms: list[tuple[int, Node]]) -> Node:
    """The sum of terms, those of a sum within it among them."""
    flat: list[tuple[int, Node]] = []
    for sign, term in terms:
        inner = term.terms if isinstance(term, Sum) else ((1, term),)
        flat += [(sign * its, each) for its, each in inner]
    return flat[0][1] if len(flat) == 1 and flat[0][0] > 0 else Sum(tuple(flat))


def product_of(factors: list[tuple[int, Node]]) -> Node:
    """The product of factors, those of a product within it among them."""
    flat: list[tuple[int, Node]] = []
    for power, factor in factors:
        inner = factor.factors if isinstance(factor, Product) else ((1, factor),)
        flat += [(power * its, each) for its, each in inner]
    return flat[0][1] if len(flat) == 1 and flat[0][0] > 0 else Product(tuple(flat))


def parts_of(node: Node) -> tuple[Node, ...]:
    """What a node is made of."""
    match node:
        case Sum(terms):
            return tuple(each for _, each in terms)
        case Product(factors):
            return tuple(each for _, each in factors)
        case Power(base, exponent):
            return base, exponent
        case Call(_, arguments):
            return arguments
    return ()


@lru_cache(maxsize=50_000)
def nodes_of(pattern: str) -> tuple[Node, ...]:
    """The tree of a pattern and everything under it."""
    return tuple(walk(tree_of(pattern)))


@lru_cache(maxsize=50_000)
def reads_cells(pattern: str) -> bool:
    """Whether a formula reads any cell; one that does not is a number in disguise."""
    return any(isinstance(each, Ref | Area | Name) for each in nodes_of(pattern))


def walk(node: Node) -> Iterator[Node]:
    """The node and everything under it."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(parts_of(node))
