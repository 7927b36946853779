"""An operator's leave to read a tenant: asked for with a reason, given for some hours, ended."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from valor_core.errors import BadInput, Conflict, NotFound
from valor_core.store.tables import AccessGrantRow
from valor_core.store.work import Work
from valor_core.values import from_micros, new_id

HOURS_DEFAULT, HOURS_MAX = 4, 24
UNANSWERED_AFTER_DAYS = 7
_HOUR = 3_600_000_000


class GrantState(StrEnum):
    """How a grant stands."""

    ASKED = "asked for"
    IN_FORCE = "in force"
    ENDED = "ended"
    UNANSWERED = "not answered"


class GrantSettled(Conflict):
    """What is to be done with a grant is over, or not yet so far."""

    code = "grant_settled"

    def __init__(self, state: GrantState) -> None:
        super().__init__(
            f"This access is {state}.", hint="Look at the list; the operator can ask again."
        )


def state(row: AccessGrantRow, now: int) -> GrantState:
    """How the grant stands at that moment; it ends by itself."""
    if row.ended_at is not None:
        return GrantState.ENDED
    if row.given_at is not None:
        return GrantState.IN_FORCE if now < until(row) else GrantState.ENDED
    lapses = row.asked_at + UNANSWERED_AFTER_DAYS * 24 * _HOUR
    return GrantState.ASKED if now < lapses else GrantState.UNANSWERED


def until(row: AccessGrantRow) -> int:
    """When a grant that was given ends by itself."""
    assert row.given_at is not None
    return row.given_at + row.hours * _HOUR


def ends_at(row: AccessGrantRow) -> datetime | None:
    """The moment at which it ends, or ended; None for one that was not given."""
    if row.ended_at is not None:
        return from_micros(row.ended_at)
    return from_micros(until(row)) if row.given_at is not None else None


def ask(work: Work, reason: str, hours: int) -> AccessGrantRow:
    """A grant that is asked for."""
    if not 1 <= hours <= HOURS_MAX:
        raise BadInput(
            f"Access cannot last {hours} hours.", hint=f"Choose between 1 and {HOURS_MAX} hours."
        )
    row = AccessGrantRow(
        id=new_id(),
        asked_by=work.caller.actor,
        asked_at=work.now_micros,
        reason=reason,
        hours=hours,
    )
    work.add_all([row])
    return row


def give(work: Work, row: AccessGrantRow) -> None:
    """From now on, for its hours, who asked may read the tenant."""
    row.given_by, row.given_at = work.caller.person, work.now_micros


def end(work: Work, row: AccessGrantRow) -> None:
    """From now on nobody reads the tenant by this grant."""
    row.ended_by, row.ended_at = work.caller.person, work.now_micros


def open_of(work: Work, actor: str) -> Sequence[AccessGrantRow]:
    """What that operator asked for and is not over."""
    query = select(AccessGrantRow).where(
        AccessGrantRow.asked_by == actor, AccessGrantRow.ended_at.is_(None)
    )
    over = (GrantState.ENDED, GrantState.UNANSWERED)
    rows = work.session.scalars(query.order_by(AccessGrantRow.id)).all()
    return [row for row in rows if state(row, work.now_micros) not in over]


def grant_of(work: Work, grant_id: str) -> AccessGrantRow:
    """That grant of the caller's tenant, held until the end of this work; NotFound otherwise."""
    query = select(AccessGrantRow).where(AccessGrantRow.id == grant_id).with_for_update()
    row = work.session.scalars(query).one_or_none()
    if row is None:
        raise NotFound("access", grant_id[:40])
    return row


def seen(work: Work, grant_id: str) -> AccessGrantRow:
    """That grant of the caller's tenant, to look at; NotFound otherwise."""
    row = work.session.get(AccessGrantRow, (work.caller.tenant_id, grant_id))
    if row is None:
        raise NotFound("access", grant_id[:40])
    return row


def grants(work: Work) -> Sequence[AccessGrantRow]:
    """The newest first."""
    query = select(AccessGrantRow).order_by(AccessGrantRow.asked_at.desc(), AccessGrantRow.id)
    return work.session.scalars(query.limit(200)).all()


def must_be(row: AccessGrantRow, now: int, *wanted: GrantState) -> None:
    """GrantSettled unless the grant stands so."""
    found = state(row, now)
    if found not in wanted:
        raise GrantSettled(found)
