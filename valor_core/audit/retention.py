"""How long the details of entries are kept, and how they are purged without breaking the log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, false, func, or_, select, update

from valor_core.audit.entries import NEVER_PURGED
from valor_core.audit.log import append, locked_head
from valor_core.audit.purges import KEPT_FOR_EVER, PURGED, RULING, Rulings, ranges_of
from valor_core.audit.verify import stored_entries
from valor_core.store.tables import AuditLogRow, RetentionPolicyRow
from valor_core.store.work import Work

CATEGORIES = {
    "act": "what is done with companies, valuations, snapshots and reports",
    "security": "sign-ins, sign-outs and refusals",
    "configuration": "members, keys, plans, features, policies and tenants",
    "job": "jobs that ran",
    "export": "exports of the log",
}
"""The categories of entries whose details a policy may have purged, and what is in them."""

_OF_NOUN = {
    "audit": KEPT_FOR_EVER,
    "hold": KEPT_FOR_EVER,
    "session": "security",
    "token": "security",
    "key_file": "security",
    "group": "configuration",
    "member": "configuration",
    "key": "configuration",
    "provider": "configuration",
    "tenant": "configuration",
    "grant": "security",
    "plan": "configuration",
    "flag": "configuration",
    "retention": "configuration",
    "routing": "configuration",
    "maintenance": "configuration",
    "job": "job",
}
MOST_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """How many entries the next purge would take the details of, and how many are held from it."""

    purged: int
    held: int


def category_of(act: str) -> str:
    """The category of an act's entries.

    >>> category_of("valuation.run"), category_of("key.add"), category_of("audit.export")
    ('act', 'configuration', 'export')
    """
    return "export" if act == "audit.export" else _OF_NOUN.get(act.partition(".")[0], "act")


def policies(work: Work) -> Mapping[str, int]:
    """After how many days the details of each category's entries go; others stay for ever."""
    rows = work.session.scalars(select(RetentionPolicyRow).order_by(RetentionPolicyRow.category))
    return {row.category: row.days for row in rows}


def change_policy(work: Work, category: str, days: int | None) -> int | None:
    """Keeps the policy, or with None drops it; what it was before."""
    row = work.session.get(RetentionPolicyRow, (work.caller.tenant_id, category))
    before = row.days if row else None
    if row:
        work.session.delete(row)
        work.session.flush()
    if days is not None:
        made = RetentionPolicyRow(category=category, days=days, created_at=work.now_micros,
                                  created_by=work.caller.actor)  # fmt: skip
        work.add_all([made])
    return before


def due(work: Work, days: Mapping[str, int], *, without_hold: str = "") -> Due:
    """What is due by such policies, with all holds that stand or without that one."""
    cutoffs, held = _cutoffs(work, days), held_subjects(work, but=without_hold)
    purged = _count(work, _due(cutoffs, held))
    return Due(purged=purged, held=_count(work, _old(cutoffs)) - purged)


def purge(work: Work) -> int:
    """Drops payload and salt of what is due and not held, with an entry that says so; how many.

    The lock of the log comes first: no hold can be set between the look at the holds and the end.
    """
    head, days = locked_head(work), policies(work)
    cutoffs, held = _cutoffs(work, days), held_subjects(work)
    those = select(AuditLogRow.seq).where(*_due(cutoffs, held)).order_by(AuditLogRow.seq)
    gone = list(work.session.scalars(those.limit(MOST_AT_ONCE)))
    if not gone:
        return 0
    told = {
        "cutoffs": cutoffs,
        "purged": ranges_of(gone),
        "count": len(gone),
        "held": due(work, days).held,
    }
    purge_seq = append(
        work, PURGED, target=f"entry:{head.size + 1}", details=told, category=KEPT_FOR_EVER
    )
    work.session.execute(
        update(AuditLogRow)
        .where(AuditLogRow.seq.in_(gone))
        .values(payload=None, salt=None, purge_seq=purge_seq)
        .execution_options(synchronize_session=False)
    )
    return len(gone)


def _cutoffs(work: Work, days: Mapping[str, int]) -> dict[str, int]:
    day = timedelta(days=1) // timedelta(microseconds=1)
    return {name: work.now_micros - kept * day for name, kept in days.items()}


def held_subjects(work: Work, *, but: str = "") -> list[str]:
    """The subjects under a hold, as the log has them: a table can be edited unseen."""
    return Rulings(stored_entries(work, AuditLogRow.action.in_(RULING))).held_subjects(but=but)


def _old(cutoffs: Mapping[str, int]) -> list[ColumnElement[bool]]:
    """Entries with details that their category's policy wants gone."""
    older = [
        and_(AuditLogRow.category == category, AuditLogRow.ts < cutoff)
        for category, cutoff in cutoffs.items()
    ]
    return [
        AuditLogRow.payload.is_not(None),
        AuditLogRow.action.not_in(NEVER_PURGED),
        or_(false(), *older),
    ]


def _due(cutoffs: Mapping[str, int], held: Sequence[str]) -> list[ColumnElement[bool]]:
    """Those of them that nothing holds."""
    if "" in held:
        return [false()]
    return [*_old(cutoffs), AuditLogRow.actor.not_in(held), AuditLogRow.target.not_in(held)]


def _count(work: Work, those: Sequence[ColumnElement[bool]]) -> int:
    return work.session.scalars(select(func.count(AuditLogRow.seq)).where(*those)).one()
