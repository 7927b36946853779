"""One permission table decides over every route, page, socket and verb; what it lacks is refused.

Everything is enumerated from the application itself: whoever adds a route must say here which act
it is, and whoever adds an act must say in `tenancy.access.MAY` who may do it.
"""

import asyncio
import importlib
import json
import pkgutil
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from streamlit.runtime.runtime import Runtime

from app.api.application import create_api
from app.server import create_app, own_origins
from app.ui import frame
from app.web.callers import Callers
from app.web.hosts import OwnHosts
from app.web.identity import PUBLIC_PATHS, Identity
from tests.conftest import ONLY_SQLITE, Tenant
from valor_core import workbench
from valor_core.errors import AccessDenied
from valor_core.store.engines import Store
from valor_core.tenancy.access import MAY, require
from valor_core.tenancy.sign_in import stranger
from valor_core.values import CompanyId, Role, TenantId
from valor_core.workbench import demo, people, valuations
from valor_core.workbench.verb import ACTS, open_work

PORT = 9
KO = CompanyId("cik0000021344")

ACT_OF_ROUTE = {
    "GET /me": "me.read",
    "GET /session": "me.read",
    "GET /companies": "company.read",
    "GET /companies/{company_id}": "company.read",
    "GET /companies/{company_id}/facts": "fact.read",
    "POST /imports": "fact.import",
    "GET /imports": "import.read",
    "GET /imports/template.csv": "import.read",
    "GET /companies/{company_id}/valuations/dcf/start": "valuation.read",
    "POST /companies/{company_id}/valuations/dcf": "valuation.run",
    "GET /valuations": "valuation.read",
    "GET /valuations/{valuation_id}": "valuation.read",
    "GET /valuations/{valuation_id}/explain": "valuation.read",
    "POST /valuations/{valuation_id}/sensitivity": "valuation.read",
    "GET /valuations/{valuation_id}/workbook.xlsx": "valuation.read",
    "GET /companies/{company_id}/drafts/dcf": "draft.read",
    "PUT /companies/{company_id}/drafts/dcf": "draft.keep",
    "DELETE /companies/{company_id}/drafts/dcf": "draft.drop",
    "POST /companies/{company_id}/drafts/dcf/undo": "draft.keep",
    "POST /companies/{company_id}/drafts/dcf/redo": "draft.keep",
    "GET /audit": "audit.read",
    "GET /audit/verify": "audit.verify",
    "GET /reports": "report.read",
    "POST /reports/{name}/runs": "report.run",
    "GET /reports/runs": "report.read",
    "GET /reports/runs/{run_id}": "report.read",
    "GET /reports/runs/{run_id}/report.html": "report.read",
    "GET /reports/schedules": "report.read",
    "POST /reports/schedules": "report.schedule",
    "DELETE /reports/schedules/{schedule_id}": "report.schedule",
    "POST /snapshots": "snapshot.publish",
    "GET /snapshots": "snapshot.read",
    "GET /snapshots/latest": "snapshot.read",
    "GET /snapshots/latest/screen": "snapshot.read",
}
PAGES = {"home", "coverage", "company", "dcf", "valuations", "screen", "reports", "audit"}


def routes() -> list[str]:
    paths = create_api().openapi()["paths"]
    return [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods]


def test_every_route_says_which_act_it_is():
    assert set(routes()) == set(ACT_OF_ROUTE)


def test_every_act_stands_in_the_permission_table_and_the_other_way_round():
    for module in pkgutil.iter_modules(workbench.__path__):
        importlib.import_module(f"{workbench.__name__}.{module.name}")
    assert set(ACTS) == set(MAY)
    assert set(ACT_OF_ROUTE.values()) <= set(MAY)


def test_an_operator_sees_no_content():
    content = ("company", "fact", "import", "valuation", "draft", "snapshot", "report", "audit")
    for act, roles in MAY.items():
        assert Role.OPERATOR not in roles or not act.startswith(content)


def test_pages_are_those_that_this_test_knows():
    assert {page.stem for page in frame.PAGES.glob("*.py")} - {"__init__"} == PAGES


