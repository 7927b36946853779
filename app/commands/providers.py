"""`valor providers …`: who can be asked for data, and the keys of a tenant."""

import sys

import typer

from app.commands.content import Tenant
from app.commands.people import DryRun, Reason

providers = typer.Typer(no_args_is_help=True, help="Data providers, and a tenant's keys of them.")
key = typer.Typer(no_args_is_help=True, help="A tenant's keys of data providers.")
providers.add_typer(key, name="key")


@providers.command("list")
def list_providers(tenant: Tenant = "demo") -> None:
    """All providers: what each brings, and whether the tenant can ask it."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import market_data

    with as_operator_of(tenant_id(tenant)) as work:
        found = market_data.list_providers(work)
    for each in found:
        told = "ready" if each.provider else "needs a key" if each.offer.takes_key else "not set up"
        print(f"{each.offer.name:<8} {told:<12} {each.offer.brings}")


@key.command("set")
def set_key(provider: str, tenant: Tenant = "demo") -> None:
    """Keep a key that is read from the standard input; it is not shown again."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import market_data

    asked = typer.prompt("Key", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    with as_operator_of(tenant_id(tenant)) as work:
        market_data.set_key(work, provider, asked)
    print(f"the key of {provider} is kept for {tenant}")


@key.command("drop")
def drop_key(
    provider: str, reason: Reason, tenant: Tenant = "demo", dry_run: DryRun = False
) -> None:
    """Forget a key."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import market_data

    with as_operator_of(tenant_id(tenant)) as work:
        still_asked = market_data.foresee_drop(work, provider)
        if not dry_run:
            market_data.drop_key(work, provider, reason=reason)
    print(f"{tenant} {'would have' if dry_run else 'has'} no key of {provider} any more")
    by_the_installation = "by the key of the installation" if still_asked else "by nobody"
    print(f"{provider} is asked {by_the_installation} from then on")
