"""Jobs: what is due in a tenant, and the run that one process holds until it has finished it.

A process takes a waiting run, renews its lease while it works, and finishes it: a run that was
taken over meanwhile can no longer be finished by whoever held it before.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from valor_core.billing import metering
from valor_core.billing.metering import Meter
from valor_core.coverage import deliveries, job_runs, schedules
from valor_core.coverage.job_runs import (
    LONGEST_LEASE,
    MOST_ATTEMPTS,
    WITH_RESULT,
    JobRun,
    Status,
    run_of,
    slot_of,
)
from valor_core.coverage.report_parameters import is_report
from valor_core.coverage.schedules import NOT_KEPT, RunsForeseen, Schedule, ScheduleChange
from valor_core.store.tables import (
    AuditCheckpointRow,
    BillingEventRow,
    ProviderWatchRow,
    ScheduleRow,
)
from valor_core.store.work import Work
from valor_core.tenancy import quotas
from valor_core.tenancy.reasons import stated
from valor_core.values import from_micros, micros
from valor_core.workbench.paging import check_page
from valor_core.workbench.verb import verb, view


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A slot that nobody has asked for yet, with what its schedule asks."""

    job: str
    slot: str
    schedule_id: str
    parameters: Mapping[str, Any]


def seed_schedules(work: Work, standing: Mapping[str, str]) -> None:
    """A schedule for each standing job (by its name, with when it is due) that has none yet."""
    known = {row.job for row in schedules.schedules(work)}
    if missing := {job: when for job, when in standing.items() if job not in known}:
        _seed(work, missing)


@verb("job.carry_out", audited=False)
def _seed(work: Work, missing: Mapping[str, str]) -> None:
    for job, when in missing.items():
        schedules.add_schedule(work, job=job, when=when, schedule_id=job)


def set_right_what_is_ahead(work: Work) -> None:
    """A schedule that a clock which was ahead has begun in the future begins now."""
    if ahead := schedules.ahead_of_time(work):
        _begin_now(work, ahead)


@verb("job.carry_out", audited=False)
def _begin_now(work: Work, ahead: Sequence[ScheduleRow]) -> None:
    for row in ahead:
        row.due_since = work.now_micros
    work.session.flush()


@view("job.prepare")
def due_slots(work: Work) -> list[Due]:
    """The slots that are due, of every schedule those that it makes up for, the oldest first."""
    return [
        Due(
            job=row.job, slot=slot_of(row.id, moment), schedule_id=row.id, parameters=row.parameters
        )
        for row in schedules.schedules(work)
        for moment in schedules.due_moments(work, row)
    ]


@verb("job.run")
def ask_for_run(work: Work, job: str, parameters: Mapping[str, Any], *, slot: str = "") -> JobRun:
    """A run that waits for a process to take it; AlreadyThere where the slot is asked for."""
    row = job_runs.add_run(work, job, parameters, slot=slot)
    work.note(f"job_run:{row.id}", job=job, slot=row.slot, parameters=row.parameters)
    return run_of(row)


@verb("job.carry_out", audited=False)
def take_run(work: Work, run_id: str, *, owner: str, lease: timedelta) -> JobRun | None:
    """Holds a waiting or lost run for the lease; None where another process was first.

    Raising `attempt` fences out whoever held it before.
    """
    row = job_runs.run_row(work, run_id)
    is_held = work.now_micros < row.lease_until <= micros(work.now + LONGEST_LEASE)
    if row.status != Status.RUNNING or is_held:
        return None
    until = work.now_micros + lease // timedelta(microseconds=1)
    try:
        job_runs.change_held(
            work, row.id, row.attempt, attempt=row.attempt + 1, owner=owner, lease_until=until
        )
    except job_runs.RunLost:
        return None
    work.session.refresh(row)
    return run_of(row)


@verb("job.carry_out", audited=False)
def renew_run(work: Work, run: JobRun, *, lease: timedelta) -> None:
    """Still at it; RunLost once somebody else is. A lease of nothing lets the run go."""
    until = work.now_micros + lease // timedelta(microseconds=1)
    job_runs.change_held(work, run.id, run.attempt, lease_until=until)


@verb("job.finish")
def finish_run(
    work: Work, run: JobRun, status: Status, *, detail: str = "", record: Mapping[str, Any]
) -> JobRun:
    """Keep what became of a run; RunLost where it is not this attempt's any more."""
    job_runs.change_held(
        work,
        run.id,
        run.attempt,
        status=status,
        detail=work.clean(detail[:2_000]),
        record=work.clean(dict(record)),
        finished_at=work.now_micros,
    )
    counted: Mapping[str, str] = {}
    if is_report(run.job):  # what fails is not charged
        done = status is Status.SUCCEEDED
        quotas.settle(work, run.id, Meter.REPORTS, used=int(done))
        if done:
            metering.count(work, Meter.REPORTS, act="report.run", act_id=run.id)
            counted = metering.told(Meter.REPORTS, run.id)
    if run.schedule_id and status in WITH_RESULT:
        _send(work, run, run.schedule_id, failed=status is not Status.SUCCEEDED)
    work.note(
        f"job_run:{run.id}",
        job=run.job,
        status=str(status),
        attempt=run.attempt,
        outputs=dict(record.get("outputs", {})),
        **counted,
    )
    row = job_runs.run_row(work, run.id)
    work.session.refresh(row)
    return run_of(row)


