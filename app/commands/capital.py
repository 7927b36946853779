"""`valor capital …`: market data on a cost of capital by each method, and one's own premium."""

from typing import Annotated

import typer

from app.commands.content import Tenant
from app.commands.fetching import Days, a_day

capital = typer.Typer(
    no_args_is_help=True, help="Beta, rates and premium by each method; and the premium you state."
)


@capital.command("methods")
def methods(
    company: Annotated[str, typer.Argument(help="A ticker or a CIK.")],
    as_of: Annotated[str, typer.Option(help="As known on a day, YYYY-MM-DD.")] = "",
    years: Annotated[float, typer.Option(help="Of the volatility.", min=0.01, max=50.0)] = 1.0,
    tenant: Tenant = "demo",
) -> None:
    """Show each input by each method; the first one is what a valuation begins with."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.workbench import companies, market_methods
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant), the_open_store()) as work:
        of = companies.read_company(work, company)
        day = a_day(as_of) if as_of else None
        told = market_methods.read_methods(work, of.id, as_of=day, years=years)
    for each in told:
        kind = f" ({each.beta_kind})" if each.beta_kind else ""
        print(f"{each.path:<37} {each.method:<21} {each.value:.4f}{kind}")
        print(f"  {each.source.text}")


@capital.command("premium")
def premium(
    value: Annotated[float, typer.Argument(help="A fraction: 0.045 is 4.5 %.")],
    day: Days,
    source: Annotated[str, typer.Option(help="Who says so, and where.")],
    currency: Annotated[str, typer.Option(help="Of the valuations.")] = "USD",
    tenant: Tenant = "demo",
) -> None:
    """State the equity risk premium by which valuations begin from now on."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.values import Role
    from valor_core.workbench import premiums
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant, Role.ADMIN), the_open_store()) as work:
        row = premiums.state_premium(work, currency, value, day=a_day(day), source=source)
    print(f"{row.currency}: {row.value:.2%} of {row.day}, version {row.version}")
