"""The format valor-audit-v1 once more, from its description alone and by other means.

Nothing here is imported from the product: where the two disagree, one of them is wrong.
"""

import hashlib
import hmac
import json


def canonical(payload: dict) -> bytes:
    return json.dumps(
        payload, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()


def framed(*texts: str) -> bytes:
    return b"".join(len(t.encode()).to_bytes(4, "big") + t.encode() for t in texts)


def digest(salt: bytes, payload: bytes) -> bytes:
    return hashlib.sha256(salt + payload).digest()


def leaf(
    *, tenant_id: str, seq: int, ts: int, category: str, action: str, actor: str, target: str,
    request_id: str, payload_digest: bytes, key_id: int,
) -> bytes:  # fmt: skip
    hashed = hashlib.sha256(b"\x00valor-audit-v1\x00")
    for number, width in ((seq, 8), (ts, 8), (key_id, 4)):
        hashed.update(number.to_bytes(width, "big"))
    hashed.update(framed(tenant_id, category, action, actor, target, request_id))
    hashed.update(payload_digest)
    return hashed.digest()


def first_mac(tenant_id: str) -> bytes:
    return hashlib.sha256(b"valor-audit-v1\x00" + framed(tenant_id)).digest()


def next_mac(key: bytes, before: bytes, leaf: bytes) -> bytes:
    return hmac.new(key, before + leaf, hashlib.sha256).digest()


def head_mac(key: bytes, tenant_id: str, size: int, mac: bytes, frontier: bytes) -> bytes:
    message = b"head\x00" + framed(tenant_id) + size.to_bytes(8, "big") + mac + frontier
    return hmac.new(key, message, hashlib.sha256).digest()


def root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1: the split is the largest power of two below the size."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root(leaves[:split]) + root(leaves[split:])).digest()


def frontier(leaves: list[bytes]) -> bytes:
    """The roots of the perfect subtrees, the largest first."""
    roots, begin = [], 0
    for bit in range(len(leaves).bit_length() - 1, -1, -1):
        if len(leaves) >> bit & 1:
            roots.append(root(leaves[begin : begin + (1 << bit)]))
            begin += 1 << bit
    return b"".join(roots)