def _send(work: Work, run: JobRun, schedule_id: str, *, failed: bool) -> None:
    """To where its schedule says: what was made, the first failure of a series, its good end."""
    row = work.session.get(ScheduleRow, (work.caller.tenant_id, schedule_id))
    before = job_runs.last_with_result(work, run.job, schedule_id, before=run.scheduled_for)
    turned = failed != (before is not None and run_of(before).failed)
    if row and (turned or (is_report(run.job) and not failed)):
        deliveries.enqueue(work, run.id, row.deliver_to)


@view("job.prepare")
def lost_runs(work: Work) -> tuple[list[JobRun], list[JobRun]]:
    """Runs that nobody holds: those to take, and those that were interrupted for good.

    A run on demand is not begun again: who asked for it has seen it fail, or asks once more.
    """
    to_take: list[JobRun] = []
    interrupted: list[JobRun] = []
    for run in map(run_of, job_runs.lost_runs(work)):
        again = run.attempt < (MOST_ATTEMPTS if run.schedule_id else 1)
        (to_take if again else interrupted).append(run)
    return to_take, interrupted


@view("job.read")
def read_schedules(work: Work, jobs: Collection[str]) -> dict[str, Schedule]:
    """When the standing jobs are due in this tenant, by their names."""
    rows = [row for row in schedules.schedules(work) if row.job in jobs]
    return {row.job: Schedule.of(row, work.now) for row in rows}


@view("job.read")
def list_runs(
    work: Work, jobs: Collection[str], *, limit: int = 50, before: tuple[int, str] | None = None
) -> list[JobRun]:
    """The newest runs of these jobs first."""
    check_page(limit)
    return [run_of(row) for row in job_runs.newest_runs(work, jobs, limit=limit, before=before)]


@view("job.read")
def newest_of_each(work: Work, jobs: Collection[str]) -> dict[str, JobRun]:
    """The newest run of each of these jobs that has run, by its name."""
    return {row.job: run_of(row) for row in job_runs.newest_of_each(work, jobs)}


@view("job.read")
def failing_jobs(work: Work, jobs: Collection[str]) -> list[JobRun]:
    """The newest runs of these standing jobs that failed on schedule."""
    return schedules.failing(work, jobs)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastDone:
    """When that was done last which has no schedule; None where there was nothing to do yet."""

    watched: datetime | None
    sealed: datetime | None
    billed: datetime | None


@view("job.read")
def last_done(work: Work) -> LastDone:
    """When providers were watched, the log sealed and a billing event worked off."""
    watched, sealed, billed = (
        work.session.scalar(select(func.max(column)))
        for column in (
            ProviderWatchRow.watched_at, AuditCheckpointRow.created_at, BillingEventRow.received_at,
        )
    )  # fmt: skip
    return LastDone(
        watched=from_micros(watched) if watched else None,
        sealed=from_micros(sealed) if sealed else None,
        billed=from_micros(billed) if billed else None,
    )


@verb("job.start")
def start_job(work: Work, job: str) -> JobRun:
    """A standing job done now, whenever it is due."""
    row = job_runs.add_run(work, job, {})
    work.note(f"job_run:{row.id}", job=job)
    return run_of(row)


@view("job.read")
def foresee_schedule(
    work: Work, job: str, change: ScheduleChange, *, at_first: str, expected: str | None = None
) -> RunsForeseen:
    """The next runs of a standing job now, and as they would be."""
    row = work.session.get(ScheduleRow, (work.caller.tenant_id, job))
    if row is None:
        row = schedules.drafted(work, job=job, when=at_first, schedule_id=job)
        expected = None if expected == NOT_KEPT else expected
    for destination_id in change.deliver_to or ():
        deliveries.destination_row(work, destination_id)
    return schedules.foresee(work, row, change, expected=expected)


@verb("job.schedule")
def change_schedule(
    work: Work,
    job: str,
    change: ScheduleChange,
    *,
    at_first: str,
    expected: str | None = None,
    reason: str,
) -> Schedule:
    """When a standing job is due from now on, or that it is not."""
    why = stated(reason)
    row = work.session.get(ScheduleRow, (work.caller.tenant_id, job))
    if row is None:
        row = schedules.add_schedule(work, job=job, when=at_first, schedule_id=job)
        expected = None if expected == NOT_KEPT else expected
    for destination_id in change.deliver_to or ():
        deliveries.destination_row(work, destination_id)
    schedules.change(work, row, change, expected=expected)
    work.note(f"schedule:{row.id}", job=job, **change.told(), reason=why)
    return Schedule.of(row, work.now)


@verb("job.carry_out", audited=False)
def forget_runs(work: Work, jobs: Collection[str], *, kept: timedelta) -> int:
    """Drops what is told of old runs of standing jobs; how many."""
    return job_runs.forget_runs(
        work, jobs, before=work.now_micros - kept // timedelta(microseconds=1)
    )
