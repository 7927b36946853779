"""Addresses that others have been given for routes of the API: the same routes, by a short path."""

from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

SHORT = (
    ("POST", "/api/billing/webhook", "/billing/webhook"),
    ("GET", "/api/admin/billing/reconciliation", "/admin/billing/reconciliation"),
    ("GET", "/api/providers/status", "/providers/status"),
)


class SameRoute:
    """Hands a request on to the API as if it had asked for the route by its own path."""

    def __init__(self, api: ASGIApp, path: str) -> None:
        self.api, self.path = api, f"/api/v1{path}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The API's own answer."""
        asked = {"path": self.path, "raw_path": self.path.encode(), "root_path": "/api/v1"}
        await self.api({**scope, **asked}, receive, send)


def short_paths(api: ASGIApp) -> list[Route]:
    """A route for each short path."""
    return [Route(short, SameRoute(api, path), methods=[method]) for method, short, path in SHORT]
