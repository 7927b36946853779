"""Pieces of work that tests send elsewhere."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from valor_core.models.refusals import GrowthNotBelowWacc
from valor_core.models.simulation.plan import CHUNK

SECONDS = 0.5


def squared(number: int) -> int:
    return number * number


def whose(number: int) -> int:
    return os.getpid()


def refused(number: int) -> int:
    raise GrowthNotBelowWacc(growth=0.09, wacc=0.08)


def squared_by_a_survivor(task: tuple[str, int]) -> int:
    """The third piece kills the process that is given it first."""
    folder, number = task
    try:
        if number == 3:
            (Path(folder) / "killed").touch(exist_ok=False)
            os.kill(os.getpid(), signal.SIGKILL)
    except FileExistsError:
        pass
    return number * number


def always_killed(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def begun(task: tuple[str, int]) -> int:
    """Leaves a mark that it was begun."""
    folder, number = task
    (Path(folder) / str(number)).touch()
    return number


def waited(number: int) -> np.ndarray:
    """Takes its worker as long as a piece is meant to take, and brings back a chunk."""
    time.sleep(SECONDS)
    return np.full(CHUNK, float(number))
