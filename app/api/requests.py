"""How a request's body is read: strictly, and off the event loop, which a large one would hold."""

from collections.abc import Callable, Coroutine
from typing import Any

from anyio.to_thread import run_sync
from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app.web.strict_json import read_json
from valor_core.errors import BadInput, BadInputs, Flaw


class StrictRequest(Request):
    """Reads its JSON strictly."""

    async def json(self) -> Any:
        """The body as JSON; it stays in the request's state, for who has to say what was sent."""
        self.state.sent = await run_sync(read_json, await self.body())
        return self.state.sent


class StrictRoute(APIRoute):
    """Every route of the API reads its body strictly, and its address as well.

    That has no NUL and no unknown parameter: who misspells `dry_run` is not to have the act done.
    """

    reads_its_own_parameters = False

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """As FastAPI's, over a StrictRequest."""
        handle, known = super().get_route_handler(), _parameters(self.dependant)

        async def strictly(request: Request) -> Response:
            if "\0" in request.url.path or "%00" in request.url.query:
                raise BadInput(
                    "The address holds a NUL, which nothing here is called by.",
                    hint="Leave %00 out of the path and the query.",
                )
            unknown = sorted(set(request.query_params) - known)
            if unknown and not self.reads_its_own_parameters:
                raise BadInputs(
                    [Flaw(f"query.{name[:40]}", "There is no such parameter") for name in unknown],
                    hint=f"This address takes {', '.join(sorted(known)) or 'none'}.",
                )
            return await handle(StrictRequest(request.scope, request.receive))

        return strictly


class OwnParameters(StrictRoute):
    """A route whose parameters stand in no signature: it reads them itself, and refuses others."""

    reads_its_own_parameters = True


def _parameters(of: Dependant) -> frozenset[str]:
    """The names of all that a route and what it depends on take beside the path."""
    own = frozenset(field.alias for field in of.query_params)
    return own.union(*map(_parameters, of.dependencies))
