"""Verifying a log in the database against the same digests over its rows in memory.

.venv/bin/python benchmarks/audit.py
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

ENTRIES = 10_000
TIMES = 7


def cpu_s(act: Callable[[], object]) -> float:
    """The least of several rounds, in CPU seconds: what the act costs where nothing disturbs it."""
    act()
    taken = []
    for _ in range(TIMES):
        began = time.process_time()
        act()
        taken.append(time.process_time() - began)
    return min(taken)


def ratios() -> dict[str, float]:
    """The rate of the check with all its reading, and as a share of the digests alone."""
    from valor_core.audit import log, verify
    from valor_core.audit.purges import Rulings
    from valor_core.store.engines import Store
    from valor_core.store.migrate import migrate
    from valor_core.store.work import unit_of_work
    from valor_core.values import SHARED
    from valor_core.workbench.setup import operator, prepare

    store = Store(f"sqlite:///{Path(os.environ['VALOR_HOME']) / 'valor.sqlite'}")
    migrate(store)
    prepare(store)
    caller = operator(SHARED)
    for begin in range(0, ENTRIES, 2_000):
        with unit_of_work(caller, store) as work:
            work.begin_writing()
            for n in range(begin, begin + 2_000):
                details = {"act_id": f"{n:026}", "company": "cik0000320193", "n": n}
                log.append(work, "valuation.run", target=f"valuation:{n}", details=details)
    with unit_of_work(caller, store) as work:
        rows = [tuple(row) for row in verify.stored_rows(work)]

        def in_memory() -> None:
            walk = verify.Walk(SHARED, log.keys(), {}, Rulings([]))
            assert list(walk.over(map(verify.entry_of, rows))) == []
            assert walk.size == ENTRIES

        def in_the_database() -> None:
            assert verify.verify(work, log.keys()).holds

        whole, digests = cpu_s(in_the_database), cpu_s(in_memory)
    store.close()
    return {
        "verify: thousand entries a second": ENTRIES / whole / 1000,
        "verify: its rate ÷ that of the same digests over rows in memory": digests / whole,
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["VALOR_HOME"] = home
        for name, value in ratios().items():
            print(f"{name:<65} {value:8.2f}")
