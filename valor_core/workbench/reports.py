"""Reports: ask for one, keep what became of it, and have it made again and again.

A process that runs reports takes a waiting run, renews its lease while it works, and finishes it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from valor_core.amounts import showing
from valor_core.billing.metering import Meter
from valor_core.coverage import (
    deliveries,
    job_runs,
    own_notebooks,
    schedules,
)
from valor_core.coverage.job_runs import JobRun, Status, is_data, run_of
from valor_core.coverage.own_notebooks import State
from valor_core.coverage.report_parameters import (
    REPORTS,
    Parameter,
    checked,
    fitting,
    is_own,
    is_report,
    parameters_of,
    report_source,
)
from valor_core.coverage.schedules import RunsForeseen, Schedule, ScheduleChange
from valor_core.errors import Conflict, NotFound
from valor_core.store.tables import (
    JobRunRow,
    ScheduleRow,
)
from valor_core.store.work import Work
from valor_core.tenancy import features, preferences, quotas
from valor_core.tenancy.access import may
from valor_core.tenancy.reasons import stated
from valor_core.values import (
    Caller,
)
from valor_core.workbench import people, report_valuation
from valor_core.workbench.paging import check_page
from valor_core.workbench.report_askers import asked_by_of, require_asker
from valor_core.workbench.report_kinds import KINDS
from valor_core.workbench.report_parts import person
from valor_core.workbench.snapshots import snapshot_of_now
from valor_core.workbench.verb import allowed, verb, view

QUOTA_HELD = timedelta(days=1)  # by a run that nobody ends


class ReportDamaged(Conflict):
    """The file of a report is not the one that the run made."""

    code = "report_damaged"

    def __init__(self, run_id: str) -> None:
        super().__init__(
            f"The file of run {run_id} is missing or was altered.", hint="Run the report again."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report that can be run, with the parameters that its notebook declares."""

    name: str
    title: str
    about: str
    parameters: tuple[Parameter, ...]
    is_own: bool = False  # a notebook of the tenant's


@view("report.read")
def list_reports(work: Work) -> list[Report]:
    """The reports that the caller may read, and have made where the role allows it."""
    ours = [
        Report(
            name=name,
            title=KINDS[name].title,
            about=KINDS[name].about,
            parameters=tuple(parameters_of(name).values()),
        )
        for name in _readable(work)
        if name in REPORTS
    ]
    return ours + _own_reports(work)


def _own_reports(work: Work) -> list[Report]:
    """The tenant's approved notebooks, each as the version that runs."""
    known = own_notebooks.versions(work) if _has_own(work) else []
    running = [each for each in known if each.state is State.APPROVED and each.approval]
    names = people.names(work) if running else {}
    return [
        Report(
            name=each.report,
            title=each.title,
            about=f"A notebook of your own: version {each.version}, registered by "
            f"{person(each.registered_by, names)}, approved by "
            f"{person(each.approval.by if each.approval else '', names)}.",
            parameters=tuple(own_notebooks.source_of(work, each).parameters.values()),
            is_own=True,
        )
        for each in running
    ]


def _has_own(work: Work) -> bool:
    return may(work.caller, "notebook.read") and features.is_on(work, "notebook.read")


def _readable(work: Work) -> list[str]:
    ours = [name for name in REPORTS if may(work.caller, KINDS[name].needs)]
    known = own_notebooks.versions(work) if _has_own(work) else []
    return ours + list(dict.fromkeys(each.report for each in known))


@view("report.read")
def titles(work: Work) -> dict[str, str]:
    """What the reports are called whose runs the caller may read, were one withdrawn since."""
    own = own_notebooks.titles(work) if _has_own(work) else {}
    return {name: kind.title for name, kind in KINDS.items()} | own


@view("report.read")
def parameters(work: Work, report: str) -> Mapping[str, Parameter]:
    """What a report declares; of an own notebook, the version that runs."""
    if not is_own(report):
        return parameters_of(report)
    _require(work, report)
    return own_notebooks.source_of(work, own_notebooks.approved(work, report)).parameters


def _fitting(work: Work, report: str, given: Mapping[str, Any]) -> dict[str, Any]:
    if not is_own(report):
        return checked(report, given)
    return fitting(report, parameters(work, report), given)


@view("report.prepare")
def source(work: Work, report: str) -> bytes:
    """The notebook that is run for a report; of the tenant's own the approved version."""
    if not is_own(report):
        return report_source(report)
    _require(work, report)
    return own_notebooks.source_of(work, own_notebooks.approved(work, report)).raw


