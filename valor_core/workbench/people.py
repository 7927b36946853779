"""Tenants, members, sign-ins and API keys."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from valor_core.audit import log as audit
from valor_core.errors import NotFound, ValorError
from valor_core.redaction import Redactor
from valor_core.store.tables import ApiKeyRow, MembershipRow, TenantRow
from valor_core.store.work import Work
from valor_core.tenancy import api_keys, members, sign_in, tenants
from valor_core.tenancy.access import MAY, may
from valor_core.tenancy.api_keys import KeyState, OwnersKey
from valor_core.tenancy.reasons import stated
from valor_core.tenancy.sign_in import KEY_FILE_LASTS_S, Method
from valor_core.values import Role, Scope, TenantId, new_id
from valor_core.workbench import setup
from valor_core.workbench.verb import verb, view


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """Who the caller is, and what the caller may do."""

    tenant: str
    tenant_id: str
    slug: str  # the tenant's short name
    name: str
    role: Role
    kind: str
    may: tuple[str, ...]


class OfficersLink(ValorError):
    """Who holds a sign-in link is whom it signs in, so an administrator gets none of an officer."""

    code, status = "officers_link", 403

    def __init__(self) -> None:
        super().__init__(
            "A compliance officer's sign-in link is not made by an administrator.",
            hint="The operator makes it: valor token NAME --tenant TENANT",
        )


@view("me.read")
def me(work: Work) -> Me:
    """Who is calling."""
    caller = work.caller
    tenant = work.session.get(TenantRow, caller.tenant_id)
    member = work.session.get(MembershipRow, (caller.tenant_id, caller.user_id))
    key = work.session.get(ApiKeyRow, (caller.tenant_id, caller.user_id))
    named = "the operator" if caller.kind == "operator" else caller.user_id
    name = member.name if member else key.label if key else named
    return Me(
        tenant=tenant.label if tenant else caller.tenant_id,
        tenant_id=caller.tenant_id,
        slug=tenant.slug if tenant else "",
        name=name,
        role=caller.role,
        kind=caller.kind,
        may=tuple(sorted(act for act in MAY if may(caller, act))),
    )


@verb("tenant.add")
def add_tenant(work: Work, slug: str, *, label: str = "") -> TenantRow:
    """Make a new tenant, which is the one of this work, and begin its log."""
    row = tenants.add_tenant(work, slug, label=label, tenant_id=TenantId(work.caller.tenant_id))
    audit.begin(work)
    setup.announce(work, row)
    work.note(f"tenant:{row.id}", slug=slug)
    return row


@view("tenant.read")
def list_tenants(work: Work) -> Sequence[TenantRow]:
    """All tenants of the installation."""
    return tenants.tenants(work)


@verb("member.add")
def add_member(work: Work, name: str, role: Role) -> MembershipRow:
    """Take a person into the tenant; a compliance officer may have to be confirmed."""
    waits = members.must_wait(work, role)
    row = tenants.add_member(work, name, Role.VIEWER if waits else role)
    if waits:
        members.appoint(work, row, role)
    work.note(f"user:{row.user_id}", role=row.role, waits=waits, name=name)
    return row


@view("member.read")
def list_members(work: Work) -> Sequence[MembershipRow]:
    """The members of the tenant."""
    return tenants.members(work)


@view("member.names")
def names(work: Work) -> dict[str, str]:
    """What members and keys are called, by how the log names them: `user:…` or `key:…`."""
    known = {f"user:{row.user_id}": row.name for row in tenants.members(work)}
    return known | {f"key:{row.id}": row.label for row in api_keys.keys(work)}


@view("member.names")
def doers(work: Work) -> dict[str, str]:
    """As `names`, and whose a member's own key is: two persons may call theirs alike."""
    known = names(work)
    return known | {
        f"key:{row.id}": f"{known[owner]} by the key {row.label}"
        for row in api_keys.keys(work)
        if (owner := f"user:{row.owner}") in known
    }


@verb("token.issue")
def issue_token(work: Work, name: str) -> str:
    """A sign-in link's token for a member: it works once, for ten minutes."""
    member = tenants.member_by_name(work, name)
    if member.role == Role.COMPLIANCE and not may(work.caller, "member.confirm"):
        raise OfficersLink
    token = sign_in.issue_token(work, member.user_id)
    work.note(f"user:{member.user_id}")
    return token


def operator_to_sign_in(work: Work, name: str) -> str:
    """The operator of that name, or any; where the installation has none yet, the first one."""
    known = [row.name for row in list_members(work)]
    if not known:
        return add_member(work, name or "operator", Role.OPERATOR).name
    if name and name not in known:
        raise NotFound("operator", name, hint=f"There is {', '.join(known[:10])}.")
    return name or known[0]


