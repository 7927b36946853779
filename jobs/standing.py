"""The standing jobs of every tenant: what each does, told in one sentence.

Each is done in the name of the tenant's administrators, who say when, and bears to be done twice.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from jobs.notebook_run import LIMITS, Limits
from jobs.reports import sweep_copies
from valor_core.audit.verify import LogBroken
from valor_core.billing.money import written
from valor_core.coverage.job_runs import JobRun, RunLost, Status
from valor_core.errors import ValorError
from valor_core.store.engines import Store
from valor_core.telemetry import JOB_RUNS, log
from valor_core.values import Caller, Role
from valor_core.workbench import billing, jobs, logbook, market_data, providers, snapshots
from valor_core.workbench.retention import run_retention
from valor_core.workbench.verb import open_work

Doing = Callable[[Store, Caller], str]
DAYS_CHECKED = 30
RUNS_KEPT = timedelta(days=400)  # beyond a year: of a yearly job the newest run says when it was


def carried(doing: Doing) -> Callable[..., JobRun]:
    """Carries a run out, holds it meanwhile, and keeps the sentence that tells what was done."""

    def carry_out(
        store: Store, caller: Caller, run: JobRun, *, limits: Limits = LIMITS, **_: object
    ) -> JobRun:
        try:
            with held(store, caller, run, lease=limits.lease):
                status, told = _done(doing, store, replace(caller, role=Role.ADMIN))
            with open_work(caller, store) as work:
                done = jobs.finish_run(work, run, status, detail=told, record={})
        except RunLost as error:
            log.warning("a run was taken over or stopped", run=run.id, error=str(error))
            JOB_RUNS.labels(run.job, "lost").inc()
            return run
        JOB_RUNS.labels(run.job, status).inc()
        return done

    return carry_out


def _done(doing: Doing, store: Store, caller: Caller) -> tuple[Status, str]:
    try:
        return Status.SUCCEEDED, doing(store, caller)
    except ValorError as error:
        return Status.FAILED, f"{error} {error.hint}".strip()


@contextmanager
def held(store: Store, caller: Caller, run: JobRun, *, lease: timedelta) -> Iterator[None]:
    """Renews the lease until the block ends; a run that was taken over is not held any more."""
    ended = threading.Event()

    def hold() -> None:
        while not ended.wait(lease.total_seconds() / 3):
            try:
                with open_work(caller, store) as work:
                    jobs.renew_run(work, run, lease=lease)
            except RunLost:
                return
            except ValorError as error:  # the database is away: the lease may end, and then it does
                log.warning("a run could not be held", run=run.id, error=str(error))

    holder = threading.Thread(target=hold, daemon=True, name="holds a run")
    holder.start()
    try:
        yield
    finally:
        ended.set()
        holder.join()


def publish_snapshot(store: Store, caller: Caller) -> str:
    """A snapshot of all that there is, with its roll-ups, where anything has changed."""
    with open_work(caller, store) as work:
        newest = snapshots.renew_snapshot(work)
    if newest:
        return "A snapshot was published."
    return "Nothing has changed since the newest snapshot, which stands."


def add_up_days(store: Store, caller: Caller) -> str:
    """The days of use that are over, added up once and for all."""
    with open_work(caller, store) as work:
        if not billing.are_days_over(work):
            return "No day was left to add up."
        days = billing.close_days(work)
    return f"Added up: {days} days of meters."


def check_billing(store: Store, caller: Caller) -> str:
    """Usage against billing over the last 30 days: what is left without a cause."""
    with open_work(caller, store) as work:
        last = work.now.date() - timedelta(days=1)
        found = billing.reconcile(work, last - timedelta(days=DAYS_CHECKED - 1), last)
    open_ends = [
        written(total.unexplained_minor, total.currency)
        for total in found.totals
        if total.unexplained_minor
    ]
    if open_ends:
        return f"{', '.join(open_ends)} of what was billed has no cause that is known."
    return "What was billed is what was used, or the cause of each difference is known."


def check_services(store: Store, caller: Caller) -> str:
    """Service levels over the last 30 days: whose error budget is overspent."""
    with open_work(caller, store) as work:
        levels = providers.read_service_levels(
            work, work.now - timedelta(days=DAYS_CHECKED), work.now
        )
    overspent = [
        f"{level.title} ({level.capability.value})"
        for level in levels
        if level.figures.budget_left is not None and level.figures.budget_left < 0
    ]
    if overspent:
        return f"The error budget is overspent of {', '.join(overspent)}."
    return "No provider has overspent its error budget."


def purge_the_log(store: Store, caller: Caller) -> str:
    """What retention policies and the licences of data want gone."""
    purged, series = run_retention(store, caller), market_data.run_purge(store, caller)
    gone = []
    if purged:
        gone.append(f"the details of {purged} entries of the log")
    if series:
        gone.append(f"{series} series whose licence has run out")
    return f"Gone: {' and '.join(gone)}." if gone else "Nothing was due."


def verify_the_log(store: Store, caller: Caller) -> str:
    """Every entry of the log; one that does not hold fails the job, and so is told."""
    with open_work(caller, store) as work:
        verdict = logbook.verify_log(work)
    if not verdict.holds:
        first, *others = verdict.findings
        raise LogBroken(f"{first}", more=len(others))
    return f"The log holds: all {verdict.size:,} entries are as they were written."


def collect_garbage(store: Store, caller: Caller) -> str:
    """Snapshots past their time, files that nothing names, and what is told of old runs."""
    from jobs.schedule import STANDING

    with open_work(caller, store) as work:
        cleared = snapshots.clear_snapshots(work)
    with open_work(caller, store) as work:
        forgotten = jobs.forget_runs(work, STANDING, kept=RUNS_KEPT)
    copies = sweep_copies(caller.tenant_id)
    return (
        f"Cleared away: {cleared.snapshots} snapshots, {cleared.files} files of snapshots, "
        f"{copies} copies of reports, {forgotten} old runs of jobs."
    )
