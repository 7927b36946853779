"""Reads an SEC companyfacts document: every annual figure, in every filing that showed it.

A fact's period is decided by its own start and end, never by `fy` and `fp`: those belong to the
filing, and a filing also shows the years before. Its quarters are left out.
"""

import gzip
import io
import json
import re
import zlib
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Any

from valor_core.coverage.items import ITEMS_OF_TAG, Item, Kind, Measure
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

MAX_INFLATED = 100_000_000
_MOST_CONTAINERS = 500_000  # a fact is one, so this is more than any company ever filed
_MOST_COMMAS = 5_000_000
_MOST_FIGURES = 100_000  # of the items that are read; Apple's twenty years are 2,000
_HINT = "Download the document again from data.sec.gov/api/xbrl/companyfacts and send it unchanged."
ANNUAL_FORMS = frozenset(
    {"10-K", "10-K/A", "10-KT", "10-KT/A", "10-K405", "20-F", "20-F/A", "40-F", "40-F/A"}
)
_ACCESSION = re.compile(r"[0-9]{10}-[0-9]{2}-[0-9]{6}")
_SLACK_DAYS = 16  # early filings round a year end to the end of its month
_YEAR = 365.2425


@dataclass(frozen=True, slots=True)
class _Shown:
    """One number as one filing shows it, before it is known to be annual."""

    item: Item
    tag: str
    unit: str
    start: date | None
    end: date
    value: float
    accession: str
    form: str
    filed_on: date


def read_companyfacts(raw: bytes) -> ParsedFacts:
    """The company and its annual facts from an SEC companyfacts document, plain or gzipped.

    Everything wrong is told at once with its place in the document, and then nothing is read.
    """
    flaws = Flaws()
    document = _document(_inflated(raw, flaws), flaws)
    flaws.refuse(hint=_HINT)
    company = _company(document, flaws)
    shown = list(islice(_shown(document, flaws), _MOST_FIGURES + 1))
    if len(shown) > _MOST_FIGURES:
        flaws.add("facts", f"more than {_MOST_FIGURES:,} figures of one company")
    flaws.refuse(hint=_HINT)

    notes: list[str] = []
    annual = _annual(_in_one_currency(shown, notes), notes)
    if not annual:
        flaws.add("facts", "no figure of a full fiscal year from a 10-K, 20-F or 40-F")
        flaws.refuse(hint="Send the document of a company that files annual reports in XBRL.")
    return ParsedFacts(company=company, facts=_unambiguous(annual, notes), notes=tuple(notes))


def _inflated(raw: bytes, flaws: Flaws) -> bytes:
    if len(raw) > MAX_BYTES:
        flaws.add("document", f"{len(raw):,} bytes, more than {MAX_BYTES:,}")
    elif raw[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(raw)) as stream:
                raw = stream.read(MAX_INFLATED + 1)
        except (OSError, EOFError, zlib.error) as error:
            flaws.add("document", f"is damaged gzip ({error})")
        if len(raw) > MAX_INFLATED:
            flaws.add("document", f"inflates to more than {MAX_INFLATED:,} bytes")
    flaws.refuse(hint=_HINT)
    return raw


class _NotJson:
    """Stands where Python would read NaN or Infinity, which JSON does not know."""


def _document(raw: bytes, flaws: Flaws) -> dict[str, Any]:
    """The JSON object, read strictly: no NaN, no key twice, no more parts than a company has."""
    if raw.count(b"{") + raw.count(b"[") > _MOST_CONTAINERS or raw.count(b",") > _MOST_COMMAS:
        flaws.add("document", "has more parts than any company ever filed")
        flaws.refuse(hint=_HINT)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        whole = dict(pairs)
        if len(whole) < len(pairs):
            twice = next(key for key, n in Counter(key for key, _ in pairs).items() if n > 1)
            flaws.add("document", f"the key {twice[:80]!a} stands twice in one object")
        return whole

    try:
        document = json.loads(
            raw.decode("utf-8-sig"),
            object_pairs_hook=once,
            parse_constant=lambda _: _NotJson(),
            parse_int=_integer,
        )
    except UnicodeDecodeError as error:
        flaws.add("document", f"is not UTF-8 (byte {error.start:,})")
    except json.JSONDecodeError as error:
        flaws.add("document", f"is not JSON: {error.msg} (line {error.lineno}, {error.colno})")
    except RecursionError:
        flaws.add("document", "is nested too deeply to be a companyfacts document")
    else:
        if isinstance(document, dict):
            return document
        flaws.add("document", "is not a JSON object")
    return {}


