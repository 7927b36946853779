"""Runs of jobs, as they are kept.

A row of `job_runs` is the claim: the unique slot of a job decides who asks for a run, and `attempt`
fences out whoever lost it. A run with a lease that has ended waits to be taken by any process.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, not_, select, tuple_, update

from valor_core.errors import Conflict, NotFound
from valor_core.settings import home
from valor_core.store.tables import JobRunRow
from valor_core.store.work import Work
from valor_core.values import from_micros, micros, new_id

MOST_WAITING = 20
MOST_ATTEMPTS = 3
LONGEST_LEASE = timedelta(hours=1)
"""More than this is left only of a clock that was set back, so nobody holds such a run."""


class Status(StrEnum):
    """How far a run is. Only its row says so, never what a notebook says of itself."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"


FAILED = (Status.FAILED, Status.TIMEOUT)
WITH_RESULT = (Status.SUCCEEDED, *FAILED)  # what a person stopped says nothing


class RunLost(Conflict):
    """Somebody else has taken the run over, so this result is not published."""

    code = "run_lost"

    def __init__(self, run_id: str, attempt: int) -> None:
        super().__init__(
            f"Attempt {attempt} of run {run_id} was taken over or has ended.",
            hint="Look at the run: its later attempt tells the result.",
        )


class TooMany(Conflict):
    """A tenant has as many of these as it may."""

    code = "too_many"

    def __init__(self, what: str, most: int) -> None:
        super().__init__(f"There are {most} {what} already.", hint="End or await some of them.")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """One run of a job, as people and clients see it."""

    id: str
    job: str
    status: Status
    attempt: int  # 0 while it waits for a process to take it
    parameters: dict[str, Any]
    scheduled_for: datetime | None
    schedule_id: str | None
    detail: str
    record: dict[str, Any]
    created_at: datetime
    created_by: str
    finished_at: datetime | None
    folder: Path

    @property
    def named(self) -> str:
        """The run beside others, by the end of its id: ids of one minute begin alike."""
        return f"run {self.id[-6:]}"

    @property
    def waits(self) -> bool:
        """Whether no process has begun it yet."""
        return self.status is Status.RUNNING and self.attempt == 0

    @property
    def failed(self) -> bool:
        """Whether it came to no good end, and nobody wanted that."""
        return self.status in FAILED

    @property
    def html(self) -> Path | None:
        """The report itself, where there is one."""
        return self.folder / "report.html" if self.status is Status.SUCCEEDED else None

    @property
    def data(self) -> list[str]:
        """The files in which it left what it found, for whoever computes further, or prints."""
        return sorted(filter(is_data, self.record.get("outputs", ()))) if self.html else []

    def as_dict(self) -> dict[str, Any]:
        """As JSON values, for scripts."""
        done = self.status is Status.SUCCEEDED
        return {
            "run_id": self.id,
            "report": self.job,
            "status": self.status.value,
            "detail": self.detail,
            "parameters": self.parameters,
            "scheduled_for": _iso(self.scheduled_for),
            "created_at": _iso(self.created_at),
            "created_by": self.created_by,
            "finished_at": _iso(self.finished_at),
            "attempt": self.attempt,
            "folder": str(self.folder),
            "html": str(self.folder / "report.html") if done else None,
            "result": str(self.folder / "result.json") if done else None,
            "outputs": self.record.get("outputs", {}),
            "record": self.record,
        }


def is_data(name: str) -> bool:
    """Whether a file of a run is for whoever computes further, or prints."""
    return name in ("result.json", "report.pdf") or name.endswith(".csv")


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def slot_of(schedule_id: str, due: datetime) -> str:
    """The name of one due time of a schedule, or of a job that has its own.

    >>> slot_of("s1", datetime(2026, 3, 2, 7, 30, tzinfo=UTC))
    's1@2026-03-02T07:30:00Z'
    """
    return f"{schedule_id}@{due.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def run_of(row: JobRunRow) -> JobRun:
    """The row as a value."""
    schedule_id, at, due = row.slot.partition("@")
    return JobRun(
        id=row.id,
        job=row.job,
        status=Status(row.status),
        attempt=row.attempt,
        parameters=row.parameters,
        scheduled_for=datetime.fromisoformat(due) if at else None,
        schedule_id=schedule_id if at else None,
        detail=row.detail,
        record=row.record,
        created_at=from_micros(row.created_at),
        created_by=row.created_by,
        finished_at=from_micros(row.finished_at) if row.finished_at else None,
        folder=home() / "reports" / row.tenant_id / row.id / str(row.attempt),
    )


