"""Workers that deliver the same billing events in different orders and are killed at random points.

Run as a program: `python -m tests.faults.delivering DB_URL KILLS SEED`. It forks workers, each with
a database of its own, and another one for each that has died, until so many were killed. Prints
how many deliveries were acknowledged.
"""

import gc
import os
import random
import signal
import sys
from datetime import timedelta

from sqlalchemy import event

from tests.billing.telling import deliver, events
from valor_core.store.engines import Store
from valor_core.store.work import TenantSession
from valor_core.values import utc_now
from valor_core.workbench.webhooks import work_off

WORKERS, RISK = 4, 0.05


def work(url: str, seed: int) -> None:
    """Delivers all in an order of its own; at each write and each commit it may be killed."""
    chance = random.Random(seed)

    def at_risk(*_: object) -> None:
        if chance.random() < RISK:
            os.kill(os.getpid(), signal.SIGKILL)

    for moment in ("after_flush", "before_commit", "after_commit"):
        event.listen(TenantSession, moment, at_risk)
    store, told = Store(url), list(events())
    chance.shuffle(told)
    for each in told:
        deliver(store, each)
        os.write(1, b".")
        if chance.random() < 0.2:
            work_off(store, now=utc_now() + timedelta(minutes=chance.randint(0, 1)))


def main(url: str, kills: int, seed: int) -> None:
    """Keeps the workers at work until so many have been killed, then ends the others as well."""
    store = Store(url)
    deliver(store, next(events()))  # what is slow the first time is slow once
    store.close()
    gc.freeze()
    living: set[int] = set()
    killed = 0
    while killed < kills:
        while len(living) < WORKERS:
            seed += 1
            if (child := os.fork()) == 0:
                work(url, seed)
                os._exit(0)
            living.add(child)
        child, status = os.wait()
        living.discard(child)
        assert status in (0, signal.SIGKILL), status
        killed += status == signal.SIGKILL
    for child in living:
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
