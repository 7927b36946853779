"""Reports: ask for one, keep what became of it, and have it made again and again.

A process that runs reports takes a waiting run, renews its lease while it works, and finishes it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from valor_core.amounts import Scale, showing
from valor_core.audit import log as audit
from valor_core.billing.metering import Meter
from valor_core.coverage import (
    companies,
    deliveries,
    job_runs,
    own_notebooks,
    schedules,
    valuations,
)
from valor_core.coverage.figures_report import Told
from valor_core.coverage.job_runs import JobRun, Status, is_data, run_of
from valor_core.coverage.own_notebooks import State
from valor_core.coverage.prefill import prefill_dcf
from valor_core.coverage.report_document import document_of
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
from valor_core.coverage.schedules import Schedule, ScheduleChange
from valor_core.coverage.sourcing import load_sources
from valor_core.errors import BadInput, Conflict, NotFound
from valor_core.models.codec import load
from valor_core.models.dcf import DcfInputs
from valor_core.store.tables import (
    ApiKeyRow,
    JobRunRow,
    MembershipRow,
    ScheduleRow,
    ValuationRow,
)
from valor_core.store.work import Work
from valor_core.tenancy import api_keys, features, preferences, quotas
from valor_core.tenancy.access import MAY, may
from valor_core.tenancy.api_keys import KeyState
from valor_core.values import (
    Caller,
    CompanyId,
    Role,
    Scope,
    Source,
    SourceKind,
    ValuationId,
    from_micros,
)
from valor_core.workbench import (
    people,
    report_committee,
    report_portfolio,
    report_quality,
    report_reconciliation,
    report_sla,
)
from valor_core.workbench.licences import read_held_back, refuse_held_back
from valor_core.workbench.paging import check_page
from valor_core.workbench.report_parts import person
from valor_core.workbench.report_retold import book_of
from valor_core.workbench.snapshots import snapshot_of_now, verify_snapshot
from valor_core.workbench.verb import allowed, tell_denial, verb, view

ANSWERS = "answers.json"
"""What an own notebook was told when it asked, by which it is made again."""

AS_ZERO = "not in the filed figures; stated as 0 for this report"
QUOTA_HELD = timedelta(days=1)  # by a run that nobody ends
ADDED = (
    "snapshot_id", "snapshot_at", "gathered_at", "names", "amounts_in", "audit_checkpoint", "code",
)  # fmt: skip
"""What stands in a document beside what is told."""
THE_SNAPSHOT = "told anew from its snapshot"
KEPT = "from the figures that were kept with it"
ITS_ANSWERS = "from the approved notebook and what it was told then"
THE_PRESENT = f"{KEPT}, whose digest the audit log has: it tells of the moment it was made"


class ReportDamaged(Conflict):
    """The file of a report is not the one that the run made."""

    code = "report_damaged"

    def __init__(self, run_id: str) -> None:
        super().__init__(
            f"The file of run {run_id} is missing or was altered.", hint="Run the report again."
        )


class AskerGone(Conflict):
    """For whom a report would be made is no member any more, or has not the role for it."""

    code = "asker_gone"

    def __init__(self, who: str) -> None:
        super().__init__(
            f"This report is made for {who}, who may not have it made now.",
            hint="Somebody who may schedules it anew, or ends the schedule.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a report is about, and what one must be allowed to read before it is told."""

    title: str
    about: str
    needs: str
    tell: Callable[[Work, Mapping[str, Any]], Told] | None  # None: a company's valuation
    of_snapshot: bool = False  # its snapshot holds all that it tells; others are about the present


KINDS = {
    "valuation": Kind(
        title="Valuation",
        about="One company's value with every input and its source.",
        needs="valuation.read",
        tell=None,
        of_snapshot=True,
    ),
    "reconciliation": Kind(
        title="Usage against billing",
        about="Whether what was billed is what was used: totals, each difference and its cause.",
        needs="billing.read",
        tell=report_reconciliation.tell,
    ),
    "sla": Kind(
        title="Service levels of providers",
        about="How good the data providers were: availability, error budgets, outages, latencies.",
        needs="routing.read",
        tell=report_sla.tell,
    ),
    "portfolio_review": Kind(
        title="Portfolio review",
        about="All saved values: what moved and why, how far methods are apart, what is old.",
        needs="valuation.read",
        tell=report_portfolio.tell,
        of_snapshot=True,
    ),
    "committee_book": Kind(
        title="Valuation committee book",
        about="One company for those who decide: figures, all methods, why, and what proves it.",
        needs="valuation.read",
        tell=report_committee.tell,
        of_snapshot=True,
    ),
    "data_quality": Kind(
        title="Data quality",
        about="What is missing, doubted, stale, restated or out of range, by company and item.",
        needs="fact.read",
        tell=report_quality.tell,
    ),
}


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
    return run_of(_run_row(work, run_id))


