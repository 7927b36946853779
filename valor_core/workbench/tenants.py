"""Tenants as the operator sees them: made, suspended, opened again; nothing of what they have."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from valor_core.audit import log as audit
from valor_core.billing.metering import Meter
from valor_core.coverage import job_runs
from valor_core.coverage.job_runs import Status
from valor_core.errors import BadInput
from valor_core.store.tables import JobRunRow, TenantRow
from valor_core.store.work import Work
from valor_core.tenancy import api_keys, quotas, sign_in, tenants
from valor_core.tenancy.api_keys import KeyState
from valor_core.tenancy.reasons import stated
from valor_core.values import PLATFORM, SHARED, Caller, TenantId
from valor_core.workbench.verb import verb, view

ACTIVE, SUSPENDED = "active", "suspended"


class ReservedTenant(BadInput):
    """The installation's own tenant and the shared book's are no customers."""

    code = "reserved_tenant"

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"The tenant {slug!r} belongs to the installation.", hint="Choose one of its customers."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """What a suspension of the tenant ends at once."""

    tenant: str
    members: int
    sessions_ended: int
    keys_asleep: int
    jobs_stopped: int


def acting_in(caller: Caller, tenant_id: TenantId) -> Caller:
    """The operator in a tenant: as its log names whoever runs the installation."""
    return replace(caller, tenant_id=tenant_id, kind="operator", session="")


@view("tenant.read")
def tenant_named(work: Work, slug: str) -> TenantRow:
    """The tenant of that short name."""
    return tenants.tenant_by_slug(work, slug)


@view("tenant.read")
def customers(work: Work) -> Sequence[TenantRow]:
    """The tenants but for those of the installation itself."""
    return [row for row in tenants.tenants(work) if row.id not in (PLATFORM, SHARED)]


@view("tenant.read")
def foresee_suspension(work: Work) -> Suspension:
    """What would end at once, were the tenant of this work suspended."""
    return _suspension(work, _customer(work))


@verb("tenant.suspend")
def suspend_tenant(work: Work, *, reason: str) -> Suspension:
    """Shut the tenant of this work: sign-ins and jobs end, keys sleep; nothing of it is lost."""
    why, row = stated(reason), _customer(work)
    told = _suspension(work, row)
    row.status = SUSPENDED
    for run in _running(work):
        values = {"status": Status.CANCELLED, "detail": "The tenant was suspended."}
        job_runs.change_held(work, run.id, run.attempt, finished_at=work.now_micros, **values)
        quotas.settle(work, run.id, Meter.REPORTS, used=0)
    sign_in.end_sessions(work)
    _note(
        work,
        row,
        sessions_ended=told.sessions_ended,
        keys_asleep=told.keys_asleep,
        jobs_stopped=told.jobs_stopped,
        reason=why,
    )
    return told


@verb("tenant.resume")
def resume_tenant(work: Work, *, reason: str) -> TenantRow:
    """Open the tenant of this work again; its members sign in anew."""
    why, row = stated(reason), _customer(work)
    row.status = ACTIVE
    work.after_commit.append(sign_in.ENDINGS.count)
    _note(work, row, reason=why)
    return row


def _customer(work: Work) -> TenantRow:
    row = work.session.get_one(TenantRow, work.caller.tenant_id)
    if row.id in (PLATFORM, SHARED):
        raise ReservedTenant(row.slug)
    return row


def _suspension(work: Work, row: TenantRow) -> Suspension:
    keys = api_keys.keys(work)
    return Suspension(
        tenant=row.label,
        members=len(tenants.members(work)),
        sessions_ended=len(sign_in.live_sessions(work)),
        keys_asleep=sum(api_keys.state(key, work.now_micros) is KeyState.LIVE for key in keys),
        jobs_stopped=len(_running(work)),
    )


def _running(work: Work) -> Sequence[JobRunRow]:
    query = select(JobRunRow).where(JobRunRow.status == Status.RUNNING)
    return work.session.scalars(query.order_by(JobRunRow.created_at).limit(1000)).all()


def _note(work: Work, row: TenantRow, **details: object) -> None:
    """In the tenant's log, and in that of the installation."""
    act = "tenant.suspend" if row.status == SUSPENDED else "tenant.resume"
    tell_installation(work, act, details)
    work.note(f"tenant:{row.id}", **details)


def tell_installation(work: Work, act: str, details: dict[str, object]) -> None:
    """The same act in the installation's own log, in this transaction."""
    target = f"tenant:{work.caller.tenant_id}"
    with work.acting_as(replace(work.caller, tenant_id=PLATFORM)):
        audit.append(work, act, target=target, details=details)
