"""What single cells tell: typed numbers, errors, texts that should be numbers, hidden inputs."""

import math
import re
from collections.abc import Iterator
from itertools import groupby

from valor_core.workbooks.audit.findings import Finding, Severity, counted
from valor_core.workbooks.audit.formula import (
    Call,
    Node,
    Number,
    Power,
    Product,
    Ref,
    Sum,
    Word,
    parts_of,
    reads_cells,
    walk,
)
from valor_core.workbooks.audit.grid import Grid, Place, words_of
from valor_core.workbooks.reading import Failed

TYPED, ERROR, TEXT, HIDDEN, LINK, MACROS = (
    "typed_number", "error_value", "text_number", "hidden_input", "external_link", "macros",
)  # fmt: skip
USUAL = frozenset({24, 30, 52, 90, 100, 360, 365, 365.25, 366, 1_000, 10_000, 1e6, 1e9, 0.5, 0.25})
SMALL = 12  # numbers up to it count, convert or average
RATE_MIN, GROWTH_MAX = 0.001, 1.5
OUTFLOWS = frozenset(
    {"capex", "cogs", "cost", "costs", "depreciation", "expenditure", "expense", "expenses", "rent"}
    | {"amortisation", "amortization", "expenditures", "repayment", "repayments"}
)


def typed_numbers(grid: Grid) -> Iterator[Finding]:
    """Numbers written into the sums and products of formulas, a run of one pattern told once."""
    for place, tree in _first_of_each_run(grid):
        if not reads_cells(grid.patterns[place]):
            continue
        right = grid.patterns.get(place._replace(column=place.column + 1))
        grave = list(dict.fromkeys(_hidden(tree, in_line=right == grid.patterns[place])))
        light = list(dict.fromkeys(_factors(tree)))
        if grave or light:
            told = ", ".join(f"{each:,.10g}" for each in (grave or light)[:5])
            yield grid.finding(
                TYPED,
                Severity.WARNING if grave else Severity.NOTE,
                place,
                said=f"The formula holds {told}, which nobody sees or changes in a cell.",
                way_out="Give the number a labelled cell of its own and refer to that.",
            )


def _first_of_each_run(grid: Grid) -> Iterator[tuple[Place, Node]]:
    for place, tree in grid.trees.items():
        pattern = grid.patterns[place]
        left = place._replace(column=place.column - 1)
        above = place._replace(row=place.row - 1)
        if pattern not in {grid.patterns.get(left), grid.patterns.get(above)}:
            yield place, tree


def _hidden(node: Node, *, in_line: bool) -> Iterator[float]:
    """Amounts that are added, and rates: 1 + 0.05, 1 − 0.25, · 1.05 along a line."""
    for each in walk(node):
        match each:
            case Sum(terms):
                numbers = [term.value for _, term in terms if isinstance(term, Number)]
                one = 1.0 in numbers
                yield from (n for n in numbers if abs(n) > SMALL and n not in USUAL)
                yield from (
                    n for n in numbers if one and RATE_MIN <= abs(n) < 1 and abs(n) not in USUAL
                )
            case Product(factors) if in_line:
                yield from (
                    factor.value
                    for _, factor in factors
                    if isinstance(factor, Number) and 1 < factor.value < GROWTH_MAX
                )
            case Call("SUM", arguments):
                yield from (a.value for a in arguments if isinstance(a, Number) and a.value)


def _factors(node: Node) -> Iterator[float]:
    """Other numbers that multiply, divide or are raised, and neither convert nor count."""
    for each in walk(node):
        parts = [each.base] if isinstance(each, Power) else parts_of(each)
        if isinstance(each, Product | Power):
            for part in parts:
                size = abs(part.value) if isinstance(part, Number) else 1.0
                if size not in USUAL and not (size <= SMALL and size.is_integer()):
                    yield size


def error_values(grid: Grid) -> Iterator[Finding]:
    """Errors where they begin: a cell whose error comes from another one is not told again."""
    for number, sheet in enumerate(grid.book.sheets):
        for (row, column), cell in sheet.cells.items():
            place = Place(number, row, column)
            lost = "#REF!" in cell.formula
            if isinstance(cell.value, Failed):
                if any(isinstance(grid.value(each), Failed) for each in grid.reads.get(place, ())):
                    continue
                missing = cell.value == "#N/A"
                yield grid.finding(
                    ERROR,
                    Severity.WARNING if missing and not lost else Severity.ERROR,
                    place,
                    said=f"The cell shows {cell.value}, and so does what is computed from it.",
                    way_out="Mend the reference or the division; do not cover it by IFERROR.",
                )
            elif lost:
                yield grid.finding(
                    ERROR,
                    Severity.WARNING,
                    place,
                    said="The formula refers to a cell that was deleted (#REF!).",
                    way_out="Point it at the cell that it means.",
                )


_AS_NUMBER = re.compile(
    r"[-+(]?\s*[$€£]?\s*[-+]?(\d{1,3}([,'. ]\d{3})+|\d+)([.,]\d+)?\s*(%|x|[kKmM])?\)?"
)


