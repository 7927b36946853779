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

from sqlalchemy import select

from jobs import runner
from jobs.notebook_run import Limits
from jobs.schedule import Job
from jobs.standing import carried
from valor_core.coverage.job_runs import JobRun, Status
from valor_core.store.engines import Store
from valor_core.store.tables import JobRunRow
from valor_core.values import Caller
from valor_core.workbench.verb import open_work

LEASE = timedelta(minutes=10)  # longer than any machine stands still: the test ends one by hand


def main(url: str, now: str, stops_at: str) -> None:
    """Ticks until nothing is due and nobody is at work."""
    done = count(1)

    def doing(_store: Store, _caller: Caller) -> str:
        if next(done) == int(stops_at):
            os.kill(os.getpid(), signal.SIGSTOP)
        return f"by {os.getpid()}"

    def carry_out(store: Store, caller: Caller, run: JobRun, **options: object) -> JobRun:
        return carried(doing)(store, caller, run, limits=Limits(lease=LEASE))

    runner.JOBS = (Job(name="snapshot", carry_out=carry_out, when="* * * * *"),)
    store = Store(url)
    print("ready", flush=True)
    sys.stdin.readline()
    at = datetime.fromisoformat(now)
    while runner.tick(store, now=at, limits=Limits(lease=LEASE)) or somebody_works(store):
        time.sleep(0.1)


def somebody_works(store: Store) -> bool:
    under_way = select(JobRunRow.id).where(JobRunRow.status == Status.RUNNING).limit(1)
    for tenant_id in runner.active_tenants(store):
        with open_work(runner._job(tenant_id), store) as work:
            if work.session.scalar(under_way):
                return True
    return False


if __name__ == "__main__":
    main(*sys.argv[1:])
