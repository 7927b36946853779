"""`valor tenants|members|keys|token`: who may come in."""

from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from valor_core.values import Role, Scope

tenants = typer.Typer(no_args_is_help=True, help="Tenants of this installation.")
members = typer.Typer(no_args_is_help=True, help="Members of a tenant.")
access = typer.Typer(no_args_is_help=True, help="An operator's access to a tenant.")
keys = typer.Typer(no_args_is_help=True, help="API keys of a tenant.")

if TYPE_CHECKING:
    from collections.abc import Callable

    from valor_core.store.work import Work
    from valor_core.tenancy.members import Consequences
    from valor_core.workbench.grants import AccessChange

Tenant = Annotated[str, typer.Option("--tenant", help="The tenant's short name.")]
Reason = Annotated[str, typer.Option(help="Why, for the log.")]
DryRun = Annotated[bool, typer.Option(help="Tell what would follow, change nothing.")]


@tenants.command("add")
def add_tenant(slug: str, label: str = "") -> None:
    """Make a tenant."""
    from app.commands.working import as_operator_of, fresh_tenant
    from valor_core.workbench import people

    with as_operator_of(fresh_tenant(slug)) as work:
        row = people.add_tenant(work, slug, label=label)
    print(
        f"tenant {row.slug} made; take in its first member: "
        f"./valor members add NAME --role admin --tenant {row.slug}"
    )


@tenants.command("list")
def list_tenants() -> None:
    """List all tenants."""
    from app.commands.working import as_operator_of
    from valor_core.workbench import people, setup

    with as_operator_of(setup.PLATFORM) as work:
        for row in people.list_tenants(work):
            print(f"{row.slug:<32} {row.status:<10} {row.label}")


@tenants.command("suspend")
def suspend_tenant(slug: str, reason: Reason, dry_run: DryRun = False) -> None:
    """Shut a tenant: sign-ins and jobs end, keys sleep; nothing of it is lost."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import tenants

    with as_operator_of(tenant_id(slug)) as work:
        told = (
            tenants.foresee_suspension(work)
            if dry_run
            else tenants.suspend_tenant(work, reason=reason)
        )
    print(f"{told.members} members of {slug} {'would be' if dry_run else 'are'} shut out")
    print(f"{told.sessions_ended} sign-ins end, {told.keys_asleep} keys sleep")
    print(f"{told.jobs_stopped} jobs stop")


@tenants.command("resume")
def resume_tenant(slug: str, reason: Reason) -> None:
    """Open a suspended tenant again."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import tenants

    with as_operator_of(tenant_id(slug)) as work:
        tenants.resume_tenant(work, reason=reason)
    print(f"{slug} is open again")


@members.command("add")
def add_member(name: str, tenant: Tenant, role: Role = Role.ANALYST) -> None:
    """Take a person into a tenant."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import people

    with as_operator_of(tenant_id(tenant)) as work:
        people.add_member(work, name, role)
    print(f"{name} is {role} in {tenant}; sign in by: ./valor token {name} --tenant {tenant}")


@members.command("list")
def list_members(tenant: Tenant) -> None:
    """List the members of a tenant."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import people

    with as_operator_of(tenant_id(tenant)) as work:
        for row in people.list_members(work):
            state = "suspended" if row.suspended_at else ""
            state = "proposed as compliance officer" if row.nominated_by else state
            print(f"{row.name:<32} {row.role:<10} {row.user_id} {state}".rstrip())


@members.command("role")
def change_role(
    name: str, role: Role, tenant: Tenant, reason: Reason, dry_run: DryRun = False
) -> None:
    """Give a member another role; the sign-ins end."""
    from valor_core.workbench import members

    _change(
        name,
        tenant,
        role,
        lambda work, user_id: members.change_role(work, user_id, role, reason=reason),
        dry_run=dry_run,
    )


@members.command("suspend")
def suspend_member(name: str, tenant: Tenant, reason: Reason, dry_run: DryRun = False) -> None:
    """Keep a member out: the sign-ins end, the keys sleep."""
    from valor_core.workbench import members

    _change(
        name,
        tenant,
        None,
        lambda work, user_id: members.suspend_member(work, user_id, reason=reason),
        dry_run=dry_run,
    )


