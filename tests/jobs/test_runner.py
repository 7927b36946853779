"""Schedules: each slot is run once, by whichever process is first, also after a crash."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from jobs import runner
from jobs.reports import Limits
from tests.conftest import ONLY_SQLITE, World
from valor_core.coverage.cron import BadCron, UnknownZone
from valor_core.coverage.report_runs import ReportRun, Status
from valor_core.errors import AccessDenied, BadInputs, NotFound
from valor_core.values import Caller
from valor_core.workbench import logbook, reports
from valor_core.workbench.verb import open_work

PARAMETERS = {"company": "AAPL"}
LATER = datetime.now(UTC) + timedelta(days=3)


def scheduled(world: World, cron: str = "0 6 * * *") -> reports.Schedule:
    with open_work(world.acme.analyst, world.store) as work:
        return reports.schedule_report(work, "valuation", PARAMETERS, cron=cron)


def runs(world: World) -> list[ReportRun]:
    with open_work(world.acme.viewer, world.store) as work:
        return reports.list_runs(work)


@pytest.fixture
def carried(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Caller, ReportRun]]:
    """Every run that is carried out, each at once and well."""
    done: list[tuple[Caller, ReportRun]] = []

    def at_once(store, caller: Caller, run: ReportRun, **_options: object) -> ReportRun:
        done.append((caller, run))
        with open_work(caller, store) as work:
            return reports.finish_run(work, run, Status.SUCCEEDED, record={"outputs": {}})

    monkeypatch.setattr(runner, "carry_out", at_once)
    return done


def test_a_due_slot_is_run_once_as_a_job_of_the_tenant(world: World, carried):
    schedule = scheduled(world)

    for _ in range(3):
        runner.tick(world.store, now=LATER)

    assert len(carried) == 1
    caller, run = carried[0]
    assert caller.actor == f"job:{schedule.id}"
    assert caller.tenant_id == world.acme.id
    assert run.scheduled_for is not None
    assert timedelta() <= LATER - run.scheduled_for < timedelta(days=1)
    with open_work(world.acme.admin, world.store) as work:
        actors = {
            e.actor for e in logbook.read_log(work) if e.action in ("report.run", "report.finish")
        }
    assert actors == {f"job:{schedule.id}"}


def test_two_processes_that_tick_at_once_run_each_slot_once(world: World, carried):
    scheduled(world)
    scheduled(world, cron="30 */2 * * *")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: runner.tick(world.store, now=LATER), range(8)))

    assert len(carried) == 2
    assert len(runs(world)) == 2


def test_a_new_schedule_does_not_make_up_for_the_past(world: World, carried):
    scheduled(world)

    runner.tick(world.store)

    assert carried == [] or datetime.now(UTC).hour == 6  # created on the very minute


def test_an_ended_schedule_runs_no_more(world: World, carried):
    schedule = scheduled(world)
    with open_work(world.acme.analyst, world.store) as work:
        reports.end_schedule(work, schedule.id)

    runner.tick(world.store, now=LATER)

    assert carried == []
    with pytest.raises(NotFound), open_work(world.acme.analyst, world.store) as work:
        reports.end_schedule(work, schedule.id)


def test_a_scheduled_run_whose_process_died_is_run_again_and_then_given_up(world: World, carried):
    scheduled(world)
    runner.ask_for_due_slots(world.store, world.acme.id, now=LATER)
    for attempt in (1, 2, 3):
        taken = runner.take(world.store, world.acme.id, runs(world)[0], lease=timedelta(seconds=-1))
        assert taken is not None
        assert taken.attempt == attempt

    runner.tick(world.store, now=LATER)

    assert carried == []
    assert runs(world)[0].status is Status.FAILED
    assert runs(world)[0].detail.startswith("interrupted")


def test_a_run_on_demand_whose_process_died_failed(world: World, carried):
    with open_work(world.acme.analyst, world.store) as work:
        run = reports.ask_for_run(work, "valuation", PARAMETERS)
    runner.take(world.store, world.acme.id, run, lease=timedelta(seconds=-1))

    runner.tick(world.store)

    assert carried == []
    assert [r.status for r in runs(world)] == [Status.FAILED]


def test_a_run_that_is_held_is_left_alone(world: World, carried):
    with open_work(world.acme.analyst, world.store) as work:
        run = reports.ask_for_run(work, "valuation", PARAMETERS)
    held = runner.take(world.store, world.acme.id, run, lease=timedelta(seconds=60))
    assert held is not None

    assert runner.take(world.store, world.acme.id, run, lease=timedelta(seconds=60)) is None
    runner.tick(world.store)

    assert carried == []


def test_what_waits_is_carried_out_soon_and_the_end_comes_at_once(world: World, carried):
    with runner.running(world.store, every_s=3600):
        with open_work(world.acme.analyst, world.store) as work:
            reports.ask_for_run(work, "valuation", PARAMETERS)
        runner.wake()
        until = time.monotonic() + 5
        while not carried and time.monotonic() < until:
            time.sleep(0.05)
        began = time.monotonic()

    assert len(carried) == 1
    assert time.monotonic() - began < 2
    assert not [t for t in threading.enumerate() if "APScheduler" in t.name]


@ONLY_SQLITE
def test_a_scheduled_report_of_a_company_that_is_gone_fails_and_says_so(book: World):
    with open_work(book.acme.analyst, book.store) as work:
        reports.schedule_report(work, "valuation", {"company": "NOSUCH"}, cron="0 6 * * *")

    runner.tick(book.store, now=LATER, limits=Limits(timeout_s=20))

    (run,) = runs(book)
    assert run.status is Status.FAILED
    assert "NOSUCH" in run.detail


@pytest.mark.parametrize(
    ("parameters", "cron", "zone", "refusal"),
    [
        ({"nope": 1}, "0 6 * * *", "UTC", BadInputs),
        (PARAMETERS, "0 25 * * *", "UTC", BadCron),
        (PARAMETERS, "0 6 * * *", "Mars/Olympus", UnknownZone),
    ],
)
def test_a_schedule_is_refused_for_what_it_could_never_do(
    world: World, parameters, cron, zone, refusal
):
    with pytest.raises(refusal), open_work(world.acme.analyst, world.store) as work:
        reports.schedule_report(work, "valuation", parameters, cron=cron, timezone=zone)


def test_a_viewer_schedules_nothing(world: World):
    with pytest.raises(AccessDenied), open_work(world.acme.viewer, world.store) as work:
        reports.schedule_report(work, "valuation", PARAMETERS, cron="0 6 * * *")
