"""Plans: what a tenant is granted, from when to when, and why it is just so much now.

A limit comes from the newest override that holds, else from the tenant's plan, else from the
setting of its name. Versions of a plan are never changed, so what was granted can be looked up.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import bindparam, func, select

from valor_core.errors import BadInput, NotFound, ValorError
from valor_core.settings import setting, whole_number
from valor_core.store.tables import PlanOverrideRow, PlanRow, TenantPlanRow, TenantRow
from valor_core.store.work import Work
from valor_core.tenancy import flags
from valor_core.tenancy.reasons import stated
from valor_core.values import Role, from_micros, micros, new_id

LIMIT_MOST = 10**9
OVERRIDE_LASTS_MOST_US = 366 * 86_400_000_000
OVERRIDES_MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Something of which a plan grants so much; a quota may also be granted without limit."""

    name: str
    unit: str
    meter: str = ""  # of a quota
    period: str = ""  # `month` or `day`, in the tenant's time zone
    has_default: bool = True  # in the setting of its name

    @property
    def default(self) -> int | None:
        """As the settings say; None is without limit."""
        name = f"VALOR_{self.name.upper()}"
        if not self.has_default or (self.meter and setting(name) == "none"):
            return None
        return whole_number(name, most=LIMIT_MOST)


def _quota(meter: str, unit: str, period: str) -> Limit:
    return Limit(
        name=f"{meter}_per_{period}",
        unit=f"{unit} a {period}",
        meter=meter,
        period=period,
        has_default=period == "month",
    )


METERED = {
    "valuations": "saved valuations",
    "imports": "imported documents",
    "snapshots": "published snapshots",
    "reports": "reports",
    "workbook_audits": "audited workbooks",
    "simulations": "simulations",
    "batches": "batches of valuations",
}
RATES = (
    Limit(name="tenant_calls_per_minute", unit="API calls a minute of the whole tenant"),
    Limit(name="tenant_calls_burst", unit="API calls at once of the whole tenant"),
    Limit(name="user_calls_per_minute", unit="API calls a minute of a user or a key"),
    Limit(name="user_calls_burst", unit="API calls at once of a user or a key"),
)
QUOTAS = tuple(
    _quota(meter, unit, period) for meter, unit in METERED.items() for period in ("month", "day")
)
LIMITS = {limit.name: limit for limit in (*RATES, *QUOTAS)}


# Asked at each metered act, so put together once.
_HELD = (
    select(TenantRow.billing_tz, TenantPlanRow, PlanRow)
    .outerjoin(
        TenantPlanRow,
        (TenantPlanRow.tenant_id == TenantRow.id) & TenantPlanRow.valid_to.is_(None),
    )
    .outerjoin(
        PlanRow,
        (PlanRow.plan_id == TenantPlanRow.plan_id)
        & (PlanRow.version == TenantPlanRow.plan_version),
    )
    .where(TenantRow.id == bindparam("tenant"))
)
_OVERRIDES = (
    select(PlanOverrideRow)
    .where(PlanOverrideRow.expires_at > bindparam("now"), PlanOverrideRow.ended_at.is_(None))
    .order_by(PlanOverrideRow.created_at.desc(), PlanOverrideRow.id.desc())
    .limit(1000)
)


class BadPlan(BadInput):
    """A plan, or a change of one, that cannot be."""

    code = "bad_plan"


class UnknownTimeZone(BadInput):
    """A time zone by no name of the IANA list."""

    code = "unknown_time_zone"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no time zone {name[:60]!r}.", hint="Write Europe/Zurich, or UTC."
        )


class OperatorNeeded(ValorError):
    """It would grant the tenant more than whoever runs the installation has."""

    code, status = "operator_needed", 403

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is for the operator of the installation.",
            hint="You can lower your own limits and switch your own features off.",
        )


