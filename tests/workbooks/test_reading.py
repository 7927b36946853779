"""What anybody may send as a workbook: read as openpyxl reads it, or refused within its limits."""

import struct
import zipfile
from contextlib import suppress
from io import BytesIO

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis.strategies import binary, dictionaries, integers, one_of, sampled_from, text, tuples
from openpyxl.formula.translate import Translator

from tests.workbooks.cases import RANDOM_CASES
from tests.workbooks.files import export_of, packed, parts_of
from valor_core.errors import ValorError
from valor_core.workbooks import reading
from valor_core.workbooks.reading import (
    Failed,
    WorkbookLocked,
    WorkbookTooLarge,
    WorkbookUnreadable,
    name_of,
    read_workbook,
)

SHEET = "xl/worksheets/sheet1.xml"


def a_workbook(cells=None) -> bytes:
    """A workbook of one sheet with the given cells, by address."""
    book, stream = openpyxl.Workbook(), BytesIO()
    for place, value in (cells or {"A1": 1, "B1": "=A1+1"}).items():
        book["Sheet"][place] = value
    book.save(stream)
    return stream.getvalue()


def with_part(raw: bytes, name: str, content: bytes | str) -> bytes:
    """The workbook with that part put in or replaced."""
    return packed({**parts_of(raw), name: content})


