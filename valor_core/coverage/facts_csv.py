"""Reads filed facts from a table, the shape of the template: one number a row, with its filing.

cik           the company's number with the SEC, the key; name, ticker and sic describe it
fiscal_year   a year that ends in January to May counts as the year before
period_start  first day of a flow; empty for a balance
period_end    last day of the flow, or the day of the balance
item          one of the names in items.py
value         whole units, never thousands; an empty cell is a number that was not filed
unit          a currency such as USD, shares, or USD/shares
tag           the XBRL tag with its taxonomy; may be empty
accession     the filing's accession number, or what else names the document
form          10-K, 20-F, annual report …
filed_on      the day on which the number became known
"""

import csv
import difflib
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from valor_core.coverage.items import ITEM, Item, Kind, Measure
from valor_core.coverage.records import (
    MAX_BYTES,
    CompanyRecord,
    Flaws,
    ParsedFacts,
    as_date,
    fiscal_year_of,
    lasts_a_year,
    number_problem,
    text_problem,
)
from valor_core.values import FiledFact

COLUMNS = (
    "cik", "name", "ticker", "sic", "fiscal_year", "period_start", "period_end",
    "item", "value", "unit", "tag", "accession", "form", "filed_on",
)  # fmt: skip
DAYS = ("period_start", "period_end", "filed_on")
_HINT = "Start from the template: one number a row, and save the table as CSV in UTF-8."
_HINT_XLSX = "Start from the template: one number a row, on the first sheet or one named Facts."
_NUMBER = re.compile(r"-?[0-9]{1,19}(\.[0-9]{1,12})?([eE][+-]?[0-9]{1,2})?")
_MAX_REFERENCE = 64

_EXAMPLE = """\
320193,Apple Inc.,AAPL,3571,2024,2023-10-01,2024-09-28,revenue,391035000000,USD,\
us-gaap:RevenueFromContractWithCustomerExcludingAssessedTax,0000320193-24-000123,10-K,2024-11-01
320193,Apple Inc.,AAPL,3571,2024,,2024-09-28,cash,29943000000,USD,\
us-gaap:CashAndCashEquivalentsAtCarryingValue,0000320193-24-000123,10-K,2024-11-01
"""


def template() -> str:
    """The table to fill in: the header, and a flow and a balance of Apple's as examples."""
    return ",".join(COLUMNS) + "\n" + _EXAMPLE


def read_facts_csv(raw: bytes) -> list[ParsedFacts]:
    """The companies and facts of a CSV table in the template's shape.

    Everything wrong is told at once with its row and column, and then nothing is read. The header
    is row 1.
    """
    flaws = Flaws()
    rows = _rows(_text(raw, flaws), flaws)
    return _read(enumerate(rows, start=1), flaws, hint=_HINT)


def read_facts_sheet(rows: Iterator[tuple[int, tuple[str, ...]]]) -> list[ParsedFacts]:
    """The companies and facts of a sheet in the template's shape, by rows with their numbers.

    As with a CSV everything wrong is told at once.
    """
    return _read(rows, Flaws(), hint=_HINT_XLSX)


def _read(
    rows: Iterator[tuple[int, tuple[str, ...]]], flaws: Flaws, *, hint: str
) -> list[ParsedFacts]:
    _, header = next(rows, (1, ()))
    _check_header(header, flaws)
    flaws.refuse(hint=hint)

    table = _Table(flaws)
    for number, cells in rows:
        if not any(cells):
            continue
        if len(cells) != len(header):
            flaws.add(f"row {number}", f"has {len(cells):,} cells instead of {len(header)}")
        else:
            table.read(number, dict(zip(header, cells, strict=True)))
        if flaws.full:
            break
    flaws.refuse(hint=hint)
    if not table.facts:
        flaws.add("row 2", "there is no number in the table")
        flaws.refuse(hint=hint)
    return table.companies()


def _text(raw: bytes, flaws: Flaws) -> str:
    """The table as text; a byte that is not UTF-8 is carried on, so that its cell can be named."""
    if len(raw) > MAX_BYTES:
        flaws.add("file", f"{len(raw):,} bytes, more than {MAX_BYTES:,}")
    elif raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        flaws.add("file", "is UTF-16, not UTF-8")
    flaws.refuse(hint=_HINT)
    return raw.decode("utf-8-sig", errors="surrogateescape")


