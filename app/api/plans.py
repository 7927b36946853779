"""A tenant's plan: what it is granted and why, what of it is left, and how that is changed."""

from datetime import datetime
from typing import Any, Self

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictInt

from app.api.callers import CallersWork, MakesOnce
from app.api.members import DryRun, Why
from app.api.requests import StrictRoute
from valor_core.store.work import Work
from valor_core.tenancy.plans import Difference, Granted
from valor_core.tenancy.quotas import Standing
from valor_core.values import from_micros
from valor_core.workbench import plans
from valor_core.workbench.plans import (
    Features,
    Foreseen,
    PlanChange,
    PlanNow,
    PlanOverrideRow,
    PlanRow,
    TenantPlanRow,
)
from valor_core.workbench.verb import allowed

router = APIRouter(tags=["plans"], route_class=StrictRoute)


class PlanView(BaseModel):
    """One version of a plan."""

    plan: str
    version: int
    name: str
    currency: str
    price_minor: int = Field(description="A month, in the currency's smallest unit.")
    limits: dict[str, int | None] = Field(description="null is without limit.")
    features: dict[str, bool | int | str]
    created_at: datetime

    @classmethod
    def of(cls, row: PlanRow) -> "PlanView":
        """The row as clients see it."""
        return cls(
            plan=row.plan_id,
            version=row.version,
            name=row.name,
            currency=row.currency,
            price_minor=row.price_minor,
            limits=row.limits,
            features=row.features,
            created_at=from_micros(row.created_at),
        )


class PlansView(BaseModel):
    """The plans of the installation, the newest version of each first."""

    plans: list[PlanView]


class LimitView(BaseModel):
    """A limit, where it comes from, and of a quota what is used and left."""

    limit: str
    unit: str
    value: int | None = Field(description="null is without limit.")
    origin: str = Field(description="override, plan or setting.")
    why: str
    until: datetime | None
    used: int | None = None
    reserved: int | None = None
    left: int | None = None
    period: str | None = None
    resets_at: datetime | None = None

    @classmethod
    def of(cls, granted: Granted, standing: Standing | None) -> "LimitView":
        """A limit as clients see it."""
        told = cls(
            limit=granted.limit.name,
            unit=granted.limit.unit,
            value=granted.value,
            origin=granted.origin,
            why=granted.why,
            until=granted.until,
        )
        if standing:
            told.used, told.reserved, told.left = standing.used, standing.reserved, standing.left
            told.period, told.resets_at = standing.period, standing.resets_at
        return told


class PlanNowView(BaseModel):
    """What holds for the tenant now."""

    plan: PlanView | None
    since: datetime | None
    time_zone: str
    limits: list[LimitView]

    @classmethod
    def of(cls, now: PlanNow) -> "PlanNowView":
        """What holds, as clients see it."""
        effective = now.effective
        standing = {each.limit.name: each for each in now.standings}
        return cls(
            plan=PlanView.of(effective.plan) if effective.plan else None,
            since=effective.since,
            time_zone=effective.zone.key,
            limits=[
                LimitView.of(granted, standing.get(name))
                for name, granted in effective.granted.items()
            ],
        )


class HeldView(BaseModel):
    """A plan that the tenant had, or has: the one without an end."""

    plan: str
    version: int
    since: datetime
    until: datetime | None
    by: str
    reason: str

    @classmethod
    def of(cls, row: TenantPlanRow) -> "HeldView":
        """The row as clients see it."""
        return cls(
            plan=row.plan_id,
            version=row.plan_version,
            since=from_micros(row.valid_from),
            until=None if row.valid_to is None else from_micros(row.valid_to),
            by=row.changed_by,
            reason=row.reason,
        )


class HistoryView(BaseModel):
    """The plans of the tenant, the newest first."""

    history: list[HeldView]


class ChangeView(BaseModel):
    """A limit that a change makes another."""

    limit: str
    before: int | None
    after: int | None

    @classmethod
    def of(cls, each: Difference) -> Self:
        """The difference as clients see it."""
        return cls(limit=each.limit.name, before=each.before, after=each.after)


