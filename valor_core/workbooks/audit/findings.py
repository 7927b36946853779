"""What an audit says: where something is wrong, in plain words, and what to do about it."""

import csv
import io
from dataclasses import dataclass
from enum import StrEnum

from valor_core.cells import inert


class Severity(StrEnum):
    """How much a finding matters to the value."""

    ERROR = "error"  # the value is wrong
    WARNING = "warning"  # it probably is, or will be once an input changes
    NOTE = "note"  # worth knowing


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mistake, or one run of cells that repeat it."""

    rule: str
    severity: Severity
    sheet: str
    cells: str  # an address, or the first and the last of a run
    formula: str  # as Excel shows it; empty for a number
    said: str
    way_out: str

    @property
    def where(self) -> str:
        """The place as one types it into Excel, or the sheet, or the workbook as a whole."""
        return f"{quoted(self.sheet)}!{self.cells}" if self.cells else self.sheet or "workbook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Everything an audit found, the gravest first, and how much it has read."""

    sheets: int
    cells: int
    formulas: int
    unread: int  # formulas that were not understood
    findings: tuple[Finding, ...]
    left_out: int  # findings of a rule beyond those shown

    def count(self, severity: Severity) -> int:
        """How many findings are of that severity."""
        return sum(each.severity is severity for each in self.findings)

    @property
    def verdict(self) -> str:
        """The audit in one line.

        >>> Audit(sheets=1, cells=9, formulas=1, unread=0, findings=(), left_out=0).verdict
        'Nothing was found in 1 formula on 1 sheet.'
        """
        counts = [
            counted(count, severity.value)
            for severity in Severity
            if (count := self.count(severity))
        ]
        read = f"{counted(self.formulas, 'formula')} on {counted(self.sheets, 'sheet')}"
        return f"{_listed(counts) or 'Nothing was found'} in {read}."


def counted(count: int, noun: str) -> str:
    """A count with its noun.

    >>> counted(1, "note"), counted(2, "note")
    ('1 note', '2 notes')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _listed(parts: list[str]) -> str:
    return ", ".join(parts[:-1]) + " and " * (len(parts) > 1) + "".join(parts[-1:])


def as_csv(audit: Audit) -> str:
    """The findings as a table; a text that a spreadsheet would compute is marked as a text."""
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\r\n")
    table.writerow(("severity", "rule", "sheet", "cells", "formula", "said", "way_out"))
    for each in audit.findings:
        cells = each.sheet, each.cells, each.formula, each.said, each.way_out
        table.writerow((each.severity, each.rule, *map(inert, cells)))
    return stream.getvalue()


def quoted(sheet: str) -> str:
    """A sheet's name as it stands in a formula.

    >>> quoted("DCF"), quoted("LBO Modelling")
    ('DCF', "'LBO Modelling'")
    """
    plain = sheet.isidentifier()
    return sheet if plain else "'" + sheet.replace("'", "''") + "'"
