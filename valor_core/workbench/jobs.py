"""Jobs: what is due in a tenant, and the run that one process holds until it has finished it.

A process takes a waiting run, renews its lease while it works, and finishes it: a run that was
taken over meanwhile can no longer be finished by whoever held it before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from valor_core.billing.metering import Meter
from valor_core.coverage import job_runs
from valor_core.coverage.cron import last_due, read_cron, read_zone
from valor_core.coverage.job_runs import MOST_ATTEMPTS, JobRun, Status, run_of
from valor_core.coverage.report_parameters import REPORTS
from valor_core.store.work import Work
from valor_core.tenancy import quotas
from valor_core.values import from_micros
from valor_core.workbench.verb import verb, view

MADE_UP_FOR = timedelta(days=1)
"""How far back a job's own due time counts in a tenant where it has never run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A slot that nobody has asked for yet, with what its schedule asks."""

    slot: str
    schedule_id: str
    parameters: Mapping[str, Any]


@view("job.prepare")
def due_slots(work: Work, job: str, *, cron: str = "") -> list[Due]:
    """The slots of a job that are due: those of the tenant's schedules, and its own (in UTC).

    After a pause only the newest slot is made up for: an old report late is of no use.
    """
    due = []
    for row in job_runs.schedules(work):
        if row.job == job:
            begun = job_runs.last_slot(work, job, row.id) or from_micros(row.created_at)
            moment = last_due(
                read_cron(row.cron), read_zone(row.timezone), after=begun, now=work.now
            )
            due.append((row.id, moment, row.parameters))
    if cron:
        begun = job_runs.last_slot(work, job, job) or work.now - MADE_UP_FOR
        moment = last_due(read_cron(cron), read_zone("UTC"), after=begun, now=work.now)
        due.append((job, moment, {}))
    return [
        Due(slot=job_runs.slot_of(schedule, moment), schedule_id=schedule, parameters=parameters)
        for schedule, moment, parameters in due
        if moment
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
    if row.status != Status.RUNNING or row.lease_until > work.now_micros:
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
    if run.job in REPORTS:  # what fails is not charged
        quotas.settle(work, run.id, Meter.REPORTS, used=int(status is Status.SUCCEEDED))
    work.note(
        f"job_run:{run.id}",
        job=run.job,
        status=str(status),
        attempt=run.attempt,
        outputs=dict(record.get("outputs", {})),
    )
    row = job_runs.run_row(work, run.id)
    work.session.refresh(row)
    return run_of(row)


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
