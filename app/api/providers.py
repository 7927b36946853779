"""Data providers: how they stand and why, how good they were, and whom the tenant asks."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.api.callers import CallersWork, MakesOnce
from app.api.paging import Limit
from app.api.requests import StrictRoute
from valor_core.market.provider import Capability
from valor_core.market.routing import PROVIDERS_MAX, Policy, Use
from valor_core.sla.figures import Figures
from valor_core.sla.hours import Service
from valor_core.tenancy.reasons import REASON_MAX
from valor_core.values import from_micros
from valor_core.workbench import providers, routing
from valor_core.workbench.providers import Course, ProviderMaintenanceRow, Standing
from valor_core.workbench.routing import PolicyNow, RoutingDecisionRow
from valor_core.workbench.verb import allowed

router = APIRouter(tags=["providers"], route_class=StrictRoute)

Days = Annotated[int, Query(ge=1, le=providers.DAYS_MOST)]


class FiguresView(BaseModel):
    """How good a provider was in the time that is promised of it; null is what nobody can say."""

    promised_s: float
    seconds_by_state: dict[str, float]
    coverage: float | None = Field(description="Share of the promised time that was watched.")
    availability: float | None = Field(description="By time: up or degraded, of what is known.")
    request_availability: float | None
    requests: int
    bad_requests: int
    objective: float
    error_budget_left: float | None
    burn_rate: float | None
    incidents: int
    mttr_s: float | None
    mtbf_s: float | None
    latency_s: dict[str, float] = Field(description="By quantile, of calls that were answered.")

    @classmethod
    def of(cls, told: Figures) -> "FiguresView":
        """The figures as clients see them."""
        return cls(
            promised_s=told.promised_s,
            seconds_by_state={state.value: each for state, each in told.seconds.items()},
            coverage=told.coverage,
            availability=told.availability,
            request_availability=told.request_availability,
            requests=told.requests,
            bad_requests=told.bad_requests,
            objective=told.objective,
            error_budget_left=told.budget_left,
            burn_rate=told.burn_rate,
            incidents=told.incidents,
            mttr_s=told.mttr_s,
            mtbf_s=told.mtbf_s,
            latency_s={f"p{100 * q:g}": each for q, each in told.latency_s.items()},
        )


class StandingView(BaseModel):
    """A provider that is used for a kind of data: its state now, why, and its figures."""

    provider: str
    title: str
    capability: str
    state: str = Field(description="up, degraded, down, maintenance or unknown.")
    cause: str
    since: datetime | None
    judged_at: datetime | None
    left_alone_until: datetime | None
    why_left_alone: str
    figures: FiguresView

    @classmethod
    def of(cls, each: Standing) -> "StandingView":
        """A provider as clients see it."""
        return cls(
            provider=each.provider,
            title=each.title,
            capability=each.capability.value,
            state=each.state.value,
            cause=each.cause,
            since=each.since,
            judged_at=each.seen_at,
            left_alone_until=each.left_alone_until,
            why_left_alone=each.why_left_alone,
            figures=FiguresView.of(each.figures),
        )


class StatusView(BaseModel):
    """The providers that the tenant uses."""

    days: int = Field(description="Of the figures.")
    providers: list[StandingView]


class CourseView(BaseModel):
    """A state of a provider from when to when."""

    title: str
    capability: str
    state: str
    cause: str
    start: datetime
    end: datetime

    @classmethod
    def of(cls, each: Course) -> "CourseView":
        """A state as clients see it."""
        return cls(title=each.title, capability=each.capability.value, state=each.state.value,
                   cause=each.cause, start=each.start, end=each.end)  # fmt: skip


class TimelineView(BaseModel):
    """The states, the oldest first of each provider; nothing where nothing is known."""

    states: list[CourseView]


class DecisionView(BaseModel):
    """Whose answer was taken for a question, and why."""

    at: datetime
    capability: str
    query: str
    chosen: str
    why: str
    answer: str = Field(description="fresh, stale, kept from before, or none.")
    seconds: float
    fetched_at: datetime | None
    attempts: list[dict[str, Any]]
    request_id: str

    @classmethod
    def of(cls, row: RoutingDecisionRow) -> "DecisionView":
        """A decision as clients see it."""
        return cls(
            at=from_micros(row.at),
            capability=row.capability,
            query=row.query,
            chosen=row.chosen,
            why=row.why,
            answer=row.answer,
            seconds=row.micros / 1e6,
            fetched_at=None if row.fetched_at is None else from_micros(row.fetched_at),
            attempts=row.attempts,
            request_id=row.request_id,
        )


class DecisionsView(BaseModel):
    """The decisions, the newest first."""

    decisions: list[DecisionView]


class PolicyBody(BaseModel):
    """Whom to ask for a kind of data, in which order and on which terms, and what is promised."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    providers: list[str] = Field(max_length=PROVIDERS_MAX)
    price_max: float | None = None
    age_max_s: float | None = None
    use: Use = Use.DISPLAY
    deadline_s: float = 10.0
    hold_s: float = 60.0
    hedge_after_s: float | None = None
    objective: float = 0.995
    zone: str = Field("UTC", max_length=64)
    weekdays: list[int] = Field([0, 1, 2, 3, 4, 5, 6], max_length=7)
    opens: str = Field("00:00", max_length=5)
    closes: str = Field("24:00", max_length=5)
    reason: str = Field(max_length=REASON_MAX)

    @property
    def policy(self) -> Policy:
        """Whom to ask."""
        return Policy(
            providers=tuple(self.providers),
            price_max=self.price_max,
            age_max_s=self.age_max_s,
            use=self.use,
            deadline_s=self.deadline_s,
            hold_s=self.hold_s,
            hedge_after_s=self.hedge_after_s,
        )

    @property
    def service(self) -> Service:
        """What is promised."""
        return Service(objective=self.objective, zone=self.zone, weekdays=tuple(self.weekdays),
                       opens=self.opens, closes=self.closes)  # fmt: skip


