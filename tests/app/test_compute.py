"""Work in a process of its own: its result, its refusal, its end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError

import pytest

from app.compute import MOST_OF_A_TENANT, RunAtWork, Runs, TenantAtWork, WorkLost
from tests.app.endless import at_once, begun, endless, pid_of
from valor_core.models.refusals import GrowthNotBelowWacc
from valor_core.settings import ROOT

Progress = Callable[[float], None]


@pytest.fixture
def runs() -> Iterator[Runs]:
    made = Runs()
    yield made
    made.close()


def halved(number: float, progress: Progress) -> tuple[int, float]:
    progress(0.5)
    return os.getpid(), number / 2.0


def refused(progress: Progress) -> None:
    raise GrowthNotBelowWacc(growth=0.09, wacc=0.08)


def killed(progress: Progress) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def grown(progress: Progress) -> int:
    return len(bytearray(3 << 30))


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_work_is_done_elsewhere_and_comes_back(runs):
    pid, half = runs.start("anna", halved, 3.0).result()

    assert half == 1.5
    assert pid != os.getpid()
    assert not is_there(pid)


def test_a_refusal_comes_back_whole(runs):
    with pytest.raises(GrowthNotBelowWacc, match=r"9\.00%") as told:
        runs.start("anna", refused).result()

    assert told.value.hint


def test_work_whose_process_dies_is_told_as_lost(runs):
    with pytest.raises(WorkLost):
        runs.start("anna", killed).result()


def test_work_that_takes_more_memory_than_it_may_is_lost_and_the_machine_is_not(runs):
    with pytest.raises(WorkLost, match="without a result"):
        runs.start("anna", grown).result()


def test_a_run_that_is_cancelled_leaves_no_process(runs):
    run = begun(runs)

    run.cancel()

    with pytest.raises(CancelledError):
        run.result()
    assert run.finished
    assert not is_there(pid_of(run))


def test_a_run_that_waits_for_others_can_be_cancelled_before_it_begins(runs):
    first, second = begun(runs, "anna"), begun(runs, "ben")
    waiting = runs.start("cleo", endless)

    waiting.cancel()

    assert waiting.finished
    assert waiting._child is None
    assert not first.finished
    assert not second.finished


def test_a_second_run_of_the_same_person_is_the_one_at_work(runs):
    run = begun(runs)

    assert runs.start("anna", halved, 3.0) is run
    with pytest.raises(RunAtWork):
        runs.start_alone("anna", halved, 3.0)
    assert runs.running("anna") is run
    assert runs.running("ben") is None


def test_a_tenant_has_few_runs_at_a_time_however_many_keys_it_has(runs):
    others = [runs.start(f"acme:key{n}", endless) for n in range(MOST_OF_A_TENANT)]

    with pytest.raises(TenantAtWork):
        runs.start_alone("acme:one more", at_once)
    with pytest.raises(TenantAtWork):
        runs.start("acme:one more", at_once)
    assert runs.start("acme:key0", at_once) is others[0]
    for each in others[1:]:
        each.cancel()
    assert runs.start("rival:anna", at_once).result() is None
    assert runs.start_alone("acme:one more", at_once).result() is None


def test_no_process_is_left_once_all_is_closed(runs):
    pids = [pid_of(begun(runs, owner)) for owner in ("anna", "ben")]
    waiting = runs.start("cleo", endless)

    runs.close()

    assert waiting.finished
    assert not any(map(is_there, pids))


@pytest.fixture
def program(tmp_path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.app.computing"],
        cwd=ROOT,
        env={**os.environ, "VALOR_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        yield process, int(process.stdout.readline())
        process.kill()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_the_process_is_gone_when_a_signal_ends_the_server(program, sig):
    server, pid = program
    assert is_there(pid)

    server.send_signal(sig)
    server.wait(20)

    assert server.returncode == 0
    assert not is_there(pid)


def test_the_process_ends_by_itself_when_the_server_is_killed(program):
    server, pid = program

    server.kill()
    server.wait(20)

    deadline = time.monotonic() + 20
    while is_there(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_there(pid)
