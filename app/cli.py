"""`valor …`: the command line. Each command imports what it needs, so that `--help` is quick."""

import gc
import sys
from typing import Annotated

import typer

from app.commands import (
    auditing,
    billing,
    capital,
    content,
    deciding,
    demonstrating,
    destinations,
    feeds,
    fetching,
    flags,
    groups,
    jobs,
    notebook,
    own_notebooks,
    people,
    plans,
    providers,
    routing,
    sessions,
    snapshots,
)
from valor_core.errors import BadInputs, ValorError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Valor IVX, a self-hosted corporate-valuation workbench.",
)
app.add_typer(people.tenants, name="tenants")
app.add_typer(people.members, name="members")
app.add_typer(people.keys, name="keys")
app.add_typer(people.access, name="access")
app.add_typer(sessions.sessions, name="sessions")
app.add_typer(groups.groups, name="groups")
app.add_typer(plans.plans, name="plans")
app.add_typer(flags.flags, name="flags")
app.command("token")(people.token)
app.command("value")(content.value)
app.command("simulate")(content.simulate)
app.command("batch")(content.batch)
app.command("proof")(content.proof)
app.command("import")(content.import_facts)
app.add_typer(fetching.fetch, name="fetch")
app.add_typer(providers.providers, name="providers")
app.add_typer(content.workbook, name="workbook")
below_zero = {"ignore_unknown_options": True}  # -1e6 is an amount, no option
app.command("adjust", context_settings=below_zero)(content.adjust)
app.add_typer(snapshots.snapshot, name="snapshot")
app.add_typer(own_notebooks.report, name="report")
app.add_typer(jobs.jobs, name="jobs")
app.add_typer(destinations.destinations, name="destinations")
app.add_typer(content.audit, name="audit")
app.add_typer(auditing.retention, name="retention")
app.add_typer(deciding.holds, name="holds")
app.add_typer(billing.billing, name="billing")
app.add_typer(demonstrating.demo, name="demo")
app.add_typer(routing.routing, name="routing")
app.add_typer(feeds.feeds, name="feeds")
app.add_typer(capital.capital, name="capital")
app.command("notebook")(notebook.notebook)


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Where to listen.")] = 8501,
    host: Annotated[str, typer.Option(help="Beyond loopback with single sign-on.")] = "127.0.0.1",
) -> None:
    """Migrate, seed the demo book once, serve, and print one sign-in link."""
    gc.disable()  # nothing that a start imports is garbage; the server turns it on again

    from app.process import leave
    from app.serving import serve_locally

    serve_locally(host=host, port=port)
    leave()


app.command("worker")(jobs.worker)


@app.command()
def migrate() -> None:
    """Bring the database to this version's schema, as its owner."""
    from app.serving import bring_up_to_date

    print("migrated" if bring_up_to_date() else "the database is at this version already")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(context: typer.Context) -> None:
    """Run all that must hold; further arguments go to pytest."""
    from app.testing import run_everything

    sys.exit(run_everything(context.args))


def main() -> None:
    """Runs a command; a refusal is a sentence and a hint, not a traceback."""
    try:
        app(prog_name="valor")
    except ValorError as error:
        lines = [str(f) for f in error.flaws] if isinstance(error, BadInputs) else [str(error)]
        print("\n".join(f"valor: {line}" for line in lines), file=sys.stderr)
        if error.hint:
            print(f"  → {error.hint}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
