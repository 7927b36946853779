"""The audit log: entries, whether it holds, and what proves it to an outsider."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from app.api.callers import CallersWork, signed_in
from app.api.paging import Cursor, Limit, seal, unseal
from app.api.requests import StrictRoute
from valor_core.values import Caller, from_micros
from valor_core.workbench import logbook, proving
from valor_core.workbench.verb import the_store

router = APIRouter(prefix="/audit", tags=["audit"], route_class=StrictRoute)


class EntryView(BaseModel):
    """One entry, as it was logged."""

    seq: int
    at: datetime
    category: str
    action: str
    actor: str
    target: str
    request_id: str
    details: Any
    mac: str


class EntriesPage(BaseModel):
    """Entries, newest first."""

    entries: list[EntryView]
    next: str


class FindingView(BaseModel):
    """What does not hold, and where."""

    seq: int
    kind: str
    meaning: str


class VerdictView(BaseModel):
    """Whether the log holds."""

    holds: bool
    size: int
    head: str
    sealed: int
    findings: list[FindingView]


class CheckpointView(BaseModel):
    """A signed note (C2SP) that vouches for the first entries of the log, and who checks it."""

    size: int
    note: str
    keys: list[str]


class ProofView(BaseModel):
    """An entry and the hashes that lead from its leaf to the root in the checkpoint (RFC 6962)."""

    entry: dict[str, Any]
    index: int
    size: int
    hashes: list[str]
    checkpoint: str


class GrowthView(BaseModel):
    """The hashes that show the log of `old` entries to be the beginning of that of `new`."""

    old: int
    new: int
    hashes: list[str]


@router.get("")
def list_entries(work: CallersWork, limit: Limit = 50, cursor: Cursor = "") -> EntriesPage:
    """The entries of the tenant's log, newest first."""
    place = unseal(work.caller, "audit", cursor)
    rows = logbook.read_log(work, before=place[0] if place else None, limit=limit)
    more = len(rows) == limit and rows[-1].seq > 1
    return EntriesPage(
        entries=[
            EntryView(
                seq=row.seq,
                at=from_micros(row.ts),
                category=row.category,
                action=row.action,
                actor=row.actor,
                target=row.target,
                request_id=row.request_id,
                details=json.loads(row.payload) if row.payload else None,
                mac=row.mac.hex(),
            )
            for row in rows
        ],
        next=seal(work.caller, "audit", [rows[-1].seq]) if more else "",
    )


@router.get("/verify")
def verify(work: CallersWork) -> VerdictView:
    """Checks the whole log; the first finding is the first bad entry."""
    verdict = logbook.verify_log(work)
    return VerdictView(
        holds=verdict.holds,
        size=verdict.size,
        head=verdict.head,
        sealed=verdict.sealed,
        findings=[FindingView(seq=f.seq, kind=f.kind, meaning=str(f)) for f in verdict.findings],
    )


@router.get("/checkpoint")
def read_checkpoint(work: CallersWork) -> CheckpointView:
    """The newest checkpoint; its size is 0 where the log has none yet."""
    signed = proving.read_checkpoint(work)
    return CheckpointView(size=signed.size, note=signed.note, keys=list(signed.keys))


@router.get("/entries/{seq}/proof")
def prove_entry(work: CallersWork, seq: int) -> ProofView:
    """That an entry stands in the log, by the newest checkpoint."""
    return ProofView(**proving.prove_entry(work, seq).as_dict())


@router.get("/growth")
def prove_growth(work: CallersWork, old: int = 1, new: int | None = None) -> GrowthView:
    """That the log has only grown from `old` to `new` entries; `new` is the last if not given."""
    until = logbook.size(work) if new is None else new
    hashes = proving.prove_growth(work, old, until)
    return GrowthView(old=old, new=until, hashes=[step.hex() for step in hashes])


@router.post("/export", response_class=StreamingResponse)
def export_log(caller: Annotated[Caller, Depends(signed_in)]) -> StreamingResponse:
    """The whole log as a .zip with proofs, keys and a verifier that needs only Python."""
    with proving.exported(the_store(), caller) as whole:
        chunks = _read(whole)
        next(chunks)  # opened while it is there; what is open outlives its name
    return StreamingResponse(
        chunks,
        media_type="application/zip",
        headers={"content-disposition": 'attachment; filename="audit.zip"'},
    )


def _read(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        yield b""
        while chunk := stream.read(1 << 16):
            yield chunk
