"""Asking data providers from a shell."""

from typing import Annotated

import typer

from app.commands.content import Tenant

fetch = typer.Typer(no_args_is_help=True, help="Fetch data from their providers.")


@fetch.callback()
def _fetch() -> None:
    """Fetch data from their providers."""


@fetch.command("fundamentals")
def fetch_fundamentals(
    ticker: Annotated[str, typer.Option(help="Ticker or CIK.")], tenant: Tenant = "demo"
) -> None:
    """Bring in what a company filed with the SEC; what is known already stays as it is."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.workbench import companies
    from valor_core.workbench.fetching import facts_asked_for, fetch_facts
    from valor_core.workbench.verb import open_work

    caller, store = as_local_user(tenant), the_open_store()
    document = fetch_facts(caller, facts_asked_for(ticker), store=store)
    with open_work(caller, store) as work:
        done = companies.import_document(work, document)
    name = document.read[0].company.name
    if done.known_before:
        print(f"{name}: nothing was filed since it was last fetched.")
    else:
        print(f"{name}: {done.facts_n:,} new figures")