@verb("key_file.issue")
def issue_key_file(work: Work, name: str) -> str:
    """An operator's key for the day on which the identity provider is down.

    It signs in once within a year; one that was issued earlier to the same operator ends.
    """
    member = tenants.member_by_name(work, name)
    sign_in.forget_tokens(work, member.user_id, Method.KEY_FILE)
    key = sign_in.issue_token(
        work, member.user_id, method=Method.KEY_FILE, lasts_s=KEY_FILE_LASTS_S
    )
    work.note(f"user:{member.user_id}", days=KEY_FILE_LASTS_S // 86_400)
    return key


@verb("key.add_own")
def add_own_key(
    work: Work, label: str, scopes: Collection[Scope], *, days: int = api_keys.DAYS_DEFAULT
) -> tuple[ApiKeyRow, str]:
    """A key of the caller's own, which acts in the caller's role; it is shown this once."""
    members.member(work, work.caller.user_id)  # an operator who visits leaves nothing behind
    api_keys.check_of_use(work.caller.role, scopes)
    row, key = api_keys.add_key(work, label, scopes=scopes, days=days, owner=work.caller.user_id)
    work.note(f"key:{row.id}", label=label, scopes=row.scopes, days=days)
    return row, key


@verb("key.add")
def add_key(
    work: Work,
    label: str,
    role: Role,
    *,
    scopes: Collection[Scope] = tuple(api_keys.OF_THE_TENANT),
    days: int = api_keys.DAYS_DEFAULT,
) -> tuple[ApiKeyRow, str]:
    """A key of the tenant's own in that role, whoever leaves; it is shown this once."""
    row, key = api_keys.add_key(work, label, scopes=scopes, days=days, role=role)
    work.note(f"key:{row.id}", label=label, role=str(role), scopes=row.scopes, days=days)
    return row, key


@view("key.read")
def list_keys(work: Work) -> Sequence[ApiKeyRow]:
    """The caller's keys; to who manages them, all of the tenant."""
    return api_keys.keys(work, owner=_only_of(work))


@view("key.read")
def why_revoked(work: Work) -> Mapping[str, str]:
    """Why keys that the caller sees were revoked, by their ids; none whose details were purged."""
    targets = [f"key:{row.id}" for row in list_keys(work) if row.revoked_at is not None]
    told = audit.entries_about(work, targets, action="key.revoke") if targets else ()
    return {
        row.target.removeprefix("key:"): json.loads(row.payload).get("reason", "")
        for row in told
        if row.payload
    }


@verb("key.rotate")
def rotate_key(
    work: Work, key_id: str, *, overlap_days: int = api_keys.OVERLAP_DAYS_DEFAULT
) -> tuple[ApiKeyRow, str]:
    """A new key in place of one, which works beside it for a while; it is shown this once."""
    old = api_keys.key_of(work, key_id, owner=_only_of(work))
    if old.owner not in (None, work.caller.user_id):
        raise OwnersKey
    row, key = api_keys.rotate_key(work, old, overlap_days=overlap_days)
    work.note(f"key:{old.id}", label=row.label, by=f"key:{row.id}", overlap_days=overlap_days)
    return row, key


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEnd:
    """A key that is refused from now on, and what goes on working beside it."""

    key: ApiKeyRow
    worked: bool
    others: int  # keys of the same owner and name that work


@view("key.read")
def foresee_revocation(work: Work, key_id: str) -> KeyEnd:
    """The key that would be refused, and how many of its owner and name go on working."""
    return _key_end(work, api_keys.key_of(work, key_id, owner=_only_of(work)))


@verb("key.revoke")
def revoke_key(work: Work, key_id: str, *, reason: str) -> KeyEnd:
    """Refuse a key from now on."""
    why, row = stated(reason), api_keys.key_of(work, key_id, owner=_only_of(work))
    told = _key_end(work, row)
    api_keys.revoke_key(work, row)
    work.note(f"key:{row.id}", label=row.label, reason=why)
    return told


def _key_end(work: Work, row: ApiKeyRow) -> KeyEnd:
    alike = {
        each.id
        for each in api_keys.keys(work, owner=row.owner)
        if (each.owner, each.label) == (row.owner, row.label)
        and api_keys.state(each, work.now_micros) is KeyState.LIVE
    }
    return KeyEnd(key=row, worked=row.id in alike, others=len(alike - {row.id}))


def _only_of(work: Work) -> str | None:
    """Whose keys the caller sees; None is all of the tenant."""
    return None if may(work.caller, "key.add") else work.caller.user_id


@verb("session.end")
def sign_out(work: Work) -> None:
    """End the caller's own sign-in."""
    ended = sign_in.end_sessions(work, session=work.caller.session)
    work.note(f"user:{work.caller.user_id}", sessions_ended=ended)


def tenant_for(slug: str) -> TenantId:
    """A fresh id for the tenant of that name, one that the log keeps as it is."""
    ending = new_id()[-10:]
    named = f"{slug[:8].strip('-')}-{ending}"
    kept = Redactor(b"").text(f"tenant:{named}") == f"tenant:{named}"  # sk-… looks like a secret
    return TenantId(named if kept else f"tenant-{ending}")
