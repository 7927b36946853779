"""Speed as ratios inside one run, each kernel proven equal before it is timed.

    .venv/bin/python benchmarks/run.py            # prints ratios beside the committed baselines
    .venv/bin/python benchmarks/run.py --write    # makes them the new baselines

A ratio far from its baseline is a place to look; on a busy machine it is not evidence.
"""

import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.demo import with_nothing_beside  # noqa: E402
from valor_core.coverage.demo_book import DEMO, read_demo_book  # noqa: E402
from valor_core.coverage.facts_csv import read_facts_csv  # noqa: E402
from valor_core.coverage.prefill import prefill_dcf  # noqa: E402
from valor_core.models.dcf import DcfInputs, discounted_cash_flow  # noqa: E402
from valor_core.models.sensitivity import grid, replace_at  # noqa: E402
from valor_core.models.workings import record  # noqa: E402

BASELINES = Path(__file__).with_name("baselines.json")
TIMES = 5


def cpu_ms(act: Callable[[], object], times: int = TIMES) -> float:
    """The median of the CPU milliseconds that an act takes."""
    act()
    taken = []
    for _ in range(times):
        began = time.process_time()
        act()
        taken.append(1000 * (time.process_time() - began))
    return statistics.median(taken)


def apple() -> DcfInputs:
    """Apple as the facts suggest, with nothing beside its operations."""
    book = next(c for c in read_demo_book() if c.company.ticker == "AAPL")
    return with_nothing_beside(prefill_dcf(book.company, book.facts).inputs)


def dcf(inputs: DcfInputs) -> dict[str, float]:
    """One vectorised run against the same model called once a scenario."""
    rng = np.random.default_rng(7)
    growths = rng.uniform(0.0, 0.03, 200)
    batch = replace_at(inputs, "terminal_growth", growths)
    alone = [replace_at(inputs, "terminal_growth", g) for g in growths]
    many = discounted_cash_flow(batch).value_per_share
    one_by_one = [discounted_cash_flow(each).value_per_share for each in alone]
    np.testing.assert_allclose(many, one_by_one, rtol=1e-9)

    scalar = cpu_ms(lambda: [discounted_cash_flow(each) for each in alone], 3) / len(alone)
    large = replace_at(inputs, "terminal_growth", rng.uniform(0.0, 0.03, 100_000))
    vector = cpu_ms(lambda: discounted_cash_flow(large), 3) / 100_000
    limit = cpu_ms(lambda: np.exp(rng.uniform(size=(100_000, inputs.years))), 3) / 100_000
    return {
        "dcf: one by one ÷ vectorised, a scenario": scalar / vector,
        "dcf: vectorised ÷ one exp a year, a scenario": vector / limit,
        "dcf: one company, ms": scalar,
    }


def sensitivity(inputs: DcfInputs) -> dict[str, float]:
    """A grid of 101 × 101 in one call against a call a cell."""
    rows, columns = np.linspace(0.01, 0.03, 101), np.linspace(0.8, 1.2, 101)
    axes = ("terminal_growth", rows), ("cost_of_capital.beta", columns)
    made = grid(inputs, *axes)
    for i, j in ((0, 0), (50, 50), (100, 100), (13, 77)):
        cell = replace_at(inputs, "terminal_growth", rows[i])
        cell = replace_at(cell, "cost_of_capital.beta", columns[j])
        np.testing.assert_allclose(
            made.values[i, j], discounted_cash_flow(cell).value_per_share, rtol=1e-9
        )
    whole = cpu_ms(lambda: grid(inputs, *axes))
    single = cpu_ms(lambda: [discounted_cash_flow(inputs) for _ in range(20)]) / 20
    return {
        "grid 101×101: a call a cell ÷ one call": single * rows.size * columns.size / whole,
        "grid 101×101, ms": whole,
    }


def workings(inputs: DcfInputs) -> dict[str, float]:
    """A recorded run against a plain one."""
    recorded = record(discounted_cash_flow, inputs)
    assert recorded.result.value_per_share == discounted_cash_flow(inputs).value_per_share
    return {
        "workings: recorded ÷ plain run": cpu_ms(lambda: record(discounted_cash_flow, inputs))
        / cpu_ms(lambda: discounted_cash_flow(inputs))
    }


