"""Pieces of work that tests send elsewhere."""

import os
import signal
from pathlib import Path

from valor_core.models.refusals import GrowthNotBelowWacc


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
