"""Counts how each route of the API answers a tenant: kept every few seconds, told in reports.

A call is counted by its pattern, never by the address that was asked for, and by whose it was.
"""

import asyncio
import threading
import time
from collections import Counter, defaultdict

from anyio.to_thread import run_sync
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from valor_core.sla.buckets import bucket_of
from valor_core.store.engines import Store
from valor_core.telemetry import log
from valor_core.values import Caller, Role, TenantId
from valor_core.workbench import route_levels
from valor_core.workbench.verb import open_work

EVERY_S = 15.0
KINDS_MOST = 50_000
"""Tenant, route, outcome and bucket: of more than these between two times nothing is counted."""


class RouteCalls:
    """What was counted and is not kept yet, by tenant."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[tuple[str, str, int]]] = defaultdict(Counter)
        self._kinds = 0
        self._guard = threading.Lock()

    def add(self, tenant: str, route: str, outcome: str, seconds: float) -> None:
        """One call more."""
        kind = route, outcome, bucket_of(seconds)
        with self._guard:
            is_new = kind not in self._counts[tenant]
            if self._kinds < KINDS_MOST or not is_new:
                self._counts[tenant][kind] += 1
                self._kinds += is_new

    def keep(self, store: Store) -> None:
        """Writes what was counted; what the database has no room for is lost, and told."""
        with self._guard:
            counted, self._counts, self._kinds = self._counts, defaultdict(Counter), 0
        for tenant, counts in counted.items():
            if not counts:
                continue
            who = Caller(
                tenant_id=TenantId(tenant), user_id="routes", role=Role.ANALYST, kind="job"
            )
            try:
                with open_work(who, store) as work:
                    route_levels.count_calls(work, counts)
            except Exception:  # noqa: BLE001  whatever ails one tenant, the others are counted
                log.exception("calls of routes were not kept", tenant=tenant)

    async def keep_always(self, store: Store) -> None:
        """Every few seconds, until it is cancelled; then once more."""
        try:
            while True:
                await asyncio.sleep(EVERY_S)
                await run_sync(self.keep, store)
        finally:
            self.keep(store)


class CountsRoutes:
    """Measures each call of a route that somebody who is known makes."""

    def __init__(self, app: ASGIApp, *, calls: RouteCalls) -> None:
        self.app, self.calls = app, calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets pass, and counts."""
        caller: Caller | None = scope.get("state", {}).get("caller")
        if caller is None or scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_and_see)
        finally:
            route = scope.get("route")
            if route is not None and not isinstance(route, Mount):  # else there is no such route
                outcome = "bad" if status >= 500 else "good"
                name = f"{scope['method']} {route.path}"
                self.calls.add(caller.tenant_id, name, outcome, time.perf_counter() - began)
