"""Every error of the API in one shape, RFC 9457, wherever it comes from."""

from math import ceil
from typing import Any

from anyio.to_thread import run_sync
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from app.api.foreign import log_if_foreign
from app.web.refusals import problem_response
from valor_core.errors import BadInputs, Conflict, Flaw, Unavailable, ValorError
from valor_core.telemetry import log


class Problem(BaseModel):
    """Why a request was refused, and the way out."""

    type: str
    code: str = Field(description="It never changes; go by it.")
    status: int
    detail: str
    hint: str
    instance: str = Field(description="The path that was asked for.")
    flaws: list[dict[str, str]] = Field(
        default=[], description="Of what was sent: the place of each flaw and its problem."
    )
    retry_after_s: int | None = Field(default=None, description="Of a limit that is used up.")
    reset_at: int | None = None
    violated_policies: list[str] = Field(default=[], alias="violated-policies")


REFUSALS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Refused.",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
}


class NoSuchRoute(ValorError):
    """The path or the method is none of the API's."""

    code = "no_such_route"

    def __init__(self, status: int, method: str, path: str) -> None:
        self.status = status
        super().__init__(f"The API has no {method} {path[:120]}.", hint="See /api/v1/openapi.json.")


class Broken(ValorError):
    """Our own fault; the details stand in the log, not in the answer."""

    code, status = "internal_error", 500

    def __init__(self) -> None:
        super().__init__(
            "Something went wrong that is not your fault. Nothing was kept.",
            hint="Try again; tell your operator when it happens again.",
        )


def add_problems(api: FastAPI) -> None:
    """Registers the handlers on the mounted application itself: it shares none with its host."""

    @api.exception_handler(ValorError)
    async def _ours(request: Request, error: ValorError) -> Response:
        try:
            await run_sync(log_if_foreign, request, error)
        except Unavailable as unavailable:  # what cannot be logged is not answered
            error = unavailable
        answer = problem_response(error, instance=request.url.path)
        if isinstance(error, Unavailable) or (
            isinstance(error, Conflict) and error.code == "request_in_progress"
        ):
            answer.headers["Retry-After"] = str(ceil(getattr(error, "retry_after_s", None) or 1))
        return answer

    @api.exception_handler(RequestValidationError)
    async def _shape(request: Request, error: RequestValidationError) -> Response:
        flaws = [
            Flaw(".".join(str(part) for part in e["loc"]), str(e["msg"])) for e in error.errors()
        ]
        return await _ours(request, BadInputs(flaws))

    @api.exception_handler(HTTPException)
    async def _framework(request: Request, error: HTTPException) -> JSONResponse:
        cause = error.__cause__  # FastAPI wraps whatever the reading of a body raises
        refusal = (
            cause
            if isinstance(cause, ValorError)
            else NoSuchRoute(error.status_code, request.method, request.url.path)
        )
        return problem_response(refusal, instance=request.url.path)

    @api.exception_handler(Exception)
    async def _bug(request: Request, error: Exception) -> JSONResponse:
        log.error("a route failed", path=request.url.path, exc_info=error)
        return problem_response(Broken(), instance=request.url.path)
