"""Feature flags: what a tenant has and why, and how that is changed."""

from datetime import datetime

from valor_core.errors import NotFound
from valor_core.store.tables import FeatureFlagRow, FlagOverrideRow
from valor_core.store.work import Work
from valor_core.tenancy import features, flags, plans
from valor_core.tenancy.flags import Evaluation, FlagValue, Layer, Reach
from valor_core.tenancy.plans import OperatorNeeded
from valor_core.tenancy.reasons import stated
from valor_core.workbench.verb import verb, view


def closed_acts(work: Work) -> frozenset[str]:
    """The acts that are switched off for the tenant: what they are for is not there."""
    return frozenset(act for act in features.GATES if not features.is_on(work, act))


@view("flag.read")
def list_flags(work: Work) -> list[Evaluation]:
    """Every flag with its value for the tenant, and what each layer said."""
    return list(features.all_flags(work).values())


@view("flag.read")
def explain_flag(work: Work, name: str) -> Evaluation:
    """One flag with its value for the tenant, and what each layer said."""
    return features.all_flags(work)[flags.asked_for(name).name]


@view("flag.read")
def foresee_override(
    work: Work, name: str, value: FlagValue, *, expires_at: datetime
) -> Evaluation:
    """The flag, had the tenant that value of its own for a time."""
    _may_override(work, name, value)
    flags.check_override(work, name, value, expires_at=expires_at)
    return explain_flag(work, name).instead(Layer.OVERRIDE, value)


@view("flag.read")
def foresee_end_of_override(work: Work, name: str) -> Evaluation:
    """The flag, had the tenant no value of its own."""
    told = explain_flag(work, name)
    _may_end(work, name)
    return told.instead(Layer.OVERRIDE, None)


def _may_override(work: Work, name: str, value: FlagValue) -> None:
    """A tenant switches off what it likes; what the operator has, it does not make its own."""
    if plans.sets_freely(work):
        return
    if value is not False:
        raise OperatorNeeded("To switch a feature on")
    for row in _standing(work, name):
        if row.value is False:  # else it could end its own next
            plans.check_own(row.created_by)


def _may_end(work: Work, name: str) -> None:
    standing = _standing(work, name)
    if not standing:
        raise NotFound("override of the flag", name)
    if not plans.sets_freely(work):
        plans.check_own(standing[0].created_by)


def _standing(work: Work, name: str) -> list[FlagOverrideRow]:
    return [row for row in flags.overrides(work) if row.flag == name]


@verb("flag.override")
def override_flag(
    work: Work, name: str, value: FlagValue, *, reason: str, expires_at: datetime
) -> Evaluation:
    """The flag's value for the tenant, for a time."""
    _may_override(work, name, value)
    before = explain_flag(work, name).value
    flags.override(work, name, value, reason=reason, expires_at=expires_at)
    after = _anew(work, name)
    work.note(
        f"flag:{name}",
        before=str(before),
        after=str(after.value),
        reason=reason.strip(),
        until=expires_at.isoformat(),
    )
    return after


@verb("flag.override")
def end_override(work: Work, name: str, *, reason: str) -> Evaluation:
    """What the layers below the override say holds again."""
    why, before = stated(reason), explain_flag(work, name)
    _may_end(work, name)
    flags.end_override(work, name)
    after = _anew(work, name)
    work.note(
        f"flag:{name}", before=str(before.value), after=str(after.value), ended=True, reason=why
    )
    return after


@view("flag.foresee_switch")
def foresee_switch(
    work: Work, name: str, *, killed: bool | None = None, rollout_percent: int | None = None
) -> Reach:
    """How many tenants have the flag, and would, were it switched so for all."""
    flags.check_rollout(rollout_percent)
    off, share = _switched_so(flags.switched(work, name), killed, rollout_percent)
    then = FeatureFlagRow(flag=name, killed=int(off), rollout_percent=share, reason="")
    return flags.reach(work, name, then)


@verb("flag.switch")
def switch_flag(
    work: Work,
    name: str,
    *,
    killed: bool | None = None,
    rollout_percent: int | None = None,
    reason: str,
) -> None:
    """For the whole installation: off for all or not, or rolled out to a share of the tenants.

    What is not given stays as it is.
    """
    row = flags.switched(work, name)
    before = {"killed": bool(row and row.killed), "rollout": row.rollout_percent if row else None}
    off, share = _switched_so(row, killed, rollout_percent)
    kept = flags.switch(work, name, killed=off, rollout_percent=share, reason=reason)
    features.ask_again(work)
    after = {"killed": bool(kept.killed), "rollout": kept.rollout_percent}
    work.note(f"flag:{name}", before=str(before), after=str(after), reason=reason.strip())


def _switched_so(
    row: FeatureFlagRow | None, killed: bool | None, rollout_percent: int | None
) -> tuple[bool, int | None]:
    """Whether it is off for all and its share then; what is not given stays as it is."""
    share = row.rollout_percent if row else None
    return (
        bool(row and row.killed) if killed is None else killed,
        share if rollout_percent is None else rollout_percent,
    )


def _anew(work: Work, name: str) -> Evaluation:
    features.ask_again(work)
    return explain_flag(work, name)
