"""Small workbooks to audit: rows of labels, numbers and formulas, with their last values."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import xlsxwriter

from valor_core.workbooks.audit.findings import Audit, Severity
from valor_core.workbooks.audit.rules import audit_workbook

Rows = Sequence[Sequence[Any]]
"""Texts, numbers, and formulas that begin with `=`; a pair is a formula with its value."""


def a_file(sheets: Mapping[str, Rows], *, adjust=lambda book: None) -> bytes:
    """A workbook of these sheets."""
    stream = BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    _write(sheet, number, column, cell)
        adjust(book)
    return stream.getvalue()


def _write(sheet: Any, row: int, column: int, cell: Any) -> None:
    formula, value = cell if isinstance(cell, tuple) else (cell, 0.0)
    if isinstance(formula, str) and formula.startswith("="):
        sheet.write_formula(row, column, formula, None, value)
    elif isinstance(cell, str) and cell:
        sheet.write_string(row, column, cell)
    elif cell is not None and cell != "":
        sheet.write(row, column, cell)


def audited(*rows: Sequence[Any], sheet: str = "Model", adjust=lambda book: None) -> Audit:
    """What an audit says of one sheet of these rows."""
    return audit_workbook(a_file({sheet: rows}, adjust=adjust))


def grave(audit: Audit) -> list[tuple[str, str]]:
    """The rules and places of what is more than a note."""
    return [
        (each.rule, each.where) for each in audit.findings if each.severity is not Severity.NOTE
    ]