@dataclass
class Client:
    """Speaks to the API behind the real identity, by a key."""

    app: Any
    key: str = ""

    def ask(self, route: str, path: str, body: Any = None) -> tuple[int, bytes]:
        method = route.partition(" ")[0]
        raw = b"" if body is None else json.dumps(body).encode()
        headers = [
            (b"host", f"127.0.0.1:{PORT}".encode()),
            (b"content-type", b"application/json"),
            (b"idempotency-key", b"once"),
            (b"if-match", b'"v1"'),
        ]
        if self.key:
            headers.append((b"authorization", f"Bearer {self.key}".encode()))
        return asyncio.run(exchange(self.app, method, path, headers, raw))


async def exchange(
    app: Any, method: str, path: str, headers: list[tuple[bytes, bytes]], body: bytes
) -> tuple[int, bytes]:
    """One request over plain ASGI; the status and the body."""
    path, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "root_path": "", "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1),
        "state": {},
    }  # fmt: skip
    told: dict[str, Any] = {"body": b""}
    sent = False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if sent:
            await asyncio.sleep(60)
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            told["status"] = message["status"]
        elif message["type"] == "http.response.body":
            told["body"] += message.get("body", b"")

    await app(scope, receive, send)
    return told["status"], told["body"]


@pytest.fixture
def clients(store: Store, acme: Tenant, rival: Tenant) -> dict[str, Client]:
    app = Starlette(
        routes=[Mount("/api/v1", app=create_api())],
        middleware=[
            Middleware(OwnHosts, origins=own_origins(PORT)),
            Middleware(Identity, callers=Callers(store), cookie="vx_session_9"),
        ],
    )
    made = {"anonymous": Client(app)}
    for tenant, names in ((acme, Role), (rival, [Role.ADMIN])):
        for role in names:
            if role is Role.OPERATOR:
                continue
            with open_work(tenant.operator, store) as work:
                _, key = people.add_key(work, str(role), role)
            made["stranger" if tenant is rival else str(role)] = Client(app, key)
    return made


@pytest.fixture
def things(store: Store, acme: Tenant) -> dict[str, str]:
    """One of each thing that has an id, made by acme's analyst."""
    demo.seed_demo(store)
    with open_work(acme.analyst, store) as work:
        inputs = valuations.prefilled(work, KO).inputs
        missing = inputs.bridge.missing
        bridge = replace(inputs.bridge, **dict.fromkeys(missing, 0.0))
        row = valuations.run_valuation(
            work,
            KO,
            replace(inputs, bridge=bridge),
            rationale="as filed",
            rationales={f"bridge.{item}": "none known" for item in missing},
        )
    return {
        "valuation_id": row.id,
        "company_id": KO,
        "run_id": "01m85j0hy8j32kk3f6r26xyvsr",
        "schedule_id": "01m85j0hy8j32kk3f6r26xyvsr",
        "name": "valuation",
    }


def path_of(route: str, things: dict[str, str]) -> str:
    path = "/api/v1" + route.partition(" ")[2].format(**things)
    return f"{path}?file_name=x.csv" if route == "POST /imports" else path


@ONLY_SQLITE
def test_each_role_may_do_on_each_route_what_the_table_says(clients, things):
    for route, act in ACT_OF_ROUTE.items():
        path = path_of(route, things)
        assert clients["anonymous"].ask(route, path)[0] == 401, route
        for role in (Role.VIEWER, Role.ANALYST, Role.ADMIN):
            status, body = clients[str(role)].ask(route, path, body_of(route))
            assert status not in (401, 500), (route, role, body)
            assert (status != 403) == (role in MAY[act]), (route, role, status, body)


def body_of(route: str) -> Any:
    """A body of the right shape, so that it is the role that decides."""
    if "valuations/dcf" in route:
        return {"inputs": {}, "rationale": "why"}
    if "sensitivity" in route:
        axis = {"path": "terminal_growth", "values": [0.02]}
        return {"rows": axis, "columns": {**axis, "path": "cost_of_capital.beta"}}
    if route == "PUT /companies/{company_id}/drafts/dcf":
        return {"content": {}}
    if route == "POST /reports/schedules":
        return {"report": "valuation", "cron": "0 6 * * *", "parameters": {"company": "KO"}}
    if "runs" in route and route.startswith("POST"):
        return {"parameters": {"company": "KO"}}
    return {}


@ONLY_SQLITE
def test_another_tenants_thing_answers_byte_for_byte_like_a_missing_one(clients, things):
    """S15: what exists elsewhere must not differ from what exists nowhere."""
    for route in ACT_OF_ROUTE:
        if "{valuation_id}" in route:
            check_foreign(route, clients, things)


