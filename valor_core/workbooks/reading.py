"""Reads a workbook that anybody may have sent: its formulas and their last values, within limits.

Only the parts that hold cells, names and links are opened, and nothing in them is carried out:
the zip's directory is checked before a part is unpacked, tags are counted before a part is read,
and expat streams it with its document types refused. A library for workbooks would read the file
twice, once for formulas and once for values, and whole before it counts.
"""

import math
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from typing import NamedTuple
from xml.parsers import expat

from valor_core.errors import BadInput

FILE_MAX = 25_000_000
MEMBERS_MAX = 2_000
UNPACKED_MAX = 100_000_000
RATIO_MAX = 200  # of a part beyond a megabyte: cells of one formula reach 50
TAGS_MAX = 2_000_000  # each cell of the largest number with its formula and its value
CELLS_MAX = 300_000
SHEETS_MAX = 200
TEXT_MAX = 32_767  # what a cell of Excel may hold
DEPTH_MAX = 64
TAG_MAX = 1 << 20
ROWS, COLUMNS = 1_048_576, 16_384
_CHUNK = 1 << 16
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_ADDRESS = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_SAVE_ANEW = "Open it in Excel or LibreOffice, save it as .xlsx without a password, and send that."
_LESS = "Send the sheets that matter as a workbook of their own."


class WorkbookUnreadable(BadInput):
    """The file is no workbook, is damaged, or holds what no spreadsheet program writes."""

    code = "workbook_unreadable"

    def __init__(self, *, problem: str) -> None:
        super().__init__(f"The file cannot be read as a workbook: {problem}.", hint=_SAVE_ANEW)


class WorkbookLocked(BadInput):
    """The workbook is encrypted or in the format of Excel before 2007."""

    code = "workbook_locked"

    def __init__(self) -> None:
        super().__init__("The file is encrypted, or an .xls of before 2007.", hint=_SAVE_ANEW)


class WorkbookTooLarge(BadInput):
    """The workbook holds, or would unpack to, more than is read."""

    code = "workbook_too_large"

    def __init__(self, *, counted: str, found: int, limit: int) -> None:
        problem = f"The workbook has {found:,} {counted}, more than {limit:,}."
        super().__init__(problem, hint=_LESS)


class Failed(str):
    """An error that a formula gave, such as #REF!."""

    __slots__ = ()


Value = float | bool | str | Failed | None


class Cell(NamedTuple):  # a tuple: there are hundreds of thousands
    """What a cell shows, and its formula as written in the cell of origin."""

    value: Value
    formula: str = ""
    origin: tuple[int, int] = (0, 0)  # (row, column), another cell's where the formula is shared


@dataclass(slots=True, kw_only=True)
class Sheet:
    """A sheet with its cells by (row, column), both from 1."""

    name: str
    hidden: bool = False
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbook:
    """A workbook as far as it matters to numbers."""

    sheets: tuple[Sheet, ...]
    names: dict[str, str]  # a defined name → what it stands for
    links: tuple[str, ...]  # other files that it reads
    iterates: bool  # circular references are on purpose
    from_1904: bool  # days are counted from 1904
    macros: bool


def read_workbook(raw: bytes) -> Workbook:
    """The workbook of an .xlsx or .xlsm file; macros and links are told and not followed."""
    with _opened(raw) as archive:
        package = _Package(archive)
        root = _Relations.of(package, "")
        path = next(root.targets("officeDocument"), "")
        if path not in package.members:
            raise WorkbookUnreadable(problem="it holds no workbook part")
        book = _Book(path)
        book.read(package.part(path))
        relations = _Relations.of(package, path)
        texts = _Texts("shared strings")
        for part in relations.targets("sharedStrings"):
            texts.read(package.part(part))
        return Workbook(
            sheets=tuple(_sheets(package, book, relations, texts.strings)),
            names=book.names,
            links=tuple(_links(package, relations)),
            iterates=book.iterates,
            from_1904=book.from_1904,
            macros=any(name.endswith("vbaProject.bin") for name in package.members),
        )