class Origin(StrEnum):
    """Where a granted limit comes from."""

    OVERRIDE = "override"
    PLAN = "plan"
    SETTING = "setting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """How much of something a tenant is granted now, and why."""

    limit: Limit
    value: int | None  # None: without limit
    origin: Origin
    why: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """What holds for a tenant at a moment: its plan, its overrides and what follows from them."""

    plan: PlanRow | None
    since: datetime | None
    zone: ZoneInfo
    granted: Mapping[str, Granted]

    def value(self, name: str) -> int | None:
        """How much of it; None is without limit."""
        return self.granted[name].value

    @property
    def plan_name(self) -> str:
        """The plan with its version, as people call it."""
        return f"{self.plan.name}, version {self.plan.version}" if self.plan else "no plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTerms:
    """What a version of a plan says: its name, a month's price, and what it grants."""

    name: str
    currency: str  # ISO code
    price_minor: int  # in the currency's smallest unit
    limits: Mapping[str, int | None]  # None: without limit; the settings say what is not named
    features: Mapping[str, flags.FlagValue]


def drafted(work: Work, plan_id: str, terms: PlanTerms) -> PlanRow:
    """A new plan, or the next version of one, that nobody has yet; BadPlan where it cannot be."""
    if not plan_id.isascii() or not plan_id.replace("-", "").isalnum() or len(plan_id) > 40:
        raise BadPlan(
            f"{plan_id[:40]!r} cannot be a plan's short name.",
            hint="Use up to 40 letters, digits and -, such as team.",
        )
    currency, price_minor, name = terms.currency, terms.price_minor, terms.name.strip()
    if len(currency) != 3 or not currency.isascii() or not currency.isupper():
        raise BadPlan(f"{currency[:10]!r} is no currency.", hint="Write its ISO code, such as USD.")
    if not 0 <= price_minor <= 10**12 or not 0 < len(name) <= 100:
        raise BadPlan(
            "A plan needs a name, and a price from 0 up.",
            hint="The price is a month's, in the currency's smallest unit: 4900 is 49.00 USD.",
        )
    for each, value in terms.limits.items():
        check_limit(each, value)
    for feature, meant in terms.features.items():
        flags.check_value(feature, meant)
    newest = work.session.scalar(
        select(func.max(PlanRow.version)).where(PlanRow.plan_id == plan_id)
    )
    return PlanRow(
        plan_id=plan_id,
        version=(newest or 0) + 1,
        name=name,
        currency=currency,
        price_minor=price_minor,
        limits=dict(terms.limits),
        features=dict(terms.features),
        created_at=work.now_micros,
        created_by=work.caller.actor,
    )


def define(work: Work, row: PlanRow) -> None:
    """From now on there is that version; tenants keep the one that they have."""
    work.session.add(row)
    work.session.flush()


def check_limit(name: str, value: int | None) -> None:
    """BadPlan unless there is such a limit and it can be so much."""
    limit = LIMITS.get(name)
    if limit is None:
        raise BadPlan(
            f"There is no limit {name[:60]!r}.", hint=f"The limits are {', '.join(LIMITS)}."
        )
    least = 0 if limit.meter else 1
    if value is None and limit.meter:
        return
    if value is None or not least <= value <= LIMIT_MOST:
        raise BadPlan(
            f"{name} cannot be {value}.",
            hint=f"Give a whole number from {least} to {LIMIT_MOST}"
            + (", or none at all for no limit." if limit.meter else "."),
        )


def definitions(work: Work) -> Sequence[PlanRow]:
    """Every version of every plan, the newest of each first."""
    query = select(PlanRow).order_by(PlanRow.plan_id, PlanRow.version.desc()).limit(1000)
    return work.session.scalars(query).all()


def definition(work: Work, plan_id: str, version: int | None = None) -> PlanRow:
    """That version of a plan, or its newest; NotFound otherwise."""
    query = select(PlanRow).where(PlanRow.plan_id == plan_id).order_by(PlanRow.version.desc())
    if version is not None:
        query = query.where(PlanRow.version == version)
    row = work.session.scalars(query.limit(1)).first()
    if row is None:
        raise NotFound("plan", plan_id if version is None else f"{plan_id} version {version}")
    return row


