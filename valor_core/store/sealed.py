"""Texts that are kept sealed: opened only to be used, never to be shown.

AES-GCM under a secret that stands outside the database, bound to the tenant and to what it is for:
what is moved to another row does not open.
"""

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from valor_core.store.secrets import secret

_NONCE_BYTES = 12


class SealBroken(Exception):
    """It was sealed under another secret, for something else, or was changed."""


def seal(plain: str, *, tenant_id: str, of: str, purpose: str) -> tuple[bytes, bytes]:
    """The nonce and the sealed text."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce, _cipher(purpose).encrypt(nonce, plain.encode(), _bound(tenant_id, of))


def unseal(nonce: bytes, sealed: bytes, *, tenant_id: str, of: str, purpose: str) -> str:
    """The text; SealBroken otherwise."""
    try:
        return _cipher(purpose).decrypt(nonce, sealed, _bound(tenant_id, of)).decode()
    except InvalidTag:
        raise SealBroken from None


def _cipher(purpose: str) -> AESGCM:
    master = secret("VALOR_PROVIDER_SECRET", os.environ)
    return AESGCM(hmac.digest(master, purpose.encode(), "sha256"))


def _bound(tenant_id: str, of: str) -> bytes:
    """What a sealed text belongs to; no two pairs are the same bytes."""
    return len(tenant_id).to_bytes(4, "big") + f"{tenant_id}{of}".encode()
