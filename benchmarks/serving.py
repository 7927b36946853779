"""What the workbench adds to a route: a bare route, a view and a verb of one API in one process."""

import asyncio
import json
import os
import statistics
import tempfile
import time
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

TIMES, WARM = 60, 5


def ratios() -> dict[str, float]:
    """CPU of a request behind the same identity, as ratios to a bare route of the same API."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["VALOR_HOME"] = home
        application, key, body = _application()
        bare = _cpu_ms(application, key, "GET", "/api/v1/bare")
        view = _cpu_ms(application, key, "GET", "/api/v1/companies/KO")
        verb = _cpu_ms(application, key, "POST", "/api/v1/companies/KO/valuations/dcf", body)
    return {
        "API: a view (a company) ÷ a bare route": view / bare,
        "API: an act (a valuation kept) ÷ a bare route": verb / bare,
        "API: a bare route, ms": bare,
        "API: a view, ms": view,
        "API: an act, ms": verb,
    }


def _application() -> tuple[Any, str, Any]:
    from app.api.application import create_api
    from app.web.callers import Callers
    from app.web.identity import Identity
    from app.web.strangers import strangers
    from benchmarks.demo import a_demo, with_nothing_beside
    from valor_core.models.codec import dump
    from valor_core.values import Role
    from valor_core.workbench import companies, people, setup, valuations
    from valor_core.workbench.verb import open_work

    store, caller = a_demo()
    with open_work(setup.operator(caller.tenant_id), store) as work:
        _, key = people.add_key(work, "benchmark", Role.ANALYST)
    with open_work(caller, store) as work:
        coca_cola = companies.read_company(work, "KO")
        start = valuations.prefilled(work, coca_cola.id).inputs
    body = {
        "inputs": dump(with_nothing_beside(start)),
        "rationale": "A benchmark.",
        "rationales": {f"bridge.{item}": "none" for item in start.bridge.missing},
    }

    api = create_api()
    api.add_api_route("/bare", lambda: {"name": "bare", "ticker": "none"})
    return (
        Starlette(
            routes=[Mount("/api/v1", app=api)],
            middleware=[
                Middleware(
                    Identity,
                    callers=Callers(store),
                    cookie="vx_session_b",
                    strangers=strangers(),
                )
            ],
        ),
        key,
        body,
    )


def _cpu_ms(application: Any, key: str, method: str, path: str, body: Any = None) -> float:
    content = b"" if body is None else json.dumps(body).encode()

    async def run() -> float:
        taken = []
        for turn in range(TIMES):
            headers = [
                (b"authorization", f"Bearer {key}".encode()),
                (b"content-type", b"application/json"),
                (b"idempotency-key", f"benchmark-{turn}".encode()),
            ]
            began = time.process_time()
            status = await _ask(application, method, path, headers, content)
            taken.append(1000 * (time.process_time() - began))
            assert status in (200, 201), (path, status)
        return statistics.median(taken[WARM:])

    return asyncio.run(run())


async def _ask(
    application: Any, method: str, path: str, headers: list[tuple[bytes, bytes]], body: bytes
) -> int:
    status = 0
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"",
        "root_path": "", "headers": headers, "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1), "state": {},
    }  # fmt: skip
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await asyncio.sleep(3600)
        return None

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    await application(scope, receive, send)
    return status
