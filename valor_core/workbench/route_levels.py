"""How the API answered a tenant: counted beside each call, told as service levels."""

from collections.abc import Mapping
from datetime import datetime

from valor_core.sla import routes
from valor_core.sla.routes import RouteLevel
from valor_core.store.work import Work
from valor_core.values import micros
from valor_core.workbench.verb import verb, view


@verb("route.count", audited=False)
def count_calls(work: Work, counts: Mapping[tuple[str, str, int], int]) -> None:
    """So many calls of (route, outcome, bucket of latency) more, in this hour."""
    routes.count_calls(work, counts)


@view("routing.read")
def read_route_levels(work: Work, start: datetime, end: datetime) -> list[RouteLevel]:
    """How good each route was that the tenant called; the busiest first."""
    return routes.levels(work, micros(start), micros(end))
