"""How a request's body is read: strictly, and off the event loop, which a large one would hold."""

from collections.abc import Callable, Coroutine
from typing import Any

from anyio.to_thread import run_sync
from fastapi import Request, Response
from fastapi.routing import APIRoute

from app.web.strict_json import read_json
from valor_core.errors import BadInput


class StrictRequest(Request):
    """Reads its JSON strictly."""

    async def json(self) -> Any:
        """The body as JSON."""
        return await run_sync(read_json, await self.body())


class StrictRoute(APIRoute):
    """Every route of the API reads its body strictly, and takes no NUL in its address."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """As FastAPI's, over a StrictRequest."""
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            if "\0" in request.url.path or "%00" in request.url.query:
                raise BadInput(
                    "The address holds a NUL, which nothing here is called by.",
                    hint="Leave %00 out of the path and the query.",
                )
            return await handle(StrictRequest(request.scope, request.receive))

        return strictly
