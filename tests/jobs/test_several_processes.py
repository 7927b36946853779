"""Two processes on one database, one of which is stopped in the middle of a run and wakes up."""

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from tests.conftest import ONLY_POSTGRES, World
from valor_core.coverage.job_runs import Status, run_of
from valor_core.coverage.schedules import ScheduleChange
from valor_core.settings import ROOT
from valor_core.store.tables import JobRunRow
from valor_core.workbench import jobs
from valor_core.workbench.verb import open_work

SLOTS = int(os.environ.get("VALOR_SLOTS", "12"))  # a thousand take a minute or two


def ticking(world: World, now: datetime, *, stops_at: int) -> subprocess.Popen[str]:
    url = world.store.engine.url.render_as_string(hide_password=False)
    order = [sys.executable, "-m", "tests.jobs.ticking", url, now.isoformat(), str(stops_at)]
    return subprocess.Popen(
        order, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def end_lease_of(world: World, pid: int) -> None:
    """Its ten minutes are over."""
    with open_work(world.acme.analyst, world.store) as work:
        held = select(JobRunRow).where(JobRunRow.owner == f"{os.uname().nodename}:{pid}")
        running = held.where(JobRunRow.status == Status.RUNNING)
        jobs.renew_run(work, run_of(work.session.scalars(running).one()), lease=timedelta())


@ONLY_POSTGRES
def test_every_slot_has_one_result_though_one_process_sleeps_through_its_lease(world: World):
    """S51, G52."""
    with open_work(world.acme.admin, world.store) as work:
        change = ScheduleChange(catch_up="all")
        jobs.change_schedule(work, "snapshot", change, at_first="* * * * *", reason="a test")
    with ticking(world, datetime.now(UTC) + timedelta(minutes=SLOTS), stops_at=3) as sleeper:
        with ticking(world, datetime.now(UTC) + timedelta(minutes=SLOTS), stops_at=0) as other:
            for process in (sleeper, other):
                assert process.stdout
                assert process.stdout.readline() == "ready\n"
            for process in (sleeper, other):
                assert process.stdin
                print(file=process.stdin, flush=True)
            os.waitpid(sleeper.pid, os.WUNTRACED)
            end_lease_of(world, sleeper.pid)
            assert other.wait(600) == 0
        sleeper.send_signal(18)  # SIGCONT
        assert sleeper.wait(60) == 0

    runs = []
    with open_work(world.acme.admin, world.store) as work:
        before = None
        while page := jobs.list_runs(work, ["snapshot"], limit=200, before=before):
            runs += page
            before = (round(page[-1].created_at.timestamp() * 1e6), page[-1].id)
    assert {run.status for run in runs} == {Status.SUCCEEDED}
    assert len({run.scheduled_for for run in runs}) == len(runs) == SLOTS
    assert Counter(run.attempt for run in runs) == {1: SLOTS - 1, 2: 1}
    [taken_over] = [run for run in runs if run.attempt == 2]
    assert taken_over.detail == f"by {other.pid}"
