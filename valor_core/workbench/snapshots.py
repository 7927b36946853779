"""Publishing a cut of the tenant, and asking questions over one of them."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from sqlalchemy import select

from valor_core.audit import log as audit
from valor_core.billing.metering import Meter
from valor_core.coverage import imports
from valor_core.errors import Conflict
from valor_core.settings import ROOT, home
from valor_core.snapshots import catalogue
from valor_core.snapshots.datasets import DATASETS
from valor_core.snapshots.files import is_sound, write_part
from valor_core.snapshots.manifest import Manifest, SnapshotDamaged
from valor_core.snapshots.screen import Bounds, Screened
from valor_core.snapshots.screen import screen as screened
from valor_core.store.tables import AuditHeadRow, SnapshotRow
from valor_core.store.work import Work
from valor_core.values import SnapshotId, micros
from valor_core.workbench.cuts import Cut, parts_of
from valor_core.workbench.paging import check_page
from valor_core.workbench.verb import verb, view


class FilesSwept(Conflict):
    """Files of a snapshot were taken away before it came to exist."""

    code = "files_swept"

    def __init__(self) -> None:
        super().__init__(
            "Files of the snapshot were cleared away while it was being made.",
            hint="Publish again: what is missing is written anew.",
        )


NEVER_SHOWN = "access", "audit", "hold", "job", "report", "retention", "session", "snapshot"
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


def renew_snapshot(work: Work) -> None:
    """Publishes unless the newest snapshot shows all that there is.

    Before an act that stands on one, which then need not publish while it holds the writer.
    """
    if not _newest_that_stands(work):
        publish_snapshot(work)


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
def latest_snapshot(work: Work) -> Manifest:
    """The newest snapshot; NoSnapshot before the first."""
    return catalogue.latest(work)


@view("snapshot.read")
def screen(
    work: Work,
    bounds: Mapping[str, Bounds],
    *,
    order: str = "revenue",
    descending: bool = True,
    limit: int = 100,
    snapshot_id: SnapshotId | None = None,
) -> Screened:
    """The companies of the latest snapshot, or of that one, that lie within the bounds, ranked."""
    manifest = catalogue.snapshot(work, snapshot_id) if snapshot_id else catalogue.latest(work)
    return screened(_root(), manifest, bounds, order=order, descending=descending, limit=limit)
