"""`valor flags …`: what is switched on, for whom and why."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

flags = typer.Typer(no_args_is_help=True, help="Feature flags, and why each is as it is.")

Tenant = Annotated[str, typer.Option("--tenant", help="The tenant's short name.")]
Reason = Annotated[str, typer.Option(help="Why, for the log.")]


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
) -> None:
    """Give a flag another value for a tenant, for a time."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.tenancy.flags import read_value
    from valor_core.workbench import flags

    until = datetime.now(UTC) + timedelta(days=days)
    with as_operator_of(tenant_id(tenant)) as work:
        given = read_value(flag, value)
        told = flags.override_flag(work, flag, given, reason=reason, expires_at=until)
    print(f"{flag} is {_said(told.value)} for {tenant}, by the {told.decided.layer}")


@flags.command("end-override")
def end_override(flag: str, tenant: Tenant, reason: Reason) -> None:
    """End a tenant's override of a flag."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import flags

    with as_operator_of(tenant_id(tenant)) as work:
        told = flags.end_override(work, flag, reason=reason)
    print(f"{flag} is {_said(told.value)} for {tenant}, by the {told.decided.layer}")


@flags.command("kill")
def kill(flag: str, reason: Reason) -> None:
    """Switch a flag off for every tenant, whatever else is said."""
    _switch(flag, killed=True, reason=reason)
    print(f"{flag} is off for every tenant")


@flags.command("revive")
def revive(flag: str, reason: Reason) -> None:
    """End the kill switch of a flag."""
    _switch(flag, killed=False, reason=reason)
    print(f"{flag} is as the other layers say again")


@flags.command("rollout")
def rollout(flag: str, percent: int, reason: Reason) -> None:
    """Roll a flag out to a share of the tenants."""
    _switch(flag, rollout_percent=percent, reason=reason)
    print(f"{flag} is rolled out to {percent} % of the tenants")


def _switch(
    flag: str, *, killed: bool | None = None, rollout_percent: int | None = None, reason: str
) -> None:
    from app.commands.working import as_operator_of
    from valor_core.workbench import flags, setup

    with as_operator_of(setup.PLATFORM) as work:
        flags.switch_flag(work, flag, killed=killed, rollout_percent=rollout_percent, reason=reason)


def _said(value: float | str) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
