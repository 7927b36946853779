"""A table reads the same from a sheet as from a CSV."""

import string
from datetime import date, timedelta
from io import BytesIO

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis.strategies import dates, floats, integers, lists, text

from tests.workbooks.audited import a_file
from valor_core.workbooks.reading import read_workbook
from valor_core.workbooks.tables import rows_of, write_table

WORDS = text(string.ascii_letters + "éß日-:. ", max_size=12).map(str.strip)
NOT_NUMBERS = WORDS.filter(lambda word: word.lower() not in {"nan", "inf", "infinity", "-inf"})


def rows(sheets: dict, *, days=(), name="Facts", adjust=lambda _: None) -> list:
    book = read_workbook(a_file(sheets, adjust=adjust))
    return list(rows_of(book, sheet=name, days=days))


@settings(max_examples=40, deadline=None)
@given(lists(lists(NOT_NUMBERS, min_size=3, max_size=3), max_size=6))
def test_what_was_written_as_a_table_is_read_as_one(cells):
    table = [["one", "two", "three"], *cells]

    read = rows_of(read_workbook(write_table("Facts", table)), sheet="Facts", days=())

    told = [list(each) for _, each in read]
    assert told == [row for row in table if any(row)]


@settings(max_examples=40, deadline=None)
@given(integers(-(10**14), 10**14), floats(-1e17, 1e17))
def test_a_number_is_the_text_that_gives_it_back(whole, real):
    (_, (first, second)) = rows({"Facts": [["a", "b"], [whole, real]]})[1]

    assert first == str(whole)
    assert float(second) == pytest.approx(real, rel=1e-15)


@settings(max_examples=40, deadline=None)
@given(dates(date(1900, 3, 1), date(2199, 12, 31)))
def test_a_day_of_excels_is_a_calendar_day_in_columns_of_days_alone(day):
    serial = (day - date(1899, 12, 30)).days

    (_, (told, number)) = rows(
        {"Facts": [["filed_on", "value"], [serial, serial]]}, days=("filed_on",)
    )[1]

    assert told == day.isoformat()
    assert number == str(serial)


def test_days_counted_from_1904_are_shifted():
    book, stream = openpyxl.Workbook(), BytesIO()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book["Sheet"].append(["filed_on"])
    book["Sheet"].append([1_000])
    book.save(stream)

    (_, (told,)) = list(
        rows_of(read_workbook(stream.getvalue()), sheet="Facts", days=("filed_on",))
    )[1]

    assert told == (date(1904, 1, 1) + timedelta(days=1_000)).isoformat()


def test_the_sheet_of_that_name_counts_and_else_the_first():
    sheets = {"Notes": [["n"]], "facts": [["f"]]}

    assert rows(sheets) == [(1, ("f",))]
    assert rows(sheets, name="Elsewhere") == [(1, ("n",))]


def test_rows_keep_their_numbers_over_gaps_and_tell_of_one_cell_too_many():
    sheet = [["a", "b"], [], ["x", None, "beyond", "further"]]

    assert rows({"Facts": sheet}) == [(1, ("a", "b")), (3, ("x", "", "beyond"))]


def test_a_formula_counts_as_its_last_value_and_a_truth_as_its_word():
    assert rows({"Facts": [["a", "b"], [("=1+1", 2.0), True]]})[1] == (2, ("2", "TRUE"))


def test_a_sheet_without_cells_is_a_table_without_columns():
    assert rows({"Facts": []}) == [(1, ())]
