"""One pure-ASGI middleware gates http and websocket: who is it, and nobody else gets through.

Streamlit by itself runs its pages for anyone who opens its websocket, and asks who it is only at
the handshake; both are mended here.
"""

import asyncio
from typing import Any
from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.bodies import UPLOADS
from app.web.callers import Callers
from app.web.hosts import SAFE_METHODS
from app.web.preloads import DRAWN
from app.web.refusals import refuse
from app.web.strangers import Strangers
from valor_core.errors import NotFound, SignInNeeded, ValorError
from valor_core.telemetry import HTTP_REFUSED
from valor_core.tenancy.access import require
from valor_core.tenancy.api_keys import PREFIX
from valor_core.values import Caller, TenantId

PUBLIC_PATHS = frozenset(
    {
        "/login",
        "/login/provider",
        "/login/provider/callback",
        "/login/provider/out",
        "/healthz",
        "/favicon.svg",
        "/favicon.png",
        "/favicon.ico",
        "/robots.txt",
        "/metrics",  # behind its own gate: off, loopback, or a token
        "/_stcore/health",  # a 401 on these two makes Streamlit show it and ask again for ever
        "/_stcore/host-config",
    }
)
# An open page asks below its own address for Streamlit's base path, and is to hear 404.
PROBES = frozenset(
    f"/{page}/_stcore/{asked}" for page in DRAWN if page for asked in ("health", "host-config")
)
# Signed by the billing or the identity provider instead of by a person or a key.
SIGNED_PATHS = frozenset(
    {"/api/v1/billing/webhook", "/api/billing/webhook", "/login/provider/ended"}
)
PUBLIC_TREES = ("/static/", "/assets/")  # open-source bundles: lazy chunks of an open page
POLLS = frozenset({"/api/v1/session"})  # asked by a page on its own, not by a person
STREAM = "/_stcore/stream"
# Streamlit's own doors that nobody needs: numbers of the process, its agents, its sign-in.
CLOSED = ("/_stcore/metrics", "/_stcore/agent/", "/auth/", "/oauth2callback")
ASKED_AGAIN_S, SIGNED_OUT = 5.0, 4401


class CsrfHeaderMissing(ValorError):
    """A change that a browser asks for must carry a header that a foreign page cannot set."""

    code, status = "csrf", 403

    def __init__(self) -> None:
        super().__init__(
            "A change by cookie needs the header X-VX-CSRF.",
            hint="Send X-VX-CSRF: 1, or use an API key instead of the cookie.",
        )


class Identity:
    """Puts the `Caller` into the scope; throws away identity headers of the client, adds ours."""

    def __init__(
        self, app: ASGIApp, *, callers: Callers, cookie: str, strangers: Strangers
    ) -> None:
        self.app, self.callers, self.cookie, self.strangers = app, callers, cookie, strangers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let pass who is known or goes to a public place; refuse all others."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        try:
            caller = await self._caller(connection)
            self._judge(connection, caller)
        except ValorError as refusal:
            error: ValorError = refusal
            if isinstance(error, SignInNeeded):
                address = connection.client.host if connection.client else ""
                error = self.strangers.refusal(address) or error
            HTTP_REFUSED.labels(error.code).inc()
            if isinstance(error, SignInNeeded) and _wants_a_page(connection):
                query = scope["query_string"].decode("latin-1")
                target = quote(scope["path"] + (f"?{query}" if query else ""))
                await RedirectResponse(f"/login?next={target}", 303)(scope, receive, send)
            else:
                await refuse(error, scope, receive, send)
            return
        headers = [(k, v) for k, v in scope["headers"] if not _is_ours(k)]
        if caller:
            caller = caller.asking(f"{scope.get('method', 'websocket')} {scope['path']}")
            headers += _identity_headers(caller)
        state = {**scope.get("state", {}), "caller": caller}
        if caller and scope["type"] == "websocket":
            receive, send = self._asking_again(caller, receive, send)
        await self.app({**scope, "headers": headers, "state": state}, receive, send)

    async def _caller(self, connection: HTTPConnection) -> Caller | None:
        """By API key or by cookie, never by both: with a key no cookie is looked at."""
        authorization = connection.headers.get("authorization", "")
        if authorization:
            scheme, _, key = authorization.partition(" ")
            if scheme.lower() != "bearer" or not key.startswith(PREFIX):
                return None
            return await self.callers.of_key(key.strip())
        touch = connection.scope["path"] not in POLLS
        return await self.callers.of_cookie(connection.cookies.get(self.cookie, ""), touch=touch)

    def _judge(self, connection: HTTPConnection, caller: Caller | None) -> None:
        scope, path = connection.scope, connection.scope["path"]
        if scope["type"] == "websocket":
            if caller is None or not caller.is_person:  # pages are for people, keys for the API
                raise SignInNeeded
            return
        if path in SIGNED_PATHS:
            return
        public = path in PUBLIC_PATHS or path.startswith(PUBLIC_TREES)
        if caller is None and not public and path not in PROBES:
            raise SignInNeeded
        if caller and not caller.is_person and not public and not path.startswith("/api/"):
            raise SignInNeeded
        if path.startswith(CLOSED) or "\n" in path:  # routes match to the end of a line
            raise NotFound("address", path[:80])
        if caller and path.startswith(UPLOADS):
            require(caller, "fact.import")  # the only thing that a page takes files for
        ours = path.startswith("/api/") or path in ("/login", "/logout")
        by_cookie = caller is None or caller.is_person
        changes = scope["method"] not in SAFE_METHODS
        if changes and ours and by_cookie and "x-vx-csrf" not in connection.headers:
            raise CsrfHeaderMissing

    def _asking_again(self, caller: Caller, receive: Receive, send: Send) -> tuple[Receive, Send]:
        """Before each message and every few seconds: an open page ends with its sign-in."""
        waiting: asyncio.Future[Message] | None = None
        closed = False

        async def checked_receive() -> Message:
            nonlocal waiting, closed
            while True:
                waiting = waiting or asyncio.ensure_future(receive())
                done, _ = await asyncio.wait({waiting}, timeout=ASKED_AGAIN_S)
                live = await asyncio.to_thread(
                    self.callers.of_session, caller.session, TenantId(caller.tenant_id)
                )
                if live is None or live.role != caller.role:
                    closed = True
                    waiting.cancel()
                    await send(
                        {"type": "websocket.close", "code": SIGNED_OUT, "reason": "signed out"}
                    )
                    return {"type": "websocket.disconnect", "code": SIGNED_OUT}
                if done:
                    message, waiting = waiting.result(), None
                    return message

        async def open_send(message: Message) -> None:
            if not closed:
                await send(message)

        return checked_receive, open_send


def _identity_headers(caller: Caller) -> list[tuple[bytes, bytes]]:
    """What Streamlit shows to pages as `st.user`; the session makes a takeover differ."""
    told: dict[str, Any] = {
        "user": caller.user_id,
        "tenant": caller.tenant_id,
        "roles": caller.role,
        "session": caller.session,
    }
    return [(f"x-vx-{name}".encode(), quote(text).encode()) for name, text in told.items()]


def _is_ours(name: bytes) -> bool:
    """X-VX-User in any case, or as X_VX_User, which some proxies make of it."""
    plain = name.lower().replace(b"_", b"-")
    return plain.startswith(b"x-vx-") and plain != b"x-vx-csrf"


def _wants_a_page(connection: HTTPConnection) -> bool:
    return (
        connection.scope["type"] == "http"
        and connection.scope["method"] == "GET"
        and "text/html" in connection.headers.get("accept", "")
        and not connection.scope["path"].startswith("/api/")
    )
