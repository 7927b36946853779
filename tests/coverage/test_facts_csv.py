import pytest
from hypothesis import given
from hypothesis.strategies import binary, integers, sampled_from, text

from valor_core.coverage.facts_csv import COLUMNS, read_facts_csv, template
from valor_core.coverage.records import MAX_BYTES
from valor_core.errors import BadInputs

ROW = template().splitlines()[1]


def table(*rows: str) -> bytes:
    return "\n".join([",".join(COLUMNS), *rows]).encode()


def row(**cells: str) -> str:
    changed = dict(zip(COLUMNS, ROW.split(","), strict=True)) | cells
    return ",".join(changed[column] for column in COLUMNS)


def read_or_flaws(raw: bytes):
    try:
        return read_facts_csv(raw), ()
    except BadInputs as refused:
        return (), refused.flaws


def flaws_of(raw: bytes) -> dict[str, str]:
    with pytest.raises(BadInputs) as refused:
        read_facts_csv(raw)
    return {flaw.place: flaw.problem for flaw in refused.value.flaws}


@given(column=sampled_from(COLUMNS), cell=text(max_size=30))
def test_a_cell_of_any_text_is_read_or_refused_with_its_row(column, cell):
    quoted = '"' + cell.replace('"', '""') + '"'
    raw = table(ROW, row(accession="other", **{column: quoted} if column != "accession" else {}))
    companies, flaws = read_or_flaws(raw)

    assert all(flaw.place.startswith("row 3") for flaw in flaws)
    assert sum(len(company.facts) for company in companies) in ({0} if flaws else {1, 2})


@given(raw=binary(max_size=300))
def test_no_bytes_break_the_reader(raw):
    with pytest.raises(BadInputs):
        read_facts_csv(raw)


@given(value=integers(-(2**53), 2**53))
def test_a_number_is_read_as_it_is_written(value):
    (company,) = read_facts_csv(table(row(value=str(value))))

    assert company.facts[0].value == value


def test_the_template_reads_as_two_figures_of_apple_for_2024():
    (apple,) = read_facts_csv(template().encode())

    assert (apple.company.cik, apple.company.ticker, apple.company.sic) == (320193, "AAPL", 3571)
    revenue, cash = apple.facts
    assert (revenue.value, cash.value) == (391_035e6, 29_943e6)
    assert revenue.accession == cash.accession == "0000320193-24-000123"
    assert cash.period_start is None


def test_several_companies_may_stand_in_one_table():
    both = table(ROW, row(cik="789019", name="Microsoft Corp", ticker="MSFT", sic="7372"))

    assert [parsed.company.cik for parsed in read_facts_csv(both)] == [320193, 789019]


def test_a_byte_order_mark_and_windows_line_ends_change_nothing():
    raw = b"\xef\xbb\xbf" + template().replace("\n", "\r\n").encode()

    assert read_facts_csv(raw) == read_facts_csv(template().encode())


def test_a_missing_number_is_missing_and_never_zero():
    (apple,) = read_facts_csv(table(ROW, row(item="sga", tag="", value="")))

    assert [fact.item for fact in apple.facts] == ["revenue"]
    assert apple.notes == ("1 rows without a value were left out.",)


def test_two_filings_of_one_period_are_two_vintages():
    (apple,) = read_facts_csv(table(ROW, row(accession="0000320193-25-000079", value="1")))

    assert len(apple.facts) == 2


def test_everything_wrong_is_told_at_once_with_row_and_column():
    flaws = flaws_of(
        table(
            row(value="391,035".replace(",", "."), item="revenues"),
            row(value="n/a", filed_on="01.11.2024"),
            row(cik="-1", fiscal_year="2023", period_end="2024-13-28"),
            "1,2,3",
        )
    )

    assert flaws == {
        "row 2, item": "'revenues' is unknown; did you mean revenue?",
        "row 3, value": "'n/a' is not a plain number such as -1234.5",
        "row 3, filed_on": "'01.11.2024' is not a day such as 2024-09-28",
        "row 4, cik": "'-1' is not a whole number of 1 to 9,999,999,999",
        "row 4, period_end": "'2024-13-28' is not a day such as 2024-09-28",
        "row 5": "has 3 cells instead of 14",
    }


