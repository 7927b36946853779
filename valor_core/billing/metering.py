"""One row for each act that counts, in the transaction of the act, and its days added up."""

import hashlib
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select

from valor_core.store.tables import UsageDayRow, UsageEventRow
from valor_core.store.work import Work
from valor_core.values import from_micros

DAY_US = 86_400 * 1_000_000
GRACE = timedelta(hours=1)  # no act runs that long: what began before midnight is written by then


class Meter(StrEnum):
    """What is counted."""

    VALUATIONS = "valuations"
    IMPORTS = "imports"
    SNAPSHOTS = "snapshots"
    REPORTS = "reports"
    AUDITS = "workbook_audits"
    SIMULATIONS = "simulations"
    BATCHES = "batches"


def usage_id(tenant_id: str, act_id: str, meter: str) -> str:
    """What a use is known by, to the billing provider too: made of the act, not of the attempt."""
    return hashlib.sha256(f"{tenant_id}|{act_id}|{meter}".encode()).hexdigest()


def count(work: Work, meter: Meter, *, act: str, act_id: str, quantity: int = 1) -> None:
    """Counts an act once: the key derives from the act, so that a repetition finds it there."""
    work.add_all(
        [
            UsageEventRow(
                idem_key=usage_id(work.caller.tenant_id, act_id, meter),
                meter=meter,
                quantity=quantity,
                occurred_at=work.now_micros,
                act=act,
                actor=work.caller.actor,
            )
        ]
    )


def told(meter: Meter, act_id: str) -> dict[str, str]:
    """What the log says of a use that is counted at the end of a long run."""
    return {"meter": meter, "counted_as": act_id}


def day_of(moment_us: int) -> str:
    """The day of a moment, in UTC.

    >>> day_of(1_764_115_200_000_000)
    '2025-11-26'
    """
    return from_micros(moment_us).date().isoformat()


def first_moment(day: date) -> int:
    """Where a day begins, in UTC."""
    return (day - date(1970, 1, 1)).days * DAY_US


def last_over(now: datetime) -> date:
    """The newest day that is over for good."""
    return (now - GRACE).date() - timedelta(days=1)


def _open_days(work: Work) -> ColumnElement[bool]:
    """The uses of days that are over and were not added up yet."""
    closed = work.session.scalar(select(func.max(UsageDayRow.day)))
    begin = first_moment(date.fromisoformat(closed) + timedelta(days=1)) if closed else 0
    end = first_moment(last_over(work.now) + timedelta(days=1))
    return UsageEventRow.occurred_at.between(begin, end - 1)


def are_days_over(work: Work) -> bool:
    """Whether any use is of a day that is over and was not added up yet."""
    return (
        work.session.scalar(select(UsageEventRow.meter).where(_open_days(work)).limit(1))
        is not None
    )


def close_days(work: Work) -> int:
    """Adds up each day that is over and was not yet; how many days of meters that were."""
    number = (UsageEventRow.occurred_at // DAY_US).label("number")
    query = (
        select(number, UsageEventRow.meter, func.sum(UsageEventRow.quantity), func.count())
        .where(_open_days(work))
        .group_by(number, UsageEventRow.meter)
    )
    rows = [
        UsageDayRow(
            day=day_of(int(day_number) * DAY_US),
            meter=meter,
            quantity=int(quantity),
            events_n=events_n,
            closed_at=work.now_micros,
        )
        for day_number, meter, quantity, events_n in work.session.execute(query)
    ]
    work.add_all(rows)
    return len(rows)
