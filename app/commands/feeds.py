"""`valor feeds …`: streams of prices that are taken in."""

from enum import StrEnum
from typing import Annotated

import typer

from app.commands.content import Tenant

feeds = typer.Typer(no_args_is_help=True, help="Streams of prices, taken in by one process each.")

Day = StrEnum("Day", ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"])


@feeds.command("list")
def list_feeds(tenant: Tenant = "demo") -> None:
    """Show each feed, how it stands, and the newest gap of its tape."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.sla.hours import hours_of
    from valor_core.values import from_micros
    from valor_core.workbench import feeds
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant), the_open_store()) as work:
        found = feeds.read_feeds(work)
    for each in found:
        why = f": {each.why}" if each.why else ""
        symbols = ", ".join(each.row.symbols)
        print(
            f"{each.row.id} {each.title}, {symbols}: {each.state}{why}; {each.row.ticks:,} ticks; "
            f"speaks {hours_of(each.hours)}"
        )
        for gap in each.gaps[:1]:
            began, ended = from_micros(gap.began_at), from_micros(gap.ended_at)
            print(f"  nothing from {began:%Y-%m-%d %H:%M:%S} to {ended:%H:%M:%S} UTC: {gap.why}")


@feeds.command("start")
def start(
    provider: Annotated[str, typer.Argument(help="replay or alpaca.")],
    symbols: Annotated[list[str], typer.Argument(help="Such as AAPL; FAKEPACA at all hours.")],
    tenant: Tenant = "demo",
    zone: Annotated[str, typer.Option(help="Of its own hours, such as Europe/London.")] = "",
    day: Annotated[
        list[Day] | None, typer.Option(help="On which it speaks; once for each, else Mon to Fri.")
    ] = None,
    opens: Annotated[str, typer.Option(help="Such as 08:00, where it has a zone.")] = "09:30",
    closes: Annotated[str, typer.Option(help="Such as 16:30; 24:00 ends a day.")] = "16:00",
) -> None:
    """Take a stream in from now on, while a server runs; in its usual hours without a zone."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.sla.hours import Service
    from valor_core.values import Role
    from valor_core.workbench import feeds
    from valor_core.workbench.verb import open_work

    days = tuple(sorted({list(Day).index(each) for each in day or list(Day)[:5]}))
    own = Service(zone=zone, weekdays=days, opens=opens, closes=closes) if zone else None
    with open_work(as_local_user(tenant, Role.ADMIN), the_open_store()) as work:
        row = feeds.start_feed(work, provider, symbols, hours=own)
    print(f"{row.id} is taken in while a server runs")


@feeds.command("stop")
def stop(
    feed: Annotated[str, typer.Argument(help="Its id, as `valor feeds list` shows it.")],
    tenant: Tenant = "demo",
) -> None:
    """Take a stream in no more; its tape stays."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.values import Role
    from valor_core.workbench import feeds
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant, Role.ADMIN), the_open_store()) as work:
        feeds.stop_feed(work, feed)
    print("it is taken in no more")
