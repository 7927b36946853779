"""Members of the tenant, for those who administer it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.callers import CallersWork, MakesOnce
from app.api.requests import StrictRoute
from valor_core.tenancy.members import Consequences
from valor_core.tenancy.reasons import REASON_MAX
from valor_core.values import Role, from_micros
from valor_core.workbench import members, people
from valor_core.workbench.members import MembershipRow
from valor_core.workbench.verb import allowed

router = APIRouter(prefix="/admin/members", tags=["members"], route_class=StrictRoute)
DryRun = Annotated[bool, Query(description="Tells what would follow; nothing does.")]
Why = Annotated[str, Query(alias="reason", max_length=REASON_MAX, description="Kept in the log.")]


class MemberView(BaseModel):
    """A person in the tenant."""

    user_id: str
    name: str
    role: Role
    suspended: bool
    waits_as_officer: bool = Field(description="Proposed as compliance officer, not confirmed.")
    since: datetime

    @classmethod
    def of(cls, row: MembershipRow) -> "MemberView":
        """The row as clients see it."""
        return cls(
            user_id=row.user_id,
            name=row.name,
            role=Role(row.role),
            suspended=row.suspended_at is not None,
            waits_as_officer=row.nominated_by is not None,
            since=from_micros(row.created_at),
        )


class MembersView(BaseModel):
    """The members by name."""

    members: list[MemberView]


class NewMemberBody(BaseModel):
    """Who is to be taken in."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=100)
    role: Role


class RoleBody(BaseModel):
    """The role that a member is to have, and why."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    reason: str = Field(max_length=REASON_MAX)


class ReasonBody(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=REASON_MAX)


class ConsequencesView(BaseModel):
    """What a change does to a member; `made` is false where it was only asked what it would do."""

    made: bool
    name: str
    role_before: Role
    role_after: Role | None = Field(description="null: the member may not come in.")
    loses: list[str]
    gains: list[str]
    sessions_ended: int
    keys_stopped: int
    waits: bool = Field(description="An officer or the operator has to agree first.")

    @classmethod
    def of(cls, told: Consequences, *, made: bool) -> "ConsequencesView":
        """The consequences as clients see them."""
        return cls(
            made=made,
            name=told.name,
            role_before=told.role_before,
            role_after=told.role_after,
            loses=list(told.loses),
            gains=list(told.gains),
            sessions_ended=told.sessions_ended,
            keys_stopped=told.keys_stopped,
            waits=told.waits,
        )


@router.get("")
def list_members(work: CallersWork) -> MembersView:
    """The members of the tenant."""
    return MembersView(members=[MemberView.of(row) for row in people.list_members(work)])


@router.post("", status_code=201, response_model=MemberView)
def add_member(work: CallersWork, once: MakesOnce, body: NewMemberBody) -> Response:
    """Take a person in."""
    allowed(work, "member.add")
    return once.do(lambda: MemberView.of(people.add_member(work, body.name, body.role)))


@router.put("/{user_id}/role")
def change_role(
    work: CallersWork, user_id: str, body: RoleBody, dry_run: DryRun = False
) -> ConsequencesView:
    """Give a member another role; the sign-ins end."""
    allowed(work, "member.change_role")
    if dry_run:
        return ConsequencesView.of(members.foresee(work, user_id, body.role), made=False)
    told = members.change_role(work, user_id, body.role, reason=body.reason)
    return ConsequencesView.of(told, made=True)


@router.post("/{user_id}/suspend")
def suspend_member(
    work: CallersWork, user_id: str, body: ReasonBody, dry_run: DryRun = False
) -> ConsequencesView:
    """Keep a member out: the sign-ins end, the keys sleep."""
    allowed(work, "member.suspend")
    if dry_run:
        return ConsequencesView.of(members.foresee(work, user_id, None), made=False)
    told = members.suspend_member(work, user_id, reason=body.reason)
    return ConsequencesView.of(told, made=True)


@router.post("/{user_id}/resume")
def resume_member(work: CallersWork, user_id: str, body: ReasonBody) -> MemberView:
    """Let a suspended member in again."""
    return MemberView.of(members.resume_member(work, user_id, reason=body.reason))


@router.post("/{user_id}/confirm")
def confirm_officer(work: CallersWork, user_id: str) -> MemberView:
    """Agree that a proposed member becomes a compliance officer."""
    return MemberView.of(members.confirm_officer(work, user_id))


@router.delete("/{user_id}")
def remove_member(
    work: CallersWork,
    user_id: str,
    reason: Why = "",
    dry_run: DryRun = False,
) -> ConsequencesView:
    """End a membership: the sign-ins and the keys end."""
    allowed(work, "member.remove")
    if dry_run:
        return ConsequencesView.of(members.foresee(work, user_id, None), made=False)
    told = members.remove_member(work, user_id, reason=reason)
    return ConsequencesView.of(told, made=True)
