"""`valor plans …`: what tenants are granted."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from valor_core.tenancy.quotas import Standing
    from valor_core.workbench.plans import Foreseen

plans = typer.Typer(no_args_is_help=True, help="Plans, and what tenants are granted by them.")

Tenant = Annotated[str, typer.Option("--tenant", help="The tenant's short name.")]
Reason = Annotated[str, typer.Option(help="Why, for the log.")]
DryRun = Annotated[bool, typer.Option(help="Tell what would change, change nothing.")]
Pairs = Annotated[list[str], typer.Option(help="name=value, several times; `none` has no limit.")]


@plans.command("list")
def list_plans() -> None:
    """List every version of every plan."""
    from app.commands.working import as_operator_of
    from valor_core.workbench import plans, setup

    with as_operator_of(setup.PLATFORM) as work:
        for row in plans.list_plans(work):
            price = f"{row.price_minor} {row.currency} (smallest unit) a month"
            told = ", ".join(f"{k}={_said(v)}" for k, v in {**row.limits, **row.features}.items())
            print(
                f"{row.plan_id} version {row.version}: {row.name}, {price}; {told or 'no limits'}"
            )


@plans.command("define")
def define(
    plan: str,
    name: Annotated[str, typer.Option(help="As people call it.")],
    reason: Reason,
    price_minor: Annotated[int, typer.Option(help="A month, in the smallest unit: 4900.")] = 0,
    currency: Annotated[str, typer.Option(help="ISO code.")] = "USD",
    limit: Pairs = [],  # noqa: B006  typer copies it
    feature: Pairs = [],  # noqa: B006
    dry_run: DryRun = False,
) -> None:
    """Make a plan, or its next version; tenants keep the version that they have."""
    from app.commands.working import as_operator_of
    from valor_core.billing.money import written
    from valor_core.tenancy.flags import read_value
    from valor_core.tenancy.plans import PlanTerms
    from valor_core.workbench import plans, setup

    with as_operator_of(setup.PLATFORM) as work:
        terms = PlanTerms(
            name=name,
            currency=currency,
            price_minor=price_minor,
            limits={k: _number(v) for k, v in map(_pair, limit)},
            features={k: read_value(k, v) for k, v in map(_pair, feature)},
        )
        if dry_run:
            told = plans.foresee_definition(work, plan, terms)
        else:
            told = plans.define_plan(work, plan, terms, reason=reason)
    before, after = told.before, told.after
    was = written(before.price_minor, before.currency) if before else "none"
    print(f"price: {was} → {written(after.price_minor, after.currency)}")
    for each in told.limits:
        print(f"{each.limit.name}: {_said(each.before)} → {_said(each.after)}")
    for feature_name, (old, new) in told.features.items():
        print(f"{feature_name}: {_unsaid(old)} → {_unsaid(new)}")
    has = "would have" if dry_run else "has"
    print(f"plan {plan} {has} version {after.version} now; assign it by:")
    print(f"./valor plans assign {plan} --tenant TENANT --reason WHY")


@plans.command("assign")
def assign(
    plan: str,
    tenant: Tenant,
    reason: Reason,
    version: Annotated[int | None, typer.Option(help="The newest if not given.")] = None,
    dry_run: DryRun = False,
) -> None:
    """Give a tenant a plan from now on."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.billing.money import written
    from valor_core.workbench import plans

    with as_operator_of(tenant_id(tenant)) as work:
        told = plans.foresee_plan(work, plan, version)
        if not dry_run:
            plans.assign_plan(work, plan, version=version, reason=reason)
    was, will = (
        written(row.price_minor, row.currency) if row else "no plan"
        for row in (told.now.effective.plan, told.then.effective.plan)
    )
    print(f"price a month: {was} → {will}")
    _tell_change(told)
    print(f"{tenant} {'would have' if dry_run else 'has'} the plan {plan} from now on")


