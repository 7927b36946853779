"""Reports: ask for one, follow it, read it, and have it made on a schedule."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.callers import CallersWork, MakesOnce, signed_in
from app.api.members import DryRun, Why
from app.api.paging import Cursor, Limit, seal, unseal
from app.api.requests import StrictRoute
from app.api.versions import IfMatch, version_of
from jobs.course import read_course
from jobs.reports import verify_run
from jobs.runner import wake
from valor_core.coverage.deliveries import Delivery, Destination, State
from valor_core.coverage.job_runs import JobRun, Status
from valor_core.coverage.report_parameters import Parameter
from valor_core.coverage.schedules import Schedule, ScheduleChange
from valor_core.values import Caller, micros
from valor_core.workbench import deliveries, reports
from valor_core.workbench.report_verifying import ReportVerdict
from valor_core.workbench.verb import allowed, the_store

router = APIRouter(prefix="/reports", tags=["reports"], route_class=StrictRoute)

SANDBOX = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; frame-ancestors 'self'; sandbox allow-scripts"
)
"""A report may draw its charts; it has no origin, so it reaches neither sessions nor the API."""

KINDS = {"json": "application/json", "pdf": "application/pdf", "csv": "text/csv; charset=utf-8"}

Id = Annotated[str, Path(max_length=100)]


class ParameterView(BaseModel):
    """A parameter that a report declares."""

    name: str
    type: str
    required: bool
    default: Any

    @classmethod
    def of(cls, parameter: Parameter) -> "ParameterView":
        """The parameter as clients see it."""
        return cls(
            name=parameter.name,
            type=parameter.written,
            required=parameter.required,
            default=parameter.default,
        )


class ReportView(BaseModel):
    """A report that can be run; one of the tenant's own notebooks, or one of ours."""

    name: str
    title: str
    about: str
    is_own: bool
    parameters: list[ParameterView]


class ReportsList(BaseModel):
    """The reports that can be run."""

    reports: list[ReportView]


class RunBody(BaseModel):
    """What a report is asked; its notebook says which parameters there are."""

    model_config = ConfigDict(extra="forbid")

    parameters: dict[str, Any] = Field(default={}, max_length=50)


class RunView(BaseModel):
    """One run; `waiting` until a process has begun it, then with its `progress`."""

    id: str
    report: str
    status: str
    waiting: bool
    progress: str
    attempt: int
    parameters: dict[str, Any]
    schedule_id: str | None
    scheduled_for: datetime | None
    detail: str
    created_at: datetime
    created_by: str
    finished_at: datetime | None
    record: dict[str, Any]
    html: str | None
    data: list[str]

    @classmethod
    def of(cls, run: JobRun) -> "RunView":
        """The run as clients see it."""
        return cls(
            id=run.id,
            report=run.job,
            status=run.status.value,
            waiting=run.waits,
            progress=progress(run),
            attempt=run.attempt,
            parameters=run.parameters,
            schedule_id=run.schedule_id,
            scheduled_for=run.scheduled_for,
            detail=run.detail,
            created_at=run.created_at,
            created_by=run.created_by,
            finished_at=run.finished_at,
            record=run.record,
            html=f"/api/v1/reports/runs/{run.id}/report.html" if run.html else None,
            data=[f"/api/v1/reports/runs/{run.id}/files/{name}" for name in run.data],
        )


def progress(run: JobRun) -> str:
    """How far a run is that is being made: its step and the heading of it."""
    course = read_course(run.folder) if run.status is Status.RUNNING and run.attempt else None
    return course.in_words if course else ""


class RunsPage(BaseModel):
    """Runs, newest first."""

    runs: list[RunView]
    next: str


class ReportVerdictView(BaseModel):
    """Whether a report, made again, is the same to the byte; `flaws` say what is not."""

    run_id: str
    holds: bool
    made_from: str
    same: list[str]
    flaws: list[str]

    @classmethod
    def of(cls, verdict: ReportVerdict) -> "ReportVerdictView":
        """The verdict as clients see it."""
        return cls(
            run_id=verdict.run_id,
            holds=verdict.holds,
            made_from=verdict.made_from,
            same=list(verdict.same),
            flaws=list(verdict.flaws),
        )


class ScheduleBody(RunBody):
    """When a report is to be made: in words or as cron says it, in a time zone."""

    report: str = Field(max_length=100)
    cron: str = Field(max_length=200)
    timezone: str = Field(default="UTC", max_length=100)


