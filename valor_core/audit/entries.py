"""The format valor-audit-v1: how an entry becomes bytes, a leaf and a link of the chain.

It cannot change any more: another format needs another version tag. Source of the tree: RFC 6962.
"""

import hashlib
import hmac
import struct
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

VERSION = b"valor-audit-v1\0"
SALT_BYTES = 16
NEVER_PURGED = ("audit.purge", "audit.hold_set", "audit.hold_released", "audit.key_rotated")


@dataclass(slots=True, kw_only=True)
class Entry:
    """One act in a tenant's log; payload and salt are gone after a purge, all else stays.

    Not frozen: a check makes millions of them, and freezing triples what making one costs.
    """

    tenant_id: str
    seq: int
    ts: int  # µs since 1970, UTC
    category: str
    action: str
    actor: str  # kind:id, never a person's name
    target: str
    request_id: str
    payload: bytes | None
    salt: bytes | None
    payload_digest: bytes
    leaf: bytes
    mac: bytes
    key_id: int
    purge_seq: int | None

    def expected_leaf(self) -> bytes:
        """The leaf that these columns have; every column but payload, salt and purge is inside."""
        names = (
            self.tenant_id, self.category, self.action, self.actor, self.target, self.request_id
        )  # fmt: skip
        numbers = struct.pack(">QQI", self.seq, self.ts, self.key_id)
        return sha256(
            b"\0" + VERSION + numbers + b"".join(map(prefixed, names)) + self.payload_digest
        )


def sha256(data: bytes) -> bytes:
    """The digest that all of the format uses."""
    return hashlib.sha256(data).digest()


def prefixed(text: str) -> bytes:
    """With its length in front: two fields can never be read as two others."""
    raw = text.encode()
    return struct.pack(">I", len(raw)) + raw


def canonical(payload: Mapping[str, object]) -> bytes:
    r"""Stored as it is hashed, so that verifying never serialises again.

    >>> canonical({"b": "é", "a": 1})
    b'{"a":1,"b":"\xc3\xa9"}'
    """
    return orjson.dumps(_plain(payload), option=orjson.OPT_SORT_KEYS)


def _plain(value: object) -> object:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("A key that is no text has no canonical form.")
        made = {unicodedata.normalize("NFC", str(key)): _plain(item) for key, item in value.items()}
        if len(made) != len(value):
            raise ValueError("Two keys are the same text.")
        return made
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form: write it as a string.")


def first_mac(tenant_id: str) -> bytes:
    """What the chain of a tenant begins with."""
    return sha256(VERSION + prefixed(tenant_id))


def next_mac(before: bytes, leaf: bytes, *, key: bytes, new_key: bytes | None = None) -> bytes:
    """The link after `before`; a rotation is vouched for by the old and the new key."""
    mac = hmac.digest(key, before + leaf, "sha256")
    return hmac.digest(new_key, mac, "sha256") if new_key else mac


def head_mac(key: bytes, tenant_id: str, size: int, mac: bytes, frontier: bytes) -> bytes:
    """Vouches for the end of the log.

    Its domain is its own: else the MAC of an older row would serve as head of a truncated log.
    """
    return hmac.digest(
        key, b"head\0" + prefixed(tenant_id) + struct.pack(">Q", size) + mac + frontier, "sha256"
    )


def push(frontier: bytes, size: int, leaf: bytes) -> bytes:
    """The roots of the perfect subtrees after one more leaf: O(log n) hashes, no re-reading."""
    roots = [frontier[i : i + 32] for i in range(0, len(frontier), 32)]
    while size & 1:
        leaf = sha256(b"\1" + roots.pop() + leaf)
        size >>= 1
    return b"".join([*roots, leaf])