def _opened(raw: bytes) -> zipfile.ZipFile:
    """The archive, if its directory promises nothing beyond the limits."""
    _refuse_above(FILE_MAX, len(raw), "bytes")
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise WorkbookLocked
    _refuse_above(MEMBERS_MAX, raw.count(b"PK\x01\x02"), "parts")
    try:
        archive = zipfile.ZipFile(BytesIO(raw))
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise WorkbookUnreadable(problem="it is no .xlsx file") from error
    members = archive.infolist()
    _refuse_above(UNPACKED_MAX, sum(each.file_size for each in members), "bytes when unpacked")
    for each in members:
        if each.flag_bits & 1:
            raise WorkbookLocked
        if each.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise WorkbookUnreadable(problem="a part is packed in an unusual way")
        if each.file_size > max(1 << 20, RATIO_MAX * each.compress_size):
            raise WorkbookUnreadable(
                problem=f"a part of {each.compress_size:,} bytes would unpack to {each.file_size:,}"
            )
    if len({each.filename.lower() for each in members}) < len(members):
        raise WorkbookUnreadable(problem="two parts have the same name")
    return archive


def _refuse_above(limit: int, found: int, counted: str) -> None:
    if found > limit:
        raise WorkbookTooLarge(counted=counted, found=found, limit=limit)


class _Package:
    """The parts of an archive, unpacked one by one while all their tags are counted."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive, self.tags = archive, 0
        self.members = {each.filename: each for each in archive.infolist()}

    def part(self, path: str) -> bytes:
        """The unpacked part; refused where it is missing, damaged, or of too many tags."""
        if path not in self.members:
            raise WorkbookUnreadable(problem=f"the part {path[:80]!a} is missing")
        try:
            raw = self.archive.read(self.members[path])
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise WorkbookUnreadable(problem=f"the part {path[:80]!a} is damaged") from error
        self.tags += raw.count(b"<")
        _refuse_above(TAGS_MAX, self.tags, "tags")
        _refuse_above(CELLS_MAX, raw.count(b"<c ") + raw.count(b"<c>"), "cells on one sheet")
        return raw


class _Part:
    """Reads one XML part by handlers for the tags that matter, whatever their prefix."""

    def __init__(self, path: str) -> None:
        self.path, self.depth = path, 0
        self.text: list[str] | None = None
        self.opening: dict[str, Callable[[dict[str, str]], None]] = {}
        self.closing: dict[str, Callable[[], None]] = {}

    def read(self, raw: bytes) -> None:
        """Stream the part through the handlers."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.XmlDeclHandler = self._declaration
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        try:
            for at in range(0, len(raw), _CHUNK):
                parser.Parse(raw[at : at + _CHUNK])
                if at - parser.CurrentByteIndex > TAG_MAX:
                    raise WorkbookUnreadable(problem=f"a tag of {self.path[:80]!a} has no end")
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            problem = f"the part {self.path[:80]!a} is no sound XML ({error})"
            raise WorkbookUnreadable(problem=problem) from error

    def _doctype(self, *_: object) -> None:
        raise WorkbookUnreadable(problem=f"the part {self.path[:80]!a} declares a document type")

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() not in {"utf-8", "utf-16", "us-ascii"}:
            raise WorkbookUnreadable(problem=f"the part {self.path[:80]!a} is not in UTF-8")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise WorkbookUnreadable(problem=f"the tags of {self.path[:80]!a} stand too deep")
        if handler := self.opening.get(name) or self.opening.get(name[name.find(":") + 1 :]):
            handler(attributes)

    def _end(self, name: str) -> None:
        self.depth -= 1
        if handler := self.closing.get(name) or self.closing.get(name[name.find(":") + 1 :]):
            handler()

    def _characters(self, text: str) -> None:
        if self.text is not None:
            self.text.append(text)

    def listen(self, _attributes: dict[str, str] | None = None) -> None:
        """From here on text counts."""
        self.text = []

    def heard(self) -> str:
        """The text since then; a cell cannot hold more than Excel's limit."""
        told, self.text = "".join(self.text or ()), None
        _refuse_above(TEXT_MAX, len(told), f"characters in one text of {self.path[:80]!a}")
        return told


