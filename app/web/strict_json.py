"""JSON read strictly, so that what was sent is what is meant: by the API, the sign-in, commands."""

import json
import re
from typing import Any

from valor_core.errors import BadInput

DEPTH_MAX = 64
INTEGER_MAX = 2**63 - 1  # what databases and other readers hold
UNSTORABLE = re.compile("[\ud800-\udfff\0]")  # half a character, and the one that ends a text in C


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
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise BadJson(f"the key {name[:40]!a} stands twice")
        made[name] = value
    return made


def _refuse(constant: str) -> float:
    raise BadJson(f"{constant} is not a number")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise BadJson(f"{text[:20]} is too large")
    return value


def _short(text: str) -> int:
    if len(text) > 30 or not -INTEGER_MAX <= (value := int(text)) <= INTEGER_MAX:
        raise BadJson(f"the whole number {text[:10]}… has {len(text)} digits, beyond 64 bits")
    return value


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
    elif isinstance(value, str) and UNSTORABLE.search(value):
        raise BadJson("a text in it has a character that cannot be stored")
