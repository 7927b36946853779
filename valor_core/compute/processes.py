"""Processes of this machine beside the one that asks.

No `multiprocessing` pool: it would have each worker run `__main__` anew, and in a process that
serves pages that is the page which a thread happens to draw.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from multiprocessing import Pipe
from typing import Any

from valor_core.errors import ValorError
from valor_core.settings import ROOT, setting

ATTEMPTS = 3  # of a piece whose process dies under it


class WorkLost(ValorError):
    """The process that computed is gone, and with it what it had found."""

    code, status = "work_lost", 500

    def __init__(self) -> None:
        super().__init__(
            "The computation ended without a result.",
            hint="Start it again; fewer paths take less time and memory.",
        )


class Child:
    """A process that works for us; it ends by itself when we are gone."""

    def __init__(self) -> None:
        self._ours, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "valor_core.compute.child", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                env=_environment(),
                cwd=ROOT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # ^C in the terminal is for us
            )

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def do(
        self, function: Callable[..., Any], *args: Any, tell: Callable[[float], None] | None = None
    ) -> Any:
        """What the function gives or refuses; WorkLost when the process is gone.

        The function is told as its last argument whom to tell the part that is done.
        """
        try:
            self._ours.send((function, args))
            while not isinstance(told := self._ours.recv(), tuple):
                if tell is not None:
                    tell(told)
        except (EOFError, OSError):
            raise WorkLost from None
        if isinstance(told[0], ValorError):
            raise told[0]
        return told[0]

    def kill(self) -> None:
        """End it, at once."""
        self._process.kill()

    def close(self) -> None:
        """End it and wait until it is gone."""
        self.kill()
        self._process.wait()
        self._ours.close()


def _environment() -> dict[str, str]:
    """Nothing of ours but what the work needs: no address of a database, no secret."""
    cluster = {name: each for name, each in os.environ.items() if name.startswith("DASK_")}
    return cluster | {
        "PYTHONPATH": str(ROOT),
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONUTF8": "1",
        "VALOR_EXECUTOR": setting("VALOR_EXECUTOR"),
    }


class Processes(Executor):
    """Some processes, each begun with its first piece of work; a killed one's piece is redone."""

    def __init__(self, count: int) -> None:
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="compute")
        self._mine, self._lock = threading.local(), threading.Lock()
        self._children: set[Child] = set()
        self._closed = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The work, once a process is free for it."""
        return self._threads.submit(self._carried_out, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """No more work; what is not to be waited for is given up at once."""
        with self._lock:
            self._closed = self._closed or cancel_futures
            for child in self._children if cancel_futures else ():
                child.kill()
        self._threads.shutdown(wait=wait or cancel_futures, cancel_futures=cancel_futures)
        if wait or cancel_futures:
            for child in self._children:
                child.close()
            self._children.clear()

    def _carried_out(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        for _ in range(ATTEMPTS):
            child = self._child()
            try:
                return child.do(quietly, function, args, kwargs)
            except WorkLost:
                self._forget(child)
        raise WorkLost

    def _child(self) -> Child:
        """The process of this thread."""
        child: Child | None = getattr(self._mine, "child", None)
        with self._lock:
            if self._closed:
                raise CancelledError
            if child is None:
                child = self._mine.child = Child()
                self._children.add(child)
        return child

    def _forget(self, child: Child) -> None:
        with self._lock:
            self._children.discard(child)
        self._mine.child = None
        child.close()


def quietly(function: Callable[..., Any], args: Any, kwargs: Any, _tell: Any) -> Any:
    """The work of a function that tells nobody how far it is."""
    return function(*args, **kwargs)
