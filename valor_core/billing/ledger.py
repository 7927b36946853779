"""What a tenant used, what it was billed for it, and what it pays, as they are kept."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select

from valor_core.billing.events import USAGE, BillingEvent
from valor_core.billing.metering import day_of, first_moment
from valor_core.billing.reconciliation import INVOICES, Billed, ClosedDay, Line, Noted, Price, Used
from valor_core.errors import BadInput, Conflict
from valor_core.store.tables import (
    BillingEventRow,
    BillingObjectRow,
    MeterPriceRow,
    UsageDayRow,
    UsageEventRow,
    WebhookRow,
)
from valor_core.store.work import Work

DAYS_MAX = 366
EVENTS_MAX = 100_000
MOVED_MAX = timedelta(days=31)
"""How far from its day a use is looked for on the other side."""
EARLIEST, LATEST = date(1970, 1, 1), date(9998, 12, 31)


class PriceStands(Conflict):
    """A price was said for that day, and prices are not rewritten."""

    code = "price_stands"

    def __init__(self, meter: str, valid_from: str) -> None:
        super().__init__(
            f"A price of {meter} is said from {valid_from} on already.",
            hint="A price is never rewritten; say a new one from a later day on.",
        )


def check_days(first: date, last: date) -> None:
    """BadInput unless the days follow each other, and are no more than a year."""
    in_reach = first >= EARLIEST and last <= LATEST
    if not in_reach or not 0 <= (last - first).days < DAYS_MAX:
        raise BadInput(
            f"{first} to {last} are not 1 to {DAYS_MAX} days.",
            hint="Ask for a first day and a last one, at most a year apart, from 1970 on.",
        )


def used(work: Work, first: date, last: date) -> list[Used]:
    """Each use of these days."""
    row = UsageEventRow
    query = (
        select(row.idem_key, row.meter, row.occurred_at, row.quantity)
        .where(
            row.occurred_at >= first_moment(first),
            row.occurred_at < first_moment(last + timedelta(days=1)),
        )
        .order_by(row.occurred_at, row.idem_key)
        .limit(EVENTS_MAX + 1)
    )
    found = work.session.execute(query).all()
    _check_count(len(found))
    return [Used(usage_id=u, meter=m, day=day_of(at), quantity=q) for u, m, at, q in found]


def billing_events(work: Work, first: date, last: date) -> Sequence[BillingEventRow]:
    """What the provider billed on these days, and the turns of invoices that it made then."""
    row = BillingEventRow
    begin, end = first_moment(first), first_moment(last + timedelta(days=1))
    on_these_days = (row.day >= first.isoformat()) & (row.day <= last.isoformat())
    made_then = (row.day == "") & (row.created_at >= begin) & (row.created_at < end)
    query = (
        select(row)
        .where(on_these_days | made_then)
        .order_by(row.created_at, row.event_id)
        .limit(EVENTS_MAX + 1)
    )
    found = work.session.scalars(query).all()
    _check_count(len(found))
    return found


def _check_count(found: int) -> None:
    if found > EVENTS_MAX:
        raise BadInput(
            f"These days have more than {EVENTS_MAX:,} events.", hint="Ask for fewer days."
        )


def event_row(event: BillingEvent, kept: WebhookRow, *, outcome: str) -> BillingEventRow:
    """The tenant's copy of an event in the inbox."""
    return BillingEventRow(
        event_id=kept.event_id,
        type=event.type,
        object_id=event.object_id,
        object_version=event.object_version,
        meter=event.meter,
        day=event.day,
        quantity=event.quantity,
        price_minor=event.price_minor,
        per_quantity=event.per_quantity,
        plan_version=event.plan_version,
        amount_minor=event.amount_minor,
        currency=event.currency,
        created_at=event.created_s * 1_000_000,
        received_at=kept.received_at,
        received_n=kept.received_n,
        conflicts_n=kept.conflicts_n,
        outcome=outcome,
    )


def billed(events: Sequence[BillingEventRow]) -> list[Billed]:
    """The uses among them."""
    return [
        Billed(
            event_id=row.event_id,
            usage_id=row.object_id,
            day=row.day,
            quantity=row.quantity,
            price=Price(
                meter=row.meter,
                valid_from=row.day,
                price_minor=row.price_minor,
                per_quantity=row.per_quantity,
                currency=row.currency,
                plan_version=row.plan_version,
            ),
            amount_minor=row.amount_minor,
            created_at=row.created_at,
        )
        for row in events
        if row.type == USAGE
    ]


def noted(events: Sequence[BillingEventRow]) -> list[Noted]:
    """What came again, came under another body, or came too late to matter."""
    return [
        Noted(
            line=line,
            day=row.day or day_of(row.created_at),
            meter=row.meter or INVOICES,
            currency=row.currency,
            events=count,
        )
        for row in events
        for line, count in (
            (Line.DUPLICATE_DELIVERY, row.received_n - 1),
            (Line.ID_REUSED_DIFFERENT_BODY, row.conflicts_n),
            (Line.STALE_IGNORED, int(row.outcome == "stale")),
        )
        if count
    ]


def closed_days(work: Work, first: date, last: date) -> list[ClosedDay]:
    """The days that were added up."""
    row = UsageDayRow
    query = select(row).where(row.day >= first.isoformat(), row.day <= last.isoformat())
    return [
        ClosedDay(meter=r.meter, day=r.day, quantity=r.quantity, closed_at=r.closed_at)
        for r in work.session.scalars(query.order_by(row.day, row.meter))
    ]


def prices(work: Work) -> list[Price]:
    """Every price of the tenant, by meter and day."""
    query = select(MeterPriceRow).order_by(MeterPriceRow.meter, MeterPriceRow.valid_from)
    return [
        Price(
            meter=row.meter,
            valid_from=row.valid_from,
            price_minor=row.price_minor,
            per_quantity=row.per_quantity,
            currency=row.currency,
            plan_version=row.plan_version,
        )
        for row in work.session.scalars(query.limit(1000))
    ]


def check_price_follows(work: Work, price: Price) -> None:
    """PriceStands where a price of the meter was said for that day or a later one."""
    stands = (
        select(MeterPriceRow.valid_from)
        .where(MeterPriceRow.meter == price.meter, MeterPriceRow.valid_from >= price.valid_from)
        .order_by(MeterPriceRow.valid_from)
        .limit(1)
    )
    if found := work.session.scalar(stands):
        raise PriceStands(price.meter, found)


def keep_price(work: Work, price: Price) -> None:
    """Says a price from a day on; PriceStands where one was said for that day or a later one."""
    check_price_follows(work, price)
    work.add_all(
        [
            MeterPriceRow(
                meter=price.meter,
                valid_from=price.valid_from,
                price_minor=price.price_minor,
                per_quantity=price.per_quantity,
                currency=price.currency,
                plan_version=price.plan_version,
                created_at=work.now_micros,
                created_by=work.caller.actor,
            )
        ]
    )


def invoices(work: Work, *, limit: int) -> Sequence[BillingObjectRow]:
    """The invoices that changed last."""
    row = BillingObjectRow
    query = select(row).order_by(row.updated_at.desc(), row.object_id).limit(limit)
    return work.session.scalars(query).all()


def newest_events(work: Work, *, limit: int) -> Sequence[BillingEventRow]:
    """What the provider told last."""
    row = BillingEventRow
    query = select(row).order_by(row.received_at.desc(), row.event_id).limit(limit)
    return work.session.scalars(query).all()
