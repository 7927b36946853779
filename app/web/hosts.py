"""We answer under our own names only, and only our own pages may change things or open sockets.

This closes DNS rebinding (a foreign name that leads to our address), websocket hijacking and
requests forged by a foreign page. Streamlit's own check accepts `localhost` on any port.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.refusals import refuse
from valor_core.errors import ValorError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class UnknownHost(ValorError):
    """The request names a host that this server does not go by."""

    code, status = "unknown_host", 421

    def __init__(self, host: str, known: Collection[str]) -> None:
        super().__init__(
            f"This server does not answer as {host!r}.",
            hint=f"Open it as {' or '.join(sorted(known))}.",
        )


class ForeignOrigin(ValorError):
    """A page of another site, or nobody known, tries to act through this browser."""

    code, status = "foreign_origin", 403

    def __init__(self, origin: str) -> None:
        super().__init__(
            f"Requests from {origin or 'an unnamed origin'!r} may not do this.",
            hint="Use the pages of this server, or the API with a key and without an Origin.",
        )


class OwnHosts:
    """The first wall, for http and websocket alike. `origins` are scheme, host and port of ours."""

    def __init__(self, app: ASGIApp, *, origins: Collection[str]) -> None:
        self.app = app
        self.origins = frozenset(origins)
        self.hosts = frozenset(urlsplit(origin).netloc for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let pass, or refuse with 421 or 403."""
        error = self._judge(scope) if scope["type"] in ("http", "websocket") else None
        if error:
            await refuse(error, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _judge(self, scope: Scope) -> ValorError | None:
        headers = Headers(scope=scope)
        hosts = [host.lower() for host in headers.getlist("host")]
        if len(hosts) != 1 or hosts[0] not in self.hosts:
            return UnknownHost(", ".join(hosts), self.hosts)

        if scope["type"] == "http" and scope["method"] in SAFE_METHODS:
            return None
        origins = headers.getlist("origin")
        if not self.origins.issuperset(origins):
            return ForeignOrigin(", ".join(origins))
        # A browser always names a websocket's origin; only a program with a key may leave it out.
        if not origins and scope["type"] == "websocket" and not scope["path"].startswith("/api/"):
            return ForeignOrigin("")
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return ForeignOrigin(headers["sec-fetch-site"])
        return None
