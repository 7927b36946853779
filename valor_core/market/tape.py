"""A feed's tape: who may write it, its ticks without a double, and the times it has nothing of."""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import delete, select

from valor_core.errors import Conflict, NotFound
from valor_core.market.series import Tick
from valor_core.store.tables import FeedChunkRow, FeedGapRow, FeedMinuteRow, FeedRow
from valor_core.store.work import Work
from valor_core.values import from_micros, micros

LEASE = timedelta(seconds=5)
"""For so long after its last word a leader is believed to live."""

MINUTE = 60_000_000
HOUR = 60 * MINUTE
MINUTES_KEPT = 7 * 24 * 60
CHUNKS_KEPT = 50_000
GAPS_KEPT = 1_000

Mark = tuple[int, list[int]]
"""The moment of a symbol's newest tick, and the provider's numbers of the ticks of that moment."""


class LeadLost(Conflict):
    """Another process leads the feed by now, so nothing more of this one is written."""

    code = "lead_lost"

    def __init__(self, *, feed: str) -> None:
        super().__init__(
            f"Another process has taken over {feed}.",
            hint="Nothing is to be done: it goes on from where the tape ends.",
        )


@dataclass(slots=True, kw_only=True)
class Lead:
    """The right of one process to write a feed's tape, until another takes it over."""

    feed_id: str
    provider: str
    symbols: tuple[str, ...]
    token: int
    marks: dict[str, Mark]
    before: str = ""  # why the one before it ended, if it said so
    taken_from: str | None = None  # the process that led, "" for none; None where it leads again
    newer: set[str] = field(default_factory=set)  # symbols past their mark since it was connected
    covered: bool = False  # something came again that stands on the tape: nothing lies between

    @property
    def since(self) -> datetime | None:
        """From when on the provider is to tell again, as far as it can."""
        return from_micros(min(at for at, _ in self.marks.values())) if self.marks else None

    def fresh(self, ticks: Sequence[Tick]) -> list[Tick]:
        """Those that do not stand on the tape, however a provider begins again."""
        return [tick for tick in ticks if self._is_fresh(tick)]

    def _is_fresh(self, tick: Tick) -> bool:
        at, mark = micros(tick.at), self.marks.get(tick.symbol)
        if mark is None or tick.symbol in self.newer:
            return self._marked(tick.symbol, at, tick.seq)
        if at < mark[0] or (at == mark[0] and tick.seq in mark[1]):
            self.covered = True
            return False
        self.newer.add(tick.symbol)
        return self._marked(tick.symbol, at, tick.seq)

    def _marked(self, symbol: str, at: int, seq: int) -> bool:
        before = self.marks.get(symbol)
        self.newer.add(symbol)
        if before is None or at > before[0]:
            self.marks[symbol] = at, [seq]
        elif at == before[0]:
            before[1].append(seq)
        return True


def feed(work: Work, feed_id: str) -> FeedRow:
    """The feed of that id; NotFound otherwise."""
    row = work.session.get(FeedRow, (work.caller.tenant_id, feed_id))
    if row is None:
        raise NotFound("feed", feed_id[:40])
    return row


def feeds(work: Work, *, limit: int) -> Sequence[FeedRow]:
    """The feeds, those that run first, then the newest first."""
    row = FeedRow
    order = row.stopped_at.is_not(None), row.created_at.desc(), row.id
    return work.session.scalars(select(row).order_by(*order).limit(limit)).all()


def taken_lead(work: Work, feed_id: str, holder: str) -> Lead | None:
    """The lead of a feed that nobody leads, or that this holder did; None where another does."""
    row = _locked(work, feed_id)
    held = row.held_until > work.now_micros and row.holder != holder
    if held or row.stopped_at is not None:
        return None
    taken_from = row.holder if row.holder != holder else None
    if taken_from is not None:
        row.led_at = work.now_micros
    before, row.why = row.why, ""
    row.token, row.holder = row.token + 1, holder
    row.held_until = work.now_micros + micros_of(LEASE)
    return Lead(
        feed_id=row.id,
        provider=row.provider,
        symbols=tuple(row.symbols),
        token=row.token,
        taken_from=taken_from,
        before=before,
        marks={symbol: (at, list(seqs)) for symbol, (at, seqs) in row.marks.items()},
    )


