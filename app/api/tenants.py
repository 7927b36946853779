"""The installation for its operators: tenants, their plans and features, the provider's inbox."""

# ruff: noqa: FAST003  the tenant of a path is read by the unit of work

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from app.api.callers import signed_in
from app.api.flags import (
    FlagChangeView,
    FlagOverrideBody,
    FlagsView,
    FlagView,
    flag_overridden,
    flag_override_ended,
)
from app.api.members import DryRun, ReasonBody, Why
from app.api.plans import (
    FORESEEN,
    AssignBody,
    AssignedView,
    ChangesView,
    OverrideBody,
    OverrideView,
    PlanChangeView,
    PlanNowView,
    assigned,
    override_ended,
    override_foreseen,
)
from app.api.requests import StrictRoute
from valor_core.billing.reconciliation import Price
from valor_core.store.work import Work
from valor_core.tenancy.plans import PlanTerms
from valor_core.tenancy.reasons import REASON_MAX
from valor_core.values import Caller, TenantId, from_micros
from valor_core.workbench import billing, flags, people, plans, rotation, tenants
from valor_core.workbench.billing import WebhookRow
from valor_core.workbench.tenants import Suspension, TenantRow, acting_in
from valor_core.workbench.verb import allowed, open_work, the_store
from valor_core.workbench.webhooks import work_off

router = APIRouter(prefix="/admin", tags=["installation"], route_class=StrictRoute)
SignedIn = Annotated[Caller, Depends(signed_in)]


def work_of_operator(caller: SignedIn) -> Iterator[Work]:
    """The operator's own unit of work, in the installation; others are refused before all else."""
    with open_work(caller) as work:
        allowed(work, "tenant.read")
        yield work


OperatorsWork = Annotated[Work, Depends(work_of_operator, scope="function")]


def work_in_tenant(caller: SignedIn, tenant: str) -> Iterator[Work]:
    """The operator's unit of work in the tenant of that short name."""
    with open_work(caller) as work:
        found = tenants.tenant_named(work, tenant)
    with open_work(acting_in(caller, TenantId(found.id))) as work:
        yield work


TenantsWork = Annotated[Work, Depends(work_in_tenant, scope="function")]


class TenantView(BaseModel):
    """A tenant, without anything of what it has."""

    tenant: str
    label: str
    status: str
    since: datetime

    @classmethod
    def of(cls, row: TenantRow) -> "TenantView":
        """The row as clients see it."""
        since = from_micros(row.created_at)
        return cls(tenant=row.slug, label=row.label, status=row.status, since=since)


class TenantsView(BaseModel):
    """The customers of the installation by their short names."""

    tenants: list[TenantView]


class NewTenantBody(BaseModel):
    """What the tenant is to be called."""

    model_config = ConfigDict(extra="forbid")

    tenant: str = Field(max_length=40, description="Its short name: acme-partners.")
    label: str = Field(default="", max_length=100)


class SuspensionView(BaseModel):
    """What a suspension ends; `made` is false where it was only asked what it would end."""

    made: bool
    members: int
    sessions_ended: int
    keys_asleep: int
    jobs_stopped: int

    @classmethod
    def of(cls, told: Suspension, *, made: bool) -> "SuspensionView":
        """The suspension as clients see it."""
        return cls(
            made=made,
            members=told.members,
            sessions_ended=told.sessions_ended,
            keys_asleep=told.keys_asleep,
            jobs_stopped=told.jobs_stopped,
        )


class PlanBody(BaseModel):
    """A plan, or its next version."""

    model_config = ConfigDict(extra="forbid")

    plan: str = Field(max_length=40)
    name: str = Field(max_length=100)
    currency: str = Field(max_length=3)
    price_minor: int = Field(description="A month, in the currency's smallest unit.")
    limits: dict[str, int | None] = {}
    features: dict[str, bool | int | str] = {}
    reason: str = Field(max_length=REASON_MAX)


