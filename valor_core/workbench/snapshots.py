"""Publishing a cut of the tenant, and asking questions over one of them."""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import select

from valor_core.audit import log as audit
from valor_core.audit.retention import category_of, held_subjects
from valor_core.billing.metering import Meter
from valor_core.coverage import imports, job_runs
from valor_core.errors import BadInput, Conflict, NotFound
from valor_core.settings import ROOT, home, whole_number
from valor_core.snapshots import catalogue
from valor_core.snapshots.bucket import the_bucket
from valor_core.snapshots.datasets import DATASETS, Dataset
from valor_core.snapshots.explore import Explored
from valor_core.snapshots.explore import explore as explored
from valor_core.snapshots.fields import SUBJECTS, Subject, subject_named
from valor_core.snapshots.files import (
    check_file,
    flaw,
    forget_digests,
    is_sound,
    left_over,
    sweep,
    tenant_folder,
    write_part,
)
from valor_core.snapshots.manifest import Manifest, SnapshotDamaged, read_manifest
from valor_core.snapshots.named import Answer as NamedAnswer
from valor_core.snapshots.named import Query, ask, named_queries, named_query
from valor_core.snapshots.reader import cursor
from valor_core.snapshots.screen import Bounds, Screened
from valor_core.snapshots.screen import screen as screened
from valor_core.snapshots.sql import SqlAnswer, ask_sql
from valor_core.snapshots.view import View
from valor_core.store.tables import AuditHeadRow, SnapshotRow
from valor_core.store.work import Work, unit_of_work
from valor_core.tenancy import features
from valor_core.tenancy.access import may
from valor_core.values import DAY_US, micros
from valor_core.workbench.cuts import Cut, parts_of
from valor_core.workbench.paging import check_page
from valor_core.workbench.verb import allowed, verb, view

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class FilesSwept(Conflict):
    """Files of a snapshot were taken away before it came to exist."""

    code = "files_swept"

    def __init__(self) -> None:
        super().__init__(
            "Files of the snapshot were cleared away while it was being made.",
            hint="Publish again: what is missing is written anew.",
        )


Answer = TypeVar("Answer")
GRACE = timedelta(hours=1)  # no cut takes that long: its files are of a snapshot by then
LOOK_BACK = 10  # snapshots that may be damaged one after another
ID_LENGTH = 64
TOLD_MAX = 1_000  # characters of a statement that the log keeps
NEVER_SHOWN = (
    "access", "audit", "computation", "feed", "hold", "job", "report", "retention", "session",
    "snapshot",
)  # fmt: skip
"""Acts on these change nothing of the companies, figures and values that a report shows."""


def _root() -> Path:
    return home() / "snapshots"


def publish_snapshot(work: Work) -> Manifest:
    """All that the tenant sees now as Parquet files, and the one row that makes them a snapshot."""
    return keep_snapshot(work, cut_snapshot(work))


@view("snapshot.cut")
def cut_snapshot(work: Work, *, progress: Callable[[int, int], object] | None = None) -> Manifest:
    """Writes all that the tenant sees at one moment to files, and says what they are.

    Nobody waits for it: it holds no writer. What has not changed since the newest snapshot is
    neither written nor read. Of a cut that nobody keeps only files remain, until they are swept.
    """
    if not work.writing:
        work.see_one_moment()
    before, tenant = _newest(work), work.caller.tenant_id
    made_before = {
        (file.dataset, file.version, file.part, file.state): file
        for file in (before.files if before and before.engine == _engine() else ())
    }
    size, mac = audit.head(work)
    files, parts = [], list(parts_of(Cut(work)))
    for done, (name, part, state, rows) in enumerate(parts):
        if progress:
            progress(done, len(parts))
        dataset = DATASETS[name]
        known = made_before.get((name, dataset.version, part, state)) if state else None
        if known is None or not is_sound(_root(), known):
            known = write_part(_root(), tenant, dataset, rows(), part=part, state=state)
        files.append(known)
    if bucket := the_bucket():
        bucket.send(_root(), tenant_folder(Path(), tenant).as_posix(), (f.path for f in files))
    return Manifest(
        tenant=tenant,
        cut=work.now.isoformat(timespec="microseconds"),
        parent=None,
        audit_size=size,
        audit_mac=mac,
        engine=_engine(),
        files=tuple(files),
    )


