"""What we counted against what the provider billed: each difference by its cause, to the cent.

Of each day, meter and currency: what was metered, what makes the difference, what was billed. The
two ends are added up by themselves, the differences come from the single uses; what they leave
over would be UNEXPLAINED.
"""

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any

from valor_core.cells import inert

NO_CURRENCY = "XXX"  # ISO 4217: no currency is involved
INVOICES = "invoices"


class Line(StrEnum):
    """What a row of a reconciliation is: an end of it, or the cause of a difference."""

    METERED = "METERED"
    MISSING_AT_PROVIDER = "MISSING_AT_PROVIDER"
    EXTRA_AT_PROVIDER = "EXTRA_AT_PROVIDER"
    QUANTITY_MISMATCH = "QUANTITY_MISMATCH"
    PLAN_VERSION_MISMATCH = "PLAN_VERSION_MISMATCH"
    PRICE_MISMATCH = "PRICE_MISMATCH"
    ROUNDING = "ROUNDING"
    DAY_BOUNDARY = "DAY_BOUNDARY"
    LATE_AFTER_CLOSE = "LATE_AFTER_CLOSE"
    MISSING_USAGE = "MISSING_USAGE"
    ORPHAN_USAGE = "ORPHAN_USAGE"
    ROLLUP_DRIFT = "ROLLUP_DRIFT"
    UNKNOWN_TENANT = "UNKNOWN_TENANT"
    ID_REUSED_DIFFERENT_BODY = "ID_REUSED_DIFFERENT_BODY"
    DUPLICATE_DELIVERY = "DUPLICATE_DELIVERY"
    STALE_IGNORED = "STALE_IGNORED"
    UNEXPLAINED = "UNEXPLAINED"
    BILLED = "BILLED"


