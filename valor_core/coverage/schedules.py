"""When jobs and reports are due, as it is kept: rows that people change, and what follows of them.

A row says nothing of processes. Which moments are due follows from the row and from the newest one
that somebody has asked for, so every process finds the same.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import func, inspect, select

from valor_core.coverage.cron import all_due, last_due, next_due, read_cron, read_zone
from valor_core.coverage.job_runs import (
    MOST_WAITING,
    JobRun,
    TooMany,
    last_with_result,
    run_of,
    slot_of,
)
from valor_core.coverage.recurring import cron_of, in_words
from valor_core.errors import BadInput, Conflict, NotFound
from valor_core.store.tables import JobRunRow, ScheduleRow
from valor_core.store.work import Work
from valor_core.values import from_micros, micros, new_id

MOST_SCHEDULES = 50
NEXT_RUNS = 5  # so many are told of what a change would do
CLOCKS_DIFFER = timedelta(minutes=5)
"""Further ahead than this no moment is that was written down, but by a clock that was wrong."""
CATCH_UP = {
    "latest": "only the newest time that was missed is made up for",
    "all": "every time that was missed is made up for, the oldest first",
}


NOT_KEPT = "new"  # the version of a standing job's schedule that has no row yet


class StaleSchedule(Conflict):
    """Somebody else has changed the schedule since it was read."""

    code, status = "stale_schedule", 412

    def __init__(self) -> None:
        super().__init__(
            "Somebody else has changed this schedule since you read it.",
            hint="Read it again, then make the change once more on its new version.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a report or a job is due, in which zone, with which parameters, and who is sent it."""

    id: str
    report: str  # or the job
    cron: str
    timezone: str
    parameters: dict[str, Any]
    created_at: datetime
    created_by: str
    next_due: datetime
    catch_up: str
    paused: bool
    deliver_to: tuple[str, ...]
    version: str  # another one whenever anything of it is changed

    @property
    def in_words(self) -> str:
        """When it is due, as one says it."""
        return in_words(self.cron, self.timezone)

    def next_runs(self, now: datetime) -> tuple[datetime, ...]:
        """When it is due next, a few times; never while it is paused."""
        if self.paused:
            return ()
        cron, zone, due = read_cron(self.cron), read_zone(self.timezone), [now]
        for _ in range(NEXT_RUNS):
            due.append(next_due(cron, zone, after=due[-1]))
        return tuple(due[1:])

    @classmethod
    def of(cls, row: ScheduleRow, now: datetime) -> "Schedule":
        """The row as a value."""
        return cls(
            id=row.id,
            report=row.job,
            cron=row.cron,
            timezone=row.timezone,
            parameters=row.parameters,
            created_at=from_micros(row.created_at),
            created_by=row.created_by,
            next_due=next_due(read_cron(row.cron), read_zone(row.timezone), after=now),
            catch_up=row.catch_up,
            paused=row.paused_at is not None,
            deliver_to=tuple(row.deliver_to),
            version=_version(row),
        )


def _version(row: ScheduleRow) -> str:
    told = row.cron, row.timezone, row.catch_up, row.paused_at, row.due_since, row.deliver_to
    return sha256(repr(told).encode()).hexdigest()[:16]


def schedules(work: Work) -> Sequence[ScheduleRow]:
    """The schedules that have not ended, the oldest first."""
    return work.session.scalars(
        select(ScheduleRow)
        .where(ScheduleRow.ended_at.is_(None))
        .order_by(ScheduleRow.created_at, ScheduleRow.id)
        .limit(2 * MOST_SCHEDULES)  # those of people, and those of the standing jobs
    ).all()


def schedule_row(work: Work, schedule_id: str) -> ScheduleRow:
    """The schedule that has not ended; NotFound otherwise."""
    row = work.session.get(ScheduleRow, (work.caller.tenant_id, schedule_id))
    if row is None or row.ended_at:
        raise NotFound("schedule", schedule_id[:80])
    return row


def add_schedule(
    work: Work,
    *,
    job: str,
    when: str,
    timezone: str = "UTC",
    parameters: Mapping[str, Any] | None = None,
    schedule_id: str = "",
) -> ScheduleRow:
    """One more schedule; TooMany where the tenant has its fill, an id of its own aside."""
    if not schedule_id and len([r for r in schedules(work) if r.id != r.job]) >= MOST_SCHEDULES:
        raise TooMany("schedules", MOST_SCHEDULES)
    row = drafted(
        work, job=job, when=when, timezone=timezone, parameters=parameters,
        schedule_id=schedule_id or new_id(),
    )  # fmt: skip
    work.add_all([row])
    work.session.flush()
    return row