@plans.command("show")
def show(tenant: Tenant) -> None:
    """Show what a tenant is granted now and why, and what of it is used."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import plans

    with as_operator_of(tenant_id(tenant)) as work:
        now = plans.plan_now(work)
    used = {each.limit.name: each for each in now.standings}
    zone = now.effective.zone.key
    print(f"{now.effective.plan_name}; days and months of {zone}, a quota comes back as shown")
    for name, each in now.effective.granted.items():
        standing = used.get(name)
        count = f"{standing.used} used, {standing.reserved} held" if standing else ""
        again = (
            f"{standing.resets_at:%Y-%m-%d %H:%M %Z}" if standing and each.value is not None else ""
        )
        told = f"{name:<28} {_said(each.value):>10}  {count:<20} {again:<22}"
        print(f"{told} {each.origin}: {each.why}")


@plans.command("history")
def history(tenant: Tenant) -> None:
    """Show the plans that a tenant had."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.values import from_micros
    from valor_core.workbench import plans

    with as_operator_of(tenant_id(tenant)) as work:
        for row in plans.plan_history(work):
            until = "now" if row.valid_to is None else f"{from_micros(row.valid_to):%Y-%m-%d %H:%M}"
            since = f"{from_micros(row.valid_from):%Y-%m-%d %H:%M}"
            print(f"{since} to {until}: {row.plan_id} version {row.plan_version}; {row.reason}")


@plans.command("override")
def override(
    limit: str,
    value: Annotated[str, typer.Argument(help="A whole number, or `none` for no limit.")],
    tenant: Tenant,
    reason: Reason,
    days: Annotated[int, typer.Option(help="How long it holds.", min=1, max=366)] = 30,
    dry_run: DryRun = False,
) -> None:
    """Grant a tenant another limit than its plan's, for a time."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import plans

    until = datetime.now(UTC) + timedelta(days=days)
    with as_operator_of(tenant_id(tenant)) as work:
        told = plans.foresee_override(work, limit, _number(value), expires_at=until)
        if not dry_run:
            row = plans.override_limit(work, limit, _number(value), reason=reason, expires_at=until)
            print(f"override {row.id} until {until:%Y-%m-%d}")
    _tell_change(told)


@plans.command("end-override")
def end_override(override_id: str, tenant: Tenant, reason: Reason, dry_run: DryRun = False) -> None:
    """End an override: the limit of the plan holds again."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import plans

    with as_operator_of(tenant_id(tenant)) as work:
        told = plans.foresee_end_of_override(work, override_id)
        if not dry_run:
            plans.end_override(work, override_id, reason=reason)
    _tell_change(told)
    print(f"override {override_id} {'would end' if dry_run else 'has ended'}")


@plans.command("zone")
def zone(name: str, tenant: Tenant, reason: Reason, dry_run: DryRun = False) -> None:
    """Set the time zone by which a tenant's days and months begin."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import plans

    with as_operator_of(tenant_id(tenant)) as work:
        before, after = plans.plan_now(work), plans.foresee_time_zone(work, name)
        if not dry_run:
            plans.set_time_zone(work, name, reason=reason)
    for now, then in zip(before.standings, after.standings, strict=True):
        if now.granted is not None:
            print(f"{now.limit.name}: {_left(now)} → {_left(then)}")
    print(f"days and months of {tenant} {'would be' if dry_run else 'are'} those of {name}")


def _tell_change(told: "Foreseen") -> None:
    """Each limit and feature before and after, and what is used and left of a quota."""
    for each in told.limits:
        line = f"{each.limit.name}: {_said(each.before)} → {_said(each.after)}"
        if both := told.quotas.get(each.limit.name):
            now, then = both
            line += f"; {now.used} used, {now.reserved} held, left: "
            line += f"{_said(now.left)} → {_said(then.left)}"
        print(line)
    for name, (old, new) in told.features.items():
        print(f"{name}: {old} → {new}")


def _left(standing: "Standing") -> str:
    return f"{_said(standing.left)} left until {standing.resets_at:%Y-%m-%d %H:%M %Z}"


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def _number(text: str) -> int | None:
    from valor_core.tenancy.plans import BadPlan

    if text == "none":
        return None
    try:
        return int(text)
    except ValueError as error:
        raise BadPlan(
            f"{text[:40]!r} is no whole number.", hint="Write 500, or `none` for no limit."
        ) from error


def _unsaid(value: float | str | None) -> str:
    return "as it is without a plan" if value is None else str(value)


def _said(value: float | str | None) -> str:
    return "no limit" if value is None else str(value)
