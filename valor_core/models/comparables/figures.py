"""A company's figures of twelve months, and how years of different ends are made alike."""

from dataclasses import dataclass, field, fields

from valor_core.models.comparables.refusals import MonthOutOfRange
from valor_core.models.fields import Unit, says, settle
from valor_core.models.numbers import Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a company earned in twelve months, and its book equity at their end; none: unknown."""

    revenue: Numbers | None = field(default=None, metadata=says("revenue", Unit.MONEY))
    ebitda: Numbers | None = field(
        default=None, metadata=says("EBITDA", Unit.MONEY, label="EBITDA")
    )
    ebit: Numbers | None = field(default=None, metadata=says("EBIT", Unit.MONEY, label="EBIT"))
    net_income: Numbers | None = field(
        default=None, metadata=says("net income of the common owners", Unit.MONEY)
    )
    free_cash_flow: Numbers | None = field(
        default=None, metadata=says("free cash flow to equity", Unit.MONEY)
    )
    book_equity: Numbers | None = field(
        default=None, metadata=says("book value of the common equity", Unit.MONEY)
    )

    def __post_init__(self) -> None:
        settle(self)


BALANCES = frozenset({"book_equity"})
"""Figures of a day, of which the latest counts; the others are of a period."""


def last_twelve_months(year: Figures, to_date: Figures, to_date_before: Figures) -> Figures:
    """Fiscal year + this year to date − last year to the same date; balances are the latest.

    >>> year, now, before = (Figures(revenue=revenue) for revenue in (100.0, 30.0, 24.0))
    >>> last_twelve_months(year, now, before).revenue
    106.0
    """

    def joined(name: str) -> Numbers | None:
        whole, new, old = (getattr(each, name) for each in (year, to_date, to_date_before))
        if name in BALANCES:
            return new
        return None if whole is None or new is None or old is None else whole + new - old

    return Figures(**{each.name: joined(each.name) for each in fields(Figures)})


def calendarised(first: Figures, second: Figures, months: int) -> Figures:
    """Twelve months of which the first fiscal year has some: m/12 of it + (12 − m)/12 of the next.

    >>> calendarised(Figures(revenue=100.0), Figures(revenue=120.0), 3).revenue
    115.0
    """

    def mixed(name: str) -> Numbers | None:
        one, other = getattr(first, name), getattr(second, name)
        if months == 12:
            return one
        part = months / 12
        return None if one is None or other is None else one * part + other * (1.0 - part)

    return Figures(**{each.name: mixed(each.name) for each in fields(Figures)})


def months_within(year_end: int, common: int) -> int:
    """How many months of a fiscal year lie in the common year during which it ends.

    >>> [months_within(month, 12) for month in (12, 6, 3)], months_within(1, 12)
    ([12, 6, 3], 1)
    """
    for month in (year_end, common):
        if not 1 <= month <= 12:
            raise MonthOutOfRange(month=month)
    return (year_end - common - 1) % 12 + 1
