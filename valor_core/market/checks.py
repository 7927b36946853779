"""What is doubtful in a provider's series: each doubt of a day, or of the whole, in words.

A row is held against its own sense, the row before it that is not in doubt, the series that was
kept before, and that of another provider.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from valor_core.market.provider import BarsQuery, Capability, FxQuery, MacroQuery
from valor_core.market.series import Bar, Observation, Series

SeriesQuery = BarsQuery | MacroQuery | FxQuery
JUMP = 20.0
"""No price moves by this factor from one day to the next; a scale that is off by 100 does."""

DEVIATION = {Capability.BARS: 0.02, Capability.FX: 0.01, Capability.MACRO: 1e-9}
"""How far two providers may lie apart on a day, as a share of the value."""

STALE_DAYS = {Capability.BARS: 7, Capability.FX: 7, Capability.MACRO: 130}
"""For how long a series may say nothing before the day that was asked for; some are quarterly."""


class DoubtKind(StrEnum):
    """What may be wrong."""

    NOT_FINITE = "not_finite"
    NEGATIVE = "negative"
    CROSSED = "crossed"
    REPEATED = "repeated"
    OUTSIDE = "outside"
    FUTURE = "future"
    JUMP = "jump"
    DEVIATES = "deviates"
    STALE = "stale"
    ANOTHER_SYMBOL = "another_symbol"
    ANOTHER_UNIT = "another_unit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What may be wrong on a day, or with the whole series where there is no day."""

    kind: DoubtKind
    day: date | None
    told: str


def doubts(
    series: Series,
    query: SeriesQuery,
    *,
    today: date,
    before: Series | None = None,
    others: Mapping[str, Series] | None = None,
) -> list[Doubt]:
    """All that is doubtful; nothing in a series that is as it should be.

    `before` is what was kept of it last, `others` what other providers said, by their titles.
    """
    found = [*_of_the_whole(series, query, today, before), *_of_rows(series, query, today)]
    in_doubt = {doubt.day for doubt in found}
    sound = [row for row in series.rows if row.day not in in_doubt]
    found += _jumps(sound, before)
    for title, other in (others or {}).items():
        found += _deviations(sound, query, title, other)
    return list({(doubt.day, doubt.kind): doubt for doubt in found}.values())


def value_of(row: Bar | Observation) -> float:
    """The value of a day: a bar's last price."""
    return row.close if isinstance(row, Bar) else row.value


def _of_the_whole(
    series: Series, query: SeriesQuery, today: date, before: Series | None
) -> Iterator[Doubt]:
    wanted = symbol_of(query)
    if series.symbol != wanted:
        told = f"{wanted} was asked for, {series.symbol} came"
        yield Doubt(kind=DoubtKind.ANOTHER_SYMBOL, day=None, told=told)
    if before and (series.unit, series.currency) != (before.unit, before.currency):
        told = f"it is in {series.unit}, and was in {before.unit}"
        yield Doubt(kind=DoubtKind.ANOTHER_UNIT, day=None, told=told)
    newest = max((row.day for row in series.rows), default=None)
    until = min(query.end, today)
    if newest and (until - newest).days > STALE_DAYS[query.capability]:
        told = f"its newest day is {newest}, {(until - newest).days} days before {until}"
        yield Doubt(kind=DoubtKind.STALE, day=None, told=told)


def symbol_of(query: SeriesQuery) -> str:
    """What a series that answers the question is called."""
    if isinstance(query, BarsQuery):
        return query.symbol
    return query.series if isinstance(query, MacroQuery) else f"{query.base}{query.quote}"


def _of_rows(series: Series, query: SeriesQuery, today: date) -> Iterator[Doubt]:
    seen: set[date] = set()
    for row in series.rows:
        for kind, told in _of_row(row, priced=query.capability is not Capability.MACRO):
            yield Doubt(kind=kind, day=row.day, told=told)
        if row.day in seen:
            yield Doubt(kind=DoubtKind.REPEATED, day=row.day, told="the day stands there twice")
        seen.add(row.day)
        if row.day > today + timedelta(days=1):  # elsewhere it is tomorrow already
            yield Doubt(kind=DoubtKind.FUTURE, day=row.day, told="the day has not come yet")
        elif not query.start <= row.day <= query.end:
            told = f"{query.start} to {query.end} was asked for"
            yield Doubt(kind=DoubtKind.OUTSIDE, day=row.day, told=told)


def _of_row(row: Bar | Observation, *, priced: bool) -> Iterator[tuple[DoubtKind, str]]:
    if isinstance(row, Bar):
        prices = (row.open, row.high, row.low, row.close)
        if not all(map(math.isfinite, (*prices, row.volume))):
            yield DoubtKind.NOT_FINITE, "a price or the volume is no number"
        elif min(prices) <= 0.0 or row.volume < 0.0:
            yield DoubtKind.NEGATIVE, "a price is not above zero, or the volume is below"
        elif not row.low <= min(row.open, row.close) <= max(row.open, row.close) <= row.high:
            told = f"low {row.low:,.6g} and high {row.high:,.6g} do not hold the other prices"
            yield DoubtKind.CROSSED, told
    elif not math.isfinite(row.value):
        yield DoubtKind.NOT_FINITE, "it is no number"
    elif priced and row.value <= 0.0:
        yield DoubtKind.NEGATIVE, f"a rate of {row.value:,.6g} is not above zero"


def _jumps(rows: Sequence[Bar | Observation], before: Series | None) -> Iterator[Doubt]:
    """Each row that lies too far from the last one that is trusted, so all of a wrong scale do."""
    known = {row.day: value_of(row) for row in before.rows} if before else {}
    trusted = next((known[day] for day in sorted(known) if rows and day >= rows[0].day), None)
    for row in sorted(rows, key=lambda each: each.day):
        value = value_of(row)
        against = known.get(row.day, trusted)
        if against is not None and _factor(value, against) >= JUMP:
            told = f"{value:,.6g} after {against:,.6g}, {value / against:,.4g} times as much"
            yield Doubt(kind=DoubtKind.JUMP, day=row.day, told=told)
        elif value:
            trusted = value


def _factor(value: float, against: float) -> float:
    """How many times the larger is the smaller; rates that cross zero have no factor."""
    if value * against <= 0.0:
        return 1.0
    return max(value / against, against / value)


def _deviations(
    rows: Sequence[Bar | Observation], query: SeriesQuery, title: str, other: Series
) -> Iterator[Doubt]:
    theirs = {row.day: value_of(row) for row in other.rows}
    for row in rows:
        said, value = theirs.get(row.day), value_of(row)
        if said is not None and abs(value - said) > DEVIATION[query.capability] * abs(said):
            told = f"{value:,.6g} here, {said:,.6g} at {title}"
            yield Doubt(kind=DoubtKind.DEVIATES, day=row.day, told=told)
