"""Jobs: what is done in the background, when, and what came of it."""

import streamlit as st

from app.ui import failing, report_sending, show, when
from app.ui.frame import caller, only_for_its_readers
from app.ui.words import moment
from jobs.runner import wake
from jobs.schedule import STANDING, Always, Standing, always_done, overview, title_of, told
from valor_core.coverage.job_runs import JobRun, Status
from valor_core.coverage.schedules import CATCH_UP, RunsForeseen, Schedule, ScheduleChange
from valor_core.tenancy.reasons import REASON_MAX
from valor_core.workbench import deliveries, jobs
from valor_core.workbench.verb import open_work

RUNS_SHOWN = 30
only_for_its_readers("jobs")
who = caller()


def start(name: str) -> JobRun:
    """Done as soon as a process is free."""
    with open_work(who) as work:
        work.after_commit.append(wake)
        return jobs.start_job(work, name)


def foresee(row: Standing, to: ScheduleChange) -> RunsForeseen:
    """The next runs now, and as they would be."""
    with open_work(who) as work:
        return jobs.foresee_schedule(work, row.job.name, to, at_first=row.job.when)


def deciding(row: Standing, to: ScheduleChange, label: str, key: str) -> None:
    """What the change would do, why it is made, and the button that makes it."""
    if told := show.or_explain(foresee, row, to):
        when.foreseen(told)
    reason = st.text_input("Why", max_chars=REASON_MAX, key=f"{key}_why")

    def change() -> Schedule:
        with open_work(who) as work:
            name, at_first = row.job.name, row.job.when
            return jobs.change_schedule(work, name, to, at_first=at_first, reason=reason)

    if st.button(label, key=key, type="primary") and show.or_explain(change):
        st.rerun()


def standing(row: Standing) -> None:
    """One job: when it is due, what it did last, and how to have it otherwise."""
    name, schedule = row.job.name, row.schedule
    with st.container(border=True):
        st.markdown(f"**{row.job.title}**  \n{row.job.about}")
        due = f" Next {moment(row.next_due)}." if row.next_due else ""
        state = "**Paused.** " if row.paused else ""
        said = schedule.in_words if schedule else row.when
        st.markdown(f"{state}{said[:1].upper()}{said[1:]}.{due}  \nLast: {last(row)}")
        with st.container(horizontal=True):
            pressed = st.button("Do it now", key=f"start_{name}", icon=":material/play_arrow:")
            if pressed and show.or_explain(start, name):
                st.toast(f"{row.job.title}: it begins at once.")
            if schedule:
                label = "Resume" if row.paused else "Pause"
                key = f"{label.lower()}_{name}"  # the one's reason is not the other's
                with st.popover(label, key=f"{key}_open"):
                    turned = ScheduleChange(paused=not row.paused)
                    deciding(row, turned, f"{label} it", key)
                with st.popover("Change when"):
                    changing(row, schedule)


def last(row: Standing) -> str:
    """What it did last and when."""
    if row.last is None:
        return "it has not run yet."
    return show.plain(f"{moment(row.last.created_at)}. {told(row.last)}")


def told_last(each: Always) -> str:
    """When it was done last."""
    return (
        f"Last had something to do {moment(each.last)}."
        if each.last
        else "There was nothing to do yet."
    )


def changing(row: Standing, schedule: Schedule) -> None:
    """The form by which one says when it is due."""
    name = row.job.name
    chosen = when.asked(name, cron=schedule.cron, zone=schedule.timezone, then="It is done")
    missed = st.selectbox(
        "When times were missed",
        CATCH_UP,
        index=list(CATCH_UP).index(schedule.catch_up),
        format_func=lambda each: CATCH_UP[each],
        key=f"{name}_missed",
    )
    told_to: list[str] | None = None
    if goals:
        label = "Tell when it fails, and when it is well again"
        before = schedule.deliver_to
        told_to = report_sending.chosen(goals, f"{name}_tell", before=before, label=label)
    else:
        st.caption(
            "Nobody is told when it fails. Name a mailbox, a folder or a webhook on the page "
            "Reports, and choose it here."
        )
    if chosen:
        to = ScheduleChange(when=chosen[0], timezone=chosen[1], catch_up=missed, deliver_to=told_to)
        deciding(row, to, "Change", f"{name}_change")


@st.fragment(run_every=5)
def history() -> None:
    """What the jobs did, the newest first."""
    with open_work(who) as work:
        runs = jobs.list_runs(work, STANDING, limit=RUNS_SHOWN)
    if not runs:
        st.info(
            "No job has run yet: each waits for its time. *Do it now* begins one at once.",
            icon=":material/schedule:",
        )
        return
    st.dataframe(
        [
            {
                "When": moment(run.created_at),
                "Job": STANDING[run.job].title,
                "How it went": {Status.SUCCEEDED: "done", Status.RUNNING: "under way"}.get(
                    run.status, "failed"
                ),
                "What it did": told(run),
                "By": "schedule" if run.schedule_id else "a person",
                "Run": run.named,
            }
            for run in runs
        ],
        hide_index=True,
        width="stretch",
    )


@st.fragment(run_every=5)
def sent() -> None:
    """What was sent of reports and of news, the newest first."""
    with open_work(who) as work:
        parcels = deliveries.list_deliveries(work, limit=RUNS_SHOWN)
    if not parcels:
        st.info(
            "Nothing has been sent yet. Name a mailbox, a folder or a webhook on the page Reports; "
            "schedules there, and *Change when* above, send to it.",
            icon=":material/forward_to_inbox:",
        )
        return
    st.dataframe(
        [
            {
                "Of": moment(each.run.created_at),
                "What": each.title or title_of(each.run.job),
                "To": each.delivery.destination.name,
                "How it went": report_sending.in_a_word(each.delivery),
                "Why": each.delivery.why,
                "Run": each.run.named,
            }
            for each in parcels
        ],
        hide_index=True,
        width="stretch",
    )


st.title("Jobs", anchor=False)
st.write("What is done in the background in this tenant, when, and what came of it.")
with open_work(who) as at_start:
    rows, goals = overview(at_start), deliveries.list_destinations(at_start)
    always = always_done(at_start)
failing.of_nobody(who)
for each in rows:
    standing(each)
st.header("History", anchor=False)
history()
st.header("Sent", anchor=False)
sent()
st.header("All the time", anchor=False)
st.write(
    "These have no times and no pause: they look every few seconds whether there is anything to "
    "do, and a pause would leave a hole in what proves the log, the service levels or the bill."
)
st.markdown("\n".join(f"- **{each.title}.** {each.about} {told_last(each)}" for each in always))
