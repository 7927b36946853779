"""Computations as they are kept: charged for a result alone, told as interrupted, begun again."""

import json
from concurrent.futures import CancelledError
from datetime import datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import func, select

from tests.conftest import ONLY_SQLITE, World
from valor_core.audit import log
from valor_core.coverage import computations
from valor_core.coverage.batches import BatchPolicy
from valor_core.coverage.computations import LEASE, MOST_KEPT, Status
from valor_core.errors import BadInput, NotFound
from valor_core.store.tables import ComputationRow, UsageEventRow
from valor_core.store.work import unit_of_work
from valor_core.tenancy.quotas import standings
from valor_core.values import utc_now
from valor_core.workbench.batches import SUBJECT, note_batch
from valor_core.workbench.computations import (
    done_here,
    finish_computation,
    newest_computation,
    read_computation,
    renew_computations,
    renew_until,
)
from valor_core.workbench.verb import open_work


def begun(world: World) -> str:
    with open_work(world.acme.analyst) as work:
        return note_batch(work, BatchPolicy())


def ended(world: World, made: str, status: Status) -> None:
    with open_work(world.acme.analyst) as work:
        finish_computation(work, made, status, {"rows": []})


def charged(world: World) -> tuple[int, int, int]:
    """Batches of this month that are used and held, and those that are billed."""
    with open_work(world.acme.analyst) as work:
        (month,) = [e for e in standings(work) if e.limit.name == "batches_per_month"]
        billed = work.session.scalar(
            select(func.count()).select_from(UsageEventRow).where(UsageEventRow.act == "batch.run")
        )
    return month.used, month.reserved, billed or 0


@pytest.mark.parametrize("ends", [BadInput("no", hint="yes"), CancelledError(), RuntimeError()])
def test_what_a_process_does_while_one_waits_gives_back_what_it_held_however_it_ends(book, ends):
    def work() -> None:
        raise ends

    with pytest.raises(type(ends)):
        done_here(book.store, book.acme.analyst, begun(book), work, lambda _: {})

    assert charged(book) == (0, 0, 0)
    done_here(book.store, book.acme.analyst, begun(book), list, lambda rows: {"rows": rows})
    assert charged(book) == (1, 0, 1)


def test_a_result_is_charged_once_and_all_else_gives_back_what_was_held(book):
    for status in (Status.FAILED, Status.CANCELLED, Status.INTERRUPTED):
        made = begun(book)
        assert charged(book) == (0, 1, 0)
        ended(book, made, status)
        assert charged(book) == (0, 0, 0)

    made = begun(book)
    ended(book, made, Status.SUCCEEDED)
    ended(book, made, Status.SUCCEEDED)
    ended(book, made, Status.FAILED)

    assert charged(book) == (1, 0, 1)
    with open_work(book.acme.analyst) as work:
        found = read_computation(work, made)
    assert (found.status, found.outcome) == (Status.SUCCEEDED, {"rows": []})


def test_each_end_is_in_the_log_with_what_it_counted_and_a_renewed_lease_is_not(book):
    ends = Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.INTERRUPTED
    made = [begun(book) for _ in ends]
    with open_work(book.acme.analyst) as work:
        renew_computations(work, made)
    for each, status in zip(made, ends, strict=True):
        ended(book, each, status)
        ended(book, each, Status.SUCCEEDED)

    with open_work(book.acme.admin) as work:
        entries = log.entries(work, action="computation.finish")
    told = [json.loads(entry.payload or b"{}") for entry in reversed(entries)]
    assert [entry.target for entry in reversed(entries)] == [f"computation:{e}" for e in made]
    assert [each["status"] for each in told] == list(ends)
    assert [each.get("meter") for each in told] == ["batches", None, None, None]


@ONLY_SQLITE
def test_one_whose_lease_nobody_renews_was_interrupted_unless_it_ends_after_all(book):
    made = begun(book)

    def told(after: timedelta) -> Status:
        with unit_of_work(book.acme.analyst, book.store) as work:
            work.now += after
            return read_computation(work, made).status

    with unit_of_work(book.acme.analyst, book.store) as work:
        work.now += LEASE
        renew_computations(work, [made])

    assert told(1.5 * LEASE) is Status.RUNNING
    assert told(2.5 * LEASE) is Status.INTERRUPTED
    ended(book, made, Status.SUCCEEDED)
    assert told(2.5 * LEASE) is Status.SUCCEEDED


class Passing(Event):
    """Time that passes at once whenever somebody waits, until the work has ended."""

    def __init__(self, ends_after: timedelta) -> None:
        super().__init__()
        self.now = utc_now()
        self.ends = self.now + ends_after

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timedelta(seconds=timeout or 0.0)
        return self.now >= self.ends


def test_a_run_of_twenty_minutes_in_a_notebook_is_never_told_as_interrupted(book):
    made, passing = begun(book), Passing(timedelta(minutes=20))
    told: set[Status] = set()

    def now() -> datetime:
        with unit_of_work(book.acme.analyst, book.store, passing.now) as work:
            told.add(read_computation(work, made).status)
        return passing.now

    renew_until(passing, book.acme.analyst, book.store, made, now)

    assert told == {Status.RUNNING}
    with unit_of_work(book.acme.analyst, book.store, passing.now + LEASE) as work:
        assert read_computation(work, made).status is Status.INTERRUPTED


@ONLY_SQLITE
def test_each_finds_the_own_newest_again_and_another_tenant_none(book):
    first, second = begun(book), begun(book)

    with open_work(book.acme.analyst) as work:
        found = newest_computation(work, "batch.run", SUBJECT)
    with open_work(book.acme.admin) as work:
        theirs = newest_computation(work, "batch.run", SUBJECT)

    assert found is not None
    assert found.id == second
    assert theirs is None
    with open_work(book.rival.analyst) as work, pytest.raises(NotFound):
        read_computation(work, first)


@ONLY_SQLITE
def test_the_newest_are_kept_and_what_is_at_work_is_never_dropped(book):
    with open_work(book.acme.analyst) as work:
        work.begin_writing()
        at_work = computations.add(work, "batch.run", SUBJECT, {})
        for _ in range(MOST_KEPT + 3):
            made = computations.add(work, "batch.run", SUBJECT, {})
            work.session.flush()
            computations.end(work, made, Status.FAILED, None)
        rows = work.session.scalars(select(ComputationRow.id)).all()

    assert at_work in rows
    assert made in rows
    assert len(rows) == MOST_KEPT + 1
