"""What is known of providers, kept for every process: policies, standings, decisions."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select

from valor_core.market.breaker import Standing
from valor_core.market.provider import Capability
from valor_core.market.router import Decision, Place
from valor_core.store.tables import (
    ProviderProbeRow,
    ProviderStatusRow,
    RoutingDecisionRow,
    RoutingPolicyRow,
)
from valor_core.store.work import Work
from valor_core.values import micros, new_id

DECISIONS_KEPT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is kept of a provider: its breaker's standing, and when its health was last judged."""

    standing: Standing
    seen_at: int


def newest_policy(work: Work, capability: str) -> RoutingPolicyRow | None:
    """The version that holds, if the tenant has made one."""
    return next(iter(policy_history(work, capability, limit=1)), None)


def policy_history(work: Work, capability: str, *, limit: int) -> Sequence[RoutingPolicyRow]:
    """The versions, the newest first."""
    row = RoutingPolicyRow
    query = select(row).where(row.capability == capability).order_by(row.version.desc())
    return work.session.scalars(query.limit(limit)).all()


def keep_policy(
    work: Work, capability: str, terms: Mapping[str, Any], service: Mapping[str, Any], reason: str
) -> RoutingPolicyRow:
    """The next version."""
    before = newest_policy(work, capability)
    row = RoutingPolicyRow(
        capability=capability, version=before.version + 1 if before else 1, terms=dict(terms),
        service=dict(service), reason=reason, created_at=work.now_micros,
        created_by=work.caller.actor,
    )  # fmt: skip
    work.add_all([row])
    work.session.flush()
    return row


def known(work: Work) -> dict[Place, Known]:
    """All that is known of the tenant's providers."""
    rows = work.session.scalars(select(ProviderStatusRow))
    return {
        (row.provider, Capability(row.capability)): Known(
            standing=_standing(row), seen_at=row.seen_at
        )
        for row in rows
    }


def keep_standings(work: Work, standings: Mapping[Place, Standing]) -> None:
    """What this process knows, merged with what others have told meanwhile."""
    if not standings:
        return
    blank = [
        {"provider": provider, "capability": capability.value, "seen_at": 0} | _columns(Standing())
        for provider, capability in standings
    ]
    work.insert_missing(ProviderStatusRow, blank)
    rows = work.session.scalars(select(ProviderStatusRow).with_for_update())
    for row in rows:
        told = standings.get((row.provider, Capability(row.capability)))
        if told is not None:
            for name, value in _columns(_standing(row).merged(told)).items():
                setattr(row, name, value)


def claim_probes(work: Work, places: Collection[Place], lease_s: float) -> set[Place]:
    """Those of the places that no other process is trying now; they are this one's for a while."""
    if not places:
        return set()
    row, lease = ProviderProbeRow, round(lease_s * 1e6)
    blank = [{"provider": p, "capability": c.value, "held_until": 0} for p, c in places]
    work.insert_missing(row, blank)
    claimed = set()
    for each in work.session.scalars(select(row).order_by(row.provider).with_for_update()):
        place = each.provider, Capability(each.capability)
        # More than a lease is left only of a clock that was set back.
        if place in places and not 0 < each.held_until - work.now_micros <= lease:
            each.held_until = work.now_micros + lease
            claimed.add(place)
    return claimed


def free_probes(work: Work, places: Collection[Place]) -> None:
    """Whoever is next may try them."""
    for provider, capability in places:
        key = work.caller.tenant_id, provider, capability.value
        work.session.get_one(ProviderProbeRow, key).held_until = 0


def judged(work: Work, places: Iterable[Place], at: int) -> None:
    """Their health was judged at that moment."""
    for provider, capability in places:
        key = work.caller.tenant_id, provider, capability.value
        row = work.session.get(ProviderStatusRow, key)
        assert row is not None
        row.seen_at = at


def keep_decision(work: Work, decision: Decision) -> RoutingDecisionRow:
    """Who answered, and why."""
    row = RoutingDecisionRow(
        id=new_id(),
        at=round(decision.at * 1e6),
        capability=decision.capability.value,
        query=decision.query,
        chosen=decision.title,
        why=decision.why,
        attempts=[
            {"provider": each.title, "told": each.told, "seconds": round(each.seconds, 6)}
            for each in decision.attempts
        ],
        micros=round(decision.seconds * 1e6),
        answer=decision.answer,
        fetched_at=micros(decision.fetched_at) if decision.fetched_at else None,
        request_id=work.caller.request_id,
    )
    work.add_all([row])
    return row


def decisions(work: Work, *, limit: int, request_id: str = "") -> Sequence[RoutingDecisionRow]:
    """The decisions, the newest first; those of one request alone if it is named."""
    row = RoutingDecisionRow
    query = select(row).order_by(row.at.desc(), row.id.desc()).limit(limit)
    if request_id:
        query = query.where(row.request_id == request_id)
    return work.session.scalars(query).all()


def forget_old_decisions(work: Work) -> None:
    """Only the newest stay."""
    row = RoutingDecisionRow
    order = select(row.at).order_by(row.at.desc(), row.id.desc())
    oldest = work.session.scalar(order.offset(DECISIONS_KEPT).limit(1))
    if oldest is not None:
        work.session.execute(delete(row).where(row.at <= oldest))


def _standing(row: ProviderStatusRow) -> Standing:
    return Standing(
        changed_at=row.changed_at / 1e6, open_until=row.open_until / 1e6, trips=row.trips,
        why=row.why, held_at=row.held_at / 1e6, hold_until=row.hold_until / 1e6,
        hold_why=row.hold_why,
    )  # fmt: skip


def _columns(standing: Standing) -> dict[str, int | str]:
    return {
        "changed_at": round(standing.changed_at * 1e6),
        "open_until": round(standing.open_until * 1e6),
        "trips": standing.trips,
        "why": standing.why,
        "held_at": round(standing.held_at * 1e6),
        "hold_until": round(standing.hold_until * 1e6),
        "hold_why": standing.hold_why,
    }
