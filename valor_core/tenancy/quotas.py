"""Quotas: how much of a meter a tenant may use in a day and a month of its own time zone.

What an act uses is charged in the act's own transaction, so that one that fails costs nothing. A
long run holds its share until it ends; a hold whose lease is over is given back to who asks next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, delete, select, update

from valor_core.errors import Exhausted
from valor_core.store.tables import QuotaReservationRow, QuotaUsageRow
from valor_core.store.work import Work
from valor_core.telemetry import QUOTA_FAILURE, QUOTA_SUCCESS
from valor_core.tenancy.metric_labels import label
from valor_core.tenancy.plans import (
    METERED,
    QUOTAS,
    Effective,
    Limit,
    effective,
    ends_of_overrides,
)

_LOCKED = (
    select(QuotaUsageRow)
    .where(
        QuotaUsageRow.meter == bindparam("meter"),
        QuotaUsageRow.period.in_(bindparam("periods", expanding=True)),
    )
    .order_by(QuotaUsageRow.period)
    .with_for_update()
    .execution_options(populate_existing=True)
)


class QuotaExhausted(Exhausted):
    """The tenant has used what it is granted of a meter in this period."""

    code = "quota_exhausted"

    def __init__(self, standing: "Standing", until: datetime, *, now: datetime) -> None:
        super().__init__(
            f"Your tenant has used up its quota of {standing.limit.unit}: {standing.granted:,}.",
            hint=f"There are more from {until:%Y-%m-%d %H:%M} ({until.tzname()}) on; "
            "for more before then, an administrator can change the plan.",
            retry_after_s=_whole_seconds(until - now),
            reset_at=int(until.timestamp()),
            policies=(standing.limit.name,),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a tenant has used of a quota in the period that runs now, and what is left."""

    limit: Limit
    granted: int | None  # None: without limit
    used: int
    reserved: int
    period: str
    resets_at: datetime

    @property
    def left(self) -> int | None:
        """None is without limit."""
        return None if self.granted is None else max(0, self.granted - self.used - self.reserved)

    def resets_in_s(self, now: datetime) -> int:
        """Whole seconds until the next period, rounded up."""
        return _whole_seconds(self.resets_at - now)


