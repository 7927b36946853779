"""What failed on schedule, or must, for those who may read it, until it is well again."""

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
from valor_core.workbench.report_askers import made_no_more
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


def of_nobody(who: Caller) -> None:
    """Each schedule of a report whose maker may not have it made any more; else nothing."""
    with open_work(who) as work:
        if not _open(work, "report.read"):
            return
        makers, titles = made_no_more(work), reports.titles(work)
        rows = [row for row in reports.list_schedules(work) if row.id in makers]
    for row in rows:
        st.warning(
            f"**{show.plain(titles[row.report])}**, {show.plain(row.in_words)}, is not made: "
            f"{show.plain(makers[row.id])}, who scheduled it, has left or may not any more. "
            "Whoever may schedules it anew, or ends it.",
            icon=":material/person_off:",
        )
    if rows:
        link("reports", "To the page Reports", icon=":material/arrow_forward:")


def _open(work: Work, act: str) -> bool:
    return may(work.caller, act) and is_on(work, act)


def _told(page: str, run: JobRun, title: str) -> None:
    due = f", due {moment(run.scheduled_for)}," if run.scheduled_for else ""
    st.error(
        f"**{show.plain(title)}**{due} failed. {show.plain(run.detail)}  \n"
        f"It is tried again when it is next due ({run.named}).",
        icon=":material/event_busy:",
    )
    link(page, f"To the page {page.capitalize()}", icon=":material/arrow_forward:")