@members.command("resume")
def resume_member(name: str, tenant: Tenant, reason: Reason) -> None:
    """Let a suspended member in again."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import members

    with as_operator_of(tenant_id(tenant)) as work:
        user_id = members.member_named(work, name).user_id
        row = members.resume_member(work, user_id, reason=reason)
    print(f"{name} is {row.role} in {tenant} again")


@members.command("confirm")
def confirm_officer(name: str, tenant: Tenant) -> None:
    """Agree to a compliance officer whom an administrator proposed."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import members

    with as_operator_of(tenant_id(tenant)) as work:
        members.confirm_officer(work, members.member_named(work, name).user_id)
    print(f"{name} is compliance officer in {tenant}")


@members.command("remove")
def remove_member(name: str, tenant: Tenant, reason: Reason, dry_run: DryRun = False) -> None:
    """End a membership: the sign-ins and the keys end."""
    from valor_core.workbench import members

    _change(
        name,
        tenant,
        None,
        lambda work, user_id: members.remove_member(work, user_id, reason=reason),
        dry_run=dry_run,
    )


def _change(
    name: str,
    tenant: str,
    role: Role | None,
    act: "Callable[[Work, str], Consequences]",
    *,
    dry_run: bool,
) -> None:
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import members

    with as_operator_of(tenant_id(tenant)) as work:
        user_id = members.member_named(work, name).user_id
        told = members.foresee(work, user_id, role) if dry_run else act(work, user_id)
    print(f"{told.name}: {told.role_before} → {told.role_after or 'may not come in'}")
    if told.loses:
        print(f"loses: {', '.join(told.loses)}")
    if told.gains:
        print(f"gains: {', '.join(told.gains)}")
    print(f"{told.sessions_ended} sign-ins end, {told.keys_stopped} keys stop")
    print("nothing was changed" if dry_run else "done")


@access.command("ask")
def ask_access(
    tenant: Tenant,
    reason: Reason,
    hours: Annotated[int, typer.Option(help="How long, 24 at most.")] = 4,
    emergency: Annotated[bool, typer.Option(help="Without leave; the tenant sees it.")] = False,
) -> None:
    """Ask an administrator of a tenant for leave to read it."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import grants

    act = grants.break_glass if emergency else grants.ask_access
    with as_operator_of(tenant_id(tenant)) as work:
        row = act(work, reason=reason, hours=hours)
    print(f"access {row.id}: {'taken' if emergency else 'asked for'}; {tenant} is shown it on Home")


@access.command("list")
def list_access(tenant: Tenant) -> None:
    """List who asked to read a tenant, and how that stands."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.tenancy.grants import state
    from valor_core.workbench import grants

    with as_operator_of(tenant_id(tenant)) as work:
        for row in grants.list_grants(work):
            print(f"{row.id}  {state(row, work.now_micros):<12} {row.hours:>2} hours  {row.reason}")


@access.command("open")
def open_access(
    access_id: str,
    tenant: Tenant,
    port: Annotated[int, typer.Option(help="Where `valor serve` listens.")] = 8501,
    host: Annotated[str, typer.Option(help="Its address.")] = "127.0.0.1",
) -> None:
    """Print a link that opens a tenant to you as its reader, once."""
    from app.commands.working import as_operator_of, tenant_id
    from app.process import origin
    from valor_core.workbench import grants

    with as_operator_of(tenant_id(tenant)) as work:
        token = grants.open_access(work, access_id)
    print(f"{origin(host, port)}/login#token={token}")