def _whole_seconds(span: timedelta) -> int:
    """Rounded up."""
    return -(-span // timedelta(seconds=1))


def period_of(kind: str, at: datetime, zone: ZoneInfo) -> tuple[str, datetime]:
    """The day or month in which a moment lies there, and the moment at which the next begins.

    >>> period_of("day", datetime(2026, 3, 29, 0, 30, tzinfo=UTC), ZoneInfo("Europe/Zurich"))[0]
    '2026-03-29'
    """
    day = at.astimezone(zone).date()
    if kind == "day":
        return day.isoformat(), _midnight(day + timedelta(days=1), zone)
    first = day.replace(day=1)
    return f"{day:%Y-%m}", _midnight((first + timedelta(days=31)).replace(day=1), zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which the day begins; where the clock leaps over it, that of the leap."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def charge(work: Work, meter: str, quantity: int = 1) -> None:
    """Uses so much of the meter, or raises QuotaExhausted and uses nothing."""
    _take(work, meter, quantity, hold="", lease=timedelta())


def reserve(work: Work, meter: str, hold: str, *, lease: timedelta, quantity: int = 1) -> None:
    """Holds so much for a run under its id, until it is settled or the lease is over."""
    _take(work, meter, quantity, hold=hold, lease=lease)


def settle(work: Work, hold: str, meter: str, *, used: int) -> None:
    """The run has ended: what it used is charged, the rest of its hold is given back.

    What was made under a hold that lapsed meanwhile is charged all the same.
    """
    row = work.session.get(QuotaReservationRow, (work.caller.tenant_id, hold))
    if row:
        _give_back(work, row)
    if used:
        zone, now = effective(work).zone, work.now
        periods = (
            row.periods if row else [period_of(each, now, zone)[0] for each in ("month", "day")]
        )
        _make_rows(work, meter, periods)
        work.session.execute(
            update(QuotaUsageRow)
            .where(QuotaUsageRow.meter == meter, QuotaUsageRow.period.in_(periods))
            .values(used=QuotaUsageRow.used + used)
        )


def check_room(work: Work, meter: str) -> None:
    """QuotaExhausted where nothing is left: asked before what costs time, and charged after it."""
    plan = effective(work)
    full = [each for each in standings(work, plan) if each.limit.meter == meter and each.left == 0]
    if full:
        QUOTA_FAILURE.labels(label(work.caller.tenant_id), meter).inc()
        raise _exhausted(work, full, 1)


def standings(work: Work, plan: Effective | None = None) -> list[Standing]:
    """Every quota of the tenant as it stands now."""
    plan = plan or effective(work)
    names = {period_of(kind, work.now, plan.zone)[0] for kind in ("month", "day")}
    rows = work.session.scalars(select(QuotaUsageRow).where(QuotaUsageRow.period.in_(names))).all()
    counted = {(row.meter, row.period): row for row in rows}
    return [_standing(work, plan, limit, counted) for limit in QUOTAS]


def _standing(
    work: Work, plan: Effective, limit: Limit, rows: Mapping[tuple[str, str], QuotaUsageRow]
) -> Standing:
    period, resets_at = period_of(limit.period, work.now, plan.zone)
    row = rows.get((limit.meter, period))
    return Standing(
        limit=limit,
        granted=plan.value(limit.name),
        used=row.used if row else 0,
        reserved=row.reserved if row else 0,
        period=period,
        resets_at=resets_at.astimezone(plan.zone),
    )


def _take(work: Work, meter: str, quantity: int, *, hold: str, lease: timedelta) -> None:
    """Adds to the month and the day, or to neither."""
    if meter not in METERED:  # counted for the bill, and granted without limit
        return
    plan, tenant = effective(work), label(work.caller.tenant_id)
    limits = [limit for limit in QUOTAS if limit.meter == meter]
    periods = [period_of(limit.period, work.now, plan.zone)[0] for limit in limits]
    rows = _locked(work, meter, periods)
    full = _full(work, plan, limits, rows, quantity)
    if full and _drop_lapsed(work, meter):
        rows = _locked(work, meter, periods)
        full = _full(work, plan, limits, rows, quantity)
    if not full:
        for row in rows.values():
            row.reserved += quantity if hold else 0
            row.used += 0 if hold else quantity
        if hold:
            _keep_hold(work, hold, meter, quantity=quantity, periods=periods, lease=lease)
        work.session.flush()
        work.after_commit.append(lambda: QUOTA_SUCCESS.labels(tenant, meter).inc())
    stand = [_standing(work, plan, limit, rows) for limit in limits]
    work.charged = [each for each in stand if each.granted is not None]
    if full:
        QUOTA_FAILURE.labels(tenant, meter).inc()
        raise _exhausted(work, full, quantity)


def _exhausted(work: Work, full: Sequence[Standing], quantity: int) -> QuotaExhausted:
    """The refusal by the one of them that has no room for longest."""
    until, standing = max(
        ((_room_at(work, each, quantity), each) for each in full), key=lambda pair: pair[0]
    )
    return QuotaExhausted(standing, until, now=work.now)


def _room_at(work: Work, standing: Standing, quantity: int) -> datetime:
    """When there is room again: in the next period, or once an override ends that left none."""
    needed = standing.used + standing.reserved + quantity
    roomy = [
        end.astimezone(standing.resets_at.tzinfo)
        for end, value in ends_of_overrides(work, standing.limit.name)
        if value is None or value >= needed
    ]
    return min([*roomy, standing.resets_at])


def _full(
    work: Work,
    plan: Effective,
    limits: Sequence[Limit],
    rows: Mapping[tuple[str, str], QuotaUsageRow],
    quantity: int,
) -> list[Standing]:
    """The quotas that have no room for it."""
    stand = [_standing(work, plan, limit, rows) for limit in limits]
    return [each for each in stand if each.left is not None and each.left < quantity]


def _keep_hold(
    work: Work, hold: str, meter: str, *, quantity: int, periods: Sequence[str], lease: timedelta
) -> None:
    row = QuotaReservationRow(
        id=hold,
        meter=meter,
        quantity=quantity,
        periods=list(periods),
        expires_at=work.now_micros + lease // timedelta(microseconds=1),
    )
    work.add_all([row])


def _locked(work: Work, meter: str, periods: Sequence[str]) -> dict[tuple[str, str], QuotaUsageRow]:
    """The rows as they are now, each held until the end of this transaction."""
    asked = {"meter": meter, "periods": list(periods)}
    rows = work.session.scalars(_LOCKED, asked).all()
    if len(rows) < len(periods):
        _make_rows(work, meter, periods)
        rows = work.session.scalars(_LOCKED, asked).all()
    return {(row.meter, row.period): row for row in rows}


def _make_rows(work: Work, meter: str, periods: Sequence[str]) -> None:
    rows = [{"meter": meter, "period": each, "used": 0, "reserved": 0} for each in sorted(periods)]
    work.insert_missing(QuotaUsageRow, rows)


def _drop_lapsed(work: Work, meter: str) -> bool:
    """Gives back what runs hold whose lease is over; whether there was any."""
    query = select(QuotaReservationRow).where(
        QuotaReservationRow.meter == meter, QuotaReservationRow.expires_at < work.now_micros
    )
    lapsed = work.session.scalars(query).all()
    for row in lapsed:
        _give_back(work, row)
    return bool(lapsed)


def _give_back(work: Work, row: QuotaReservationRow) -> None:
    gone = work.session.execute(
        delete(QuotaReservationRow)
        .where(QuotaReservationRow.id == row.id)
        .returning(QuotaReservationRow.id)
    ).first()
    if gone:  # else another has just given it back
        work.session.execute(
            update(QuotaUsageRow)
            .where(QuotaUsageRow.meter == row.meter, QuotaUsageRow.period.in_(row.periods))
            .values(reserved=QuotaUsageRow.reserved - row.quantity)
        )
