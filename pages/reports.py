"""Reports: have one made, follow it, read it, and have it made on a schedule."""

from datetime import datetime

import streamlit as st

from app.ui import show
from app.ui.frame import caller, only_for_its_readers
from jobs.runner import wake
from valor_core.coverage.job_runs import JobRun
from valor_core.tenancy.access import MAY
from valor_core.workbench import companies, reports
from valor_core.workbench.reports import Schedule
from valor_core.workbench.verb import open_work

RUNS_SHOWN = 30
MISSING = {"zero": "count as zero, and say so", "refuse": "refuse the report"}
only_for_its_readers("reports")
who = caller()


def asked() -> dict[str, str]:
    """The parameters of the valuation report."""
    with open_work(who) as work:
        known = {f"{c.name} ({c.ticker})": c.id for c in companies.list_companies(work)}
    company = st.selectbox("Company", known, key="report_company")
    day = st.date_input("Facts as known on", value=None, key="report_as_of", help="Empty: now.")
    missing = st.selectbox(
        "Items that the filings lack", MISSING, format_func=MISSING.__getitem__, key="report_lacks"
    )
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


def moment(at: datetime) -> str:
    """A moment as people read it."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


@st.fragment(run_every=3)
def runs() -> None:
    """The newest runs, looked at again every few seconds."""
    with open_work(who) as work:
        newest = reports.list_runs(work, limit=RUNS_SHOWN)
    if not newest:
        st.info("No report has been made yet.", icon=":material/description:")
    for run in newest:
        told, way = st.columns([4, 1], vertical_alignment="center")
        state = "waits" if run.waits else run.status.value
        origin = "on schedule" if run.schedule_id else "on demand"
        told.markdown(
            f"**{run.job}** of `{run.parameters['company']}`, {moment(run.created_at)}, "
            f"{origin}: {state}"
        )
        if run.html:
            url = f"/api/v1/reports/runs/{run.id}/report.html"
            way.link_button("Open", url, icon=":material/open_in_new:", width="stretch")
        elif run.detail:
            with told.expander("Why"):
                st.code(run.detail, language=None, wrap_lines=True)


def schedules() -> None:
    """What will be made, each with a way to end it."""
    with open_work(who) as work:
        rows = reports.list_schedules(work)
    for row in rows:
        told, way = st.columns([4, 1], vertical_alignment="center")
        told.markdown(
            f"**{row.report}** of `{row.parameters['company']}`, `{row.cron}` in {row.timezone}; "
            f"next {moment(row.next_due)}"
        )
        if may_schedule and way.button("End", key=f"end_{row.id}", width="stretch"):
            with open_work(who) as work:
                reports.end_schedule(work, row.id)
            st.rerun()
    if not rows:
        st.caption("Nothing is scheduled.")


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
