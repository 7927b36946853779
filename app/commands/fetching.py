"""Asking data providers from a shell."""

from datetime import date
from typing import Annotated

import typer

from app.commands.content import Tenant
from valor_core.errors import BadInput
from valor_core.market.series import Adjusted

fetch = typer.Typer(no_args_is_help=True, help="Fetch data from their providers.")


@fetch.callback()
def _fetch() -> None:
    """Fetch data from their providers."""


@fetch.command("fundamentals")
def fetch_fundamentals(
    ticker: Annotated[str, typer.Option(help="Ticker or CIK.")],
    provider: Annotated[
        str, typer.Option(help="edgar or fmp; else whom the routing policy asks.")
    ] = "",
    tenant: Tenant = "demo",
) -> None:
    """Bring in what a company filed; what is known already stays as it is."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.workbench import companies
    from valor_core.workbench.fetching import facts_asked_for, fetch_facts
    from valor_core.workbench.verb import open_work

    caller, store = as_local_user(tenant), the_open_store()
    document = fetch_facts(caller, facts_asked_for(ticker), provider=provider, store=store)
    with open_work(caller, store) as work:
        done = companies.import_document(work, document)
    name = document.read[0].company.name
    if done.known_before:
        print(f"{name}: nothing was filed since it was last fetched.")
    else:
        print(f"{name}: {done.facts_n:,} new figures")


Days = Annotated[str, typer.Option(help="YYYY-MM-DD.")]
FromWhom = Annotated[
    str, typer.Option(help="As `valor providers list` names it; else whom the policy asks.")
]


@fetch.command("series")
def fetch_series(
    capability: Annotated[str, typer.Argument(help="bars, macro or fx.")],
    symbol: Annotated[str, typer.Argument(help="Such as AAPL, DGS10 or EURUSD.")],
    start: Days,
    end: Days,
    provider: FromWhom = "",
    adjusted: Annotated[
        str, typer.Option(help="Of bars: none, splits, or splits and dividends.")
    ] = "splits and dividends",
    tenant: Tenant = "demo",
) -> None:
    """Fetch a series of dated rows and keep it with every doubt about it."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.workbench import market_data
    from valor_core.workbench.verb import open_work

    caller, store = as_local_user(tenant), the_open_store()
    query = market_data.series_query(
        capability, symbol, a_day(start), a_day(end), adjusted=_adjusted(adjusted)
    )
    routed = market_data.fetch_series(caller, query, provider=provider, store=store)
    with open_work(caller, store) as work:
        done = market_data.keep_series(work, routed.given(), query)
    if told := market_data.told_of_age(routed.decision):
        print(told)
    known = ", known before" if done.known_before else ""
    invented = ", invented" if done.row.synthetic else ""
    print(f"{done.row.symbol}: {done.row.rows_n:,} rows in {done.row.unit}{invented}{known}")
    for doubt in done.open_doubts[:20]:
        print(f"  not used: {doubt.day or 'all of it'}, {doubt.told}")


def a_day(text: str) -> date:
    """The day that was written."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no day.", hint="Write it as 2024-01-31.") from error


def _adjusted(text: str) -> Adjusted:
    if text not in set(Adjusted):
        known = ", ".join(Adjusted)
        raise BadInput(f"{text!r} is no adjustment.", hint=f"Choose one of {known}.")
    return Adjusted(text)
