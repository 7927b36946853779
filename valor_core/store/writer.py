"""The one writer of the embedded database: a fair lock in the process, a file lock between them.

SQLite's own busy handler is unfair: with eight writers the unlucky one waited for seconds.
"""

import fcntl
import os
import threading
import time
from collections import deque
from pathlib import Path

from valor_core.errors import Unavailable
from valor_core.telemetry import WRITER_WAIT_SECONDS


class WriterBusy(Unavailable):
    """The writer did not come free in time."""

    code = "writer_busy"

    def __init__(self, waited_s: float) -> None:
        super().__init__(
            f"The database was busy with other writes for {waited_s:.0f} s.",
            hint="Nothing was kept. Try again in a moment.",
        )


class Writer:
    """Taken at the first write of a unit of work, given back at its end, in order of asking."""

    patience_s = 30.0

    def __init__(self, database: Path) -> None:
        self._file = database.with_name(database.name + ".writer")
        self._guard = threading.Lock()
        self._queue: deque[threading.Event] = deque()
        self._held: int | None = None

    def take(self, patience_s: float | None = None) -> None:
        """Waits for the turn; WriterBusy after `patience_s`, at once if that is 0."""
        patience_s = self.patience_s if patience_s is None else patience_s
        began, turn = time.monotonic(), threading.Event()
        with self._guard:
            self._queue.append(turn)
            if self._queue[0] is turn:
                turn.set()
        try:
            self._await(turn, patience_s)
            self._held = self._lock_file(began, patience_s)
        except BaseException:
            self._leave(turn)  # a turn that nobody uses would hold up all who come after it
            raise
        WRITER_WAIT_SECONDS.observe(time.monotonic() - began)

    def give_back(self) -> None:
        """Lets the next one write."""
        assert self._held is not None
        os.close(self._held)  # closing drops the file lock
        self._held = None
        self._leave(self._queue[0])

    def _await(self, turn: threading.Event, patience_s: float) -> None:
        if not turn.wait(patience_s):
            raise WriterBusy(patience_s)

    def _lock_file(self, began: float, patience_s: float) -> int:
        handle = os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if time.monotonic() - began >= patience_s:
                        raise WriterBusy(patience_s) from None
                    time.sleep(0.005)  # another process writes: rare, and over in milliseconds
                else:
                    return handle
        except BaseException:
            os.close(handle)
            raise

    def _leave(self, turn: threading.Event) -> None:
        with self._guard:
            self._queue.remove(turn)
            if self._queue:
                self._queue[0].set()