MEANING = {
    Line.METERED: "What we counted, at the tenant's prices.",
    Line.MISSING_AT_PROVIDER: "Counted here, never billed.",
    Line.EXTRA_AT_PROVIDER: "Billed, or billed once more, though it was not counted here.",
    Line.QUANTITY_MISMATCH: "Billed in another quantity.",
    Line.PLAN_VERSION_MISMATCH: "Billed under another version of the plan.",
    Line.PRICE_MISMATCH: "Billed at another price, or in another currency.",
    Line.ROUNDING: "One minor unit, by another way of rounding.",
    Line.DAY_BOUNDARY: "Billed on the day before or after; the two days cancel out.",
    Line.LATE_AFTER_CLOSE: "Told to the provider after its day was closed, billed on a later day.",
    Line.MISSING_USAGE: "In the audit log, and yet not counted.",
    Line.ORPHAN_USAGE: "Counted, and yet not in the audit log.",
    Line.ROLLUP_DRIFT: "The closed day is not the sum of its uses any more.",
    Line.UNKNOWN_TENANT: "Billed to a tenant that is not here.",
    Line.ID_REUSED_DIFFERENT_BODY: "An event came again with another body; the first one stands.",
    Line.DUPLICATE_DELIVERY: "An event came more than once, and counted once.",
    Line.STALE_IGNORED: "A turn of an invoice came after a newer one.",
    Line.UNEXPLAINED: "Nothing above explains it.",
    Line.BILLED: "What the provider billed.",
}
_ENDS = (Line.METERED, Line.BILLED)
_ORDER = {line: n for n, line in enumerate(Line)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """So many minor units for so many units of a meter, from a day on."""

    meter: str
    valid_from: str
    price_minor: int
    per_quantity: int
    currency: str
    plan_version: str

    def of(self, quantity: int) -> int:
        """What a quantity costs, to the minor unit, a half to the even one."""
        return round(Fraction(quantity * self.price_minor, self.per_quantity))


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """One use, as we counted it."""

    usage_id: str
    meter: str
    day: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """One use, as the provider billed it."""

    event_id: str
    usage_id: str
    day: str
    quantity: int
    price: Price
    amount_minor: int
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedDay:
    """What a meter counted on a day, as it was added up when the day was over."""

    meter: str
    day: str
    quantity: int
    closed_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Something that makes no difference and is told all the same."""

    line: Line
    day: str
    meter: str
    currency: str
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """All that is compared; `acts` is what the log says should have been counted, if it can."""

    first: date
    last: date
    used: Sequence[Used]
    billed: Sequence[Billed]
    prices: Sequence[Price]
    closed: Sequence[ClosedDay]
    noted: Sequence[Noted]
    acts: Mapping[str, Used] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a day, meter and currency; a difference is what was billed beyond the metered."""

    day: str
    meter: str
    currency: str
    line: Line
    quantity: int
    amount_minor: int
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """One currency over the whole time."""

    currency: str
    metered_minor: int
    billed_minor: int
    explained_minor: int
    unexplained_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """Both ends and all between them, by day, meter and currency."""

    tenant: str
    first: date
    last: date
    rows: tuple[Row, ...]

    @property
    def totals(self) -> list[Total]:
        """The money of each currency."""
        sums: dict[str, dict[Line, int]] = defaultdict(lambda: defaultdict(int))
        for row in self.rows:
            sums[row.currency][row.line] += row.amount_minor
        return [
            Total(
                currency=currency,
                metered_minor=of[Line.METERED],
                billed_minor=of[Line.BILLED],
                explained_minor=sum(
                    a for line, a in of.items() if line not in (*_ENDS, Line.UNEXPLAINED)
                ),
                unexplained_minor=of[Line.UNEXPLAINED],
            )
            for currency, of in sorted(sums.items())
        ]

    @property
    def causes(self) -> list[Row]:
        """The rows that tell of a difference, or of what makes none."""
        return [row for row in self.rows if row.line not in _ENDS]

    def as_csv(self) -> str:
        """All rows as a spreadsheet reads them; no text in it is taken for a formula."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        columns = ("day", "meter", "currency", "line", "quantity", "amount_minor", "events")
        writer.writerow(["tenant", *columns])
        for row in self.rows:
            writer.writerow([inert(self.tenant), *(getattr(row, name) for name in columns)])
        return text.getvalue()

    @property
    def csv_sha256(self) -> str:
        """By which the JSON names the CSV of the same figures."""
        return hashlib.sha256(self.as_csv().encode()).hexdigest()


def reconcile(books: Books, *, tenant: str = "") -> Reconciliation:
    """Every difference between what was metered and what was billed, by its cause."""
    days = (books.first.isoformat(), books.last.isoformat())
    cells: dict[tuple[str, str, str, Line], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in (*_metered_and_billed(books), *_differences(books), *_notes(books)):
        if days[0] <= row.day <= days[1]:
            cell = cells[row.day, row.meter, row.currency, row.line]
            for n, each in enumerate((row.quantity, row.amount_minor, row.events)):
                cell[n] += each
    rows = [
        Row(day=d, meter=m, currency=c, line=line, quantity=q, amount_minor=a, events=n)
        for (d, m, c, line), (q, a, n) in cells.items()
    ]
    rows += _left_over(rows)
    rows.sort(key=lambda row: (row.day, row.meter, row.currency, _ORDER[row.line]))
    return Reconciliation(tenant=tenant, first=books.first, last=books.last, rows=tuple(rows))


def of_nobody(first: date, last: date, billed: Sequence[Billed]) -> Reconciliation:
    """What was billed to tenants that are not here: all of it is a difference."""
    nothing: Sequence[Any] = ()
    books = Books(
        first=first, last=last, used=nothing, billed=billed, prices=nothing, closed=nothing,
        noted=nothing, acts=None,
    )  # fmt: skip
    found = reconcile(books)
    rows = (
        replace(row, line=Line.UNKNOWN_TENANT) if row.line is Line.EXTRA_AT_PROVIDER else row
        for row in found.rows
    )
    return replace(found, rows=tuple(rows))


def _metered_and_billed(books: Books) -> Iterator[Row]:
    pairs = _pairs(books.billed)
    for use in books.used:
        price = price_on(use, books.prices, pairs.get((use.usage_id, use.meter)))
        yield _row(Line.METERED, use.day, price, use.quantity, price.of(use.quantity))
    for each in books.billed:
        yield _row(Line.BILLED, each.day, each.price, each.quantity, each.amount_minor)


def _differences(books: Books) -> Iterator[Row]:
    pairs = _pairs(books.billed)
    closed = {(each.day, each.meter): each for each in books.closed}
    used = {(use.usage_id, use.meter) for use in books.used}
    acts = books.acts
    for use in books.used:
        theirs = pairs.get((use.usage_id, use.meter))
        price = price_on(use, books.prices, theirs)
        orphan = acts is not None and use.usage_id not in acts
        if theirs is None:
            line = Line.ORPHAN_USAGE if orphan else Line.MISSING_AT_PROVIDER
            yield _row(line, use.day, price, -use.quantity, -price.of(use.quantity))
            continue
        if orphan:
            yield _row(Line.ORPHAN_USAGE, use.day, price, 0, 0)
        yield from _between(use, theirs, price, closed.get((use.day, use.meter)))
    for each in books.billed:
        key = each.usage_id, each.price.meter
        if key not in used or pairs[key] is not each:
            unmetered = acts is not None and each.usage_id in acts and pairs[key] is each
            line = Line.MISSING_USAGE if unmetered else Line.EXTRA_AT_PROVIDER
            yield _row(line, each.day, each.price, each.quantity, each.amount_minor)
    for usage_id, act in (acts or {}).items():
        key = usage_id, act.meter
        if key not in used and key not in pairs:
            yield _row(Line.MISSING_USAGE, act.day, price_on(act, books.prices), 0, 0)


def _between(use: Used, theirs: Billed, price: Price, closed: ClosedDay | None) -> Iterator[Row]:
    """Why one use was billed as it was: its day, then quantity, price and rounding."""
    ours = price.of(use.quantity)
    if price.currency != theirs.price.currency:
        yield _row(Line.PRICE_MISMATCH, use.day, price, -use.quantity, -ours)
        yield _row(
            Line.PRICE_MISMATCH, theirs.day, theirs.price, theirs.quantity, theirs.amount_minor
        )
        return
    if use.day != theirs.day:
        away, there = _moved(use, theirs, closed)
        yield _row(away, use.day, price, -use.quantity, -ours)
        yield _row(there, theirs.day, price, use.quantity, ours)
    at_our_price = price.of(theirs.quantity)
    at_their_price = theirs.price.of(theirs.quantity)
    if theirs.quantity != use.quantity:
        more = theirs.quantity - use.quantity
        yield _row(Line.QUANTITY_MISMATCH, theirs.day, price, more, at_our_price - ours)
    other_plan = price.plan_version not in ("", theirs.price.plan_version)
    if other_plan or at_their_price != at_our_price:
        line = Line.PLAN_VERSION_MISMATCH if other_plan else Line.PRICE_MISMATCH
        yield _row(line, theirs.day, price, 0, at_their_price - at_our_price)
    if rest := theirs.amount_minor - at_their_price:
        line = Line.ROUNDING if abs(rest) == 1 else Line.PRICE_MISMATCH
        yield _row(line, theirs.day, price, 0, rest)


def _moved(use: Used, theirs: Billed, closed: ClosedDay | None) -> tuple[Line, Line]:
    """Why it stands on another day: what is told of ours, and of theirs."""
    if closed and theirs.day > use.day and theirs.created_at > closed.closed_at:
        return Line.LATE_AFTER_CLOSE, Line.LATE_AFTER_CLOSE
    apart = date.fromisoformat(theirs.day) - date.fromisoformat(use.day)
    if abs(apart) == timedelta(days=1):
        return Line.DAY_BOUNDARY, Line.DAY_BOUNDARY
    return Line.MISSING_AT_PROVIDER, Line.EXTRA_AT_PROVIDER


def _notes(books: Books) -> Iterator[Row]:
    """What changes no sum: deliveries, and closed days that are no longer the sum of their uses."""
    for each in books.noted:
        yield Row(
            day=each.day, meter=each.meter, currency=each.currency, line=each.line,
            quantity=0, amount_minor=0, events=each.events,
        )  # fmt: skip
    counted: dict[tuple[str, str], int] = defaultdict(int)
    for use in books.used:
        counted[use.day, use.meter] += use.quantity
    closed = {(each.day, each.meter): each.quantity for each in books.closed}
    last_closed = max((day for day, _ in closed), default="")
    for day, meter in counted.keys() | closed.keys():
        if day <= last_closed and counted.get((day, meter), 0) != closed.get((day, meter), 0):
            use = Used(usage_id="", meter=meter, day=day, quantity=0)
            yield _row(Line.ROLLUP_DRIFT, day, price_on(use, books.prices), 0, 0)


def _left_over(rows: Sequence[Row]) -> Iterator[Row]:
    """What the causes of a cell leave of its difference; nothing, if they are right."""
    left: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        sign = 1 if row.line is Line.BILLED else -1
        cell = left[row.day, row.meter, row.currency]
        cell[0] += sign * row.quantity
        cell[1] += sign * row.amount_minor
    for (day, meter, currency), (quantity, amount) in left.items():
        if quantity or amount:
            yield Row(
                day=day, meter=meter, currency=currency, line=Line.UNEXPLAINED,
                quantity=quantity, amount_minor=amount, events=0,
            )  # fmt: skip


def _pairs(billed: Sequence[Billed]) -> dict[tuple[str, str], Billed]:
    """The first bill of each use; whatever else names that use is one too many."""
    first: dict[tuple[str, str], Billed] = {}
    for each in sorted(billed, key=lambda each: (each.created_at, each.event_id)):
        first.setdefault((each.usage_id, each.price.meter), each)
    return first


def price_held(meter: str, day: str, prices: Sequence[Price]) -> Price | None:
    """The newest price of the meter that held on the day; None where none did."""
    held = [price for price in prices if price.meter == meter and price.valid_from <= day]
    return max(held, key=lambda price: price.valid_from, default=None)


def price_on(use: Used, prices: Sequence[Price], theirs: Billed | None = None) -> Price:
    """The price that held on the day; nothing where none did, in the currency of the bill."""
    if held := price_held(use.meter, use.day, prices):
        return held
    return Price(
        meter=use.meter, valid_from="", price_minor=0, per_quantity=1, plan_version="",
        currency=theirs.price.currency if theirs else NO_CURRENCY,
    )  # fmt: skip


def _row(line: Line, day: str, price: Price, quantity: int, amount_minor: int) -> Row:
    return Row(
        day=day, meter=price.meter, currency=price.currency, line=line,
        quantity=quantity, amount_minor=amount_minor, events=1,
    )  # fmt: skip