def assign(work: Work, plan: PlanRow, *, reason: str) -> TenantPlanRow:
    """The caller's tenant has this plan from now on; what it had before ends at the same moment."""
    why, before = stated(reason), _open(work)
    begins = work.now_micros
    if before:
        begins = max(begins, before.valid_from + 1)
        before.valid_to = begins
        work.session.flush()
    row = TenantPlanRow(
        seq=before.seq + 1 if before else 1,
        plan_id=plan.plan_id,
        plan_version=plan.version,
        valid_from=begins,
        valid_to=None,
        changed_by=work.caller.actor,
        reason=why,
    )
    work.add_all([row])
    work.session.flush()
    tell_changed(work)
    return row


def _open(work: Work) -> TenantPlanRow | None:
    query = select(TenantPlanRow).where(TenantPlanRow.valid_to.is_(None))
    return work.session.scalars(query).one_or_none()


def history(work: Work) -> Sequence[TenantPlanRow]:
    """The plans that the tenant had, the newest first."""
    query = select(TenantPlanRow).order_by(TenantPlanRow.seq.desc()).limit(1000)
    return work.session.scalars(query).all()


def check_override(work: Work, name: str, value: int | None, *, expires_at: datetime) -> None:
    """BadPlan unless there is such a limit, an end within a year, and room for one more."""
    check_limit(name, value)
    if not 0 < micros(expires_at) - work.now_micros <= OVERRIDE_LASTS_MOST_US:
        raise BadPlan(
            "An override ends within a year from now.", hint="Name a moment in the coming year."
        )
    if len(overrides(work)) >= OVERRIDES_MOST:
        raise BadPlan(
            f"{OVERRIDES_MOST} overrides hold at a time, and no more.", hint="End one of them."
        )


def override(
    work: Work, name: str, value: int | None, *, reason: str, expires_at: datetime
) -> PlanOverrideRow:
    """Another limit than the plan's, for a time."""
    check_override(work, name, value, expires_at=expires_at)
    row = PlanOverrideRow(
        id=new_id(),
        limit_name=name,
        value=value,
        reason=stated(reason),
        expires_at=micros(expires_at),
        created_at=work.now_micros,
        created_by=work.caller.actor,
    )
    work.add_all([row])
    work.session.flush()
    tell_changed(work)
    return row


def end_override(work: Work, override_id: str) -> PlanOverrideRow:
    """From now on the plan's own limit holds again."""
    row = override_to_end(work, override_id)
    row.ended_at = row.ended_at or work.now_micros
    work.session.flush()
    tell_changed(work)
    return row


def override_to_end(work: Work, override_id: str) -> PlanOverrideRow:
    """That override; a refusal where there is none, or the caller may not end it."""
    row = work.session.get(PlanOverrideRow, (work.caller.tenant_id, override_id))
    if row is None:
        raise NotFound("override", override_id[:40])
    if not sets_freely(work):
        check_own(row.created_by)
    return row


def overrides(work: Work) -> Sequence[PlanOverrideRow]:
    """Those that hold now, the newest first."""
    return work.session.scalars(_OVERRIDES, {"now": work.now_micros}).all()


def set_zone(work: Work, name: str) -> str:
    """The time zone by which the tenant's days and months are told; returns the one before."""
    read_zone(name)
    tenant = work.session.get_one(TenantRow, work.caller.tenant_id)
    before, tenant.billing_tz = tenant.billing_tz, name
    tell_changed(work)
    return before


