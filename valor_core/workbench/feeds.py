"""Feeds: started and stopped by administrators, taken in by exactly one process at a time."""

import asyncio
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from valor_core.errors import BadInput, ValorError
from valor_core.market import tape
from valor_core.market.offered import title_of
from valor_core.market.provider import Capability, Streaming
from valor_core.market.providers.alpaca import TEST_FEED, Alpaca
from valor_core.market.providers.replay import Replay
from valor_core.market.series import Tick
from valor_core.market.tape import LeadLost
from valor_core.sla.hours import Service, checked
from valor_core.sla.rhythm import silence
from valor_core.store.engines import Store
from valor_core.store.tables import FeedGapRow, FeedRow
from valor_core.store.work import Work, unit_of_work
from valor_core.values import Caller, from_micros, new_id
from valor_core.workbench.paging import check_page
from valor_core.workbench.routing import askable
from valor_core.workbench.verb import verb, view

SYMBOLS_MOST, FEEDS_MOST = 50, 20
TICKS_SHOWN = 200
FLUSH_S = 1.0
WAITING_MOST = 10_000
"""So many ticks wait for the tape at most; then the provider waits."""

AGAIN_S, AGAIN_S_MOST = 1.0, 30.0
US_MARKET = Service(
    zone="America/New_York", weekdays=(0, 1, 2, 3, 4), opens="09:30", closes="16:00"
)
ALWAYS = Service()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed as it stands: who leads it, what came last, and whether it is silent."""

    row: FeedRow
    title: str
    state: str  # live, silent, waiting or stopped
    why: str
    gaps: Sequence[FeedGapRow]
    minutes: Mapping[int, int]

    @property
    def hours(self) -> Service:
        """When it is expected to say something."""
        return Service.of(self.row.hours)

    @property
    def last_at(self) -> datetime | None:
        """When its newest tick happened."""
        return from_micros(self.row.last_at) if self.row.last_at else None


@verb("feed.start")
def start_feed(
    work: Work, provider: str, symbols: Sequence[str], *, hours: Service | None = None
) -> FeedRow:
    """Have a provider's stream of these symbols taken in from now on, by one process at a time."""
    wanted = tuple(dict.fromkeys(each.strip().upper() for each in symbols if each.strip()))
    able = streaming(work)
    if provider not in able:
        raise BadInput(
            f"{title_of(provider)[:40]} cannot be streamed.",
            hint=f"Choose {' or '.join(able)}; a key is set on the page Market data.",
        )
    if not 0 < len(wanted) <= SYMBOLS_MOST or any(len(each) > 20 for each in wanted):
        raise BadInput(
            f"{len(wanted)} symbols cannot be streamed.",
            hint=f"Name 1 to {SYMBOLS_MOST}, such as AAPL.",
        )
    running = [row for row in tape.feeds(work, limit=200) if row.stopped_at is None]
    if any(row.provider == provider for row in running) and provider != Replay.name:
        raise BadInput(
            f"{title_of(provider)} is streamed already, and allows one connection.",
            hint="Stop that feed first, and start one with all the symbols.",
        )
    if len(running) >= FEEDS_MOST:
        raise BadInput(f"{FEEDS_MOST} feeds run already.", hint="Stop one that nobody needs.")
    service = checked(hours) if hours else _usual_hours(provider, wanted)
    row = FeedRow(
        id=new_id(), provider=provider, symbols=list(wanted), hours=service.terms,
        created_at=work.now_micros, created_by=work.caller.actor, stopped_at=None, token=0,
        holder="", held_until=0, led_at=0, why="", last_at=0, received_at=0, marks={}, ticks=0,
    )  # fmt: skip
    work.add_all([row])
    work.session.flush()
    work.note(f"feed:{row.id}", provider=provider, symbols=list(wanted))
    return row


@verb("feed.stop")
def stop_feed(work: Work, feed_id: str) -> None:
    """Take a feed in no more; what stands on its tape stays until its time is over."""
    row = tape.feed(work, feed_id)
    if row.stopped_at is None:
        row.stopped_at = work.now_micros
    work.note(f"feed:{row.id}", provider=row.provider, ticks=row.ticks)


@view("routing.read")
def read_feeds(work: Work, *, limit: int = 50) -> list[Feed]:
    """The feeds, each with its leader's state, its gaps and whether it is silent."""
    check_page(limit)
    return [_standing(work, row) for row in tape.feeds(work, limit=limit)]


@view("routing.read")
def read_ticks(work: Work, feed_id: str, *, limit: int = 50) -> list[dict[str, Any]]:
    """The newest ticks of a feed, the newest first."""
    check_page(limit)
    return tape.newest_ticks(work, tape.feed(work, feed_id).id, limit=limit)


def _standing(work: Work, row: FeedRow) -> Feed:
    counted = tape.minutes(work, row.id)
    state, why = "live", ""
    if row.stopped_at is not None:
        state = "stopped"
    elif row.held_until <= work.now_micros or row.why:
        state, why = "waiting", row.why or "no process takes it in at the moment"
    elif told := silence(
        counted,
        last_at=row.received_at,
        since=row.led_at,
        now=work.now,
        hours=Service.of(row.hours),
    ):
        state, why = "silent", told
    return Feed(
        row=row,
        title=title_of(row.provider),
        state=state,
        why=why,
        gaps=tape.gaps(work, row.id),
        minutes=counted,
    )