@pytest.mark.parametrize(
    ("cells", "place"),
    [
        ({"value": "NaN"}, "row 2, value"),
        ({"value": "1e400"}, "row 2, value"),
        ({"value": "1_000"}, "row 2, value"),
        ({"value": "=1+1"}, "row 2, value"),
        ({"value": "9" * 19}, "row 2, value"),
        ({"value": "１２"}, "row 2, value"),
        ({"name": "App\0le"}, "row 2, name"),
        ({"name": "x" * 201}, "row 2, name"),
        ({"ticker": "=cmd"}, "row 2, ticker"),
        ({"sic": "35711"}, "row 2, sic"),
        ({"unit": "shares"}, "row 2, unit"),
        ({"tag": "revenue"}, "row 2, tag"),
        ({"accession": ""}, "row 2, accession"),
        ({"period_start": "2024-07-01"}, "row 2, period_end"),
        ({"filed_on": "2024-01-01"}, "row 2, filed_on"),
        ({"fiscal_year": "2023"}, "row 2, fiscal_year"),
        ({"item": "cash", "tag": ""}, "row 2, period_start"),
    ],
)
def test_a_cell_that_cannot_be_true_is_named(cells, place):
    assert place in flaws_of(table(row(**cells)))


def test_one_period_from_one_filing_twice_is_refused_with_both_rows():
    assert flaws_of(table(ROW, row(value="1"))) == {
        "row 3, fiscal_year": ("revenue of 2024 from 0000320193-24-000123 stands in row 2 already")
    }


def test_one_company_under_two_names_or_in_two_currencies_is_refused():
    flaws = flaws_of(
        table(ROW, row(name="Apple Computer", accession="b"), row(unit="EUR", accession="c"))
    )

    assert "'Apple Inc.' in row 2 for CIK 320193" in flaws["row 3, name"]
    assert flaws["row 4, unit"] == "EUR differs from USD in row 2: use one currency a company"


@pytest.mark.parametrize("wrong", [0, 1])
def test_a_second_currency_is_told_beside_all_else_that_is_wrong(wrong):
    rows = [{}, {"unit": "EUR", "accession": "c"}]
    rows[wrong] |= {"value": "much"}
    flaws = flaws_of(table(*(row(**cells) for cells in rows)))

    assert list(flaws) == [f"row {2 + wrong}, value", "row 3, unit"]


LATIN = table(ROW.replace("Apple", "Appl\xe9")).decode().encode("latin-1")
NO_TABLES = {
    "nothing": (lambda: b"", "row 1", "the column cik is missing"),
    "a NUL": (lambda: b"\0", "row 1", "the column '\\x00' is unknown"),
    "a wrong header": (
        lambda: table().replace(b"item", b"items"),
        "row 1",
        "'items' is unknown; did you mean item?",
    ),
    "a column twice": (
        lambda: table().replace(b"sic", b"cik"),
        "row 1",
        "the column cik stands 2 times",
    ),
    "semicolons": (lambda: table().replace(b",", b";"), "row 1", "split by semicolons"),
    "many columns": (lambda: b"x," * 100_000, "row 1", "has 100,001 columns instead of 14"),
    "one long cell": (lambda: b"x" * 1_000_000, "row 1", "field larger than field limit"),
    "an open quote": (lambda: table(ROW, '"never closed'), "row 3", "is a quote left open?"),
    "UTF-16": (lambda: template().encode("utf-16"), "file", "is UTF-16"),
    "Latin-1": (lambda: LATIN, "row 2, name", "is not UTF-8 (byte 0xe9)"),
    "a header alone": (table, "row 2", "there is no number in the table"),
    "large": (lambda: b" " * (MAX_BYTES + 1), "file", "25,000,001 bytes"),
}


@pytest.mark.parametrize("kind", NO_TABLES)
def test_what_is_no_such_table_is_refused_in_plain_words(kind):
    made, place, problem = NO_TABLES[kind]
    with pytest.raises(BadInputs) as refused:
        read_facts_csv(made())

    assert any(flaw.place == place and problem in flaw.problem for flaw in refused.value.flaws)


def test_a_thousand_flaws_end_the_reading():
    with pytest.raises(BadInputs) as refused:
        read_facts_csv(table(*[row(value="x")] * 5_000))

    assert len(refused.value.flaws) == 1_000