class PolicyView(BaseModel):
    """A version of a routing policy; version 0 is what holds before there is one."""

    capability: str
    version: int
    terms: dict[str, Any]
    service: dict[str, Any]
    reason: str
    changed_at: datetime | None
    changed_by: str

    @classmethod
    def of(cls, each: PolicyNow) -> "PolicyView":
        """A policy as clients see it."""
        return cls(
            capability=each.capability.value,
            version=each.version,
            terms=each.policy.terms,
            service=each.service.terms,
            reason=each.reason,
            changed_at=each.changed_at,
            changed_by=each.changed_by,
        )


class PoliciesView(BaseModel):
    """Several policies, or several versions of one."""

    policies: list[PolicyView]


class WorkBody(BaseModel):
    """What will be done to a provider, and when."""

    model_config = ConfigDict(extra="forbid")

    provider: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    reason: str


class WorkView(BaseModel):
    """Announced work on a provider."""

    id: str
    provider: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    announced_by: str
    withdrawn_at: datetime | None

    @classmethod
    def of(cls, row: ProviderMaintenanceRow) -> "WorkView":
        """The row as clients see it."""
        return cls(
            id=row.id,
            provider=row.provider,
            starts_at=from_micros(row.starts_at),
            ends_at=from_micros(row.ends_at),
            reason=row.reason,
            announced_by=row.created_by,
            withdrawn_at=None if row.withdrawn_at is None else from_micros(row.withdrawn_at),
        )


class WorksView(BaseModel):
    """Announced work, the latest first."""

    maintenance: list[WorkView]


@router.get("/providers/status")
def read_status(work: CallersWork, days: Days = 30) -> StatusView:
    """How the providers stand that the tenant uses, why, and their figures over so many days."""
    found = providers.read_providers(work, days=days)
    return StatusView(days=days, providers=[StandingView.of(each) for each in found])


@router.get("/providers/timeline")
def read_timeline(work: CallersWork, days: Days = 1) -> TimelineView:
    """The states of the last days with their causes."""
    found = providers.read_course(work, days=days)
    return TimelineView(states=[CourseView.of(each) for each in found])


@router.get("/providers/decisions")
def read_decisions(work: CallersWork, limit: Limit = 50, request_id: str = "") -> DecisionsView:
    """Who answered and why: the newest first, or those of one request."""
    found = routing.read_decisions(work, limit=limit, request_id=request_id)
    return DecisionsView(decisions=[DecisionView.of(row) for row in found])


@router.post("/providers/{provider}/{capability}/release", status_code=204)
def release(work: CallersWork, provider: str, capability: Capability) -> None:
    """Have a provider asked again at once, as the cause of its outage is mended."""
    routing.release(work, provider, capability)


@router.get("/providers/maintenance")
def list_announced(work: CallersWork) -> WorksView:
    """Announced work of the last 30 days and to come."""
    found = providers.list_announced(work)
    return WorksView(maintenance=[WorkView.of(row) for row in found])


@router.post("/providers/maintenance", status_code=201, response_model=WorkView)
def announce(work: CallersWork, once: MakesOnce, body: WorkBody) -> Response:
    """Announce work on a provider: that time counts neither for nor against it."""
    allowed(work, "maintenance.announce")
    return once.do(
        lambda: WorkView.of(
            providers.announce(
                work, body.provider, body.starts_at, body.ends_at, reason=body.reason
            )
        )
    )


@router.delete("/providers/maintenance/{work_id}", status_code=204)
def withdraw(work: CallersWork, work_id: str) -> None:
    """Withdraw announced work, or end it early."""
    providers.withdraw(work, work_id)


@router.get("/routing")
def read_policies(work: CallersWork) -> PoliciesView:
    """Whom the tenant asks for each kind of data."""
    return PoliciesView(policies=[PolicyView.of(each) for each in routing.read_policies(work)])


@router.put("/routing/{capability}")
def change_policy(work: CallersWork, capability: Capability, body: PolicyBody) -> PolicyView:
    """Ask others, in another order or on other terms, from now on."""
    return PolicyView.of(
        routing.change_policy(work, capability, body.policy, body.service, reason=body.reason)
    )


@router.get("/routing/{capability}/history")
def read_history(work: CallersWork, capability: Capability, limit: Limit = 50) -> PoliciesView:
    """The versions of a policy, the newest first."""
    found = routing.policy_history(work, capability, limit=limit)
    return PoliciesView(policies=[PolicyView.of(each) for each in found])