def read_zone(name: str) -> ZoneInfo:
    """The time zone of that name; UnknownTimeZone otherwise."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # the last two for odd paths
        raise UnknownTimeZone(name) from error


def sets_freely(work: Work) -> bool:
    """Whether the caller may grant more: an operator, or an administrator by the setting."""
    if work.caller.role is Role.OPERATOR:
        return True
    chosen = setting("VALOR_ADMINS_SET_LIMITS")
    return chosen == "yes" or (chosen == "embedded" and work.store.is_sqlite)


def check_lowers(work: Work, name: str, value: int | None) -> None:
    """OperatorNeeded where it is more than holds now, or would once the overrides have ended."""
    check_limit(name, value)
    now = effective(work)
    for granted in (now.granted[name], _granted(LIMITS[name], now.plan, None)):
        if granted.value is not None and (value is None or value > granted.value):
            raise OperatorNeeded("A higher limit")


def check_own(created_by: str) -> None:
    """OperatorNeeded where an operator has set what is to end."""
    if created_by.startswith("operator:"):
        raise OperatorNeeded("What the operator has set")


def effective(work: Work, *, instead: PlanRow | None = None) -> Effective:
    """What holds for the caller's tenant now; or what would, had it another plan `instead`."""
    found = work.session.execute(_HELD, {"tenant": work.caller.tenant_id}).one_or_none()
    zone, held, own = found or ("UTC", None, None)
    plan = instead or own
    newest: dict[str, PlanOverrideRow] = {}
    for row in overrides(work):
        newest.setdefault(row.limit_name, row)
    return Effective(
        plan=plan,
        since=from_micros(held.valid_from) if held and not instead else None,
        zone=ZoneInfo(zone),
        granted={
            limit.name: _granted(limit, plan, newest.get(limit.name)) for limit in LIMITS.values()
        },
    )


def _granted(limit: Limit, plan: PlanRow | None, override: PlanOverrideRow | None) -> Granted:
    if override:
        return Granted(
            limit=limit,
            value=override.value,
            origin=Origin.OVERRIDE,
            why=override.reason,
            until=from_micros(override.expires_at),
        )
    if plan and limit.name in plan.limits:
        why = f"{plan.name}, version {plan.version}"
        return Granted(limit=limit, value=plan.limits[limit.name], origin=Origin.PLAN, why=why)
    why = f"VALOR_{limit.name.upper()}" if limit.has_default else "no limit is set"
    return Granted(limit=limit, value=limit.default, origin=Origin.SETTING, why=why)


def overridden(before: Effective, name: str, value: int | None) -> Effective:
    """What would hold, had the tenant an override of that limit."""
    check_limit(name, value)
    then = Granted(limit=LIMITS[name], value=value, origin=Origin.OVERRIDE, why="")
    return replace(before, granted={**before.granted, name: then})


def without_override(work: Work, row: PlanOverrideRow) -> Effective:
    """What would hold, did that override end: an older one of the same limit, or the plan's."""
    now = effective(work)
    older = [each for each in overrides(work) if each.limit_name == row.limit_name]
    left = next((each for each in older if each.id != row.id), None)
    then = _granted(LIMITS[row.limit_name], now.plan, left)
    return replace(now, granted={**now.granted, row.limit_name: then})


def ends_of_overrides(work: Work, name: str) -> list[tuple[datetime, int | None]]:
    """When an override of that limit ends next and what is granted from then on, each in turn."""
    plan = effective(work).plan
    those = [row for row in overrides(work) if row.limit_name == name]
    told = []
    for end in sorted({row.expires_at for row in those}):
        left = next((row for row in those if row.expires_at > end), None)
        told.append((from_micros(end), _granted(LIMITS[name], plan, left).value))
    return told


def of_plan(plan: PlanRow | None) -> dict[str, Granted]:
    """What a tenant of that plan is granted, or of none, without any override."""
    return {name: _granted(limit, plan, None) for name, limit in LIMITS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A limit that a change would make another."""

    limit: Limit
    before: int | None
    after: int | None


def differences(before: Mapping[str, Granted], after: Mapping[str, Granted]) -> list[Difference]:
    """What differs between two moments, or between what holds and what would."""
    return [
        Difference(limit=limit, before=before[name].value, after=after[name].value)
        for name, limit in LIMITS.items()
        if before[name].value != after[name].value
    ]


_changed_at: dict[str, float] = {}


def tell_changed(work: Work) -> None:
    """Once it is kept, what this process remembers of the tenant's plan is asked anew."""
    tenant = work.caller.tenant_id
    work.after_commit.append(lambda: _changed_at.__setitem__(tenant, time.monotonic()))


def changed_at(tenant_id: str) -> float:
    """When this process last changed the tenant's plan, by the monotonic clock."""
    return _changed_at.get(tenant_id, 0.0)
