"""Each call of a route is counted once, by its pattern, its outcome and its tenant."""

from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from app.api.application import create_api
from app.web.route_calls import CountsRoutes, RouteCalls
from tests.conftest import World
from valor_core.sla.routes import RouteLevel
from valor_core.values import Caller, utc_now
from valor_core.workbench import route_levels
from valor_core.workbench.verb import open_work


class As:
    """Stands where the identity does: everybody is this caller, or nobody."""

    def __init__(self, app: Any, *, caller: Caller | None) -> None:
        self.app, self.caller = app, caller

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("state", {})["caller"] = self.caller
        await self.app(scope, receive, send)


def of(world: World, caller: Caller | None, calls: RouteCalls) -> TestClient:
    def fails(_: object) -> Response:
        raise RuntimeError

    routes = [Route("/api/v1/fails", fails), Mount("/api/v1", app=create_api())]
    counts = Middleware(CountsRoutes, calls=calls)
    app = Starlette(routes=routes, middleware=[Middleware(As, caller=caller), counts])
    return TestClient(app, raise_server_exceptions=False)


def levels(world: World, caller: Caller) -> dict[str, RouteLevel]:
    now = utc_now()
    with open_work(caller, world.store) as work:
        found = route_levels.read_route_levels(
            work, now.replace(hour=0, minute=0, second=0, microsecond=0), now
        )
    return {level.route: level for level in found}


def test_calls_are_counted_by_pattern_and_tenant_and_what_fails_by_us_as_that(world: World):
    calls = RouteCalls()
    ours, strangers = of(world, world.acme.analyst, calls), of(world, None, calls)
    for ticker in ("AAPL", "KO", "NOSUCH"):
        assert ours.get(f"/api/v1/companies/{ticker}").status_code in (200, 404)
        strangers.get(f"/api/v1/companies/{ticker}")
    ours.get("/api/v1/nosuch")
    ours.get("/api/v1/me")
    assert ours.get("/api/v1/fails").status_code == 500
    calls.keep(world.store)
    ours.get("/api/v1/me")
    calls.keep(world.store)
    calls.keep(world.store)

    found = levels(world, world.acme.viewer)

    assert {name: (each.requests, each.bad_requests) for name, each in found.items()} == {
        "GET /companies/{company_id}": (3, 0),
        "GET /me": (2, 0),
        "GET /api/v1/fails": (1, 1),
    }
    assert levels(world, world.rival.viewer) == {}


def test_what_is_counted_between_two_times_of_keeping_is_bounded(world: World, monkeypatch):
    monkeypatch.setattr("app.web.route_calls.KINDS_MOST", 2)
    calls = RouteCalls()
    for n in range(5):
        calls.add(world.acme.id, f"GET /{n}", "bad", 0.01)

    calls.keep(world.store)

    found = levels(world, world.acme.viewer)
    assert list(found) == ["GET /0", "GET /1"]
    assert [each.availability for each in found.values()] == [0.0, 0.0]
