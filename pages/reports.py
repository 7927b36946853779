"""Reports: have one made, follow it, read it, and have it made on a schedule."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from app.ui import own_notebooks, report_form, report_sending, show, when
from app.ui.doing import done
from app.ui.frame import caller, only_for_its_readers
from app.ui.words import counted, moment
from jobs.course import read_course
from jobs.reports import verify_run
from jobs.runner import wake
from valor_core.coverage.deliveries import Delivery
from valor_core.coverage.job_runs import JobRun, Status
from valor_core.coverage.report_parameters import is_own
from valor_core.coverage.schedules import Schedule, ScheduleChange
from valor_core.tenancy.access import MAY, may
from valor_core.tenancy.reasons import REASON_MAX
from valor_core.values import utc_now
from valor_core.workbench import companies, deliveries, people, reports
from valor_core.workbench.flags import closed_acts
from valor_core.workbench.report_askers import made_no_more
from valor_core.workbench.report_verifying import ReportVerdict
from valor_core.workbench.verb import open_work, the_store

RUNS_SHOWN = 30
FRAME_PX = 900
VERDICT = "reports:verdict:{}"  # kept, since the runs are shown anew every few seconds
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
    NAMED, CLOSED = reports.titles(at_start), closed_acts(at_start)
    standing, PEOPLE = deliveries.list_destinations(at_start), people.names(at_start)
GOALS = {each.id: each.name for each in standing}
TITLES = {name: f"{title} (your own)" if is_own(name) else title for name, title in NAMED.items()}


def ask_for_run(report: str, parameters: dict[str, Any]) -> JobRun:
    """A run that this process takes at once, if it has nothing else to make."""
    with open_work(who) as work:
        reports.check_request(work, report, parameters)
        work.after_commit.append(wake)
        return reports.ask_for_run(work, report, parameters)


def schedule(
    report: str, parameters: dict[str, Any], chosen: tuple[str, str], deliver_to: Sequence[str]
) -> Schedule:
    """Made whenever it is due and sent there, until somebody ends it."""
    with open_work(who) as work:
        made = reports.schedule_report(work, report, parameters, cron=chosen[0], timezone=chosen[1])
        if not deliver_to:
            return made
        return reports.change_schedule(work, made.id, ScheduleChange(deliver_to=deliver_to))


def change(schedule_id: str, to: ScheduleChange) -> Schedule:
    """When it is due from now on, and where it is sent."""
    with open_work(who) as work:
        return reports.change_schedule(work, schedule_id, to)


def cancel(run_id: str) -> JobRun:
    """Stops what waits or is being made."""
    with open_work(who) as work:
        return reports.cancel_run(work, run_id)


def verify(run_id: str) -> None:
    """Makes the report again from what was kept of it, and keeps in view whether it is the same."""
    with st.spinner("It is being made again, which takes some seconds."):
        verdict = show.or_explain(verify_run, the_store(), who, run_id)
        if verdict:
            st.session_state[VERDICT.format(run_id)] = verdict


def tell(verdict: ReportVerdict) -> None:
    """Whether a report that was made again is the same."""
    if verdict.holds:
        st.success(
            f"Made again, {verdict.made_from}, it is the same to the byte: "
            f"{', '.join(verdict.same)}.",
            icon=":material/verified:",
        )
    else:
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
        sent = deliveries.deliveries_of(work, [run.id for run in newest])
    if not newest:
        way = "Choose one above and press *Make report*."
        asker = way if may_run else "An analyst of this tenant can make one."
        st.info(f"No report has been made yet. {asker}", icon=":material/description:")
    for run in newest:
        with st.container(border=True):
            one_run(run, sent[run.id])


def one_run(run: JobRun, sent: Sequence[Delivery]) -> None:
    """What became of a run, and what can be done with it."""
    origin = "on schedule" if run.schedule_id else "on demand"
    st.markdown(
        f"**{about(run.job, run.parameters)}**, {state(run)}  \n"
        f"{origin}, {moment(run.created_at)}, {run.named}"
    )
    course = read_course(run.folder) if run.status is Status.RUNNING and run.attempt else None
    if course:
        st.progress(course.done / max(course.of, 1), text=show.plain(course.in_words.capitalize()))
    if run.html:
        url = f"/api/v1/reports/runs/{run.id}/report.html"
        with st.container(horizontal=True, vertical_alignment="center"):
            reading = st.toggle("Read it here", key=f"read_{run.id}")
            st.link_button("Open", url, icon=":material/open_in_new:")
            verifying = may_run and st.button("Verify", key=f"verify_{run.id}")
            if may_run and standing:
                with st.popover("Send"):
                    report_sending.sending(who, run.id, standing)
        show.links({name: f"{FILES_OF.format(run.id)}/{name}" for name in run.data})
        report_sending.told(who, sent)
        if verifying:
            verify(run.id)
        if verdict := st.session_state.get(VERDICT.format(run.id)):
            tell(verdict)
        if reading:
            st.iframe(url, height=FRAME_PX)
    elif run.detail:
        st.error(show.plain(run.detail), icon=":material/error:")
    elif may_run:
        pressed = st.button("Stop", key=f"stop_{run.id}")
        if pressed and show.or_explain(cancel, run.id):
            st.rerun()


def schedules() -> None:
    """What will be made, each with ways to change, pause and end it."""
    with open_work(who) as work:
        rows, makers = reports.list_schedules(work), made_no_more(work)
    for row in rows:
        with st.container(border=True):
            said = f"{row.in_words[:1].upper()}{row.in_words[1:]}"
            due = row.next_due.astimezone(ZoneInfo(row.timezone))
            next_one = "**paused**" if row.paused else f"next on {due:%A, %d %B at %H:%M}"
            to = ", ".join(GOALS[each] for each in row.deliver_to if each in GOALS)
            st.markdown(
                f"**{about(row.report, row.parameters)}**  \n{show.plain(said)}, {next_one}"
                + (f"; sent to {show.plain(to)}" if to else "")
            )
            if row.id in makers:
                st.caption(
                    f"It is not made: {show.plain(makers[row.id])}, who scheduled it, has left or "
                    "may not any more. Schedule it anew, then end this one."
                )
            if may_schedule:
                with st.container(horizontal=True):
                    changing(row)
    if not rows:
        way = " Open *Make it again and again* above to have one made without asking."
        st.caption("Nothing is scheduled." + (way if may_schedule else ""))


def changing(row: Schedule) -> None:
    """The buttons of a schedule."""
    with st.popover("Change"):
        chosen = when.asked(row.id, cron=row.cron, zone=row.timezone, then="It is made")
        to = report_sending.chosen(standing, f"goals_{row.id}", before=row.deliver_to)
        if st.button("Change it", key=f"change_{row.id}", type="primary") and chosen:
            asked = ScheduleChange(when=chosen[0], timezone=chosen[1], deliver_to=to)
            if show.or_explain(change, row.id, asked):
                st.rerun()
    turned = ScheduleChange(paused=not row.paused)
    label = "Resume" if row.paused else "Pause"
    if st.button(label, key=f"pause_{row.id}") and show.or_explain(change, row.id, turned):
        st.rerun()
    with st.popover("End"):
        ending(row)


def ending(row: Schedule) -> None:
    """The runs that would not come, why, and the end."""
    if told := done(who, lambda work: reports.foresee_end_of_schedule(work, row.id)):
        when.foreseen(told)
    reason = st.text_input("Why", max_chars=REASON_MAX, key=f"end_{row.id}_why")
    if st.button("End it", key=f"end_{row.id}", type="primary") and done(
        who, lambda work: reports.end_schedule(work, row.id, reason=reason)
    ):
        st.rerun()


may_run = who.role in MAY["report.run"]
may_schedule = who.role in MAY["report.schedule"]
st.title("Reports", anchor=False)
st.write("What was found as a page of its own: to read offline, print and keep.")

if may_run:
    with st.container(border=True):
        st.header("Make one", anchor=False)
        report = st.selectbox("Report", KNOWN, format_func=TITLES.__getitem__, key="report_name")
        st.caption(KNOWN[report].about)
        key = report if KNOWN[report].is_own else "report"
        parameters = report_form.asked(KNOWN[report].parameters, NAMES, key=key)
        pressed = st.button("Make report", type="primary", icon=":material/play_arrow:")
        if pressed and show.or_explain(ask_for_run, report, parameters):
            st.toast("The report is being made.")
        if may_schedule:
            with st.expander("Make it again and again"):
                chosen = when.asked(
                    "again", cron="0 7 * * mon-fri", zone=when.here(), then="The report is made"
                )
                goals = report_sending.chosen(standing, "report_goals")
                if (
                    st.button("Schedule")
                    and chosen
                    and show.or_explain(schedule, report, parameters, chosen, goals)
                ):
                    st.toast("Scheduled.")
        if others := reports.for_others(who):
            st.caption(f"For administrators alone: {', '.join(others)}.")

st.header("Made", anchor=False)
runs()
st.header("Scheduled", anchor=False)
schedules()
report_sending.destinations(who, standing, PEOPLE)
if "notebook.read" not in CLOSED and may(who, "notebook.read"):
    own_notebooks.section(who, PEOPLE)
