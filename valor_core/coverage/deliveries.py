"""Where reports are sent, and each report on its way there: tried until it has arrived.

One row a report and destination: it is delivered once, however often one tries. Who tries holds the
row by moving its next try away; whoever dies in between leaves it to be tried again then.
"""

import base64
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update

from valor_core.coverage.job_runs import TooMany
from valor_core.errors import BadInput, NotFound
from valor_core.store.sealed import SealBroken, seal, unseal
from valor_core.store.tables import DeliveryRow, DestinationRow, JobRunRow
from valor_core.store.work import Work
from valor_core.values import from_micros, micros, new_id

MOST_DESTINATIONS = 50
MOST_AT_ONCE = 20
HELD_FOR = timedelta(minutes=2)
WAITS = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 480))
"""How long after each failure it is tried again; after the last it is given up."""

PURPOSE = "destinations of reports, v1"
ADDRESS_MAX = 500
_MAILBOX = re.compile(r"[A-Za-z0-9!#$%&*+./=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}")
_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,60}")


class Kind(StrEnum):
    """How a report gets there."""

    FOLDER = "folder"
    EMAIL = "email"
    WEBHOOK = "webhook"


class State(StrEnum):
    """How far a delivery is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where reports are sent; its secret is not told."""

    id: str
    name: str
    kind: Kind
    address: str
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, row: DestinationRow) -> "Destination":
        """The row as a value."""
        return cls(
            id=row.id,
            name=row.name,
            kind=Kind(row.kind),
            address=row.address,
            created_at=from_micros(row.created_at),
            created_by=row.created_by,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A report on its way."""

    id: str
    run_id: str
    destination: Destination
    state: State
    attempts: int
    next_at: datetime
    why: str
    delivered_at: datetime | None

    @classmethod
    def of(cls, row: DeliveryRow, destination: DestinationRow) -> "Delivery":
        """The rows as a value."""
        return cls(
            id=row.id,
            run_id=row.run_id,
            destination=Destination.of(destination),
            state=State(row.state),
            attempts=row.attempts,
            next_at=from_micros(row.next_at),
            why=row.why,
            delivered_at=from_micros(row.delivered_at) if row.delivered_at else None,
        )


def check_address(kind: Kind, address: str) -> None:
    """BadInput where nothing could be sent there; a webhook's is judged where it is posted to."""
    if kind is Kind.EMAIL and not _MAILBOX.fullmatch(address):
        raise BadInput(f"{address[:80]!r} is no e-mail address.", hint="Write one address.")
    if kind is Kind.FOLDER and not _FOLDER.fullmatch(address):
        raise BadInput(
            f"{address[:80]!r} is no name of a folder.",
            hint="Write a plain name: it is made in the folder that the installation gives.",
        )
    if len(address) > ADDRESS_MAX:
        raise BadInput("The address is too long.", hint=f"It has at most {ADDRESS_MAX} signs.")


def add_destination(
    work: Work, *, name: str, kind: Kind, address: str
) -> tuple[DestinationRow, str]:
    """One more destination, and for a webhook the secret that signs, which is not shown again."""
    if len(destinations(work)) >= MOST_DESTINATIONS:
        raise TooMany("destinations", MOST_DESTINATIONS)
    row_id, key, nonce, sealed = new_id(), "", None, None
    if kind is Kind.WEBHOOK:
        key = f"whsec_{base64.b64encode(os.urandom(32)).decode()}"
        nonce, sealed = seal(key, tenant_id=work.caller.tenant_id, of=row_id, purpose=PURPOSE)
    row = DestinationRow(
        id=row_id,
        name=name,
        kind=kind,
        address=address,
        nonce=nonce,
        sealed=sealed,
        created_at=work.now_micros,
        created_by=work.caller.actor,
        ended_at=None,
    )
    work.add_all([row])
    work.session.flush()
    return row, key


def destinations(work: Work) -> Sequence[DestinationRow]:
    """The destinations that have not ended, by name."""
    return work.session.scalars(
        select(DestinationRow)
        .where(DestinationRow.ended_at.is_(None))
        .order_by(DestinationRow.name, DestinationRow.id)
        .limit(MOST_DESTINATIONS)
    ).all()


def destination_row(work: Work, destination_id: str) -> DestinationRow:
    """The destination that has not ended; NotFound otherwise."""
    row = work.session.get(DestinationRow, (work.caller.tenant_id, destination_id))
    if row is None or row.ended_at:
        raise NotFound("destination", destination_id[:80])
    return row


def signing_key(row: DestinationRow) -> str:
    """By what a webhook's body is signed; SealBroken where it cannot be opened."""
    if row.nonce is None or row.sealed is None:
        raise SealBroken
    return unseal(row.nonce, row.sealed, tenant_id=row.tenant_id, of=row.id, purpose=PURPOSE)


def enqueue(work: Work, run_id: str, destination_ids: Iterable[str]) -> int:
    """A delivery to each of these that still stand and have none of this run; how many."""
    standing = {row.id for row in destinations(work)} & set(destination_ids)
    known = {row.destination_id for row in of_runs(work, [run_id])}
    rows = [
        DeliveryRow(
            id=new_id(),
            run_id=run_id,
            destination_id=destination_id,
            state=State.WAITING,
            attempts=0,
            next_at=work.now_micros,
            why="",
            created_at=work.now_micros,
            delivered_at=None,
        )
        for destination_id in sorted(standing - known)
    ]
    work.add_all(rows)
    work.session.flush()
    return len(rows)


def of_runs(work: Work, run_ids: Sequence[str]) -> Sequence[DeliveryRow]:
    """The deliveries of these runs, the oldest first."""
    query = select(DeliveryRow).where(DeliveryRow.run_id.in_(run_ids))
    return work.session.scalars(query.order_by(DeliveryRow.id).limit(1_000)).all()


def newest(work: Work, *, limit: int) -> Sequence[tuple[DeliveryRow, DestinationRow, JobRunRow]]:
    """The newest deliveries first, each with where it goes and of which run it is."""
    query = (
        select(DeliveryRow, DestinationRow, JobRunRow)
        .join(DestinationRow, DestinationRow.id == DeliveryRow.destination_id)
        .join(JobRunRow, JobRunRow.id == DeliveryRow.run_id)
        .order_by(DeliveryRow.id.desc())
        .limit(limit)
    )
    return [(sent, goal, run) for sent, goal, run in work.session.execute(query)]


def due(work: Work) -> Sequence[DeliveryRow]:
    """The deliveries whose next try has come, the oldest first."""
    return work.session.scalars(
        select(DeliveryRow)
        .where(DeliveryRow.state == State.WAITING, DeliveryRow.next_at <= work.now_micros)
        .order_by(DeliveryRow.next_at, DeliveryRow.id)
        .limit(MOST_AT_ONCE)
    ).all()


def hold(work: Work, row: DeliveryRow) -> bool:
    """Whether this process is the one that tries now: nobody else does for two minutes."""
    until = work.now_micros + HELD_FOR // timedelta(microseconds=1)
    return _change(work, row, row.attempts, attempts=row.attempts + 1, next_at=until)


def end_try(work: Work, row: DeliveryRow, attempt: int, *, why: str) -> State | None:
    """Keeps what came of a try: it has arrived, or why not; None of a try that is not held."""
    if not why:
        arrived = {"state": State.DELIVERED, "why": "", "delivered_at": work.now_micros}
        return State.DELIVERED if _change(work, row, attempt, **arrived) else None
    if attempt > len(WAITS):
        return State.FAILED if _change(work, row, attempt, state=State.FAILED, why=why) else None
    after = micros(work.now + WAITS[attempt - 1])
    return State.WAITING if _change(work, row, attempt, next_at=after, why=why) else None


def _change(work: Work, row: DeliveryRow, attempt: int, /, **values: object) -> bool:
    changed = work.session.execute(
        update(DeliveryRow)
        .where(
            DeliveryRow.id == row.id,
            DeliveryRow.attempts == attempt,
            DeliveryRow.state == State.WAITING,
        )
        .values(**values)
    )
    return changed.rowcount == 1  # pyrefly: ignore[missing-attribute]  an UPDATE counts its rows
