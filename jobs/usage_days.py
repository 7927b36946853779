"""Adds up the days of use that are over, in each tenant, once a day."""

from valor_core.coverage.job_runs import JobRun, Status
from valor_core.store.engines import Store
from valor_core.values import Caller
from valor_core.workbench import billing, jobs
from valor_core.workbench.verb import open_work


def carry_out(store: Store, caller: Caller, run: JobRun, **_: object) -> JobRun:
    """Closes the days and finishes the run, in one transaction."""
    with open_work(caller, store) as work:
        days = billing.close_days(work)
        return jobs.finish_run(work, run, Status.SUCCEEDED, record={"days": days})
