"""A wrong secret of a key that there is takes as long as a key that nobody has.

.venv/bin/python benchmarks/keys.py
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

TIMES = 4_000


def other(text: str) -> str:
    """The same with another last sign."""
    return text[:-1] + ("1" if text[-1] == "0" else "0")


def ratios() -> dict[str, float]:
    """Medians of both, asked in turn."""
    from benchmarks.demo import a_demo
    from valor_core.tenancy.api_keys import caller_of_key
    from valor_core.values import Role
    from valor_core.workbench import people, setup
    from valor_core.workbench.verb import open_work

    store, caller = a_demo()
    with open_work(setup.operator(caller.tenant_id), store) as work:
        row, key = people.add_key(work, "benchmark", Role.ANALYST)
    known, unknown = other(key), key.replace(row.id, other(row.id))
    taken: dict[str, list[int]] = {known: [], unknown: []}
    for _ in range(TIMES):
        for each, times in taken.items():
            began = time.perf_counter_ns()
            assert caller_of_key(store, each) is None
            times.append(time.perf_counter_ns() - began)
    store.close()
    wrong, nobodys = (statistics.median(times) / 1000 for times in taken.values())
    return {"key: a wrong secret ÷ a key of nobody": wrong / nobodys, "key: wrong, µs": wrong}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["VALOR_HOME"] = home
        for name, value in ratios().items():
            print(f"{value:12,.2f}  {name}")
