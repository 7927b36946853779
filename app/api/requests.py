"""How a request's body is read: strictly, and off the event loop, which a large one would hold."""

from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, get_args, get_origin

from anyio.to_thread import run_sync
from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app.web.strict_json import read_json
from valor_core.errors import BadInput, BadInputs, Flaw

MOST = 20  # flaws of an address that are told


class StrictRequest(Request):
    """Reads its JSON strictly."""

    async def json(self) -> Any:
        """The body as JSON; it stays in the request's state, for who has to say what was sent."""
        self.state.sent = await run_sync(read_json, await self.body())
        return self.state.sent


class StrictRoute(APIRoute):
    """Every route of the API reads its body strictly, and its address as well.

    That has no NUL, and no parameter unknown or twice: who misspells `dry_run` has nothing done.
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
            if flaws := _flaws(request, known, others=self.reads_its_own_parameters):
                named = (f"{name} (several)" if many else name for name, many in known.items())
                raise BadInputs(flaws, hint=f"This address takes {', '.join(named) or 'none'}.")
            return await handle(StrictRequest(request.scope, request.receive))

        return strictly


class OwnParameters(StrictRoute):
    """A route whose parameters stand in no signature: it reads them itself, and refuses others."""

    reads_its_own_parameters = True


def _flaws(request: Request, known: Mapping[str, bool], *, others: bool) -> list[Flaw]:
    """What the query names that the route does not know, unless it takes others, or names twice."""
    sent = Counter(name for name, _ in request.query_params.multi_items())
    unknown = [] if others else sorted(sent.keys() - known.keys())
    twice = [name for name, many in known.items() if sent[name] > 1 and not many]
    return [
        *(Flaw(f"query.{name[:40]}", "There is no such parameter") for name in unknown[:MOST]),
        *(Flaw(f"query.{name}", "It stands twice") for name in twice),
    ]


def _parameters(of: Dependant) -> dict[str, bool]:
    """What a route and all that it depends on take beside the path, and whether many of it."""
    own = {each.alias: _is_list(each.field_info.annotation) for each in of.query_params}
    return own | {
        name: many for each in of.dependencies for name, many in _parameters(each).items()
    }


def _is_list(annotation: Any) -> bool:
    """Whether a parameter may stand several times.

    >>> _is_list(list[str] | None), _is_list(str | None)
    (True, False)
    """
    return any(get_origin(each) is list for each in (annotation, *get_args(annotation)))
