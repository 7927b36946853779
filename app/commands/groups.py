"""`valor groups`: which groups of the identity provider open what."""

from typing import Annotated

import typer

from valor_core.values import Role

groups = typer.Typer(no_args_is_help=True, help="Groups of the identity provider.")


@groups.command("list")
def list_groups() -> None:
    """List what each group opens."""
    from app.commands.working import as_operator_of
    from valor_core.values import PLATFORM
    from valor_core.workbench import groups as acts

    with as_operator_of(PLATFORM) as work:
        told = acts.list_groups(work)
    for each in told:
        print(f"{each.id}  {each.group:<32} {each.role:<10} {each.tenant}")
    if not told:
        print("no group opens anything yet: valor groups map GROUP --tenant acme --role analyst")


@groups.command("map")
def map_group(
    group: Annotated[str, typer.Argument(help="As the identity provider names it.")],
    tenant: Annotated[str, typer.Option(help="The tenant's short name; none for operators.")] = "",
    role: Role = Role.ANALYST,
) -> None:
    """Open a tenant to the people of a group."""
    from app.commands.working import as_operator_of
    from valor_core.values import PLATFORM
    from valor_core.workbench import groups as acts

    with as_operator_of(PLATFORM) as work:
        told = acts.map_group(work, group, role, tenant=tenant)
    print(f"whoever is in {told.group} is {told.role} in {told.tenant} from the next sign-in on")


@groups.command("unmap")
def unmap_group(
    group_id: Annotated[str, typer.Argument(help="As `groups list` names it.")],
) -> None:
    """The group opens that tenant no more, from the next sign-in on."""
    from app.commands.working import as_operator_of
    from valor_core.values import PLATFORM
    from valor_core.workbench import groups as acts

    with as_operator_of(PLATFORM) as work:
        acts.unmap_group(work, group_id)
    print("the group opens nothing there any more")
