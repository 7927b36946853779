"""A workbook as rules look at it: cells with their trees, labels, and which cell reads which."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from valor_core.workbooks.audit.findings import Finding, Severity, quoted
from valor_core.workbooks.audit.formula import (
    Area,
    Call,
    Name,
    Node,
    Product,
    Ref,
    Sum,
    Unread,
    formula_at,
    nodes_of,
    parts_of,
    pattern_of,
    tree_of,
)
from valor_core.workbooks.reading import Cell, Failed, Value, Workbook, name_of

EDGES_MAX = 3_000_000
ALIASES_MAX = 20
LABEL_REACH, FIRST_COLUMNS = 60, 5


class Place(NamedTuple):
    """A cell: the number of its sheet, its row, its column."""

    sheet: int
    row: int
    column: int


Term = tuple[Node, Place]
"""A part of a formula, and the cell it stands in."""


class Grid:
    """All cells of a workbook, found by place, by row and by column."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.sheet_named = {each.name.casefold(): i for i, each in enumerate(book.sheets)}
        self.patterns: dict[Place, str] = {}
        self.trees: dict[Place, Node] = {}
        self._openings: dict[tuple[int, int], str] = {}
        self.formulas = self.unread = 0
        self.rows: list[dict[int, list[int]]] = [{} for _ in book.sheets]
        self.columns: list[dict[int, list[int]]] = [{} for _ in book.sheets]
        for number, sheet in enumerate(book.sheets):
            for row, column in sorted(sheet.cells):
                self.rows[number].setdefault(row, []).append(column)
                self.columns[number].setdefault(column, []).append(row)
                if sheet.cells[row, column].formula:
                    self._read(Place(number, row, column), sheet.cells[row, column])

    def _read(self, place: Place, cell: Cell) -> None:
        self.formulas += 1
        try:
            pattern = pattern_of(cell.formula, cell.origin)
            self.trees[place] = tree_of(pattern)
            self.patterns[place] = pattern
        except Unread:
            self.unread += 1

    # Cells.
    def cell(self, place: Place) -> Cell | None:
        """The cell at that place, if there is one."""
        return self.book.sheets[place.sheet].cells.get((place.row, place.column))

    def nodes(self, place: Place) -> tuple[Node, ...]:
        """All parts of the cell's formula, none where it has none that is understood."""
        return nodes_of(self.patterns[place]) if place in self.patterns else ()

    def value(self, place: Place) -> Value:
        """What the cell shows."""
        cell = self.cell(place)
        return cell.value if cell else None

    def number(self, place: Place) -> float | None:
        """The number that the cell shows, if it is one."""
        value = self.value(place)
        return value if isinstance(value, float) else None

    def is_input(self, place: Place) -> bool:
        """Whether the cell holds a number that was typed in."""
        cell = self.cell(place)
        return cell is not None and isinstance(cell.value, float) and not cell.formula

    def formula(self, place: Place) -> str:
        """The formula as Excel shows it, or nothing."""
        cell = self.cell(place)
        if cell is None or not cell.formula:
            return ""
        return "=" + formula_at(cell.formula, cell.origin, (place.row, place.column))

    def sheet(self, place: Place) -> str:
        """The name of the cell's sheet."""
        return self.book.sheets[place.sheet].name

    def called(self, place: Place, *, seen_from: Place | None = None) -> str:
        """The cell's address with its label; with its sheet where that is another one."""
        near = seen_from is not None and seen_from.sheet == place.sheet
        address = name_of(place.row, place.column)
        address = address if near else f"{quoted(self.sheet(place))}!{address}"
        label = self.label(place)
        return f"{address} ({label})" if label else address

    def run_from(self, place: Place) -> Place | None:
        """The last cell of the line that repeats the formula; None where the line began before."""
        pattern = self.patterns[place]
        if self.patterns.get(place._replace(column=place.column - 1)) == pattern:
            return None
        while self.patterns.get(further := place._replace(column=place.column + 1)) == pattern:
            place = further
        return place

    # Labels.
    def label(self, place: Place) -> str:
        """The nearest text to the left, a unit beside it left out; else the nearest above."""
        columns = self.rows[place.sheet].get(place.row, [])
        before = columns[: bisect_left(columns, place.column)][-LABEL_REACH:]
        label, at = "", 0
        for column in reversed(before):
            text = self.text(place._replace(column=column))
            if text and (not label or column == at - 1):
                label, at = text, column
            elif label:
                break
        return label or self._first_text(place.sheet, place.row) or self.heading(place)

    def _first_text(self, sheet: int, row: int) -> str:
        """What a row begins with, where its cells go on beyond the reach of a label."""
        columns = self.rows[sheet].get(row, [])
        first = columns[:FIRST_COLUMNS] if len(columns) > LABEL_REACH else []
        texts = (self.text(Place(sheet, row, column)) for column in first)
        return next(filter(None, texts), "")

    def heading(self, place: Place) -> str:
        """The nearest text above in the cell's column."""
        rows = self.columns[place.sheet].get(place.column, [])
        before = rows[: bisect_left(rows, place.row)][-LABEL_REACH:]
        texts = (self.text(place._replace(row=row)) for row in reversed(before))
        return next(filter(None, texts), "")

    def section(self, place: Place) -> str:
        """The nearest row above that has a text and no number."""
        above = range(place.row - 1, max(place.row - LABEL_REACH, 0), -1)
        return next(filter(None, (self._opens(place.sheet, row) for row in above)), "")

    def _opens(self, sheet: int, row: int) -> str:
        """The text of a row that opens a section, looked for once."""
        if (sheet, row) not in self._openings:
            places = [Place(sheet, row, column) for column in self.rows[sheet].get(row, [])]
            texts = filter(None, map(self.text, places))
            has_number = any(self.number(each) is not None for each in places)
            self._openings[sheet, row] = "" if has_number else next(texts, "")
        return self._openings[sheet, row]

    def text(self, place: Place) -> str:
        """The words of a cell, if it holds any."""
        cell = self.cell(place)
        if cell is None or not isinstance(cell.value, str) or isinstance(cell.value, Failed):
            return ""
        text = " ".join(cell.value.split())[:80]
        return text if re.search(r"[^\W\d]", text) else ""

    # References.
    def spot(self, ref: Ref, place: Place) -> Place | None:
        """The cell that a reference means in the formula at that place."""
        sheet = self.sheet_named.get(ref.sheet.casefold()) if ref.sheet else place.sheet
        return None if sheet is None else Place(sheet, *ref.at(place.row, place.column))

    def named(self, name: str) -> Place | None:
        """The one cell that a defined name stands for."""
        told = self.book.names.get(name.casefold(), "")
        try:
            node = tree_of(pattern_of(told, (1, 1)))
        except Unread:
            return None
        return self.spot(node, Place(0, 1, 1)) if isinstance(node, Ref) and node.sheet else None

    def target(self, node: Node, place: Place) -> Place | None:
        """The one cell that a node is, written as an address or as a name."""
        match node:
            case Ref():
                return self.spot(node, place)
            case Name(name):
                return self.named(name)
            case Sum(((1, only),)):
                return self.target(only, place)
        return None

    def root(self, place: Place) -> Place:
        """The cell whose content a chain of plain links repeats."""
        for _ in range(ALIASES_MAX):
            tree = self.trees.get(place)
            further = self.target(tree, place) if tree is not None else None
            if further is None:
                break
            place = further
        return place

    def same(self, one: Term, other: Term) -> bool:
        """Whether two parts are the same cell in the end, or the same formula of the same cells."""
        ours, theirs = self._key(one), self._key(other)
        return ours == theirs or self._behind(ours) == theirs or ours == self._behind(theirs)

    def _key(self, term: Term) -> object:
        node, place = term
        target = self.target(node, place)
        if target is not None:
            return self.root(target)
        inner = tuple(self._key((each, place)) for each in parts_of(node))
        match node:
            case Sum(parts) | Product(parts):
                return type(node), tuple(sign for sign, _ in parts), inner
            case Call(name):
                return name, inner
            case Area(first, last):
                return self.spot(first, place), self.spot(last, place)
        return inner or node

    def _behind(self, key: object) -> object:
        """The formula of the cell that a key is."""
        tree = self.trees.get(key) if isinstance(key, Place) else None
        return key if tree is None or not isinstance(key, Place) else self._key((tree, key))

    def read_by(self, place: Place) -> Iterator[Place]:
        """The cells with content that the formula at a place reads."""
        for node in self.nodes(place):
            if isinstance(node, Area):
                yield from self._within(node, place)
            elif (spot := self.target(node, place)) is not None and self.cell(spot) is not None:
                yield spot

    def _within(self, area: Area, place: Place) -> Iterator[Place]:
        first, last = self.spot(area.first, place), self.spot(area.last, place)
        if first is None or last is None:
            return
        columns = self.columns[first.sheet]
        left, right = sorted((first.column, last.column))
        top, bottom = sorted((first.row, last.row))
        wide = right - left >= len(columns)
        for column in columns if wide else range(left, right + 1):
            rows = columns.get(column, ())
            if left <= column <= right:
                for at in range(bisect_left(rows, top), bisect_right(rows, bottom)):
                    yield Place(first.sheet, rows[at], column)

    @cached_property
    def reads(self) -> dict[Place, list[Place]]:
        """Each formula with the cells that it reads, as far as the limit of all of them."""
        found: dict[Place, list[Place]] = {}
        left = EDGES_MAX
        for place in self.trees:
            read = found[place] = []
            for each in self.read_by(place):
                left -= 1
                if left < 0:
                    return found
                read.append(each)
        return found

    @cached_property
    def readers(self) -> dict[Place, list[Place]]:
        """Each cell with the formulas that read it."""
        found: dict[Place, list[Place]] = {}
        for place, read in self.reads.items():
            for each in read:
                found.setdefault(each, []).append(place)
        return found

    def finding(
        self,
        rule: str,
        severity: Severity,
        place: Place,
        *,
        said: str,
        way_out: str,
        last: Place | None = None,
    ) -> Finding:
        """A finding at a cell, or at a run of cells from it to the last."""
        cells = name_of(place.row, place.column)
        if last is not None and last != place:
            cells += f":{name_of(last.row, last.column)}"
        return Finding(
            rule=rule,
            severity=severity,
            sheet=self.sheet(place),
            cells=cells,
            formula=self.formula(place),
            said=said,
            way_out=way_out,
        )


def words_of(label: str) -> set[str]:
    """The words of a label.

    >>> sorted(words_of("Sub-debt interest (%)"))
    ['debt', 'interest', 'sub']
    """
    return set(re.findall(r"[a-z0-9]+", label.lower()))


def percent(value: float | None) -> str:
    r"""A rate as a person reads it, or nothing.

    >>> percent(0.114)
    ' of 11.4\xa0%'
    """
    return "" if value is None else f" of {100 * value:.4g}\xa0%"
