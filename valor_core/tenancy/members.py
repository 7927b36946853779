"""Changes of a member: another role, a suspension, the end; and what each would take from whom."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from valor_core.errors import BadInput, Conflict, NotFound, ValorError
from valor_core.store.tables import ApiKeyRow, MembershipRow
from valor_core.store.work import Work
from valor_core.tenancy import api_keys, sign_in
from valor_core.tenancy.access import MAY, may
from valor_core.tenancy.api_keys import KeyState
from valor_core.tenancy.tenants import one_at_a_time
from valor_core.values import PLATFORM, Role


class OwnMembership(ValorError):
    """Nobody raises, ends or lowers the own membership."""

    code, status = "own_membership", 403

    def __init__(self) -> None:
        super().__init__(
            "Your own membership is changed by somebody else.",
            hint="Ask another administrator of your tenant, or the operator.",
        )


class LastAdmin(Conflict):
    """A tenant without an administrator could not be administered."""

    code = "last_admin"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is the only administrator.", hint="Make another member administrator first."
        )


class NothingToConfirm(Conflict):
    """The member waits for no confirmation."""

    code = "nothing_to_confirm"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is not waiting to become a compliance officer.",
            hint="An administrator proposes a member by giving the role compliance.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """What a change does to a member: the role, the acts, the sign-ins and the keys."""

    name: str
    role_before: Role
    role_after: Role | None  # None: may not come in
    loses: tuple[str, ...]  # acts
    gains: tuple[str, ...]
    sessions_ended: int
    keys_stopped: int
    waits: bool = False  # for the confirmation of an officer or the operator


def member(work: Work, user_id: str) -> MembershipRow:
    """That member of the caller's tenant; NotFound otherwise."""
    row = work.session.get(MembershipRow, (work.caller.tenant_id, user_id))
    if row is None:
        raise NotFound("member", user_id[:40])
    return row


def to_change(work: Work, user_id: str) -> MembershipRow:
    """The member, whom nobody else changes until this work ends; OwnMembership for oneself."""
    one_at_a_time(work)
    row = member(work, user_id)
    if row.user_id == (work.caller.owner or work.caller.user_id):
        raise OwnMembership
    return row


def keep_an_admin(work: Work, row: MembershipRow) -> None:
    """LastAdmin where nobody else could administer the tenant."""
    others = select(MembershipRow.user_id).where(
        MembershipRow.role == Role.ADMIN,
        MembershipRow.suspended_at.is_(None),
        MembershipRow.user_id != row.user_id,
    )
    if row.role == Role.ADMIN and work.session.scalar(others.limit(1)) is None:
        raise LastAdmin(row.name)


def appoint(work: Work, row: MembershipRow, role: Role) -> None:
    """The member has the role from now on; compliance, once more than an administrator agrees.

    A legal hold rests on persons whom no single administrator has chosen.
    """
    check_role(work, role)
    row.nominated_by = None
    if must_wait(work, role):
        row.nominated_by = work.caller.actor
    else:
        row.role = role


def check_role(work: Work, role: Role) -> None:
    """BadInput unless the caller's tenant has members of that role."""
    if (role is Role.OPERATOR) != (work.caller.tenant_id == PLATFORM):
        raise BadInput(
            f"Nobody here can have the role {role}.",
            hint="In a tenant choose viewer, analyst, admin or compliance.",
        )


def must_wait(work: Work, role: Role) -> bool:
    """Whether the caller alone cannot give the role."""
    return role is Role.COMPLIANCE and not may(work.caller, "member.confirm")


def consequences(
    work: Work, row: MembershipRow, after: Role | None, *, ends: bool = False
) -> Consequences:
    """What follows for the member from another role, or from having none."""
    before = Role(row.role)
    waits = after is not None and must_wait(work, after)
    had = _acts(before if row.suspended_at is None else None)
    has = had if waits else _acts(after)
    return Consequences(
        name=row.name,
        role_before=before,
        role_after=before if waits else after,
        loses=tuple(sorted(had - has)),
        gains=tuple(sorted(has - had)),
        sessions_ended=len(sign_in.live_sessions(work, row.user_id)),
        keys_stopped=len(live_keys(work, row.user_id)) if after is None or ends else 0,
        waits=waits,
    )


def _acts(role: Role | None) -> set[str]:
    return {act for act, roles in MAY.items() if role in roles}


def live_keys(work: Work, user_id: str) -> Sequence[ApiKeyRow]:
    """The member's own keys that work."""
    rows = api_keys.keys(work, owner=user_id)
    return [row for row in rows if api_keys.state(row, work.now_micros) is KeyState.LIVE]
