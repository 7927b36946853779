"""Checkpoints as signed notes: the size and the root of a log, signed by Ed25519.

The formats are signed-note and tlog-checkpoint of C2SP, so that the tools of witnesses read them.
A note may carry the signatures of others too: ours is looked for, those of others are passed over.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from valor_core.audit.merkle import HASH_BYTES

SIGNED_BY = "\N{EM DASH}"
ED25519 = b"\1"


class NoteRefused(ValueError):
    """A note that none of the keys at hand has signed for this log."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a note vouches for: the first `size` entries of a log have this root."""

    size: int
    root: bytes


def signed(origin: str, checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The note of a checkpoint; the same checkpoint and key always make the same note."""
    root = base64.b64encode(checkpoint.root).decode()
    return signed_lines(origin, [str(checkpoint.size), root], key)


def signed_lines(name: str, lines: Sequence[str], key: Ed25519PrivateKey) -> str:
    """A note of these lines, signed under a name that stands first in it."""
    text = "".join(f"{line}\n" for line in (name, *lines))
    signature = _key_hash(name, key.public_key().public_bytes_raw()) + key.sign(text.encode())
    return f"{text}\n{SIGNED_BY} {name} {base64.b64encode(signature).decode()}\n"


def opened(note: str, origin: str, publics: Sequence[bytes]) -> Checkpoint:
    """What the note vouches for; NoteRefused unless one of these keys has signed it."""
    text, between, signatures = note.rpartition("\n\n")
    lines = text.split("\n")
    if not between or len(lines) < 3 or lines[0] != origin or not signatures.endswith("\n"):
        raise NoteRefused("It is no checkpoint of this log.")
    size, root = lines[1], _decoded(lines[2])
    if not (re.fullmatch(r"0|[1-9][0-9]{0,18}", size) and len(root) == HASH_BYTES):
        raise NoteRefused("It names no size and no root.")
    for line in signatures.split("\n"):
        if _is_ours(line, f"{text}\n".encode(), origin, publics):
            return Checkpoint(int(size), root)
    raise NoteRefused("No key at hand has signed it.")


def verifier_key(origin: str, public: bytes) -> str:
    """The public key as the tools of witnesses take it."""
    encoded = base64.b64encode(ED25519 + public).decode()
    return f"{origin}+{_key_hash(origin, public).hex()}+{encoded}"


def _is_ours(line: str, text: bytes, origin: str, publics: Sequence[bytes]) -> bool:
    parts = line.split(" ")
    if len(parts) != 3 or parts[:2] != [SIGNED_BY, origin]:
        return False
    raw = _decoded(parts[2])
    for public in publics:
        if raw[:4] == _key_hash(origin, public):
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], text)
            except InvalidSignature:
                continue
            return True
    return False


def _decoded(text: str) -> bytes:
    """Strictly: a spelling that no note of ours has says nothing."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return raw if base64.b64encode(raw).decode() == text else b""


def _key_hash(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]
