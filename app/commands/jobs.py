"""`valor jobs …`, `valor report schedules|end-schedule`, and `valor worker`."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.content import AsJson, Tenant, report
from app.commands.people import DryRun, Reason
from valor_core.errors import BadInput

if TYPE_CHECKING:
    from valor_core.coverage.schedules import RunsForeseen

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
    reason: Reason,
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
    dry_run: DryRun = False,
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
        told = standing.foresee_schedule(work, job.name, change, at_first=job.when)
        if not dry_run:
            standing.change_schedule(work, job.name, change, at_first=job.when, reason=reason)
    tell_runs(told)
    if then := told.then:
        is_so = "would be " if dry_run else ""
        print(f"{job.title}: {is_so}{'paused' if then.paused else then.in_words}")


def tell_runs(told: "RunsForeseen") -> None:
    """The next runs as they were, and as they are."""
    for label, runs in (("next runs before", told.runs_now), ("next runs after", told.runs_then)):
        print(f"{label}: {', '.join(f'{each:%Y-%m-%d %H:%M}' for each in runs) or 'none'}")


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


@report.command("schedules")
def list_schedules(tenant: Tenant = "demo") -> None:
    """The schedules of reports, and when each is due."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.values import Role
    from valor_core.workbench import reports
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant, Role.ADMIN), the_open_store()) as work:
        rows = reports.list_schedules(work)
    for row in rows:
        due = "paused" if row.paused else f"next {row.next_due:%Y-%m-%d %H:%M} UTC"
        print(f"{row.id}  {row.report:<24} {row.in_words}; {due}")
    if not rows:
        print(f"no report is scheduled in {tenant}; the page Reports and the API schedule one")


@report.command("end-schedule")
def end_schedule(
    schedule_id: Annotated[str, typer.Argument(help="As `report schedules` names it.")],
    reason: Reason,
    tenant: Tenant = "demo",
    dry_run: DryRun = False,
) -> None:
    """Have no more made by a schedule; runs that were asked for still come."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.values import Role
    from valor_core.workbench import reports
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant, Role.ADMIN), the_open_store()) as work:
        told = reports.foresee_end_of_schedule(work, schedule_id)
        if not dry_run:
            reports.end_schedule(work, schedule_id, reason=reason)
    tell_runs(told)
    print(f"{told.now.report}: the schedule {'would end' if dry_run else 'has ended'}")


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
