"""Checks an exported audit log, on any Python from 3.9 on.

    python3 -I verify.py [FOLDER] [--key NAME+HASH+KEY]...

It needs nothing else, and asks no network. It exits with 0 where the log holds;
else it exits with 1 and names the first bad entry. What it cannot know is whose key has signed:
compare the key that it prints with the one that you were given on another way, or give that.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import sys
from pathlib import Path

VERSION = b"valor-audit-v1\0"
FIELDS = {
    "action", "actor", "category", "key_id", "leaf", "payload", "payload_digest",
    "purge_seq", "request_id", "salt", "seq", "target", "tenant_id", "ts",
}  # fmt: skip
FILES = (
    "checkpoints.jsonl", "entries.jsonl", "leaves.txt", "manifest.txt", "proofs.json",
    "public_key.txt", "verdict.json", "verify.py",
)  # fmt: skip
NEVER_PURGED = ("audit.purge", "audit.hold_set", "audit.hold_released", "audit.key_rotated")
MEANING = {
    "gap": "an entry is missing or out of order",
    "payload_edited": "the payload is not the one that was logged",
    "entry_edited": "a column is not the one that was logged",
    "payload_missing_without_purge": "the payload is gone and no purge accounts for it",
    "key_changed_without_rotation": "another key signed it and no rotation was logged",
    "shorter_than_checkpoint": "entries are gone that a signed checkpoint vouches for",
    "differs_from_checkpoint": "from here on the log is not the one that a checkpoint vouches for",
    "told_by_the_application": "the application, which has the key of the chain, found it bad",
}


class Refused(Exception):
    """A note or a file that says nothing that can be trusted."""


UNREADABLE = (
    Refused, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError,
    struct.error,
)  # fmt: skip


def sha256(data):
    return hashlib.sha256(data).digest()


# --- Ed25519, RFC 8032: verification alone, points in extended coordinates ---------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    made = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            made = add(made, point)
        point = add(point, point)
        scalar >>= 1
    return made


def point_of(raw):
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if y >= P or (x * x - x2) % P or (x == 0 and sign):
        raise Refused("no point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def bytes_of(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def has_signed(public, message, signature):
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little")
    x, y, z, t = times(k % ORDER, point_of(public))
    return bytes_of(add(times(s, BASE), (-x % P, y, z, -t % P))) == signature[:32]


# --- Signed notes: what stands before the blank line is signed by a line after it --------------


def strict_base64(text):
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused("no base64") from None
    if base64.b64encode(raw).decode() != text:
        raise Refused("another spelling of base64")
    return raw


def opened(note, name, publics):
    """The lines of a note that one of these keys has signed under this name."""
    text, between, signatures = note.rpartition("\n\n")
    if not between or not signatures.endswith("\n"):
        raise Refused("no signed note")
    for line in signatures.split("\n"):
        parts = line.split(" ")
        if len(parts) == 3 and parts[:2] == ["\u2014", name]:
            raw = strict_base64(parts[2])
            for public in publics:
                key_hash = sha256(name.encode() + b"\n\1" + public)[:4]
                if raw[:4] == key_hash and has_signed(public, f"{text}\n".encode(), raw[4:]):
                    return text.split("\n")
    raise Refused("not signed by the key of this bundle")


def checkpoint(note, name, publics):
    lines = opened(note, name, publics)
    if len(lines) < 3 or lines[0] != name or not re.fullmatch("0|[1-9][0-9]{0,18}", lines[1]):
        raise Refused("no checkpoint of this log")
    return int(lines[1]), strict_base64(lines[2])


# --- The tree of RFC 6962 ----------------------------------------------------------------------


def node(left, right):
    return sha256(b"\1" + left + right)


def push(frontier, size, leaf):
    while size & 1:
        leaf = node(frontier.pop(), leaf)
        size >>= 1
    frontier.append(leaf)


def root_of(frontier):
    root = frontier[-1] if frontier else sha256(b"")
    for subtree in frontier[-2::-1]:
        root = node(subtree, root)
    return root


def is_included(leaf, index, size, proof, root):
    at, last = index, size - 1
    for step in proof:
        if at & 1 or at == last:
            leaf = node(step, leaf)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            leaf = node(leaf, step)
        at, last = at >> 1, last >> 1
    return 0 <= index < size and not last and leaf == root


def is_consistent(old, new, proof, old_root, new_root):
    path = [*([] if old & old - 1 else [old_root]), *proof]
    if not 0 < old < new or not path:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for step in path[1:]:
        if at & 1 or at == last:
            first, second = node(step, first), node(step, second)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            second = node(second, step)
        at, last = at >> 1, last >> 1
    return not last and (first, second) == (old_root, new_root)


# --- Entries -----------------------------------------------------------------------------------


def raw_of(text):
    return text.encode("utf-8", "surrogateescape")


def leaf_of(entry):
    names = ("tenant_id", "category", "action", "actor", "target", "request_id")
    framed = b"".join(struct.pack(">I", len(raw_of(entry[n]))) + raw_of(entry[n]) for n in names)
    numbers = struct.pack(">QQI", entry["seq"], entry["ts"], entry["key_id"])
    return sha256(b"\0" + VERSION + numbers + framed + bytes.fromhex(entry["payload_digest"]))


def line_of(entry):
    return json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()


def entry_of(line):
    """The entry of a line; None for a line that is not spelt as entries are."""
    try:
        entry = json.loads(line)
        hexes = [entry[n] for n in ("leaf", "payload_digest", "salt") if entry[n] is not None]
        sound = (
            set(entry) == FIELDS
            and line_of(entry) == line
            and type(entry["seq"]) is int
            and isinstance(entry["leaf"], str)
            and isinstance(entry["payload"], (str, type(None)))
            and isinstance(entry["purge_seq"], (int, type(None)))
            and all(bytes.fromhex(text).hex() == text for text in hexes)
        )
        leaf_of(entry), raw_of(entry["payload"] or "")
    except UNREADABLE:
        return None
    return entry if sound else None


class Rulings:
    """What purges and holds say, as the log tells it."""

    def __init__(self, entries):
        self.purges, self.holds = {}, {}
        for entry in filter(None, entries):
            try:
                self.take(entry, json.loads(entry["payload"] or ""))
            except UNREADABLE:
                continue

    def take(self, entry, told):
        if entry["action"] == "audit.purge":
            self.purges[entry["seq"]] = (
                {str(name): int(cutoff) for name, cutoff in dict(told["cutoffs"]).items()},
                [(int(first), int(last)) for first, last in told["purged"]],
            )
        elif entry["action"] == "audit.hold_set":
            self.holds[entry["target"]] = [entry["seq"], None, str(told["subject"])]
        elif entry["action"] == "audit.hold_released":
            self.holds[entry["target"]][1] = entry["seq"]

    def explain(self, entry):
        seq, by = entry["seq"], entry["purge_seq"] or 0
        cutoffs, ranges = self.purges.get(by, ({}, []))
        held = any(
            since < by and (until is None or by < until)
            and subject in ("", entry["actor"], entry["target"])
            for since, until, subject in self.holds.values()
        )  # fmt: skip
        return (
            seq < by
            and entry["action"] not in NEVER_PURGED
            and entry["category"] != "audit"
            and entry["ts"] < cutoffs.get(entry["category"], 0)
            and any(first <= seq <= last for first, last in ranges)
            and not held
        )


def flaws_of(entry, before, rulings):
    """What does not hold of one entry; `before` is the number of the key that signed the last."""
    payload, salt = entry["payload"], entry["salt"]
    if payload is None or salt is None:
        if not rulings.explain(entry):
            yield "payload_missing_without_purge"
    else:
        digest = sha256(bytes.fromhex(salt) + raw_of(payload)).hex()
        if len(salt) != 32 or digest != entry["payload_digest"]:
            yield "payload_edited"
    purged_in_name_only = payload is not None and entry["purge_seq"] is not None
    if purged_in_name_only or leaf_of(entry).hex() != entry["leaf"]:
        yield "entry_edited"
    if before not in (None, entry["key_id"]) and entry["action"] != "audit.key_rotated":
        yield "key_changed_without_rotation"


def findings_of(lines, roots, told):
    """What does not hold, as (seq, kind); `told` are entries that the application found bad."""
    entries = [entry_of(line) for line in lines]
    rulings, found = Rulings(entries), [(seq, "told_by_the_application") for seq in told]
    expected, frontier, key_id, vouched_for, quiet = 1, [], None, 0, set(told)
    for place, entry in enumerate(entries):
        if entry is None:
            found.append((expected, "entry_edited"))
            expected += 1
            push(frontier, place, b"\0" * 32)
        else:
            if entry["seq"] != expected:
                found.append((expected, "gap"))
            found += [(expected, flaw) for flaw in flaws_of(entry, key_id, rulings)]
            expected, key_id = entry["seq"] + 1, entry["key_id"]
            push(frontier, place, bytes.fromhex(entry["leaf"]))
        size = place + 1
        if size in roots and roots[size] == {root_of(frontier)}:
            vouched_for = size
        elif size in roots and not any(vouched_for < seq for seq in quiet | {s for s, _ in found}):
            found.append((vouched_for + 1, "differs_from_checkpoint"))
    if len(entries) < max(roots, default=0):
        found.append((len(entries) + 1, "shorter_than_checkpoint"))
    return found


# --- The bundle --------------------------------------------------------------------------------


def keys_of(files, given=()):
    """The tenant and the public keys; `given` are those to trust, if any were."""
    lines = files["public_key.txt"].decode().splitlines()
    publics, name = [], ""
    for line in lines:
        name, key_hash, encoded = line.split("+", 2)
        raw = strict_base64(encoded)
        if (
            raw[:1] != b"\1"
            or len(raw) != 33
            or sha256(name.encode() + b"\n" + raw)[:4].hex() != key_hash
        ):
            raise Refused("public_key.txt holds no Ed25519 key")
        if not given or line in given:
            publics.append(raw[1:])
    if not publics or not name.startswith("valor-ivx/audit/"):
        raise Refused("the key that was given is not that of this bundle")
    return name[len("valor-ivx/audit/") :], publics


def altered_files(files, tenant, publics):
    """Names of files that are not those that were exported."""
    try:
        lines = opened(files["manifest.txt"].decode(), "valor-ivx/bundle/" + tenant, publics)
    except UNREADABLE:
        return ["manifest.txt"]
    told = dict(line.split("  ", 1)[::-1] for line in lines[1:])
    here = {name: sha256(raw).hex() for name, raw in files.items() if name != "manifest.txt"}
    return sorted(name for name in told.keys() | here.keys() if told.get(name) != here.get(name))


def roots_of(files, name, publics):
    """The roots that checkpoints vouch for by size, and whether every one was ours."""
    roots, sound = {}, True
    for line in files["checkpoints.jsonl"].splitlines():
        try:
            size, root = checkpoint(json.loads(line)["note"], name, publics)
            roots.setdefault(size, set()).add(root)
        except UNREADABLE:
            sound = False
    return roots, sound


def proofs_hold(files, roots, publics):
    try:
        proofs = json.loads(files["proofs.json"])
        for each in proofs["consistency"]:
            (old_root,), (new_root,) = roots[each["old"]], roots[each["new"]]
            hashes = [bytes.fromhex(step) for step in each["hashes"]]
            if not is_consistent(each["old"], each["new"], hashes, old_root, new_root):
                return False
        told = proofs["installation"]
        if told is None:
            return True
        size, root = checkpoint(told["checkpoint"], "valor-ivx/audit/platform", publics)
        hashes = [bytes.fromhex(step) for step in told["hashes"]]
        return is_included(leaf_of(told["entry"]), told["index"], size, hashes, root)
    except UNREADABLE:
        return False


def first_other(lines, files, roots):
    """The first entry whose leaf is not the one that the newest checkpoint vouches for."""
    try:
        leaves = [bytes.fromhex(text) for text in files["leaves.txt"].decode().split()]
    except ValueError:
        return None
    frontier, newest = [], max(roots, default=0)
    for place, leaf in enumerate(leaves[:newest]):
        push(frontier, place, leaf)
    if len(leaves) < newest or not newest or roots[newest] != {root_of(frontier)}:
        return None
    for place, (line, leaf) in enumerate(zip(lines, leaves[:newest])):  # noqa: B905  Python 3.9
        entry = entry_of(line)
        if entry is None or entry["leaf"] != leaf.hex():
            return place + 1
    return None


def check(files, given=()):
    """Findings as (seq, what), the first bad entry first; what is of no entry has the number 0."""
    try:
        tenant, publics = keys_of(files, given)
    except UNREADABLE as error:
        return [(0, f"public_key.txt: {error}")]
    found = [(0, f"{name} is not the file that was exported")
             for name in altered_files(files, tenant, publics)]  # fmt: skip
    missing = [name for name in FILES if name not in files]
    if missing:
        return found + [(0, f"{name} is missing") for name in missing]
    roots, sound = roots_of(files, "valor-ivx/audit/" + tenant, publics)
    if not sound:
        found.append((0, "checkpoints.jsonl holds a checkpoint that the key has not signed"))
    if not proofs_hold(files, roots, publics):
        found.append((0, "proofs.json proves nothing"))
    try:
        told = {int(each["seq"]) for each in json.loads(files["verdict.json"])["findings"]}
    except UNREADABLE:
        told = set()
    lines = files["entries.jsonl"].split(b"\n")
    if lines.pop() != b"":
        found.append((0, "entries.jsonl does not end with a line's end"))
    bad = findings_of(lines, roots, told)
    other = first_other(lines, files, roots)
    if other:
        exact = [(seq, kind) for seq, kind in bad if kind != "differs_from_checkpoint"]
        bad = [*exact, (other, "differs_from_checkpoint")]
    said = sorted({(seq, f"{kind}, {MEANING[kind]}") for seq, kind in bad})
    return said + found


def main(arguments):
    given = []
    while "--key" in arguments:
        at = arguments.index("--key")
        given.append(arguments[at + 1])
        del arguments[at : at + 2]
    folder = Path(arguments[0] if arguments else ".")
    files = {name: (folder / name).read_bytes() for name in FILES if (folder / name).is_file()}
    found = check(files, given)
    if found:
        seq, what = found[0]
        print("DOES NOT HOLD: " + (f"the first bad entry is {seq}: {what}" if seq else what))
        for seq, what in found[1:100]:
            print(f"    entry {seq}: {what}" if seq else f"    {what}")
        return 1
    entries, points = files["entries.jsonl"].count(b"\n"), files["checkpoints.jsonl"].count(b"\n")
    print(f"HOLDS: {entries} entries, {points} checkpoints, signed by")
    print(files["public_key.txt"].decode().strip())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