class LimitChangeView(ChangeView):
    """A limit of the tenant before and after, and of a quota what is used and left."""

    used: int | None = Field(default=None, description="Or held by runs; null: it is no quota.")
    left_before: int | None = Field(default=None, description="null: no quota, or no limit.")
    left_after: int | None = Field(default=None, description="null: no quota, or no limit.")

    @classmethod
    def all_of(cls, told: Foreseen) -> list[Self]:
        """The changes as clients see them."""
        views = [cls.of(each) for each in told.limits]
        for view in views:
            if both := told.quotas.get(view.limit):
                now, then = both
                view.used = now.used + now.reserved
                view.left_before, view.left_after = now.left, then.left
        return views


class ChangesView(BaseModel):
    """What a change of plan does; `made` is false where it was only asked what it would do."""

    made: bool
    changes: list[LimitChangeView]

    @classmethod
    def of(cls, told: Foreseen, *, made: bool) -> "ChangesView":
        """The change as clients see it."""
        return cls(made=made, changes=LimitChangeView.all_of(told))


FORESEEN: dict[int | str, dict[str, Any]] = {
    200: {"model": ChangesView, "description": "With dry_run: what would change; nothing did."}
}


class FeatureChangeView(BaseModel):
    """A feature before and after; of a version of a plan null where it says nothing."""

    feature: str
    before: bool | int | str | None
    after: bool | int | str | None

    @classmethod
    def all_of(cls, told: Features) -> "list[FeatureChangeView]":
        """The changes as clients see them."""
        return [
            cls(feature=name, before=before, after=after) for name, (before, after) in told.items()
        ]


class PlanPriceView(BaseModel):
    """What a plan costs a month."""

    price_minor: int = Field(description="In the currency's smallest unit.")
    currency: str


class AssignedView(ChangesView):
    """What another plan does to the price, the limits and the features of the tenant."""

    price_before: PlanPriceView | None = Field(description="null: the tenant had no plan.")
    price_after: PlanPriceView
    feature_changes: list[FeatureChangeView]


def assigned(work: Work, body: "AssignBody", *, dry_run: bool) -> AssignedView:
    """The plan given to the tenant, or what it would change."""
    allowed(work, "plan.assign")
    told = plans.foresee_plan(work, body.plan, body.version)
    before, after = (
        PlanPriceView(price_minor=plan.price_minor, currency=plan.currency) if plan else None
        for plan in (told.now.effective.plan, told.then.effective.plan)
    )
    if not dry_run:
        plans.assign_plan(work, body.plan, version=body.version, reason=body.reason)
    return AssignedView(
        made=not dry_run,
        price_before=before,
        price_after=after,
        changes=LimitChangeView.all_of(told),
        feature_changes=FeatureChangeView.all_of(told.features),
    )


class PlanChangeView(PlanView):
    """A version of a plan beside the newest before it; tenants keep the one that they have."""

    made: bool = Field(description="false: it was only asked what would change.")
    price_minor_before: int | None = Field(description="null: the plan is new.")
    changes: list[ChangeView]
    feature_changes: list[FeatureChangeView]

    @classmethod
    def of_change(cls, told: PlanChange, *, made: bool) -> "PlanChangeView":
        """The change as clients see it."""
        return cls(
            **PlanView.of(told.after).model_dump(),
            made=made,
            price_minor_before=told.before.price_minor if told.before else None,
            changes=[ChangeView.of(each) for each in told.limits],
            feature_changes=FeatureChangeView.all_of(told.features),
        )


class AssignBody(BaseModel):
    """The plan that the tenant is to have, and why."""

    model_config = ConfigDict(extra="forbid")

    plan: str = Field(max_length=40)
    version: int | None = Field(default=None, description="Empty: the newest.", ge=1, le=10**9)
    reason: str = Field(max_length=500)


class OverrideBody(BaseModel):
    """Another limit than the plan's, for a time."""

    model_config = ConfigDict(extra="forbid")

    limit: str = Field(max_length=60)
    value: StrictInt | None = Field(description="null is without limit; of a quota only.")
    reason: str = Field(max_length=500)
    expires_at: AwareDatetime = Field(description="With its offset, such as 2026-12-31T00:00:00Z.")


