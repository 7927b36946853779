"""The daily purge of details that a tenant's policies want gone."""

from dataclasses import replace

from valor_core.coverage.job_runs import JobRun, Status
from valor_core.store.engines import Store
from valor_core.values import Caller, Role
from valor_core.workbench import jobs
from valor_core.workbench.retention import run_retention
from valor_core.workbench.verb import open_work


def carry_out(store: Store, caller: Caller, run: JobRun, **_options: object) -> JobRun:
    """Purges what is due in the name of the tenant's admins, who made the policies."""
    purged = run_retention(store, replace(caller, role=Role.ADMIN))
    with open_work(caller, store) as work:
        return jobs.finish_run(
            work, run, Status.SUCCEEDED, record={"outputs": {"purged": str(purged)}}
        )
