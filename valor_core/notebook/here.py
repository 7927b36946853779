"""A simulation in this process, in a thread of its own."""

from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any

from valor_core.compute.executors import spread
from valor_core.models.simulation.plan import SimulationPlan
from valor_core.models.simulation.study import Study, study
from valor_core.notebook.desk import Progress


class RunHere:
    """A simulation at work; it ends within a chunk once it is given up."""

    def __init__(self, work: Callable[[Progress], Study]) -> None:
        self.done, self._given_up = 0.0, False
        pool = ThreadPoolExecutor(1, thread_name_prefix="simulation")
        self._future: Future[Study] = pool.submit(work, self._tell)
        pool.shutdown(wait=False)

    @classmethod
    def of(cls, inputs: Any, plan: SimulationPlan) -> "RunHere":
        """The simulation of inputs by a plan."""
        return cls(lambda tell: study(inputs, plan, tell, pool=spread))

    def _tell(self, part: float) -> None:
        if self._given_up:
            raise CancelledError
        self.done = part

    @property
    def finished(self) -> bool:
        """Whether it has ended."""
        return self._future.done()

    def cancel(self) -> None:
        """Give it up."""
        self._given_up = True
        self._future.cancel()

    def result(self) -> Study:
        """What came of it."""
        return self._future.result()
