"""Starts the child process of a notebook, watches it, and leaves of its folder what is kept."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from jobs.disk_use import too_much
from jobs.left_files import keep_only, keep_the_end, throw_away
from jobs.notebook_child import PACKAGES
from jobs.printing import PDF
from valor_core.coverage.job_runs import Status
from valor_core.settings import ROOT
from valor_core.workbench.report_verifying import ANSWERS

OUTPUTS = (
    "report.html", PDF, "result.json", "executed.ipynb", "input.json", ANSWERS,
)  # and spreadsheets  # fmt: skip
FILES_OF_A_RUN = (*OUTPUTS, "run.json", "run.log", "source.ipynb")
LOG_KEPT = 1_000_000
DISK_EVERY_S = 0.5
PASSED_ON = ("PATH", "LANG", "TZ")  # of the environment; all else stays here


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how large a run may be."""

    timeout_s: float = 180.0
    memory_bytes: int = 4 << 30  # of addresses: numpy and Arrow reserve far more than they use
    grace_s: float = 3.0  # to end after SIGINT
    lease: timedelta = timedelta(seconds=60)


LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a child ended: by itself, with a code, or early, as it had to be ended."""

    code: int | None = None
    early: Status | None = None
    too_much: str = ""  # of what it had written more than it may


def run_child(
    order: Mapping[str, Any],
    *,
    limits: Limits,
    stopped: threading.Event,
    still_ours: Callable[[], None],
) -> Ended:
    """Has it done and leaves what is kept; `still_ours` renews the lease and may raise RunLost."""
    folder = Path(order["folder"])
    with (folder / "run.log").open("wb") as log_file:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "jobs.notebook_child"],
            stdin=subprocess.PIPE,
            stdout=log_file,
            stderr=subprocess.STDOUT,
            env=_environment(folder),
            cwd=folder,
            start_new_session=True,
        )
    assert child.stdin is not None
    ended = Ended()
    try:
        # The order goes through a pipe (arguments show in `ps`), which stays open: its end tells
        # the child that we are gone.
        child.stdin.write(json.dumps(order).encode() + b"\n")
        child.stdin.flush()
        ended = _watched(child, folder, limits, stopped, still_ours)
    except BrokenPipeError:  # it ended before it had read its order: the log says why
        child.wait(limits.grace_s)
    finally:
        _end(child, 0.0 if ended.early is Status.CANCELLED else limits.grace_s)
        with suppress(BrokenPipeError):
            child.stdin.close()
        keep_only(folder, FILES_OF_A_RUN)
        keep_the_end(folder / "run.log", most=LOG_KEPT)
        if ended.too_much:
            throw_away(folder)
    return ended if ended.early else Ended(code=child.returncode)


def _watched(
    child: subprocess.Popen[bytes],
    folder: Path,
    limits: Limits,
    stopped: threading.Event,
    still_ours: Callable[[], None],
) -> Ended:
    """Waits for its end; tells why where it must not go on."""
    began = renewed = looked = time.monotonic()
    while child.poll() is None:
        now = time.monotonic()
        if now - began > limits.timeout_s:
            return Ended(early=Status.TIMEOUT)
        if stopped.wait(0.1):
            return Ended(early=Status.CANCELLED)
        if now - looked > DISK_EVERY_S:
            if held := too_much(folder, child.pid):
                return Ended(early=Status.FAILED, too_much=held)
            looked = now
        if now - renewed > limits.lease.total_seconds() / 3:
            still_ours()
            renewed = now
    held = too_much(folder, child.pid)
    return Ended(early=Status.FAILED, too_much=held) if held else Ended()


def _environment(folder: Path) -> dict[str, str]:
    """Built, not inherited: no database, no secret, no start-up files of the service's own home."""
    private, code = folder / ".private", folder / ".private" / "code"
    private.mkdir(mode=0o700)
    code.mkdir()
    for name in PACKAGES:  # links, since what else lies in our folder is not to be listed
        (code / name).symlink_to(ROOT / name)
    return passed_on() | {
        "HOME": str(private),
        "IPYTHONDIR": str(private / "ipython"),
        "JUPYTER_CONFIG_DIR": str(private / "config"),
        "JUPYTER_DATA_DIR": str(private / "data"),
        "JUPYTER_RUNTIME_DIR": str(private / "runtime"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "MPLCONFIGDIR": str(private),
        "PLOTLY_RENDERER": "plotly_mimetype",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONPATH": str(code),
        "TMPDIR": str(private),
    }


def passed_on() -> dict[str, str]:
    """Of the environment what is handed on, to a notebook as to the browser that prints."""
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ}


def _end(child: subprocess.Popen[bytes], grace_s: float) -> None:
    """Ends the child and its kernel, which has a session of its own, so no group reaches both."""
    import psutil  # comes with ipykernel

    if child.poll() is not None:
        return
    try:
        family = psutil.Process(child.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    if grace_s:
        child.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            child.wait(grace_s)
    if child.poll() is None:
        child.kill()
        child.wait()
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()  # psutil compares start times: a number used again is not ours
