"""The keys that sign the chain, and the check that this process holds the right one."""

import hmac
import os
from collections.abc import Mapping

from sqlalchemy.orm import Session

from valor_core.errors import ValorError
from valor_core.store.secrets import secret
from valor_core.store.tables import AuditKeyRow

CURRENT = 1


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
    """The keys by their number."""
    return {CURRENT: secret("AUDIT_HMAC_SECRET", environment)}


def note_keys(session: Session, keys: Mapping[int, bytes], now: int) -> None:
    """Keeps a check value of each key, before the first entry is signed."""
    session.add_all(
        AuditKeyRow(key_id=key_id, check_value=_check_value(key), created_at=now)
        for key_id, key in keys.items()
    )


def confirm_keys(session: Session, keys: Mapping[int, bytes]) -> None:
    """WrongAuditKey unless the keys at hand are those that were noted."""
    for key_id, key in keys.items():
        known = session.get(AuditKeyRow, key_id)
        if known is None or not hmac.compare_digest(known.check_value, _check_value(key)):
            raise WrongAuditKey


def _check_value(key: bytes) -> bytes:
    return hmac.digest(key, b"check\0", "sha256")
