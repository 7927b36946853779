"""A batch in a process beside the server: it opens the database itself, and only reads."""

from collections.abc import Callable

from valor_core.compute.executors import spread
from valor_core.coverage.batches import BatchPolicy, Valued
from valor_core.models.codec import dump
from valor_core.store.engines import Store
from valor_core.store.work import unit_of_work
from valor_core.values import Caller
from valor_core.workbench.batches import value_all


def valued_beside(
    url: str, who: Caller, policy: BatchPolicy, progress: Callable[[float], None]
) -> tuple[Valued, ...]:
    """Every company that the caller sees, by the policy."""
    store = Store(url)
    try:
        with unit_of_work(who, store) as work:
            return value_all(work, policy, progress, pool=spread)
    finally:
        store.close()


def figures_beside(
    url: str, who: Caller, policy: BatchPolicy, progress: Callable[[float], None]
) -> dict[str, object]:
    """The same, JSON-ready."""
    return in_figures(policy, valued_beside(url, who, policy, progress))


def in_figures(policy: BatchPolicy, rows: tuple[Valued, ...]) -> dict[str, object]:
    """A batch as clients read it: a company a row."""
    return {
        "model": policy.model,
        "line": policy.shown,
        "companies": len(rows),
        "valued": sum(each.value is not None for each in rows),
        "rows": [{**dump(each), "upside": each.upside} for each in rows],
    }
