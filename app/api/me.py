"""Who the caller is."""

from fastapi import APIRouter
from pydantic import BaseModel

from app.api.callers import CallersWork
from app.api.requests import StrictRoute
from valor_core.workbench import people

router = APIRouter(tags=["me"], route_class=StrictRoute)


class MeView(BaseModel):
    """The caller, and what the caller may do."""

    tenant: str
    tenant_id: str
    name: str
    role: str
    kind: str
    may: list[str]


@router.get("/me")
def read_me(work: CallersWork) -> MeView:
    """Who is calling, in which tenant and role."""
    me = people.me(work)
    return MeView(
        tenant=me.tenant,
        tenant_id=me.tenant_id,
        name=me.name,
        role=me.role,
        kind=me.kind,
        may=list(me.may),
    )


@router.get("/session")
def read_session(work: CallersWork) -> MeView:
    """The same for an open page's poll, which does not keep the sign-in alive."""
    return read_me(work)
