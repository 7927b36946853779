"""No more questions a second than a provider allows, over all threads of the process."""

import threading
import time
from collections.abc import Callable


class Pace:
    """Spaces questions evenly.

    >>> pace = Pace(per_second=10, clock=lambda: 100.0)
    >>> [round(pace.wait_s(), 1) for _ in range(3)]
    [0.0, 0.1, 0.2]
    """

    def __init__(self, *, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._apart_s, self._clock = 1.0 / per_second, clock
        self._lock, self._next = threading.Lock(), float("-inf")

    def wait_s(self) -> float:
        """How long the caller has to wait before it asks; the turn after it is the next one's."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self._apart_s
            return turn - now