def drafted(
    work: Work,
    *,
    job: str,
    when: str,
    schedule_id: str,
    timezone: str = "UTC",
    parameters: Mapping[str, Any] | None = None,
) -> ScheduleRow:
    """A schedule as it begins, that nobody has yet."""
    return ScheduleRow(
        id=schedule_id,
        job=job,
        parameters=dict(parameters or {}),
        created_at=work.now_micros,
        created_by=work.caller.actor,
        due_since=work.now_micros,
        catch_up="latest",
        deliver_to=[],
        **_when(when, timezone),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleChange:
    """What is to be otherwise of a schedule; None leaves it as it is."""

    when: str | None = None
    timezone: str | None = None
    catch_up: str | None = None
    paused: bool | None = None
    deliver_to: Sequence[str] | None = None

    def told(self) -> dict[str, Any]:
        """What is changed, for the log."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def change(
    work: Work, row: ScheduleRow, to: ScheduleChange, *, expected: str | None = None
) -> None:
    """Changes a schedule; what it would have been due before is not made up for.

    StaleSchedule where it is not of the version that is expected.
    """
    work.session.refresh(row, with_for_update=True)
    for name, value in _changed(work, row, to, expected).items():
        setattr(row, name, value)
    work.session.flush()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsForeseen:
    """A schedule as it stands, and as it would be under its version; the next runs of both."""

    now: Schedule
    then: Schedule | None  # None: it would have ended
    runs_now: tuple[datetime, ...]
    runs_then: tuple[datetime, ...]


def foresee(
    work: Work, row: ScheduleRow, to: ScheduleChange | None, *, expected: str | None = None
) -> RunsForeseen:
    """What a change of a schedule, or its end by None, would do; nothing is changed."""
    now, then = Schedule.of(row, work.now), None
    if not inspect(row).persistent:
        now = replace(now, version=NOT_KEPT)
    if to is not None:
        kept = {each.key: getattr(row, each.key) for each in inspect(ScheduleRow).column_attrs}
        after = ScheduleRow(**kept | _changed(work, row, to, expected))
        then = replace(Schedule.of(after, work.now), version=now.version)
    return RunsForeseen(
        now=now,
        then=then,
        runs_now=now.next_runs(work.now),
        runs_then=then.next_runs(work.now) if then else (),
    )


def _changed(
    work: Work, row: ScheduleRow, to: ScheduleChange, expected: str | None
) -> dict[str, Any]:
    """The columns that a change makes others; a refusal where it cannot be."""
    if expected not in (None, _version(row)):
        raise StaleSchedule
    columns: dict[str, Any] = {}
    if to.when is not None or to.timezone is not None:
        columns |= _when(to.when or row.cron, to.timezone or row.timezone)
        columns["due_since"] = work.now_micros
    if to.catch_up is not None:
        if to.catch_up not in CATCH_UP:
            raise BadInput(
                f"{to.catch_up[:40]!r} says nothing of missed times.",
                hint="Write `latest` or `all`.",
            )
        columns["catch_up"] = to.catch_up
    if to.paused is not None:
        columns["paused_at"] = work.now_micros if to.paused else None
        columns["due_since"] = work.now_micros
    if to.deliver_to is not None:
        columns["deliver_to"] = list(dict.fromkeys(to.deliver_to))
    return columns


def ahead_of_time(work: Work) -> list[ScheduleRow]:
    """The schedules that a clock which was ahead has begun in the future: due only years hence."""
    latest = micros(work.now + CLOCKS_DIFFER)
    return [row for row in schedules(work) if row.due_since > latest]


def _when(when: str, timezone: str) -> dict[str, str]:
    read_zone(timezone)
    return {"cron": cron_of(when), "timezone": timezone}


def due_moments(work: Work, row: ScheduleRow) -> list[datetime]:
    """The moments at which it is due and that nobody has asked for yet, the oldest first."""
    if row.paused_at is not None:
        return []
    since = from_micros(row.due_since)
    after = max(filter(None, (last_slot(work, row.job, row.id), since)))
    cron, zone = read_cron(row.cron), read_zone(row.timezone)
    if row.catch_up == "all":
        return all_due(cron, zone, after=after, now=work.now, most=MOST_WAITING)
    newest = last_due(cron, zone, after=after, now=work.now)
    return [newest] if newest else []


def failing(work: Work, jobs: Collection[str]) -> list[JobRun]:
    """The newest result of each schedule of these jobs that is due again, where it failed."""
    newest = [
        last_with_result(work, row.job, row.id)
        for row in schedules(work)
        if row.job in jobs and row.paused_at is None
    ]
    return [run for run in (run_of(row) for row in newest if row) if run.failed]


def last_slot(work: Work, job: str, schedule_id: str) -> datetime | None:
    """The newest due time of a job's schedule that has come and that somebody has asked for.

    One that is still to come was asked for by a clock that was ahead: it holds up no other.
    """
    of_schedule = JobRunRow.job == job, JobRunRow.slot.startswith(f"{schedule_id}@")
    has_come = JobRunRow.slot <= slot_of(schedule_id, work.now)
    newest = work.session.scalar(select(func.max(JobRunRow.slot)).where(*of_schedule, has_come))
    return datetime.fromisoformat(newest.partition("@")[2]) if newest else None
