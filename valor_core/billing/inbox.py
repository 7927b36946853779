"""The inbox of the billing provider: each event is kept first, and takes effect once.

The event's own id is the key of both, for ever. So a repetition finds it there however late it
comes, and the same id under another body changes nothing: it is laid aside beside the first.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select

from valor_core.billing.events import STATUS, BillingEvent, Envelope
from valor_core.billing.ledger import event_row
from valor_core.store.tables import BillingEventRow, BillingObjectRow, TenantRow, WebhookRow
from valor_core.store.work import Work

FIRST_WAIT = timedelta(seconds=30)
MOST_ATTEMPTS = 8  # the last one about an hour after the first
AT_ONCE = 100


class State(StrEnum):
    """What became of an event."""

    WAITING = "waiting"
    APPLIED = "applied"
    STALE = "stale"  # a newer version of its object was here first
    IGNORED = "ignored"  # of a type that says nothing to us
    QUARANTINED = "quarantined"  # of no tenant of ours, or of an id that another body has
    SET_ASIDE = "set_aside"  # it failed as often as it may


_SETTLED_ORDER = ("open", "paid", "void")


def locked(work: Work, event_id: str) -> WebhookRow | None:
    """The event, held until the end of this work."""
    query = select(WebhookRow).where(WebhookRow.event_id == event_id).with_for_update()
    return work.session.scalars(query, execution_options={"populate_existing": True}).one_or_none()


def keep(work: Work, envelope: Envelope, *, sha: str) -> WebhookRow:
    """A new event; whoever keeps it holds its first attempt for a while."""
    row = WebhookRow(
        event_id=envelope.event_id,
        type=envelope.type,
        tenant_slug=envelope.tenant_slug,
        body=dict(envelope.body),
        body_sha=sha,
        state=State.WAITING,
        received_n=1,
        conflicts_n=0,
        attempts=1,
        next_at=work.now_micros + wait_us(1),
        error="",
        received_at=work.now_micros,
        settled_at=None,
    )
    work.add_all([row])
    return row


def keep_conflicting(work: Work, envelope: Envelope, *, sha: str) -> bool:
    """The other body under an id that is taken, laid aside; whether it is new."""
    name = f"{envelope.event_id}#{sha[:16]}"
    if row := locked(work, name):
        row.received_n += 1
        return False
    row = keep(work, replace(envelope, event_id=name), sha=sha)
    settle(work, row, State.QUARANTINED, error="another body has this id")
    return True


def wait_us(attempt: int) -> int:
    """How long the next attempt is held back: half a minute, then twice as long each time.

    >>> [wait_us(attempt) // 1_000_000 for attempt in (1, 2, 3)]
    [30, 60, 120]
    """
    return FIRST_WAIT * 2 ** (attempt - 1) // timedelta(microseconds=1)


def due(work: Work) -> Sequence[str]:
    """The ids of those that wait and may be tried again, the oldest first."""
    query = (
        select(WebhookRow.event_id)
        .where(WebhookRow.state == State.WAITING, WebhookRow.next_at <= work.now_micros)
        .order_by(WebhookRow.next_at, WebhookRow.event_id)
        .limit(AT_ONCE)
    )
    return work.session.scalars(query).all()


def begin_attempt(work: Work, row: WebhookRow) -> bool:
    """Counts an attempt before it is made, so that one that kills its process counts too."""
    if row.state != State.WAITING or row.next_at > work.now_micros:
        return False
    if row.attempts >= MOST_ATTEMPTS:
        settle(work, row, State.SET_ASIDE, error=row.error or "no attempt came to an end")
        return False
    row.attempts += 1
    row.next_at = work.now_micros + wait_us(row.attempts)
    return True


def settle(work: Work, row: WebhookRow, state: State, *, error: str = "") -> None:
    """Nothing more follows from the event."""
    row.state, row.error, row.settled_at = state, error, work.now_micros


def listed(work: Work, states: Sequence[State], *, limit: int) -> Sequence[WebhookRow]:
    """The newest events in these states."""
    query = (
        select(WebhookRow)
        .where(WebhookRow.state.in_(states))
        .order_by(WebhookRow.received_at.desc(), WebhookRow.event_id)
        .limit(limit)
    )
    return work.session.scalars(query).all()


def billed_tenant(work: Work, slug: str) -> TenantRow | None:
    """The tenant of that name, held: events of one tenant take effect one after the other."""
    query = select(TenantRow).where(TenantRow.slug == slug).with_for_update(key_share=True)
    return work.session.scalars(query).one_or_none()


def take_effect(work: Work, row: WebhookRow, event: BillingEvent) -> State:
    """Keeps what the event tells of the caller's tenant; of an invoice only what is newer."""
    state = State.APPLIED
    if event.type in STATUS and not _advance(work, event):
        state = State.STALE
    work.add_all([event_row(event, row, outcome=state)])
    return state


def _advance(work: Work, event: BillingEvent) -> bool:
    """Whether the event is the newest of its invoice; at one version void beats paid beats open."""
    status = STATUS[event.type]
    known = work.session.get(BillingObjectRow, (work.caller.tenant_id, event.object_id))
    if known is None:
        known = BillingObjectRow(object_id=event.object_id, version=-1, status="open")
        work.add_all([known])
    age = (event.object_version, _SETTLED_ORDER.index(status))
    if age <= (known.version, _SETTLED_ORDER.index(known.status)):
        return False
    known.version, known.status = event.object_version, status
    known.amount_minor, known.currency = event.amount_minor, event.currency
    known.updated_at = work.now_micros
    return True


def note_again(work: Work, row: WebhookRow) -> None:
    """Tells the tenant's copy of an event how often it came, and how often with another body."""
    copy = work.session.get_one(BillingEventRow, (work.caller.tenant_id, row.event_id))
    copy.received_n, copy.conflicts_n = row.received_n, row.conflicts_n