@verb("snapshot.publish", meter=Meter.SNAPSHOTS)
def keep_snapshot(work: Work, made: Manifest) -> Manifest:
    """Makes a cut a snapshot by one row; what became of its files meanwhile is looked at first."""
    _hold_the_log(work)
    if not all((_root() / file.path).exists() for file in made.files):
        raise FilesSwept
    manifest = catalogue.keep(work, made)
    work.note(f"snapshot:{manifest.id}", facts=manifest.rows_of("facts"))
    return manifest


def _newest(work: Work) -> Manifest | None:
    """The newest snapshot that can be built upon."""
    try:
        return catalogue.latest(work)
    except (catalogue.NoSnapshot, SnapshotDamaged):
        return None


@cache
def _engine() -> str:
    """What made the files: other code may read the same figures differently."""
    import pyarrow as pa

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return f"valor {project['version']}, pyarrow {pa.__version__}"


def renew_snapshot(work: Work) -> Manifest | None:
    """Publishes unless the newest snapshot shows all that there is; what was published.

    Before an act that stands on one, which then need not publish while it holds the writer.
    """
    return None if _newest_that_stands(work) else publish_snapshot(work)


def snapshot_of_now(work: Work) -> Manifest:
    """The newest snapshot while nothing that it shows has changed since, else one published now.

    For an act that stands on a snapshot: until its commit nothing that is shown can change.
    """
    _hold_the_log(work)
    return _newest_that_stands(work) or publish_snapshot(work)


def _newest_that_stands(work: Work) -> Manifest | None:
    """The newest snapshot, unless something that it shows has changed since."""
    newest = _newest(work)
    if newest is None or audit.acted_since(work, newest.audit_size, besides=NEVER_SHOWN):
        return None
    changed = imports.book_changed_since(work, micros(newest.cut_at))
    return None if changed else newest


def _hold_the_log(work: Work) -> None:
    """No audited act of the tenant commits until this one has."""
    work.session.execute(select(AuditHeadRow.size).with_for_update())


@view("snapshot.read")
def list_snapshots(
    work: Work, *, limit: int = 50, before: tuple[int, str] | None = None
) -> Sequence[SnapshotRow]:
    """The snapshots of the tenant, newest first; `before` is (created_at, id)."""
    check_page(limit)
    return catalogue.snapshots(work, limit=limit, before=before)


@view("snapshot.read")
def latest_snapshot(work: Work, *, as_of: datetime | None = None) -> Manifest:
    """The newest snapshot, or the newest that was cut by a moment; NoSnapshot before the first."""
    rows = catalogue.as_of(work, as_of, limit=1)
    if not rows:
        raise catalogue.NoSnapshot(f"as of {as_of:%Y-%m-%d %H:%M}" if as_of else "latest")
    return read_manifest(rows[0].manifest, rows[0].id)


@view("snapshot.read")
def read_snapshot(work: Work, snapshot_id: str) -> Manifest:
    """The snapshot of that id, or of the id that begins so."""
    return catalogue.snapshot(work, snapshot_id)


def find_snapshot(work: Work, which: str, *, as_of: datetime | None = None) -> Manifest:
    """The snapshot of an id or of its beginning, or for `latest` the newest by a moment."""
    return latest_snapshot(work, as_of=as_of) if which == "latest" else read_snapshot(work, which)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetChange:
    """A dataset of a snapshot beside the snapshot before."""

    dataset: str
    label: str  # as people call it
    row: str  # what one row is
    rows: int
    rows_before: int
    parts: int
    parts_made: int  # others were kept as they were


