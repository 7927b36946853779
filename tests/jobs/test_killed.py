"""A process that is killed in the middle: whoever comes after heals what it left."""

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from sqlalchemy import func, select

from jobs import reports as making
from jobs import runner
from jobs.delivering import deliver_due
from jobs.notebook_run import Limits
from tests.conftest import ONLY_SQLITE, World
from tests.jobs.killed_at import STAGES, due_alone
from tests.jobs.test_delivering import a_report, destination, told
from valor_core.coverage import deliveries as kept
from valor_core.coverage.deliveries import HELD_FOR, State
from valor_core.coverage.job_runs import JobRun, Status
from valor_core.coverage.schedules import ScheduleChange
from valor_core.settings import ROOT
from valor_core.store.tables import UsageEventRow
from valor_core.workbench import jobs, logbook, reports, snapshots
from valor_core.workbench.verb import open_work

LEASE = timedelta(seconds=2)
TICKS = """
import sys
from datetime import datetime, timedelta
from sqlalchemy import func, select

from jobs import reports as making
from jobs import runner
from jobs.notebook_run import Limits
from valor_core.store.engines import Store
limits = Limits(lease=timedelta(seconds=2))
runner.tick(Store(sys.argv[1]), now=datetime.fromisoformat(sys.argv[2]), limits=limits)
"""


def newest(world: World) -> JobRun:
    with open_work(world.acme.viewer, world.store) as work:
        return reports.list_runs(work)[0]


def begun(world: World) -> bool:
    """Whether the notebook of a run of this world runs; other worlds share its folders."""
    with open_work(world.acme.viewer, world.store) as work:
        return any((run.folder / "run.log").exists() for run in reports.list_runs(work))


def until(true, *, within_s: float = 90.0) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def works_in(folder: Path) -> bool:
    for process in psutil.process_iter():
        try:
            if str(folder) in process.environ().get("HOME", ""):
                return True
        except psutil.Error:
            continue
    return False


@ONLY_SQLITE
def test_a_report_whose_process_is_killed_in_its_middle_is_made_by_the_next(world: World):
    """S48."""
    with open_work(world.acme.analyst, world.store) as work:
        reports.schedule_report(work, "sla", {}, cron="every hour")
    later = datetime.now(UTC) + timedelta(hours=1)
    url = world.store.engine.url.render_as_string(hide_password=False)
    with subprocess.Popen([sys.executable, "-c", TICKS, url, later.isoformat()], cwd=ROOT) as first:
        until(lambda: begun(world))
        first.kill()
    killed = newest(world)
    assert (killed.status, killed.attempt) == (Status.RUNNING, 1)
    until(lambda: not works_in(killed.folder))

    def is_over() -> bool:  # a daily job may be due as well
        runner.tick(world.store, now=later, limits=Limits(lease=LEASE))
        return newest(world).status is not Status.RUNNING

    until(is_over)

    healed = newest(world)
    assert healed.id == killed.id
    assert (healed.status, healed.attempt) == (Status.SUCCEEDED, 2), healed.detail
    assert not (killed.folder / "report.html").exists()


@ONLY_SQLITE
def test_a_delivery_whose_process_is_killed_after_it_was_sent_arrives_once(
    world: World, tmp_path: Path, monkeypatch
):
    monkeypatch.setenv("VALOR_DELIVERY_FOLDER", str(tmp_path))
    desk, _ = destination(world, "folder", "Desk")
    run = a_report(world, desk)
    deliver_due(world.store, world.acme.id)
    [laid] = (tmp_path / "acme" / "Desk").iterdir()
    with open_work(world.acme.analyst, world.store) as work:
        work.begin_writing()
        [row] = kept.of_runs(work, [run.id])  # as the killed process left it
        row.state, row.delivered_at = State.WAITING, None
        row.next_at = work.now_micros + HELD_FOR // timedelta(microseconds=1)

    assert deliver_due(world.store, world.acme.id) == 0
    deliver_due(world.store, world.acme.id, now=datetime.now(UTC) + HELD_FOR + LEASE)

    assert [each.state for each in told(world, run)] == [State.DELIVERED]
    assert [each.name for each in (tmp_path / "acme" / "Desk").iterdir()] == [laid.name]


def test_a_kill_at_any_stage_of_a_report_or_a_job_is_healed_by_the_next_process(
    world: World, monkeypatch
):
    """S48: each due time has one result and is counted once, whatever was half done."""
    for of, name in (
        (runner, "JOBS"),
        (runner, "active_tenants"),
        (making, "run_child"),
        (making, "print_page"),
    ):
        monkeypatch.setattr(of, name, getattr(of, name))  # put back at the end
    with open_work(world.acme.admin, world.store) as work:
        reports.schedule_report(work, "sla", {}, cron="* * * * *")
        jobs.change_schedule(
            work, "snapshot", ScheduleChange(), at_first="* * * * *", reason="a test"
        )
    url = world.store.engine.url.render_as_string(hide_password=False)
    order = [sys.executable, "-m", "tests.jobs.killed_at", url, world.acme.id]
    with subprocess.Popen(
        order, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as dying:
        assert dying.stdin
        assert dying.stdout
        for minutes, stage in enumerate(STAGES, start=1):
            if stage.startswith("snapshot"):  # so that there is something new
                destination(world, "folder", f"Desk {minutes}")
            now = datetime.now(UTC) + timedelta(minutes=minutes)
            print(now.isoformat(), stage, file=dying.stdin, flush=True)
            assert int(dying.stdout.readline()) == -signal.SIGKILL, stage

            healed = next_process_does(world, stage, now)

            assert healed.status is Status.SUCCEEDED, (stage, healed.detail)
            assert healed.attempt == (1 if "asked for" in stage else 2), stage
            assert not runner.tick(world.store, now=now), stage
        dying.stdin.close()

    with open_work(world.acme.admin, world.store) as work:
        assert logbook.verify_log(work).holds
        made = [row.id for row in snapshots.list_snapshots(work)]
        assert all(snapshots.verify_snapshot(work, each).holds for each in made)
        used = dict(
            work.session.execute(
                select(UsageEventRow.meter, func.sum(UsageEventRow.quantity)).group_by(
                    UsageEventRow.meter
                )
            ).all()
        )
    of_reports = [stage for stage in STAGES if stage.startswith("sla")]
    assert used == {"reports": len(of_reports), "snapshots": len(made)}


def next_process_does(world: World, stage: str, now: datetime) -> JobRun:
    """What was left, once the lease of the dead is over."""
    done: list[JobRun] = []
    due_alone(stage.partition(":")[0], world.acme.id)
    until(lambda: done.extend(runner.tick(world.store, now=now)) or done)
    [healed] = done
    return healed