def append(work: Work, lead: Lead, ticks: Sequence[Tick]) -> int:
    """Writes what is fresh and holds the lead; how many. LeadLost where another leads."""
    row = _held(work, lead)
    connected = not lead.newer
    fresh = lead.fresh(ticks)
    row.held_until = work.now_micros + micros_of(LEASE)
    if not fresh:
        return 0
    if connected and row.last_at and not lead.covered:
        _keep_gap(work, row, lead.before, ended_at=min(micros(tick.at) for tick in fresh))
    work.add_all([FeedChunkRow(
        feed_id=row.id, first=row.ticks, n=len(fresh), received_at=work.now_micros,
        content=_written(fresh),
    )])  # fmt: skip
    if work.now_micros // HOUR != row.received_at // HOUR:
        forget_old(work, row.id)
    row.ticks += len(fresh)
    row.last_at = max(row.last_at, *(micros(tick.at) for tick in fresh))
    row.received_at = work.now_micros
    row.marks = {symbol: list(mark) for symbol, mark in lead.marks.items()}
    minute = work.now_micros - work.now_micros % MINUTE
    count = {"feed_id": row.id, "minute": minute, "n": len(fresh)}
    work.add_counts(FeedMinuteRow, [count])
    return len(fresh)


def give_up(work: Work, lead: Lead, why: str, *, again_at: int = 0) -> None:
    """Leaves the feed to whoever is next, with the reason; the same process waits until then."""
    row = _held(work, lead)
    row.why, row.held_until = why, again_at or work.now_micros


def minutes(work: Work, feed_id: str) -> Mapping[int, int]:
    """The ticks of each minute in which there were any, of the last hours."""
    row = FeedMinuteRow
    since = work.now_micros - 24 * 60 * MINUTE
    query = select(row.minute, row.n).where(row.feed_id == feed_id, row.minute >= since)
    return {row[0]: row[1] for row in work.session.execute(query)}


def gaps(work: Work, feed_id: str, *, limit: int = 20) -> Sequence[FeedGapRow]:
    """The times it has nothing of, the newest first."""
    row = FeedGapRow
    query = select(row).where(row.feed_id == feed_id).order_by(row.began_at.desc()).limit(limit)
    return work.session.scalars(query).all()


def newest_ticks(work: Work, feed_id: str, *, limit: int) -> list[dict[str, Any]]:
    """The newest ticks, the newest first."""
    row = FeedChunkRow
    chunks = select(row).where(row.feed_id == feed_id).order_by(row.first.desc()).limit(limit)
    found: list[dict[str, Any]] = []
    for chunk in work.session.scalars(chunks):
        found += reversed(read(chunk))
        if len(found) >= limit:
            break
    return found[:limit]


def read(chunk: FeedChunkRow) -> list[dict[str, Any]]:
    """The ticks of a chunk, as they came."""
    return orjson.loads(gzip.decompress(chunk.content))


def forget_old(work: Work, feed_id: str, *, older_than: int = 0) -> int:
    """Only the newest of the tape stay, and nothing that was received before a moment."""
    chunk, minute, gap = FeedChunkRow, FeedMinuteRow, FeedGapRow
    of = chunk.feed_id == feed_id
    order = select(chunk.first).where(of).order_by(chunk.first.desc())
    oldest = work.session.scalar(order.offset(CHUNKS_KEPT).limit(1))
    gone = chunk.received_at < older_than
    if oldest is not None:
        gone |= chunk.first <= oldest
    dropped: Any = work.session.execute(delete(chunk).where(of, gone))
    before = work.now_micros - MINUTES_KEPT * MINUTE
    work.session.execute(delete(minute).where(minute.feed_id == feed_id, minute.minute < before))
    old = select(gap.began_at).where(gap.feed_id == feed_id).order_by(gap.began_at.desc())
    last = work.session.scalar(old.offset(GAPS_KEPT).limit(1))
    if last is not None:
        work.session.execute(delete(gap).where(gap.feed_id == feed_id, gap.began_at <= last))
    return dropped.rowcount


def micros_of(span: timedelta) -> int:
    """Its length in µs."""
    return round(span.total_seconds() * 1e6)


def _held(work: Work, lead: Lead) -> FeedRow:
    """The feed's row, locked, while the lead is the newest: an older one writes nothing more."""
    row = _locked(work, lead.feed_id)
    if row.token != lead.token or row.stopped_at is not None:
        raise LeadLost(feed=", ".join(lead.symbols)[:80])
    return row


def _locked(work: Work, feed_id: str) -> FeedRow:
    key = work.caller.tenant_id, feed_id
    row = work.session.get(FeedRow, key, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("feed", feed_id[:40])
    return row


def _keep_gap(work: Work, row: FeedRow, before: str, *, ended_at: int) -> None:
    if ended_at > row.last_at:
        why = before or "its leader ended, and another process took over"
        missing = {"feed_id": row.id, "began_at": row.last_at, "ended_at": ended_at, "why": why}
        work.insert_missing(FeedGapRow, [missing])


def _written(ticks: Sequence[Tick]) -> bytes:
    told = [
        {
            "symbol": tick.symbol,
            "price": tick.price,
            "size": tick.size,
            "at": micros(tick.at),
            "seq": tick.seq,
            "synthetic": tick.synthetic,
        }
        for tick in ticks
    ]
    return gzip.compress(orjson.dumps(told), mtime=0)
