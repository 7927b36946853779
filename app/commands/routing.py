"""`valor routing …`: whom a tenant asks for data, how they stand, and who answered."""

from typing import Annotated

import typer

from app.commands.content import Tenant

routing = typer.Typer(no_args_is_help=True, help="Whom a tenant asks for data, and who answered.")

Kind = Annotated[str, typer.Argument(help="fundamentals, bars, macro or fx.")]


@routing.command("show")
def show(tenant: Tenant = "demo") -> None:
    """Show each policy, and how the providers stand that are used."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.workbench import providers, routing
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant), the_open_store()) as work:
        policies = routing.read_policies(work)
        standings = providers.read_providers(work)
    for each in policies:
        order = ", then ".join(each.policy.providers) or "nobody"
        print(f"{each.capability:<13} version {each.version}: {order}")
    for each in standings:
        until = f"; left alone until {each.left_alone_until:%H:%M:%S} UTC" if (
            each.left_alone_until
        ) else ""  # fmt: skip
        print(f"{each.provider:<13} {each.capability:<13} {each.state}: {each.cause}{until}")


@routing.command("set")
def set_policy(
    kind: Kind,
    providers: Annotated[list[str], typer.Argument(help="The first choice first.")],
    reason: Annotated[str, typer.Option(help="Why, for the log.")],
    price_max: Annotated[float | None, typer.Option(help="Of one call.")] = None,
    age_max_hours: Annotated[float | None, typer.Option(help="Older data are too old.")] = None,
    deadline: Annotated[float, typer.Option(help="Seconds, over all attempts.")] = 10.0,
    hedge_after: Annotated[float | None, typer.Option(help="Seconds.")] = None,
    tenant: Tenant = "demo",
) -> None:
    """Ask these, in this order, from now on; what is promised of them stays."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.market.routing import Policy
    from valor_core.values import Role
    from valor_core.workbench import routing
    from valor_core.workbench.verb import open_work

    policy = Policy(
        providers=tuple(providers),
        price_max=price_max,
        age_max_s=None if age_max_hours is None else 3600 * age_max_hours,
        deadline_s=deadline,
        hedge_after_s=hedge_after,
    )
    with open_work(as_local_user(tenant, Role.ADMIN), the_open_store()) as work:
        before = routing.read_policy(work, routing.kind_of(kind))
        made = routing.change_policy(work, before.capability, policy, before.service, reason=reason)
    print(f"{made.capability} has version {made.version} now: {', then '.join(providers)}")


@routing.command("log")
def log(
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=200)] = 20,
    tenant: Tenant = "demo",
) -> None:
    """Show who answered and why, the newest first."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.values import from_micros
    from valor_core.workbench import routing
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant), the_open_store()) as work:
        for row in routing.read_decisions(work, limit=limit):
            print(f"{from_micros(row.at):%Y-%m-%d %H:%M:%S} {row.query}: {row.why}")
