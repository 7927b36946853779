"""The snapshots of a tenant: one row each, which makes them exist."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select, tuple_

from valor_core.errors import NotFound
from valor_core.snapshots.manifest import Manifest, read_manifest
from valor_core.store.tables import SnapshotRow
from valor_core.store.work import Work
from valor_core.values import SnapshotId, micros


class NoSnapshot(NotFound):
    """The tenant has not published any snapshot yet, or none of that id."""

    code = "no_snapshot"

    def __init__(self, snapshot_id: str = "latest") -> None:
        super().__init__("snapshot", snapshot_id[:64])
        self.hint = "Publish one: the button on the page Screen, or `valor snapshot publish`."


def keep(work: Work, made: Manifest) -> Manifest:
    """A cut made a snapshot by its row, behind the one that was cut before it."""
    moment = micros(made.cut_at)
    earlier = snapshots(work, limit=1, before=(moment, ""))
    manifest = replace(made, parent=earlier[0].id if earlier else None)
    row = SnapshotRow(
        id=manifest.id,
        manifest=manifest.text,
        facts_n=manifest.rows_of("facts"),
        valuations_n=manifest.rows_of("valuations"),
        created_at=moment,
        created_by=work.caller.actor,
    )
    work.add_all([row])
    return manifest


def snapshots(
    work: Work, *, limit: int = 50, before: tuple[int, str] | None = None
) -> Sequence[SnapshotRow]:
    """The newest first; `before` is (created_at, id)."""
    query = select(SnapshotRow).order_by(SnapshotRow.created_at.desc(), SnapshotRow.id.desc())
    if before:
        query = query.where(tuple_(SnapshotRow.created_at, SnapshotRow.id) < before)
    return work.session.scalars(query.limit(limit)).all()


def latest(work: Work) -> Manifest:
    """The manifest of the newest snapshot; NoSnapshot before the first."""
    rows = snapshots(work, limit=1)
    if not rows:
        raise NoSnapshot
    return read_manifest(rows[0].manifest, rows[0].id)


def snapshot(work: Work, snapshot_id: SnapshotId) -> Manifest:
    """The manifest of that snapshot; NoSnapshot otherwise."""
    row = work.session.get(SnapshotRow, (work.caller.tenant_id, snapshot_id))
    if row is None:
        raise NoSnapshot(snapshot_id)
    return read_manifest(row.manifest, row.id)


def named_files(work: Work) -> set[str]:
    """The files that the tenant's manifests name; SnapshotDamaged when one of them was changed."""
    rows = work.session.execute(select(SnapshotRow.id, SnapshotRow.manifest))
    return {file.path for row in rows for file in read_manifest(row.manifest, row.id).files}
