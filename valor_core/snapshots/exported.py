"""What was explored as a file to take along: CSV, a workbook, or Parquet.

A text never becomes a formula: in a CSV it is marked as a text, in a workbook its cell is one, and
Parquet has none. Numbers are whole, not in millions or percent.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from valor_core.cells import inert
from valor_core.snapshots.explore import Explored, said
from valor_core.snapshots.named import Answer
from valor_core.snapshots.view import NUMBERS

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_TEXT, WIDEST = 32_000, 40  # characters that a cell of a workbook holds, and shows
FORMATS = {
    "whole": "#,##0", "money": "#,##0", "number": "#,##0.00", "rate": "0.0%", "ratio": "0.0×",
    "code": "0", "day": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A kind of file."""

    label: str
    media_type: str
    write: Callable[[Explored], bytes]


def _headings(found: Explored) -> list[str]:
    return [each.label for each in found.columns]


def _cells(found: Explored, row: Sequence[Any]) -> list[Any]:
    """A line with its groups in words."""
    kinds = [each.kind for each in found.columns]
    words = [
        said(cell, kind) if kind not in ("code", "day", "term") else cell
        for cell, kind in zip(row[: found.keys], kinds, strict=False)
    ]
    return [*words, *row[found.keys :]]


def as_csv(found: Explored) -> bytes:
    """The lines as a spreadsheet reads them."""
    made = io.StringIO()
    write = csv.writer(made, lineterminator="\n")
    write.writerow([inert(each) for each in _headings(found)])
    write.writerows([inert(cell) for cell in _cells(found, row)] for row in found.rows)
    return made.getvalue().encode()


def as_workbook(found: Explored) -> bytes:
    """The lines as a sheet, and below them the line of all."""
    lines = [_cells(found, row) for row in found.rows]
    if found.totals and found.keys:
        lines.append(["All", *[None] * (found.keys - 1), *found.totals[found.keys :]])
    columns = [(each.label, each.kind) for each in found.columns]
    return workbook("Explored", columns, lines, frozen=found.keys)


def workbook(
    title: str,
    columns: Sequence[tuple[str, str]],
    lines: Iterable[Sequence[Any]],
    *,
    frozen: int = 0,
) -> bytes:
    """Lines under the labels of their columns, each shown as its kind; a text stays a text."""
    import xlsxwriter

    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True, "nan_inf_to_errors": True}) as book:
        sheet = book.add_worksheet(title)
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, frozen)
        for at, (label, kind) in enumerate(columns):
            looks = book.add_format({"num_format": FORMATS.get(kind, "General")})
            sheet.set_column(at, at, min(len(label), WIDEST) + 4, looks)
            sheet.write_string(0, at, label[:LONGEST_TEXT], bold)
        for number, line in enumerate(lines, start=1):
            _write_line(sheet, number, line)
    return made.getvalue()


def answer_as_workbook(answer: Answer) -> bytes:
    """The answer to a named query as a sheet."""
    columns = [(each.label, each.kind) for each in answer.query.columns]
    return workbook("Answer", columns, answer.rows)


def _write_line(sheet: Any, number: int, cells: Sequence[Any]) -> None:
    for at, cell in enumerate(cells):
        if isinstance(cell, bool):
            sheet.write_boolean(number, at, cell)
        elif isinstance(cell, (date, datetime)):
            sheet.write_datetime(number, at, cell)
        elif isinstance(cell, (int, float)):
            sheet.write_number(number, at, cell)
        elif cell is not None:
            sheet.write_string(number, at, str(cell)[:LONGEST_TEXT])


def as_parquet(found: Explored) -> bytes:
    """The lines with their types, each column by its name in the view."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = [each.name for each in found.columns]
    lines = [_cells(found, row) for row in found.rows]
    columns = [
        pa.array([line[at] for line in lines], _stored(each.kind, at < found.keys))
        for at, each in enumerate(found.columns)
    ]
    made = io.BytesIO()
    table = pa.Table.from_arrays(columns, names=names)
    pq.write_table(table.replace_schema_metadata({"snapshot": found.snapshot_id}), made)
    return made.getvalue()


def _stored(kind: str, is_key: bool) -> "pa.DataType":
    import pyarrow as pa

    if kind == "code":
        return pa.int64()
    if kind == "day":
        return pa.date32()
    if is_key:
        return pa.string()
    if kind == "whole":
        return pa.decimal128(38)  # a sum may be larger than a whole number of 64 bits
    if kind in NUMBERS:
        return pa.float64()
    return {"moment": pa.timestamp("us", "UTC"), "yes_or_no": pa.bool_()}.get(kind, pa.string())


EXPORTS: Mapping[str, Format] = {
    "csv": Format(label="CSV", media_type="text/csv; charset=utf-8", write=as_csv),
    "xlsx": Format(
        label="Excel",
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        write=as_workbook,
    ),
    "parquet": Format(
        label="Parquet", media_type="application/vnd.apache.parquet", write=as_parquet
    ),
}
"""What can be taken along, by the ending of the file's name."""
