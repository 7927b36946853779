"""A process that carries out one piece of work and tells how far it is; run by `app.compute`."""

import os
import resource
import signal
import sys
from multiprocessing.connection import Connection
from threading import Thread

from valor_core.errors import ValorError

LONGEST_S = 180
NICENESS = 5  # who waits for a page comes first
MOST_BYTES = 2 << 30  # beyond it the work is lost, not the machine


def main() -> None:
    """Take the work from the connection that was handed over, and answer with what came of it."""
    signal.alarm(LONGEST_S)
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    asked = Connection(int(sys.argv[1]))
    function, args = asked.recv()
    Thread(target=_end_with_the_other_side, args=(asked,), daemon=True).start()
    try:
        made = function(*args, asked.send)
    except ValorError as refusal:
        made = refusal
    asked.send((made,))


def _end_with_the_other_side(asked: Connection) -> None:
    asked.poll(None)  # nothing more is sent: it wakes when the other side is gone
    os._exit(1)


if __name__ == "__main__":
    main()
