"""How the installation stands, told to those who work in it."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from app.api.callers import CallersWork
from app.api.requests import StrictRoute
from valor_core.workbench import health

router = APIRouter(tags=["health"], route_class=StrictRoute)


class HealthView(BaseModel):
    """The database, its schema, and the newest snapshot of the tenant."""

    database: str
    revision: str | None
    wanted_revision: str
    is_current: bool
    snapshot_at: datetime | None


@router.get("/health")
def read_health(work: CallersWork) -> HealthView:
    """How the database stands; that it answers at all shows in the answer."""
    found = health.health(work)
    return HealthView(**{name: getattr(found, name) for name in HealthView.model_fields})
