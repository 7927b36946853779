"""Taking in what the billing provider tells: by nobody who is signed in, so it is no verb.

An event is kept in one transaction and takes effect in another, under the lock of its inbox row.
Whoever dies between the two leaves it waiting, and the background finishes it; whoever dies after
them has done it, and a repetition finds that.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from valor_core import telemetry
from valor_core.audit import log as audit
from valor_core.audit.entries import sha256
from valor_core.audit.keys import FIRST
from valor_core.billing import inbox
from valor_core.billing.events import TYPES, Envelope, open_envelope, read_event
from valor_core.billing.inbox import State
from valor_core.errors import Conflict, ValorError
from valor_core.redaction import Redactor
from valor_core.store.engines import Store
from valor_core.store.tables import WebhookRow
from valor_core.store.work import AlreadyThere, Work, unit_of_work
from valor_core.values import SHARED, Caller, Role, TenantId
from valor_core.workbench.setup import PLATFORM


class WebhookConflict(Conflict):
    """An event's id is known, under another body."""

    code = "webhook_conflict"

    def __init__(self, event_id: str) -> None:
        super().__init__(
            f"The event {event_id} was taken in before, with another body.",
            hint="The first one stands; this one is laid aside. Send a new event under a new id.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of a delivery."""

    event_id: str
    state: State
    repeated: bool


def provider(tenant_id: TenantId) -> Caller:
    """The billing provider, acting in a tenant."""
    return Caller(tenant_id=tenant_id, user_id="billing", role=Role.OPERATOR, kind="provider")


@contextmanager
def counted_refusals() -> Iterator[None]:
    """Each webhook that is refused leaves a count, and nothing else."""
    try:
        yield
    except ValorError as error:
        telemetry.WEBHOOKS.labels(error.code).inc()
        raise


def deliver(
    store: Store, document: Any, *, sha: str, message_id: str = "", now: datetime | None = None
) -> Delivery:
    """Keeps a verified event and lets it take effect; WebhookConflict under another body.

    Once this returns, the event is kept: what fails of its effect is tried again later.
    """
    envelope = open_envelope(document, message_id=message_id, redactor=_redactor())
    row, first = _once_more_if_raced(lambda: _receive(store, envelope, sha, now))
    if row.body_sha != sha:
        telemetry.log.warning("a webhook's id came with another body", event_id=row.event_id)
        raise WebhookConflict(row.event_id)
    state = _settle(store, row.event_id, now) if first else State(row.state)
    telemetry.WEBHOOKS.labels("repeated" if not first else state).inc()
    return Delivery(event_id=row.event_id, state=state, repeated=not first)


def work_off(store: Store, *, now: datetime | None = None) -> int:
    """Tries those again that wait and are due; how many were tried."""
    with unit_of_work(provider(PLATFORM), store, now) as work:
        ids = inbox.due(work)
    tried = 0
    for event_id in ids:
        with unit_of_work(provider(PLATFORM), store, now) as work:
            work.begin_writing()
            row = inbox.locked(work, event_id)
            begun = row is not None and inbox.begin_attempt(work, row)
        if begun:
            telemetry.WEBHOOKS.labels(_settle(store, event_id, now)).inc()
            tried += 1
    return tried


def _receive(
    store: Store, envelope: Envelope, sha: str, now: datetime | None
) -> tuple[WebhookRow, bool]:
    """The event's row, and whether this was its first delivery."""
    with unit_of_work(provider(PLATFORM), store, now) as work:
        work.begin_writing()
        row = inbox.locked(work, envelope.event_id)
        if row is None:
            return inbox.keep(work, envelope, sha=sha), True
        conflict = False
        if row.body_sha == sha:
            row.received_n += 1
        else:
            row.conflicts_n += 1
            conflict = inbox.keep_conflicting(work, envelope, sha=sha)
        if row.state in (State.APPLIED, State.STALE):
            _tell_tenant(work, row, conflict=conflict)
        return row, False


def _tell_tenant(work: Work, row: WebhookRow, *, conflict: bool) -> None:
    tenant = inbox.billed_tenant(work, row.tenant_slug)
    assert tenant is not None, "its events took effect there"
    with work.acting_as(provider(TenantId(tenant.id))):
        inbox.note_again(work, row)
        if conflict:
            audit.append(work, "billing.conflict", target=f"event:{row.event_id}", details={})


def _settle(store: Store, event_id: str, now: datetime | None) -> State:
    """Lets a waiting event take effect, or notes why it could not."""
    try:
        with unit_of_work(provider(PLATFORM), store, now) as work:
            work.begin_writing()
            row = inbox.locked(work, event_id)
            assert row is not None
            if row.state == State.WAITING:
                inbox.settle(work, row, _effect(work, row))
            return State(row.state)
    except Exception as error:  # noqa: BLE001  a poisoned event must not stop the others
        return _note_failure(store, event_id, error, now)


def _effect(work: Work, row: WebhookRow) -> State:
    """What follows from the event, in the tenant that it names."""
    if row.type not in TYPES:
        return State.IGNORED
    event = read_event(row.type, row.body)
    tenant = inbox.billed_tenant(work, row.tenant_slug)
    if tenant is None or tenant.id in (PLATFORM, SHARED):
        return State.QUARANTINED
    with work.acting_as(provider(TenantId(tenant.id))):
        state = inbox.take_effect(work, row, event)
        details = {"type": row.type, "object": event.object_id, "outcome": str(state)}
        audit.append(work, "billing.event", target=f"event:{row.event_id}", details=details)
    return state


def _note_failure(store: Store, event_id: str, error: Exception, now: datetime | None) -> State:
    told = f"{type(error).__name__}: {_redactor().text(str(error))}"[:300]
    telemetry.log.warning("a webhook took no effect", event_id=event_id, error=told)
    with unit_of_work(provider(PLATFORM), store, now) as work:
        work.begin_writing()
        row = inbox.locked(work, event_id)
        assert row is not None
        row.error = told
        if row.attempts >= inbox.MOST_ATTEMPTS:
            inbox.settle(work, row, State.SET_ASIDE, error=told)
        return State(row.state)


def _once_more_if_raced(
    receive: Callable[[], tuple[WebhookRow, bool]],
) -> tuple[WebhookRow, bool]:
    """Of two first deliveries at once the slower one finds the event there."""
    try:
        return receive()
    except AlreadyThere:
        return receive()


def _redactor() -> Redactor:
    return Redactor(sha256(audit.keys()[FIRST] + PLATFORM.encode()))
