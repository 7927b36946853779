"""Which groups of the identity provider open which tenant, and in what role."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.api.callers import CallersWork
from app.api.requests import StrictRoute
from valor_core.values import Role
from valor_core.workbench import groups
from valor_core.workbench.groups import NAME_MAX, Opened

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


@router.get("")
def list_groups(work: CallersWork) -> GroupsView:
    """What each group opens."""
    return GroupsView(groups=[GroupView.of(each) for each in groups.list_groups(work)])


@router.put("")
def map_group(work: CallersWork, body: GroupBody) -> GroupView:
    """Open a tenant to the people of a group, in a role."""
    told = groups.map_group(work, body.group, body.role, tenant=body.tenant)
    return GroupView.of(told)


@router.delete("/{group_id}", status_code=204)
def unmap_group(work: CallersWork, group_id: str) -> None:
    """The group opens that tenant no more."""
    groups.unmap_group(work, group_id)
