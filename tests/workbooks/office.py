"""LibreOffice as the second calculator: workbooks in, every cell recalculated out."""

import csv
import html
import io
import re
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from openpyxl.utils.cell import coordinate_to_tuple, get_column_letter

from tests.needs import needed

# Comma, quotes, UTF-8, values in full instead of as shown, every sheet a file of its own.
CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"


@dataclass(frozen=True)
class Area:
    """The cells of a line: a sheet, a row, and columns from the first to behind the last."""

    sheet: str
    row: int
    columns: range


class Exported:
    """An exported workbook as its parts in XML: what is recalculated is what was written."""

    def __init__(self, content: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            self._parts = {name: parts.read(name).decode() for name in parts.namelist()}
        book = self._parts["xl/workbook.xml"]
        self._sheets = {
            html.unescape(name): f"xl/worksheets/sheet{number}.xml"
            for number, name in enumerate(re.findall(r'<sheet name="([^"]+)"', book), 1)
        }
        self.areas = {
            name: _area(place)
            for name, place in re.findall(r'<definedName name="([^"]+)">([^<]+)<', book)
        }

    def save(self, target: Path, changes: Mapping[str, list[float]]) -> None:
        """Write new inputs, by their name in the workbook, and formulas without their values.

        LibreOffice does not recalculate a file that has them.
        """
        new: dict[str, dict[str, float]] = {part: {} for part in self._sheets.values()}
        for name, values in changes.items():
            area = self.areas[name]
            cells = [f"{get_column_letter(column)}{area.row}" for column in area.columns]
            new[self._sheets[area.sheet]].update(zip(cells, values, strict=True))
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as parts:
            for name, text in self._parts.items():
                parts.writestr(name, _with(text, new[name]) if name in new else text)


def _area(place: str) -> Area:
    sheet, _, cells = place.rpartition("!")
    first, _, last = cells.replace("$", "").partition(":")
    row, start = coordinate_to_tuple(first)
    _, end = coordinate_to_tuple(last or first)
    return Area(html.unescape(sheet).strip("'"), row, range(start, end + 1))


def _with(sheet: str, values: dict[str, float]) -> str:
    """The sheet with other inputs; each must stand in it as a number that was typed in."""
    left = dict(values)

    def typed(cell: re.Match[str]) -> str:
        return f"{cell[1]}{left.pop(cell[2]):.17g}</v>" if cell[2] in left else cell[0]

    sheet = re.sub(r'(<c r="([A-Z]+[0-9]+)"[^>]*><v>)[^<]*</v>', typed, sheet)
    assert not left, f"no inputs: {left}"
    return re.sub(r"</f><v>[^<]*</v>", "</f>", sheet)


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