class DestinationBody(BaseModel):
    """Where reports are sent: `folder`, `email` or `webhook`, and its address."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=80)
    kind: str = Field(max_length=20)
    address: str = Field(max_length=500)


class DestinationView(BaseModel):
    """Where reports can be sent."""

    id: str
    name: str
    kind: str
    address: str
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, destination: Destination) -> "DestinationView":
        """The destination as clients see it."""
        return cls(**{name: getattr(destination, name) for name in cls.model_fields})


class NewDestinationView(BaseModel):
    """A destination that was just made, and by what its webhooks are signed: shown this once."""

    destination: DestinationView
    secret: str


class DestinationsList(BaseModel):
    """The destinations of the tenant."""

    destinations: list[DestinationView]


class DeliveryView(BaseModel):
    """What became of sending a report; `why` says why it has not arrived yet."""

    destination_id: str
    destination: str
    state: str
    attempts: int
    why: str
    next_try: datetime | None
    delivered_at: datetime | None

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryView":
        """The delivery as clients see it."""
        return cls(
            destination_id=delivery.destination.id,
            destination=delivery.destination.name,
            state=delivery.state.value,
            attempts=delivery.attempts,
            why=delivery.why,
            next_try=delivery.next_at if delivery.state is State.WAITING else None,
            delivered_at=delivery.delivered_at,
        )


class DeliveriesList(BaseModel):
    """What became of sending a report."""

    deliveries: list[DeliveryView]


class ScheduleChangeBody(BaseModel):
    """What is to be otherwise; what is not named stays. `when` is said in words or as cron does."""

    model_config = ConfigDict(extra="forbid")

    when: str | None = Field(default=None, max_length=200)
    timezone: str | None = Field(default=None, max_length=100)
    catch_up: str | None = Field(default=None, max_length=20)
    paused: bool | None = None

    def change(self) -> ScheduleChange:
        """The change that is asked for."""
        return ScheduleChange(
            when=self.when, timezone=self.timezone, catch_up=self.catch_up, paused=self.paused
        )


class ScheduleView(BaseModel):
    """A schedule, and when it is due next."""

    id: str
    report: str
    in_words: str
    cron: str
    timezone: str
    catch_up: str
    paused: bool
    deliver_to: list[str]
    parameters: dict[str, Any]
    created_at: datetime
    created_by: str
    next_due: datetime
    version: str = Field(description="For If-Match, in quotation marks.")

    @classmethod
    def of(cls, schedule: Schedule) -> "ScheduleView":
        """The schedule as clients see it."""
        return cls(**{name: getattr(schedule, name) for name in cls.model_fields})


class ScheduleEndView(BaseModel):
    """A schedule by which no more is made; `made` is false where it was only asked."""

    made: bool
    schedule: ScheduleView
    runs_lost: list[datetime] = Field(description="The next ones, which do not come.")


class SchedulesList(BaseModel):
    """The schedules of the tenant."""

    schedules: list[ScheduleView]


@router.get("")
def list_reports(work: CallersWork) -> ReportsList:
    """The reports that can be run, with their parameters."""
    return ReportsList(
        reports=[
            ReportView(
                name=report.name,
                title=report.title,
                about=report.about,
                is_own=report.is_own,
                parameters=[ParameterView.of(each) for each in report.parameters],
            )
            for report in reports.list_reports(work)
        ]
    )


@router.post("/{name}/runs", status_code=202, response_model=RunView)
def ask_for_run(work: CallersWork, once: MakesOnce, name: Id, body: RunBody) -> Response:
    """Ask for a run; it waits until this or another process takes it."""

    def ask() -> RunView:
        reports.check_request(work, name, body.parameters)
        run = reports.ask_for_run(work, name, body.parameters)
        work.after_commit.append(wake)
        return RunView.of(run)

    return once.do(ask, status=202)


@router.get("/runs")
def list_runs(work: CallersWork, limit: Limit = 50, cursor: Cursor = "") -> RunsPage:
    """The runs of all reports, newest first."""
    place = unseal(work.caller, "report_runs", cursor)
    runs = reports.list_runs(work, limit=limit, before=(place[0], place[1]) if place else None)
    last = runs[-1] if len(runs) == limit else None
    return RunsPage(
        runs=[RunView.of(run) for run in runs],
        next=seal(work.caller, "report_runs", [micros(last.created_at), last.id]) if last else "",
    )


@router.get("/runs/{run_id}")
def read_run(work: CallersWork, run_id: Id) -> RunView:
    """One run and what became of it."""
    return RunView.of(reports.read_run(work, run_id))


@router.get("/runs/{run_id}/report.html", response_class=Response)
def read_report(work: CallersWork, run_id: Id) -> Response:
    """The report itself, walled off from the rest of the site."""
    return Response(
        reports.read_report(work, run_id),
        media_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": SANDBOX},
    )


@router.get("/runs/{run_id}/files/{file}", response_class=Response)
def read_data(work: CallersWork, run_id: Id, file: Id) -> Response:
    """What the report found: `result.json`, a spreadsheet or the PDF, byte for byte as made."""
    content = reports.read_data(work, run_id, file)
    kind, name = KINDS[file.rpartition(".")[2]], f"valor-{run_id}-{file}"
    return Response(
        content,
        media_type=kind,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"},
    )


@router.post("/runs/{run_id}/verification")
def verify_report(caller: Annotated[Caller, Depends(signed_in)], run_id: Id) -> ReportVerdictView:
    """Make the report again from what it stands on and compare it byte for byte; some seconds."""
    return ReportVerdictView.of(verify_run(the_store(), caller, run_id, waits_s=0))


@router.get("/runs/{run_id}/deliveries")
def list_deliveries(work: CallersWork, run_id: Id) -> DeliveriesList:
    """Where a report was sent, and what became of it."""
    run = reports.read_run(work, run_id)
    told = deliveries.deliveries_of(work, [run.id])[run.id]
    return DeliveriesList(deliveries=[DeliveryView.of(each) for each in told])


@router.put("/runs/{run_id}/deliveries/{destination_id}", status_code=202)
def deliver_run(work: CallersWork, run_id: Id, destination_id: Id) -> DeliveryView:
    """Send a report to a destination, or try once more where that was given up."""
    work.after_commit.append(wake)
    return DeliveryView.of(deliveries.deliver_run(work, run_id, destination_id))


@router.get("/destinations")
def list_destinations(work: CallersWork) -> DestinationsList:
    """Where reports can be sent."""
    told = deliveries.list_destinations(work)
    return DestinationsList(destinations=[DestinationView.of(each) for each in told])


@router.post("/destinations", status_code=201)
def add_destination(work: CallersWork, body: DestinationBody) -> NewDestinationView:
    """Name where reports can be sent; the secret of a webhook is shown this once."""
    made, key = deliveries.add_destination(
        work, name=body.name, kind=body.kind, address=body.address
    )
    return NewDestinationView(destination=DestinationView.of(made), secret=key)


@router.delete("/destinations/{destination_id}", status_code=204)
def end_destination(work: CallersWork, destination_id: Id) -> None:
    """Send nothing there any more."""
    deliveries.end_destination(work, destination_id)


@router.get("/schedules")
def list_schedules(work: CallersWork) -> SchedulesList:
    """The schedules of the tenant."""
    return SchedulesList(schedules=[ScheduleView.of(s) for s in reports.list_schedules(work)])


@router.post("/schedules", status_code=201, response_model=ScheduleView)
def schedule_report(work: CallersWork, once: MakesOnce, body: ScheduleBody) -> Response:
    """Have a report made whenever the schedule is due."""
    return once.do(
        lambda: ScheduleView.of(
            reports.schedule_report(
                work, body.report, body.parameters, cron=body.cron, timezone=body.timezone
            )
        )
    )


@router.patch("/schedules/{schedule_id}")
def change_schedule(
    work: CallersWork,
    schedule_id: Id,
    body: ScheduleChangeBody,
    response: Response,
    if_match: IfMatch = "",
) -> ScheduleView:
    """Change when a report is due, or pause it, on the version that If-Match names."""
    expected = version_of(if_match)
    changed = reports.change_schedule(work, schedule_id, body.change(), expected=expected)
    response.headers["ETag"] = f'"{changed.version}"'
    return ScheduleView.of(changed)


@router.delete("/schedules/{schedule_id}")
def end_schedule(
    work: CallersWork, schedule_id: Id, reason: Why = "", dry_run: DryRun = False
) -> ScheduleEndView:
    """End a schedule; runs that were asked for still come."""
    allowed(work, "report.end_schedule")
    if dry_run:
        told = reports.foresee_end_of_schedule(work, schedule_id)
    else:
        told = reports.end_schedule(work, schedule_id, reason=reason)
    schedule = ScheduleView.of(told.now)
    return ScheduleEndView(made=not dry_run, schedule=schedule, runs_lost=list(told.runs_now))