def text_numbers(grid: Grid) -> Iterator[Finding]:
    """Texts that read as numbers, where a formula computes with them or numbers stand beside."""
    for number, sheet in enumerate(grid.book.sheets):
        for (row, column), cell in sheet.cells.items():
            told = cell.value
            if cell.formula or not isinstance(told, str) or isinstance(told, Failed):
                continue
            if not _AS_NUMBER.fullmatch(told.strip()):
                continue
            place = Place(number, row, column)
            beside = [place._replace(column=column + step) for step in (-1, 1)]
            if _computed_with(grid, place) or all(grid.number(each) is not None for each in beside):
                yield grid.finding(
                    TEXT,
                    Severity.WARNING,
                    place,
                    said=f"{told.strip()!r} is a text, not a number: a sum leaves it out.",
                    way_out="Type it again as a number, or convert the column to numbers.",
                )


def _computed_with(grid: Grid, place: Place) -> bool:
    """Whether a formula adds, multiplies or sums the cell."""
    for reader in grid.readers.get(place, ()):
        for node in walk(grid.trees[reader]):
            match node:
                case Sum(parts) | Product(parts):
                    if any(grid.target(part, reader) == place for _, part in parts):
                        return True
                case Call("SUM" | "AVERAGE" | "SUMPRODUCT" | "NPV" | "IRR"):
                    return True
    return False


def hidden_inputs(grid: Grid) -> Iterator[Finding]:
    """Numbers that formulas use and nobody sees, by hidden sheet, row and column."""
    for number, sheet in enumerate(grid.book.sheets):
        places = [
            Place(number, row, column)
            for row, column in sheet.cells
            if (sheet.hidden or row in sheet.hidden_rows or column in sheet.hidden_columns)
            and grid.is_input(Place(number, row, column))
            and Place(number, row, column) in grid.readers
        ]
        if sheet.hidden:
            yield from _hidden_sheet(grid, number, places)
            continue
        by_row = sorted(each for each in places if each.row in sheet.hidden_rows)
        by_column = sorted(
            (each for each in places if each.row not in sheet.hidden_rows),
            key=lambda each: (each.column, each.row),
        )
        for _, some in groupby(by_row, key=lambda each: each.row):
            yield _hidden_line(grid, list(some), "row")
        for _, some in groupby(by_column, key=lambda each: each.column):
            yield _hidden_line(grid, list(some), "column")


def _hidden_sheet(grid: Grid, number: int, places: list[Place]) -> Iterator[Finding]:
    sheet = grid.book.sheets[number]
    inputs = f"{counted(len(places), 'number')} that formulas use" if places else "no such input"
    yield Finding(
        rule=HIDDEN,
        severity=Severity.WARNING if places else Severity.NOTE,
        sheet=sheet.name,
        cells="",
        formula="",
        said=f"The sheet is hidden; it holds {inputs}.",
        way_out="Show the sheet, or move its inputs to where the other inputs stand.",
    )


def _hidden_line(grid: Grid, places: list[Place], line: str) -> Finding:
    return grid.finding(
        HIDDEN,
        Severity.WARNING,
        places[0],
        last=places[-1],
        said=f"A hidden {line} holds {counted(len(places), 'typed number')} that formulas use.",
        way_out=f"Show the {line}, or move its inputs to where the other inputs stand.",
    )


def external_links(grid: Grid) -> Iterator[Finding]:
    """Formulas that read other files, first of each sheet, and links that nothing uses."""
    seen: dict[int, list[Place]] = {}
    for place in grid.trees:
        if any(_outside(node) for node in grid.nodes(place)):
            seen.setdefault(place.sheet, []).append(place)
    files = ", ".join(grid.book.links[:5]) or "another file"
    for places in seen.values():
        yield grid.finding(
            LINK,
            Severity.WARNING,
            places[0],
            said=f"{counted(len(places), 'formula')} of this sheet read from {files}.",
            way_out="Paste the values with their source, so that the workbook stands alone.",
        )
    if grid.book.links and not seen:
        yield Finding(
            rule=LINK,
            severity=Severity.NOTE,
            sheet="",
            cells="",
            formula="",
            said=f"The workbook keeps a link to {files} that no formula here uses.",
            way_out="Break the link (Data, Edit links).",
        )


def macros(grid: Grid) -> Iterator[Finding]:
    """Programs in the workbook, which may write into any cell."""
    if grid.book.macros:
        yield Finding(
            rule=MACROS,
            severity=Severity.NOTE,
            sheet="",
            cells="",
            formula="",
            said="The workbook holds macros; what they would write into cells is not audited.",
            way_out="Ask for an .xlsx, or read the macros in Excel's editor before you allow them.",
        )


def _outside(node: Node) -> bool:
    match node:
        case Ref(sheet):
            return "[" in sheet
        case Word(text):
            return text.startswith("[") or ("!" in text and "[" in text.partition("!")[0])
    return False


def flipped_inputs(grid: Grid) -> Iterator[Finding]:
    """One typed amount of a line of costs whose sign differs from all the others."""
    for number, rows in enumerate(grid.rows):
        for row, columns in rows.items():
            places = [
                place for column in columns if grid.is_input(place := Place(number, row, column))
            ]
            if len(places) < 4 or not words_of(grid.label(places[0])) & OUTFLOWS:
                continue
            signs = [math.copysign(1, grid.number(place) or 0.0) for place in places]
            for sign in (1.0, -1.0):
                if signs.count(sign) == 1:
                    odd = places[signs.index(sign)]
                    yield grid.finding(
                        "sign_flip",
                        Severity.WARNING,
                        odd,
                        said=f"{grid.number(odd):,.10g} has another sign than the rest of "
                        f"{grid.label(odd)!r}.",
                        way_out="Turn its sign, or say beside it why it differs.",
                    )
