"""Checks a tenant's log entry by entry against its own digests, the chain and the head."""

import hmac
import json
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Text, cast, select

from valor_core.audit import checkpoints
from valor_core.audit.entries import (
    SALT_BYTES,
    Entry,
    first_mac,
    head_mac,
    next_mac,
    push,
    sha256,
)
from valor_core.audit.merkle import root_of_frontier
from valor_core.audit.purges import RULING, Rulings
from valor_core.errors import ValorError
from valor_core.store.tables import AuditHeadRow, AuditLogRow
from valor_core.store.work import Work

MADE = "tenant.add"
SEALED = "audit.checkpoint"
TEXTS = tuple(name for name in Entry.__slots__ if isinstance(getattr(AuditLogRow, name).type, Text))
MEANING = {
    "gap": "an entry is missing or out of order",
    "payload_edited": "the payload is not the one that was logged",
    "entry_edited": "a column is not the one that was logged",
    "chain_broken": "the entry does not follow from the one before it",
    "payload_missing_without_purge": "the payload is gone and no purge accounts for it",
    "key_changed_without_rotation": "another key signed it and no rotation was logged",
    "unverifiable": "the key that signed it is not at hand",
    "head_differs": "the log does not end where its head says",
    "head_forged": "the head was not made with the key",
    "log_missing": "the head of the log is gone",
    "shorter_than_checkpoint": "entries are gone that a signed checkpoint vouches for",
    "differs_from_checkpoint": "from here on the log is not the one that a checkpoint vouches for",
    "checkpoint_forged": "a checkpoint after this entry was signed by no key at hand",
    "tenant_missing": "the tenant, or all of its log, is gone",
    "tenant_unannounced": "the installation's log does not say that the tenant was made",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What does not hold, and at which entry."""

    kind: str
    seq: int

    def __str__(self) -> str:
        return f"entry {self.seq}: {self.kind}, {MEANING[self.kind]}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome for one tenant; `findings` is empty when the log holds."""

    tenant_id: str
    size: int
    head: str
    findings: tuple[Finding, ...]
    sealed: int  # how many entries a checkpoint outside the database vouches for

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def with_findings(self, more: Iterable[Finding]) -> "Verdict":
        """The same with what else was found, in the order of the log."""
        findings = sorted((*more, *self.findings), key=lambda finding: finding.seq)
        return replace(self, findings=tuple(findings))


class LogBroken(ValorError):
    """A look through the log found what does not hold."""

    code, status = "audit_log_broken", 500

    def __init__(self, place: str, more: int) -> None:
        beside = f" Places that do not hold beside it: {more:,}." if more else ""
        super().__init__(
            f"The audit log does not hold. The first bad place is {place}.{beside}",
            hint="Keep the database as it is and export the log: `valor audit verify` names the "
            "places, checkpoints outside the database tell how long it held.",
        )


def verify(
    work: Work,
    keys: Mapping[int, bytes],
    *,
    most: int = 100,
    told: Mapping[int, bytes] | None = None,
) -> Verdict:
    """Reads the whole log of the caller's tenant; the first finding is the first bad entry.

    `told` are roots by size that the installation's own log has noted of it.
    """
    tenant = work.caller.tenant_id
    work.see_one_moment()  # an entry that comes meanwhile belongs to the next check
    vouched = checkpoints.vouched(work)
    rulings = Rulings(stored_entries(work, AuditLogRow.action.in_(RULING)))
    walk = Walk(tenant, keys, _together(vouched.roots, told or {}), rulings)
    findings: list[Finding] = []
    for finding in walk.over(stored_entries(work)):
        if len(findings) < most:
            findings.append(finding)
    head = work.session.get(AuditHeadRow, tenant)
    findings += walk.end(head)
    findings += (Finding("checkpoint_forged", size) for size in vouched.refused)
    told_head = head.mac.hex() if head else ""
    return Verdict(tenant, walk.size, told_head, tuple(findings[:most]), vouched.outside)


def stored_rows(work: Work, *those: ColumnElement[bool]) -> Iterator[Sequence[Any]]:
    """The rows of the caller's tenant's log in their order, as the database holds them."""
    columns = [_as_stored(work, name) for name in Entry.__slots__]
    return work.stored(AuditLogRow, columns, *those)


def stored_entries(work: Work, *those: ColumnElement[bool]) -> Iterator[Entry]:
    """The entries of the caller's tenant in their order."""
    return map(entry_of, stored_rows(work, *those))


def _together(
    roots: Mapping[int, frozenset[bytes]], told: Mapping[int, bytes]
) -> dict[int, frozenset[bytes]]:
    return {
        size: roots.get(size, frozenset()) | ({told[size]} if size in told else frozenset())
        for size in roots.keys() | told.keys()
    }


def announced(work: Work) -> dict[str, int]:
    """The tenants that the log of the caller's tenant, the installation's, says were made.

    Each with the number of its entry.
    """
    rows = work.session.execute(
        select(AuditLogRow.seq, _as_stored(work, "target"))
        .where(AuditLogRow.action == MADE, AuditLogRow.tenant_id == work.caller.tenant_id)
        .order_by(AuditLogRow.seq.desc())
    )
    told = ((seq, _as_text(target, errors="backslashreplace")) for seq, target in rows)
    return {target.removeprefix("tenant:"): seq for seq, target in told}


def sealed(work: Work) -> dict[str, dict[int, bytes]]:
    """The checkpoints that the log of the caller's tenant, the installation's, tells of.

    The roots by their sizes, of each tenant.
    """
    rows = work.session.execute(
        select(_as_stored(work, "target"), AuditLogRow.payload)
        .where(AuditLogRow.action == SEALED, AuditLogRow.tenant_id == work.caller.tenant_id)
        .order_by(AuditLogRow.seq)
    )
    told: defaultdict[str, dict[int, bytes]] = defaultdict(dict)
    for target, payload in rows:
        tenant = _as_text(target, errors="backslashreplace").removeprefix("tenant:")
        with suppress(ValueError, KeyError, TypeError):  # an edited entry is found in its own log
            details = json.loads(payload or b"")
            told[tenant][int(details["size"])] = bytes.fromhex(details["root"])
    return told


def _as_stored(work: Work, name: str) -> ColumnElement[Any]:
    """Text as its bytes in SQLite, which may hold what is no UTF-8 but does not hand it out."""
    column = getattr(AuditLogRow, name)
    return cast(column, LargeBinary) if work.store.is_sqlite and name in TEXTS else column


def entry_of(row: Sequence[Any]) -> Entry:
    """A row of the log as an entry; SQLite gives its text as bytes."""
    columns: dict[str, Any] = dict(zip(Entry.__slots__, row, strict=True))
    for name in TEXTS:
        value = columns[name]
        if type(value) is bytes:
            columns[name] = value.decode("utf-8", "surrogateescape")
    return Entry(**columns)


def _as_text(stored: str | bytes, *, errors: str = "surrogateescape") -> str:
    return stored if isinstance(stored, str) else stored.decode(errors=errors)


class Walk:
    """The state of a check that goes through a log once."""

    def __init__(
        self,
        tenant_id: str,
        keys: Mapping[int, bytes],
        roots: Mapping[int, frozenset[bytes]] | None = None,
        rulings: Rulings | None = None,
    ) -> None:
        self.tenant_id, self.keys, self.roots = tenant_id, keys, roots or {}
        self.rulings = rulings or Rulings([])
        self.size, self.mac, self.frontier = 0, first_mac(tenant_id), b""
        self.key_id: int | None = None
        self.vouched_for = 0  # entries up to here have the root of a checkpoint
        self.told = False  # whether something was found since

    def over(self, entries: Iterable[Entry]) -> Iterator[Finding]:
        """Every finding, in the order of the log; each entry follows from the *stored* one before.

        So one edit is one finding at its own place, not a flood behind it.
        """
        expected = 1
        for entry in entries:
            if entry.seq != expected:
                self.told = True
                yield Finding("gap", expected)
            expected = entry.seq + 1
            for finding in self._one(entry):
                self.told = True
                yield finding
            self.frontier = push(self.frontier, self.size, entry.leaf)
            self.size, self.mac, self.key_id = self.size + 1, entry.mac, entry.key_id
            if self.size in self.roots:
                yield from self._against_checkpoints()

    def _against_checkpoints(self) -> Iterator[Finding]:
        """Said once, and only where nothing has named the place more exactly."""
        if self.roots[self.size] == {root_of_frontier(self.frontier)}:
            self.vouched_for, self.told = self.size, False
        elif not self.told:
            self.told = True
            yield Finding("differs_from_checkpoint", self.vouched_for + 1)

    def _one(self, entry: Entry) -> Iterator[Finding]:
        if entry.payload is None or entry.salt is None:
            if not self.rulings.explain(entry):
                yield Finding("payload_missing_without_purge", entry.seq)
        elif (
            len(entry.salt) != SALT_BYTES  # else bytes could move between salt and payload
            or sha256(entry.salt + entry.payload) != entry.payload_digest
        ):
            yield Finding("payload_edited", entry.seq)
        purged_in_name_only = entry.payload is not None and entry.purge_seq is not None
        if purged_in_name_only or _leaf(entry) != entry.leaf:
            yield Finding("entry_edited", entry.seq)
        before = self.key_id if self.key_id is not None else entry.key_id
        rotated = entry.key_id != before
        if rotated and entry.action != "audit.key_rotated":
            yield Finding("key_changed_without_rotation", entry.seq)
        if before not in self.keys or entry.key_id not in self.keys:
            yield Finding("unverifiable", entry.seq)
            return
        new_key = self.keys[entry.key_id] if rotated else None
        mac = next_mac(self.mac, entry.leaf, key=self.keys[before], new_key=new_key)
        if not hmac.compare_digest(mac, entry.mac):
            yield Finding("chain_broken", entry.seq)

    def end(self, head: AuditHeadRow | None) -> Iterator[Finding]:
        """Whether the log ends where its head and its checkpoints say, and the head is genuine."""
        if self.size < max(self.roots, default=0):
            yield Finding("shorter_than_checkpoint", self.size + 1)
        if head is None:
            yield Finding("log_missing", 1)
            return
        if head.size < 0:
            yield Finding("head_forged", 1)
            return
        if (head.size, head.mac, head.frontier) != (self.size, self.mac, self.frontier):
            yield Finding("head_differs", min(head.size, self.size) + 1)
        if head.key_id not in self.keys:
            yield Finding("unverifiable", head.size)
            return
        genuine = head_mac(
            self.keys[head.key_id], self.tenant_id, head.size, head.mac, head.frontier
        )
        retired = self.key_id not in (None, head.key_id)
        if retired or not hmac.compare_digest(genuine, head.head_mac):
            yield Finding("head_forged", head.size)


def _leaf(entry: Entry) -> bytes | None:
    """None for columns that no entry was ever logged with, such as a negative moment."""
    try:
        return entry.expected_leaf()
    except (struct.error, UnicodeEncodeError):
        return None