def for_others(caller: Caller) -> list[str]:
    """The titles of the reports that the caller's role may not read."""
    return [kind.title for kind in KINDS.values() if not may(caller, kind.needs)]


def _require(work: Work, report: str) -> None:
    """Nobody has told, or reads, what the role keeps from him; a job was asked for by who may."""
    if is_own(report):
        allowed(work, "notebook.read")
    elif report in KINDS and work.caller.kind != "job":
        allowed(work, KINDS[report].needs)


@view("report.read")
def list_runs(
    work: Work, *, limit: int = 50, before: tuple[int, str] | None = None
) -> list[JobRun]:
    """The newest runs first, of the reports that the caller may read."""
    check_page(limit)
    rows = job_runs.newest_runs(work, _readable(work), limit=limit, before=before)
    return [run_of(row) for row in rows]


@view("report.read")
def failing_reports(work: Work) -> list[JobRun]:
    """The newest runs of schedules that failed, of the reports that the caller may read."""
    return schedules.failing(work, _readable(work))


@view("report.read")
def read_run(work: Work, run_id: str) -> JobRun:
    """One run and what became of it."""
    return run_of(run_row(work, run_id))


def run_row(work: Work, run_id: str) -> JobRunRow:
    """The row of a report's run that the caller may read; NotFound otherwise."""
    row = job_runs.run_row(work, run_id)
    if not is_report(row.job):
        raise NotFound("run", run_id[:80])
    _require(work, row.job)
    return row


@view("report.read")
def read_report(work: Work, run_id: str) -> bytes:
    """The report's HTML, byte for byte as the run made it."""
    return _output(work, run_id, "report.html")


@view("report.read")
def read_data(work: Work, run_id: str, name: str) -> bytes:
    """Its result as JSON, or one of its spreadsheets, byte for byte as the run made it."""
    if not is_data(name):
        raise NotFound("file of the run", name[:80])
    return _output(work, run_id, name)


def _output(work: Work, run_id: str, name: str) -> bytes:
    run = run_of(run_row(work, run_id))
    if run.html is None or name not in run.record["outputs"]:
        raise NotFound(f"{name[:80]} of the run", run_id[:80])
    file = run.folder / name
    content = file.read_bytes() if file.is_file() else b""
    if sha256(content).hexdigest() != run.record["outputs"][name]:
        raise ReportDamaged(run.id)
    return content


@view("report.prepare")
def check_request(work: Work, report: str, parameters: Mapping[str, Any]) -> None:
    """Refuses what could not be made a report, before anybody waits for it."""
    given = _fitting(work, report, parameters)
    _require(work, report)
    document_about(work, report, given, asked_by=work.caller.actor)


@verb("report.gather", audited=False)
def gather(work: Work, run: JobRun) -> dict[str, Any]:
    """The document of a run: all that its report tells.

    The snapshot that it names holds all that it was made from, and is published where none does.
    """
    if run.schedule_id:
        require_asker(work, run)
    given, asked_by = _fitting(work, run.job, run.parameters), asked_by_of(work, run)
    scale = preferences.amounts_in(work, whose=asked_by).shown
    with showing(scale):
        document = document_about(work, run.job, given, asked_by=asked_by)
    snapshot = snapshot_of_now(work)  # afterwards: a new one is a use, and is logged at the end
    return {
        **document,
        "snapshot_id": snapshot.id,
        "snapshot_at": snapshot.cut,
        "gathered_at": work.now.isoformat(),
        "names": people.names(work),
        "amounts_in": scale,
    }


def document_about(
    work: Work, report: str, given: Mapping[str, Any], *, asked_by: str
) -> dict[str, Any]:
    """All that a report tells, as the figures stand in this work."""
    if is_own(report):
        return _document_of_own(work, report, given, asked_by=asked_by)
    tell = KINDS[report].tell
    if tell is None:
        return report_valuation.document(work, given, asked_by=asked_by)
    return tell(work, given).document(
        report,
        given,
        asked_by=person(asked_by, people.names(work)),
        told_at=work.now.isoformat(timespec="seconds"),
    )


