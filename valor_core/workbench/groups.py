"""Which groups of the identity provider open which tenant, and in what role: operators decide."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Text, func, select, type_coerce

from valor_core.errors import BadInput, NotFound
from valor_core.store.tables import GroupRow, IdentityRow, TenantRow
from valor_core.store.work import Work
from valor_core.tenancy import tenants
from valor_core.tenancy.reasons import stated
from valor_core.values import PLATFORM, SHARED, Role, new_id
from valor_core.workbench.verb import verb, view

NAME_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A group, and what it opens to its people."""

    id: str
    group: str
    tenant: str
    label: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChange:
    """What a change of the map does to what a group opens, from each person's next sign-in on."""

    group: str
    tenant: str
    label: str
    before: Role | None  # None: it opens nothing there
    after: Role | None
    others: tuple[str, ...]  # groups that open the same tenant beside it
    people: int  # who came into that tenant by any group, at the last sign-in


@view("group.list")
def list_groups(work: Work) -> Sequence[Opened]:
    """What each group opens, by the names of groups."""
    rows = work.session.execute(
        select(GroupRow, TenantRow)
        .join(TenantRow, TenantRow.id == GroupRow.member_of)
        .order_by(GroupRow.name, TenantRow.slug)
        .limit(1000)
    ).all()
    return [_opened(group, tenant) for group, tenant in rows]


@view("group.list")
def foresee_mapping(work: Work, group: str, role: Role, *, tenant: str = "") -> GroupChange:
    """What would change, did the group open the tenant in that role."""
    name, into = _checked(work, group, role, tenant)
    return _change(work, name, into, role)


@view("group.list")
def foresee_unmapping(work: Work, group_id: str) -> GroupChange:
    """What would change, did the group open that tenant no more."""
    row = _mapped(work, group_id)
    return _change(work, row.name, work.session.get_one(TenantRow, row.member_of), None)


@verb("group.map")
def map_group(work: Work, group: str, role: Role, *, tenant: str = "", reason: str) -> GroupChange:
    """Open a tenant to the people of a group, in a role; to operators the installation itself.

    What the group opened there before is replaced.
    """
    why = stated(reason)
    name, into = _checked(work, group, role, tenant)
    told = _change(work, name, into, role)
    row = _row(work, name, into)
    if row is None:
        row = GroupRow(
            id=new_id(),
            name=name,
            member_of=into.id,
            role=role,
            created_at=work.now_micros,
            created_by=work.caller.actor,
        )
        work.add_all([row])
    row.role = role
    _note(work, into.id, told, why)
    return told


@verb("group.unmap")
def unmap_group(work: Work, group_id: str, *, reason: str) -> GroupChange:
    """The group opens that tenant no more, from each person's next sign-in on."""
    why, row = stated(reason), _mapped(work, group_id)
    told = _change(work, row.name, work.session.get_one(TenantRow, row.member_of), None)
    work.session.delete(row)
    _note(work, row.member_of, told, why)
    return told


def _checked(work: Work, group: str, role: Role, tenant: str) -> tuple[str, TenantRow]:
    """The group as it is kept and the tenant that it may open; a refusal otherwise."""
    _refuse_elsewhere(work)
    group = group.strip()
    if not 0 < len(group) <= NAME_MAX or not group.isprintable():
        raise BadInput(
            f"{group[:40]!r} cannot be a group.",
            hint=f"Write it as the identity provider does, in 1 to {NAME_MAX} characters.",
        )
    if (role is Role.OPERATOR) == bool(tenant):
        raise BadInput(
            "A group makes operators of the installation, or members of a tenant.",
            hint="Name a tenant for every role but operator, and none for operators.",
        )
    into = tenants.tenant_by_slug(work, tenant or PLATFORM)
    if into.id == SHARED:
        raise BadInput(
            "The shared book has no members: everybody reads it.", hint="Choose another tenant."
        )
    return group, into


def _mapped(work: Work, group_id: str) -> GroupRow:
    _refuse_elsewhere(work)
    row = work.session.get(GroupRow, (work.caller.tenant_id, group_id))
    if row is None:
        raise NotFound("group", group_id)
    return row


def _row(work: Work, group: str, into: TenantRow) -> GroupRow | None:
    same = (GroupRow.name == group, GroupRow.member_of == into.id)
    return work.session.scalars(select(GroupRow).where(*same)).one_or_none()


def _change(work: Work, group: str, into: TenantRow, after: Role | None) -> GroupChange:
    before = _row(work, group, into)
    beside = (GroupRow.member_of == into.id, GroupRow.name != group)
    others = work.session.scalars(select(GroupRow.name).where(*beside).order_by(GroupRow.name))
    came_in = type_coerce(IdentityRow.tenants, Text).contains(f'"{into.id}"', autoescape=True)
    return GroupChange(
        group=group,
        tenant=into.slug,
        label=into.label,
        before=Role(before.role) if before else None,
        after=after,
        others=tuple(others.all()),
        people=work.session.scalars(select(func.count(IdentityRow.user_id)).where(came_in)).one(),
    )


def _note(work: Work, into: str, told: GroupChange, why: str) -> None:
    work.note(
        f"tenant:{into}",
        group=told.group,
        role_before=str(told.before) if told.before else "none",
        role_after=str(told.after) if told.after else "none",
        reason=why,
    )


def _refuse_elsewhere(work: Work) -> None:
    assert work.caller.tenant_id == PLATFORM, "the map is the installation's own"


def _opened(row: GroupRow, into: TenantRow) -> Opened:
    return Opened(
        id=row.id, group=row.name, tenant=into.slug, label=into.label, role=Role(row.role)
    )
