"""A feed's tape: one leader, no tick twice, no gap that is not told; laws over many takeovers."""

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis.strategies import integers, lists

from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from valor_core.audit import log
from valor_core.errors import BadInput
from valor_core.market import tape
from valor_core.market.series import Tick
from valor_core.market.tape import LEASE, Lead, LeadLost
from valor_core.sla.hours import Service
from valor_core.sla.records import MINUTE
from valor_core.sla.rhythm import silence
from valor_core.store.engines import Store
from valor_core.store.work import unit_of_work
from valor_core.values import micros
from valor_core.workbench import feeds

BEGIN = datetime(2024, 1, 2, 15, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def a_tick(n: int, symbol: str = "KO") -> Tick:
    """The n-th tick of a symbol: two of them share each second."""
    at = BEGIN + (n // 2) * SECOND
    return Tick(symbol=symbol, price=60.0, size=1.0, at=at, received_at=at, source="replay", seq=n)


def a_lead(**marks: tape.Mark) -> Lead:
    return Lead(feed_id="f", provider="replay", symbols=("KO",), token=1, marks=marks)


@given(lists(integers(0, 40), min_size=1, max_size=8))
def test_however_often_a_stream_begins_again_each_tick_stands_on_the_tape_once(restarts):
    """It is cut after some ticks, and each time told again from anywhere before."""
    marks: dict[str, tape.Mark] = {}
    written: list[int] = []
    for cut in [*restarts, 41]:
        lead = a_lead(**marks)
        told = range(min(len(written), max(cut - 10, 0)), cut)
        written += [tick.seq for tick in lead.fresh([a_tick(n) for n in told])]
        marks = lead.marks

    assert written == list(range(41))


def test_a_late_trade_of_a_stream_that_goes_on_is_kept():
    lead = a_lead(KO=(micros(BEGIN), [0]))

    fresh = lead.fresh([a_tick(0), a_tick(6), a_tick(4)])

    assert [tick.seq for tick in fresh] == [6, 4]
    assert lead.covered, "the newest of the tape came again: nothing was missed"


def started(acme: Tenant, store: Store) -> str:
    with unit_of_work(acme.admin, store, BEGIN) as work:
        return feeds.start_feed(work, "replay", ["KO"]).id


def led(acme: Tenant, store: Store, feed_id: str, holder: str, at: datetime) -> Lead | None:
    with unit_of_work(acme.analyst, store, at) as work:
        taken = feeds.take_lead(work, feed_id, holder)
    return taken[0] if taken else None


def append(acme: Tenant, store: Store, lead: Lead, ticks: Sequence[Tick], at: datetime) -> int:
    with unit_of_work(acme.analyst, store, at) as work:
        return feeds.keep_ticks(work, lead, ticks)


def standing(acme: Tenant, store: Store, at: datetime) -> feeds.Feed:
    with unit_of_work(acme.viewer, store, at) as work:
        return feeds.read_feeds(work)[0]


def test_one_process_leads_and_who_lost_the_lead_writes_nothing_more(store, acme):
    feed_id = started(acme, store)
    first = led(acme, store, feed_id, "one", BEGIN)
    assert first is not None
    assert led(acme, store, feed_id, "two", BEGIN + SECOND) is None
    append(acme, store, first, [a_tick(0), a_tick(1)], BEGIN + SECOND)

    later = BEGIN + SECOND + LEASE
    second = led(acme, store, feed_id, "two", later)

    assert second is not None, "the first has not been heard of for the time of its lease"
    with pytest.raises(LeadLost):
        append(acme, store, first, [a_tick(2)], later)
    assert append(acme, store, second, [a_tick(1), a_tick(2)], later) == 1
    told = standing(acme, store, later)
    assert (told.state, told.row.ticks, list(told.gaps)) == ("live", 3, [])
    with unit_of_work(acme.viewer, store, later) as work:
        assert [each["seq"] for each in feeds.read_ticks(work, feed_id)] == [2, 1, 0]


def test_a_change_of_leader_is_in_the_log_and_one_that_goes_on_or_leads_again_is_not(store, acme):
    feed_id = started(acme, store)
    first = led(acme, store, feed_id, "one", BEGIN)
    assert first
    append(acme, store, first, [a_tick(0)], BEGIN)
    with unit_of_work(acme.analyst, store, BEGIN) as work:
        feeds.end_lead(work, first, "Replay ended its stream")
    assert led(acme, store, feed_id, "one", BEGIN + timedelta(minutes=1))
    assert led(acme, store, feed_id, "two", BEGIN + timedelta(minutes=2))

    with unit_of_work(acme.admin, store) as work:
        entries = log.entries(work, action="feed.lead")
    told = [json.loads(entry.payload or b"{}") for entry in reversed(entries)]
    assert [(each["taken_from"], each["process"]) for each in told] == [("", "one"), ("one", "two")]
    assert {entry.target for entry in entries} == {f"feed:{feed_id}"}


def test_what_a_provider_does_not_tell_again_is_a_gap_with_its_cause(store, acme):
    feed_id = started(acme, store)
    first = led(acme, store, feed_id, "one", BEGIN)
    assert first
    append(acme, store, first, [a_tick(0)], BEGIN)
    with unit_of_work(acme.analyst, store, BEGIN + SECOND) as work:
        feeds.end_lead(work, first, "Alpaca could not be reached.")
    assert standing(acme, store, BEGIN + SECOND).why == "Alpaca could not be reached."

    later = BEGIN + timedelta(minutes=1)
    second = led(acme, store, feed_id, "one", later)
    assert second
    append(acme, store, second, [a_tick(100)], later)

    (gap,) = standing(acme, store, later).gaps
    assert (gap.began_at, gap.ended_at) == (micros(BEGIN), micros(a_tick(100).at))
    assert gap.why == "Alpaca could not be reached."


def test_a_stopped_feed_ends_its_leader_and_stays_to_be_read(store, acme):
    feed_id = started(acme, store)
    lead = led(acme, store, feed_id, "one", BEGIN)
    assert lead
    with unit_of_work(acme.admin, store, BEGIN) as work:
        feeds.stop_feed(work, feed_id)

    with pytest.raises(LeadLost):
        append(acme, store, lead, [a_tick(0)], BEGIN)
    assert standing(acme, store, BEGIN).state == "stopped"
    assert led(acme, store, feed_id, "two", BEGIN + timedelta(hours=1)) is None


@ONLY_SQLITE
def test_over_random_deaths_and_takeovers_the_tape_is_whole_and_its_leaders_follow_each_other(
    store, acme
):
    chance, now = random.Random(7), BEGIN
    feed_id, leads, told = started(acme, store), {}, 0
    heard: dict[int, int] = {}  # how far each connection has told, by its lead's token
    for _ in range(150):
        now += timedelta(seconds=chance.choice([0.5, 1.0, 6.0]))
        holder = chance.choice(["one", "two", "three"])
        lead = leads.get(holder) or led(acme, store, feed_id, holder, now)
        if lead is None:
            continue
        leads[holder] = lead
        told += chance.randrange(4)
        since = heard.get(lead.token, 0)  # a new connection tells all again
        heard[lead.token] = told
        try:
            append(acme, store, lead, [a_tick(n) for n in range(since, told)], now)
        except LeadLost:
            del leads[holder]
        if chance.random() < 0.2:
            leads.pop(holder, None)  # killed: it says nothing more

    with unit_of_work(acme.viewer, store, now) as work:
        assert not tape.gaps(work, feed_id)
        row = tape.feed(work, feed_id)
        chunks = work.session.scalars(
            tape.select(tape.FeedChunkRow).order_by(tape.FeedChunkRow.first)
        )
        written = [tick["seq"] for chunk in chunks for tick in tape.read(chunk)]
    assert written == sorted(set(written)), "none twice"
    assert len(written) == row.ticks > 50


@pytest.mark.parametrize(
    ("provider", "symbols"), [("tiingo", ["KO"]), ("replay", [" "]), ("replay", ["K" * 21])]
)
@ONLY_SQLITE
def test_a_stream_without_provider_or_symbols_is_refused(store, acme, provider, symbols):
    with pytest.raises(BadInput), unit_of_work(acme.admin, store, BEGIN) as work:
        feeds.start_feed(work, provider, symbols)


# --- silence --------------------------------------------------------------------------------------

NEW_YORK = Service(zone="America/New_York", weekdays=(0, 1, 2, 3, 4), opens="09:30", closes="16:00")


def minutes(count: int, each: int) -> dict[int, int]:
    """Ticks of the minutes up to BEGIN, 10:00 in New York."""
    return {micros(BEGIN) - n * MINUTE: each for n in range(1, count + 1)}


def told(counted: dict[int, int], *, last_s: float, now: datetime = BEGIN) -> str:
    return silence(
        counted, last_at=micros(now) - round(last_s * 1e6), since=micros(now) - 3_600_000_000,
        now=now, hours=NEW_YORK,
    )  # fmt: skip


def test_a_feed_is_silent_once_it_misses_twenty_ticks_of_its_own_rhythm():
    busy, calm = minutes(10, 120), minutes(10, 2)

    assert told(busy, last_s=9.0) == told(calm, last_s=500.0) == ""
    assert (
        told(busy, last_s=11.0) == "nothing came since 14:59:49 UTC, where 120 a minute are usual"
    )
    assert told(calm, last_s=700.0).startswith("nothing came since")


def test_a_feed_that_trickles_is_silent_though_something_came_a_moment_ago():
    trickling = minutes(10, 120) | minutes(2, 10)

    assert told(trickling, last_s=0.5) == (
        "20 ticks came in the last 2 minutes, where 120 a minute are usual"
    )


def test_outside_its_hours_and_just_after_they_began_a_feed_may_be_silent():
    night, opening = BEGIN + timedelta(hours=12), BEGIN.replace(hour=14, minute=30, second=5)

    assert told(minutes(10, 120), last_s=40_000.0, now=night) == ""
    assert told(minutes(10, 120), last_s=60_000.0, now=opening) == ""


def test_a_feed_without_a_rhythm_is_silent_after_five_minutes():
    assert told({}, last_s=299.0) == ""
    assert told({}, last_s=360.0) == "nothing came for 6 minutes since it was connected"
