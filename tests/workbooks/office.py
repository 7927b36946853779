"""LibreOffice as the second calculator: workbooks in, every cell recalculated out."""

import csv
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook
from openpyxl.utils.cell import coordinate_to_tuple

from tests.needs import needed

# Comma, quotes, UTF-8, values in full instead of as shown, every sheet a file of its own.
CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"


@dataclass(frozen=True)
class Area:
    """The cells of a line: a sheet, a row, and columns from the first to behind the last."""

    sheet: str
    row: int
    columns: range


def areas(book: Workbook) -> dict[str, Area]:
    """Every named line of a workbook."""
    found = {}
    for name, defined in book.defined_names.items():
        ((sheet, cells),) = defined.destinations
        first, _, last = cells.replace("$", "").partition(":")
        row, start = coordinate_to_tuple(first)
        _, end = coordinate_to_tuple(last or first)
        found[name] = Area(sheet, row, range(start, end + 1))
    return found


def save_with(book: Workbook, target: Path, changes: Mapping[str, list[float]]) -> None:
    """Write new inputs, by their name in the workbook, and save without any cached value.

    LibreOffice does not recalculate a file that has them; openpyxl keeps the formulas alone.
    """
    places = areas(book)
    for name, values in changes.items():
        area = places[name]
        for column, value in zip(area.columns, values, strict=True):
            book[area.sheet].cell(area.row, column, value)
    book.save(target)


AT_ONCE = 100


def recalculate(files: list[Path], folder: Path) -> None:
    """Calculate the files by LibreOffice with a profile of its own.

    A hundred at a time: of several hundred in one run it left some out without a word.
    """
    command = [str(needed("office")), f"-env:UserInstallation={(folder / 'profile').as_uri()}"]
    command += ["--headless", "--convert-to", CSV, "--outdir", str(folder / "out")]
    for first in range(0, len(files), AT_ONCE):
        some = map(str, files[first : first + AT_ONCE])
        subprocess.run([*command, *some], check=True, capture_output=True, timeout=240)


def numbers(file: Path, places: Mapping[str, Area]) -> dict[str, list[float]]:
    """Each named line of a recalculated file; what is no number, such as #DIV/0!, fails here."""
    sheets = {sheet: _rows(file, sheet) for sheet in {area.sheet for area in places.values()}}
    return {
        name: [_number(sheets[area.sheet][area.row - 1][column - 1]) for column in area.columns]
        for name, area in places.items()
    }


def _number(text: str) -> float:
    """A cell in full digits; cells that show per cent are written so."""
    return float(text[:-1]) / 100.0 if text.endswith("%") else float(text)


def checks(file: Path) -> str:
    """What all checks of a recalculated file say together."""
    return next(row[1] for row in _rows(file, "Summary") if row[0] == "All checks")


def _rows(file: Path, sheet: str) -> list[list[str]]:
    with (file.parent / "out" / f"{file.stem}-{sheet}.csv").open(encoding="utf-8") as stream:
        return list(csv.reader(stream))