def _integer(digits: str) -> int | float:
    """An integer of a readable length; a longer one is as good as infinite, and refused as such."""
    return int(digits) if len(digits) <= 30 else float("inf")


def _company(document: dict[str, Any], flaws: Flaws) -> CompanyRecord:
    name, cik = document.get("entityName"), document.get("cik")
    if not isinstance(name, str):
        flaws.add("entityName", "is missing or not a text")
        name = ""
    elif problem := text_problem(name):
        flaws.add("entityName", problem)
    if isinstance(cik, str) and re.fullmatch(r"[0-9]{1,10}", cik):
        cik = int(cik)
    if not isinstance(cik, int) or isinstance(cik, bool) or not 0 < cik < 10**10:
        flaws.add("cik", "is missing or not a number of up to ten digits")
        cik = 0
    return CompanyRecord(name=name.strip(), cik=cik)


def _shown(document: dict[str, Any], flaws: Flaws) -> Iterator[_Shown]:
    """Every number of a tag that Valor knows and of a form that reports a year."""
    taxonomies = _object(document.get("facts"), "facts", flaws)
    tags_of = {
        taxonomy: _object(tags, f"facts.{taxonomy[:80]}", flaws)
        for taxonomy, tags in taxonomies.items()
    }
    for known, items in ITEMS_OF_TAG.items():
        taxonomy, _, tag = known.partition(":")
        if tag in tags_of.get(taxonomy, {}):
            content, place = tags_of[taxonomy][tag], f"facts.{taxonomy}.{tag}"
            for shown in _of_tag(items[0], known, content, place, flaws):
                yield from (replace(shown, item=item) for item in items)


def _of_tag(item: Item, tag: str, content: Any, place: str, flaws: Flaws) -> Iterator[_Shown]:
    units = _object(_object(content, place, flaws).get("units"), f"{place}.units", flaws)
    for unit, rows in units.items():
        there = f"{place}.units.{unit[:80]}"
        if not isinstance(rows, list):
            flaws.add(there, "is not a list")
        elif item.takes(unit):
            for number, row in enumerate(rows):
                if flaws.full:
                    return
                if not isinstance(row, dict):
                    flaws.add(f"{there}[{number}]", "is not an object")
                    continue
                shown = _Reading(row, there, number, flaws).shown(item, tag, unit)
                if shown and shown.form in ANNUAL_FORMS:
                    yield shown


