"""Plans and limits: what a tenant is granted, what it has used, and how that is changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from valor_core.store.tables import PlanOverrideRow, PlanRow, TenantPlanRow
from valor_core.store.work import Work
from valor_core.tenancy import features, plans, quotas
from valor_core.tenancy.flags import FlagValue, Layer
from valor_core.tenancy.plans import Difference, Effective, OperatorNeeded, PlanTerms
from valor_core.tenancy.quotas import Standing
from valor_core.tenancy.reasons import stated
from valor_core.workbench.verb import verb, view


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNow:
    """What holds for the tenant now and why, and how far its quotas are used."""

    effective: Effective
    standings: Sequence[Standing]
    overrides: Sequence[PlanOverrideRow]


@view("plan.read")
def plan_now(work: Work) -> PlanNow:
    """What the tenant is granted now, why, and what of it is left."""
    return _standing(work, plans.effective(work))


@view("plan.read")
def foresee_time_zone(work: Work, name: str) -> PlanNow:
    """What would be left of each quota, and until when, by the calendar of that time zone."""
    return _standing(work, replace(plans.effective(work), zone=plans.read_zone(name)))


def _standing(work: Work, effective: Effective) -> PlanNow:
    return PlanNow(
        effective=effective,
        standings=quotas.standings(work, effective),
        overrides=plans.overrides(work),
    )


@view("plan.read")
def may_set_freely(work: Work) -> bool:
    """Whether the caller may also grant the tenant more, not only less."""
    return plans.sets_freely(work)


@view("plan.read")
def list_plans(work: Work) -> Sequence[PlanRow]:
    """Every version of every plan of this installation."""
    return plans.definitions(work)


@view("plan.read")
def plan_history(work: Work) -> Sequence[TenantPlanRow]:
    """The plans that the tenant had, the newest first."""
    return plans.history(work)


Features = Mapping[str, tuple[FlagValue | None, FlagValue | None]]
"""Flags that would be others, each before and after; None where nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What the tenant is granted and has left now, and what it would be after a change."""

    now: PlanNow
    then: PlanNow
    features: Features

    @property
    def limits(self) -> list[Difference]:
        """The limits that would be others."""
        return _differences(self.now.effective, self.then.effective)

    @property
    def quotas(self) -> Mapping[str, tuple[Standing, Standing]]:
        """Of those limits that are quotas, by name: what is used and left, now and then."""
        names = {each.limit.name for each in self.limits}
        both = zip(self.now.standings, self.then.standings, strict=True)
        return {now.limit.name: (now, then) for now, then in both if now.limit.name in names}


def _foreseen(work: Work, then: Effective, features: Features | None = None) -> Foreseen:
    return Foreseen(now=plan_now(work), then=_standing(work, then), features=features or {})


@view("plan.read")
def foresee_plan(work: Work, plan_id: str, version: int | None = None) -> Foreseen:
    """What would be granted and left, had the tenant that plan."""
    other = plans.definition(work, plan_id, version)
    return _foreseen(work, plans.effective(work, instead=other), _features(work, other))


def _features(work: Work, other: PlanRow) -> Features:
    now = features.all_flags(work)
    then = {name: each.instead(Layer.PLAN, other.features.get(name)) for name, each in now.items()}
    return {
        name: (each.value, then[name].value)
        for name, each in now.items()
        if each.value != then[name].value
    }


@view("plan.read")
def foresee_override(
    work: Work, limit: str, value: int | None, *, expires_at: datetime
) -> Foreseen:
    """What would be granted and left, were that limit another one for a time."""
    if not plans.sets_freely(work):
        plans.check_lowers(work, limit, value)
    plans.check_override(work, limit, value, expires_at=expires_at)
    return _foreseen(work, plans.overridden(plans.effective(work), limit, value))


@view("plan.read")
def foresee_end_of_override(work: Work, override_id: str) -> Foreseen:
    """What would be granted and left, did the override end: the same where it is over."""
    row = plans.override_to_end(work, override_id)
    return _foreseen(work, plans.without_override(work, row))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChange:
    """A version of a plan beside the newest that there is; tenants keep the one that they have."""

    before: PlanRow | None  # None: there is no such plan yet
    after: PlanRow
    limits: Sequence[Difference]
    features: Features


@view("plan.read")
def foresee_definition(work: Work, plan_id: str, terms: PlanTerms) -> PlanChange:
    """The version that would be made, and how it differs from the newest."""
    return _drafted(work, plan_id, terms)


@verb("plan.define")
def define_plan(work: Work, plan_id: str, terms: PlanTerms, *, reason: str) -> PlanChange:
    """Make a plan, or its next version; tenants keep the version that they have."""
    why, told = stated(reason), _drafted(work, plan_id, terms)
    plans.define(work, told.after)
    work.note(
        f"plan:{told.after.plan_id}",
        version=told.after.version,
        currency=terms.currency,
        price_minor=terms.price_minor,
        limits=dict(terms.limits),
        features=dict(terms.features),
        reason=why,
    )
    return told


def _drafted(work: Work, plan_id: str, terms: PlanTerms) -> PlanChange:
    after = plans.drafted(work, plan_id, terms)
    known = [row for row in plans.definitions(work) if row.plan_id == plan_id]
    before = known[0] if known else None
    old = before.features if before else {}
    return PlanChange(
        before=before,
        after=after,
        limits=plans.differences(plans.of_plan(before), plans.of_plan(after)),
        features={
            name: (old.get(name), after.features.get(name))
            for name in sorted({*old, *after.features})
            if old.get(name) != after.features.get(name)
        },
    )


@verb("plan.assign")
def assign_plan(
    work: Work, plan_id: str, *, version: int | None = None, reason: str
) -> TenantPlanRow:
    """Give the tenant a plan from now on; its history keeps the one before."""
    if not plans.sets_freely(work):
        raise OperatorNeeded("Another plan")
    before, other = plans.effective(work), plans.definition(work, plan_id, version)
    switched = _features(work, other)
    row = plans.assign(work, other, reason=reason)
    after = plans.effective(work)
    work.note(
        f"plan:{row.plan_id}",
        before=before.plan_name,
        after=after.plan_name,
        reason=row.reason,
        changed=[
            *_changed(before, after),
            *[f"{name}: {old} → {new}" for name, (old, new) in switched.items()],
        ],
    )
    return row


@verb("plan.override")
def override_limit(
    work: Work, limit: str, value: int | None, *, reason: str, expires_at: datetime
) -> PlanOverrideRow:
    """Grant the tenant another limit than its plan's, for a time."""
    if not plans.sets_freely(work):
        plans.check_lowers(work, limit, value)
    before = plans.effective(work)
    row = plans.override(work, limit, value, reason=reason, expires_at=expires_at)
    work.note(
        f"override:{row.id}",
        reason=row.reason,
        until=expires_at.isoformat(),
        changed=_changed(before, plans.effective(work)),
    )
    return row


@verb("plan.override")
def end_override(work: Work, override_id: str, *, reason: str) -> None:
    """The limit of the plan holds again."""
    why, before = stated(reason), plans.effective(work)
    row = plans.end_override(work, override_id)
    changed = _changed(before, plans.effective(work))
    work.note(f"override:{row.id}", ended=True, changed=changed, reason=why)


@verb("plan.zone")
def set_time_zone(work: Work, name: str, *, reason: str) -> None:
    """The time zone by which the tenant's days and months begin."""
    why, before = stated(reason), plans.set_zone(work, name)
    work.note(f"tenant:{work.caller.tenant_id}", before=before, after=name, reason=why)


def _differences(before: Effective, after: Effective) -> list[Difference]:
    return plans.differences(before.granted, after.granted)


def _changed(before: Effective, after: Effective) -> list[str]:
    return [
        f"{each.limit.name}: {_said(each.before)} → {_said(each.after)}"
        for each in _differences(before, after)
    ]


def _said(value: int | None) -> str:
    return "no limit" if value is None else str(value)