def check_foreign(route: str, clients: dict[str, Client], things: dict[str, str]) -> None:
    body = body_of(route)
    assert clients["viewer"].ask(route, path_of(route, things), body)[0] == 200
    missing = things["valuation_id"][:-1] + ("0" if things["valuation_id"][-1] != "0" else "1")
    theirs = clients["stranger"].ask(route, path_of(route, things), body)
    nobodys = clients["stranger"].ask(
        route, path_of(route, {**things, "valuation_id": missing}), body
    )
    assert theirs[0] == 404
    assert theirs[1].replace(things["valuation_id"].encode(), b"ID") == nobodys[1].replace(
        missing.encode(), b"ID"
    )


@pytest.fixture
def whole(store: Store) -> Iterator[Any]:
    """The application with its pages; Streamlit allows one a process, so it is taken down again."""
    yield create_app(store, port=PORT, background=nullcontext)
    Runtime._instance = None


@ONLY_SQLITE
def test_nothing_but_the_public_list_answers_a_stranger(whole):
    """S1: pages, files, probes and unknown paths, in every spelling."""
    paths = ["/", "/dcf", "/valuations", "/_stcore/metrics", "/media/x.csv", "/api/v1/openapi.json",
             "/_stcore/upload_file/x/y", "/component/x", "/logout", "/METRICS", "//", "/%2e/",
             "/api/v1/me/", "/nobody"]  # fmt: skip
    for path in paths:
        for accept in (b"text/html", b"application/json"):
            headers = [(b"host", f"127.0.0.1:{PORT}".encode()), (b"accept", accept)]
            status, _ = asyncio.run(exchange(whole, "GET", path, headers, b""))
            assert status in (303, 401), (path, status)
    for path in PUBLIC_PATHS:
        headers = [(b"host", f"127.0.0.1:{PORT}".encode())]
        status, _ = asyncio.run(exchange(whole, "GET", path, headers, b""))
        assert status != 401, path


@ONLY_SQLITE
def test_a_bare_websocket_is_refused_before_any_page_runs(whole, store, acme):
    """S2, S5: neither without a cookie nor with an API key."""
    with open_work(acme.operator, store) as work:
        _, key = people.add_key(work, "nb", Role.ADMIN)
    for extra in ([], [(b"authorization", f"Bearer {key}".encode())]):
        for origin in ([], [(b"origin", f"http://127.0.0.1:{PORT}".encode())]):
            assert asyncio.run(_handshake(whole, [*extra, *origin])) in (401, 403)


async def _handshake(app: Any, headers: list[tuple[bytes, bytes]]) -> int:
    scope = {
        "type": "websocket", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "ws",
        "path": "/_stcore/stream", "raw_path": b"/_stcore/stream", "query_string": b"",
        "root_path": "", "headers": [(b"host", f"127.0.0.1:{PORT}".encode()), *headers],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1), "subprotocols": ["streamlit"],
        "state": {}, "extensions": {"websocket.http.response": {}},
    }  # fmt: skip
    told: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        told.append(message)

    await app(scope, receive, send)
    assert told[0]["type"] == "websocket.http.response.start", told
    return told[0]["status"]


@ONLY_SQLITE
def test_identity_headers_of_a_client_are_thrown_away(store, acme):
    """S8: in any case and spelling."""
    seen: list[Any] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["headers"])

    app = Identity(inner, callers=Callers(store), cookie="vx_session_9")
    headers = [(b"X-VX-User".lower(), b"adam"), (b"x_vx_roles", b"admin"), (b"accept", b"*/*")]
    asyncio.run(exchange_silently(app, "/healthz", headers))
    assert [name for name, _ in seen[0]] == [b"accept"]


async def exchange_silently(app: Any, path: str, headers: list[tuple[bytes, bytes]]) -> None:
    scope = {"type": "http", "method": "GET", "path": path, "headers": headers, "query_string": b"",
             "state": {}}  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: Any) -> None:
        return None

    await app(scope, receive, send)


def test_who_has_not_shown_a_secret_may_do_nothing():
    nobody = stranger(TenantId("acme"))
    for act in MAY:
        with pytest.raises(AccessDenied):
            require(nobody, act)
