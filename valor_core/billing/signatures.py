"""Signed webhooks: Stripe's scheme and Standard Webhooks, over the bytes as they were sent.

Every signature is held against every active secret without an early exit, so that a secret can be
rotated and no timing tells which one was close. A refusal does not say which check failed.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence

from valor_core.errors import ValorError
from valor_core.store.secrets import LEAST_BYTES, WeakSecret, secret

SETTING = "BILLING_WEBHOOK_SECRETS"
TOLERANCE_S = 300
HEADER_MAX = 4096
SIGNATURES_MAX = 16
STRIPE = "stripe-signature"
MESSAGE_ID, TIMESTAMP, STANDARD = "webhook-id", "webhook-timestamp", "webhook-signature"

_STAMP = re.compile(r"[0-9]{1,12}")  # int() would also take "1_000" and other scripts' digits
_ID = re.compile(r"[\x21-\x7e]{1,200}")


class WebhookRefused(ValorError):
    """The signature of a webhook does not hold; why not, a forger is not told."""

    code, status = "webhook_refused", 400

    def __init__(self) -> None:
        super().__init__(
            "This webhook is not signed by a secret that we know, at this time.",
            hint="Sign the bytes that are sent, within 300 seconds, by a secret of "
            "BILLING_WEBHOOK_SECRETS.",
        )


def active_secrets() -> list[str]:
    """All that may sign today: while one replaces another, both."""
    found = secret(SETTING).decode().replace(",", " ").split()
    if any(len(each) < LEAST_BYTES for each in found):
        raise WeakSecret(
            f"One of {SETTING} has fewer than {LEAST_BYTES} characters.",
            hint="Give each its length; a comma stands between two.",
        )
    return found


def verify(body: bytes, headers: Mapping[str, str], *, secrets: Sequence[str], now_s: float) -> str:
    """The id that the signature covers (Standard Webhooks), or none; WebhookRefused otherwise.

    >>> body, keys = b'{"id": "evt_1"}', ["one secret", "another one"]
    >>> verify(body, signed(body, keys[1], now_s=1000), secrets=keys, now_s=1300)
    ''
    """
    if STRIPE in headers:
        parts = [part.strip().partition("=") for part in _bounded(headers[STRIPE]).split(",")]
        stamps = [value for name, _, value in parts if name == "t"]
        if len(stamps) != 1:
            raise WebhookRefused
        _check_stamp(stamps[0], now_s)
        given = [value for name, _, value in parts if name == "v1"]
        _match(given, [_stripe(body, stamps[0], each) for each in secrets])
        return ""
    message_id, stamp = headers.get(MESSAGE_ID, ""), headers.get(TIMESTAMP, "")
    if not _ID.fullmatch(message_id):
        raise WebhookRefused
    _check_stamp(stamp, now_s)
    signatures = _bounded(headers.get(STANDARD, "")).split(" ")
    given = [each[3:] for each in signatures if each.startswith("v1,")]
    _match(given, _standard(body, message_id, stamp, secrets))
    return message_id


def signed(body: bytes, by: str, *, now_s: float, message_id: str = "") -> dict[str, str]:
    """The headers of a body signed as Stripe does, or with an id as Standard Webhooks do."""
    stamp = str(int(now_s))
    if not message_id:
        return {STRIPE: f"t={stamp},v1={_stripe(body, stamp, by)}"}
    [signature] = _standard(body, message_id, stamp, [by])
    return {MESSAGE_ID: message_id, TIMESTAMP: stamp, STANDARD: f"v1,{signature}"}


def _stripe(body: bytes, stamp: str, by: str) -> str:
    return hmac.new(by.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def _standard(body: bytes, message_id: str, stamp: str, secrets: Iterable[str]) -> list[str]:
    message = f"{message_id}.{stamp}.".encode() + body
    return [
        base64.b64encode(hmac.digest(_key(each), message, "sha256")).decode() for each in secrets
    ]


def _key(by: str) -> bytes:
    """Standard Webhooks print their keys in base 64, behind `whsec_`; other secrets are the key."""
    if not by.startswith("whsec_"):
        return by.encode()
    try:
        return base64.b64decode(by.removeprefix("whsec_"), validate=True)
    except ValueError:
        return by.encode()


def _bounded(header: str) -> str:
    if not header or len(header) > HEADER_MAX:
        raise WebhookRefused
    return header


def _check_stamp(stamp: str, now_s: float) -> None:
    if not _STAMP.fullmatch(stamp) or abs(now_s - int(stamp)) > TOLERANCE_S:
        raise WebhookRefused


def _match(given: Sequence[str], wanted: Sequence[str]) -> None:
    good = False
    for signature in given[:SIGNATURES_MAX]:
        for each in wanted:  # as bytes: compare_digest refuses text beyond ASCII
            good |= hmac.compare_digest(signature.encode(), each.encode())
    if not good:
        raise WebhookRefused
