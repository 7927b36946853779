"""An operator's leave to read the tenant: what was asked for, given and ended."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.api.callers import CallersWork
from app.api.members import DryRun, ReasonBody
from app.api.requests import StrictRoute
from app.api.tenants import TenantsWork
from valor_core.store.work import Work
from valor_core.tenancy import grants as tenancy
from valor_core.tenancy.reasons import REASON_MAX
from valor_core.values import from_micros, micros, utc_now
from valor_core.workbench import grants
from valor_core.workbench.grants import AccessChange, AccessGrantRow
from valor_core.workbench.verb import allowed

# ruff: noqa: FAST003  the tenant of a path is read by the unit of work
router = APIRouter(prefix="/admin", tags=["access"], route_class=StrictRoute)


class GrantView(BaseModel):
    """An access that an operator asked for, and how it stands."""

    id: str
    state: tenancy.GrantState
    reason: str
    hours: int
    asked_by: str
    asked_at: datetime
    given_by: str | None = Field(description="The operator, where it was an emergency.")
    ends_at: datetime | None

    @classmethod
    def of(cls, row: AccessGrantRow) -> "GrantView":
        """The row as clients see it."""
        return cls(
            id=row.id,
            state=tenancy.state(row, micros(utc_now())),
            reason=row.reason,
            hours=row.hours,
            asked_by=row.asked_by,
            asked_at=from_micros(row.asked_at),
            given_by=row.given_by,
            ends_at=tenancy.ends_at(row),
        )


class GrantChangeView(BaseModel):
    """What letting an operator in, or the end of it, does."""

    made: bool = Field(description="false: it was only asked what would follow.")
    id: str
    before: tenancy.GrantState
    after: tenancy.GrantState
    ends_at: datetime | None = Field(description="When it ends by itself; null: nobody is let in.")
    sessions_ended: int

    @classmethod
    def of(cls, told: AccessChange, *, made: bool) -> "GrantChangeView":
        """The change as clients see it."""
        return cls(
            made=made,
            id=told.grant.id,
            before=told.before,
            after=told.after,
            ends_at=told.ends_at,
            sessions_ended=told.sessions_ended,
        )


class GrantsView(BaseModel):
    """Every access, the newest first."""

    grants: list[GrantView]


class AskBody(BaseModel):
    """Why an operator has to read the tenant, and for how long."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=REASON_MAX)
    hours: int = Field(default=tenancy.HOURS_DEFAULT, ge=1, le=tenancy.HOURS_MAX)
    emergency: bool = Field(
        default=False, description="Without leave: the tenant is shown it at once."
    )


class OpenView(BaseModel):
    """What opens the tenant to its visitor, once; /login#token= takes it."""

    token: str


@router.get("/access")
def list_grants(work: CallersWork) -> GrantsView:
    """The accesses that operators asked for."""
    return GrantsView(grants=[GrantView.of(row) for row in grants.list_grants(work)])


@router.post("/access/{grant_id}/give")
def give_access(
    work: CallersWork, grant_id: str, body: ReasonBody, dry_run: DryRun = False
) -> GrantChangeView:
    """Let the operator who asked read the tenant."""
    allowed(work, "grant.give")
    if dry_run:
        told = grants.foresee_giving(work, grant_id)
    else:
        told = grants.give_access(work, grant_id, reason=body.reason)
    return GrantChangeView.of(told, made=not dry_run)


@router.post("/access/{grant_id}/end")
def end_access(
    work: CallersWork, grant_id: str, body: ReasonBody, dry_run: DryRun = False
) -> GrantChangeView:
    """Refuse what was asked for, or end what was given."""
    return _ended(work, grant_id, body.reason, dry_run=dry_run)


def _ended(work: Work, grant_id: str, reason: str, *, dry_run: bool) -> GrantChangeView:
    allowed(work, "grant.end")
    if dry_run:
        told = grants.foresee_end(work, grant_id)
    else:
        told = grants.end_access(work, grant_id, reason=reason)
    return GrantChangeView.of(told, made=not dry_run)


@router.get("/tenants/{tenant}/access")
def list_grants_of(work: TenantsWork) -> GrantsView:
    """The accesses to a tenant that operators asked for."""
    return GrantsView(grants=[GrantView.of(row) for row in grants.list_grants(work)])


@router.post("/tenants/{tenant}/access", status_code=201)
def ask_access(work: TenantsWork, body: AskBody) -> GrantView:
    """Ask an administrator of a tenant for leave to read it; or take it, in an emergency."""
    act = grants.break_glass if body.emergency else grants.ask_access
    return GrantView.of(act(work, reason=body.reason, hours=body.hours))


@router.post("/tenants/{tenant}/access/{grant_id}/open")
def open_access(work: TenantsWork, grant_id: str) -> OpenView:
    """A token that opens the tenant to the operator who was given access, once."""
    return OpenView(token=grants.open_access(work, grant_id))


@router.post("/tenants/{tenant}/access/{grant_id}/end")
def end_access_to(
    work: TenantsWork, grant_id: str, body: ReasonBody, dry_run: DryRun = False
) -> GrantChangeView:
    """End an access of the operator's own."""
    return _ended(work, grant_id, body.reason, dry_run=dry_run)
