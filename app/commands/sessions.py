"""`valor sessions`: who is signed in to a tenant, and the end of it."""

from typing import Annotated

import typer

from app.commands.people import Tenant

sessions = typer.Typer(no_args_is_help=True, help="Sign-ins of a tenant.")


@sessions.command("list")
def list_sessions(tenant: Tenant) -> None:
    """List the sign-ins that hold."""
    from app.commands.working import as_operator_of, tenant_id
    from app.ui.words import moment
    from valor_core.workbench import sessions as acts

    with as_operator_of(tenant_id(tenant)) as work:
        told = acts.list_all(work)
    for each in told:
        print(
            f"{each.id}  {each.name:<20} by {each.method:<9} seen {moment(each.seen_at)}"
            f"  {each.address}  {each.browser}"
        )
    if not told:
        print(f"nobody is signed in to {tenant}")


@sessions.command("end")
def end(
    tenant: Tenant,
    session: Annotated[str, typer.Argument(help="As `sessions list` names it.")] = "",
    member: Annotated[str, typer.Option(help="All sign-ins of this member.")] = "",
) -> None:
    """End a sign-in, or all of a member."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.errors import BadInput
    from valor_core.workbench import sessions as acts

    if bool(session) == bool(member):
        raise BadInput(
            "It is not said which sign-in ends.",
            hint="Name one as `valor sessions list` does, or give --member NAME.",
        )
    with as_operator_of(tenant_id(tenant)) as work:
        if member:
            print(f"{acts.revoke_all_of(work, member)} sign-ins of {member} ended")
        else:
            acts.revoke_any(work, session)
            print("the sign-in ended")
