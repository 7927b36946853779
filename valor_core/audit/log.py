"""Appending to the log and reading it."""

import hmac
import os
from collections.abc import Mapping, Sequence
from functools import cache

from sqlalchemy import not_, select

from valor_core.audit.entries import (
    SALT_BYTES,
    Entry,
    canonical,
    first_mac,
    head_mac,
    next_mac,
    push,
    sha256,
)
from valor_core.audit.keys import FIRST, WrongAuditKey, audit_keys
from valor_core.errors import ValorError
from valor_core.redaction import Redactor
from valor_core.store.tables import AuditHeadRow, AuditLogRow
from valor_core.store.work import Work

# Read anew under its lock: what this session saw of the head before may be stale by now.
_HEAD = select(AuditHeadRow).with_for_update().execution_options(populate_existing=True)


class LogMissing(ValorError):
    """The head of a tenant's log is gone; nothing may be done that cannot be logged."""

    code, status = "audit_log_missing", 500

    def __init__(self, tenant_id: str) -> None:
        super().__init__(
            f"The audit log of tenant {tenant_id} has lost its head.",
            hint="Nothing can be changed until it is back. Run `valor audit verify`.",
        )


ROTATED = "audit.key_rotated"


class LogForged(ValorError):
    """The head of a tenant's log was not made with the key; to go on from it would vouch for it."""

    code, status = "audit_log_forged", 500

    def __init__(self, tenant_id: str) -> None:
        super().__init__(
            f"The audit log of tenant {tenant_id} does not end where its key says.",
            hint="Nothing can be changed until it is as it was. Run `valor audit verify`.",
        )


@cache
def keys() -> dict[int, bytes]:
    """Read once a process, and once more when another process has changed the key."""
    return audit_keys()


def key_numbered(key_id: int) -> bytes:
    """That key of the chain; WrongAuditKey where it is not at hand."""
    if key_id not in keys():
        keys.cache_clear()
    if key_id not in keys():
        raise WrongAuditKey
    return keys()[key_id]


def keys_at_hand(work: Work) -> Mapping[int, bytes]:
    """The keys to check the caller's log by, read anew where it goes on under one not seen yet."""
    head = work.session.get(AuditHeadRow, work.caller.tenant_id)
    if head and head.key_id not in keys():
        keys.cache_clear()
    return keys()


def signed_by(work: Work) -> int:
    """The number of the key under which the caller's log goes on."""
    head = work.session.get(AuditHeadRow, work.caller.tenant_id)
    if head is None:
        raise LogMissing(work.caller.tenant_id)
    return head.key_id


def begin(work: Work) -> None:
    """Starts the log of a new tenant, so that its first entry already has a head to lock."""
    tenant, mac = work.caller.tenant_id, first_mac(work.caller.tenant_id)
    newest = max(keys())
    head = AuditHeadRow(size=0, mac=mac, frontier=b"", key_id=newest)
    head.head_mac = head_mac(key_numbered(newest), tenant, 0, mac, b"")
    work.add_all([head])


def locked_head(work: Work) -> AuditHeadRow:
    """Where the log of the caller's tenant ends; nobody else appends until this work has ended."""
    head = work.session.scalars(_HEAD).one_or_none()
    tenant = work.caller.tenant_id
    if head is None:
        raise LogMissing(tenant)
    key = key_numbered(head.key_id)
    genuine = head.size >= 0 and head_mac(key, tenant, head.size, head.mac, head.frontier)
    if not genuine or not hmac.compare_digest(genuine, head.head_mac):
        raise LogForged(tenant)
    return head


def append(
    work: Work,
    action: str,
    *,
    target: str,
    details: Mapping[str, object],
    category: str = "act",
    new_key_id: int | None = None,
) -> int:
    """One more entry of the caller's tenant, redacted; returns its number.

    Call it as the last statement before the commit: the head row is the lock of the tenant's log.
    """
    tenant, head = work.caller.tenant_id, locked_head(work)
    size, before, frontier = head.size, head.mac, head.frontier
    key_id = new_key_id or head.key_id
    before_key = head.key_id if size else key_id  # an empty log has nothing to go on from
    key, new_key = key_numbered(before_key), None if before_key == key_id else key_numbered(key_id)
    redactor = Redactor(sha256(key_numbered(FIRST) + tenant.encode()))  # one pseudonym for ever
    payload, salt = canonical(_mapping(redactor.value(details))), os.urandom(SALT_BYTES)
    entry = Entry(
        tenant_id=tenant,
        seq=size + 1,
        ts=work.now_micros,
        category=category,
        action=action,
        actor=work.caller.actor,
        target=redactor.text(target),
        request_id=work.caller.request_id,
        payload=payload,
        salt=salt,
        payload_digest=sha256(salt + payload),
        leaf=b"",
        mac=b"",
        key_id=key_id,
        purge_seq=None,
    )
    leaf = entry.expected_leaf()
    mac = next_mac(before, leaf, key=key, new_key=new_key)
    columns = {name: getattr(entry, name) for name in Entry.__slots__}
    work.session.add(AuditLogRow(**columns | {"leaf": leaf, "mac": mac}))
    head.size, head.mac, head.key_id = entry.seq, mac, key_id
    head.frontier = push(frontier, size, leaf)
    head.head_mac = head_mac(new_key or key, tenant, head.size, mac, head.frontier)
    work.session.flush()
    return entry.seq


def rotate(work: Work, *, reason: str) -> int | None:
    """From here on the newest key signs, vouched for by the one before; None if it does already."""
    newest = max(keys())
    if locked_head(work).key_id == newest:
        return None
    return append(
        work,
        ROTATED,
        target=f"key:{newest}",
        details={"key_id": newest, "reason": reason},
        category="audit",
        new_key_id=newest,
    )


def _mapping(value: object) -> Mapping[str, object]:
    assert isinstance(value, Mapping)
    return value


def entries(
    work: Work, *, before: int | None = None, limit: int = 50, action: str = ""
) -> Sequence[AuditLogRow]:
    """The newest entries first, those before the number `before`, of one action or all."""
    query = select(AuditLogRow).order_by(AuditLogRow.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditLogRow.seq < before)
    if action:
        query = query.where(AuditLogRow.action == action)
    return work.session.scalars(query).all()


def entries_about(work: Work, targets: Sequence[str], *, action: str) -> Sequence[AuditLogRow]:
    """The entries of an act on these targets, the oldest first."""
    about = AuditLogRow.action == action, AuditLogRow.target.in_(targets)
    return work.session.scalars(select(AuditLogRow).where(*about).order_by(AuditLogRow.seq)).all()


def acted_since(work: Work, size: int, *, besides: Sequence[str]) -> bool:
    """Whether the log has an entry after the first `size`, beside those of acts of these nouns."""
    others = (not_(AuditLogRow.action.startswith(f"{noun}.")) for noun in besides)
    newest = select(AuditLogRow.seq).where(AuditLogRow.seq > size, *others).limit(1)
    return work.session.scalar(newest) is not None


def head(work: Work) -> tuple[int, str]:
    """How many entries the log has, and the MAC of the last one in hexadecimal."""
    row = work.session.get(AuditHeadRow, work.caller.tenant_id)
    return (row.size, row.mac.hex()) if row else (0, "")


def mac_at(work: Work, seq: int) -> str:
    """The MAC of an entry in hexadecimal; nothing where the log has none of that number."""
    found = work.session.scalar(select(AuditLogRow.mac).where(AuditLogRow.seq == seq))
    return found.hex() if found else ""
