"""A refusal as clients read it: a problem document (RFC 9457), for HTTP and websockets alike."""

import os
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from valor_core.errors import BadInputs, Exhausted, ValorError
from valor_core.redaction import Redactor

_REDACTOR = Redactor(os.urandom(32))  # what was asked for may name somebody


def problem(error: ValorError, *, instance: str) -> dict[str, Any]:
    """The error as a problem document; `instance` is the path that was asked for.

    >>> from valor_core.errors import NotFound
    >>> problem(NotFound("company", "ACME"), instance="/api/v1/companies/ACME")["detail"]
    "There is no company 'ACME'."
    """
    told = _REDACTOR.text
    document: dict[str, Any] = {
        "type": f"/problems/{error.code}",
        "code": error.code,
        "status": error.status,
        "detail": told(str(error)),
        "hint": told(error.hint),
        "instance": told(instance),
    }
    if isinstance(error, BadInputs):
        document["flaws"] = [
            {"place": told(f.place), "problem": told(f.problem)} for f in error.flaws
        ]
    if isinstance(error, Exhausted):
        document["retry_after_s"], document["reset_at"] = error.retry_after_s, error.reset_at
        document["violated-policies"] = list(error.policies)
    return document


def problem_response(error: ValorError, *, instance: str) -> JSONResponse:
    """The error as an answer."""
    answer = JSONResponse(
        problem(error, instance=instance),
        error.status,
        media_type="application/problem+json",
        headers={"Cache-Control": "no-store"},
    )
    if isinstance(error, Exhausted):
        answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer


async def refuse(error: ValorError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request or a websocket's handshake with the error, at once.

    A websocket is told the true status and body, by the extension `websocket.http.response`, which
    our server knows and Starlette's responses speak by themselves.
    """
    await problem_response(error, instance=scope["path"])(scope, receive, send)
