"""What runs in the background, in every tenant: the one list of jobs.

A standing job is one function that tells in a sentence what it did, and one line here. When it is
due is said once, here; from then on the tenant's own row says it, which administrators change.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from jobs import standing
from jobs.reports import carry_out
from jobs.standing import carried
from valor_core.coverage.job_runs import JobRun, Status
from valor_core.coverage.report_parameters import OWN, REPORTS, is_own
from valor_core.coverage.schedules import Schedule
from valor_core.errors import NotFound
from valor_core.store.work import Work
from valor_core.workbench import jobs, reports
from valor_core.workbench.report_kinds import KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something that is done once for each of its due times, by whichever process is first."""

    name: str
    carry_out: Callable[
        ..., JobRun
    ]  # (store, caller, run, limits=, stopped=), and finishes the run
    ask: Callable[..., JobRun] = jobs.ask_for_run  # (work, name, parameters, slot=)
    title: str = ""
    about: str = ""
    when: str = ""  # due in every tenant, in UTC, at first; empty: only as somebody schedules it


JOBS: tuple[Job, ...] = (
    *(Job(name=name, ask=reports.ask_for_run, carry_out=carry_out) for name in REPORTS),
    Job(
        name="usage_days",
        title="Add up usage",
        about="Adds up each day of use that is over, so that bills and roll-ups are quick.",
        when="every day at 01:30",
        carry_out=carried(standing.add_up_days),
    ),
    Job(
        name="snapshot",
        title="Publish a snapshot",
        about="Keeps all that there is, with daily roll-ups, where anything has changed.",
        when="every day at 02:10",
        carry_out=carried(standing.publish_snapshot),
    ),
    Job(
        name="retention",
        title="Purge what may not be kept",
        about="Drops details of the audit log that the retention policies want gone, and series "
        "that the licences of their providers do.",
        when="every day at 03:20",
        carry_out=carried(standing.purge_the_log),
    ),
    Job(
        name="log_check",
        title="Verify the audit log",
        about="Looks whether every entry of the log is as it was written, and fails at one that "
        "is not.",
        when="every day at 03:30",
        carry_out=carried(standing.verify_the_log),
    ),
    Job(
        name="garbage",
        title="Clear away what is old",
        about="Drops snapshots past their time, files that nothing names, and old runs of jobs.",
        when="every Sunday at 03:40",
        carry_out=carried(standing.collect_garbage),
    ),
    Job(
        name="billing_check",
        title="Check billing",
        about="Compares 30 days of billing with what was used.",
        when="every day at 04:10",
        carry_out=carried(standing.check_billing),
    ),
    Job(
        name="service_check",
        title="Check service levels",
        about="Looks whether a data provider has overspent its error budget in 30 days.",
        when="every day at 04:20",
        carry_out=carried(standing.check_services),
    ),
)
OWN_NOTEBOOK = Job(name=OWN, ask=reports.ask_for_run, carry_out=carry_out)
"""Any notebook of a tenant's own that was approved there."""

STANDING = {job.name: job for job in JOBS if job.when}


def title_of(name: str) -> str:
    """What a report or a standing job is called; an own notebook, by its name."""
    if is_own(name):
        return name.removeprefix(OWN).replace("_", " ").capitalize()
    return KINDS[name].title if name in KINDS else STANDING[name].title


def job_named(name: str, jobs: Iterable[Job]) -> Job | None:
    """What is done under that name; None where a newer version knows more than this one."""
    if is_own(name):
        return OWN_NOTEBOOK
    return next((job for job in jobs if job.name == name), None)


def known_job(name: str) -> Job:
    """The standing job of that name; NotFound otherwise."""
    if name not in STANDING:
        raise NotFound("job", name[:80], hint=f"There are {', '.join(STANDING)}.")
    return STANDING[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A standing job as its administrators see it."""

    job: Job
    schedule: Schedule | None  # None until it is first looked at
    last: JobRun | None

    @property
    def when(self) -> str:
        """When it is due, as one says it."""
        if self.schedule is None:
            return f"{self.job.when} UTC"
        return f"paused, else {self.schedule.in_words}" if self.paused else self.schedule.in_words

    @property
    def paused(self) -> bool:
        """Whether it is not due at all."""
        return self.schedule is not None and self.schedule.paused

    @property
    def next_due(self) -> datetime | None:
        """When it is due next, if at all."""
        return self.schedule.next_due if self.schedule and not self.paused else None

    @property
    def last_told(self) -> str:
        """What it did last."""
        if self.last is None:
            return "It has not run yet."
        return f"{self.last.created_at:%Y-%m-%d %H:%M} UTC: {told(self.last)}"


def told(run: JobRun) -> str:
    """What became of a run, in a sentence."""
    if run.waits:
        return "It waits for its turn."
    if run.status is Status.RUNNING:
        return "It is being done."
    return run.detail if run.status is Status.SUCCEEDED else f"It failed. {run.detail}"


def overview(work: Work) -> list[Standing]:
    """The standing jobs with when they are due and what they did last."""
    known, newest = jobs.read_schedules(work, STANDING), jobs.newest_of_each(work, STANDING)
    return [
        Standing(job=job, schedule=known.get(name), last=newest.get(name))
        for name, job in STANDING.items()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Always:
    """What needs no schedule, since it looks every few seconds whether there is anything to do.

    Nobody can pause it: a hole in checkpoints, states or billing is one that nobody can fill later.
    """

    title: str
    about: str
    last: datetime | None  # None where there was nothing to do yet


def always_done(work: Work) -> list[Always]:
    """What is done all the time, and when it was done last."""
    last = jobs.last_done(work)
    return [
        Always(
            title="Watch data providers",
            about="Judges each minute how the providers stand that are used.",
            last=last.watched,
        ),
        Always(
            title="Seal the audit log",
            about="A signed checkpoint each hour, or sooner where the log grows fast.",
            last=last.sealed,
        ),
        Always(
            title="Work off billing events",
            about="What the billing provider has told and has not taken effect yet.",
            last=last.billed,
        ),
    ]
