"""What a report stands on, from which it is made once more and compared."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from valor_core.amounts import Scale, showing
from valor_core.audit import log as audit
from valor_core.coverage import own_notebooks
from valor_core.coverage.job_runs import JobRun, run_of
from valor_core.coverage.report_parameters import checked, is_own
from valor_core.errors import NotFound
from valor_core.store.work import Work
from valor_core.workbench.licences import read_held_back
from valor_core.workbench.report_askers import asked_by_of
from valor_core.workbench.report_kinds import KINDS
from valor_core.workbench.report_retold import book_of
from valor_core.workbench.reports import document_about, run_row
from valor_core.workbench.snapshots import verify_snapshot
from valor_core.workbench.verb import verb, view

ANSWERS = "answers.json"
"""What an own notebook was told when it asked, by which it is made again."""

ADDED = (
    "snapshot_id", "snapshot_at", "gathered_at", "names", "amounts_in", "audit_checkpoint", "code",
)  # fmt: skip
"""What stands in a document beside what is told."""
THE_SNAPSHOT = "told anew from its snapshot"
KEPT = "from the figures that were kept with it"
ITS_ANSWERS = "from the approved notebook and what it was told then"
THE_PRESENT = f"{KEPT}, whose digest the audit log has: it tells of the moment it was made"


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
    run = run_of(run_row(work, run_id))
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
        told = document_about(
            then, run.job, checked(run.job, run.parameters), asked_by=asked_by_of(work, run)
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
    work.note(f"job_run:{verdict.run_id}", report=run_row(work, verdict.run_id).job,
              holds=verdict.holds, flaws=list(verdict.flaws))  # fmt: skip
