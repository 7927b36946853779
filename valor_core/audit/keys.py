"""The keys of the chain and of its checkpoints, and the check that this process holds them.

Each secret may have several lines: the newest key is the last, the earlier ones verify what they
signed. So a key is changed by one more line, and its number is that of its line.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from valor_core.errors import ValorError
from valor_core.store.secrets import LEAST_BYTES, WeakSecret, secret
from valor_core.store.tables import AuditKeyRow

FIRST = 1


class WrongAuditKey(ValorError):
    """The secret given is not the one that signed the log."""

    code, status = "wrong_audit_key", 500

    def __init__(self) -> None:
        super().__init__(
            "The audit key is not the one that signed this database's log.",
            hint="Set AUDIT_HMAC_SECRET to the secret it was made with, or bring back the file "
            "secrets/audit_hmac_secret in VALOR_HOME.",
        )


def audit_keys(environment: Mapping[str, str] = os.environ) -> dict[int, bytes]:
    """The keys of the chain by their number."""
    return dict(enumerate(_lines("AUDIT_HMAC_SECRET", environment), start=FIRST))


@cache
def signing_keys() -> tuple[Ed25519PrivateKey, ...]:
    """The keys of checkpoints, apart from those of the chain, the newest last."""
    return tuple(
        Ed25519PrivateKey.from_private_bytes(hashlib.sha256(line).digest())
        for line in _lines("AUDIT_SIGNING_SECRET", os.environ)
    )


def public_keys() -> list[bytes]:
    """What an outsider needs to check our checkpoints, the newest last."""
    return [key.public_key().public_bytes_raw() for key in signing_keys()]


def _lines(name: str, environment: Mapping[str, str]) -> list[bytes]:
    lines = [line.strip() for line in secret(name, environment).splitlines()]
    for number, line in enumerate(lines, start=1):
        if len(line) < LEAST_BYTES:
            raise WeakSecret(
                f"Line {number} of {name} has {len(line)} characters, {LEAST_BYTES} are the least.",
                hint="Write one secret a line, the newest last.",
            )
    return lines


def note_keys(session: Session, keys: Mapping[int, bytes], now: int) -> None:
    """Keeps a check value of each key that has none yet, before it signs an entry."""
    known = {row.key_id for row in session.scalars(select(AuditKeyRow))}
    session.add_all(
        AuditKeyRow(key_id=key_id, check_value=_check_value(key), created_at=now)
        for key_id, key in keys.items()
        if key_id not in known
    )


def confirm_keys(session: Session, keys: Mapping[int, bytes]) -> None:
    """WrongAuditKey unless the keys that were noted are at hand; a newer one may wait."""
    noted = {row.key_id: row.check_value for row in session.scalars(select(AuditKeyRow))}
    for key_id in {FIRST, *noted}:
        key, known = keys.get(key_id, b""), noted.get(key_id, b"")
        if not hmac.compare_digest(known, _check_value(key)):
            raise WrongAuditKey


def _check_value(key: bytes) -> bytes:
    return hmac.digest(key, b"check\0", "sha256")
