"""Work that never ends by itself, for tests of its end, and work that ends at once."""

import time
from collections.abc import Callable

from app.compute import Run, Runs


def endless(progress: Callable[[float], None]) -> None:
    progress(0.25)
    time.sleep(600)


def at_once(progress: Callable[[float], None]) -> None:
    progress(1.0)


def begun(runs: Runs, owner: str = "anna") -> Run:
    """The run, once its process is at work."""
    run = runs.start(owner, endless)
    while not (run.done or run.finished):
        time.sleep(0.01)
    return run


def pid_of(run: Run) -> int:
    assert run._child
    return run._child.pid
