"""Tests that run in forked processes are told as if there were one."""

import os
import subprocess
import sys
from pathlib import Path

from valor_core.settings import ROOT

CONFTEST = """
import os
from tests import forking

def pytest_runtestloop(session):
    forking.run(session, forking.by_file(session.items), 2)
    return True

def pytest_runtest_logfinish(nodeid):
    if "left_at_once" in nodeid:
        os._exit(3)
"""
SOUND = """
import pytest

@pytest.mark.parametrize("number", range(20))
def test_sound(number, tmp_path):
    print("said by", number)
"""
DYING = """
import os, signal

def test_dying():
    os.kill(os.getpid(), signal.SIGKILL)
"""
FAILING = """
def test_failing():
    print("what it said")
    assert 1 == 2

def test_after_it():
    assert True
"""


def run(folder: Path, **files: str) -> "subprocess.CompletedProcess[str]":
    (folder / "conftest.py").write_text(CONFTEST)
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:randomly", "-c", os.devnull, folder],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_each_test_runs_once_and_nothing_is_printed_twice(tmp_path):
    done = run(tmp_path, **{f"sound_{number}": SOUND for number in range(4)})

    assert "80 passed" in done.stdout
    assert done.stdout.count("test session starts") == 1
    assert (done.returncode, done.stderr) == (0, "")


def test_what_fails_is_told_and_who_dies_fails_its_test_alone(tmp_path):
    done = run(tmp_path, sound=SOUND, dying=DYING, failing=FAILING)

    assert "what it said" in done.stdout
    assert "the process ended in this test: -9" in done.stdout
    assert "2 failed, 21 passed" in done.stdout
    assert done.returncode == 1


def test_who_dies_between_two_tests_fails_the_run(tmp_path):
    done = run(tmp_path, sound=SOUND, left_at_once=FAILING)

    assert "a process ended between two tests: 3" in done.stdout
    assert done.returncode == 1
