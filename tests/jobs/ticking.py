"""A process that does jobs until nothing is due any more, for tests of several at once.

`python -m tests.jobs.ticking URL NOW STOPS_AT`: at its run of that number it stops itself in the
middle of it, by SIGSTOP, and goes on when somebody lets it.
"""

import os
import signal
import sys
import time
from datetime import datetime, timedelta
from itertools import count

from jobs import runner
from jobs.reports import Limits
from jobs.schedule import Job
from jobs.standing import carried
from valor_core.coverage.job_runs import JobRun
from valor_core.store.engines import Store
from valor_core.values import Caller

LEASE = timedelta(seconds=1)


def main(url: str, now: str, stops_at: str) -> None:
    """Ticks until a whole lease has brought nothing."""
    done = count(1)

    def doing(_store: Store, _caller: Caller) -> str:
        if next(done) == int(stops_at):
            os.kill(os.getpid(), signal.SIGSTOP)
        return f"by {os.getpid()}"

    def carry_out(store: Store, caller: Caller, run: JobRun, **options: object) -> JobRun:
        return carried(doing)(store, caller, run, limits=Limits(lease=LEASE))

    runner.JOBS = (Job(name="snapshot", carry_out=carry_out, when="* * * * *"),)
    store, idle_since = Store(url), time.monotonic()
    print("ready", flush=True)
    sys.stdin.readline()
    while time.monotonic() - idle_since < 3 * LEASE.total_seconds():
        if runner.tick(store, now=datetime.fromisoformat(now), limits=Limits(lease=LEASE)):
            idle_since = time.monotonic()
        else:
            time.sleep(0.1)


if __name__ == "__main__":
    main(*sys.argv[1:])
