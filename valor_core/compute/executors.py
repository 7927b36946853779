"""Which executor the installation has, and work spread over it."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any, TypeVar

from valor_core.compute.processes import Processes, WorkLost
from valor_core.errors import Unavailable
from valor_core.settings import BadSetting, setting

Task = TypeVar("Task")
Made = TypeVar("Made")
CLUSTER = "dask:"
WAITS_S = 10


class ClusterNotReached(Unavailable):
    """The scheduler of the cluster does not answer, or has no worker."""

    code = "cluster_not_reached"

    def __init__(self, address: str, *, why: str) -> None:
        super().__init__(
            f"The cluster {address} cannot work: {why}.",
            hint="Start the scheduler and its workers, or set VALOR_EXECUTOR to `process`.",
        )


class Serial(Executor):
    """One piece after the other, here."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The work, done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  whoever asks for the result meets it
            future.set_exception(error)
        return future


def is_elsewhere() -> bool:
    """Whether work leaves this machine, so that it must find its database by itself."""
    return setting("VALOR_EXECUTOR").startswith(CLUSTER)


@contextmanager
def executor() -> Iterator[tuple[Executor, int]]:
    """The executor of VALOR_EXECUTOR, and how many pieces it works on at once.

    What is still at work when the block ends is given up.
    """
    named = setting("VALOR_EXECUTOR")
    if named == "serial":
        yield Serial(), 1
    elif named == "process":
        count = os.cpu_count() or 1
        pool = Processes(count)
        try:
            yield pool, count
        finally:
            pool.shutdown(cancel_futures=True)
    elif named.startswith(CLUSTER):
        with _cluster(named.removeprefix(CLUSTER)) as found:
            yield found
    else:
        raise BadSetting(
            "VALOR_EXECUTOR",
            named,
            problem="names no executor",
            hint="Write serial, process, or dask: and the address of a scheduler, such as "
            "dask:tcp://scheduler:8786.",
        )


@contextmanager
def _cluster(address: str) -> Iterator[tuple[Executor, int]]:
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise ClusterNotReached(
            address, why="the packages dask and distributed are not installed here"
        ) from None
    try:
        client = Client(address, timeout=WAITS_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterNotReached(address, why=str(error)[:200]) from None
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise ClusterNotReached(address, why="it has no worker")
        try:
            yield client.get_executor(pure=False), threads
        except KilledWorker:
            raise WorkLost from None


def spread(function: Callable[[Task], Made], tasks: Iterable[Task]) -> Generator[Made]:
    """What the function makes of each task, in the order of the tasks, by the executor.

    Few are out at once, so that whoever closes it waits for no more than the pieces at work.
    """
    with executor() as (pool, width):
        waiting, out = iter(tasks), deque[Future[Made]]()
        try:
            while True:
                while len(out) < 2 * width and (task := next(waiting, None)) is not None:
                    out.append(pool.submit(function, task))
                if not out:
                    return
                yield out.popleft().result()
        finally:
            for future in out:
                future.cancel()
