"""Computations as they are kept: what was asked, how each stands, what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select, update

from valor_core.errors import NotFound
from valor_core.store.tables import ComputationRow
from valor_core.store.work import Work
from valor_core.values import from_micros, new_id

MOST_KEPT = 50
"""Of a tenant, beside those at work; the oldest go first."""
LEASE = timedelta(seconds=30)


class Status(StrEnum):
    """How a computation stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # the server was stopped, or its process died


@dataclass(frozen=True, slots=True, kw_only=True)
class Computation:
    """A computation as people and clients see it."""

    id: str
    act: str
    subject: str
    asked: dict[str, Any]
    status: Status
    outcome: dict[str, Any] | None
    began_at: datetime
    began_by: str


def add(work: Work, act: str, subject: str, asked: Mapping[str, Any]) -> str:
    """A computation that begins; the oldest that have ended make room."""
    row = ComputationRow(
        id=new_id(),
        act=act,
        subject=subject,
        asked=dict(asked),
        status=Status.RUNNING,
        outcome=None,
        lease_until=_until(work),
        began_at=work.now_micros,
        began_by=work.caller.actor,
        ended_at=None,
    )
    work.add_all([row])
    ended = (
        select(ComputationRow.id)
        .where(ComputationRow.ended_at.is_not(None))
        .order_by(ComputationRow.began_at.desc(), ComputationRow.id.desc())
        .offset(MOST_KEPT - 1)
    )
    gone = list(work.session.scalars(ended))
    work.session.execute(delete(ComputationRow).where(ComputationRow.id.in_(gone)))
    return row.id


def computation(work: Work, computation_id: str) -> Computation:
    """The computation of that id; NotFound otherwise."""
    row = work.session.get(ComputationRow, (work.caller.tenant_id, computation_id))
    if row is None:
        raise NotFound("computation", computation_id[:80])
    return _computation(work, row)


def newest(work: Work, act: str, subject: str) -> Computation | None:
    """The caller's newest computation of that kind about that subject."""
    row = work.session.scalar(
        select(ComputationRow)
        .where(
            ComputationRow.act == act,
            ComputationRow.subject == subject,
            ComputationRow.began_by == work.caller.actor,
        )
        .order_by(ComputationRow.began_at.desc(), ComputationRow.id.desc())
        .limit(1)
    )
    return None if row is None else _computation(work, row)


def end(work: Work, computation_id: str, status: Status, outcome: Mapping[str, Any] | None) -> bool:
    """Keep how it ended; False where it had ended before."""
    changed = work.session.execute(
        update(ComputationRow)
        .where(ComputationRow.id == computation_id, ComputationRow.status == Status.RUNNING)
        .values(status=status, outcome=outcome, ended_at=work.now_micros)
        .returning(ComputationRow.id)
    )
    return changed.first() is not None


def renew(work: Work, computation_ids: list[str]) -> None:
    """They are still at work."""
    work.session.execute(
        update(ComputationRow)
        .where(ComputationRow.id.in_(computation_ids), ComputationRow.status == Status.RUNNING)
        .values(lease_until=_until(work))
    )


def _until(work: Work) -> int:
    return work.now_micros + LEASE // timedelta(microseconds=1)


def _computation(work: Work, row: ComputationRow) -> Computation:
    lost = row.status == Status.RUNNING and row.lease_until < work.now_micros
    return Computation(
        id=row.id,
        act=row.act,
        subject=row.subject,
        asked=row.asked,
        status=Status.INTERRUPTED if lost else Status(row.status),
        outcome=row.outcome,
        began_at=from_micros(row.began_at),
        began_by=row.began_by,
    )
