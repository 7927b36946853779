"""The whole application, asked over plain ASGI by who is signed in, has a key, or neither."""

import asyncio
import json
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Mount, WebSocketRoute
from streamlit.runtime.runtime import Runtime

from app.server import create_app
from app.state import PROCESS
from app.web.oidc_settings import PublicAddress
from tests.moulds import Tenant
from valor_core.store.engines import Store
from valor_core.tenancy.api_keys import OF_THE_TENANT
from valor_core.values import Caller, Role, Scope, new_id
from valor_core.workbench import people
from valor_core.workbench.signing_in import redeem_token
from valor_core.workbench.verb import open_work

PORT = 9
OWN_ORIGIN = f"http://127.0.0.1:{PORT}".encode()
OF_THE_MOMENT = {
    "date",
    "x-request-id",
    "ratelimit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-quota-reset",
}
OWN_HOST = [(b"host", f"127.0.0.1:{PORT}".encode())]  # unless it is asked under another
SOCKET = "SOCKET"
NAME_OF = {Role.VIEWER: "vera", Role.ANALYST: "anna", Role.ADMIN: "adam"}

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, but for the headers that differ with the moment."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def code(self) -> str:
        """The code of a refusal; empty where it is none."""
        types = dict(self.headers).get("content-type", "")
        return json.loads(self.body)["code"] if "problem+json" in types else ""

    @property
    def is_sent_to_sign_in(self) -> bool:
        """Whether the door stayed shut, as a browser or as a program is told so."""
        location = dict(self.headers).get("location", "")
        return self.code == "sign_in_needed" or location.startswith("/login?next=")

    def without(self, names: Sequence[str]) -> "Answer":
        """The same with the names of what was asked for blotted out."""
        body = self.body
        for name in names:
            body = body.replace(name.encode(), b"IT")
        return Answer(self.status, self.headers, body)


@dataclass(frozen=True, slots=True)
class Whole:
    """The application and the event loop that it lives on."""

    app: Any
    portal: BlockingPortal

    @property
    def routes(self) -> list[BaseRoute]:
        """What it answers to, Streamlit's own routes among them."""
        pages = self.app.app  # within the security headers
        if pages._starlette_app is None:
            pages._starlette_app = pages._build_starlette_app()
        return pages._starlette_app.routes

    def doors(self) -> set[tuple[str, str]]:
        """Every method and path, with SOCKET for the method of a websocket."""
        return set(_doors(self.routes, ""))


def _doors(routes: Sequence[BaseRoute], prefix: str) -> Iterator[tuple[str, str]]:
    for each in iter_route_contexts(routes):
        path = f"{prefix}{each.path}"
        if isinstance(each.original_route, Mount):
            inner = each.original_route.routes
            yield from _doors(inner, path) if inner else [("GET", f"{path}/{{file:path}}")]
        elif isinstance(each.original_route, WebSocketRoute):
            yield SOCKET, path
        else:
            yield from ((method, path) for method in (each.methods or set()) - {"HEAD"})


@contextmanager
def whole_application(store: Store, *, public: PublicAddress | None = None) -> Iterator[Whole]:
    """As it is served, on this database; Streamlit allows one a process, so it is taken down."""
    with start_blocking_portal() as portal:
        app = create_app(store, port=PORT, public=public, background=nullcontext)
        yield Whole(app, portal)
    Runtime._instance = None
    PROCESS.callers = None


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody who asks, with what shows who it is."""

    whole: Whole
    caller: Caller | None = None
    shows: Headers = ()

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """One request."""
        told = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
        return self.whole.portal.call(
            exchange, self.whole.app, method, path, [*self.shows, *told], body
        )

    def knock(self, path: str, *, origin: bytes = OWN_ORIGIN) -> int:
        """The status of a websocket's handshake: 101 where it is let in."""
        named = [(b"origin", origin)] if origin else []
        return self.whole.portal.call(handshake, self.whole.app, path, [*self.shows, *named])


def by_session(whole: Whole, store: Store, tenant: Tenant, role: Role) -> Client:
    """A member with a browser, newly signed in."""
    shows = newly_signed_in(store, tenant.operator, NAME_OF[role])
    return Client(whole, getattr(tenant, role), shows)


def newly_signed_in(store: Store, operator: Caller, name: str) -> Headers:
    """What the browser of that member of the operator's tenant shows."""
    with open_work(operator, store) as work:
        token = people.issue_token(work, name)
    cookie = f"vx_session_{PORT}={redeem_token(store, token)}"
    return [(b"cookie", cookie.encode()), (b"x-vx-csrf", b"1")]


def by_key(
    whole: Whole,
    store: Store,
    tenant: Tenant,
    role: Role,
    scopes: Collection[Scope] = tuple(OF_THE_TENANT),
) -> Client:
    """A program with an API key of the tenant's."""
    with open_work(tenant.operator, store) as work:
        row, key = people.add_key(work, f"of a {role} {new_id()}", role, scopes=scopes)
    caller = Caller(
        tenant_id=tenant.id, user_id=row.id, role=role, kind="key", scopes=frozenset(scopes)
    )
    return Client(whole, caller, [(b"authorization", f"Bearer {key}".encode())])


async def exchange(app: Any, method: str, path: str, headers: Headers, body: bytes) -> Answer:
    """One request over plain ASGI, the path just as it is spelt."""
    path, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "root_path": "", "headers": [*OWN_HOST[any(k == b"host" for k, _ in headers) :], *headers],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1), "state": {},
    }  # fmt: skip
    told: list[Any] = []
    coming = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not coming:
            await asyncio.Event().wait()  # a client that stays until it has its answer
        return coming.pop()

    async def send(message: Any) -> None:
        told.append(message)

    await app(scope, receive, send)
    start, *parts = told
    return Answer(
        start["status"],
        tuple(
            sorted(
                (k.decode().lower(), v.decode())
                for k, v in start["headers"]
                if k.decode().lower() not in OF_THE_MOMENT
            )
        ),
        b"".join(part.get("body", b"") for part in parts),
    )


async def handshake(app: Any, path: str, headers: Headers) -> int:
    """Open a websocket and leave again."""
    scope = {
        "type": "websocket", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "ws",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [*OWN_HOST[any(k == b"host" for k, _ in headers) :], *headers],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1), "subprotocols": ["streamlit"],
        "state": {}, "extensions": {"websocket.http.response": {}},
    }  # fmt: skip
    coming = [{"type": "websocket.disconnect", "code": 1001}, {"type": "websocket.connect"}]
    told: list[Any] = []

    async def receive() -> dict[str, Any]:
        return coming.pop()

    async def send(message: Any) -> None:
        told.append(message)

    await app(scope, receive, send)
    return 101 if told[0]["type"] == "websocket.accept" else told[0]["status"]


def filled(path: str, things: Any) -> str:
    """A path with the ids of these things in its places, and x where it is something else's."""
    return re.sub(r"\{(\w+)[^}]*\}", lambda place: getattr(things, place[1], "x"), path)
