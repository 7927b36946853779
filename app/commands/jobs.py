"""`valor jobs list|run|change|history`, and `valor worker`."""

import json
from typing import Annotated

import typer

from app.commands.content import AsJson, Tenant
from valor_core.errors import BadInput

jobs = typer.Typer(no_args_is_help=True, help="Standing jobs of a tenant.")

Name = Annotated[str, typer.Argument(help="A job as `valor jobs list` names it.")]


@jobs.command("list")
def list_jobs(tenant: Tenant = "demo", as_json: AsJson = False) -> None:
    """Each job with when it is due, and what it did last."""
    from app.commands.working import as_local_user, the_open_store
    from jobs.schedule import always_done, overview
    from valor_core.values import Role
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant, Role.ADMIN), the_open_store()) as work:
        rows, always = overview(work), always_done(work)
    if as_json:
        told = [
            {
                "name": row.job.name,
                "when": row.when,
                "next_due": row.next_due,
                "last": row.last_told,
            }
            for row in rows
        ]
        print(json.dumps(told, indent=2, default=str))
        return
    for row in rows:
        print(f"{row.job.name:<14} {row.job.title}: {row.when}")
        print(f"{'':<14} {row.last_told}")
    for each in always:
        last = f"Last {each.last:%Y-%m-%d %H:%M} UTC." if each.last else "Nothing to do yet."
        print(f"{'all the time':<14} {each.title}: {each.about} {last}")


@jobs.command("run")
def run_job(name: Name, tenant: Tenant = "demo") -> None:
    """Do a job now, and tell what it did; exit code 1 where it failed."""
    from app.commands.working import as_local_user, the_open_store
    from jobs.runner import run_now
    from valor_core.coverage.job_runs import Status
    from valor_core.values import Role

    run = run_now(the_open_store(), as_local_user(tenant, Role.ADMIN), name)
    print(run.detail)
    if run.status is not Status.SUCCEEDED:
        raise typer.Exit(1)


@jobs.command("change")
def change_job(
    name: Name,
    when: Annotated[
        str | None, typer.Option(help="`every weekday at 07:00`, or five fields of cron.")
    ] = None,
    zone: Annotated[str | None, typer.Option(help="UTC, or such as Europe/Zurich.")] = None,
    catch_up: Annotated[
        str | None, typer.Option(help="Of missed times: the `latest`, or `all`.")
    ] = None,
    pause: Annotated[bool | None, typer.Option("--pause/--resume", help="Not due at all.")] = None,
    tell: Annotated[
        list[str] | None,
        typer.Option(help="A destination by name, told when it fails; may be given again."),
    ] = None,
    tenant: Tenant = "demo",
) -> None:
    """Change when a job is due, who is told when it fails, or pause it."""
    from app.commands.working import as_local_user, the_open_store
    from jobs.schedule import known_job
    from valor_core.coverage.schedules import ScheduleChange
    from valor_core.values import Role
    from valor_core.workbench import deliveries
    from valor_core.workbench import jobs as standing
    from valor_core.workbench.verb import open_work

    job = known_job(name)
    with open_work(as_local_user(tenant, Role.ADMIN), the_open_store()) as work:
        goals = [deliveries.destination_named(work, each).id for each in tell] if tell else None
        change = ScheduleChange(
            when=when, timezone=zone, catch_up=catch_up, paused=pause, deliver_to=goals
        )
        schedule = standing.change_schedule(work, job.name, change, at_first=job.when)
    print(f"{job.title}: " + ("paused" if schedule.paused else schedule.in_words))


@jobs.command("history")
def history(
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=200)] = 20,
    tenant: Tenant = "demo",
) -> None:
    """What the jobs did, newest first."""
    from app.commands.working import as_local_user, the_open_store
    from jobs.schedule import STANDING, told
    from valor_core.values import Role
    from valor_core.workbench import jobs as standing
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant, Role.ADMIN), the_open_store()) as work:
        runs = standing.list_runs(work, STANDING, limit=limit)
    if not runs:
        print(f"No job has run yet in {tenant}; do one now: valor jobs run usage_days")
    for run in runs:
        print(f"{run.created_at:%Y-%m-%d %H:%M} {run.job:<14} {told(run)}")


def worker() -> None:
    """Do jobs and reports in a process of their own, beside servers; needs Postgres."""
    from app.commands.working import the_open_store
    from jobs.runner import work_until_told

    store = the_open_store()
    if store.is_sqlite:
        raise BadInput(
            "The embedded database has one process, which does its jobs itself.",
            hint="Run `valor serve`; or set DB_URL to a Postgres, which servers and workers share.",
        )
    work_until_told(store)
