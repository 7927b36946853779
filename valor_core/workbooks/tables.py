"""A sheet as a table of texts, as a CSV would give it, and a table to fill in as a sheet."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from io import BytesIO

from valor_core.workbooks.reading import Cell, Sheet, Workbook

FIRST_DAY, FIRST_DAY_1904 = date(1899, 12, 30), date(1904, 1, 1)
LAST_DAY = 109_574  # 2199-12-31 of those counted from 1899
_Numbered = tuple[int, tuple[str, ...]]


def rows_of(book: Workbook, *, sheet: str, days: Collection[str]) -> Iterator[_Numbered]:
    """The rows of the sheet of that name, or else of the first, each with its number.

    The first row names the columns; numbers in those of `days` are Excel's days. Of the cells
    beyond the named columns one is given, so that a reader sees that there are some.
    """
    chosen = _chosen(book, sheet)
    begins = FIRST_DAY_1904 if book.from_1904 else FIRST_DAY
    header = _header(chosen)
    by_row: dict[int, dict[int, Cell]] = {}
    for (row, column), cell in chosen.cells.items():
        by_row.setdefault(row, {})[column] = cell
    yield 1, header
    for row in sorted(by_row.keys() - {1}):
        cells = by_row[row]
        texts = [
            _text(cells.get(column), begins if name in days else None)
            for column, name in enumerate(header, start=1)
        ]
        beyond = [_text(cell, None) for column, cell in cells.items() if column > len(header)]
        yield row, (*texts, *list(filter(None, beyond))[:1])


def _chosen(book: Workbook, name: str) -> Sheet:
    """The sheet of that name, else the first, else an empty one."""
    named = [sheet for sheet in book.sheets if sheet.name.casefold() == name.casefold()]
    return (named or list(book.sheets) or [Sheet(name=name)])[0]


def _header(sheet: Sheet) -> tuple[str, ...]:
    named = [column for row, column in sheet.cells if row == 1]
    return tuple(
        _text(sheet.cells.get((1, column)), None) for column in range(1, max(named, default=0) + 1)
    )


def _text(cell: Cell | None, days_from: date | None) -> str:
    """What a CSV would say of a cell."""
    value = cell.value if cell else None
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case float() if days_from and value.is_integer() and 0 < value <= LAST_DAY:
            return (days_from + timedelta(days=value)).isoformat()
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
    return str(value)


def write_table(sheet: str, rows: Sequence[Sequence[str]]) -> bytes:
    """A workbook of one sheet with a header and rows of texts, numbers as numbers."""
    import xlsxwriter

    stream = BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_numbers": True}) as book:
        table = book.add_worksheet(sheet)
        head = book.add_format({"bold": True})
        table.freeze_panes(1, 0)
        for number, cells in enumerate(rows):
            table.write_row(number, 0, cells, None if number else head)
        for column, name in enumerate(rows[0]):
            widest = max(len(name), *(len(cells[column]) for cells in rows))
            table.set_column(column, column, min(widest, 40) + 2)
    return stream.getvalue()