class _Relations(_Part):
    """Which part leads to which."""

    def __init__(self, path: str, folder: str) -> None:
        super().__init__(path)
        self.folder = folder
        self.found: list[tuple[str, str, str, bool]] = []  # id, kind, target, outside
        self.opening = {"Relationship": self._relation}

    @classmethod
    def of(cls, package: _Package, part: str) -> "_Relations":
        """The relations of a part; none where the package has no list of them."""
        folder, name = posixpath.split(part)
        path = posixpath.join(folder, "_rels", f"{name}.rels")
        relations = cls(path, folder)
        if path in package.members:
            relations.read(package.part(path))
        return relations

    def _relation(self, attributes: dict[str, str]) -> None:
        kind = attributes.get("Type", "").rpartition("/")[2]
        outside = attributes.get("TargetMode") == "External"
        target = attributes.get("Target", "")
        if not outside:
            target = posixpath.normpath(posixpath.join("/", self.folder, target)).lstrip("/")
        self.found.append((attributes.get("Id", ""), kind, target, outside))

    def targets(self, kind: str) -> Iterator[str]:
        """The parts of a kind."""
        return (to for _, its, to, outside in self.found if its == kind and not outside)

    def target(self, identity: str) -> tuple[str, str]:
        """Kind and path of the part of that id."""
        for its, kind, to, _ in self.found:
            if its == identity:
                return kind, to
        raise WorkbookUnreadable(problem="a sheet leads to no part")


def _links(package: _Package, relations: _Relations) -> Iterator[str]:
    """The other files that the workbook reads."""
    for part in list(relations.targets("externalLink"))[:SHEETS_MAX]:
        for _, _, target, outside in _Relations.of(package, part).found:
            if outside:
                yield target[:300]


class _Book(_Part):
    """The list of sheets, the defined names, and how days and circles are counted."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.sheets: list[tuple[str, str, bool]] = []  # name, id of its part, hidden
        self.names: dict[str, str] = {}
        self.iterates = self.from_1904 = False
        self._name = ""
        self.opening = {
            "sheet": self._sheet,
            "definedName": self._begin_name,
            "calcPr": self._calculation,
            "workbookPr": self._properties,
        }
        self.closing = {"definedName": self._end_name}

    def _sheet(self, attributes: dict[str, str]) -> None:
        identity = next((v for k, v in attributes.items() if k.endswith(":id")), "")
        hidden = attributes.get("state", "visible") != "visible"
        self.sheets.append((attributes.get("name", "")[:100], identity, hidden))
        _refuse_above(SHEETS_MAX, len(self.sheets), "sheets")

    def _begin_name(self, attributes: dict[str, str]) -> None:
        self._name = attributes.get("name", "")[:255]
        self.listen()

    def _end_name(self) -> None:
        self.names[self._name.casefold()] = self.heard()

    def _calculation(self, attributes: dict[str, str]) -> None:
        self.iterates = _true(attributes.get("iterate"))

    def _properties(self, attributes: dict[str, str]) -> None:
        self.from_1904 = _true(attributes.get("date1904"))


def _true(told: str | None) -> bool:
    return told in {"1", "true", "on"}


class _Texts(_Part):
    """The texts that cells share; what only says how to pronounce one is left out."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.strings: list[str] = []
        self._runs: list[str] = []
        self._phonetic = False
        self.opening = {"si": self._begin, "t": self.listen, "rPh": self._pronounced}
        self.closing = {"si": self._finish, "t": self._run, "rPh": self._spoken}

    def _begin(self, _: dict[str, str]) -> None:
        self._runs = []

    def _pronounced(self, _: dict[str, str]) -> None:
        self._phonetic = True

    def _spoken(self) -> None:
        self._phonetic = False

    def _run(self) -> None:
        told = self.heard()
        if not self._phonetic:
            self._runs.append(told)

    def _finish(self) -> None:
        self.strings.append("".join(self._runs))


def _sheets(
    package: _Package, book: _Book, relations: _Relations, strings: list[str]
) -> Iterator[Sheet]:
    """The sheets that have cells; a sheet of a chart has none."""
    cells = 0
    for name, identity, hidden in book.sheets:
        kind, path = relations.target(identity)
        if kind != "worksheet":
            continue
        part = _Cells(path, Sheet(name=name, hidden=hidden), strings, CELLS_MAX - cells)
        part.read(package.part(path))
        cells += len(part.sheet.cells)
        yield part.sheet


