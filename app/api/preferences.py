"""In what amounts of money are shown on pages and in workbooks and reports."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.api.callers import CallersWork
from app.api.requests import StrictRoute
from valor_core.amounts import Scale
from valor_core.workbench import preferences

router = APIRouter(prefix="/preferences/amounts", tags=["preferences"], route_class=StrictRoute)


class AmountsView(BaseModel):
    """In what amounts are shown; numbers of the API are whole, whatever is chosen."""

    shown: Scale
    own: Scale | None = Field(description="None: as the tenant has it.")
    tenant: Scale


class OwnAmounts(BaseModel):
    """What the caller chooses."""

    model_config = ConfigDict(extra="forbid")

    amounts_in: Scale | None = Field(description="None: as the tenant has it.")


class TenantAmounts(BaseModel):
    """What the tenant chooses for all who have chosen nothing."""

    model_config = ConfigDict(extra="forbid")

    amounts_in: Scale


def _view(work: CallersWork) -> AmountsView:
    told = preferences.amounts_in(work)
    return AmountsView(shown=told.shown, own=told.own, tenant=told.tenant)


@router.get("")
def read_amounts(work: CallersWork) -> AmountsView:
    """In what amounts are shown to the caller."""
    return _view(work)


@router.put("")
def choose_amounts(work: CallersWork, body: OwnAmounts) -> AmountsView:
    """Show amounts so to the caller alone."""
    preferences.show_me(work, body.amounts_in)
    return _view(work)


@router.put("/tenant")
def set_amounts(work: CallersWork, body: TenantAmounts) -> AmountsView:
    """Show amounts so to all of the tenant who have chosen nothing themselves."""
    preferences.show_everybody(work, body.amounts_in)
    return _view(work)
