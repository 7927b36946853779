"""The API as it answers an own notebook that is run as a report: one caller, limits as for all."""

from typing import TYPE_CHECKING

from valor_core.values import Caller
from valor_core.workbench.verb import the_store

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


def answering(caller: Caller) -> "ASGIApp":
    """The API below its usual address, for that caller alone."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.routing import Mount

    from app.api.application import create_api
    from app.web.limits import RateLimits
    from valor_core.tenancy.call_limits import call_limits

    inner = Starlette(
        routes=[Mount("/api/v1", app=create_api())],
        middleware=[Middleware(RateLimits, limits=call_limits(the_store()))],
    )

    async def answered(scope: "Scope", receive: "Receive", send: "Send") -> None:
        state = {"caller": caller.asking(f"{scope['method']} {scope['path']}")}
        await inner({**scope, "state": state}, receive, send)

    return answered
