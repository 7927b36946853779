"""`valor groups`: which groups of the identity provider open what."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.people import DryRun, Reason
from valor_core.values import Role

if TYPE_CHECKING:
    from valor_core.workbench.groups import GroupChange

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
        print("no group opens anything yet: ", end="")
        print("valor groups map GROUP --tenant acme --role analyst --reason WHY")


@groups.command("map")
def map_group(
    group: Annotated[str, typer.Argument(help="As the identity provider names it.")],
    reason: Reason,
    tenant: Annotated[str, typer.Option(help="The tenant's short name; none for operators.")] = "",
    role: Role = Role.ANALYST,
    dry_run: DryRun = False,
) -> None:
    """Open a tenant to the people of a group."""
    from app.commands.working import as_operator_of
    from valor_core.values import PLATFORM
    from valor_core.workbench import groups as acts

    with as_operator_of(PLATFORM) as work:
        if dry_run:
            told = acts.foresee_mapping(work, group, role, tenant=tenant)
        else:
            told = acts.map_group(work, group, role, tenant=tenant, reason=reason)
    _tell(told, dry_run=dry_run)


@groups.command("unmap")
def unmap_group(
    group_id: Annotated[str, typer.Argument(help="As `groups list` names it.")],
    reason: Reason,
    dry_run: DryRun = False,
) -> None:
    """The group opens that tenant no more, from the next sign-in on."""
    from app.commands.working import as_operator_of
    from valor_core.values import PLATFORM
    from valor_core.workbench import groups as acts

    with as_operator_of(PLATFORM) as work:
        if dry_run:
            told = acts.foresee_unmapping(work, group_id)
        else:
            told = acts.unmap_group(work, group_id, reason=reason)
    _tell(told, dry_run=dry_run)


def _tell(told: "GroupChange", *, dry_run: bool) -> None:
    before, after = told.before or "nothing", told.after or "nothing"
    print(
        f"whoever is in {told.group}, in {told.tenant} from the next sign-in on: {before} → {after}"
    )
    print(f"other groups that open it: {', '.join(told.others) or 'none'}")
    print(f"people who came into it by any group: {told.people}")
    print("nothing was changed" if dry_run else "done")
