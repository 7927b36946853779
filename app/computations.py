"""Runs that clients asked for, found again by id: what each computes, how far it is, its result.

They live as long as the server: what must outlive it is saved as a valuation.
"""

from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from threading import Lock
from typing import Any

from app.compute import RUNS, Run, owner_of
from valor_core.errors import NotFound, ValorError
from valor_core.store.work import Work
from valor_core.values import TenantId, new_id
from valor_core.workbench.verb import allowed

MOST_KEPT = 50
"""Of a tenant; the oldest go first."""


class Status(StrEnum):
    """How a computation stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Computation:
    """A run with its id, and who began it when."""

    id: str
    act: str  # whose work it is, such as simulation.run
    run: Run
    began_at: datetime
    began_by: str

    @property
    def outcome(self) -> tuple[Status, Any]:
        """How it stands, with its result or the refusal that ended it."""
        if not self.run.finished:
            return Status.RUNNING, None
        try:
            return Status.SUCCEEDED, self.run.result()
        except CancelledError:
            return Status.CANCELLED, None
        except ValorError as refusal:
            return Status.FAILED, refusal


class Computations:
    """The newest computations of each tenant."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._of: dict[TenantId, dict[str, Computation]] = {}

    def begin(
        self,
        work: Work,
        act: str,
        function: Callable[..., Any],
        *args: Any,
        then: Callable[[Any], Any] | None = None,
    ) -> Computation:
        """Begin it in a process of its own; RunAtWork while the caller's last one is at work."""
        made = Computation(
            id=new_id(),
            act=act,
            run=RUNS.start_alone(owner_of(work.caller), function, *args, then=then),
            began_at=work.now,
            began_by=work.caller.actor,
        )
        with self._lock:
            kept = self._of.setdefault(work.caller.tenant_id, {})
            kept[made.id] = made
            for oldest in list(kept)[:-MOST_KEPT]:
                del kept[oldest]
        return made

    def found(self, work: Work, computation_id: str) -> Computation:
        """The tenant's computation of that id, for whoever may begin one like it."""
        kept = self._of.get(work.caller.tenant_id, {})
        if computation_id not in kept:
            raise NotFound("computation", computation_id[:80])
        allowed(work, kept[computation_id].act)
        return kept[computation_id]


COMPUTATIONS = Computations()
