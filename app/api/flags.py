"""A tenant's feature flags: what is on, which layer decided, and overrides for a time."""

from datetime import date
from typing import Any

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.api.callers import CallersWork
from app.api.members import DryRun, Why
from app.api.requests import StrictRoute
from valor_core.store.work import Work
from valor_core.tenancy.flags import Evaluation
from valor_core.workbench import flags
from valor_core.workbench.verb import allowed

router = APIRouter(prefix="/flags", tags=["flags"], route_class=StrictRoute)


class SaidView(BaseModel):
    """What one layer said; null where it said nothing."""

    layer: str
    value: bool | int | str | None
    why: str


class FlagView(BaseModel):
    """A flag as it stands for the tenant, and why."""

    flag: str
    value: bool | int | str
    decided_by: str = Field(description="The first layer that said anything.")
    help: str
    owner: str
    to_be_gone_by: date
    layers: list[SaidView]

    @classmethod
    def of(cls, told: Evaluation) -> "FlagView":
        """The evaluation as clients see it."""
        return cls(
            flag=told.flag.name,
            value=told.value,
            decided_by=told.decided.layer,
            help=told.flag.help,
            owner=told.flag.owner,
            to_be_gone_by=told.flag.expires_on,
            layers=[SaidView(layer=s.layer, value=s.value, why=s.why) for s in told.trace],
        )


class FlagChangeView(FlagView):
    """The flag after a change, or as the change would make it, and its value before."""

    made: bool = Field(description="false: it was only asked what would change.")
    before: bool | int | str

    @classmethod
    def between(cls, before: Evaluation, after: Evaluation, *, made: bool) -> "FlagChangeView":
        """The change as clients see it."""
        return cls(**FlagView.of(after).model_dump(), made=made, before=before.value)


class FlagsView(BaseModel):
    """Every flag of the tenant."""

    flags: list[FlagView]


class FlagOverrideBody(BaseModel):
    """Another value for the tenant, for a time."""

    model_config = ConfigDict(extra="forbid")

    value: Any = Field(description="Of the flag's own type: true or false, a whole number, a text.")
    reason: str = Field(max_length=500)
    expires_at: AwareDatetime


@router.get("")
def list_flags(work: CallersWork) -> FlagsView:
    """Every flag with its value for the tenant, and what each layer said."""
    return FlagsView(flags=[FlagView.of(each) for each in flags.list_flags(work)])


@router.get("/{flag}")
def explain_flag(work: CallersWork, flag: str) -> FlagView:
    """One flag with its value for the tenant, and what each layer said."""
    return FlagView.of(flags.explain_flag(work, flag))


@router.put("/{flag}/override")
def override_flag(
    work: CallersWork, flag: str, body: FlagOverrideBody, dry_run: DryRun = False
) -> FlagChangeView:
    """The flag's value for the tenant, for a time."""
    return flag_overridden(work, flag, body, dry_run=dry_run)


def flag_overridden(
    work: Work, flag: str, body: FlagOverrideBody, *, dry_run: bool
) -> FlagChangeView:
    """An override of the flag made, or foreseen."""
    allowed(work, "flag.override")
    before = flags.explain_flag(work, flag)
    if dry_run:
        after = flags.foresee_override(work, flag, body.value, expires_at=body.expires_at)
    else:
        after = flags.override_flag(
            work, flag, body.value, reason=body.reason, expires_at=body.expires_at
        )
    return FlagChangeView.between(before, after, made=not dry_run)


@router.delete("/{flag}/override")
def end_override(
    work: CallersWork, flag: str, reason: Why = "", dry_run: DryRun = False
) -> FlagChangeView:
    """What the layers below the override say holds again."""
    return flag_override_ended(work, flag, reason, dry_run=dry_run)


def flag_override_ended(work: Work, flag: str, reason: str, *, dry_run: bool) -> FlagChangeView:
    """An override of the flag ended, or its end foreseen."""
    allowed(work, "flag.override")
    before = flags.explain_flag(work, flag)
    if dry_run:
        after = flags.foresee_end_of_override(work, flag)
    else:
        after = flags.end_override(work, flag, reason=reason)
    return FlagChangeView.between(before, after, made=not dry_run)
