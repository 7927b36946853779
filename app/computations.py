"""Computations at work in this process, each with its row: how far it is, and its end kept there.

The row outlives the process. While a computation is at work its lease is renewed; a server that
ends says of each that it was interrupted, and one that dies leaves a lease that ends.
"""

from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Lock, Thread
from typing import Any

from app.batches import figures_beside
from app.compute import RUNS, Run, owner_of
from app.simulations import with_draws_prepared
from valor_core.compute.executors import spread
from valor_core.compute.processes import WorkLost
from valor_core.coverage.batches import BatchPolicy
from valor_core.coverage.computations import LEASE, Computation, Status
from valor_core.errors import ValorError
from valor_core.models.catalogue import model_named
from valor_core.models.codec import load
from valor_core.models.simulation.kept import to_keep
from valor_core.models.simulation.plan import SimulationPlan
from valor_core.store.engines import Store
from valor_core.store.work import Work, unit_of_work
from valor_core.telemetry import log
from valor_core.values import Caller, CompanyId
from valor_core.workbench import computations
from valor_core.workbench.batches import note_batch
from valor_core.workbench.simulations import note_simulation

KEPT_WITHIN_S = 10.0  # the end of a run is written at once; who reads it meanwhile waits for it


@dataclass(slots=True, kw_only=True)
class AtWork:
    """A computation that this process carries out."""

    caller: Caller
    store: Store
    run: Run | None = None  # none until what asked for it is committed
    kept: Event = field(default_factory=Event)


class Computations:
    """The computations of this process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._at_work: dict[str, AtWork] = {}
        self._beating: Thread | None = None

    def simulate(
        self,
        work: Work,
        company_id: CompanyId,
        inputs: Any,
        plan: SimulationPlan,
        *,
        draws: bool = False,
    ) -> str:
        """Begin a simulation, with its draws as a file where asked; the id of its computation.

        RunAtWork while the caller's last one is at work.
        """
        RUNS.check_free(owner_of(work.caller))
        made = note_simulation(work, company_id, inputs, plan)
        return self._begin(work, made, partial(to_keep, pool=spread, draws=draws), inputs, plan)

    def value_all(self, work: Work, policy: BatchPolicy) -> str:
        """Begin a batch; the id of its computation. RunAtWork while the last one is at work."""
        RUNS.check_free(owner_of(work.caller))
        made = note_batch(work, policy)
        return self._begin(work, made, figures_beside, work.store.url, work.caller, policy)

    def begin_again(self, work: Work, computation_id: str) -> str:
        """Begin anew what was asked by a computation, with the same seed."""
        found = computations.read_computation(work, computation_id)
        asked = found.asked
        if found.act == "batch.run":
            return self.value_all(work, load(BatchPolicy, asked["policy"]))
        inputs = load(model_named(asked["model"]).inputs, asked["inputs"])
        plan = load(SimulationPlan, asked["plan"])
        return self.simulate(work, CompanyId(asked["company"]), inputs, plan)

    def at_work(self, computation_id: str) -> AtWork | None:
        """The computation, while this process carries it out."""
        return self._at_work.get(computation_id)

    def run_of(self, computation_id: str) -> Run | None:
        """The run behind a computation, while this process carries it out."""
        at_work = self.at_work(computation_id)
        return at_work.run if at_work else None

    def found(self, work: Work, computation_id: str) -> Computation:
        """The computation as it stands, its end waited for where it is being written."""
        at_work = self._at_work.get(computation_id)
        if at_work and at_work.run and at_work.run.finished:
            at_work.kept.wait(KEPT_WITHIN_S)
        return computations.read_computation(work, computation_id)

    def cancel(self, work: Work, computation_id: str) -> None:
        """Give it up at once; what has ended stays as it ended."""
        self.found(work, computation_id)
        if run := self.run_of(computation_id):
            run.cancel()

    def _begin(self, work: Work, made: str, function: Callable[..., Any], *args: Any) -> str:
        """Once the act that asks for it is committed: else its end could come before its row."""
        at_work = AtWork(caller=work.caller, store=work.store)

        def start() -> None:
            try:
                at_work.run = RUNS.start_alone(owner_of(at_work.caller), function, *args)
            except ValorError as refusal:  # another one was quicker
                self._keep(made, at_work, Status.FAILED, computations.refusal_of(refusal))
                return
            with self._lock:
                self._at_work[made] = at_work
                if self._beating is None:
                    self._beating = Thread(target=self._beat, name="leases", daemon=True)
                    self._beating.start()
            at_work.run.at_its_end(lambda: self._ended(made, at_work))

        work.after_commit.append(start)
        return made

    def _ended(self, made: str, at_work: AtWork) -> None:
        assert at_work.run is not None  # it has just ended
        try:
            found = at_work.run.result()
            outcome = with_draws_prepared(at_work.caller, *found) if _is_drawn(found) else found
            status = Status.SUCCEEDED
        except CancelledError:
            interrupted = at_work.run.interrupted
            status, outcome = Status.INTERRUPTED if interrupted else Status.CANCELLED, None
        except WorkLost as lost:
            status = Status.INTERRUPTED if at_work.run.interrupted else Status.FAILED
            outcome = computations.refusal_of(lost)
        except ValorError as refusal:
            status, outcome = Status.FAILED, computations.refusal_of(refusal)
        self._keep(made, at_work, status, outcome)

    def _keep(self, made: str, at_work: AtWork, status: Status, outcome: Any) -> None:
        try:
            with unit_of_work(at_work.caller, at_work.store) as work:
                computations.finish_computation(work, made, status, outcome)
        except ValorError:  # its lease ends, and it will be told as interrupted
            log.exception("the end of a computation could not be kept", computation=made)
        finally:
            with self._lock:
                self._at_work.pop(made, None)
            at_work.kept.set()

    def _beat(self) -> None:
        """Renews leases until nothing is at work."""
        while not Event().wait(LEASE.total_seconds() / 3.0):
            with self._lock:
                held = list(self._at_work.items())
                if not held:
                    self._beating = None
                    return
            for made, at_work in held:
                try:
                    with unit_of_work(at_work.caller, at_work.store) as work:
                        computations.renew_computations(work, [made])
                except ValorError:
                    log.exception("a lease could not be renewed", computation=made)


def _is_drawn(found: Any) -> bool:
    return isinstance(found, tuple)


COMPUTATIONS = Computations()
