"""Members of a tenant: another role, a suspension, the end; each with its reason."""

from valor_core.store.tables import MembershipRow
from valor_core.store.work import Work
from valor_core.tenancy import api_keys, members, sign_in, tenants
from valor_core.tenancy.members import Consequences, NothingToConfirm
from valor_core.tenancy.reasons import stated
from valor_core.values import PLATFORM, Role
from valor_core.workbench import grants
from valor_core.workbench.verb import verb, view


@view("member.read")
def foresee(work: Work, user_id: str, role: Role | None) -> Consequences:
    """What would follow for a member from that role; with None, from having to stay out."""
    row = members.member(work, user_id)
    return members.consequences(work, row, role)


@view("member.read")
def member_named(work: Work, name: str) -> MembershipRow:
    """The member of that name."""
    return tenants.member_by_name(work, name)


@verb("member.change_role")
def change_role(work: Work, user_id: str, role: Role, *, reason: str) -> Consequences:
    """Give a member another role, and end the sign-ins in the one before."""
    why, row = stated(reason), members.to_change(work, user_id)
    if role is not Role.ADMIN:
        members.keep_an_admin(work, row)
    told = members.consequences(work, row, role)
    members.appoint(work, row, role)
    _end_sign_ins(work, user_id)
    _note(work, user_id, told, why)
    return told


@verb("member.confirm")
def confirm_officer(work: Work, user_id: str) -> MembershipRow:
    """Agree that a member whom an administrator proposed becomes a compliance officer."""
    row = members.to_change(work, user_id)
    if row.nominated_by is None:
        raise NothingToConfirm(row.name)
    proposed_by, before = row.nominated_by, row.role
    members.appoint(work, row, Role.COMPLIANCE)
    _end_sign_ins(work, user_id)
    work.note(f"user:{user_id}", before=before, after="compliance", proposed_by=proposed_by)
    return row


@verb("member.suspend")
def suspend_member(work: Work, user_id: str, *, reason: str) -> Consequences:
    """Keep a member out until further notice: the sign-ins end, the keys sleep."""
    why, row = stated(reason), members.to_change(work, user_id)
    members.keep_an_admin(work, row)
    told = members.consequences(work, row, None)
    row.suspended_at = row.suspended_at or work.now_micros
    _end_sign_ins(work, user_id)
    _end_visits(work, user_id, why)
    _note(work, user_id, told, why)
    return told


@verb("member.resume")
def resume_member(work: Work, user_id: str, *, reason: str) -> MembershipRow:
    """Let a suspended member in again, in the role of before."""
    why, row = stated(reason), members.to_change(work, user_id)
    row.suspended_at = None
    work.after_commit.append(sign_in.ENDINGS.count)
    work.note(f"user:{user_id}", role=row.role, reason=why)
    return row


@verb("member.remove")
def remove_member(work: Work, user_id: str, *, reason: str) -> Consequences:
    """End a membership: what the person did stays, the sign-ins and the keys end."""
    why, row = stated(reason), members.to_change(work, user_id)
    members.keep_an_admin(work, row)
    told = members.consequences(work, row, None)
    for key in api_keys.keys(work, owner=user_id):
        api_keys.revoke_key(work, key)
    _end_sign_ins(work, user_id)
    _end_visits(work, user_id, why)
    work.session.delete(row)
    _note(work, user_id, told, why)
    return told


def _end_sign_ins(work: Work, user_id: str) -> None:
    work.session.flush()
    sign_in.end_sessions(work, user_id=user_id)


def _end_visits(work: Work, user_id: str, why: str) -> None:
    """Of an operator, whose place is the installation."""
    if work.caller.tenant_id == PLATFORM:
        grants.end_all_of(work, user_id, reason=why)


def _note(work: Work, user_id: str, told: Consequences, why: str) -> None:
    work.note(
        f"user:{user_id}",
        before=str(told.role_before),
        after=str(told.role_after) if told.role_after else "none",
        waits=told.waits,
        sessions_ended=told.sessions_ended,
        keys_stopped=told.keys_stopped,
        reason=why,
    )
