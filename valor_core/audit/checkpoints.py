"""Checkpoints of a tenant's log: made, kept in the database and in a file outside it, read back.

Only a copy outside finds a log that was put back whole to an older state, or written anew by
somebody who holds the key of the chain: no check within the database can.
"""

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from valor_core.audit.keys import public_keys, signing_keys
from valor_core.audit.log import locked_head
from valor_core.audit.merkle import root_of_frontier
from valor_core.audit.notes import Checkpoint, NoteRefused, opened, signed
from valor_core.settings import ROOT, home, setting
from valor_core.store.folders import private_folder
from valor_core.store.tables import AuditCheckpointRow, AuditHeadRow
from valor_core.store.work import StoreUnavailable, Work

MOST_ENTRIES = 1000
LONGEST = timedelta(hours=1)
TENANT = re.compile(r"[a-z0-9-]{1,80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """What checkpoints say of a log: the roots of its beginnings, and those that nobody signed."""

    roots: Mapping[int, frozenset[bytes]]
    refused: tuple[int, ...]  # sizes under which the database holds a note that is none of ours
    outside: int  # the greatest size that a note outside the database vouches for


def origin_of(tenant_id: str) -> str:
    """The name of a tenant's log in its checkpoints."""
    return f"valor-ivx/audit/{tenant_id}"


def is_due(work: Work) -> bool:
    """Whether the log has grown by much, or has grown at all and an hour has passed."""
    head = work.session.get(AuditHeadRow, work.caller.tenant_id)
    last = work.session.scalars(_newest().limit(1)).one_or_none()
    grown = head.size - (last.size if last else 0) if head else 0
    waited = last is None or work.now_micros - last.created_at >= _micros(LONGEST)
    return grown >= MOST_ENTRIES or (grown > 0 and waited)


def seal(work: Work) -> Checkpoint | None:
    """Signs how the log stands; None where that was done before.

    The file comes first: what it vouches for was committed before this work began, so that it is
    true even if this work is not kept.
    """
    head, tenant = locked_head(work), work.caller.tenant_id
    if work.session.get(AuditCheckpointRow, (tenant, head.size)):
        return None
    checkpoint = Checkpoint(head.size, root_of_frontier(head.frontier))
    note = signed(origin_of(tenant), checkpoint, signing_keys()[-1])
    _keep_outside(tenant, note)
    work.add_all([AuditCheckpointRow(size=head.size, note=note, created_at=work.now_micros)])
    return checkpoint


def newest_note(work: Work) -> str:
    """The newest checkpoint of the log, as it was signed; empty where there is none yet."""
    row = work.session.scalars(_newest().limit(1)).one_or_none()
    return row.note if row else ""


def all_notes(work: Work) -> list[str]:
    """The log's checkpoints in the database and outside it, the smallest first."""
    rows = work.session.scalars(select(AuditCheckpointRow).order_by(AuditCheckpointRow.size))
    kept = [row.note for row in rows]
    return kept + sorted({*_outside(work.caller.tenant_id)} - {*kept})


def vouched(work: Work) -> Vouched:
    """What the checkpoints in the database and outside it say of the caller's tenant's log."""
    tenant = work.caller.tenant_id
    rows = work.session.scalars(select(AuditCheckpointRow).order_by(AuditCheckpointRow.size))
    kept, outside = {row.size: row.note for row in rows}, set(_outside(tenant))
    points = {note: opened_or_none(note, tenant) for note in {*kept.values(), *outside}}
    roots: defaultdict[int, set[bytes]] = defaultdict(set)
    for point in points.values():
        if point:
            roots[point.size].add(point.root)
    sizes = {note: point.size for note, point in points.items() if point}
    return Vouched(
        roots={size: frozenset(found) for size, found in roots.items()},
        refused=tuple(size for size, note in kept.items() if sizes.get(note) != size),
        outside=max((sizes.get(note, 0) for note in outside), default=0),
    )


def opened_or_none(note: str, tenant_id: str) -> Checkpoint | None:
    """What the note vouches for; None where it is none of ours of this tenant's log."""
    try:
        return opened(note, origin_of(tenant_id), public_keys())
    except NoteRefused:
        return None


def _newest() -> Any:
    return select(AuditCheckpointRow).order_by(AuditCheckpointRow.size.desc())


def _micros(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


def _file(tenant_id: str) -> Path:
    """An id that was edited into the database leads to no other file than one of ours."""
    assert TENANT.fullmatch(tenant_id), "no tenant has such an id"
    given = setting("VALOR_CHECKPOINTS")
    return (ROOT / given if given else home() / "checkpoints") / f"{tenant_id}.jsonl"


def _keep_outside(tenant_id: str, note: str) -> None:
    """One line in one write at the end of the file, on the disk before it counts.

    A line that a full disk cut short is ended first: what is glued to it would be lost as well.
    """
    file = _file(tenant_id)
    private_folder(file.parent)
    handle = os.open(file, os.O_CREAT | os.O_APPEND | os.O_RDWR, 0o600)
    try:
        size = os.fstat(handle).st_size
        begin = b"\n" if size and os.pread(handle, 1, size - 1) != b"\n" else b""
        line = begin + json.dumps({"note": note}).encode() + b"\n"
        if os.write(handle, line) < len(line):
            raise StoreUnavailable
        os.fsync(handle)
    except OSError as error:
        raise StoreUnavailable from error
    finally:
        os.close(handle)


def _outside(tenant_id: str) -> Iterable[str]:
    """The notes of the file; a line that a failing disk cut short is passed over."""
    if not TENANT.fullmatch(tenant_id):
        return
    file = _file(tenant_id)
    lines = file.read_bytes().splitlines() if file.exists() else []
    for line in lines:
        try:
            yield str(json.loads(line)["note"])
        except (ValueError, KeyError, TypeError):
            continue
