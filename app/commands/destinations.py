"""`valor destinations list|add|end`: where reports, and news of what fails, are sent."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from app.commands.content import AsJson, Tenant

destinations = typer.Typer(no_args_is_help=True, help="Where a tenant's reports are sent.")

Name = Annotated[str, typer.Argument(help="What it is called, such as `Investment committee`.")]


@destinations.command("list")
def list_destinations(tenant: Tenant = "demo", as_json: AsJson = False) -> None:
    """Each destination, and how reports get there."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.values import Role
    from valor_core.workbench import deliveries
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant, Role.ADMIN), the_open_store()) as work:
        standing = deliveries.list_destinations(work)
    if as_json:
        print(json.dumps([asdict(each) for each in standing], indent=2, default=str))
        return
    for each in standing:
        print(f"{each.name}: {each.kind} {each.address}")
    if not standing:
        print(f"Reports of {tenant} stay here. Name one: valor destinations add NAME --email …")


@destinations.command("add")
def add_destination(
    name: Name,
    email: Annotated[str, typer.Option(help="A mailbox, such as desk@example.com.")] = "",
    folder: Annotated[str, typer.Option(help="A folder below VALOR_DELIVERY_FOLDER.")] = "",
    webhook: Annotated[str, typer.Option(help="An https address that is posted to.")] = "",
    tenant: Tenant = "demo",
) -> None:
    """Name a destination; the secret of a webhook is printed this once."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.values import Role
    from valor_core.workbench import deliveries
    from valor_core.workbench.verb import open_work

    given = {k: v for k, v in (("email", email), ("folder", folder), ("webhook", webhook)) if v}
    if len(given) != 1:
        raise typer.BadParameter("Give one of --email, --folder and --webhook.")
    [(kind, address)] = given.items()
    with open_work(as_local_user(tenant, Role.ADMIN), the_open_store()) as work:
        made, secret = deliveries.add_destination(work, name=name, kind=kind, address=address)
    print(f"{made.name}: {made.kind} {made.address}")
    if secret:
        print(f"Its secret, shown this once: {secret}")


@destinations.command("end")
def end_destination(name: Name, tenant: Tenant = "demo") -> None:
    """Send nothing more there; what is on its way is given up."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.values import Role
    from valor_core.workbench import deliveries
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant, Role.ADMIN), the_open_store()) as work:
        deliveries.end_destination(work, deliveries.destination_named(work, name).id)
    print(f"Nothing more is sent to {name}.")
