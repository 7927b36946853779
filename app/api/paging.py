"""Lists come in pages; a cursor says where the next begins, for this list and tenant only."""

import base64
import hmac
import json
from typing import Annotated, Any

from fastapi import Query

from valor_core.errors import BadInput
from valor_core.store.secrets import secret
from valor_core.values import Caller
from valor_core.workbench.paging import PAGE_MAX

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="Rows a page.")]
Cursor = Annotated[str, Query(max_length=2_000, description="`next` of the page before.")]


class BadCursor(BadInput):
    """The cursor was not given out for this list, or was altered."""

    code, status = "bad_cursor", 400

    def __init__(self) -> None:
        super().__init__(
            "This cursor does not belong to this list.", hint="Begin again without a cursor."
        )


def seal(caller: Caller, listed: str, place: list[Any]) -> str:
    """A cursor for the place after which the next page of this list begins."""
    text = json.dumps(place, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_mac(caller, listed, text) + text).decode()


def unseal(caller: Caller, listed: str, cursor: str) -> list[Any] | None:
    """The place, or None for the first page; one answer for every invalid cursor."""
    if not cursor:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor.encode())
    except ValueError as error:
        raise BadCursor from error
    mac, text = raw[:16], raw[16:]
    if not hmac.compare_digest(mac, _mac(caller, listed, text)):
        raise BadCursor
    return json.loads(text)


def _mac(caller: Caller, listed: str, text: bytes) -> bytes:
    key = secret("VALOR_KEY_PEPPER")
    message = f"cursor\0{caller.tenant_id}\0{listed}\0".encode() + text
    return hmac.digest(key, message, "sha256")[:16]
