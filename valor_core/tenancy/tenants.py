"""Tenants and their members."""

import itertools
import re
from collections.abc import Sequence

from sqlalchemy import select

from valor_core.errors import BadInput, Conflict, NotFound
from valor_core.store.tables import MembershipRow, TenantRow, UserRow
from valor_core.store.work import Work
from valor_core.values import PLATFORM, Role, TenantId, new_id

SLUG = re.compile(r"[a-z][a-z0-9-]{1,30}[a-z0-9]")


class BadSlug(BadInput):
    """A tenant's short name that cannot stand in a path or a key."""

    code = "bad_slug"

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"{slug[:40]!r} cannot be a tenant's short name.",
            hint="Use 3 to 32 of a-z, 0-9 and -, a letter first: acme-partners.",
        )


class Taken(Conflict):
    """The name is in use."""

    code = "taken"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"There is a {kind} {name!r} already.", hint="Choose another name.")


def tenants(work: Work) -> Sequence[TenantRow]:
    """All tenants, by their short names."""
    return work.session.scalars(select(TenantRow).order_by(TenantRow.slug)).all()


def no_tenant(slug: str) -> NotFound:
    """The refusal of a short name that no tenant has."""
    return NotFound("tenant", slug, hint="`valor tenants list` shows those that there are.")


def tenant_by_slug(work: Work, slug: str) -> TenantRow:
    """The tenant of that short name; NotFound otherwise."""
    row = work.session.scalars(select(TenantRow).where(TenantRow.slug == slug)).one_or_none()
    if row is None:
        raise no_tenant(slug)
    return row


def add_tenant(work: Work, slug: str, *, label: str, tenant_id: TenantId) -> TenantRow:
    """Keeps a new tenant; its id is the one of the work that makes it, so that its log begins."""
    if not SLUG.fullmatch(slug):
        raise BadSlug(slug)
    if work.session.scalars(select(TenantRow).where(TenantRow.slug == slug)).one_or_none():
        raise Taken("tenant", slug)
    row = TenantRow(
        id=tenant_id, slug=slug, label=label or slug, status="active", created_at=work.now_micros
    )
    work.session.add(row)
    return row


def members(work: Work) -> Sequence[MembershipRow]:
    """The members of the caller's tenant, by name."""
    return work.session.scalars(
        select(MembershipRow).order_by(MembershipRow.name).limit(1000)
    ).all()


def member_by_name(work: Work, name: str) -> MembershipRow:
    """The member of that name; NotFound otherwise."""
    row = work.session.scalars(
        select(MembershipRow).where(MembershipRow.name == name)
    ).one_or_none()
    if row is None:
        raise NotFound("member", name)
    return row


def free_name(work: Work, wanted: str) -> str:
    """A member's name that nobody in the tenant has: the wanted one, or with a number after it."""
    wanted = "".join(sign for sign in wanted if sign.isprintable()).strip()[:90] or "a member"
    taken = {row.name for row in members(work)}
    tried = (wanted if n == 1 else f"{wanted} ({n})" for n in itertools.count(1))
    return next(name for name in tried if name not in taken)


def add_member(work: Work, name: str, role: Role) -> MembershipRow:
    """Keeps a new person as a member of the caller's tenant."""
    name = name.strip()
    if not 0 < len(name) <= 100 or not name.isprintable():
        raise BadInput(
            f"{name[:40]!r} cannot be a member's name.", hint="Use 1 to 100 printable characters."
        )
    if (role is Role.OPERATOR) != (work.caller.tenant_id == PLATFORM):
        raise BadInput(
            "An operator is no member of a tenant, and the installation has no other members.",
            hint="Choose compliance, viewer, analyst or admin in a tenant; operator in `platform`.",
        )
    if work.session.scalars(select(MembershipRow).where(MembershipRow.name == name)).one_or_none():
        raise Taken("member", name)
    user = UserRow(id=new_id(), created_at=work.now_micros)
    work.session.add(user)
    work.session.flush()
    row = MembershipRow(user_id=user.id, role=role, name=name, created_at=work.now_micros)
    work.add_all([row])
    return row


def one_at_a_time(work: Work) -> None:
    """Changes of a tenant's members and keys follow one another, so that each sees the last."""
    query = select(TenantRow.id).where(TenantRow.id == work.caller.tenant_id)
    work.session.execute(query.with_for_update(key_share=True))
