"""`valor flags …`: what is switched on, for whom and why."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from valor_core.tenancy.flags import Evaluation

flags = typer.Typer(no_args_is_help=True, help="Feature flags, and why each is as it is.")

Tenant = Annotated[str, typer.Option("--tenant", help="The tenant's short name.")]
Reason = Annotated[str, typer.Option(help="Why, for the log.")]
DryRun = Annotated[bool, typer.Option(help="Tell what would change, change nothing.")]


@flags.command("explain")
def explain(
    tenant: Tenant, flag: Annotated[str, typer.Argument(help="All of them if not given.")] = ""
) -> None:
    """Show flags of a tenant with what each layer says."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import flags

    with as_operator_of(tenant_id(tenant)) as work:
        told = [flags.explain_flag(work, flag)] if flag else flags.list_flags(work)
    for each in told:
        gone = f"{each.flag.owner}, to be gone by {each.flag.expires_on}"
        print(f"{each.flag.name} is {_said(each.value)}, by the {each.decided.layer} ({gone})")
        for said in each.trace:
            value = "–" if said.value is None else _said(said.value)
            print(f"  {said.layer:<16} {value:<6} {said.why}")


@flags.command("override")
def override(
    flag: str,
    value: str,
    tenant: Tenant,
    reason: Reason,
    days: Annotated[int, typer.Option(help="How long it holds.", min=1, max=366)] = 30,
    dry_run: DryRun = False,
) -> None:
    """Give a flag another value for a tenant, for a time."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.tenancy.flags import read_value
    from valor_core.workbench import flags

    until = datetime.now(UTC) + timedelta(days=days)
    with as_operator_of(tenant_id(tenant)) as work:
        given = read_value(flag, value)
        before = flags.explain_flag(work, flag)
        if dry_run:
            after = flags.foresee_override(work, flag, given, expires_at=until)
        else:
            after = flags.override_flag(work, flag, given, reason=reason, expires_at=until)
    _tell_change(before, after, tenant, dry_run=dry_run)


@flags.command("end-override")
def end_override(flag: str, tenant: Tenant, reason: Reason, dry_run: DryRun = False) -> None:
    """End a tenant's override of a flag."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import flags

    with as_operator_of(tenant_id(tenant)) as work:
        before = flags.explain_flag(work, flag)
        if dry_run:
            after = flags.foresee_end_of_override(work, flag)
        else:
            after = flags.end_override(work, flag, reason=reason)
    _tell_change(before, after, tenant, dry_run=dry_run)


@flags.command("kill")
def kill(flag: str, reason: Reason, dry_run: DryRun = False) -> None:
    """Switch a flag off for every tenant, whatever else is said."""
    _switch(flag, killed=True, reason=reason, dry_run=dry_run)
    print(f"{flag} {'would be' if dry_run else 'is'} off for every tenant")


@flags.command("revive")
def revive(flag: str, reason: Reason, dry_run: DryRun = False) -> None:
    """End the kill switch of a flag."""
    _switch(flag, killed=False, reason=reason, dry_run=dry_run)
    print(f"{flag} {'would be' if dry_run else 'is'} as the other layers say again")


@flags.command("rollout")
def rollout(flag: str, percent: int, reason: Reason, dry_run: DryRun = False) -> None:
    """Roll a flag out to a share of the tenants."""
    _switch(flag, rollout_percent=percent, reason=reason, dry_run=dry_run)
    print(f"{flag} {'would be' if dry_run else 'is'} rolled out to {percent} % of the tenants")


def _switch(
    flag: str,
    *,
    killed: bool | None = None,
    rollout_percent: int | None = None,
    reason: str,
    dry_run: bool,
) -> None:
    from app.commands.working import as_operator_of
    from valor_core.workbench import flags, setup

    said: dict[str, Any] = {"killed": killed, "rollout_percent": rollout_percent}
    with as_operator_of(setup.PLATFORM) as work:
        told = flags.foresee_switch(work, flag, **said)
        if not dry_run:
            flags.switch_flag(work, flag, **said, reason=reason)
    print(f"tenants that have it: {told.before} → {told.after} of {told.tenants}")


def _tell_change(before: "Evaluation", after: "Evaluation", tenant: str, *, dry_run: bool) -> None:
    change = f"{_said(before.value)} → {_said(after.value)}"
    print(f"{after.flag.name} of {tenant}: {change}, by the {after.decided.layer}")
    print("nothing was changed" if dry_run else "done")


def _said(value: float | str) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
