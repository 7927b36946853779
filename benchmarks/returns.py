"""Rates of return in bulk against other libraries called in a loop, proven equal first.

OPENBLAS_NUM_THREADS=1 .venv/bin/python benchmarks/returns.py
"""

import statistics
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy_financial
import pyxirr

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from valor_core.models.returns.irr import irr, xirr
from valor_core.models.returns.roots import every_rate

ROWS, PERIODS = 100_000, 10
OF_NUMPY_FINANCIAL = 1_000  # rows, since it takes a minute for all
DAY_ZERO = date(2000, 1, 1)


def investments(count: int) -> np.ndarray:
    """One outlay, then income of every year."""
    random = np.random.default_rng(7)
    flows = random.uniform(5.0, 40.0, (count, PERIODS))
    flows[:, 0] = -random.uniform(80.0, 150.0, count)
    return flows


def cpu_s(act: Callable[[], object], times: int = 7) -> float:
    """The median of the CPU seconds that an act takes."""
    act()
    taken = []
    for _ in range(times):
        began = time.process_time()
        act()
        taken.append(time.process_time() - began)
    return statistics.median(taken)


def ratios() -> dict[str, float]:
    """Each ratio of one run; the growth is the exponent of the time in the number of rows."""
    flows = investments(ROWS)
    few, ours = flows[:OF_NUMPY_FINANCIAL], irr(flows)
    np.testing.assert_allclose(ours, [pyxirr.irr(row) or np.nan for row in flows], atol=1e-9)
    theirs = [numpy_financial.irr(row) for row in few]
    np.testing.assert_allclose(ours[: len(few)], theirs, atol=1e-8)
    whole = cpu_s(lambda: irr(flows))
    loop = cpu_s(lambda: [pyxirr.irr(row) for row in flows], 3)
    slow = cpu_s(lambda: [numpy_financial.irr(row) for row in few], 3) * ROWS / len(few)
    sizes = [cpu_s(lambda n=n: irr(flows[:n]), 9) for n in (10_000, ROWS)]
    return {
        "IRR of 100k × 10: pyxirr in a loop ÷ ours": loop / whole,
        "IRR of 100k × 10: numpy-financial in a loop ÷ ours": slow / whole,
        "IRR of 100k × 10, ms": 1000 * whole,
        "IRR: growth from 10k to 100k rows": np.log10(sizes[1] / sizes[0]).item(),
        **_of_days(),
        **_of_any_signs(),
    }


def _of_days() -> dict[str, float]:
    flows = investments(20_000)
    days = np.cumsum(np.random.default_rng(8).integers(1, 400, flows.shape), axis=-1)
    dates = [[DAY_ZERO + timedelta(days=day) for day in row] for row in days.tolist()]
    pairs = list(zip(dates, flows, strict=True))
    theirs = [pyxirr.xirr(row, amounts) or np.nan for row, amounts in pairs]
    np.testing.assert_allclose(xirr(flows, days), theirs, atol=1e-8)
    loop = cpu_s(lambda: [pyxirr.xirr(row, amounts) for row, amounts in pairs], 3)
    return {"XIRR of 20k × 10: pyxirr in a loop ÷ ours": loop / cpu_s(lambda: xirr(flows, days), 3)}


def _of_any_signs() -> dict[str, float]:
    """All rates of flows of random signs; those of pyxirr are among them."""
    flows = np.random.default_rng(9).normal(size=(ROWS, PERIODS))
    every = every_rate(flows, np.arange(PERIODS, dtype=np.float64))
    one = np.array([pyxirr.irr(row, silent=True) or np.nan for row in flows])
    with np.errstate(invalid="ignore"):
        near = np.nanmin(np.abs(every - one[:, None]) / (1.0 + one[:, None]), axis=-1, initial=1.0)
    lost = (near > 1e-5) & ~np.isnan(one)  # pyxirr stops a little early
    assert not lost.any(), f"{lost.sum()} rates of pyxirr are not among ours"
    taken = cpu_s(lambda: every_rate(flows, np.arange(PERIODS, dtype=np.float64)), 1)
    return {"all rates of 100k × 10 of any signs, s": taken}


if __name__ == "__main__":
    for name, value in ratios().items():
        print(f"{value:12,.2f}  {name}")
