"""Computations that take their time: begun by an act, charged once they bring a result."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any, TypeVar

from valor_core.billing import metering
from valor_core.billing.metering import Meter
from valor_core.coverage import computations
from valor_core.coverage.computations import LEASE, Computation, Status
from valor_core.errors import ValorError
from valor_core.store.engines import Store
from valor_core.store.work import Work, unit_of_work
from valor_core.telemetry import log
from valor_core.tenancy import quotas
from valor_core.values import Caller, utc_now
from valor_core.workbench.verb import allowed, open_work, verb, view

R = TypeVar("R")

METERS = {"simulation.run": Meter.SIMULATIONS, "batch.run": Meter.BATCHES}
QUOTA_HELD = timedelta(hours=1)
"""Longer than any computation waits and takes."""


def begun(work: Work, act: str, subject: str, asked: Mapping[str, Any]) -> str:
    """Keep what is asked and hold its share of the quota, within the act that begins it; its id."""
    computation_id = computations.add(work, act, subject, asked)
    work.notes["details"]["counted_as"] = computation_id
    quotas.reserve(work, METERS[act], computation_id, lease=QUOTA_HELD)
    return computation_id


@verb("computation.keep", audited=False)
def finish_computation(
    work: Work, computation_id: str, status: Status, outcome: Mapping[str, Any] | None = None
) -> None:
    """Keep how it ended; what had ended before stays as it ended."""
    found = computations.computation(work, computation_id)
    if computations.end(work, computation_id, status, outcome):
        _settle(work, found, status)


@verb("computation.finish")
def _settle(work: Work, ended: Computation, status: Status) -> None:
    """It ended: a result is charged, all else gives back what was held."""
    meter, done = METERS[ended.act], status is Status.SUCCEEDED
    quotas.settle(work, ended.id, meter, used=int(done))
    if done:
        metering.count(work, meter, act=ended.act, act_id=ended.id)
    company = {"company": ended.asked["company"]} if "company" in ended.asked else {}
    counted = metering.told(meter, ended.id) if done else {}
    work.note(f"computation:{ended.id}", act=ended.act, status=str(status), **company, **counted)


def done_here(
    store: Store,
    who: Caller,
    computation_id: str,
    work: Callable[[], R],
    figures: Callable[[R], Mapping[str, Any]],
) -> R:
    """What this process makes of a computation while its caller waits; whatever ends it is kept."""
    status, outcome = Status.INTERRUPTED, None
    try:
        with _renewed(who, store, computation_id):
            found = work()
        status, outcome = Status.SUCCEEDED, figures(found)
    except CancelledError:
        status = Status.CANCELLED
        raise
    except ValorError as refused:
        status, outcome = Status.FAILED, refusal_of(refused)
        raise
    finally:
        with open_work(who, store) as unit:
            finish_computation(unit, computation_id, status, outcome)
    return found


@contextmanager
def _renewed(who: Caller, store: Store, computation_id: str) -> Iterator[None]:
    ended = Event()
    beating = Thread(
        target=renew_until, args=(ended, who, store, computation_id), name="lease", daemon=True
    )
    beating.start()
    try:
        yield
    finally:
        ended.set()
        beating.join()


def renew_until(
    ended: Event,
    who: Caller,
    store: Store,
    computation_id: str,
    now: Callable[[], datetime] = utc_now,
) -> None:
    """Say of a computation that it is still at work, thrice in each lease, until it has ended."""
    while not ended.wait(LEASE.total_seconds() / 3.0):
        try:
            with unit_of_work(who, store, now()) as work:
                renew_computations(work, [computation_id])
        except ValorError:  # the next one may reach the database in time
            log.exception("a lease could not be renewed", computation=computation_id)


@verb("computation.keep", audited=False)
def renew_computations(work: Work, computation_ids: list[str]) -> None:
    """They are still at work; where nobody says so, they were interrupted."""
    computations.renew(work, computation_ids)


@view("computation.read")
def read_computation(work: Work, computation_id: str) -> Computation:
    """The tenant's computation of that id, for whoever may begin one like it."""
    found = computations.computation(work, computation_id)
    allowed(work, found.act)
    return found


@view("computation.read")
def newest_computation(work: Work, act: str, subject: str) -> Computation | None:
    """The caller's newest of that kind about that subject; none to whom may not begin one."""
    allowed(work, act)
    return computations.newest(work, act, subject)


def refusal_of(error: ValorError) -> dict[str, Any]:
    """A refusal as an outcome keeps it."""
    return {"code": error.code, "detail": str(error), "hint": error.hint}
