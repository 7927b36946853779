"""What runs beside the pages: a tick that asks for what is due and carries out what waits.

The clock of this process only wakes it. Which slots are due follows from the schedules alone, and
one unique row decides which of several processes asks for a slot; a lease decides who runs it.
"""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from jobs import feeding, watching
from jobs.delivering import deliver_due
from jobs.feeding import Feeding
from jobs.notebook_run import LIMITS, Limits
from jobs.reports import OWNER, metric_label
from jobs.schedule import JOBS, job_named, known_job
from valor_core.coverage.job_runs import JobRun, RunLost, Status
from valor_core.errors import ValorError
from valor_core.store.engines import Store
from valor_core.store.work import AlreadyThere, Work
from valor_core.telemetry import JOB_RUNS, log
from valor_core.tenancy import tenants
from valor_core.values import SHARED, Caller, Role, TenantId
from valor_core.workbench import jobs, setup, webhooks
from valor_core.workbench.sealing import seal_due_logs
from valor_core.workbench.verb import open_work

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

EVERY_S = 5.0
_tickers: "set[BackgroundScheduler]" = set()


@contextmanager
def running(store: Store, *, every_s: float = EVERY_S, limits: Limits = LIMITS) -> Iterator[None]:
    """Asks for what is due and carries out what waits until the block ends, then stops at once."""
    from apscheduler.schedulers.background import BackgroundScheduler

    # It warns whenever a tick is left out because a run is under way: that is meant so.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    stopped = threading.Event()
    ticker = BackgroundScheduler(timezone=UTC, daemon=True)
    ticker.add_job(
        lambda: _tick_safely(store, limits, stopped),
        "interval",
        id="tick",
        seconds=every_s,
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    ticker.add_job(
        lambda: _watch_safely(store, stopped),
        "interval",
        id="watch",
        seconds=watching.EVERY_S,
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    feeds = Feeding(store, stopped)
    ticker.add_job(
        lambda: _feed_safely(store, feeds),
        "interval",
        id="feeds",
        seconds=feeding.EVERY_S,
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    ticker.start()
    _tickers.add(ticker)
    try:
        yield
    finally:
        stopped.set()
        _tickers.discard(ticker)
        ticker.shutdown(wait=True)
        feeds.end()


def wake() -> None:
    """Looks at once for what waits, instead of at the next tick."""
    for ticker in _tickers:
        ticker.modify_job("tick", next_run_time=datetime.now(UTC))


def _tick_safely(store: Store, limits: Limits, stopped: threading.Event) -> None:
    """The boundary of the background: a tick that fails is told, and the next one comes."""
    try:
        tick(store, limits=limits, stopped=stopped)
    except Exception:  # noqa: BLE001  the scheduler would only log it under its own name
        JOB_RUNS.labels("tick", "failed").inc()
        log.exception("a tick of the jobs failed")


def _watch_safely(store: Store, stopped: threading.Event) -> None:
    """Beside the ticks: a provider that hangs must hold up no report."""
    try:
        watching.watch_all(store, active_tenants(store), stopped)
    except Exception:  # noqa: BLE001  the scheduler would only log it under its own name
        JOB_RUNS.labels("provider_health", "failed").inc()
        log.exception("the providers could not be watched")


def _feed_safely(store: Store, feeds: Feeding) -> None:
    try:
        feeds.look(active_tenants(store))
    except Exception:  # noqa: BLE001  the scheduler would only log it under its own name
        JOB_RUNS.labels("feeds", "failed").inc()
        log.exception("the feeds could not be looked after")


def tick(
    store: Store,
    *,
    now: datetime | None = None,
    limits: Limits = LIMITS,
    stopped: threading.Event | None = None,
) -> list[JobRun]:
    """Webhooks that wait; then every slot that is due is asked for, and what waits carried out."""
    stopped, done = stopped or threading.Event(), []
    _seal_safely(store)
    webhooks.work_off(store, now=now)
    for tenant_id in active_tenants(store):
        try:
            ask_for_due_slots(store, tenant_id, now=now)
            for run in waiting_runs(store, tenant_id):
                if stopped.is_set():
                    return done
                job = job_named(run.job, JOBS)
                if job and (held := take(store, tenant_id, run, lease=limits.lease)):
                    caller = _job(tenant_id, run.schedule_id or run.id)
                    done.append(job.carry_out(store, caller, held, limits=limits, stopped=stopped))
            deliver_due(store, tenant_id, now=now)
        except Exception:  # noqa: BLE001  whatever ails one tenant, the others get their turn
            JOB_RUNS.labels("tick", "failed").inc()
            log.exception("the jobs of a tenant failed", tenant=tenant_id)
    return done


def _seal_safely(store: Store) -> None:
    """No job of a tenant's: its own entries would have the log grow for ever."""
    try:
        seal_due_logs(store)
    except Exception:  # noqa: BLE001  whatever ails the checkpoints, the jobs get their turn
        JOB_RUNS.labels("checkpoint", "failed").inc()
        log.exception("the logs could not be sealed")


def active_tenants(store: Store) -> list[TenantId]:
    """The tenants whose jobs are done: those of people, not the shared book's or the platform's."""
    with open_work(setup.operator(setup.PLATFORM), store) as work:
        rows = [row for row in tenants.tenants(work) if row.status == "active"]
    return [TenantId(row.id) for row in rows if row.id not in (SHARED, setup.PLATFORM)]


def ask_for_due_slots(store: Store, tenant_id: TenantId, *, now: datetime | None = None) -> int:
    """A waiting run for each slot that is due; who loses the race for one steps back."""
    asked, full = 0, set()
    _seed(store, tenant_id)
    with open_work(_job(tenant_id), store) as work:
        jobs.set_right_what_is_ahead(_at(work, now))
    with open_work(_job(tenant_id), store) as work:
        due = jobs.due_slots(_at(work, now))
    for each in due:
        job = job_named(each.job, JOBS)
        if job is None or each.schedule_id in full:
            continue
        try:
            with open_work(_job(tenant_id, each.schedule_id), store) as work:
                job.ask(work, each.job, each.parameters, slot=each.slot)
            asked += 1
        except AlreadyThere:
            log.debug("another process asked first", slot=each.slot)
        except ValorError as error:  # its later slots wait too: no slot is passed over
            full.add(each.schedule_id)
            log.warning("a slot could not be asked for", slot=each.slot, error=str(error))
    return asked


def _seed(store: Store, tenant_id: TenantId) -> None:
    try:
        with open_work(_job(tenant_id), store) as work:
            jobs.seed_schedules(work, {job.name: job.when for job in JOBS if job.when})
    except AlreadyThere:
        log.debug("another process seeded first", tenant=tenant_id)


def run_now(store: Store, caller: Caller, name: str) -> JobRun:
    """Does a standing job at once and waits for it."""
    job = known_job(name)
    with open_work(caller, store) as work:
        run = jobs.start_job(work, job.name)
        held = jobs.take_run(work, run.id, owner=OWNER, lease=LIMITS.lease)
    assert held is not None, "nobody saw the run before it was committed"
    return job.carry_out(store, caller, held)


def work_until_told(store: Store) -> None:
    """Does what is due until SIGTERM or SIGINT."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    with running(store):
        log.info("works", database=store.where)
        told.wait()


def waiting_runs(store: Store, tenant_id: TenantId) -> list[JobRun]:
    """What is to be taken; what was interrupted for good is told as failed."""
    with open_work(_job(tenant_id), store) as work:
        to_take, interrupted = jobs.lost_runs(work)
    for run in interrupted:
        _tell_interrupted(store, run, tenant_id)
    return [
        run for run in to_take if job_named(run.job, JOBS)
    ]  # a newer process may know the others


def take(store: Store, tenant_id: TenantId, run: JobRun, *, lease: timedelta) -> JobRun | None:
    """The run, held; None where another process was first."""
    with open_work(_job(tenant_id, run.schedule_id or run.id), store) as work:
        return jobs.take_run(work, run.id, owner=OWNER, lease=lease)


def _tell_interrupted(store: Store, run: JobRun, tenant_id: TenantId) -> None:
    detail = "interrupted: who ran it ended without a result"
    try:
        with open_work(_job(tenant_id, run.schedule_id or run.id), store) as work:
            jobs.finish_run(work, run, Status.FAILED, detail=detail, record=run.record)
    except RunLost:  # another process told it
        return
    JOB_RUNS.labels(metric_label(run.job), "interrupted").inc()


def _at(work: Work, now: datetime | None) -> Work:
    work.now = now or work.now
    return work


def _job(tenant_id: TenantId, of: str = "jobs") -> Caller:
    """Who a job is in a tenant: no person; the log names the schedule or the run."""
    return Caller(tenant_id=tenant_id, user_id=of, role=Role.ANALYST, kind="job")
