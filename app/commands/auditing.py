"""`valor audit list|prove|export|rotate`, `valor retention`: what auditors do with the log."""

import json
from pathlib import Path
from typing import Annotated

import typer

from app.commands.content import Tenant, audit
from app.commands.people import DryRun, Reason
from valor_core.errors import BadInput

retention = typer.Typer(no_args_is_help=True, help="How long details of the log are kept.")


@audit.command("export")
def export_audit(
    out: Annotated[Path, typer.Option("--out", help="A folder that is empty or not there yet.")],
    tenant: Tenant = "demo",
) -> None:
    """Write the log with proofs, keys and a verifier that needs only Python."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.values import Role
    from valor_core.workbench.proving import export_log

    caller = as_local_user(tenant, Role.ADMIN)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInput(f"{out} is not an empty folder.", hint="Name one that is not there yet.")
    out.mkdir(parents=True, exist_ok=True)
    verdict = export_log(the_open_store(), caller, out)
    print(f"{verdict.size} entries in {out}; check them: cd {out} && python3 -I verify.py .")
    if not verdict.holds:
        print(f"The log DOES NOT HOLD: {verdict.findings[0]}")
        raise typer.Exit(1)


@audit.command("list")
def list_entries(
    tenant: Tenant = "demo",
    action: Annotated[str, typer.Option(help="Of one act, such as plan.assign.")] = "",
    before: Annotated[int | None, typer.Option(help="Those before this number.")] = None,
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=200)] = 50,
) -> None:
    """List who did what, the newest first; times are UTC."""
    from app.commands.working import as_local_user, the_open_store
    from app.ui.audit_words import sentence
    from app.ui.words import person
    from valor_core.values import Role, from_micros
    from valor_core.workbench import companies, logbook, people
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant, Role.ADMIN), the_open_store()) as work:
        rows = logbook.read_log(work, action=action, before=before, limit=limit)
        names, doers = people.names(work), people.doers(work)
        known = {str(each.id): each.name for each in companies.list_companies(work)}
    for row in rows:
        told = f"{person(row.actor, doers)} {sentence(row, names, known)}"
        print(f"{row.seq:>8}  {from_micros(row.ts):%Y-%m-%d %H:%M:%S}  {told}")
    if not rows:
        print("no entry here")


@audit.command("prove")
def prove_entry(
    seq: Annotated[int, typer.Argument(help="The number of the entry, as `audit list` tells it.")],
    tenant: Tenant = "demo",
) -> None:
    """Print an entry with the hashes that lead to the newest checkpoint, as JSON (RFC 6962)."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.values import Role
    from valor_core.workbench import proving
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant, Role.ADMIN), the_open_store()) as work:
        print(json.dumps(proving.prove_entry(work, seq).as_dict(), indent=2))


@audit.command("rotate")
def rotate_key(reason: Reason, dry_run: DryRun = False) -> None:
    """Have a new key sign every tenant's log from here on; earlier keys go on verifying."""
    from app.commands.working import the_open_store
    from valor_core.workbench import rotation, setup
    from valor_core.workbench.verb import open_work

    store, operator = the_open_store(), setup.operator(setup.PLATFORM)
    if dry_run:
        with open_work(operator, store) as work:
            told = rotation.foresee_rotation(work)
        print(f"key {told.key} would sign {told.logs} logs from here on")
        return
    told = rotation.rotate_key(store, operator, reason=reason)
    print(f"key {told.key} signs {told.logs} logs from here on; keep a copy of the secret")


@retention.command("run")
def run_retention(
    tenant: Annotated[str, typer.Option(help="One tenant; all of them if empty.")] = "",
    dry_run: DryRun = False,
) -> None:
    """Purge what the tenants' policies and the licences of their data want gone.

    Entries under a legal hold stay.
    """
    from app.commands.working import as_local_user, as_operator_of, the_open_store
    from valor_core.values import Role
    from valor_core.workbench import people, setup
    from valor_core.workbench.market_data import run_purge
    from valor_core.workbench.retention import foresee_purge
    from valor_core.workbench.retention import run_retention as run
    from valor_core.workbench.verb import open_work

    with as_operator_of(setup.PLATFORM) as work:
        slugs = [tenant] if tenant else [row.slug for row in people.list_tenants(work)]
    for slug in slugs:
        who = as_local_user(slug, Role.ADMIN)
        if dry_run:
            with open_work(who, the_open_store()) as work:
                due = foresee_purge(work)
            print(f"{slug:<32} {due.purged:>8} entries would be purged, {due.held} are held")
            continue
        entries, series = run(the_open_store(), who), run_purge(the_open_store(), who)
        print(f"{slug:<32} {entries:>8} entries, {series:>8} series purged")


@retention.command("keep")
def change_policy(
    category: Annotated[str, typer.Argument(help="act, security, configuration, job or export.")],
    days: Annotated[int, typer.Argument(help="How long details are kept; 0 for ever.")],
    reason: Reason,
    tenant: Tenant = "demo",
    dry_run: DryRun = False,
) -> None:
    """Have the details of a category's entries purged after so many days."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.values import Role
    from valor_core.workbench import retention
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant, Role.ADMIN), the_open_store()) as work:
        due = retention.foresee_policy(work, category, days or None)
        if not dry_run:
            retention.change_policy(work, category, days or None, reason=reason)
    print(f"the next purge takes the details of {due.purged} entries; {due.held} are held from it")
    kept = f"{'would be' if dry_run else 'are'} kept {f'{days} days' if days else 'for ever'}"
    print(f"{category}: details {kept} in {tenant}")