def _rows(text: str, flaws: Flaws) -> Iterator[tuple[str, ...]]:
    """The table's rows; a row that cannot be split ends the reading."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):  # noqa: B007 - told when the next one fails
            yield tuple(cells)
    except csv.Error as error:
        flaws.add(
            f"row {number + 1}", f"cannot be split into cells, is a quote left open? ({error})"
        )


def _check_header(header: tuple[str, ...], flaws: Flaws) -> None:
    names = Counter(header[:1_000])
    if len(header) > len(COLUMNS):
        flaws.add("row 1", f"has {len(header):,} columns instead of {len(COLUMNS)}")
    if len(header) == 1 and header[0].count(";") == len(COLUMNS) - 1:
        flaws.add("row 1", "is split by semicolons, not by commas")
        return
    for column in COLUMNS:
        if column not in names:
            flaws.add("row 1", f"the column {column} is missing")
    for name, times in names.items():
        if name not in COLUMNS:
            flaws.add("row 1", f"the column {name[:40]!a} is unknown{_near(name, COLUMNS)}")
        elif times > 1:
            flaws.add("row 1", f"the column {name} stands {times} times")


def _near(name: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name[:40].lower(), known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


@dataclass(slots=True)
class _Table:
    """What the rows say so far: companies, their facts, and the row that said each first."""

    flaws: Flaws
    said: dict[tuple[str, ...], CompanyRecord] = field(default_factory=dict)
    records: dict[int, tuple[CompanyRecord, int]] = field(default_factory=dict)
    facts: dict[int, list[FiledFact]] = field(default_factory=dict)
    empty: Counter[int] = field(default_factory=Counter)
    currency: dict[int, tuple[str, int]] = field(default_factory=dict)
    first_row: dict[tuple[object, ...], int] = field(default_factory=dict)

    def read(self, number: int, cells: dict[str, str]) -> None:
        """Read one row whole, and keep it if nothing in it is wrong."""
        before = len(self.flaws.found)
        row = _Row(number, {name: cell.strip() for name, cell in cells.items()}, self.flaws)
        record = self._company(row)
        fact = row.fact()
        sound = len(self.flaws.found) == before
        if record:
            self._check_currency(row, record.cik)
        if not sound or record is None:
            return
        if fact is None:
            self.empty[record.cik] += 1
        else:
            self._keep(number, record.cik, fact)

    def companies(self) -> list[ParsedFacts]:
        """The companies in the order of the table, with what was left out."""
        return [
            ParsedFacts(
                company=self.records[cik][0],
                facts=tuple(facts),
                notes=(f"{self.empty[cik]} rows without a value were left out.",)
                if self.empty[cik]
                else (),
            )
            for cik, facts in self.facts.items()
        ]

    def _company(self, row: "_Row") -> CompanyRecord | None:
        """The company that a row names, alike in all its rows."""
        said = tuple(row.cells[column] for column in COLUMNS[:4])
        if said not in self.said:
            record = row.company()
            if record is None:
                return None
            self.said[said] = record
            known, first = self.records.setdefault(record.cik, (record, row.number))
            for column in ("name", "ticker", "sic"):
                ours, theirs = getattr(record, column), getattr(known, column)
                if ours != theirs:
                    self.flaws.add(
                        f"row {row.number}, {column}",
                        f"{ours!r} differs from {theirs!r} in row {first} for CIK {record.cik}",
                    )
        return self.said[said]

    def _check_currency(self, row: "_Row", cik: int) -> None:
        """Whatever else is wrong in the row: all is told at once."""
        item, unit = ITEM.get(row.cells["item"]), row.cells["unit"]
        if item is None or not row.cells["value"] or not item.takes(unit):
            return
        if item.measure is Measure.SHARES:
            return
        currency = unit.removesuffix("/shares")
        usual, first = self.currency.setdefault(cik, (currency, row.number))
        if currency != usual:
            self.flaws.add(
                f"row {row.number}, unit",
                f"{currency} differs from {usual} in row {first}: use one currency a company",
            )

    def _keep(self, number: int, cik: int, fact: FiledFact) -> None:
        same = cik, fact.item, fact.fiscal_year, fact.accession, fact.tag
        first = self.first_row.setdefault(same, number)
        if first == number:
            self.facts.setdefault(cik, []).append(fact)
        else:
            self.flaws.add(
                f"row {number}, fiscal_year",
                f"{fact.item} of {fact.fiscal_year} from {fact.accession} stands in row {first}"
                " already",
            )


@dataclass(frozen=True, slots=True)
class _Row:
    """Reads the cells of one row, and notes each flaw at its column."""

    number: int
    cells: dict[str, str]
    flaws: Flaws

    def company(self) -> CompanyRecord | None:
        """Who filed, or None when that is not said well."""
        cik = self._whole("cik", least=1, most=10**10 - 1)
        sic = self._whole("sic", least=1, most=9_999) if self.cells["sic"] else None
        name, ticker = self._words("name"), self.cells["ticker"]
        if ticker and not re.fullmatch(r"[A-Z0-9][A-Z0-9.\-]{0,11}", ticker):
            self._flaw("ticker", f"{ticker[:20]!a} is not a ticker such as AAPL or BRK-B")
        return CompanyRecord(name=name, cik=cik, ticker=ticker, sic=sic) if cik and name else None

    def fact(self) -> FiledFact | None:
        """The number with its period and filing; None when it is missing or anything is wrong."""
        item = self._item()
        value = self._value()
        start = self._day("period_start") if self.cells["period_start"] else None
        end, filed_on = self._day("period_end"), self._day("filed_on")
        fiscal_year = self._whole("fiscal_year", least=1900, most=2200)
        accession, form = (
            self._words("accession", most=_MAX_REFERENCE),
            self._words("form", most=20),
        )
        tag, unit = self.cells["tag"], self.cells["unit"]
        if tag and not re.fullmatch(r"[A-Za-z][A-Za-z0-9\-]*:[A-Za-z0-9_]{1,190}", tag):
            self._flaw("tag", f"{tag[:40]!a} is not a tag such as us-gaap:Revenues")
        if item and not item.takes(unit):
            self._flaw("unit", f"{unit[:20]!a} does not fit {item.name}: {_usual_unit(item)}")
        if end and filed_on and filed_on < end:
            self._flaw("filed_on", f"{filed_on} is before the period ended, {end}")
        if item and end:
            self._check_period(item, start, end, fiscal_year)
        if not (item and end and filed_on and fiscal_year) or value is None:
            return None
        return FiledFact(
            item=item.name,
            value=value,
            unit=unit,
            tag=tag,
            accession=accession,
            form=form,
            filed_on=filed_on,
            fiscal_year=fiscal_year,
            period_start=start,
            period_end=end,
        )

    def _check_period(self, item: Item, start: date | None, end: date, year: int | None) -> None:
        if item.kind is not Kind.FLOW and self.cells["period_start"]:
            self._flaw("period_start", f"must be empty, since {item.name} is of one day")
        elif start and not lasts_a_year(start, end):
            days = (end - start).days + 1
            self._flaw("period_end", f"{start} to {end} is {days} days, not a year of 345 to 385")
        expected = fiscal_year_of(end)
        fits = (expected - 1, expected) if item.kind is Kind.COVER else (expected,)
        if year and year not in fits:
            self._flaw(
                "fiscal_year",
                f"{year} does not fit a period that ends on {end}, which is {expected} here "
                "(a year that ends in January to May counts as the year before)",
            )

    def _flaw(self, column: str, problem: str) -> None:
        self.flaws.add(f"row {self.number}, {column}", problem)

    def _words(self, column: str, *, most: int = 200) -> str:
        text = self.cells[column]
        if problem := text_problem(text, most=most):
            self._flaw(column, problem)
        return text

    def _day(self, column: str) -> date | None:
        day = as_date(self.cells[column])
        if day is None:
            self._flaw(column, f"{self.cells[column][:20]!a} is not a day such as 2024-09-28")
        return day

    def _whole(self, column: str, *, least: int, most: int) -> int | None:
        text = self.cells[column]
        if re.fullmatch(r"[0-9]{1,12}", text) and least <= int(text) <= most:
            return int(text)
        self._flaw(column, f"{text[:20]!a} is not a whole number of {least} to {most:,}")
        return None

    def _value(self) -> float | None:
        text = self.cells["value"]
        if not text:
            return None
        if not _NUMBER.fullmatch(text):
            self._flaw("value", f"{text[:30]!a} is not a plain number such as -1234.5")
            return None
        value = float(text)
        if problem := number_problem(value):
            self._flaw("value", f"{text[:30]} {problem}")
        return value

    def _item(self) -> Item | None:
        name = self.cells["item"]
        if name not in ITEM:
            self._flaw("item", f"{name[:40]!a} is unknown{_near(name, tuple(ITEM))}")
        return ITEM.get(name)


def _usual_unit(item: Item) -> str:
    match item.measure:
        case Measure.MONEY:
            return "write a currency such as USD"
        case Measure.SHARES:
            return "write shares"
        case Measure.PER_SHARE:
            return "write a currency a share such as USD/shares"