def add_run(work: Work, job: str, parameters: Mapping[str, Any], *, slot: str = "") -> JobRunRow:
    """A run that waits; AlreadyThere where somebody else was first at the slot."""
    under_way = JobRunRow.job == job, JobRunRow.status == Status.RUNNING
    waiting = select(func.count()).select_from(JobRunRow).where(*under_way)
    if (work.session.scalar(waiting) or 0) >= MOST_WAITING:
        raise TooMany(f"runs of {job} under way", MOST_WAITING)
    run_id = new_id()
    row = JobRunRow(
        id=run_id,
        job=job,
        slot=slot or run_id,
        parameters=dict(parameters),
        status=Status.RUNNING,
        attempt=0,
        owner="",
        lease_until=work.now_micros,
        record={},
        detail="",
        created_at=work.now_micros,
        created_by=work.caller.actor,
        finished_at=None,
    )
    work.add_all([row])
    work.session.flush()
    return row


def run_row(work: Work, run_id: str) -> JobRunRow:
    """The run; NotFound otherwise."""
    row = work.session.get(JobRunRow, (work.caller.tenant_id, run_id))
    if row is None:
        raise NotFound("run", run_id[:80])
    return row


def newest_runs(
    work: Work, jobs: Iterable[str], *, limit: int, before: tuple[int, str] | None = None
) -> Sequence[JobRunRow]:
    """The newest runs of these jobs first; `before` is (created_at, id)."""
    newest_first = JobRunRow.created_at.desc(), JobRunRow.id.desc()
    query = select(JobRunRow).where(JobRunRow.job.in_(jobs)).order_by(*newest_first)
    if before:
        query = query.where(tuple_(JobRunRow.created_at, JobRunRow.id) < before)
    return work.session.scalars(query.limit(limit)).all()


def newest_of_each(work: Work, jobs: Iterable[str]) -> Sequence[JobRunRow]:
    """The newest run of each of these jobs that has run."""
    newest = select(func.max(JobRunRow.id)).where(JobRunRow.job.in_(jobs)).group_by(JobRunRow.job)
    return work.session.scalars(select(JobRunRow).where(JobRunRow.id.in_(newest))).all()


def last_with_result(
    work: Work, job: str, schedule_id: str, *, before: datetime | None = None
) -> JobRunRow | None:
    """The run of the newest due time of a schedule, before that one, that ended well or failed."""
    query = select(JobRunRow).where(
        JobRunRow.job == job,
        JobRunRow.slot.startswith(f"{schedule_id}@"),
        JobRunRow.status.in_(WITH_RESULT),
    )
    if before:
        query = query.where(JobRunRow.slot < slot_of(schedule_id, before))
    return work.session.scalars(query.order_by(JobRunRow.slot.desc()).limit(1)).one_or_none()


def forget_runs(work: Work, jobs: Iterable[str], *, before: int) -> int:
    """Drops the ended runs of these jobs that were asked for before that moment; how many."""
    old = JobRunRow.status != Status.RUNNING, JobRunRow.created_at < before
    gone = delete(JobRunRow).where(JobRunRow.job.in_(jobs), *old).returning(JobRunRow.id)
    return len(work.session.execute(gone).all())


def lost_runs(work: Work) -> Sequence[JobRunRow]:
    """Runs that nobody holds, the oldest first: they wait, or their process went away."""
    longest = micros(work.now + LONGEST_LEASE)
    is_held = JobRunRow.lease_until.between(work.now_micros + 1, longest)
    return work.session.scalars(
        select(JobRunRow)
        .where(JobRunRow.status == Status.RUNNING, not_(is_held))
        .order_by(JobRunRow.created_at, JobRunRow.id)
        .limit(MOST_WAITING)
    ).all()


def change_held(work: Work, run_id: str, attempt: int, /, **values: Any) -> None:
    """Changes the run while that attempt holds it; RunLost otherwise."""
    changed = work.session.execute(
        update(JobRunRow)
        .where(
            JobRunRow.id == run_id,
            JobRunRow.attempt == attempt,
            JobRunRow.status == Status.RUNNING,
        )
        .values(**values)
    )
    if changed.rowcount != 1:  # pyrefly: ignore[missing-attribute]  an UPDATE counts its rows
        raise RunLost(run_id, attempt)


def snapshots_named(work: Work) -> set[str]:
    """The snapshots that the tenant's reports stand on."""
    records = work.session.scalars(select(JobRunRow.record))
    stood_on = (record.get("stands_on", {}).get("snapshot_id") for record in records)
    return {snapshot_id for snapshot_id in stood_on if snapshot_id}