def _document_of_own(
    work: Work, report: str, given: Mapping[str, Any], *, asked_by: str
) -> dict[str, Any]:
    """What a notebook of the tenant's own is told: which version of it runs, and for whom."""
    version = own_notebooks.approved(work, report)
    names, approval = people.names(work), version.approval
    assert approval is not None, "an approved version was approved by somebody"
    told = {"report": report, "parameters": dict(given), "source": version.sha256}
    return {
        "report": report,
        "parameters": dict(given),
        "title": version.title,
        "run_id": sha256(json.dumps(told, sort_keys=True).encode()).hexdigest(),
        "asked_by": person(asked_by, names),
        "told_at": work.now.isoformat(timespec="seconds"),
        "notebook": {
            "version": version.version,
            "sha256": version.sha256,
            "registered_by": person(version.registered_by, names),
            "approved_by": person(approval.by, names),
            "approved_at": approval.at.isoformat(timespec="seconds"),
        },
    }


@verb("report.run", meter=Meter.REPORTS, holds_quota=True)
def ask_for_run(
    work: Work, report: str, parameters: Mapping[str, Any], *, slot: str = ""
) -> JobRun:
    """A run that waits for a process to take it; AlreadyThere where the slot is asked for."""
    _require(work, report)
    # A slot of a notebook of which no version is approved any more is a run that fails and says so.
    unchecked = slot and is_own(report)
    given = parameters if unchecked else _fitting(work, report, parameters)
    row = job_runs.add_run(work, report, given, slot=slot)
    quotas.reserve(work, Meter.REPORTS, row.id, lease=QUOTA_HELD)
    work.note(
        f"job_run:{row.id}",
        report=report,
        slot=row.slot,
        parameters=row.parameters,
        counted_as=row.id,
    )
    return run_of(row)


@verb("report.cancel")
def cancel_run(work: Work, run_id: str) -> JobRun:
    """Stops a run that waits or is being made: the process that holds it soon notices."""
    row = run_row(work, run_id)
    job_runs.change_held(
        work, row.id, row.attempt, status=Status.CANCELLED, detail="It was stopped by a person.",
        finished_at=work.now_micros,
    )  # fmt: skip
    quotas.settle(work, row.id, Meter.REPORTS, used=0)
    work.note(f"job_run:{row.id}", report=row.job)
    work.session.refresh(row)
    return run_of(row)


@verb("report.schedule")
def schedule_report(
    work: Work, report: str, parameters: Mapping[str, Any], *, cron: str, timezone: str = "UTC"
) -> Schedule:
    """Have a report made whenever it is due, said in words or as cron does, until it is ended."""
    given = _fitting(work, report, parameters)
    _require(work, report)
    row = schedules.add_schedule(work, job=report, when=cron, timezone=timezone, parameters=given)
    work.note(
        f"schedule:{row.id}", report=report, cron=row.cron, timezone=timezone, parameters=given
    )
    return Schedule.of(row, work.now)


@verb("report.schedule")
def change_schedule(
    work: Work, schedule_id: str, change: ScheduleChange, *, expected: str | None = None
) -> Schedule:
    """When it is due from now on, or that it is not."""
    row = _schedule_row(work, schedule_id)
    for destination_id in change.deliver_to or ():
        deliveries.destination_row(work, destination_id)
    schedules.change(work, row, change, expected=expected)
    work.note(f"schedule:{row.id}", report=row.job, **change.told())
    return Schedule.of(row, work.now)


@view("report.read")
def foresee_end_of_schedule(work: Work, schedule_id: str) -> RunsForeseen:
    """The next runs that would not come, did the schedule end."""
    return schedules.foresee(work, _schedule_row(work, schedule_id), None)


@verb("report.end_schedule")
def end_schedule(work: Work, schedule_id: str, *, reason: str) -> RunsForeseen:
    """No more runs of this schedule; those that were asked for still come."""
    why, row = stated(reason), _schedule_row(work, schedule_id)
    told = schedules.foresee(work, row, None)
    row.ended_at = work.now_micros
    work.note(f"schedule:{row.id}", report=row.job, reason=why)
    return told


def _schedule_row(work: Work, schedule_id: str) -> ScheduleRow:
    row = schedules.schedule_row(work, schedule_id)
    if not is_report(row.job):
        raise NotFound("schedule", schedule_id[:80])
    _require(work, row.job)
    return row


@view("report.read")
def list_schedules(work: Work) -> Sequence[Schedule]:
    """The schedules of reports that the caller may read, the oldest first."""
    readable = _readable(work)
    return [Schedule.of(row, work.now) for row in schedules.schedules(work) if row.job in readable]
