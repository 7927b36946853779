"""The audit log: entries, and whether it holds."""

import json
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from app.api.callers import CallersWork
from app.api.paging import Cursor, Limit, seal, unseal
from app.api.requests import StrictRoute
from valor_core.values import from_micros
from valor_core.workbench import logbook

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