def streaming(work: Work) -> dict[str, Streaming]:
    """The providers whose stream the tenant can take in."""
    able = askable(work).items()
    found: Any = {name: each for name, each in able if Capability.STREAM in each.capabilities}
    return found


def _usual_hours(provider: str, symbols: Sequence[str]) -> Service:
    invented = provider == Replay.name or set(symbols) <= {"FAKEPACA"}
    return ALWAYS if invented else US_MARKET


# --- taking it in ---------------------------------------------------------------------------------


@view("job.prepare")
def wanted_feeds(work: Work) -> list[str]:
    """The feeds that nobody leads, by their ids."""
    rows = tape.feeds(work, limit=FEEDS_MOST)
    return [row.id for row in rows if row.stopped_at is None and row.held_until <= work.now_micros]


@verb("feed.keep", audited=False)
def take_lead(work: Work, feed_id: str, holder: str) -> tuple[tape.Lead, Streaming] | None:
    """Lead a feed that nobody leads, with its provider; None where another process does.

    A leader that goes on leading, or leads again, is no act: the log tells of a change alone.
    """
    lead = tape.taken_lead(work, feed_id, holder)
    if lead is None:
        return None
    if lead.taken_from is not None:
        _lead(work, lead, holder)
    provider = streaming(work).get(lead.provider)
    if provider is None:
        tape.give_up(work, lead, "its provider lacks a key", again_at=_again(work, 5))
        return None
    if isinstance(provider, Alpaca) and set(lead.symbols) <= {"FAKEPACA"}:
        provider = provider.of_feed(TEST_FEED)
    return lead, provider


@verb("feed.lead")
def _lead(work: Work, lead: tape.Lead, holder: str) -> None:
    """Another process leads the feed than before, or the first one does."""
    work.note(
        f"feed:{lead.feed_id}",
        provider=lead.provider,
        symbols=list(lead.symbols),
        process=holder,
        taken_from=lead.taken_from,
    )


@verb("feed.keep", audited=False)
def keep_ticks(work: Work, lead: tape.Lead, ticks: Sequence[Tick]) -> int:
    """Write what came, and stay its leader; LeadLost where another process leads by now."""
    return tape.append(work, lead, ticks)


@verb("feed.keep", audited=False)
def end_lead(work: Work, lead: tape.Lead, why: str, *, tries: int = 0) -> None:
    """Leave a feed to the next one: at once when this process ends, else after a while."""
    tape.give_up(work, lead, why, again_at=_again(work, tries) if why else 0)


def _again(work: Work, tries: int) -> int:
    """When it is tried again: a random part of a time that doubles with each try."""
    longest = min(AGAIN_S * 2.0**tries, AGAIN_S_MOST)
    return work.now_micros + round(1e6 * (AGAIN_S + random.random() * longest))  # noqa: S311


def follow(
    store: Store,
    caller: Caller,
    feed_id: str,
    *,
    holder: str,
    stopped: threading.Event,
    tries: int = 0,
    now: Callable[[], datetime | None] = lambda: None,
) -> int:
    """Takes a feed in until its stream or this process ends or another leads.

    How many connections in a row have brought nothing by then: the more, the longer the next wait.
    """
    with unit_of_work(caller, store, now()) as work:
        taken = take_lead(work, feed_id, holder)
    if taken is None:
        return tries
    lead, provider = taken

    def keep(ticks: Sequence[Tick]) -> int:
        with unit_of_work(caller, store, now()) as work:
            return keep_ticks(work, lead, ticks)

    try:
        why = asyncio.run(_taken_in(lead, provider, keep, stopped))
        tries = 0 if lead.newer else tries + 1
        with unit_of_work(caller, store, now()) as work:
            end_lead(work, lead, why, tries=tries)
    except LeadLost:
        return 0
    return tries


async def _taken_in(
    lead: tape.Lead,
    provider: Streaming,
    keep: Callable[[Sequence[Tick]], int],
    stopped: threading.Event,
) -> str:
    """Writes what the stream tells, each second; why it ended, nothing where we were to stop."""
    waiting: asyncio.Queue[Tick] = asyncio.Queue(WAITING_MOST)

    async def listen() -> None:
        async for tick in provider.stream(lead.symbols, since=lead.since):
            await waiting.put(tick)

    listener = asyncio.create_task(listen())
    try:
        while True:
            await asyncio.wait([listener], timeout=FLUSH_S)
            ended = listener.done()  # before the last look at what waits: nothing comes after it
            ticks = [waiting.get_nowait() for _ in range(waiting.qsize())]
            await asyncio.to_thread(keep, ticks)
            if stopped.is_set():
                return ""
            if ended:
                return _ended(listener, provider)
    finally:
        listener.cancel()


def _ended(listener: asyncio.Task[None], provider: Streaming) -> str:
    try:
        listener.result()
    except ValorError as error:
        return str(error)
    return f"{provider.title} ended its stream"
