"""What the workbench adds to a route: a bare route, a view and a verb in one process."""

import asyncio
import json
import os
import statistics
import tempfile
import time
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

TIMES = 60


def ratios() -> dict[str, float]:
    """CPU of a request, as ratios to a bare route with a JSON body."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["VALOR_HOME"] = home
        application, key = _application()
        bare = _cpu_ms(application, "GET", "/bare", key)
        view = _cpu_ms(application, "GET", "/api/v1/me", key)
        verb = _cpu_ms(application, "PUT", "/api/v1/companies/KO/drafts/dcf", key)
    return {
        "API: a view (me) ÷ a bare route": view / bare,
        "API: an act (draft) ÷ a bare route": verb / bare,
        "API: a view, ms": view,
        "API: an act, ms": verb,
    }


def _application() -> tuple[Any, str]:
    from app.api.application import create_api
    from app.web.callers import Callers
    from app.web.identity import Identity
    from valor_core.store.engines import store_from
    from valor_core.store.migrate import migrate
    from valor_core.values import Role
    from valor_core.workbench import demo, people, setup
    from valor_core.workbench.verb import open_work, use_store

    store = store_from(os.environ)
    migrate(store)
    setup.prepare(store)
    demo.seed_demo(store)
    use_store(store)
    tenant_id, _ = demo.member_to_sign_in(store, demo.SLUG, "")
    with open_work(setup.operator(tenant_id), store) as work:
        _, key = people.add_key(work, "benchmark", Role.ANALYST)

    async def bare(_: Any) -> JSONResponse:
        return JSONResponse({"name": "bare", "role": "none"})

    return Starlette(
        routes=[Route("/bare", bare), Mount("/api/v1", app=create_api())],
        middleware=[Middleware(Identity, callers=Callers(store), cookie="vx_session_b")],
    ), key


def _cpu_ms(application: Any, method: str, path: str, key: str) -> float:
    """Identity lets a key through to /api only, so the bare route is asked below it."""
    asked = application.router if path == "/bare" else application

    async def run() -> float:
        taken = []
        for turn in range(TIMES):
            body = json.dumps({"content": {"turn": turn}}).encode()
            headers = [
                (b"authorization", f"Bearer {key}".encode()),
                (b"content-type", b"application/json"),
                (b"if-match", f'"v{turn}"'.encode()),
            ]
            began = time.process_time()
            status = await _ask(asked, method, path, headers, body)
            taken.append(1000 * (time.process_time() - began))
            assert status == 200, (path, status)
        return statistics.median(taken[5:])

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
