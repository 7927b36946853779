"""API keys: made and shown once, rotated, revoked."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from app.api.callers import CallersWork
from app.api.members import DryRun, Why
from app.api.requests import StrictRoute
from valor_core.tenancy import api_keys
from valor_core.values import Role, Scope, from_micros
from valor_core.workbench import people
from valor_core.workbench.people import ApiKeyRow
from valor_core.workbench.verb import allowed

router = APIRouter(prefix="/keys", tags=["keys"], route_class=StrictRoute)


class KeyView(BaseModel):
    """A key, but for its secret."""

    id: str
    name: str
    owner: str | None = Field(description="The member's id; null for a key of the tenant.")
    role: Role | None = Field(description="Of a key of the tenant; a member's has the member's.")
    scopes: list[Scope]
    state: api_keys.KeyState
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = Field(description="The last use, to the minute.")
    why_revoked: str | None = Field(
        description="In the list, of a key that was itself revoked; null where its owner left, or "
        "where the details of the log were purged."
    )

    @classmethod
    def of(cls, row: ApiKeyRow, now: int, why_revoked: str | None = None) -> "KeyView":
        """The row as clients see it."""
        return cls(
            id=row.id,
            name=row.label,
            owner=row.owner,
            role=Role(row.role) if row.role else None,
            scopes=[Scope(scope) for scope in row.scopes],
            state=api_keys.state(row, now),
            created_at=from_micros(row.created_at),
            expires_at=from_micros(row.expires_at),
            used_at=None if row.used_at is None else from_micros(row.used_at),
            why_revoked=why_revoked,
        )


class KeysView(BaseModel):
    """The caller's keys, or all of the tenant, the newest first."""

    keys: list[KeyView]


class NewKeyView(BaseModel):
    """A key that was just made."""

    key: str = Field(description="Shown this once: it is not kept.")
    made: KeyView


class KeyEndView(BaseModel):
    """A key that is refused from now on; `made` is false where it was only asked what would be."""

    made: bool
    key: KeyView
    worked: bool = Field(description="Whether it still worked before.")
    others: int = Field(description="Keys of the same owner and name that go on working.")


class KeyBody(BaseModel):
    """What a key is for."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=100, description="What it is for.")
    scopes: list[Scope] = Field(max_length=len(Scope))
    days: int = Field(default=api_keys.DAYS_DEFAULT, ge=1, le=api_keys.DAYS_MAX)
    role: Role | None = Field(
        default=None, description="Makes a key of the tenant in that role, for administrators."
    )


@router.get("")
def list_keys(work: CallersWork) -> KeysView:
    """The caller's keys; an administrator sees all of the tenant."""
    rows, why = people.list_keys(work), people.why_revoked(work)
    return KeysView(keys=[KeyView.of(row, work.now_micros, why.get(row.id)) for row in rows])


@router.post("", status_code=201)
def add_key(work: CallersWork, body: KeyBody) -> NewKeyView:
    """Make a key. The answer shows it once, so no Idempotency-Key repeats it."""
    if body.role is None:
        row, key = people.add_own_key(work, body.name, body.scopes, days=body.days)
    else:
        row, key = people.add_key(work, body.name, body.role, scopes=body.scopes, days=body.days)
    return NewKeyView(key=key, made=KeyView.of(row, work.now_micros))


@router.post("/{key_id}/rotate", status_code=201)
def rotate_key(
    work: CallersWork,
    key_id: str,
    overlap_days: Annotated[
        int, Query(ge=0, le=api_keys.OVERLAP_DAYS_MAX, description="How long both work.")
    ] = api_keys.OVERLAP_DAYS_DEFAULT,
) -> NewKeyView:
    """Make a key in place of one of yours; the answer shows it once."""
    row, key = people.rotate_key(work, key_id, overlap_days=overlap_days)
    return NewKeyView(key=key, made=KeyView.of(row, work.now_micros))


@router.delete("/{key_id}")
def revoke_key(
    work: CallersWork, key_id: str, reason: Why = "", dry_run: DryRun = False
) -> KeyEndView:
    """Refuse a key from now on."""
    allowed(work, "key.revoke")
    if dry_run:
        told = people.foresee_revocation(work, key_id)
    else:
        told = people.revoke_key(work, key_id, reason=reason)
    key = KeyView.of(told.key, work.now_micros)
    return KeyEndView(made=not dry_run, key=key, worked=told.worked, others=told.others)
