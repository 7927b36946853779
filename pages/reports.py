"""Reports: have one made, follow it, read it, and have it made on a schedule."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from app.ui import report_form, show
from app.ui.frame import caller, only_for_its_readers
from app.ui.words import counted, moment
from jobs.reports import verify_run
from jobs.runner import wake
from valor_core.coverage.job_runs import JobRun, Status
from valor_core.coverage.schedules import Schedule
from valor_core.tenancy.access import MAY
from valor_core.values import utc_now
from valor_core.workbench import companies, reports
from valor_core.workbench.verb import open_work, the_store

RUNS_SHOWN = 30
FILES_OF = "/api/v1/reports/runs/{}/files"
STATES = {
    Status.SUCCEEDED: "made",
    Status.FAILED: "failed",
    Status.TIMEOUT: "took too long",
    Status.CANCELLED: "stopped",
}
only_for_its_readers("reports")
who = caller()
with open_work(who) as at_start:
    NAMES = {c.id: f"{c.name} ({c.ticker})" for c in companies.list_companies(at_start)}
    KNOWN = {each.name: each for each in reports.list_reports(at_start)}
TITLES = {name: each.title for name, each in KNOWN.items()}


def ask_for_run(report: str, parameters: dict[str, Any]) -> JobRun:
    """A run that this process takes at once, if it has nothing else to make."""
    with open_work(who) as work:
        reports.check_request(work, report, parameters)
        work.after_commit.append(wake)
        return reports.ask_for_run(work, report, parameters)


def schedule(report: str, parameters: dict[str, Any], cron: str, zone: str) -> Schedule:
    """Made whenever it is due, until somebody ends it."""
    with open_work(who) as work:
        return reports.schedule_report(work, report, parameters, cron=cron, timezone=zone)


def cancel(run_id: str) -> JobRun:
    """Stops what waits or is being made."""
    with open_work(who) as work:
        return reports.cancel_run(work, run_id)


def verified(run_id: str) -> None:
    """Makes the report again from what was kept of it, and tells whether it is the same."""
    with st.spinner("It is being made again, which takes some seconds."):
        verdict = show.or_explain(verify_run, the_store(), who, run_id)
    if verdict and verdict.holds:
        st.success(
            f"Made again, it is the same to the byte: {', '.join(verdict.same)}.",
            icon=":material/verified:",
        )
    elif verdict:
        st.error(f"It is not the same: {'; '.join(verdict.flaws)}.", icon=":material/error:")


def state(run: JobRun) -> str:
    """How far a run is, in words."""
    if run.waits:
        return "waits for its turn"
    if run.status is Status.RUNNING:
        since = int((utc_now() - run.created_at).total_seconds())
        return f"being made, asked for {counted(since, 'second')} ago"
    return STATES[run.status]


def about(report: str, parameters: Mapping[str, Any]) -> str:
    """Which report it is and what about, in words."""
    told = report_form.about(parameters, NAMES)
    return show.plain(f"{TITLES[report]}: {told}" if told else TITLES[report])


@st.fragment(run_every=3)
def runs() -> None:
    """The newest runs, looked at again every few seconds."""
    with open_work(who) as work:
        newest = reports.list_runs(work, limit=RUNS_SHOWN)
    if not newest:
        way = "Choose one above and press *Make report*."
        asker = way if may_run else "An analyst of this tenant can make one."
        st.info(f"No report has been made yet. {asker}", icon=":material/description:")
    for run in newest:
        told, way = st.columns([4, 1], vertical_alignment="center")
        origin = "on schedule" if run.schedule_id else "on demand"
        told.markdown(
            f"**{about(run.job, run.parameters)}**, {state(run)}  \n"
            f"{origin}, {moment(run.created_at)}"
        )
        if run.html:
            url = f"/api/v1/reports/runs/{run.id}/report.html"
            way.link_button("Open", url, icon=":material/open_in_new:", width="stretch")
            with told:
                show.links({name: f"{FILES_OF.format(run.id)}/{name}" for name in run.data})
            if may_run and way.button("Verify", key=f"verify_{run.id}", width="stretch"):
                with told:
                    verified(run.id)
        elif run.detail:
            with told.expander("Why"):
                st.code(run.detail, language=None, wrap_lines=True)
        elif may_run:
            pressed = way.button("Stop", key=f"stop_{run.id}", width="stretch")
            if pressed and show.or_explain(cancel, run.id):
                st.rerun()


def schedules() -> None:
    """What will be made, each with a way to end it."""
    with open_work(who) as work:
        rows = reports.list_schedules(work)
    for row in rows:
        told, way = st.columns([4, 1], vertical_alignment="center")
        next_due = row.next_due.astimezone(ZoneInfo(row.timezone))
        told.markdown(
            f"**{about(row.report, row.parameters)}**, next on {next_due:%A, %Y-%m-%d at %H:%M}, "
            f"{row.timezone}  \n`{row.cron}`"
        )
        if may_schedule and way.button("End", key=f"end_{row.id}", width="stretch"):
            with open_work(who) as work:
                reports.end_schedule(work, row.id)
            st.rerun()
    if not rows:
        way = " Open *Make it again and again* above to have one made without asking."
        st.caption("Nothing is scheduled." + (way if may_schedule else ""))


may_run = who.role in MAY["report.run"]
may_schedule = who.role in MAY["report.schedule"]
st.title("Reports", anchor=False)
st.write("What was found as a page of its own: to read offline, print and keep.")

if may_run:
    with st.container(border=True):
        st.subheader("Make one", anchor=False)
        report = st.selectbox("Report", KNOWN, format_func=TITLES.__getitem__, key="report_name")
        st.caption(KNOWN[report].about)
        parameters = report_form.asked(KNOWN[report].parameters, NAMES)
        pressed = st.button("Make report", type="primary", icon=":material/play_arrow:")
        if pressed and show.or_explain(ask_for_run, report, parameters):
            st.toast("The report is being made.")
        if may_schedule:
            with st.expander("Make it again and again"):
                cron = st.text_input(
                    "When", "30 7 * * mon-fri", help="Minute, hour, day, month, weekday.",
                    key="report_cron",
                )  # fmt: skip
                zone = st.text_input("Time zone", "UTC", key="report_zone")
                if st.button("Schedule") and show.or_explain(
                    schedule, report, parameters, cron, zone
                ):
                    st.toast("Scheduled.")
        if others := reports.for_others(who):
            st.caption(f"For administrators alone: {', '.join(others)}.")

st.subheader("Made", anchor=False)
runs()
st.subheader("Scheduled", anchor=False)
schedules()
