"""`valor snapshot publish|list|show|verify|gc`: immutable cuts of a tenant."""

import json
from typing import Annotated

import typer

from app.commands.content import AsJson, Tenant

snapshot = typer.Typer(no_args_is_help=True, help="Immutable snapshots of a tenant.")

Which = Annotated[str, typer.Argument(help="An id or the first 8 characters of one, or `latest`.")]


@snapshot.command("publish")
def publish_snapshot(tenant: Tenant = "demo", as_json: AsJson = False) -> None:
    """Write all that the tenant has at this moment to Parquet, with a manifest."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.workbench.snapshots import publish_snapshot as publish
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant), the_open_store()) as work:
        made = publish(work)
    if as_json:
        print(json.dumps({"id": made.id, "files": [f.path for f in made.files]}, indent=2))
    else:
        print(f"snapshot {made.id}")


@snapshot.command("list")
def list_snapshots(
    tenant: Tenant = "demo",
    limit: Annotated[int, typer.Option(help="How many, the newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """The snapshots of a tenant, newest first."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.values import from_micros
    from valor_core.workbench.snapshots import list_snapshots as listed
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant), the_open_store()) as work:
        rows = [
            {
                "id": row.id,
                "cut": from_micros(row.created_at).isoformat(timespec="seconds"),
                "facts": row.facts_n,
                "valuations": row.valuations_n,
                "by": row.created_by,
            }
            for row in listed(work, limit=limit)
        ]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    if not rows:
        print(f"{tenant} has no snapshot yet; make one: valor snapshot publish --tenant {tenant}")
    for row in rows:
        held = f"{row['facts']:>9,} figures  {row['valuations']:>6,} values"
        print(f"{row['id'][:12]}  {row['cut']}  {held}  {row['by']}")


@snapshot.command("show")
def show_snapshot(
    which: Which = "latest", tenant: Tenant = "demo", as_json: AsJson = False
) -> None:
    """What a snapshot holds, beside the one before it."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.workbench import snapshots
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant), the_open_store()) as work:
        made = snapshots.find_snapshot(work, which)
        changes = snapshots.compare_with_before(work, made.id)
    if as_json:
        print(json.dumps({"id": made.id, **json.loads(made.text)}, indent=2))
        return
    print(f"snapshot {made.id}")
    print(f"cut      {made.cut}, when the audit log had {made.audit_size} entries")
    print(f"before   {made.parent or 'none'}")
    print(f"engine   {made.engine}; {len(made.files)} files, {made.size:,} bytes")
    for each in changes:
        more = each.rows - each.rows_before
        since = f"{more:+,}" if more else "as many"
        made_new = f"{each.parts_made} of {each.parts} parts are new"
        print(f"  {each.label:<18} {each.rows:>10,} rows  {since:>9}  {made_new}")


@snapshot.command("verify")
def verify_snapshot(which: Which = "latest", tenant: Tenant = "demo") -> None:
    """Read every byte of a snapshot again; exit code 1 where it is not what was published."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.workbench import snapshots
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant), the_open_store()) as work:
        verdict = snapshots.verify_snapshot(work, snapshots.find_snapshot(work, which).id)
    for told in verdict.flaws:
        print(f"  {told}")
    print(f"snapshot {verdict.snapshot_id[:12]}: {verdict.files} files, {verdict.size:,} bytes, "
          + ("as published" if verdict.holds else "DAMAGED"))  # fmt: skip
    if not verdict.holds:
        raise typer.Exit(1)


@snapshot.command("gc")
def clear_snapshots(tenant: Tenant = "demo") -> None:
    """Clear away snapshots that are old enough, and files that no snapshot names."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.values import Role
    from valor_core.workbench import snapshots
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant, Role.ADMIN), the_open_store()) as work:
        cleared = snapshots.clear_snapshots(work)
    print(f"{cleared.snapshots} snapshots and {cleared.files} files cleared away in {tenant}")
