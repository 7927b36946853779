"""The rows that figures are made of: states from when to when, counts of calls, announced work."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select

from valor_core.errors import BadInput, NotFound
from valor_core.sla.buckets import bucket_of
from valor_core.sla.hours import Span
from valor_core.store.tables import ProviderCallRow, ProviderIntervalRow, ProviderMaintenanceRow
from valor_core.store.work import Work
from valor_core.values import new_id

MINUTE = 60_000_000
CALLS_KEPT = 400 * 24 * 60 * MINUTE
WORK_LONGEST = 31 * 24 * 60 * MINUTE
REASON_MAX = 500
WORK_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a provider."""

    provider: str
    capability: str
    outcome: str  # good, bad or neutral
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """How the calls of the last minutes went."""

    good: int = 0
    bad: int = 0
    slow: int = 0


def count_calls(work: Work, calls: Iterable[Call]) -> None:
    """Adds the calls to their minute."""
    minute = work.now_micros - work.now_micros % MINUTE
    counts = Counter(
        (call.provider, call.capability, call.outcome, bucket_of(call.seconds)) for call in calls
    )
    if counts:
        names = ("provider", "capability", "outcome", "bucket")
        rows = [dict(zip(names, key, strict=True)) | {"minute": minute, "n": n}
                for key, n in counts.items()]  # fmt: skip
        work.add_counts(ProviderCallRow, rows)


def calls_since(work: Work, since: int, *, slow_s: float) -> dict[tuple[str, str], Lately]:
    """By provider and capability, how the calls since then went."""
    row = ProviderCallRow
    query = (
        select(row.provider, row.capability, row.outcome, row.bucket, func.sum(row.n))
        .where(row.minute >= since, row.outcome != "neutral")
        .group_by(row.provider, row.capability, row.outcome, row.bucket)
    )
    found: dict[tuple[str, str], Counter[str]] = {}
    for provider, capability, outcome, bucket, n in work.session.execute(query):
        told = found.setdefault((provider, capability), Counter())
        told[outcome] += int(n)
        if bucket > bucket_of(slow_s):
            told["slow"] += int(n)
    return {place: Lately(**told) for place, told in found.items()}


def newest_states(work: Work) -> dict[tuple[str, str], ProviderIntervalRow]:
    """The state that each provider is in."""
    row = ProviderIntervalRow
    newest = (
        select(row.provider, row.capability, func.max(row.started_at).label("started_at"))
        .group_by(row.provider, row.capability)
        .subquery()
    )
    query = select(row).join(
        newest,
        (row.provider == newest.c.provider)
        & (row.capability == newest.c.capability)
        & (row.started_at == newest.c.started_at),
    )
    return {(found.provider, found.capability): found for found in work.session.scalars(query)}


def watched_since(work: Work) -> dict[tuple[str, str], int]:
    """When each provider's first state began: before that nothing was promised."""
    row = ProviderIntervalRow
    query = select(row.provider, row.capability, func.min(row.started_at))
    grouped = query.group_by(row.provider, row.capability)
    return {(provider, kind): at for provider, kind, at in work.session.execute(grouped)}


def states_between(work: Work, start: int, end: int, *, most: int) -> Sequence[ProviderIntervalRow]:
    """The states that began in that time, and the one before of each; the oldest first."""
    row = ProviderIntervalRow
    before = (
        select(row.provider, row.capability, func.max(row.started_at).label("started_at"))
        .where(row.started_at <= start)
        .group_by(row.provider, row.capability)
        .subquery()
    )
    query = (
        select(row)
        .outerjoin(
            before, (row.provider == before.c.provider) & (row.capability == before.c.capability)
        )
        .where(row.started_at < end)
        .where(row.started_at >= func.coalesce(before.c.started_at, start))
        .order_by(row.started_at.desc(), row.provider, row.capability)
        .limit(most)
    )
    return work.session.scalars(query).all()[::-1]


def forget_old_calls(work: Work) -> None:
    """Counts of longer ago than anybody asks."""
    row = ProviderCallRow
    work.session.execute(delete(row).where(row.minute < work.now_micros - CALLS_KEPT))


def announce(work: Work, provider: str, span: Span, reason: str) -> ProviderMaintenanceRow:
    """Work on a provider, said before it begins: what was, is not talked away afterwards."""
    start, end = span
    if not work.now_micros <= start < end <= start + WORK_LONGEST:
        raise BadInput(
            "Work is announced before it begins, and for 31 days at most.",
            hint="Give a beginning that is still to come and an end after it.",
        )
    if not 0 < len(reason.strip()) <= REASON_MAX:
        raise BadInput(
            f"Announced work needs a reason of 1 to {REASON_MAX} characters.",
            hint="Say what is done to the provider.",
        )
    row = ProviderMaintenanceRow(
        id=new_id(), provider=provider, starts_at=start, ends_at=end, reason=reason.strip(),
        created_at=work.now_micros, created_by=work.caller.actor, withdrawn_at=None,
    )  # fmt: skip
    work.add_all([row])
    return row


def withdraw(work: Work, work_id: str) -> ProviderMaintenanceRow:
    """Announced work that will not be done; what of it has passed stays."""
    row = work.session.get(ProviderMaintenanceRow, (work.caller.tenant_id, work_id))
    if row is None or row.withdrawn_at is not None or row.ends_at <= work.now_micros:
        raise NotFound("announced work", work_id[:80])
    row.withdrawn_at = work.now_micros
    return row


def announced(work: Work, *, since: int) -> Sequence[ProviderMaintenanceRow]:
    """The announced work that ends after that moment, the latest first."""
    row = ProviderMaintenanceRow
    query = select(row).where(row.ends_at > since).order_by(row.starts_at.desc(), row.id)
    return work.session.scalars(query.limit(WORK_MOST)).all()


def span_of(row: ProviderMaintenanceRow) -> Span:
    """When it counted: until its end, or until it was withdrawn."""
    withdrawn = row.ends_at if row.withdrawn_at is None else row.withdrawn_at
    return row.starts_at, min(row.ends_at, max(row.starts_at, withdrawn))