class _Cells(_Part):
    """The cells of one sheet, and which of its rows and columns are hidden."""

    def __init__(self, path: str, sheet: Sheet, strings: list[str], most: int) -> None:
        super().__init__(path)
        self.sheet, self.strings, self.most = sheet, strings, most
        self.row = self.column = 0
        self.kind = self.shown = self.formula = ""
        self.attributes: dict[str, str] = {}
        self.shared: dict[str, tuple[str, tuple[int, int]]] = {}
        self.opening = {
            "col": self._columns,
            "row": self._row,
            "c": self._begin,
            "f": self._begin_formula,
            "v": self.listen,
            "t": self.listen,
        }
        self.closing = {
            "c": self._finish,
            "f": self._end_formula,
            "v": self._value,
            "t": self._inline,
        }

    def _columns(self, attributes: dict[str, str]) -> None:
        if _true(attributes.get("hidden")):
            first, last = _count(attributes.get("min")), _count(attributes.get("max"))
            self.sheet.hidden_columns.update(range(first, min(last, COLUMNS) + 1))

    def _row(self, attributes: dict[str, str]) -> None:
        self.row = _count(attributes.get("r")) or self.row + 1
        self.column = 0
        if _true(attributes.get("hidden")):
            self.sheet.hidden_rows.add(self.row)

    def _begin(self, attributes: dict[str, str]) -> None:
        self.kind, self.shown, self.formula = attributes.get("t", "n"), "", ""
        self.attributes = {}
        place = attributes.get("r")
        self.row, self.column = address(place) if place else (self.row, self.column + 1)

    def _begin_formula(self, attributes: dict[str, str]) -> None:
        self.attributes = attributes
        self.listen()

    def _end_formula(self) -> None:
        self.formula = self.heard().strip()

    def _value(self) -> None:
        self.shown = self.heard()

    def _inline(self) -> None:
        self.shown += self.heard()

    def _finish(self) -> None:
        formula, here = self.formula, (self.row, self.column)
        origin = here
        if self.attributes.get("t") == "shared":
            group = self.attributes.get("si", "")
            if formula:
                self.shared[group] = formula, here
            formula, origin = self.shared.get(group, ("", here))
        value = self._read()
        if value is None and not formula:
            return
        self.sheet.cells[here] = Cell(value, formula, origin)
        if len(self.sheet.cells) > self.most:
            raise WorkbookTooLarge(counted="cells at least", found=CELLS_MAX + 1, limit=CELLS_MAX)

    def _read(self) -> Value:
        shown = self.shown
        match self.kind:
            case "s":
                index = _count(shown)
                return self.strings[index] if index < len(self.strings) else None
            case "b":
                return shown == "1"
            case "e":
                return Failed(shown[:20])
            case "n" if shown:
                return self._number(shown)
        return shown or None

    def _number(self, shown: str) -> float:
        if _NUMBER.fullmatch(shown) and math.isfinite(number := float(shown)):
            return number
        here = name_of(self.row, self.column)
        raise WorkbookUnreadable(problem=f"{shown[:40]!a} in {here} is no number")


def _count(told: str | None) -> int:
    """A number that counts, or 0; more digits than a row has are no such number."""
    return int(told) if told and told.isascii() and told.isdigit() and len(told) < 9 else 0


@lru_cache(maxsize=65_536)
def address(place: str) -> tuple[int, int]:
    """Row and column of an address; refused beyond the edges of a sheet.

    >>> address("A1"), address("XFD1048576")
    ((1, 1), (1048576, 16384))
    """
    found = _ADDRESS.fullmatch(place)
    row, column = (int(found[2]), column_number(found[1])) if found else (0, 0)
    if not (0 < row <= ROWS and 0 < column <= COLUMNS):
        raise WorkbookUnreadable(problem=f"{place[:20]!a} is the address of no cell")
    return row, column


def column_number(letters: str) -> int:
    """The number of a column by its letters.

    >>> column_number("A"), column_number("AA")
    (1, 27)
    """
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number


@lru_cache(maxsize=COLUMNS)
def column_letters(number: int) -> str:
    """The letters of a column by its number.

    >>> column_letters(1), column_letters(27)
    ('A', 'AA')
    """
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def name_of(row: int, column: int) -> str:
    """The address of a cell by its row and column.

    >>> name_of(30, 3)
    'C30'
    """
    return f"{column_letters(column)}{row}"
