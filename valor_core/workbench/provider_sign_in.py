"""Whom the identity provider vouches for becomes a member of the tenants that the groups open.

Roles follow the groups at each sign-in. A person is known by issuer and subject, never by name or
e-mail. All of it is one transaction over the installation's own tenant and those of the person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from valor_core import telemetry
from valor_core.audit import log as audit
from valor_core.errors import ValorError
from valor_core.store.engines import Store
from valor_core.store.tables import GroupRow, IdentityRow, MembershipRow, TenantRow, UserRow
from valor_core.store.work import Work, unit_of_work
from valor_core.tenancy import sign_in, tenants
from valor_core.tenancy.sign_in import Method, stranger
from valor_core.values import PLATFORM, Caller, Role, TenantId, new_id
from valor_core.workbench.signing_in import tell_refusals

STRONGEST_FIRST = (Role.OPERATOR, Role.ADMIN, Role.COMPLIANCE, Role.ANALYST, Role.VIEWER)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidersPerson:
    """Whom the identity provider vouches for."""

    issuer: str
    subject: str
    name: str
    groups: frozenset[str]
    sid: str = ""  # how the provider calls this sign-in


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedOut:
    """Whose sign-ins the provider has ended: a person's, or one by the provider's name of it."""

    issuer: str
    subject: str
    sid: str
    at: int  # seconds since 1970


@dataclass(frozen=True, slots=True, kw_only=True)
class WayIn:
    """A tenant that the person may enter, and the token that does it."""

    label: str
    role: Role
    token: str = field(repr=False)


class NoGroup(ValorError):
    """The provider knows the person, and no group of the person's opens anything here."""

    code, status = "no_group", 403

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name or 'You'}, you are known to the identity provider, but none of your groups "
            "opens anything here.",
            hint="Ask an operator of this installation to let one of your groups in.",
        )


class AccessSuspended(ValorError):
    """The groups open a tenant, and somebody there has suspended the membership."""

    code, status = "access_suspended", 403

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name or 'You'}, your access is suspended.",
            hint="Ask an administrator of your tenant.",
        )


def ways_in(store: Store, person: ProvidersPerson) -> list[WayIn]:
    """What the person may enter, by tokens that work once; a refusal where that is nothing."""
    with unit_of_work(stranger(PLATFORM), store) as work:
        work.begin_writing()
        roles = roles_of(work, person.groups)
        identity = _identity(work, person, known_only=not roles)
        ways = _follow(work, identity, person, roles) if identity else []
    if not ways:
        tell_refused(store)
        raise AccessSuspended(person.name) if roles else NoGroup(person.name)
    return ways


def tell_refused(store: Store) -> None:
    """Count that somebody came back from the provider and was not let in; in the log, too."""
    telemetry.SIGN_INS.labels("refused").inc()
    tell_refusals(store, PLATFORM, "sign-in:provider")


def roles_of(work: Work, groups: frozenset[str]) -> Mapping[str, Role]:
    """The role in each tenant that is open to who is in these groups: the strongest of several."""
    rows = work.session.execute(
        select(GroupRow.member_of, GroupRow.role).where(GroupRow.name.in_(sorted(groups)))
    ).all()
    return {
        tenant: min((Role(row.role) for row in rows if row.member_of == tenant),
                    key=STRONGEST_FIRST.index)
        for tenant in sorted({row.member_of for row in rows})
    }  # fmt: skip


def end_by_provider(store: Store, told: LoggedOut) -> int:
    """End the sign-ins that the provider has ended, none that began afterwards; how many."""
    with unit_of_work(stranger(PLATFORM), store) as work:
        work.begin_writing()
        key = (PLATFORM, told.issuer, told.subject)
        identity = work.session.get(IdentityRow, key) if told.subject else None
        if told.subject and identity is None:
            return 0
        return _end_everywhere(
            work,
            user_id=identity.user_id if identity else None,
            sid=told.sid,
            until=(told.at + 1) * 1_000_000,
        )


def _end_everywhere(work: Work, *, user_id: str | None, sid: str, until: int) -> int:
    """In every tenant: an operator may be visiting one of which no group tells."""
    ended = 0
    for tenant_id in sorted(row.id for row in tenants.tenants(work)):
        with work.acting_as(stranger(TenantId(tenant_id))):
            here = sign_in.end_providers_sessions(work, user_id=user_id, sid=sid, until=until)
            if here:
                _tell(work, "session.ended_by_provider", "sign-in:provider", ended=here)
        ended += here
    return ended


def _identity(work: Work, person: ProvidersPerson, *, known_only: bool) -> IdentityRow | None:
    """Who the person is here; somebody new the first time."""
    key = (PLATFORM, person.issuer, person.subject)
    known = work.session.get(IdentityRow, key)
    if known or known_only:
        return known
    user = UserRow(id=new_id(), created_at=work.now_micros)
    work.session.add(user)
    work.session.flush()
    row = IdentityRow(issuer=person.issuer, subject=person.subject, user_id=user.id, tenants=[])
    work.add_all([row])
    return row


def _follow(
    work: Work, identity: IdentityRow, person: ProvidersPerson, roles: Mapping[str, Role]
) -> list[WayIn]:
    """Memberships become what the groups say, in every tenant that they open or have opened."""
    user_id, before = identity.user_id, identity.tenants
    identity.tenants = sorted(roles)
    ways = []
    for tenant_id in sorted({*before, *roles}):
        caller = Caller(tenant_id=TenantId(tenant_id), user_id=user_id, role=Role.VIEWER)
        with work.acting_as(caller):
            tenant = work.session.get_one(TenantRow, tenant_id)
            member = _become(work, user_id, roles.get(tenant_id), person.name)
            if member and tenant.status == "active" and member.suspended_at is None:
                work.session.flush()
                token = sign_in.issue_token(
                    work, user_id, method=Method.PROVIDER, provider_sid=person.sid
                )
                ways.append(WayIn(label=tenant.label, role=Role(member.role), token=token))
    if PLATFORM in before and PLATFORM not in roles:
        _end_everywhere(work, user_id=user_id, sid="", until=work.now_micros)
    return ways


def _become(work: Work, user_id: str, role: Role | None, name: str) -> MembershipRow | None:
    """A member in that role, or none any more; said in the tenant's log where it is a change."""
    row = work.session.get(MembershipRow, (work.caller.tenant_id, user_id))
    was = row.role if row else None
    if was == role:
        return row
    if row and role is None:
        work.session.delete(row)
        row = None
    elif row and role:
        row.role = role
    elif role:
        name = tenants.free_name(work, name)
        row = MembershipRow(user_id=user_id, role=role, name=name, created_at=work.now_micros)
        work.add_all([row])
    sign_in.end_sessions(work, user_id=user_id)
    _tell(work, "member.by_group", f"user:{user_id}", role=role, role_before=was)
    return row


def _tell(work: Work, action: str, target: str, **details: str | int | None) -> None:
    audit.append(work, action, target=target, details=details, category="security")