def _run_row(work: Work, run_id: str) -> JobRunRow:
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
    run = run_of(_run_row(work, run_id))
    if run.html is None or name not in run.record["outputs"]:
        raise NotFound(f"{name[:80]} of the run", run_id[:80])
    file = run.folder / name
    content = file.read_bytes() if file.is_file() else b""
    if sha256(content).hexdigest() != run.record["outputs"][name]:
        raise ReportDamaged(run.id)
    return content


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportVerdict:
    """Whether a report, made again from what it stands on, is the same to the byte."""

    run_id: str
    made_from: str  # in words; empty where it was not made again
    same: tuple[str, ...]  # files that came out as they were
    flaws: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.flaws


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a report is made from once more, and what of it does not stand as it stood then."""

    run: JobRun
    told: Mapping[str, Any]  # the document; empty where something is wrong
    made_from: str
    flaws: Sequence[str]


@view("report.compare")
def what_it_stands_on(work: Work, run_id: str) -> Ground:
    """The document of a run told anew from its snapshot, or of a report about the present the kept.

    Either way the kept one must be that of the run's row, and that of the entry in the audit log.
    """
    run = run_of(_run_row(work, run_id))
    if run.html is None:
        raise NotFound("report of the run", run_id[:80])
    kept = {"source.ipynb": run.record["source_sha256"], **run.record["outputs"]}
    ground = ("source.ipynb", "input.json", *([ANSWERS] if is_own(run.job) else []))
    flaws = [
        f"{name} is missing or was altered"
        for name in ground
        if _digest(run.folder / name) != kept.get(name)
    ]
    if not _logged(work, run):
        flaws.append("the audit log tells of other files than its row")
    if is_own(run.job) and not _was_approved(work, run):
        flaws.append("its notebook is none that was approved")
    try:
        snapshot = verify_snapshot(work, run.record["stands_on"]["snapshot_id"])
        flaws += [f"its snapshot: {flaw}" for flaw in snapshot.flaws]
    except NotFound:
        flaws.append("its snapshot is not kept any more")
    if flaws:
        return Ground(run=run, told={}, made_from="", flaws=flaws)
    told = json.loads((run.folder / "input.json").read_text())
    if is_own(run.job):
        return Ground(run=run, told=told, made_from=ITS_ANSWERS, flaws=())
    if not KINDS[run.job].of_snapshot:
        return Ground(run=run, told=told, made_from=THE_PRESENT, flaws=())
    if held_back := read_held_back(work):
        by_terms = f"{KEPT}: the terms of {', '.join(held_back)} keep figures out of snapshots"
        return Ground(run=run, told=told, made_from=by_terms, flaws=())
    anew = _told_anew(work, run, told)
    others = sorted(name for name in told | anew if told.get(name) != anew.get(name))
    flaws = [f"told from its snapshot, {', '.join(others)} come out otherwise"] if others else []
    return Ground(run=run, told=anew, made_from=THE_SNAPSHOT, flaws=flaws)


def _logged(work: Work, run: JobRun) -> bool:
    """Whether the entry that tells of its end names the files of its row, while it has details."""
    entries = audit.entries_about(work, [f"job_run:{run.id}"], action="job.finish")
    told = [orjson.loads(entry.payload) for entry in entries if entry.payload is not None]
    return bool(entries) and all(each["outputs"] == run.record["outputs"] for each in told)


def _told_anew(work: Work, run: JobRun, kept: Mapping[str, Any]) -> dict[str, Any]:
    """The document as its snapshot alone tells it, by the same function, at the same moment."""
    company = kept.get("company") or kept["figures"].get("company") or {}
    book = book_of(
        work,
        kept["snapshot_id"],
        names=kept["names"],
        company_id=company.get("id"),
        now=datetime.fromisoformat(kept["gathered_at"]),
    )
    with book as then, showing(Scale(kept.get("amounts_in", Scale.MILLIONS))):
        told = _document(
            then, run.job, checked(run.job, run.parameters), asked_by=_asked_by(work, run)
        )
    return {**{name: kept[name] for name in ADDED if name in kept}, **told}


def _was_approved(work: Work, run: JobRun) -> bool:
    """Whether the very notebook of the run was approved once, were it replaced since."""
    known = own_notebooks.named(work, run.job)
    hashes = {each.approval.sha256 for each in known if each.approval}
    return run.record["source_sha256"] in hashes


def _digest(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


@verb("report.verify")
def note_verdict(work: Work, verdict: ReportVerdict) -> None:
    """It was made again and compared, with what came of that."""
    work.note(f"job_run:{verdict.run_id}", report=_run_row(work, verdict.run_id).job,
              holds=verdict.holds, flaws=list(verdict.flaws))  # fmt: skip


@view("report.prepare")
def check_request(work: Work, report: str, parameters: Mapping[str, Any]) -> None:
    """Refuses what could not be made a report, before anybody waits for it."""
    given = _fitting(work, report, parameters)
    _require(work, report)
    _document(work, report, given, asked_by=work.caller.actor)


@verb("report.gather", audited=False)
def gather(work: Work, run: JobRun) -> dict[str, Any]:
    """The document of a run: all that its report tells.

    The snapshot that it names holds all that it was made from, and is published where none does.
    """
    if run.schedule_id:
        _require_asker(work, run)
    given, asked_by = _fitting(work, run.job, run.parameters), _asked_by(work, run)
    scale = preferences.amounts_in(work, whose=asked_by).shown
    with showing(scale):
        document = _document(work, run.job, given, asked_by=asked_by)
    snapshot = snapshot_of_now(work)  # afterwards: a new one is a use, and is logged at the end
    return {
        **document,
        "snapshot_id": snapshot.id,
        "snapshot_at": snapshot.cut,
        "gathered_at": work.now.isoformat(),
        "names": people.names(work),
        "amounts_in": scale,
    }


def _asked_by(work: Work, run: JobRun) -> str:
    """Whose wish the run is: of a scheduled one, that of who scheduled it."""
    key = work.caller.tenant_id, run.schedule_id
    schedule = work.session.get(ScheduleRow, key) if run.schedule_id else None
    return schedule.created_by if schedule else run.created_by


def _require_asker(work: Work, run: JobRun) -> None:
    """A schedule is made in the name of who made it, and no longer than that person may."""
    asked_by = _asked_by(work, run)
    if not _may_have_made(work, run.job, asked_by):
        tell_denial(work, "report.gather", schedule=run.schedule_id, asked_by=asked_by)
        raise AskerGone(person(asked_by, people.names(work)))


def _may_have_made(work: Work, report: str, asked_by: str) -> bool:
    """Whether who is named so might schedule that report at this moment."""
    role, needs = _role_now(work, asked_by), KINDS[report].needs if report in KINDS else ""
    return role in MAY["report.schedule"] and role in MAY[needs or "notebook.read"]


@view("report.read")
def made_no_more(work: Work) -> dict[str, str]:
    """By the id of each schedule whose maker may not have its report made any more: who that is."""
    rows = [row for row in schedules.schedules(work) if is_report(row.job)]
    names = people.names(work)
    return {
        row.id: person(row.created_by, names)
        for row in rows
        if not _may_have_made(work, row.job, row.created_by)
    }


@view("report.prepare")
def reader_for(work: Work, run: JobRun) -> Caller:
    """As whom an own notebook reads: what its asker may read now, by a key of this run alone."""
    asked_by = _asked_by(work, run)
    role = _role_now(work, asked_by)
    if role is None:
        raise AskerGone(person(asked_by, people.names(work)))
    return Caller(
        tenant_id=work.caller.tenant_id,
        user_id=run.id,
        role=role,
        kind="report",
        scopes=frozenset({Scope.READ}),
    )


def _role_now(work: Work, actor: str) -> Role | None:
    """The role in which who is named so may act at this moment, if at all."""
    kind, _, who = actor.partition(":")
    if kind in ("cli", "notebook"):  # of this machine, as an analyst like a notebook on it
        return Role.ANALYST
    key = work.session.get(ApiKeyRow, (work.caller.tenant_id, who)) if kind == "key" else None
    if key and api_keys.state(key, work.now_micros) is not KeyState.LIVE:
        return None
    if key and key.role:
        return Role(key.role)
    member = work.session.get(MembershipRow, (work.caller.tenant_id, key.owner if key else who))
    return Role(member.role) if member and member.suspended_at is None else None


def _document(
    work: Work, report: str, given: Mapping[str, Any], *, asked_by: str
) -> dict[str, Any]:
    if is_own(report):
        return _own_document(work, report, given, asked_by=asked_by)
    tell = KINDS[report].tell
    if tell is None:
        return _told(work, given, asked_by=asked_by)
    return tell(work, given).document(
        report,
        given,
        asked_by=person(asked_by, people.names(work)),
        told_at=work.now.isoformat(timespec="seconds"),
    )


def _own_document(
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


def _told(work: Work, given: Mapping[str, Any], *, asked_by: str) -> dict[str, Any]:
    """A company's saved valuation, or what the filed facts suggest."""
    company, names = companies.company(work, given["company"]), people.names(work)
    as_of, asker = _day(given["as_of"]), names.get(asked_by, asked_by)
    row = _saved(work, company.id, given["valuation"], as_of)
    if row:
        sources = load_sources(row.sources)
        refuse_held_back(sources.values())
        return document_of(
            company,
            load(DcfInputs, row.inputs),
            _by_name(sources, names),
            parameters=given,
            currency=row.currency,
            warnings=[],
            valuation_id=row.id,
            rationale=row.rationale,
            author=names.get(row.created_by, row.created_by),
            asked_by=asker,
            valued_at=from_micros(row.created_at).isoformat(),
            facts_as_of=row.facts_as_of,
        )
    start = prefill_dcf(company, companies.facts(work, company.id), as_of=as_of)
    refuse_held_back(start.sources.values())
    zeros = start.inputs.bridge.missing if given["missing"] == "zero" else ()
    stated = Source(kind=SourceKind.ASSUMED, text=AS_ZERO, author=asker, stated_on=work.now.date())
    bridge = replace(start.inputs.bridge, **dict.fromkeys(zeros, 0.0))
    told = [f"{item.replace('_', ' ').capitalize()}: {AS_ZERO} by {asker}." for item in zeros]
    return document_of(
        company,
        replace(start.inputs, bridge=bridge),
        {**start.sources, **{f"bridge.{item}": stated for item in zeros}},
        parameters=given,
        currency=start.currency,
        warnings=[*told, *map(str, start.warnings)],
        valuation_id=None,
        rationale="As the filed figures suggest, before anybody's judgement.",
        author=asker,
        asked_by=asker,
        valued_at=work.now.isoformat(),
        facts_as_of=as_of.isoformat() if as_of else None,
    )


def _by_name(sources: Mapping[str, Source], names: Mapping[str, str]) -> dict[str, Source]:
    return {
        path: replace(source, author=names.get(source.author, source.author))
        for path, source in sources.items()
    }


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadInput(f"as_of: {text!r} is no day.", hint="Write 2024-12-31.") from error


def _saved(
    work: Work, company_id: CompanyId, valuation: str, as_of: date | None
) -> ValuationRow | None:
    """The valuation asked for, else the company's newest DCF known by that day."""
    if not valuation:
        return valuations.newest_of(work, company_id, "dcf", as_of=as_of)
    row = valuations.valuation(work, ValuationId(valuation))
    if row.model != "dcf" or row.company_id != company_id:
        raise BadInput(
            f"Valuation {valuation} is a {row.model} of {row.company_name}.",
            hint="Name a DCF of the same company, or leave `valuation` empty.",
        )
    return row


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
    row = _run_row(work, run_id)
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


@verb("report.schedule")
def end_schedule(work: Work, schedule_id: str) -> None:
    """No more runs of this schedule; those that were asked for still come."""
    row = _schedule_row(work, schedule_id)
    row.ended_at = work.now_micros
    work.note(f"schedule:{row.id}", report=row.job)


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
