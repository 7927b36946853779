"""A Dask scheduler and two workers, each a process of its own on a free port of this machine."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from valor_core.settings import ROOT


@contextmanager
def cluster(folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Its address for VALOR_EXECUTOR, once both workers are there."""
    told = folder / "scheduler.json"
    with ExitStack() as stack:
        for command in (
            ["dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", told],
            ["dask_worker", "--host", "127.0.0.1", "--scheduler-file", told, "--nworkers", "2",
             "--nthreads", "1", "--local-directory", folder],
        ):  # fmt: skip
            name, *options = map(str, command)
            log = stack.enter_context((folder / f"{name}.log").open("wb"))
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{name}", "--no-dashboard", *options],
                cwd=ROOT,
                env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
            )
            stack.callback(process.wait, 20)
            stack.callback(process.terminate)
            while not told.exists() and process.poll() is None:
                time.sleep(0.02)
        address = json.loads(told.read_text())["address"]
        _wait_for_both(address)
        yield f"dask:{address}"


def _wait_for_both(address: str) -> None:
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