class SwitchBody(BaseModel):
    """What holds of a feature for the whole installation; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    killed: bool | None = None
    rollout_percent: int | None = Field(default=None, ge=0, le=100)
    reason: str = Field(max_length=REASON_MAX)


class PriceBody(BaseModel):
    """So many minor units for so many units of a meter, from a day on, and why."""

    model_config = ConfigDict(extra="forbid")

    meter: str = Field(max_length=40)
    valid_from: date
    price_minor: StrictInt = Field(ge=0, le=10**12, description="250 is 2.50 USD.")
    per_quantity: StrictInt = Field(default=1, ge=1, le=10**9)
    currency: str = Field(max_length=3, description="ISO code, such as USD.")
    plan_version: str = Field(default="", max_length=60, description="To which it belongs.")
    reason: str = Field(max_length=REASON_MAX)


class PriceView(BaseModel):
    """What a tenant pays for what a meter counts, from a day on."""

    meter: str
    valid_from: date
    price_minor: int
    per_quantity: int
    currency: str

    @classmethod
    def of(cls, price: Price) -> "PriceView":
        """The price as clients see it."""
        return cls.model_validate(price, from_attributes=True)


class PriceChangeView(BaseModel):
    """A price beside the one that held on its day."""

    made: bool = Field(description="false: it was only asked what would change.")
    before: PriceView | None = Field(description="null: nothing was paid.")
    after: PriceView


class ReachView(BaseModel):
    """How many tenants have a feature before and after a switch."""

    made: bool = Field(description="false: it was only asked what would change.")
    tenants: int
    before: int
    after: int


class EventView(BaseModel):
    """An event of the billing provider that wants a look."""

    event_id: str
    type: str
    tenant: str
    state: str
    attempts: int
    error: str
    received_at: datetime

    @classmethod
    def of(cls, row: WebhookRow) -> "EventView":
        """The row as clients see it."""
        return cls(
            event_id=row.event_id,
            type=row.type,
            tenant=row.tenant_slug,
            state=row.state,
            attempts=row.attempts,
            error=row.error,
            received_at=from_micros(row.received_at),
        )


class EventsView(BaseModel):
    """Events that wait, were laid aside, or are of no tenant here."""

    events: list[EventView]


@router.get("/tenants")
def list_tenants(work: OperatorsWork) -> TenantsView:
    """The customers of the installation."""
    return TenantsView(tenants=[TenantView.of(row) for row in tenants.customers(work)])


@router.post("/tenants", status_code=201)
def add_tenant(gate: OperatorsWork, body: NewTenantBody) -> TenantView:
    """Make a tenant."""
    maker = acting_in(gate.caller, people.tenant_for(body.tenant))
    with open_work(maker) as work:
        row = people.add_tenant(work, body.tenant, label=body.label)
    return TenantView.of(row)


@router.post("/tenants/{tenant}/suspend")
def suspend_tenant(work: TenantsWork, body: ReasonBody, dry_run: DryRun = False) -> SuspensionView:
    """Shut a tenant: sign-ins and jobs end, keys sleep."""
    if dry_run:
        return SuspensionView.of(tenants.foresee_suspension(work), made=False)
    return SuspensionView.of(tenants.suspend_tenant(work, reason=body.reason), made=True)


@router.post("/tenants/{tenant}/resume")
def resume_tenant(work: TenantsWork, body: ReasonBody) -> TenantView:
    """Open a suspended tenant again."""
    return TenantView.of(tenants.resume_tenant(work, reason=body.reason))


@router.get("/tenants/{tenant}/plan")
def read_plan(work: TenantsWork) -> PlanNowView:
    """What a tenant is granted now and why, and what of it is left."""
    return PlanNowView.of(plans.plan_now(work))


@router.put("/tenants/{tenant}/plan")
def assign_plan(work: TenantsWork, body: AssignBody, dry_run: DryRun = False) -> AssignedView:
    """Give a tenant a plan from now on."""
    return assigned(work, body, dry_run=dry_run)


@router.post(
    "/tenants/{tenant}/plan/overrides",
    status_code=201,
    response_model=OverrideView,
    responses=FORESEEN,
)
def add_override(
    work: TenantsWork, body: OverrideBody, dry_run: DryRun = False
) -> Response | OverrideView:
    """Grant a tenant another limit than its plan's, for a time."""
    if dry_run:
        return override_foreseen(work, body)
    row = plans.override_limit(
        work, body.limit, body.value, reason=body.reason, expires_at=body.expires_at
    )
    return OverrideView.of(row)


@router.delete("/tenants/{tenant}/plan/overrides/{override_id}")
def end_override(
    work: TenantsWork, override_id: str, reason: Why = "", dry_run: DryRun = False
) -> ChangesView:
    """The limit of the tenant's plan holds again."""
    return override_ended(work, override_id, reason, dry_run=dry_run)


