"""The sign-ins that hold, one's own and those of the tenant, and their end."""

from collections.abc import Sequence
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.api.callers import CallersWork
from app.api.members import DryRun, Why
from app.api.requests import StrictRoute
from valor_core.workbench import sessions
from valor_core.workbench.sessions import SignIn
from valor_core.workbench.verb import allowed

router = APIRouter(tags=["sessions"], route_class=StrictRoute)


class SessionView(BaseModel):
    """A sign-in that holds."""

    id: str
    user_id: str
    name: str
    method: str = Field(description="link, provider or key file")
    address: str
    browser: str
    began_at: datetime
    seen_at: datetime
    ends_at: datetime = Field(description="If nothing more is done in it.")
    is_this_one: bool


class SessionsView(BaseModel):
    """Sign-ins, the newest first."""

    sessions: list[SessionView]

    @classmethod
    def of(cls, told: Sequence[SignIn]) -> "SessionsView":
        """The sign-ins as clients see them."""
        return cls(
            sessions=[SessionView.model_validate(each, from_attributes=True) for each in told]
        )


class EndedView(BaseModel):
    """How many sign-ins ended."""

    ended: int


class SignInsEndView(SessionsView):
    """The sign-ins that end; `made` is false where it was only asked which would."""

    made: bool


class SignInEndView(BaseModel):
    """The sign-in that ends; `made` is false where it was only asked what would."""

    made: bool
    session: SessionView


@router.get("/sessions")
def list_own(work: CallersWork) -> SessionsView:
    """The caller's own sign-ins."""
    return SessionsView.of(sessions.list_own(work))


@router.delete("/sessions")
def revoke_others(work: CallersWork) -> EndedView:
    """End all of the caller's sign-ins but the one that asks."""
    return EndedView(ended=sessions.revoke_others(work))


@router.delete("/sessions/{session_id}", status_code=204)
def revoke_own(work: CallersWork, session_id: str) -> None:
    """End one of the caller's own sign-ins."""
    sessions.revoke_own(work, session_id)


@router.get("/admin/sessions")
def list_all(work: CallersWork) -> SessionsView:
    """The sign-ins of all members of the tenant."""
    return SessionsView.of(sessions.list_all(work))


@router.delete("/admin/sessions/{session_id}")
def revoke_any(
    work: CallersWork, session_id: str, reason: Why = "", dry_run: DryRun = False
) -> SignInEndView:
    """End a sign-in of any member of the tenant."""
    allowed(work, "session.revoke_any")
    told = sessions.foresee_end(work, session_id)
    if not dry_run:
        sessions.revoke_any(work, session_id, reason=reason)
    view = SessionView.model_validate(told, from_attributes=True)
    return SignInEndView(made=not dry_run, session=view)


@router.delete("/admin/members/{user_id}/sessions")
def revoke_all_of(
    work: CallersWork, user_id: str, reason: Why = "", dry_run: DryRun = False
) -> SignInsEndView:
    """End all sign-ins of a member of the tenant."""
    allowed(work, "session.revoke_any")
    told = SessionsView.of(sessions.foresee_end_of(work, user_id))
    if not dry_run:
        sessions.revoke_all_of(work, user_id, reason=reason)
    return SignInsEndView(made=not dry_run, sessions=told.sessions)
