"""`valor report register|notebooks|review|approve|…`: notebooks of the tenant's own."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.content import AsJson, Tenant, report
from app.commands.people import DryRun
from valor_core.errors import BadInput, NotFound

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from valor_core.coverage.own_notebooks import Version
    from valor_core.store.work import Work
    from valor_core.workbench.own_notebooks import Reviewed

Name = Annotated[str, typer.Argument(help="As `valor report notebooks` names it.")]
Number = Annotated[int, typer.Option("--version", help="Which version; else the newest.", min=0)]
Why = Annotated[str, typer.Option("--reason", "--why", help="Why, for the log.")]


@report.command("register")
def register_notebook(
    file: Path,
    name: Annotated[str, typer.Option("--name", help="Its name among reports, such as covenants.")],
    title: Annotated[str, typer.Option("--title", help="What people read; e.g. Covenant check.")],
    tenant: Tenant = "demo",
    as_json: AsJson = False,
) -> None:
    """Register a notebook of your own as a report, which somebody else then approves."""
    from dataclasses import asdict

    from app.commands.working import as_local_user, the_open_store
    from valor_core.coverage.notebook_source import FILE_MAX as NOTEBOOK_MAX
    from valor_core.coverage.notebook_source import read_notebook
    from valor_core.workbench import own_notebooks
    from valor_core.workbench.verb import open_work

    if not file.is_file():
        raise BadInput(f"There is no file {file}.", hint="Check the path.")
    with file.open("rb") as stream:
        source = read_notebook(stream.read(NOTEBOOK_MAX + 1))
    with open_work(as_local_user(tenant), the_open_store()) as work:
        made = own_notebooks.register_notebook(
            work, source, name=name, title=title, file_name=file.name
        )
    if as_json:
        print(json.dumps(asdict(made), indent=2, default=str))
        return
    print(f"{made.report}, version {made.version}, waits for somebody else's approval,")
    print(f"on the page Reports: SHA-256 {made.sha256}")


@report.command("notebooks")
def list_notebooks(tenant: Tenant = "demo") -> None:
    """The notebooks of a tenant's own: every version, and how it stands."""
    from valor_core.workbench import own_notebooks

    with _opened(tenant) as work:
        known = own_notebooks.list_notebooks(work)
    if not known:
        print(f"No notebook is registered in {tenant}; do it by: valor report register FILE")
    for each in known:
        since = f"{each.registered_at:%Y-%m-%d %H:%M}"
        print(f"{each.name:<20} {each.version:>3} {each.state:<10} {since} {each.registered_by}")


@report.command("review")
def review_notebook(name: Name, version: Number = 0, tenant: Tenant = "demo") -> None:
    """What a version asks for, and what it changes of the one approved before."""
    from valor_core.workbench import own_notebooks

    with _opened(tenant) as work:
        reviewed = own_notebooks.read_notebook(work, _version(work, name, version).id)
    _print_review(reviewed)


@report.command("approve")
def approve_notebook(
    name: Name,
    sha256: Annotated[str, typer.Option(help="Of what you read, as `report review` prints it.")],
    version: Number = 0,
    tenant: Tenant = "demo",
) -> None:
    """Let a version run that somebody else registered, in place of the one before."""
    from valor_core.workbench import own_notebooks

    with _opened(tenant) as work:
        chosen = _version(work, name, version)
        made = own_notebooks.approve_notebook(work, chosen.id, sha256=sha256)
    print(f"{made.report}, version {made.version}, runs from now on")


@report.command("reject")
def reject_notebook(name: Name, why: Why, version: Number = 0, tenant: Tenant = "demo") -> None:
    """Say that a version shall not run; the one approved before goes on running."""
    from valor_core.workbench import own_notebooks

    with _opened(tenant) as work:
        made = own_notebooks.reject_notebook(work, _version(work, name, version).id, reason=why)
    print(f"{made.report}, version {made.version}, is rejected")


@report.command("withdraw")
def withdraw_notebook(
    name: Name, why: Why, version: Number = 0, tenant: Tenant = "demo", dry_run: DryRun = False
) -> None:
    """Have a version run no more; no earlier one takes its place."""
    from valor_core.workbench import own_notebooks

    with _opened(tenant) as work:
        chosen = _version(work, name, version)
        told = own_notebooks.foresee_withdrawal(work, chosen.id)
        if not dry_run:
            own_notebooks.withdraw_notebook(work, chosen.id, reason=why)
    is_so = "would be" if dry_run else "is"
    print(f"{chosen.report}, version {chosen.version}, {is_so} withdrawn")
    print(f"schedules that find no version to run: {told.schedules}")


def _opened(tenant: str) -> "AbstractContextManager[Work]":
    from app.commands.working import as_local_user, the_open_store
    from valor_core.values import Role
    from valor_core.workbench.verb import open_work

    return open_work(as_local_user(tenant, Role.ADMIN), the_open_store())


def _version(work: "Work", name: str, number: int) -> "Version":
    """That version of the notebook, or its newest; NotFound where there is none."""
    from valor_core.coverage.report_parameters import OWN
    from valor_core.workbench import own_notebooks

    named = name.removeprefix(OWN)
    known = [each for each in own_notebooks.list_notebooks(work) if each.name == named]
    chosen = [each for each in known if number in (0, each.version)]
    if not chosen:
        raise NotFound("notebook", f"{name} {number or ''}".strip())
    return chosen[0]


def _print_review(reviewed: "Reviewed") -> None:
    version, source = reviewed.version, reviewed.source
    against = f"version {reviewed.against.version}" if reviewed.against else "nothing: all is new"
    asked = ", ".join(f"{each.name} ({each.written})" for each in source.parameters.values())
    print(f"{version.title}, version {version.version}, {version.state}")
    print(f"parameters   {asked or 'none'}")
    print(f"imports      {', '.join(source.imports) or 'nothing'}")
    for command in source.commands:
        print(f"command      {command}")
    print(f"compared to  {against}")
    print(f"SHA-256      {version.sha256}")
    for change in reviewed.changes:
        print(f"\n{change.kind}, cell {change.number}, {change.how}")
        print("\n".join(change.lines))