def sheet_of(inner: str, *, before: str = "") -> str:
    """The XML of a sheet with these rows."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'{before}<worksheet xmlns="{main}"><sheetData>{inner}</sheetData></worksheet>'


def refused(raw: bytes, error: type[ValorError]) -> ValorError:
    with pytest.raises(error) as caught:
        read_workbook(raw)
    return caught.value


@pytest.mark.parametrize("name", sorted(RANDOM_CASES))
def test_every_export_is_read_as_openpyxl_reads_it(name):
    raw = export_of(name, seed=1)

    ours = read_workbook(raw)

    formulas = openpyxl.load_workbook(BytesIO(raw))
    values = openpyxl.load_workbook(BytesIO(raw), data_only=True)
    assert [sheet.name for sheet in ours.sheets] == formulas.sheetnames
    for sheet in ours.sheets:
        theirs = {
            (cell.row, cell.column): (values[sheet.name][cell.coordinate].value, cell.value)
            for row in formulas[sheet.name].iter_rows()
            for cell in row
            if cell.value is not None
        }
        told = {
            place: (cell.value, f"={cell.formula}" if cell.formula else cell.value)
            for place, cell in sheet.cells.items()
        }
        assert told == theirs


@settings(max_examples=30, deadline=None)
@given(
    cells=dictionaries(
        tuples(integers(1, 2_000), integers(1, 300)),
        one_of(
            integers(-(10**15), 10**15),
            sampled_from([True, False, 0.1, -2.5e-300, 1e300]),
            text("abc éß日本 <>&\"'", min_size=1),
        ),
        max_size=30,
    )
)
def test_what_is_written_is_read(cells):
    stream = BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for (row, column), value in cells.items():
            if isinstance(value, str):
                sheet.write_string(row - 1, column - 1, value)
            elif isinstance(value, bool):
                sheet.write_boolean(row - 1, column - 1, value)
            else:
                sheet.write_number(row - 1, column - 1, value)

    found = read_workbook(stream.getvalue()).sheets[0].cells

    assert {place: cell.value for place, cell in found.items()} == cells


def test_a_shared_formula_knows_where_it_was_written():
    rows = "".join(
        f'<row r="{n}"><c r="B{n}">'
        + ('<f t="shared" ref="B1:B3" si="0">A1*2</f>' if n == 1 else '<f t="shared" si="0"/>')
        + f"<v>{n}</v></c></row>"
        for n in (1, 2, 3)
    )

    cells = read_workbook(with_part(a_workbook(), SHEET, sheet_of(rows))).sheets[0].cells

    assert [cells[n, 2].formula for n in (1, 2, 3)] == ["A1*2"] * 3
    assert {cells[n, 2].origin for n in (1, 2, 3)} == {(1, 2)}
    assert Translator("=A1*2", origin="B1").translate_formula("B3") == "=A3*2"


def test_errors_hidden_parts_names_and_links_are_told():
    book, stream = openpyxl.Workbook(), BytesIO()
    sheet = book["Sheet"]
    sheet["C2"] = "#REF!"
    sheet.row_dimensions[7].hidden = True
    sheet.column_dimensions["D"].hidden = True
    book.create_sheet("Aside").sheet_state = "veryHidden"
    book.defined_names["rate"] = openpyxl.workbook.defined_name.DefinedName(
        "rate", attr_text="Sheet!$A$1"
    )
    book.calculation.iterate = True
    book.save(stream)

    found = read_workbook(stream.getvalue())

    first, second = found.sheets
    assert first.cells[2, 3].value == Failed("#REF!")
    assert isinstance(first.cells[2, 3].value, Failed)
    assert (first.hidden_rows, first.hidden_columns) == ({7}, {4})
    assert (first.hidden, second.hidden) == (False, True)
    assert found.names == {"rate": "Sheet!$A$1"}
    assert found.iterates
    assert not found.macros


def test_a_cell_without_an_address_stands_after_the_one_before():
    cells = "<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>"

    found = read_workbook(with_part(a_workbook(), SHEET, sheet_of(cells))).sheets[0].cells

    assert {place: cell.value for place, cell in found.items()} == {
        (1, 1): 1.0, (1, 2): 2.0, (2, 1): 3.0,
    }  # fmt: skip


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    bomb = with_part(a_workbook(), SHEET, sheet_of("<row>" + " " * 90_000_000 + "</row>"))

    assert len(bomb) < 1_000_000
    error = refused(bomb, WorkbookUnreadable)

    assert "would unpack to" in str(error)


def test_many_parts_that_are_each_modest_are_refused_by_their_sum():
    part = " " * 1_000_000
    bomb = packed({**parts_of(a_workbook()), **{f"xl/media/{n}.txt": part for n in range(101)}})

    error = refused(bomb, WorkbookTooLarge)

    assert "bytes when unpacked" in str(error)


def test_a_directory_of_many_parts_is_refused_before_it_is_read():
    entry = b"PK\x01\x02" + bytes(42)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65_535, 65_535, 500_000 * 46, 0, 0)

    error = refused(entry * 500_000 + end, WorkbookTooLarge)

    assert "500,000 parts" in str(error)


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/_rels/workbook.xml.rels"])
def test_billions_of_laughs_are_refused_with_the_document_type(part):
    entities = '<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">'
        for before, name in zip("abcdefghi", "bcdefghij", strict=True)
    )
    laughs = f"<!DOCTYPE x [{entities}]><x>&j;</x>"

    error = refused(with_part(a_workbook(), part, laughs), WorkbookUnreadable)

    assert "declares a document type" in str(error)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_document_type_is_refused_in_any_encoding(encoding):
    part = sheet_of("", before='<!DOCTYPE x SYSTEM "file:///etc/passwd">').encode(encoding)

    refused(with_part(a_workbook(), SHEET, part), WorkbookUnreadable)


def random_text(size: int) -> str:
    """Text that packs badly, so that no ratio refuses it."""
    return "".join(f"{n * 2_654_435_761 % 2**32:08x}" for n in range(size // 8))


def test_more_tags_than_a_sheet_of_the_largest_size_has_are_refused_unread():
    tags = "".join(f"<x{n * 2_654_435_761 % 9_973}/>" for n in range(2_000_001))

    error = refused(with_part(a_workbook(), SHEET, sheet_of(tags)), WorkbookTooLarge)

    assert "tags, more than 2,000,000" in str(error)


def test_tags_within_tags_are_refused():
    deep = "<a>" * 1_000 + "</a>" * 1_000

    refused(with_part(a_workbook(), SHEET, sheet_of(deep)), WorkbookUnreadable)


def test_one_tag_of_many_attributes_is_refused():
    tag = "<c " + " ".join(f'x{n}="{n}"' for n in range(300_000)) + "/>"

    error = refused(with_part(a_workbook(), SHEET, sheet_of(tag)), WorkbookUnreadable)

    assert "has no end" in str(error)


def test_a_text_longer_than_a_cell_holds_is_refused():
    cell = f'<row><c t="str"><v>{random_text(40_000)}</v></c></row>'

    refused(with_part(a_workbook(), SHEET, sheet_of(cell)), WorkbookTooLarge)


@pytest.mark.parametrize("tag", ["c", "x:c"])
def test_more_cells_than_are_read_are_refused_whatever_their_tags_prefix(monkeypatch, tag):
    monkeypatch.setattr(reading, "CELLS_MAX", 100)
    cells = "".join(f"<row><{tag}><v>{n}</v></{tag}></row>" for n in range(101))

    refused(with_part(a_workbook(), SHEET, sheet_of(cells)), WorkbookTooLarge)


def test_tags_are_read_whatever_prefix_the_program_gave_them():
    cells = '<x:row r="1"><x:c r="B1"><x:f>A1*2</x:f><x:v>4</x:v></x:c></x:row>'

    found = read_workbook(with_part(a_workbook(), SHEET, sheet_of(cells))).sheets[0].cells

    assert (found[1, 2].value, found[1, 2].formula) == (4.0, "A1*2")


@pytest.mark.parametrize("address", ["A0", "A1048577", "XFE1", "ZZZZ1", "a1", "", "A" * 10_000])
def test_a_cell_beyond_the_edges_of_a_sheet_is_refused(address):
    cell = f'<row r="1"><c r="{address or "$"}"><v>1</v></c></row>'

    refused(with_part(a_workbook(), SHEET, sheet_of(cell)), WorkbookUnreadable)


@pytest.mark.parametrize("number", ["nan", "inf", "1e999", "1_000", "0x10", "٣"])
def test_what_is_no_number_is_no_number_here_either(number):
    cell = f'<row><c r="A1"><v>{number}</v></c></row>'

    error = refused(with_part(a_workbook(), SHEET, sheet_of(cell)), WorkbookUnreadable)

    assert "in A1 is no number" in str(error)


@pytest.mark.parametrize(
    "raw", [b"", b"PK", b"revenue,100\n", b"%PDF-1.7", b"PK\x05\x06" + bytes(18)]
)
def test_what_is_no_workbook_is_refused(raw):
    refused(raw, WorkbookUnreadable)


def test_an_encrypted_or_old_workbook_is_refused_by_its_name():
    refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000), WorkbookLocked)


def test_a_zip_with_a_password_is_refused():
    raw = bytearray(a_workbook())
    for signature, flags in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        raw[raw.index(signature) + flags] |= 1

    refused(bytes(raw), WorkbookLocked)


def test_two_parts_of_one_name_are_refused():
    stream = BytesIO(a_workbook())
    with zipfile.ZipFile(stream, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(SHEET, sheet_of(""))

    refused(stream.getvalue(), WorkbookUnreadable)


def test_macros_are_told_and_stay_closed():
    raw = with_part(a_workbook(), "xl/vbaProject.bin", b"Sub Auto_Open()")

    assert read_workbook(raw).macros


def test_a_link_to_another_file_is_told_and_not_followed():
    relation = (
        '<Relationship Id="rId99" Type="http://x/externalLink" Target="externalLinks/one.xml"/>'
    )
    path = "xl/_rels/workbook.xml.rels"
    parts: dict[str, bytes | str] = {**parts_of(a_workbook())}
    parts[path] = parts_of(a_workbook())[path].replace(
        b"</Relationships>", f"{relation}</Relationships>".encode()
    )
    parts["xl/externalLinks/_rels/one.xml.rels"] = (
        '<Relationships><Relationship Id="rId1" Type="http://x/externalLinkPath" '
        'Target="file:///C:/deal/Old%20model.xlsx" TargetMode="External"/></Relationships>'
    )

    assert read_workbook(packed(parts)).links == ("file:///C:/deal/Old%20model.xlsx",)


@pytest.mark.parametrize("target", ["../../../etc/passwd", "/etc/passwd", "sheet9.xml", ""])
def test_a_sheet_that_leads_nowhere_is_refused(target):
    path = "xl/_rels/workbook.xml.rels"
    parts = parts_of(a_workbook())
    parts[path] = parts[path].replace(b"/xl/worksheets/sheet1.xml", target.encode())

    refused(packed(parts), WorkbookUnreadable)


@settings(max_examples=150, deadline=None)
@given(at=integers(0, 10_000), put=binary(min_size=1, max_size=8))
def test_a_damaged_workbook_is_read_or_refused_and_never_crashes(at, put):
    raw = bytearray(a_workbook())
    at %= len(raw)
    raw[at : at + len(put)] = put

    with suppress(WorkbookUnreadable, WorkbookLocked, WorkbookTooLarge):
        read_workbook(bytes(raw))


@settings(max_examples=150, deadline=None)
@given(at=integers(0, 10_000), put=text("<>/&;\"'=cvfrt AZ09\0", min_size=1, max_size=12))
def test_a_damaged_part_is_read_or_refused_and_never_crashes(at, put):
    part = parts_of(a_workbook({"A1": 1, "B1": "=A1+1", "C1": "text"}))[SHEET].decode()
    at %= len(part)

    with suppress(WorkbookUnreadable, WorkbookLocked, WorkbookTooLarge):
        read_workbook(with_part(a_workbook(), SHEET, part[:at] + put + part[at + len(put) :]))


@given(row=integers(1, reading.ROWS), column=integers(1, reading.COLUMNS))
def test_an_address_is_a_row_and_a_column(row, column):
    assert reading.address(name_of(row, column)) == (row, column)
