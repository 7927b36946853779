"""Schedules: each slot is run once, by whichever process is first, also after a crash."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from prometheus_client import REGISTRY

from jobs import runner
from jobs.notebook_run import Limits
from jobs.schedule import JOBS, STANDING
from tests.audit.attacker import attack
from tests.conftest import ONLY_SQLITE, World
from valor_core.billing import metering
from valor_core.coverage.cron import BadCron, UnknownZone
from valor_core.coverage.job_runs import JobRun, Status
from valor_core.coverage.schedules import ScheduleChange, StaleSchedule
from valor_core.errors import AccessDenied, BadInputs, NotFound
from valor_core.store.tables import AuditHeadRow
from valor_core.store.work import unit_of_work
from valor_core.values import Caller
from valor_core.workbench import jobs, logbook, reports, snapshots
from valor_core.workbench.verb import open_work

PARAMETERS = {"company": "AAPL"}
LATER = datetime.now(UTC) + timedelta(days=3)


def scheduled(world: World, cron: str = "0 6 * * *") -> reports.Schedule:
    with open_work(world.acme.analyst, world.store) as work:
        return reports.schedule_report(work, "valuation", PARAMETERS, cron=cron)


def runs(world: World) -> list[JobRun]:
    with open_work(world.acme.viewer, world.store) as work:
        return reports.list_runs(work)


def findings() -> float:
    edited = {"kind": "entry_edited"}
    return REGISTRY.get_sample_value("valor_audit_findings_total", edited) or 0.0


def failed_ticks() -> float:
    told = {"job": "tick", "outcome": "failed"}
    return REGISTRY.get_sample_value("valor_job_runs_total", told) or 0.0


@pytest.fixture
def carried(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Caller, JobRun]]:
    """Every run that is carried out, each at once and well."""
    done: list[tuple[Caller, JobRun]] = []

    def at_once(store, caller: Caller, run: JobRun, **_options: object) -> JobRun:
        done.append((caller, run))
        with open_work(caller, store) as work:
            return jobs.finish_run(work, run, Status.SUCCEEDED, record={"outputs": {}})

    monkeypatch.setattr(
        runner, "JOBS", tuple(replace(j, carry_out=at_once) for j in JOBS if not j.when)
    )
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
            e.actor for e in logbook.read_log(work) if e.action in ("report.run", "job.finish")
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


def test_a_clock_that_was_years_ahead_holds_up_neither_what_is_due_nor_what_was_held(
    world: World, carried
):
    scheduled(world)
    ahead = LATER + timedelta(days=3650)
    runner.ask_for_due_slots(world.store, world.acme.id, now=ahead)
    [run] = runs(world)
    runner.take(world.store, world.acme.id, run, lease=timedelta(days=3650))

    runner.tick(world.store, now=LATER)

    due = [each.scheduled_for for _, each in carried if each.scheduled_for]
    assert min(due) <= LATER
    assert max(due) == run.scheduled_for


def test_a_schedule_that_a_clock_years_ahead_has_changed_is_due_again_once_the_clock_is_right(
    world: World, carried
):
    schedule = scheduled(world)
    with open_work(world.acme.analyst, world.store) as work:
        work.now = LATER + timedelta(days=3650)
        reports.change_schedule(work, schedule.id, ScheduleChange(when="0 7 * * *"))

    runner.tick(world.store, now=LATER)
    assert carried == []  # what was due before anybody set it right is not made up for
    runner.tick(world.store, now=LATER + timedelta(days=1))

    [(_, run)] = carried
    assert run.scheduled_for is not None
    assert run.scheduled_for.hour == 7
    assert LATER < run.scheduled_for <= LATER + timedelta(days=1)


def test_an_ended_schedule_runs_no_more(world: World, carried):
    schedule = scheduled(world)
    with open_work(world.acme.analyst, world.store) as work:
        reports.end_schedule(work, schedule.id, reason="done")

    runner.tick(world.store, now=LATER)

    assert carried == []
    with pytest.raises(NotFound), open_work(world.acme.analyst, world.store) as work:
        reports.end_schedule(work, schedule.id, reason="done")


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


def test_the_error_of_one_tenant_keeps_no_other_waiting_and_is_counted(world: World, carried):
    first, second = sorted((world.acme, world.rival), key=lambda tenant: tenant.slug)
    for tenant in (first, second):
        with open_work(tenant.analyst, world.store) as work:
            reports.schedule_report(work, "valuation", PARAMETERS, cron="0 6 * * *")
    runner.ask_for_due_slots(world.store, first.id, now=LATER)
    with open_work(first.admin, world.store) as work:
        work.begin_writing()
        work.session.delete(work.session.get_one(AuditHeadRow, first.id))
    before = failed_ticks()

    runner.tick(world.store, now=LATER)

    assert {caller.tenant_id for caller, _ in carried} == {first.id, second.id}
    assert failed_ticks() == before + 1
    with open_work(second.viewer, world.store) as work:
        assert [run.status for run in reports.list_runs(work)] == [Status.SUCCEEDED]


def test_a_standing_job_is_done_once_in_each_tenant_and_tells_what_it_did(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(runner, "JOBS", (STANDING["snapshot"],))
    runner.tick(world.store)  # it is due from now on

    with ThreadPoolExecutor(4) as pool:
        done = pool.map(lambda _: runner.tick(world.store, now=LATER), range(8))

    assert sorted(run.job for runs in done for run in runs) == ["snapshot", "snapshot"]
    for tenant in (world.acme, world.rival):
        with open_work(tenant.admin, world.store) as work:
            assert len(snapshots.list_snapshots(work)) == 1
            actors = {e.actor for e in logbook.read_log(work) if e.action == "snapshot.publish"}
            told = [run.detail for run in jobs.list_runs(work, STANDING)]
        assert actors == {"job:snapshot"}
        assert told == ["A snapshot was published."]
    assert runs(world) == []  # the page of reports tells of reports


def test_a_run_that_is_held_is_left_alone(world: World, carried):
    with open_work(world.acme.analyst, world.store) as work:
        run = reports.ask_for_run(work, "valuation", PARAMETERS)
    held = runner.take(world.store, world.acme.id, run, lease=timedelta(seconds=60))
    assert held is not None

    assert runner.take(world.store, world.acme.id, run, lease=timedelta(seconds=60)) is None
    runner.tick(world.store)

    assert carried == []


def test_what_waits_is_carried_out_without_waiting_for_a_tick_and_the_end_leaves_no_thread(
    world: World, carried
):
    with runner.running(world.store, every_s=3600):
        with open_work(world.acme.analyst, world.store) as work:
            reports.ask_for_run(work, "valuation", PARAMETERS)
        runner.wake()
        until = time.monotonic() + 60
        while not carried and time.monotonic() < until:
            time.sleep(0.05)

    assert len(carried) == 1
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


def test_of_six_who_change_one_version_of_a_schedule_at_once_one_does(world: World):
    """G55."""
    schedule = scheduled(world)

    def attempt(hour: int) -> bool:
        change = ScheduleChange(when=f"{hour} 6 * * *")
        try:
            with open_work(world.acme.analyst, world.store) as work:
                reports.change_schedule(work, schedule.id, change, expected=schedule.version)
        except StaleSchedule:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(6))) == 1


def test_a_viewer_schedules_nothing(world: World):
    with pytest.raises(AccessDenied), open_work(world.acme.viewer, world.store) as work:
        reports.schedule_report(work, "valuation", PARAMETERS, cron="0 6 * * *")


@ONLY_SQLITE
def test_every_standing_job_tells_what_it_did_and_when_there_was_nothing_to_do(world: World):
    with unit_of_work(world.acme.analyst, world.store, LATER - timedelta(days=9)) as work:
        work.begin_writing()
        metering.count(work, metering.Meter.IMPORTS, act="fact.import", act_id="a")
    operator = replace(world.acme.admin, user_id="local", kind="cli")

    told = {name: runner.run_now(world.store, operator, name).detail for name in STANDING}
    again = {name: runner.run_now(world.store, operator, name).detail for name in STANDING}

    assert told["usage_days"] == "Added up: 1 days of meters."
    assert again["usage_days"] == "No day was left to add up."
    assert told["snapshot"] == "A snapshot was published."
    assert again["snapshot"] == "Nothing has changed since the newest snapshot, which stands."
    assert told["retention"] == "Nothing was due."
    assert told["garbage"].startswith("Cleared away: 0 snapshots")
    assert told["billing_check"].startswith("What was billed is what was used")
    assert told["service_check"] == "No provider has overspent its error budget."
    assert re.fullmatch(r"The log holds: all \d+ entries .*", told["log_check"])


@ONLY_SQLITE
def test_a_log_that_somebody_has_changed_fails_the_job_that_looks_through_it(world: World):
    """S44."""
    operator = replace(world.acme.admin, user_id="local", kind="cli")
    before = findings()
    assert runner.run_now(world.store, operator, "log_check").status is Status.SUCCEEDED
    attack(world.store, world.acme.id, lambda attacker: attacker.set(1, ts=1))

    run = runner.run_now(world.store, operator, "log_check")

    assert run.status is Status.FAILED
    assert "The first bad place is entry 1: entry_edited" in run.detail
    assert findings() == before + 1


@ONLY_SQLITE
def test_a_job_that_is_paused_is_not_due_and_makes_up_for_nothing_when_it_resumes(world: World):
    runner.tick(world.store)
    for paused in (True, False):
        with open_work(world.acme.admin, world.store) as work:
            jobs.change_schedule(
                work,
                "snapshot",
                ScheduleChange(paused=paused),
                at_first="every day at 02:10",
                reason="as agreed",
            )
        with open_work(world.acme.admin, world.store) as work:
            work.now = LATER if paused else work.now
            assert "snapshot" not in {due.job for due in jobs.due_slots(work)}


@ONLY_SQLITE
def test_of_missed_times_all_are_made_up_for_where_that_is_asked_the_oldest_first(
    world: World, carried
):
    schedule = scheduled(world, cron="every hour")
    with open_work(world.acme.analyst, world.store) as work:
        reports.change_schedule(work, schedule.id, ScheduleChange(catch_up="all"))

    later = datetime.now(UTC) + timedelta(hours=9)
    while runner.tick(world.store, now=later):
        pass

    slots = [run.scheduled_for for _, run in carried]
    assert len(slots) == 9
    assert slots == sorted(slots)
    assert {later - earlier for earlier, later in pairwise(slots)} == {timedelta(hours=1)}
