"""`valor sessions`: who is signed in to a tenant, and the end of it."""

from typing import Annotated

import typer

from app.commands.people import DryRun, Reason, Tenant

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
    reason: Reason,
    session: Annotated[str, typer.Argument(help="As `sessions list` names it.")] = "",
    member: Annotated[str, typer.Option(help="All sign-ins of this member.")] = "",
    dry_run: DryRun = False,
) -> None:
    """End a sign-in, or all of a member."""
    from app.commands.working import as_operator_of, tenant_id
    from app.ui.words import counted
    from valor_core.errors import BadInput
    from valor_core.workbench import sessions as acts
    from valor_core.workbench.members import member_named

    if bool(session) == bool(member):
        raise BadInput(
            "It is not said which sign-in ends.",
            hint="Name one as `valor sessions list` does, or give --member NAME.",
        )
    with as_operator_of(tenant_id(tenant)) as work:
        whose = member_named(work, member).user_id if member else ""
        told = acts.foresee_end_of(work, whose) if member else [acts.foresee_end(work, session)]
        if member and not dry_run:
            acts.revoke_all_of(work, whose, reason=reason)
        elif not dry_run:
            acts.revoke_any(work, session, reason=reason)
    for each in told:
        print(f"{each.id}  {each.name:<20} {each.address}  {each.browser}")
    print(f"{counted(len(told), 'sign-in')} {'would end' if dry_run else 'ended'}")
