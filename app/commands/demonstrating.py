"""`valor demo …`: what there is to look at."""

from typing import Annotated

import typer

demo = typer.Typer(
    invoke_without_command=True,
    help="Seed the demo book, a demo tenant and a little history; or show a failover.",
)


@demo.callback()
def seed(context: typer.Context) -> None:
    """Seed the demo book, a demo tenant and a little history."""
    if context.invoked_subcommand:
        return
    from app.serving import bring_up_to_date, open_store
    from valor_core.workbench.demo import seed_demo, seed_history

    bring_up_to_date()
    store = open_store()
    seed_demo(store)
    made = seed_history(store)
    print(f"the demo is ready, {made} valuations were made; ./valor serve opens it")


@demo.command("degrade")
def degrade(
    provider: Annotated[str, typer.Argument(help="tiingo.")] = "tiingo",
    how: Annotated[
        str,
        typer.Option(help="hang, drip, 500, 429, 402, 401, garbage, reset, bomb or redirect."),
    ] = "hang",
    seconds: Annotated[int, typer.Option(help="How long it fails.", min=5, max=600)] = 45,
) -> None:
    """Have a provider fail in the demo tenant, on this machine, and watch who answers instead."""
    from app.commands.working import as_local_user, the_open_store
    from app.degrading import FAULTS, Told
    from app.degrading import degrade as show
    from valor_core.errors import BadInput
    from valor_core.values import Role, utc_now

    if provider != "tiingo":
        raise BadInput(
            f"Nothing stands in for {provider[:40]!r}.", hint="Degrade tiingo, of daily prices."
        )
    if how not in FAULTS:
        raise BadInput(f"No server fails by {how[:40]!r}.", hint=f"Choose {', '.join(FAULTS)}.")

    def tell(told: Told) -> None:
        print(f"{utc_now():%H:%M:%S} {'  ' if told.decision else ''}{told.what}", flush=True)

    print("Watch the page Providers in the tenant demo; Ctrl-C ends it.")
    show(the_open_store(), as_local_user("demo", Role.ADMIN), FAULTS[how], fails_s=seconds,
         tell=tell)  # fmt: skip
    print("It is over: Tiingo's own address holds again.")