@view("snapshot.read")
def compare_with_before(work: Work, snapshot_id: str) -> Sequence[DatasetChange]:
    """What each dataset has, and what of it the snapshot before does not have."""
    manifest = catalogue.snapshot(work, snapshot_id)
    before = catalogue.before(work, manifest)
    known = {file.path for file in before.files} if before else set()
    return [
        DatasetChange(
            dataset=name,
            label=dataset.label,
            row=dataset.row,
            rows=manifest.rows_of(name),
            rows_before=before.rows_of(name) if before else 0,
            parts=len(manifest.files_of(name)),
            parts_made=sum(file.path not in known for file in manifest.files_of(name)),
        )
        for name, dataset in DATASETS.items()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotVerdict:
    """Whether a snapshot is what was published, and what is wrong where it is not."""

    snapshot_id: str
    files: int
    size: int  # bytes
    flaws: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.flaws


@view("snapshot.read")
def verify_snapshot(work: Work, snapshot_id: str) -> SnapshotVerdict:
    """Reads every byte of the snapshot again, and asks the log whether it stood there."""
    manifest = catalogue.snapshot(work, snapshot_id)
    forget_digests()
    flaws = [flaw(_root(), file) for file in manifest.files if not is_sound(_root(), file)]
    mac = audit.mac_at(work, manifest.audit_size)
    if mac != manifest.audit_mac:
        flaws.append(f"entry {manifest.audit_size} of the audit log is not the one it was cut at")
    return SnapshotVerdict(
        snapshot_id=manifest.id, files=len(manifest.files), size=manifest.size, flaws=tuple(flaws)
    )


@contextmanager
def snapshot_cursor(work: Work, snapshot_id: str) -> "Iterator[DuckDBPyConnection]":
    """A cursor over all that a snapshot holds, its files checked, for what is told from it."""
    with cursor(_root(), read_snapshot(work, snapshot_id)) as own:
        yield own


@view("snapshot.read")
def read_part(work: Work, snapshot_id: str, sha256: str) -> Path:
    """The file of a part whose bytes were checked, for whoever may read what it was made of."""
    manifest = find_snapshot(work, snapshot_id)
    file = next((each for each in manifest.files if each.sha256 == sha256), None)
    if file is None:
        raise NotFound("part of the snapshot", sha256[:80])
    allowed(work, DATASETS[file.dataset].act)
    check_file(_root(), manifest, file)
    return _root() / file.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """What was cleared away."""

    snapshots: int
    files: int


@verb("snapshot.gc")
def clear_snapshots(work: Work, *, grace: timedelta = GRACE) -> Cleared:
    """Drops snapshots that are older than they are kept, then files that no snapshot names.

    Never the newest, one under a legal hold, or one that a report stands on. The files go once the
    rows are gone for good, and only those that nobody has written for a while.
    """
    _hold_the_log(work)
    days = whole_number("VALOR_SNAPSHOTS_KEPT_DAYS", most=36_500)
    doomed = []
    held = {hold.removeprefix("snapshot:") for hold in held_subjects(work)}
    if not any(len(each) != ID_LENGTH for each in held):  # others may be in any snapshot
        cut_before = work.now_micros - days * DAY_US
        kept = held | job_runs.snapshots_named(work)
        doomed = catalogue.expire(work, cut_before=cut_before, kept=kept)
    before = (work.now - grace).timestamp()
    tenant, named = work.caller.tenant_id, catalogue.named_files(work)
    files = left_over(_root(), tenant, named, before=before)
    work.note("", expired=len(doomed), files=len(files))
    if files or doomed:
        work.after_commit.append(lambda: _sweep(work, before))
    return Cleared(snapshots=len(doomed), files=len(files))


def _sweep(cleared: Work, before: float) -> None:
    """Apart, so that the rows are gone for good, and while no snapshot can come to exist."""
    with unit_of_work(cleared.caller, cleared.store, cleared.now) as work:
        work.begin_writing()
        _hold_the_log(work)
        sweep(_root(), work.caller.tenant_id, catalogue.named_files(work), before=before)


@view("snapshot.read")
def screen(
    work: Work,
    bounds: Mapping[str, Bounds],
    *,
    order: str = "revenue",
    descending: bool = True,
    limit: int = 100,
    snapshot_id: str | None = None,
    as_of: datetime | None = None,
) -> Screened:
    """The companies of a snapshot that lie within the bounds, ranked; see `_asked` for which."""

    def ask(manifest: Manifest) -> Screened:
        return screened(_root(), manifest, bounds, order=order, descending=descending, limit=limit)

    found, damaged = _asked(work, ask, snapshot_id, as_of)
    return replace(found, instead_of=str(damaged)) if damaged else found


@view("snapshot.query")
def list_queries(work: Work) -> Sequence[Query]:
    """The named queries that the caller may ask; first those that need one snapshot alone."""
    open_ones = [each for each in named_queries().values() if may(work.caller, each.act)]
    return sorted(open_ones, key=lambda query: query.compares)


@view("snapshot.query")
def ask_snapshot(
    work: Work,
    name: str,
    parameters: Mapping[str, str],
    *,
    snapshot_id: str | None = None,
    as_of: datetime | None = None,
    compared_with: str | None = None,
) -> NamedAnswer:
    """The answer of a named query over a snapshot; of one that compares, with the one before it."""
    query = named_query(name)
    allowed(work, query.act)

    def answered(manifest: Manifest) -> NamedAnswer:
        other = _other(work, manifest, compared_with) if query.compares else None
        return ask(_root(), manifest, query, parameters, before=other)

    found, damaged = _asked(work, answered, snapshot_id, as_of)
    return replace(found, instead_of=str(damaged)) if damaged else found


@view("snapshot.explore")
def list_subjects(work: Work) -> Sequence[Subject]:
    """What the caller may explore of a snapshot."""
    return [each for each in SUBJECTS.values() if all(may(work.caller, act) for act in each.acts)]


@view("snapshot.explore")
def explore(
    work: Work, asked: View, *, snapshot_id: str | None = None, as_of: datetime | None = None
) -> Explored:
    """What a view shows of a snapshot; see `_asked` for which."""
    subject = subject_named(asked.dataset)
    for act in subject.acts:
        allowed(work, act)
    ask = partial(explored, _root(), subject=subject, view=asked)
    found, damaged = _asked(work, ask, snapshot_id, as_of)
    return replace(found, instead_of=str(damaged)) if damaged else found


def readable_datasets(work: Work) -> list[Dataset]:
    """The datasets of which the caller may read what they were made of."""
    return [dataset for dataset in DATASETS.values() if may(work.caller, dataset.act)]


def is_sql_open(work: Work) -> bool:
    """Whether the caller may write SQL, and the tenant has it switched on."""
    return may(work.caller, "snapshot.sql") and features.is_on(work, "snapshot.sql")


@view("snapshot.sql")
def ask_in_sql(
    work: Work, sql: str, *, snapshot_id: str | None = None, as_of: datetime | None = None
) -> SqlAnswer:
    """The answer of one SELECT over what the caller may read of a snapshot.

    Told in the log however it ends, once this work has ended: it holds no writer meanwhile.
    """
    names = [dataset.name for dataset in readable_datasets(work)]
    outcome = {"sql": sql[:TOLD_MAX], "answered": "refused"}
    work.after_end.append(lambda: _tell_sql(work, snapshot_id or "latest", outcome))
    ask = partial(ask_sql, _root(), datasets=names, sql=sql)
    found, damaged = _asked(work, ask, snapshot_id, as_of)
    outcome["answered"] = f"{len(found.rows)} rows"
    return replace(found, instead_of=str(damaged)) if damaged else found


def _tell_sql(asked: Work, snapshot_id: str, outcome: Mapping[str, str]) -> None:
    with unit_of_work(asked.caller, asked.store, asked.now) as work:
        work.begin_writing()
        audit.append(
            work,
            "snapshot.sql",
            target=f"snapshot:{snapshot_id}",
            details=dict(outcome),
            category=category_of("snapshot.sql"),
        )


def _other(work: Work, manifest: Manifest, compared_with: str | None) -> Manifest:
    other = (
        catalogue.snapshot(work, compared_with)
        if compared_with
        else catalogue.before(work, manifest)
    )
    if other is None:
        raise BadInput(
            "There is no snapshot before this one to compare it with.",
            hint="Publish another one when something has changed, or name one that was cut later.",
        )
    return other


def _asked(
    work: Work,
    ask: Callable[[Manifest], Answer],
    snapshot_id: str | None,
    as_of: datetime | None,
) -> tuple[Answer, SnapshotDamaged | None]:
    """The answer of the snapshot named, or of the newest by a moment.

    Where that newest is damaged the last good one answers, beside what is wrong with the newest.
    """
    if snapshot_id:
        return ask(catalogue.snapshot(work, snapshot_id)), None
    damaged = None
    for row in catalogue.as_of(work, as_of, limit=LOOK_BACK):
        try:
            return ask(read_manifest(row.manifest, row.id)), damaged
        except SnapshotDamaged as error:
            damaged = damaged or error
    raise damaged or catalogue.NoSnapshot
