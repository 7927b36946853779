"""How a request's body is read: strictly, so that what was sent is what is meant."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from valor_core.errors import BadInput

DEPTH_MAX = 64


class BadJson(BadInput):
    """The body is not JSON, or is JSON that could be read in two ways."""

    code, status = "bad_json", 400

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The body cannot be read as JSON: {why}.",
            hint="Send one UTF-8 JSON document without NaN, infinities or repeated keys.",
        )


def read_json(raw: bytes) -> Any:
    """The document; BadJson for anything that another reader could take differently.

    >>> read_json(b'{"wacc": 0.09}')
    {'wacc': 0.09}
    """
    try:
        text = raw.decode("utf-8")
        document = json.loads(
            text, object_pairs_hook=_no_repeats, parse_constant=_refuse, parse_float=_finite,
            parse_int=_short,
        )  # fmt: skip
    except UnicodeDecodeError as error:
        raise BadJson("it is not UTF-8") from error
    except RecursionError as error:
        raise BadJson("it is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise BadJson(f"{error.msg} at line {error.lineno}, column {error.colno}") from error
    _check(document, 0)
    return document


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadJson(f"the key {twice[:40]!r} stands twice")
    return made


def _refuse(constant: str) -> float:
    raise BadJson(f"{constant} is not a number")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise BadJson(f"{text[:20]} is too large")
    return value


def _short(text: str) -> int:
    if len(text) > 30:
        raise BadJson(f"{text[:10]}… has {len(text)} digits")
    return int(text)


def _check(value: Any, depth: int) -> None:
    """Neither too deep, nor with half a character that nothing can store."""
    if depth > DEPTH_MAX:
        raise BadJson("it is nested too deeply")
    if isinstance(value, dict):
        for key, item in value.items():
            _check(key, depth + 1)
            _check(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, str) and any("\ud800" <= c <= "\udfff" or c == "\0" for c in value):
        raise BadJson("a text in it has a character that cannot be stored")


class StrictRequest(Request):
    """Reads its JSON strictly."""

    async def json(self) -> Any:
        """The body as JSON."""
        return read_json(await self.body())


class StrictRoute(APIRoute):
    """Every route of the API reads its body strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """As FastAPI's, over a StrictRequest."""
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return strictly
