"""Heavy work beside the serving process: a process of its own for each run, ended at any moment.

What it asks of the executor ends with it.
"""

from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from threading import Lock
from typing import Any

from valor_core.compute.processes import Child, WorkLost
from valor_core.errors import Conflict
from valor_core.values import Caller

AT_ONCE = 2
MOST_OF_A_TENANT = 4  # at work or waiting; other tenants' runs wait behind them


class RunAtWork(Conflict):
    """One run a person at a time, so that nobody keeps the others waiting."""

    code = "run_at_work"

    def __init__(self) -> None:
        super().__init__(
            "Your last computation is still at work.", hint="Wait for its end, or cancel it."
        )


class TenantAtWork(Conflict):
    """So many runs a tenant at a time, however many people and keys it has."""

    code = "tenant_at_work"

    def __init__(self) -> None:
        super().__init__(
            f"{MOST_OF_A_TENANT} computations of your tenant are at work or wait.",
            hint="Wait for the end of one, or cancel one.",
        )


class Run:
    """A function at work in a process of its own: how far it is, what came of it, its end.

    The function is told as its last argument whom to tell the part that is done.
    """

    def __init__(self, pool: ThreadPoolExecutor, function: Callable[..., Any], *args: Any) -> None:
        self.done = 0.0
        self.interrupted = False  # given up because the server ends, by nobody's wish
        self._given_up = False
        self._child: Child | None = None
        self._lock = Lock()
        self._future: Future[Any] = pool.submit(self._carry_out, (function, args))

    @property
    def finished(self) -> bool:
        """Whether there is a result, a refusal, or an end without either."""
        return self._future.done()

    def result(self) -> Any:
        """What the function gave, once it has, or its refusal; CancelledError if given up."""
        return self._future.result()

    def cancel(self) -> None:
        """Give it up, at once: its process is killed, or never begins."""
        with self._lock:
            self._given_up = True
            if self._child is not None:
                self._child.kill()
        self._future.cancel()

    def interrupt(self) -> None:
        """Give it up because the server ends."""
        self.interrupted = True
        self.cancel()

    def at_its_end(self, act: Callable[[], None]) -> None:
        """What is to be done once it has ended, in whatever way."""
        self._future.add_done_callback(lambda _: act())

    def _carry_out(self, work: tuple[Any, ...]) -> Any:
        function, args = work
        with self._lock:
            if self._given_up:
                raise CancelledError
            self._child = Child()
        try:
            return self._child.do(function, *args, tell=self._tell)
        except WorkLost:
            if self._given_up:
                raise CancelledError from None
            raise
        finally:
            self._child.close()

    def _tell(self, part: float) -> None:
        self.done = part


class Runs:
    """All runs of this process: one a person at a time, few of a tenant; some at once, others wait.

    An owner begins with the tenant's id, before a colon.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._of: dict[str, Run] = {}

    def start(self, owner: str, function: Callable[..., Any], *args: Any) -> Run:
        """Begin it, unless the owner's last run is still at work: then that one."""
        with self._lock:
            if running := self.running(owner):
                return running
            self._check_free(owner)
            return self._begun(owner, function, *args)

    def start_alone(self, owner: str, function: Callable[..., Any], *args: Any) -> Run:
        """Begin it; RunAtWork while the owner's last run is at work."""
        with self._lock:
            self._check_free(owner)
            return self._begun(owner, function, *args)

    def check_free(self, owner: str) -> None:
        """RunAtWork or TenantAtWork where no run of the owner could begin now."""
        with self._lock:
            self._check_free(owner)

    def _check_free(self, owner: str) -> None:
        if self.running(owner):
            raise RunAtWork
        self._of = {who: run for who, run in self._of.items() if not run.finished}
        if sum(_tenant(who) == _tenant(owner) for who in self._of) >= MOST_OF_A_TENANT:
            raise TenantAtWork

    def _begun(self, owner: str, function: Callable[..., Any], *args: Any) -> Run:
        self._pool = self._pool or ThreadPoolExecutor(AT_ONCE, thread_name_prefix="compute")
        self._of[owner] = Run(self._pool, function, *args)
        return self._of[owner]

    def running(self, owner: str) -> Run | None:
        """The owner's run that is at work or waits."""
        run = self._of.get(owner)
        return None if run is None or run.finished else run

    def close(self) -> None:
        """Give up all runs; no process of theirs is left when it returns."""
        with self._lock:
            for run in self._of.values():
                run.interrupt()
            if self._pool is not None:
                self._pool.shutdown(cancel_futures=True)
            self._pool, self._of = None, {}


def _tenant(owner: str) -> str:
    return owner.partition(":")[0]


RUNS = Runs()


def owner_of(who: Caller) -> str:
    """Under whom a caller's runs are counted, on a page as over the API."""
    return f"{who.tenant_id}:{who.user_id}"