class OverrideView(BaseModel):
    """An override that holds."""

    id: str
    limit: str
    value: int | None
    reason: str
    expires_at: datetime
    by: str

    @classmethod
    def of(cls, row: PlanOverrideRow) -> "OverrideView":
        """The row as clients see it."""
        return cls(
            id=row.id,
            limit=row.limit_name,
            value=row.value,
            reason=row.reason,
            expires_at=from_micros(row.expires_at),
            by=row.created_by,
        )


class ZoneBody(BaseModel):
    """A time zone by its name in the database of time zones."""

    model_config = ConfigDict(extra="forbid")

    time_zone: str = Field(max_length=80, examples=["Europe/Berlin"])
    reason: str = Field(max_length=500)


class OverridesView(BaseModel):
    """The overrides that hold now, the newest first."""

    overrides: list[OverrideView]


@router.get("/plan")
def read_plan(work: CallersWork) -> PlanNowView:
    """What the tenant is granted now and why, and what of it is left."""
    return PlanNowView.of(plans.plan_now(work))


@router.get("/plans")
def list_plans(work: CallersWork) -> PlansView:
    """The plans of the installation with their prices, limits and features."""
    return PlansView(plans=[PlanView.of(row) for row in plans.list_plans(work)])


@router.get("/plan/history")
def read_history(work: CallersWork) -> HistoryView:
    """The plans that the tenant had, without a gap or an overlap."""
    return HistoryView(history=[HeldView.of(row) for row in plans.plan_history(work)])


@router.put("/plan")
def assign_plan(
    work: CallersWork,
    body: AssignBody,
    dry_run: DryRun = False,
) -> AssignedView:
    """Give the tenant a plan from now on."""
    return assigned(work, body, dry_run=dry_run)


@router.put("/plan/time-zone")
def set_time_zone(work: CallersWork, body: ZoneBody, dry_run: DryRun = False) -> PlanNowView:
    """Have the tenant's days and months begin by another time zone."""
    allowed(work, "plan.zone")
    if dry_run:
        return PlanNowView.of(plans.foresee_time_zone(work, body.time_zone))
    plans.set_time_zone(work, body.time_zone, reason=body.reason)
    return PlanNowView.of(plans.plan_now(work))


@router.get("/plan/overrides")
def list_overrides(work: CallersWork) -> OverridesView:
    """The limits that the tenant has beside its plan."""
    rows = plans.plan_now(work).overrides
    return OverridesView(overrides=[OverrideView.of(row) for row in rows])


@router.post("/plan/overrides", status_code=201, response_model=OverrideView, responses=FORESEEN)
def add_override(
    work: CallersWork, once: MakesOnce, body: OverrideBody, dry_run: DryRun = False
) -> Response:
    """Grant the tenant another limit than its plan's, for a time."""
    allowed(work, "plan.override")
    if dry_run:
        return override_foreseen(work, body)

    def add() -> OverrideView:
        row = plans.override_limit(
            work, body.limit, body.value, reason=body.reason, expires_at=body.expires_at
        )
        return OverrideView.of(row)

    return once.do(add)


def override_foreseen(work: Work, body: OverrideBody) -> Response:
    """What the override would change, as clients see it."""
    told = plans.foresee_override(work, body.limit, body.value, expires_at=body.expires_at)
    view = ChangesView.of(told, made=False)
    return Response(view.model_dump_json(), media_type="application/json")


@router.delete("/plan/overrides/{override_id}")
def end_override(
    work: CallersWork, override_id: str, reason: Why = "", dry_run: DryRun = False
) -> ChangesView:
    """The limit of the plan holds again."""
    return override_ended(work, override_id, reason, dry_run=dry_run)


def override_ended(work: Work, override_id: str, reason: str, *, dry_run: bool) -> ChangesView:
    """An override ended, or its end foreseen."""
    allowed(work, "plan.override")
    told = plans.foresee_end_of_override(work, override_id)
    if not dry_run:
        plans.end_override(work, override_id, reason=reason)
    return ChangesView.of(told, made=not dry_run)
