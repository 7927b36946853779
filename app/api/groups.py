"""Which groups of the identity provider open which tenant, and in what role."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.api.callers import CallersWork
from app.api.members import DryRun, Why
from app.api.requests import StrictRoute
from valor_core.tenancy.reasons import REASON_MAX
from valor_core.values import Role
from valor_core.workbench import groups
from valor_core.workbench.groups import NAME_MAX, GroupChange, Opened
from valor_core.workbench.verb import allowed

router = APIRouter(prefix="/admin/groups", tags=["groups"], route_class=StrictRoute)


class GroupView(BaseModel):
    """A group, and what it opens to its people."""

    id: str
    group: str
    tenant: str
    label: str
    role: Role

    @classmethod
    def of(cls, told: Opened) -> "GroupView":
        """The group as clients see it."""
        return cls.model_validate(told, from_attributes=True)


class GroupsView(BaseModel):
    """What each group opens."""

    groups: list[GroupView]


class GroupBody(BaseModel):
    """A group, the tenant that it opens, and the role there."""

    model_config = ConfigDict(extra="forbid")

    group: str = Field(max_length=NAME_MAX)
    tenant: str = Field("", max_length=40, description="Its short name; none for operators.")
    role: Role
    reason: str = Field(max_length=REASON_MAX)


class GroupChangeView(BaseModel):
    """What a change does to what a group opens, from each person's next sign-in on."""

    made: bool = Field(description="false: it was only asked what would change.")
    group: str
    tenant: str
    before: Role | None = Field(description="null: it opens nothing there.")
    after: Role | None
    others: list[str] = Field(description="Groups that open the same tenant beside it.")
    people: int = Field(description="Who came into that tenant by any group.")

    @classmethod
    def of(cls, told: GroupChange, *, made: bool) -> "GroupChangeView":
        """The change as clients see it."""
        return cls(
            made=made,
            group=told.group,
            tenant=told.tenant,
            before=told.before,
            after=told.after,
            others=list(told.others),
            people=told.people,
        )


@router.get("")
def list_groups(work: CallersWork) -> GroupsView:
    """What each group opens."""
    return GroupsView(groups=[GroupView.of(each) for each in groups.list_groups(work)])


@router.put("")
def map_group(work: CallersWork, body: GroupBody, dry_run: DryRun = False) -> GroupChangeView:
    """Open a tenant to the people of a group, in a role."""
    allowed(work, "group.map")
    if dry_run:
        told = groups.foresee_mapping(work, body.group, body.role, tenant=body.tenant)
    else:
        told = groups.map_group(work, body.group, body.role, tenant=body.tenant, reason=body.reason)
    return GroupChangeView.of(told, made=not dry_run)


@router.delete("/{group_id}")
def unmap_group(
    work: CallersWork, group_id: str, reason: Why = "", dry_run: DryRun = False
) -> GroupChangeView:
    """The group opens that tenant no more."""
    allowed(work, "group.unmap")
    if dry_run:
        told = groups.foresee_unmapping(work, group_id)
    else:
        told = groups.unmap_group(work, group_id, reason=reason)
    return GroupChangeView.of(told, made=not dry_run)
