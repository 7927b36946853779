"""`valor holds …`, `valor access give|refuse`: what members decide, each by a key of their own."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.people import DryRun, Reason, access

if TYPE_CHECKING:
    from collections.abc import Callable

    from valor_core.store.work import Work
    from valor_core.workbench.grants import AccessChange

holds = typer.Typer(
    no_args_is_help=True,
    help="Legal holds, in the name of the person whose API key VALOR_API_KEY holds.",
)

HoldId = Annotated[str, typer.Argument(help="As `holds list` names it.")]
AccessId = Annotated[str, typer.Argument(help="As `access list` names it.")]


@holds.command("list")
def list_holds() -> None:
    """List the holds, those that were released too."""
    from app.commands.working import as_person
    from app.ui.words import moment, person
    from valor_core.values import from_micros
    from valor_core.workbench import people, retention

    with as_person() as work:
        rows, names = retention.list_holds(work), people.names(work)
    for row in rows:
        told = [f"set by {person(row.set_by, names)}, {moment(from_micros(row.set_at))}"]
        if row.release_asked_by:
            told.append(f"release asked for by {person(row.release_asked_by, names)}")
        if row.released_by:
            told.append(f"released by {person(row.released_by, names)}")
        print(f"{row.id}  {row.subject or 'everything'}: {row.reason}; {'; '.join(told)}")
    if not rows:
        print("no legal hold was set: ./valor holds set --reason WHY")


@holds.command("set")
def set_hold(
    reason: Reason,
    subject: Annotated[
        str, typer.Argument(help="An actor or target as the log names it; everything if empty.")
    ] = "",
) -> None:
    """Keep entries by an actor or about a thing from any purge."""
    from app.commands.working import as_person
    from valor_core.workbench import retention

    with as_person() as work:
        row = retention.set_hold(work, subject, reason)
    print(f"hold {row.id} keeps {row.subject or 'everything'}")


@holds.command("ask-release")
def ask_release(hold_id: HoldId, reason: Reason) -> None:
    """Ask that a hold be released; another person must do it."""
    from app.commands.working import as_person
    from valor_core.workbench import retention

    with as_person() as work:
        retention.ask_release(work, hold_id, reason=reason)
    print(
        f"another officer, who did not set it either, releases it: ./valor holds release {hold_id}"
    )


@holds.command("release")
def release_hold(hold_id: HoldId, reason: Reason, dry_run: DryRun = False) -> None:
    """Release a hold whose release another person has asked for."""
    from app.commands.working import as_person
    from valor_core.workbench import retention
    from valor_core.workbench.verb import allowed

    with as_person() as work:
        allowed(work, retention.HOLD_RELEASED)
        due = retention.foresee_release(work, hold_id)
        if not dry_run:
            retention.release_hold(work, hold_id, reason=reason)
    print(f"the next purge takes the details of {due.purged} entries; {due.held} are held from it")
    print(f"hold {hold_id} {'would be' if dry_run else 'is'} released")


@access.command("give")
def give_access(access_id: AccessId, reason: Reason, dry_run: DryRun = False) -> None:
    """Let the operator who asked read your tenant, by your API key in VALOR_API_KEY."""
    from valor_core.workbench import grants

    def give(work: "Work") -> "AccessChange":
        return grants.give_access(work, access_id, reason=reason)

    def foresee(work: "Work") -> "AccessChange":
        return grants.foresee_giving(work, access_id)

    _decide("grant.give", foresee if dry_run else give, dry_run=dry_run)


@access.command("refuse")
def refuse_access(access_id: AccessId, reason: Reason, dry_run: DryRun = False) -> None:
    """Refuse what an operator asked of your tenant, or end it, by your API key in VALOR_API_KEY."""
    from valor_core.workbench import grants

    def end(work: "Work") -> "AccessChange":
        return grants.end_access(work, access_id, reason=reason)

    def foresee(work: "Work") -> "AccessChange":
        return grants.foresee_end(work, access_id)

    _decide("grant.end", foresee if dry_run else end, dry_run=dry_run)


def _decide(act: str, do: "Callable[[Work], AccessChange]", *, dry_run: bool) -> None:
    from app.commands.people import tell_access
    from app.commands.working import as_person
    from valor_core.workbench.verb import allowed

    with as_person() as work:
        allowed(work, act)
        told = do(work)
    tell_access(told, dry_run=dry_run)
