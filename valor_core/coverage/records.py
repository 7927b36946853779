"""What every importer hands over: one company and the facts that it filed."""

import math
import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from valor_core.errors import BadInputs, Flaw
from valor_core.values import FiledFact

MAX_BYTES = 25_000_000
"""The largest document or table that is read, as sent."""

MAX_VALUE = 1e18
"""No company files a number as large as this; a bigger one is a slip of the keyboard."""

MAX_NAME = 200
YEAR_DAYS = range(345, 386)
"""A fiscal year of 52 or 53 weeks, or one that was moved a little, still is a year."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EDGES_OF_A_YEAR = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyRecord:
    """Who filed. The CIK is the key: a ticker moves from one company to another."""

    name: str
    cik: int
    ticker: str = ""
    sic: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFacts:
    """One company with every vintage of its annual figures, and what was left out and why."""

    company: CompanyRecord
    facts: tuple[FiledFact, ...]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Flaws:
    """Collects everything that is wrong, so that a person hears it all at once.

    It keeps a thousand flaws: whoever has more does not mend them one by one.
    """

    most: int = 1_000
    found: list[Flaw] = field(default_factory=list)

    def add(self, place: str, problem: str) -> None:
        """Note a flaw."""
        if not self.full:
            self.found.append(Flaw(place, problem))

    @property
    def full(self) -> bool:
        """Whether reading on would tell nothing new."""
        return len(self.found) >= self.most

    def refuse(self, *, hint: str) -> None:
        """Raise what was found, if anything was."""
        if self.found:
            raise BadInputs(self.found, hint=hint)


def fiscal_year_of(period_end: date) -> int:
    """The fiscal year that a period belongs to: one that ends in January to May is the year before.

    The edge lies a week later, so that years of 52 and 53 weeks that end around the first of June
    or of January keep one number each.

    >>> fiscal_year_of(date(2025, 1, 26)), fiscal_year_of(date(2025, 9, 27))
    (2024, 2025)
    >>> fiscal_year_of(date(2012, 6, 2)), fiscal_year_of(date(2011, 1, 1))
    (2011, 2010)
    """
    day = period_end - _EDGES_OF_A_YEAR
    return day.year if day.month >= 6 else day.year - 1


def lasts_a_year(start: date, end: date) -> bool:
    """Whether a period is a fiscal year: 345 to 385 days, as 52 and 53 weeks and moved ends are."""
    return (end - start).days + 1 in YEAR_DAYS


def as_date(text: Any) -> date | None:
    """A calendar day written as 2024-09-28, or None when it is no such day."""
    return _day(text) if isinstance(text, str) else None


@lru_cache(maxsize=4096)  # a table names few days, each of them often
def _day(text: str) -> date | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1900 <= day.year <= 2200 else None


def number_problem(value: float) -> str | None:
    """Why a number cannot be a filed figure, or None when it can."""
    if not math.isfinite(value):
        return "is not a finite number"
    if abs(value) > MAX_VALUE:
        return f"is beyond {MAX_VALUE:.0e}"
    return None


def text_problem(text: str, *, most: int = MAX_NAME) -> str | None:
    """Why a text cannot be kept, or None when it can: empty, long, or with unseen characters."""
    if not text.strip():
        return "is empty"
    if len(text) > most:
        return f"has {len(text):,} characters, more than {most}"
    if not text.isprintable():
        odd = next(character for character in text if not character.isprintable())
        if "\udc80" <= odd <= "\udcff":  # how a byte that is not UTF-8 is carried through decoding
            return f"is not UTF-8 (byte {ord(odd) - 0xDC00:#04x})"
        return f"holds a character that cannot be shown (U+{ord(odd):04X})"
    return None
