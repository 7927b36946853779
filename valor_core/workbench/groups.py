"""Which groups of the identity provider open which tenant, and in what role: operators decide."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from valor_core.errors import BadInput, NotFound
from valor_core.store.tables import GroupRow, TenantRow
from valor_core.store.work import Work
from valor_core.tenancy import tenants
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


@verb("group.map")
def map_group(work: Work, group: str, role: Role, *, tenant: str = "") -> Opened:
    """Open a tenant to the people of a group, in a role; to operators the installation itself.

    What the group opened there before is replaced.
    """
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
    same = (GroupRow.name == group, GroupRow.member_of == into.id)
    row = work.session.scalars(select(GroupRow).where(*same)).one_or_none()
    if row is None:
        row = GroupRow(
            id=new_id(),
            name=group,
            member_of=into.id,
            role=role,
            created_at=work.now_micros,
            created_by=work.caller.actor,
        )
        work.add_all([row])
    row.role = role
    work.note(f"tenant:{into.id}", group=group, role=str(role))
    return _opened(row, into)


@verb("group.unmap")
def unmap_group(work: Work, group_id: str) -> None:
    """The group opens that tenant no more, from each person's next sign-in on."""
    _refuse_elsewhere(work)
    row = work.session.get(GroupRow, (work.caller.tenant_id, group_id))
    if row is None:
        raise NotFound("group", group_id)
    work.session.delete(row)
    work.note(f"tenant:{row.member_of}", group=row.name, role=row.role)


def _refuse_elsewhere(work: Work) -> None:
    assert work.caller.tenant_id == PLATFORM, "the map is the installation's own"


def _opened(row: GroupRow, into: TenantRow) -> Opened:
    return Opened(
        id=row.id, group=row.name, tenant=into.slug, label=into.label, role=Role(row.role)
    )
