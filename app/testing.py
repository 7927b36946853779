"""`valor test`: all that must hold; what takes seconds first, then the types beside the tests."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from valor_core.settings import ROOT

BIN = ROOT / ".venv" / "bin"
STEPS = (
    ("format", [BIN / "ruff", "format", "--check", "."]),
    ("lint", [BIN / "ruff", "check", "."]),
    ("floors", [BIN / "lint-imports", "--no-logo"]),
)
# Takes the better part of a minute: it computes while the tests wait for browsers and disks.
TYPES = [BIN / "pyrefly", "check"]


# Many tests wait for a browser, a server or a disk: four at a time fill two cores.
TOGETHER = ("--together", "4")
# In CI a test that fails is run once more and named either way: what a machine that stood still has
# failed says nothing of the change, what the change has broken fails again.
ONCE_MORE = ("--reruns", "1", "-raR")
# Each process imports every test: what one has compiled the others find, also where the
# environment says that nothing is to be kept.
KEEPING_BYTECODE = {"PYTHONDONTWRITEBYTECODE": ""}


def run_everything(pytest_arguments: list[str]) -> int:
    """Runs each step, the types beside the tests; the exit code of the first that fails, else 0."""
    once_more = ONCE_MORE if os.environ.get("CI") else ()
    arguments = (*once_more, *(pytest_arguments or TOGETHER))
    if not os.environ.get("CI"):  # there every need is met before, or fails
        subprocess.run([sys.executable, "-m", "tests.needs"], cwd=ROOT, check=False)
    for name, command in STEPS:
        if code := _done(name, command):
            return code
    with ThreadPoolExecutor(1) as beside:
        types = beside.submit(_done, "types", TYPES, told_at_its_end=True)
        return _done("tests", [sys.executable, "-m", "pytest", *arguments]) or types.result()


def _done(name: str, command: Sequence[str | Path], *, told_at_its_end: bool = False) -> int:
    """The exit code of a step, whose words come at once, or whole between another's lines."""
    if not told_at_its_end:
        print(f"── {name}", flush=True)
    began = time.monotonic()
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=os.environ | KEEPING_BYTECODE,
        check=False,
        stdout=subprocess.PIPE if told_at_its_end else None,
        stderr=subprocess.STDOUT if told_at_its_end else None,
        text=True,
    )
    verdict = "failed" if done.returncode else "ok"
    told = f"\n── {name}\n{done.stdout}" if told_at_its_end else ""
    print(f"{told}── {name}: {verdict}, {time.monotonic() - began:.1f} s\n", flush=True)
    return done.returncode
