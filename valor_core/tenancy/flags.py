"""Feature flags: what can be switched off, or is not yet for everybody, without a new version.

Each is declared here, with its type, its default, who answers for it and until when it is to be
gone; a name that is not declared is a bug and fails at once. Five layers speak, the first wins:
the kill switch, the tenant's override, its plan, the share of tenants it is rolled out to, the
default. An evaluation tells what each of them said.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import delete, select

from valor_core.errors import BadInput, NotFound, ValorError
from valor_core.store.tables import (
    FeatureFlagRow,
    FlagOverrideRow,
    PlanRow,
    TenantPlanRow,
    TenantRow,
)
from valor_core.store.work import Work
from valor_core.tenancy.reasons import stated
from valor_core.values import PLATFORM, SHARED, micros

FlagValue = bool | int | str
LASTS_MOST_US = 366 * 86_400_000_000


class UnknownFlag(LookupError):
    """A bug: a flag that is not declared."""


class BadFlag(BadInput):
    """A flag's value, or a change of it, that cannot be."""

    code = "bad_flag"


class SwitchedOff(ValorError):
    """What was asked for is not there, because it is not switched on for this tenant."""

    code, status = "switched_off", 404

    def __init__(self, flag: "Flag", *, why: str) -> None:
        super().__init__(
            f"This is switched off for your tenant: {flag.help[0].lower()}{flag.help[1:]}",
            hint=f"{why} Ask an administrator of your tenant, or the operator.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Something that can be switched; its type is that of its default."""

    name: str
    default: FlagValue
    on: FlagValue = True  # for whom it is rolled out to
    off: FlagValue = False  # once it is killed
    owner: str
    expires_on: date
    help: str


FLAGS = {
    flag.name: flag
    for flag in (
        Flag(
            name="workbook_audit",
            default=True,
            owner="workbooks",
            expires_on=date(2027, 12, 31),
            help="Workbooks of others are taken and searched for mistakes.",
        ),
        Flag(
            name="fact_import",
            default=True,
            owner="coverage",
            expires_on=date(2027, 12, 31),
            help="Documents with filed facts are taken.",
        ),
        Flag(
            name="analyst_sql",
            default=True,
            owner="snapshots",
            expires_on=date(2027, 12, 31),
            help="Analysts ask snapshots in SQL of their own.",
        ),
        Flag(
            name="explore",
            default=True,
            owner="snapshots",
            expires_on=date(2027, 12, 31),
            help="Snapshots are explored by clicking, and views of them are kept and shared.",
        ),
        Flag(
            name="reports",
            default=True,
            owner="reports",
            expires_on=date(2027, 12, 31),
            help="Reports are made, when somebody asks and on a schedule.",
        ),
        Flag(
            name="own_notebooks",
            default=False,
            owner="reports",
            expires_on=date(2027, 12, 31),
            help="Notebooks of your own are reviewed, approved and then run as reports.",
        ),
    )
}


class Layer(StrEnum):
    """Who speaks for a flag's value, the first that does wins."""

    KILL = "kill switch"
    OVERRIDE = "tenant override"
    PLAN = "plan"
    ROLLOUT = "rollout"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one layer says of a flag; no value where it says nothing."""

    layer: Layer
    value: FlagValue | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A flag's value for a tenant, the layer that decided, and what every layer said."""

    flag: Flag
    trace: tuple[Said, ...]

    @property
    def decided(self) -> Said:
        """The first layer that says anything; the default always does."""
        return next(each for each in self.trace if each.value is not None)

    @property
    def value(self) -> FlagValue:
        """What holds."""
        value = self.decided.value
        assert value is not None
        return value

    def instead(self, layer: Layer, value: FlagValue | None) -> "Evaluation":
        """The same flag, had that layer this value; with None, had it none."""
        trace = (replace(each, value=value) if each.layer is layer else each for each in self.trace)
        return replace(self, trace=tuple(trace))


def flag_of(name: str) -> Flag:
    """The declared flag; UnknownFlag otherwise."""
    if name not in FLAGS:
        raise UnknownFlag(name)
    return FLAGS[name]


def asked_for(name: str) -> Flag:
    """The flag that a person names; NotFound otherwise."""
    if name not in FLAGS:
        raise NotFound("flag", name[:60], hint=f"The flags are {', '.join(FLAGS)}.")
    return FLAGS[name]


def check_value(name: str, value: FlagValue) -> None:
    """BadFlag unless a person may give that flag that value."""
    wanted = type(asked_for(name).default)
    if type(value) is not wanted:
        raise BadFlag(f"{name} cannot be {value!r}.", hint=f"Its value is a {_TYPES[wanted]}.")


_TYPES: dict[type, str] = {bool: "true or false", int: "whole number", str: "text"}


def read_value(name: str, text: str) -> FlagValue:
    """A value as a person writes it: true, 12, or a text."""
    value: FlagValue = {"true": True, "false": False}.get(text, text)
    if text.lstrip("-").isdecimal() and text.isascii():
        value = int(text)
    check_value(name, value)
    return value


def bucket(name: str, tenant_id: str) -> int:
    """The tenant's place from 0 to 99: a share of p percent are those below p, now and later.

    >>> bucket("workbook_audit", "acme-1")  # as ever: else an upgrade would reach other tenants
    60
    """
    digest = hashlib.sha256(f"{name}|{tenant_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 100


def evaluated(
    work: Work, features: Mapping[str, FlagValue], *, plan: str = ""
) -> dict[str, Evaluation]:
    """Every flag for the caller's tenant, whose plan has those features."""
    switched = {row.flag: row for row in work.session.scalars(select(FeatureFlagRow))}
    own = {row.flag: row for row in overrides(work)}
    tenant = work.caller.tenant_id
    return {
        name: _evaluation(flag, switched.get(name), own.get(name), features, plan, tenant)
        for name, flag in FLAGS.items()
    }


def _evaluation(
    flag: Flag,
    switched: FeatureFlagRow | None,
    own: FlagOverrideRow | None,
    features: Mapping[str, FlagValue],
    plan: str,
    tenant_id: str,
) -> Evaluation:
    by_plan = f"The plan {plan} says so." if flag.name in features else "The plan says nothing."
    return Evaluation(
        flag=flag,
        trace=(
            _killed(flag, switched),
            _overridden(own),
            Said(layer=Layer.PLAN, value=features.get(flag.name), why=by_plan),
            _rolled_out(flag, switched, tenant_id),
            Said(layer=Layer.DEFAULT, value=flag.default, why="Nobody has said anything else."),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How many of the tenants have a flag on, before and after a switch for all."""

    tenants: int
    before: int
    after: int


def reach(work: Work, name: str, then: FeatureFlagRow) -> Reach:
    """Who has the flag now, and who would, were it switched so; one question for all tenants."""
    flag, now = asked_for(name), switched(work, name)
    rows = work.of_every_tenant(
        select(TenantRow.id, FlagOverrideRow.value, PlanRow.features)
        .outerjoin(
            FlagOverrideRow,
            (FlagOverrideRow.tenant_id == TenantRow.id)
            & (FlagOverrideRow.flag == name)
            & (FlagOverrideRow.expires_at > work.now_micros),
        )
        .outerjoin(
            TenantPlanRow,
            (TenantPlanRow.tenant_id == TenantRow.id) & TenantPlanRow.valid_to.is_(None),
        )
        .outerjoin(
            PlanRow,
            (PlanRow.plan_id == TenantPlanRow.plan_id)
            & (PlanRow.version == TenantPlanRow.plan_version),
        )
        .where(TenantRow.id.not_in((PLATFORM, SHARED)))
    )

    def having(switched: FeatureFlagRow | None) -> int:
        count = 0
        for tenant_id, value, features in rows:
            own = None if value is None else FlagOverrideRow(flag=name, value=value, reason="")
            told = _evaluation(flag, switched, own, features or {}, "", tenant_id)
            count += told.value is not False
        return count

    return Reach(tenants=len(rows), before=having(now), after=having(then))


def _killed(flag: Flag, row: FeatureFlagRow | None) -> Said:
    if row and row.killed:
        return Said(layer=Layer.KILL, value=flag.off, why=f"Switched off for all: {row.reason}.")
    return Said(layer=Layer.KILL, value=None, why="It is not switched off for all.")


def _overridden(row: FlagOverrideRow | None) -> Said:
    if row is None:
        return Said(layer=Layer.OVERRIDE, value=None, why="There is no override.")
    return Said(layer=Layer.OVERRIDE, value=row.value, why=f"Overridden: {row.reason}.")


def _rolled_out(flag: Flag, row: FeatureFlagRow | None, tenant_id: str) -> Said:
    if row is None or row.rollout_percent is None:
        return Said(layer=Layer.ROLLOUT, value=None, why="It is not being rolled out.")
    place = bucket(flag.name, tenant_id)
    told = f"The tenant's place is {place}, it is rolled out to those below {row.rollout_percent}."
    reached = place < row.rollout_percent
    return Said(layer=Layer.ROLLOUT, value=flag.on if reached else None, why=told)


def overrides(work: Work) -> Sequence[FlagOverrideRow]:
    """The tenant's own values that hold at the moment of this work, whenever in it one asks."""
    query = select(FlagOverrideRow).where(FlagOverrideRow.expires_at > work.now_micros)
    return work.session.scalars(query.order_by(FlagOverrideRow.flag)).all()


def check_override(work: Work, name: str, value: FlagValue, *, expires_at: datetime) -> None:
    """BadFlag unless the flag may have the value, and an end within a year."""
    check_value(name, value)
    if not 0 < micros(expires_at) - work.now_micros <= LASTS_MOST_US:
        raise BadFlag(
            "An override ends within a year from now.", hint="Name a moment in the coming year."
        )


def override(
    work: Work, name: str, value: FlagValue, *, reason: str, expires_at: datetime
) -> FlagOverrideRow:
    """The flag's value for the caller's tenant, for a time, instead of the one before."""
    check_override(work, name, value, expires_at=expires_at)
    why = stated(reason)
    end_override(work, name)
    row = FlagOverrideRow(
        flag=name,
        value=value,
        reason=why,
        expires_at=micros(expires_at),
        created_at=work.now_micros,
        created_by=work.caller.actor,
    )
    work.add_all([row])
    work.session.flush()
    return row


def end_override(work: Work, name: str) -> None:
    """What the layers below say holds again."""
    asked_for(name)
    work.session.execute(delete(FlagOverrideRow).where(FlagOverrideRow.flag == name))


def check_rollout(rollout_percent: int | None) -> None:
    """BadFlag unless that is a share of the tenants."""
    if rollout_percent is not None and not 0 <= rollout_percent <= 100:
        raise BadFlag(
            f"A flag cannot be rolled out to {rollout_percent} %.", hint="Choose from 0 to 100."
        )


def switch(
    work: Work, name: str, *, killed: bool, rollout_percent: int | None, reason: str
) -> FeatureFlagRow:
    """For the whole installation: off for all, or rolled out to a share of the tenants."""
    flag, why = asked_for(name), stated(reason)
    check_rollout(rollout_percent)
    row = work.session.get(FeatureFlagRow, flag.name) or FeatureFlagRow(flag=flag.name)
    row.killed, row.rollout_percent, row.reason = int(killed), rollout_percent, why
    row.changed_at, row.changed_by = work.now_micros, work.caller.actor
    work.session.add(row)
    work.session.flush()
    return row


def switched(work: Work, name: str) -> FeatureFlagRow | None:
    """What an operator has set of the flag."""
    return work.session.get(FeatureFlagRow, asked_for(name).name)
