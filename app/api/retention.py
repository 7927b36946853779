"""How long details of the audit log are kept, and legal holds that keep them from any purge."""

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.callers import CallersWork, MakesOnce
from app.api.members import DryRun, ReasonBody
from app.api.requests import StrictRoute
from valor_core.tenancy.reasons import REASON_MAX
from valor_core.values import from_micros
from valor_core.workbench import retention
from valor_core.workbench.retention import CATEGORIES, Due, LegalHoldRow
from valor_core.workbench.verb import allowed

router = APIRouter(tags=["audit"], route_class=StrictRoute)


class PolicyBody(BaseModel):
    """After how many days details go, and why; none keeps them for ever."""

    model_config = ConfigDict(extra="forbid")

    days: int | None
    reason: str = Field(max_length=REASON_MAX)


class PurgeView(BaseModel):
    """What the next purge takes; `made` is false where it was only asked."""

    made: bool
    purged: int = Field(description="Entries whose details go.")
    held: int = Field(description="Entries that are as old, and under a hold.")

    @classmethod
    def of(cls, due: Due, *, made: bool) -> "PurgeView":
        """What is due, as clients see it."""
        return cls(made=made, purged=due.purged, held=due.held)


class PolicyView(BaseModel):
    """A category of entries, what is in it, and after how many days its details go."""

    category: str
    meaning: str
    days: int | None


class PoliciesView(BaseModel):
    """Every category."""

    policies: list[PolicyView]


class HoldBody(BaseModel):
    """What is to be held: an actor or target as the log names it, nothing for all; and why."""

    model_config = ConfigDict(extra="forbid")

    subject: str = ""
    reason: str


class HoldView(BaseModel):
    """A legal hold and who set, asked to release and released it."""

    id: str
    subject: str
    reason: str
    set_at: datetime
    set_by: str
    release_asked_by: str | None
    released_at: datetime | None
    released_by: str | None

    @classmethod
    def of(cls, row: LegalHoldRow) -> "HoldView":
        """The row as clients see it."""
        return cls(
            id=row.id,
            subject=row.subject,
            reason=row.reason,
            set_at=from_micros(row.set_at),
            set_by=row.set_by,
            release_asked_by=row.release_asked_by,
            released_at=None if row.released_at is None else from_micros(row.released_at),
            released_by=row.released_by,
        )


class HoldsView(BaseModel):
    """The holds, the newest first."""

    holds: list[HoldView]


@router.get("/retention")
def read_policies(work: CallersWork) -> PoliciesView:
    """After how many days the details of each category of entries go."""
    days = retention.read_policies(work)
    return PoliciesView(
        policies=[
            PolicyView(category=name, meaning=meaning, days=days.get(name))
            for name, meaning in CATEGORIES.items()
        ]
    )


@router.put("/retention/{category}")
def change_policy(
    work: CallersWork, category: str, body: PolicyBody, dry_run: DryRun = False
) -> PurgeView:
    """Have the details of a category's entries purged after so many days, or kept for ever."""
    allowed(work, "retention.change")
    due = retention.foresee_policy(work, category, body.days)
    if not dry_run:
        retention.change_policy(work, category, body.days, reason=body.reason)
    return PurgeView.of(due, made=not dry_run)


@router.get("/holds/{hold_id}/release")
def foresee_release(work: CallersWork, hold_id: str) -> PurgeView:
    """What the next purge would take, were the hold released."""
    allowed(work, retention.HOLD_RELEASED)
    return PurgeView.of(retention.foresee_release(work, hold_id), made=False)


@router.get("/holds")
def list_holds(work: CallersWork) -> HoldsView:
    """The legal holds, those that were released too."""
    return HoldsView(holds=[HoldView.of(row) for row in retention.list_holds(work)])


@router.post("/holds", status_code=201, response_model=HoldView)
def set_hold(work: CallersWork, once: MakesOnce, body: HoldBody) -> Response:
    """Keep entries by an actor or about a thing from any purge."""
    allowed(work, retention.HOLD_SET)
    return once.do(lambda: HoldView.of(retention.set_hold(work, body.subject, body.reason)))


@router.post("/holds/{hold_id}/ask-release")
def ask_release(work: CallersWork, hold_id: str, body: ReasonBody) -> HoldView:
    """Ask that a hold be released; another person must do it."""
    return HoldView.of(retention.ask_release(work, hold_id, reason=body.reason))


@router.post("/holds/{hold_id}/release")
def release_hold(work: CallersWork, hold_id: str, body: ReasonBody) -> HoldView:
    """Release a hold whose release another person has asked for."""
    return HoldView.of(retention.release_hold(work, hold_id, reason=body.reason))
