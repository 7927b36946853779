"""A process that carries out one piece of work after the other; run by `compute.processes`."""

import os
import resource
import select
import signal
import sys
from multiprocessing.connection import Connection
from threading import Thread

from valor_core.errors import ValorError

LONGEST_S = 180
NICENESS = 5  # who waits for a page comes first
MOST_BYTES = 2 << 30  # beyond it the work is lost, not the machine


def main() -> None:
    """Take work from the connection that was handed over, and answer with what came of it."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    asked = Connection(int(sys.argv[1]))
    Thread(target=_end_with_the_other_side, args=(asked.fileno(),), daemon=True).start()
    while True:
        function, args = asked.recv()
        signal.alarm(LONGEST_S)
        try:
            made = function(*args, asked.send)
        except ValorError as refusal:
            made = refusal
        asked.send((made,))
        signal.alarm(0)


def _end_with_the_other_side(connection: int) -> None:
    gone = select.poll()
    gone.register(connection, 0)  # woken by its end alone, not by more work
    gone.poll()
    os._exit(1)


if __name__ == "__main__":
    main()
