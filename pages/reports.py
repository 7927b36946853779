"""Reports: have one made, follow it, read it, and have it made on a schedule."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from app.ui import show
from app.ui.frame import caller, only_for_its_readers
from app.ui.words import counted, moment
from jobs.runner import wake
from valor_core.coverage.job_runs import JobRun, Status
from valor_core.tenancy.access import MAY
from valor_core.values import utc_now
from valor_core.workbench import companies, reports
from valor_core.workbench.reports import Schedule
from valor_core.workbench.verb import open_work

RUNS_SHOWN = 30
MISSING = {"open": "leave open: the report says what to state", "zero": "count as 0, in my name"}
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


def asked() -> dict[str, str]:
    """The parameters of the valuation report."""
    known = {name: company_id for company_id, name in NAMES.items()}
    company = st.selectbox("Company", known, key="report_company")
    day = st.date_input(
        "Facts as known on", value=None, key="report_as_of", min_value=date(2000, 1, 1),
        help="Empty: now.",
    )  # fmt: skip
    missing = st.selectbox(
        "Items that the filings lack", MISSING, format_func=MISSING.__getitem__, key="report_lacks",
        help="Asked only where no DCF of the company was saved by that day.",
    )  # fmt: skip
    return {
        "company": known[company] if company else "",
        "as_of": day.isoformat() if day else "",
        "missing": missing,
    }


def ask_for_run(parameters: dict[str, str]) -> JobRun:
    """A run that this process takes at once, if it has nothing else to make."""
    with open_work(who) as work:
        reports.check_request(work, "valuation", parameters)
        work.after_commit.append(wake)
        return reports.ask_for_run(work, "valuation", parameters)


def schedule(parameters: dict[str, str], cron: str, zone: str) -> Schedule:
    """Made whenever it is due, until somebody ends it."""
    with open_work(who) as work:
        return reports.schedule_report(work, "valuation", parameters, cron=cron, timezone=zone)


def cancel(run_id: str) -> JobRun:
    """Stops what waits or is being made."""
    with open_work(who) as work:
        return reports.cancel_run(work, run_id)


def state(run: JobRun) -> str:
    """How far a run is, in words."""
    if run.waits:
        return "waits for its turn"
    if run.status is Status.RUNNING:
        since = int((utc_now() - run.created_at).total_seconds())
        return f"being made, asked for {counted(since, 'second')} ago"
    return STATES[run.status]


def about(parameters: Mapping[str, Any]) -> str:
    """What a report is about, in words."""
    company, as_of = parameters["company"], parameters.get("as_of")
    return show.plain(NAMES.get(company, company) + (f", as known on {as_of}" if as_of else ""))


@st.fragment(run_every=3)
def runs() -> None:
    """The newest runs, looked at again every few seconds."""
    with open_work(who) as work:
        newest = reports.list_runs(work, limit=RUNS_SHOWN)
    if not newest:
        way = "Choose a company above and press *Make report*."
        asker = way if may_run else "An analyst of this tenant can make one."
        st.info(f"No report has been made yet. {asker}", icon=":material/description:")
    for run in newest:
        told, way = st.columns([4, 1], vertical_alignment="center")
        origin = "on schedule" if run.schedule_id else "on demand"
        told.markdown(
            f"**{about(run.parameters)}**: {state(run)}  \n"
            f"{run.job}, {origin}, {moment(run.created_at)}"
        )
        if run.html:
            url = f"/api/v1/reports/runs/{run.id}/report.html"
            way.link_button("Open", url, icon=":material/open_in_new:", width="stretch")
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
            f"**{about(row.parameters)}**: next on {next_due:%A, %Y-%m-%d at %H:%M}, "
            f"{row.timezone}  \n{row.report}, `{row.cron}`"
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
st.write("A valuation as a page of its own, with every source: to read offline, print and keep.")

if may_run:
    with st.container(border=True):
        st.subheader("Make one", anchor=False)
        parameters = asked()
        pressed = st.button("Make report", type="primary", icon=":material/play_arrow:")
        if pressed and show.or_explain(ask_for_run, parameters):
            st.toast("The report is being made.")
        if may_schedule:
            with st.expander("Make it again and again"):
                cron = st.text_input(
                    "When", "30 7 * * mon-fri", help="Minute, hour, day, month, weekday.",
                    key="report_cron",
                )  # fmt: skip
                zone = st.text_input("Time zone", "UTC", key="report_zone")
                if st.button("Schedule") and show.or_explain(schedule, parameters, cron, zone):
                    st.toast("Scheduled.")

st.subheader("Made", anchor=False)
runs()
st.subheader("Scheduled", anchor=False)
schedules()
