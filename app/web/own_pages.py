"""An open page is named by its id: by who goes on with it, and by who sends a file to it.

Only who opened a page does either. For anybody else it is a page that is not there, which Streamlit
by itself makes of the one but not of the other; that another person's page was named stands in the
log.
"""

from collections import OrderedDict
from threading import Lock

from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.bodies import UPLOADS
from app.web.identity import STREAM
from app.web.refusals import refuse
from valor_core.errors import Unavailable
from valor_core.store.engines import Store
from valor_core.values import Caller
from valor_core.workbench.verb import log_refusal

REMEMBERED_MAX = 10_000
PROTOCOLS = b"sec-websocket-protocol"  # in it: Streamlit's name, a token, the id of a page
NOBODYS = "nobodys"
Person = tuple[str, str]


def person(caller: Caller) -> Person:
    """The tenant, and who it is in it."""
    return caller.tenant_id, caller.user_id


class Pages:
    """Whose each page is, as its script tells at each run; those longest unused are forgotten."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._of: OrderedDict[str, Person] = OrderedDict()

    def note(self, page: str, caller: Caller) -> None:
        """The page is this person's."""
        with self._guard:
            self._of[page] = person(caller)
            self._of.move_to_end(page)
            while len(self._of) > REMEMBERED_MAX:
                self._of.popitem(last=False)

    def owner(self, page: str) -> Person | None:
        """Who has opened it, by whichever sign-in; None for one that nobody is known to have."""
        with self._guard:
            return self._of.get(page)


class OwnPages:
    """Stands between the limits of calls and Streamlit's own doors."""

    def __init__(self, app: ASGIApp, *, pages: Pages, store: Store) -> None:
        self.app, self.pages, self.store = app, pages, store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let pass; another person's page becomes one that is not there, and the log tells it.

        To go on with a page that nobody is known to have is harmless; no file is sent to one.
        """
        if named := pages_named(scope):
            caller: Caller = scope["state"]["caller"]
            others = {self.pages.owner(page) for page in named} - {person(caller)}
            if others - {None}:
                try:
                    await run_sync(self._log, caller)
                except Unavailable as error:
                    await refuse(error, scope, receive, send)
                    return
            if others - {None} or (others and scope["type"] == "http"):
                scope = _of_nobodys(scope)
        await self.app(scope, receive, send)

    def _log(self, caller: Caller) -> None:
        log_refusal(self.store, caller, "access.foreign", target="page")


def pages_named(scope: Scope) -> list[str]:
    """The ids by which the request names open pages; none where it is to neither of the doors."""
    if scope["type"] == "websocket" and scope["path"] == STREAM:
        lines = Headers(scope=scope).getlist(PROTOCOLS.decode())
        return [each.strip() for line in lines for each in line.split(",")]
    if scope["type"] == "http" and scope["path"].startswith(UPLOADS):
        return [scope["path"].removeprefix(UPLOADS).partition("/")[0]]
    return []


def _of_nobodys(scope: Scope) -> Scope:
    """The same request about a page that is not there."""
    if scope["type"] == "http":
        _, _, file = scope["path"].removeprefix(UPLOADS).partition("/")
        path = f"{UPLOADS}{NOBODYS}/{file}"
        return {**scope, "path": path, "raw_path": path.encode()}
    names = [*pages_named(scope)[:2], NOBODYS]
    others = [(name, value) for name, value in scope["headers"] if name.lower() != PROTOCOLS]
    headers = [*others, (PROTOCOLS, ", ".join(names).encode("latin-1"))]
    return {**scope, "headers": headers, "subprotocols": names}
