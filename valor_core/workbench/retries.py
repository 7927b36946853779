"""Creating requests that may arrive twice: the answer is kept in the transaction of the effect."""

import hashlib

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from valor_core.errors import BadInput, Conflict
from valor_core.store.tables import IdempotencyKeyRow
from valor_core.store.work import Work

KEPT_US = 48 * 3600 * 1_000_000
KEY_LENGTH_MAX = 200


class IdempotencyKeyMissing(BadInput):
    """A request that creates something must say which attempt it belongs to."""

    code, status = "idempotency_key_missing", 400

    def __init__(self) -> None:
        super().__init__(
            "This request creates something and has no Idempotency-Key.",
            hint="Send a header Idempotency-Key with 1 to 200 characters, new for each thing made.",
        )


class IdempotencyKeyReused(BadInput):
    """The key was used for another request."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was used for a request with another body.",
            hint="Use a new key for a new request.",
        )


class RequestInProgress(Conflict):
    """The first attempt has not ended yet."""

    code = "request_in_progress"

    def __init__(self) -> None:
        super().__init__(
            "The first request with this Idempotency-Key has not ended yet.",
            hint="Send it again in a second.",
        )


def claim(work: Work, *, route: str, key: str, body: bytes) -> IdempotencyKeyRow | None:
    """Takes the key for this request, or returns the row whose answer is to be replayed."""
    if not 0 < len(key) <= KEY_LENGTH_MAX or not key.isprintable():
        raise IdempotencyKeyMissing
    work.begin_writing()
    caller, sha = work.caller, hashlib.sha256(body).hexdigest()
    work.session.execute(
        delete(IdempotencyKeyRow).where(IdempotencyKeyRow.expires_at < work.now_micros)
    )
    known = work.session.get(IdempotencyKeyRow, (caller.tenant_id, caller.actor, route, key))
    if known:
        if known.request_sha != sha:
            raise IdempotencyKeyReused
        return known
    row = IdempotencyKeyRow(
        actor=caller.actor,
        route=route,
        key=key,
        request_sha=sha,
        status=0,
        response="",
        expires_at=work.now_micros + KEPT_US,
    )
    work.add_all([row])
    try:
        work.session.flush()
    except IntegrityError as error:  # another request took it and has just committed
        raise RequestInProgress from error
    return None


def is_known(work: Work, *, route: str, key: str) -> bool:
    """Whether the key was taken before: a repetition costs nothing, so nothing is asked of it."""
    caller = work.caller
    return (
        work.session.get(IdempotencyKeyRow, (caller.tenant_id, caller.actor, route, key))
        is not None
    )


def keep_answer(work: Work, *, route: str, key: str, status: int, response: str) -> None:
    """The answer that a repetition gets."""
    caller = work.caller
    row = work.session.get(IdempotencyKeyRow, (caller.tenant_id, caller.actor, route, key))
    assert row is not None
    row.status, row.response = status, response
