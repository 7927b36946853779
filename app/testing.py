"""`valor test`: all that must hold, in the order that fails earliest."""

import os
import subprocess
import sys
import time

from valor_core.settings import ROOT

BIN = ROOT / ".venv" / "bin"
STEPS = (
    ("format", [BIN / "ruff", "format", "--check", "."]),
    ("lint", [BIN / "ruff", "check", "."]),
    ("floors", [BIN / "lint-imports", "--no-logo"]),
    ("types", [BIN / "pyrefly", "check"]),
)


# Many tests wait for a browser, a server or a disk: three at a time fill two cores. A file stays
# with one process, so that what its tests share is made once.
TOGETHER = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")
# In CI a test that fails is run once more and named either way: what a machine that stood still has
# failed says nothing of the change, what the change has broken fails again.
ONCE_MORE = ("--reruns", "1", "-raR")
# Each process imports every test: what one has compiled the others find, also where the
# environment says that nothing is to be kept.
KEEPING_BYTECODE = {"PYTHONDONTWRITEBYTECODE": ""}


def run_everything(pytest_arguments: list[str]) -> int:
    """Runs each step; the exit code of the first that fails, else 0."""
    once_more = ONCE_MORE if os.environ.get("CI") else ()
    arguments = (*once_more, *(pytest_arguments or TOGETHER))
    steps = (*STEPS, ("tests", [sys.executable, "-m", "pytest", *arguments]))
    environment = os.environ | KEEPING_BYTECODE
    if not os.environ.get("CI"):  # there every need is met before, or fails
        subprocess.run([sys.executable, "-m", "tests.needs"], cwd=ROOT, check=False)
    for name, command in steps:
        print(f"── {name}", flush=True)
        began = time.monotonic()
        code = subprocess.run(
            [str(part) for part in command], cwd=ROOT, env=environment, check=False
        ).returncode
        print(f"── {name}: {'failed' if code else 'ok'}, {time.monotonic() - began:.1f} s\n")
        if code:
            return code
    return 0