def _object(value: Any, place: str, flaws: Flaws) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    flaws.add(place, "is missing" if value is None else "is not an object")
    return {}


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads the fields of one number, and notes each flaw at its place."""

    row: dict[str, Any]
    unit_place: str
    number: int
    flaws: Flaws

    def shown(self, item: Item, tag: str, unit: str) -> _Shown | None:
        """The number with its period and filing, or None when anything about it is wrong."""
        value, accession, form = self.value(), self.accession(), self.form()
        start = self.day("start") if self.row.get("start") is not None else None
        end, filed_on = self.day("end"), self.day("filed")
        if start and end and start > end:
            self.flaw("start", f"{start} lies after the end, {end}")
        elif value is not None and accession and form and end and filed_on:
            return _Shown(item, tag, unit, start, end, value, accession, form, filed_on)
        return None

    def flaw(self, key: str, problem: str) -> None:
        self.flaws.add(f"{self.unit_place}[{self.number}].{key}", problem)

    def value(self) -> float | None:
        value = self.row.get("val")
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.flaw("val", "is missing" if value is None else "is not a number")
        elif problem := number_problem(value):
            self.flaw("val", problem)
        else:
            return float(value)
        return None

    def day(self, key: str) -> date | None:
        day = as_date(self.row.get(key))
        if day is None:
            self.flaw(key, "is not a day such as 2024-09-28")
        return day

    def accession(self) -> str | None:
        accession = self.row.get("accn")
        if isinstance(accession, str) and _ACCESSION.fullmatch(accession):
            return accession
        self.flaw("accn", "is not an accession number such as 0000320193-24-000123")
        return None

    def form(self) -> str | None:
        form = self.row.get("form")
        if isinstance(form, str) and not text_problem(form, most=20):
            return form
        self.flaw("form", "is not the name of a form such as 10-K")
        return None


def _in_one_currency(shown: list[_Shown], notes: list[str]) -> list[_Shown]:
    """The figures in the currency that the company mostly reports in; a sum cannot mix two."""
    currencies = Counter(fact.unit for fact in shown if fact.item.measure is Measure.MONEY)
    if len(currencies) <= 1:
        return shown
    currency = min(currencies, key=lambda unit: (-currencies[unit], unit))
    others = ", ".join(sorted(set(currencies) - {currency}))
    notes.append(f"Figures in {others} were left out: the company mostly reports in {currency}.")
    return [fact for fact in shown if fact.unit in {currency, "shares", f"{currency}/shares"}]


def _annual(shown: list[_Shown], notes: list[str]) -> list[FiledFact]:
    """The figures of full fiscal years, each with its year."""
    years = _Years(shown)
    annual = []
    early = 0
    for fact in shown:
        year_end = years.end_for(fact)
        if year_end is None:
            continue
        if fact.filed_on < fact.end:
            early += 1
            continue
        annual.append(
            FiledFact(
                item=fact.item.name,
                value=fact.value,
                unit=fact.unit,
                tag=fact.tag,
                accession=fact.accession,
                form=fact.form,
                filed_on=fact.filed_on,
                fiscal_year=fiscal_year_of(year_end),
                period_start=fact.start if fact.item.kind is Kind.FLOW else None,
                period_end=fact.end,
            )
        )
    if early:
        notes.append(f"{early} figures dated after their own filing were left out.")
    return annual


class _Years:
    """The fiscal year ends of a company, as its flows of a year show them."""

    def __init__(self, shown: list[_Shown]) -> None:
        flows = [fact for fact in shown if _is_yearly_flow(fact)]
        self.ends = sorted({fact.end for fact in flows})
        self.last_in: dict[str, date] = {}
        for fact in flows:
            last = self.last_in.get(fact.accession, fact.end)
            self.last_in[fact.accession] = max(last, fact.end)

    def end_for(self, fact: _Shown) -> date | None:
        """The end of the fiscal year that a number belongs to; None for a quarter's number."""
        match fact.item.kind:
            case Kind.FLOW:
                return fact.end if _is_yearly_flow(fact) else None
            case Kind.BALANCE:
                return fact.end if fact.start is None and self._ends_one(fact.end) else None
            case Kind.COVER:
                before = bisect_right(self.ends, fact.end)
                last = self.ends[before - 1] if before else None
                return self.last_in.get(fact.accession, last)

    def _ends_one(self, day: date) -> bool:
        """Whether a day is near a known year end, or near an anniversary of the nearest one."""
        after = bisect_right(self.ends, day)
        around = self.ends[max(after - 1, 0) : after + 1]
        off = min((abs((end - day).days) for end in around), default=None)
        if off is None:
            return False
        return min(off % _YEAR, _YEAR - off % _YEAR) <= _SLACK_DAYS


def _is_yearly_flow(fact: _Shown) -> bool:
    if fact.item.kind is not Kind.FLOW or fact.start is None:
        return False
    return lasts_a_year(fact.start, fact.end)


def _unambiguous(annual: list[FiledFact], notes: list[str]) -> tuple[FiledFact, ...]:
    """Each number once; where one filing gives two for the same thing, neither."""
    alike: dict[tuple[str, str, str, date], list[FiledFact]] = defaultdict(list)
    for fact in annual:
        alike[fact.item, fact.tag, fact.accession, fact.period_end].append(fact)
    kept = []
    for facts in alike.values():
        if len({fact.value for fact in facts}) == 1:
            kept.append(facts[0])
        else:
            first = facts[0]
            notes.append(
                f"{first.item} of {first.period_end} was left out: {first.accession} gives "
                f"{len({fact.value for fact in facts})} different numbers for it."
            )
    return tuple(
        sorted(kept, key=lambda fact: (fact.period_end, fact.item, fact.filed_on, fact.tag))
    )
