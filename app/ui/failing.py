"""What failed on schedule, for those who may read it: on Home, until it is well again."""

import streamlit as st

from app.ui import show
from app.ui.frame import link
from app.ui.words import moment
from jobs.schedule import STANDING, title_of
from valor_core.coverage.job_runs import JobRun
from valor_core.store.work import Work
from valor_core.tenancy.access import may
from valor_core.tenancy.features import is_on
from valor_core.values import Caller
from valor_core.workbench import jobs, reports
from valor_core.workbench.verb import open_work


def on_home(who: Caller) -> None:
    """Each schedule whose newest run failed, with why; nothing where all is well."""
    with open_work(who) as work:
        reads = _open(work, "report.read")
        made, titles = (reports.failing_reports(work), reports.titles(work)) if reads else ([], {})
        done = jobs.failing_jobs(work, STANDING) if _open(work, "job.read") else []
    for run in made:
        _told("reports", run, titles.get(run.job) or title_of(run.job))
    for run in done:
        _told("jobs", run, title_of(run.job))


def _open(work: Work, act: str) -> bool:
    return may(work.caller, act) and is_on(work, act)


def _told(page: str, run: JobRun, title: str) -> None:
    due = f", due {moment(run.scheduled_for)}," if run.scheduled_for else ""
    st.error(
        f"**{show.plain(title)}**{due} failed. {show.plain(run.detail)}  \n"
        "It is tried again when it is next due.",
        icon=":material/event_busy:",
    )
    link(page, f"To the page {page.capitalize()}", icon=":material/arrow_forward:")