@access.command("end")
def end_access(access_id: str, tenant: Tenant, reason: Reason, dry_run: DryRun = False) -> None:
    """End an access before its hours have passed."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import grants

    with as_operator_of(tenant_id(tenant)) as work:
        if dry_run:
            told = grants.foresee_end(work, access_id)
        else:
            told = grants.end_access(work, access_id, reason=reason)
    tell_access(told, dry_run=dry_run)


def tell_access(told: "AccessChange", *, dry_run: bool) -> None:
    """How an access stood, how it stands then, until when, and whom that signs out."""
    until = f" until {told.ends_at:%Y-%m-%d %H:%M} UTC" if told.ends_at else ""
    ended = f"{told.sessions_ended} sign-ins end"
    print(f"access {told.grant.id}: {told.before} → {told.after}{until}, {ended}")
    print("nothing was changed" if dry_run else "done")


@keys.command("add")
def add_key(
    label: str,
    tenant: Tenant,
    role: Role = Role.ANALYST,
    scope: Annotated[list[Scope], typer.Option(help="What it is for, several times.")] = [  # noqa: B006  typer copies it
        Scope.READ,
        Scope.VALUE,
        Scope.REPORT,
    ],
    days: Annotated[int, typer.Option(help="How long it lasts.")] = 90,
) -> None:
    """Make an API key of a tenant; it is shown this once."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import people

    with as_operator_of(tenant_id(tenant)) as work:
        row, key = people.add_key(work, label, role, scopes=scope, days=days)
    told = f"{role} in {tenant}, to {', '.join(row.scopes)}, for {days} days"
    print(f"key {row.id}, {told}; it is shown this once:\n\n{key}\n")


@keys.command("list")
def list_keys(tenant: Tenant) -> None:
    """List the API keys of a tenant."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.values import from_micros
    from valor_core.workbench import people

    with as_operator_of(tenant_id(tenant)) as work:
        names = {row.user_id: row.name for row in people.list_members(work)}
        why_revoked = people.why_revoked(work)
        for row in people.list_keys(work):
            until = from_micros(row.expires_at).astimezone(UTC).date()
            state = "revoked" if row.revoked_at else f"until {until}"
            used = f"{from_micros(row.used_at):%Y-%m-%d %H:%M}" if row.used_at else "never"
            whose = row.role or f"of {names.get(row.owner or '', 'who has left')}"
            scopes = ",".join(row.scopes)
            why = f"; {why_revoked[row.id]}" if why_revoked.get(row.id) else ""
            told = f"{row.id}  {whose:<12} {state:<17} used {used:<17} {scopes:<24} {row.label}"
            print(told + why)


@keys.command("rotate")
def rotate_key(
    key_id: str,
    tenant: Tenant,
    overlap_days: Annotated[int, typer.Option(help="How long both keys work.")] = 7,
) -> None:
    """Make a key in place of one of the tenant's own; it is shown this once."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import people

    with as_operator_of(tenant_id(tenant)) as work:
        row, key = people.rotate_key(work, key_id, overlap_days=overlap_days)
    print(
        f"key {row.id}; the old one works for {overlap_days} days more. Shown this once:\n\n{key}\n"
    )


@keys.command("revoke")
def revoke_key(key_id: str, tenant: Tenant, reason: Reason, dry_run: DryRun = False) -> None:
    """Refuse an API key from now on."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.workbench import people

    with as_operator_of(tenant_id(tenant)) as work:
        if dry_run:
            told = people.foresee_revocation(work, key_id)
        else:
            told = people.revoke_key(work, key_id, reason=reason)
    before = "works" if told.worked else "does not work"
    print(f"key {key_id}, {told.key.label}: {before} → {'would be' if dry_run else 'is'} refused")
    print(f"{told.others} of the same owner and name go on working")


def token(
    member: Annotated[str, typer.Argument(help="The member; the first one if empty.")] = "",
    tenant: Tenant = "demo",
    operator: Annotated[bool, typer.Option("--operator", help="An operator's.")] = False,
    key_file: Annotated[
        Path | None,
        typer.Option(help="Write an operator's key for a year there, instead of a link."),
    ] = None,
    port: Annotated[int, typer.Option(help="Where `valor serve` listens.")] = 8501,
    host: Annotated[str, typer.Option(help="Its address.")] = "127.0.0.1",
) -> None:
    """Print a sign-in link that works once, for ten minutes."""
    from app.commands.working import the_open_store
    from app.process import origin
    from app.serving import operator_link, sign_in_link, write_key_file

    store, at = the_open_store(), origin(host, port)
    if key_file:
        name = write_key_file(store, key_file, name=member)
        print(f"{key_file} signs {name} in once within a year: keep it off this machine")
    elif operator:
        print(operator_link(store, at=at, name=member))
    else:
        print(sign_in_link(store, at=at, tenant=tenant, member=member))
