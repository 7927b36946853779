"""The sign-ins that hold: everybody sees and ends the own ones, an administrator the tenant's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from valor_core.errors import NotFound
from valor_core.store.tables import SessionRow
from valor_core.store.work import Work
from valor_core.tenancy import members, sign_in, tenants
from valor_core.tenancy.reasons import stated
from valor_core.tenancy.sign_in import Method
from valor_core.values import from_micros
from valor_core.workbench.verb import verb, view

VISITOR = "an operator, by leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A sign-in that holds: whose, from where, by what, and until when if nothing more is done."""

    id: str
    user_id: str
    name: str
    method: Method
    address: str
    browser: str
    began_at: datetime
    seen_at: datetime
    ends_at: datetime
    is_this_one: bool


@view("session.list")
def list_own(work: Work) -> Sequence[SignIn]:
    """The caller's own sign-ins, the newest first."""
    return _told(work, sign_in.live_sessions(work, work.caller.user_id))


@view("session.list_all")
def list_all(work: Work) -> Sequence[SignIn]:
    """The sign-ins of all members of the tenant, the newest first."""
    return _told(work, sign_in.live_sessions(work))


@verb("session.revoke")
def revoke_own(work: Work, session_id: str) -> None:
    """End one of the caller's own sign-ins."""
    row = _session(work, session_id)
    if row.user_id != work.caller.user_id:
        raise NotFound("sign-in", session_id)
    _end(work, row)


@verb("session.revoke")
def revoke_others(work: Work) -> int:
    """End all of the caller's sign-ins but this one; how many ended."""
    caller = work.caller
    ended = sign_in.end_sessions(work, user_id=caller.user_id, but=caller.session)
    work.note(f"user:{caller.user_id}", sessions_ended=ended)
    return ended


@view("session.list_all")
def foresee_end(work: Work, session_id: str) -> SignIn:
    """The sign-in that would end."""
    return _told(work, [_session(work, session_id)])[0]


@view("session.list_all")
def foresee_end_of(work: Work, user_id: str) -> Sequence[SignIn]:
    """The sign-ins of a member that would end."""
    member = members.member(work, user_id)
    return _told(work, sign_in.live_sessions(work, member.user_id))


@verb("session.revoke_any")
def revoke_any(work: Work, session_id: str, *, reason: str) -> None:
    """End a sign-in of any member of the tenant."""
    why = stated(reason)
    _end(work, _session(work, session_id), reason=why)


@verb("session.revoke_any")
def revoke_all_of(work: Work, user_id: str, *, reason: str) -> int:
    """End all sign-ins of a member; how many ended."""
    why, member = stated(reason), members.member(work, user_id)
    ended = sign_in.end_sessions(work, user_id=member.user_id)
    work.note(f"user:{member.user_id}", sessions_ended=ended, reason=why)
    return ended


def _session(work: Work, session_id: str) -> SessionRow:
    row = work.session.scalars(select(SessionRow).where(SessionRow.id == session_id)).one_or_none()
    if row is None or sign_in.is_over(row, work.now_micros):
        raise NotFound("sign-in", session_id)
    return row


def _end(work: Work, row: SessionRow, **details: str) -> None:
    ended = sign_in.end_sessions(work, session=row.digest)
    work.note(f"user:{row.user_id}", sessions_ended=ended, **details)


def _told(work: Work, rows: Sequence[SessionRow]) -> list[SignIn]:
    names = {row.user_id: row.name for row in tenants.members(work)}
    return [
        SignIn(
            id=row.id,
            user_id=row.user_id,
            name=names.get(row.user_id, VISITOR if row.grant_id else ""),
            method=Method(row.method),
            address=row.address,
            browser=row.browser,
            began_at=from_micros(row.created_at),
            seen_at=from_micros(row.used_at),
            ends_at=from_micros(sign_in.lasts_until(row)),
            is_this_one=row.digest == work.caller.session,
        )
        for row in rows
    ]
