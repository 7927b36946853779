"""What an executor adds to pieces of half a second, on this machine's processes and on Dask.

    .venv/bin/python benchmarks/compute.py

A piece waits instead of computing: it takes its worker as long, and whatever else the machine does
takes less from it. It brings back what a chunk of scenarios brings back.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.compute.cluster import cluster
from tests.compute.pieces import SECONDS, waited
from valor_core.compute.executors import executor

PIECES, WIDTH = 24, 2


def measured(named: str) -> tuple[float, float]:
    """Seconds until the first answer, and the part that is added to the pieces that follow."""
    os.environ["VALOR_EXECUTOR"] = named
    began = time.perf_counter()
    with executor() as (pool, width):
        assert width == WIDTH, width
        for future in [pool.submit(waited, n) for n in range(width)]:
            future.result()
        ready = time.perf_counter()
        made = [future.result() for future in [pool.submit(waited, n) for n in range(PIECES)]]
        taken = time.perf_counter() - ready
    assert [each[0] for each in made] == list(range(PIECES))
    return ready - began - SECONDS, taken * WIDTH / (PIECES * SECONDS) - 1.0


def main() -> None:
    """Both, a line each."""
    os.cpu_count = lambda: WIDTH
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder), {}) as address:
        for named in ("process", address):
            start, added = measured(named)
            print(f"{named.partition(':')[0]:<8} first answer {start:5.2f} s, added {added:6.2%}")


if __name__ == "__main__":
    main()
