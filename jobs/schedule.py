"""What runs in the background, in every tenant: the one list of jobs.

A job that needs no more than a verb is one function and one line here:

    def carry_out(store: Store, caller: Caller, run: JobRun, **_: object) -> JobRun:
        with open_work(caller, store) as work:
            publish_snapshot(work)
            return jobs.finish_run(work, run, Status.SUCCEEDED, record={})

    Job(name="snapshot", cron="0 3 * * *", carry_out=carry_out)
"""

from collections.abc import Callable
from dataclasses import dataclass

from jobs import retention as daily_purge
from jobs import usage_days
from jobs.reports import carry_out
from valor_core.coverage.job_runs import JobRun
from valor_core.coverage.report_parameters import REPORTS
from valor_core.store.work import Work
from valor_core.workbench import jobs, reports
from valor_core.workbench.billing import are_days_over
from valor_core.workbench.retention import purge_is_due


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something that is done once for each of its due times, by whichever process is first."""

    name: str
    carry_out: Callable[
        ..., JobRun
    ]  # (store, caller, run, limits=, stopped=), and finishes the run
    ask: Callable[..., JobRun] = jobs.ask_for_run  # (work, name, parameters, slot=)
    cron: str = ""  # due in every tenant, in UTC; empty: only as a tenant has scheduled it
    has_work: Callable[[Work], bool] = lambda _: True  # else its own due time passes unused


JOBS = (
    *(Job(name=name, ask=reports.ask_for_run, carry_out=carry_out) for name in REPORTS),
    Job(
        name="retention",
        cron="20 3 * * *",
        carry_out=daily_purge.carry_out,
        has_work=purge_is_due,
    ),
    Job(
        name="usage_days",
        cron="30 1 * * *",
        carry_out=usage_days.carry_out,
        has_work=are_days_over,
    ),
)