def buyouts() -> dict[str, float]:
    """A simulated buyout, exact on average balances, against iteration and none."""
    from benchmarks.lbo import ratios

    return ratios()


def importing() -> dict[str, float]:
    """Reading the largest table of the demo book against splitting its lines."""
    raw = (DEMO / "aapl.csv").read_bytes()
    [parsed] = read_facts_csv(raw)
    assert len(parsed.facts) == raw.count(b"\n") - 1
    plain = cpu_ms(lambda: [line.split(",") for line in raw.decode().splitlines()])
    whole = cpu_ms(lambda: read_facts_csv(raw))
    return {
        "import: checked CSV ÷ split lines": whole / plain,
        "import: facts a second": len(parsed.facts) / whole * 1000,
        "import: whole demo book, ms": cpu_ms(read_demo_book, 3),
    }


def starting() -> dict[str, float]:
    """From the command to a healthy server, five times, on a home that stands already."""
    with tempfile.TemporaryDirectory() as home:
        seconds = [_start(home) for _ in range(6)][1:]
    light = _seconds("import valor_core")
    bare = _seconds("pass")
    return {
        "start: command to healthy, s (median of 5)": statistics.median(seconds),
        "start: worst of 5, s": max(seconds),
        "import valor_core ÷ bare Python": light / bare,
    }


def _start(home: str) -> float:
    import os
    import socket
    import urllib.request

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    began = time.perf_counter()
    server = subprocess.Popen(
        [ROOT / "valor", "serve", "--port", str(port)],
        env={**os.environ, "VALOR_HOME": home},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
            except OSError:
                time.sleep(0.01)
            else:
                return time.perf_counter() - began
    finally:
        server.terminate()
        server.wait(10)


def _seconds(code: str) -> float:
    def run() -> None:
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)

    taken = []
    for _ in range(7):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def serving() -> dict[str, float]:
    """A view and a verb of the API against a bare route, in one process over plain ASGI."""
    from benchmarks.serving import ratios

    return ratios()


def reruns() -> dict[str, float]:
    """The DCF page on the server against an empty one."""
    from benchmarks.pages import ratios

    return ratios()


def returns() -> dict[str, float]:
    """Rates of return of 100,000 investments against other libraries' loops."""
    from benchmarks.returns import ratios

    return ratios()


def simulations() -> dict[str, float]:
    """Monte Carlo against its draws and matrices, Sobol points, batches of companies."""
    from benchmarks.simulation import ratios

    return ratios()


def options() -> dict[str, float]:
    """Lattices and simulated options against QuantLib."""
    from benchmarks.options import ratios

    return ratios()


def rate_limits() -> dict[str, float]:
    """What a call costs, and who counts it right, against throttled-py and limits."""
    from benchmarks.rate_limits import ratios

    return ratios()


def reconciling() -> dict[str, float]:
    """Ten million uses against what was billed: roll-ups, the scan, Postgres and pandas."""
    from benchmarks.reconciling import ratios

    return ratios()


def batches() -> dict[str, float]:
    """All companies of a database by one policy, against reading their rows and one by one."""
    from benchmarks.batch import ratios

    return ratios()


def main() -> None:
    """Runs all of it and prints a table."""
    inputs = apple()
    parts = (
        lambda: dcf(inputs),
        lambda: sensitivity(inputs),
        lambda: workings(inputs),
        buyouts,
        importing,
        returns,
        simulations,
        options,
        rate_limits,
        reconciling,
        serving,
        reruns,
        starting,
        batches,
    )
    found: dict[str, float] = {}
    for part in parts:
        found |= part()
    before = json.loads(BASELINES.read_text()) if BASELINES.exists() else {}
    print(f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}")
    for name, value in found.items():
        known = f"{before[name]:12,.2f}" if name in before else "           –"
        print(f"{value:12,.2f}  baseline {known}  {name}")
    if "--write" in sys.argv:
        rounded = before | {name: round(value, 3) for name, value in found.items()}
        BASELINES.write_text(json.dumps(rounded, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
