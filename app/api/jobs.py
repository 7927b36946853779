"""Standing jobs: what they do, when they are due, done now, and what became of them."""

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from app.api.callers import CallersWork, MakesOnce
from app.api.members import DryRun
from app.api.paging import Cursor, Limit, seal, unseal
from app.api.reports import Id, ScheduleChangeBody
from app.api.requests import StrictRoute
from app.api.versions import IfMatch, version_of
from jobs.runner import wake
from jobs.schedule import STANDING, Job, known_job
from valor_core.coverage.job_runs import JobRun
from valor_core.coverage.schedules import NOT_KEPT, Schedule
from valor_core.tenancy.reasons import REASON_MAX
from valor_core.values import micros
from valor_core.workbench import jobs
from valor_core.workbench.verb import allowed

router = APIRouter(prefix="/jobs", tags=["jobs"], route_class=StrictRoute)


class JobView(BaseModel):
    """A standing job, and when it is due; without times until it is first looked at."""

    name: str
    title: str
    about: str
    when: str
    cron: str | None
    timezone: str
    catch_up: str
    paused: bool
    next_due: datetime | None
    version: str = Field(description="For If-Match, in quotation marks.")

    @classmethod
    def of(cls, job: Job, schedule: Schedule | None) -> "JobView":
        """The job as clients see it."""
        return cls(
            name=job.name,
            title=job.title,
            about=job.about,
            when=schedule.in_words if schedule else f"{job.when} UTC",
            cron=schedule.cron if schedule else None,
            timezone=schedule.timezone if schedule else "UTC",
            catch_up=schedule.catch_up if schedule else "latest",
            paused=schedule.paused if schedule else False,
            next_due=schedule.next_due if schedule and not schedule.paused else None,
            version=schedule.version if schedule else NOT_KEPT,
        )


class JobChangeView(JobView):
    """A job with another schedule, and its next runs before and after."""

    made: bool = Field(description="false: it was only asked what would follow.")
    runs_before: list[datetime]
    runs_after: list[datetime]


class JobChangeBody(ScheduleChangeBody):
    """What is to be otherwise, and why."""

    reason: str = Field(max_length=REASON_MAX)


class JobsList(BaseModel):
    """The standing jobs of the tenant."""

    jobs: list[JobView]


class JobRunView(BaseModel):
    """One run of a standing job, and the sentence that tells what it did."""

    id: str
    job: str
    status: str
    told: str
    attempt: int
    scheduled_for: datetime | None
    created_at: datetime
    created_by: str
    finished_at: datetime | None

    @classmethod
    def of(cls, run: JobRun) -> "JobRunView":
        """The run as clients see it."""
        return cls(
            id=run.id,
            job=run.job,
            status=run.status.value,
            told=run.detail,
            attempt=run.attempt,
            scheduled_for=run.scheduled_for,
            created_at=run.created_at,
            created_by=run.created_by,
            finished_at=run.finished_at,
        )


class JobRunsPage(BaseModel):
    """Runs, newest first."""

    runs: list[JobRunView]
    next: str


@router.get("")
def list_jobs(work: CallersWork) -> JobsList:
    """The standing jobs, and when they are due."""
    known = jobs.read_schedules(work, STANDING)
    return JobsList(jobs=[JobView.of(job, known.get(job.name)) for job in STANDING.values()])


@router.patch("/{job}")
def change_schedule(
    work: CallersWork,
    job: Id,
    body: JobChangeBody,
    response: Response,
    if_match: IfMatch = "",
    dry_run: DryRun = False,
) -> JobChangeView:
    """Change when a job is due, or pause it, on the version that If-Match names."""
    allowed(work, "job.schedule")
    known, change, expected = known_job(job), body.change(), version_of(if_match)
    told = jobs.foresee_schedule(work, known.name, change, at_first=known.when, expected=expected)
    then = told.then
    if not dry_run:
        then = jobs.change_schedule(
            work, known.name, change, at_first=known.when, expected=expected, reason=body.reason
        )
        response.headers["ETag"] = f'"{then.version}"'
    return JobChangeView(
        **JobView.of(known, then).model_dump(),
        made=not dry_run,
        runs_before=list(told.runs_now),
        runs_after=list(told.runs_then),
    )


@router.post("/{job}/runs", status_code=202, response_model=JobRunView)
def start_job(work: CallersWork, once: MakesOnce, job: Id) -> Response:
    """Have a job done now, whenever it is due."""

    def start() -> JobRunView:
        run = jobs.start_job(work, known_job(job).name)
        work.after_commit.append(wake)
        return JobRunView.of(run)

    return once.do(start, status=202)


@router.get("/runs")
def list_runs(work: CallersWork, limit: Limit = 50, cursor: Cursor = "") -> JobRunsPage:
    """What the standing jobs did, newest first."""
    place = unseal(work.caller, "job_runs", cursor)
    before = (place[0], place[1]) if place else None
    runs = jobs.list_runs(work, STANDING, limit=limit, before=before)
    last = runs[-1] if len(runs) == limit else None
    return JobRunsPage(
        runs=[JobRunView.of(run) for run in runs],
        next=seal(work.caller, "job_runs", [micros(last.created_at), last.id]) if last else "",
    )
