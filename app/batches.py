"""A batch in a process beside the server: it opens the database itself, and only reads."""

from collections.abc import Callable

from valor_core.compute.executors import spread
from valor_core.coverage.batches import BatchPolicy, in_figures
from valor_core.store.engines import Store
from valor_core.store.work import unit_of_work
from valor_core.values import Caller
from valor_core.workbench.batches import value_all


def figures_beside(
    url: str, who: Caller, policy: BatchPolicy, progress: Callable[[float], None]
) -> dict[str, object]:
    """Every company that the caller sees, by the policy, JSON-ready."""
    store = Store(url)
    try:
        with unit_of_work(who, store) as work:
            return in_figures(policy, value_all(work, policy, progress, pool=spread))
    finally:
        store.close()
