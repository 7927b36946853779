"""The snapshots of a tenant: one row each, which makes them exist."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, tuple_

from valor_core.errors import NotFound
from valor_core.snapshots.manifest import Manifest, read_manifest
from valor_core.store.tables import SnapshotRow
from valor_core.store.work import Work
from valor_core.values import micros

BEGIN = re.compile(r"[0-9a-f]{8,63}")  # of an id, as people see it


class NoSnapshot(NotFound):
    """The tenant has not published any snapshot yet, or none of that id."""

    code = "no_snapshot"

    def __init__(self, snapshot_id: str = "latest") -> None:
        super().__init__("snapshot", snapshot_id[:64])
        self.hint = "Publish one on the page Snapshots, or by `valor snapshot publish`."


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


def snapshot(work: Work, snapshot_id: str) -> Manifest:
    """The manifest of that snapshot, or of the one whose id begins so; NoSnapshot otherwise."""
    named = SnapshotRow.id == snapshot_id
    if BEGIN.fullmatch(snapshot_id):
        named = SnapshotRow.id.startswith(snapshot_id)
    rows = work.session.scalars(select(SnapshotRow).where(named).limit(2)).all()
    if len(rows) != 1:
        raise NoSnapshot(snapshot_id)
    return read_manifest(rows[0].manifest, rows[0].id)


def before(work: Work, manifest: Manifest) -> Manifest | None:
    """The snapshot cut before that one, if there is one that can be read."""
    for row in snapshots(work, limit=1, before=(micros(manifest.cut_at), manifest.id)):
        return read_manifest(row.manifest, row.id)
    return None


def as_of(work: Work, moment: datetime | None, *, limit: int) -> Sequence[SnapshotRow]:
    """The newest snapshots cut by that moment, or by now."""
    return snapshots(work, limit=limit, before=(micros(moment) + 1, "") if moment else None)


def expire(work: Work, *, cut_before: int, kept: Iterable[str]) -> list[SnapshotRow]:
    """Drops snapshots cut before a moment, but for the newest and for those to be kept."""
    newest = [row.id for row in snapshots(work, limit=1)]
    doomed = work.session.scalars(
        select(SnapshotRow).where(
            SnapshotRow.created_at < cut_before, SnapshotRow.id.not_in({*newest, *kept})
        )
    ).all()
    for row in doomed:
        work.session.delete(row)
    work.session.flush()
    return list(doomed)


def named_files(work: Work) -> set[str]:
    """The files that the tenant's manifests name; SnapshotDamaged when one of them was changed."""
    rows = work.session.execute(select(SnapshotRow.id, SnapshotRow.manifest))
    return {file.path for row in rows for file in read_manifest(row.manifest, row.id).files}
