"""`valor demo …`: what there is to look at."""

from typing import Annotated

import typer

from valor_core.values import utc_now

demo = typer.Typer(
    invoke_without_command=True,
    help="Seed the demo book, two demo tenants and months of history; or show a failover.",
)


@demo.callback()
def seed(
    context: typer.Context,
    months: Annotated[
        bool, typer.Option(help="Also three months of made-up use, bills and provider history.")
    ] = True,
    among_others: Annotated[
        bool, typer.Option(help="The months even where there are tenants beside the demo's.")
    ] = False,
) -> None:
    """Seed the demo book, two demo tenants and months of history; or show a failover."""
    if context.invoked_subcommand:
        return
    from app.serving import bring_up_to_date, open_store
    from valor_core.workbench.demo import seed_demo, seed_history

    bring_up_to_date()
    store = open_store()
    seed_demo(store)
    made = seed_history(store)
    print(f"the demo is ready, {made} valuations were made; ./valor serve opens it")
    if not months:
        return
    from valor_core.workbench.demo_months import BRANCH, others, seed_months

    if (real := others(store)) and not among_others:
        print(f"no months were made up: {', '.join(real)} work here too (--among-others does it)")
        return
    laid_out = seed_months(store, now=utc_now())
    for tenant in laid_out:
        print(f"{tenant}: three months of demo data, called so wherever they show")
    if laid_out:
        print(f"the second tenant opens by ./valor token --tenant {BRANCH}")


@demo.command("degrade")
def degrade(
    provider: Annotated[
        str, typer.Argument(help="tiingo, alpaca, fred, ecb, edgar or fmp.")
    ] = "tiingo",
    how: Annotated[
        str,
        typer.Option(
            help="hang, drip, 500, 429, 402, 401, garbage, reset, bomb, tail or redirect."
        ),
    ] = "hang",
    seconds: Annotated[int, typer.Option(help="How long it fails.", min=5, max=600)] = 45,
) -> None:
    """Have a provider fail in the demo tenant, on this machine, and watch who answers instead."""
    from app.commands.working import as_local_user, the_open_store
    from app.degrading import FAULTS, Told, shown
    from app.degrading import degrade as show
    from valor_core.errors import BadInput
    from valor_core.market.offered import title_of
    from valor_core.values import Role

    shown(provider)
    if how not in FAULTS:
        raise BadInput(f"No server fails by {how[:40]!r}.", hint=f"Choose {', '.join(FAULTS)}.")

    def tell(told: Told) -> None:
        print(f"{utc_now():%H:%M:%S} {'  ' if told.decision else ''}{told.what}", flush=True)

    print("Watch the page Providers in the tenant demo; Ctrl-C ends it.")
    show(the_open_store(), as_local_user("demo", Role.ADMIN), provider, FAULTS[how],
         fails_s=seconds, tell=tell)  # fmt: skip
    print(f"It is over: {title_of(provider)} is asked at its own address again.")