@router.post(
    "/tenants/{tenant}/prices",
    status_code=201,
    responses={200: {"model": PriceChangeView, "description": "With dry_run: nothing was said."}},
)
def set_price(
    work: TenantsWork, body: PriceBody, answer: Response, dry_run: DryRun = False
) -> PriceChangeView:
    """Say what a tenant pays for what a meter counts, from a day on."""
    price = Price(
        meter=body.meter,
        valid_from=body.valid_from.isoformat(),
        price_minor=body.price_minor,
        per_quantity=body.per_quantity,
        currency=body.currency,
        plan_version=body.plan_version,
    )
    before = billing.foresee_price(work, price)
    if dry_run:
        answer.status_code = 200
    else:
        billing.set_price(work, price, reason=body.reason)
    return PriceChangeView(
        made=not dry_run,
        before=PriceView.of(before) if before else None,
        after=PriceView.of(price),
    )


@router.get("/tenants/{tenant}/flags")
def list_flags(work: TenantsWork) -> FlagsView:
    """Every feature of a tenant, and what each layer said."""
    return FlagsView(flags=[FlagView.of(each) for each in flags.list_flags(work)])


@router.put("/tenants/{tenant}/flags/{flag}/override")
def override_flag(
    work: TenantsWork, flag: str, body: FlagOverrideBody, dry_run: DryRun = False
) -> FlagChangeView:
    """A feature's value for a tenant, for a time."""
    return flag_overridden(work, flag, body, dry_run=dry_run)


@router.delete("/tenants/{tenant}/flags/{flag}/override")
def end_flag_override(
    work: TenantsWork, flag: str, reason: Why = "", dry_run: DryRun = False
) -> FlagChangeView:
    """What the layers below say of a tenant's feature holds again."""
    return flag_override_ended(work, flag, reason, dry_run=dry_run)


@router.post(
    "/plans",
    status_code=201,
    responses={200: {"model": PlanChangeView, "description": "With dry_run: nothing was made."}},
)
def define_plan(
    work: OperatorsWork, body: PlanBody, answer: Response, dry_run: DryRun = False
) -> PlanChangeView:
    """Make a plan, or its next version; tenants keep the version that they have."""
    terms = PlanTerms(
        name=body.name,
        currency=body.currency,
        price_minor=body.price_minor,
        limits=body.limits,
        features=body.features,
    )
    if dry_run:
        answer.status_code = 200
        told = plans.foresee_definition(work, body.plan, terms)
    else:
        told = plans.define_plan(work, body.plan, terms, reason=body.reason)
    return PlanChangeView.of_change(told, made=not dry_run)


@router.put("/flags/{flag}")
def switch_flag(
    work: OperatorsWork, flag: str, body: SwitchBody, dry_run: DryRun = False
) -> ReachView:
    """Switch a feature off for every tenant, or roll it out to a share of them."""
    said: dict[str, Any] = {"killed": body.killed, "rollout_percent": body.rollout_percent}
    told = flags.foresee_switch(work, flag, **said)
    if not dry_run:
        flags.switch_flag(work, flag, **said, reason=body.reason)
    return ReachView(made=not dry_run, tenants=told.tenants, before=told.before, after=told.after)


@router.get("/webhooks")
def list_events(work: OperatorsWork) -> EventsView:
    """The events of the billing provider that want a look, the newest first."""
    return EventsView(events=[EventView.of(row) for row in billing.read_inbox(work, limit=200)])


@router.post("/webhooks/{event_id}/retry", status_code=204)
def retry_event(work: OperatorsWork, event_id: str) -> None:
    """Let an event take effect that was laid aside, once its cause is mended."""
    billing.try_again(work, event_id)
    work.after_commit.append(lambda: work_off(the_store()))


@router.post("/webhooks/{event_id}/set-aside", status_code=204)
def set_event_aside(work: OperatorsWork, event_id: str, body: ReasonBody) -> None:
    """Let an event that waits for its next attempt wait no longer."""
    billing.set_aside(work, event_id, reason=body.reason)


class RotationView(BaseModel):
    """The key that signs every tenant's log from here on, or would."""

    made: bool = Field(description="false: it was only asked what would follow.")
    key: int = Field(description="Its number: the line of the secret in which it stands.")
    logs: int = Field(description="How many logs change to it.")
    drawn: bool = Field(description="false: one is taken that waits, or was left half used.")


@router.post("/log-key/rotate")
def rotate_log_key(caller: SignedIn, body: ReasonBody, dry_run: DryRun = False) -> RotationView:
    """Have a new key sign every tenant's log from here on; earlier keys go on verifying."""
    if dry_run:
        with open_work(caller) as work:
            told = rotation.foresee_rotation(work)
    else:
        told = rotation.rotate_key(the_store(), caller, reason=body.reason)
    return RotationView(made=not dry_run, key=told.key, logs=told.logs, drawn=told.drawn)
