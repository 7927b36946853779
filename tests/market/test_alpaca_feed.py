"""Alpaca's stream through its leader: let in, cut off, tried again later, and the gap between."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from app.fault_server import Fault
from app.fault_streams import StreamServer, Trade, streaming
from tests.conftest import ONLY_SQLITE
from valor_core.store.work import unit_of_work
from valor_core.values import from_micros
from valor_core.workbench import feeds

BEGIN = datetime(2024, 1, 2, 15, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
KEY = "id0:s3cret"


def trades(first: int, last: int) -> list[Trade]:
    """One a second, from one second after the beginning to another."""
    return [(BEGIN + n * SECOND, 100.0 + n) for n in range(first, last + 1)]


class Leading:
    """A process that takes the feed in, by a clock that only goes when it is told."""

    def __init__(self, store, tenant) -> None:
        self.store, self.tenant, self.now, self.tries = store, tenant, BEGIN, 0
        with unit_of_work(tenant.admin, store, BEGIN) as work:
            self.feed_id = feeds.start_feed(work, "alpaca", ["fakepaca"]).id

    def follow(self, holder: str = "one") -> None:
        self.tries = feeds.follow(
            self.store, self.tenant.analyst, self.feed_id, holder=holder,
            stopped=threading.Event(), tries=self.tries, now=lambda: self.now,
        )  # fmt: skip

    def told(self) -> feeds.Feed:
        with unit_of_work(self.tenant.viewer, self.store, self.now) as work:
            return feeds.read_feeds(work)[0]

    def waits_s(self) -> float:
        return (from_micros(self.told().row.held_until) - self.now).total_seconds()


@pytest.fixture
def set_up(monkeypatch):
    def at(server: StreamServer) -> None:
        monkeypatch.setenv("VALOR_ALPACA_STREAM_URL", server.url)
        monkeypatch.setenv("VALOR_ALPACA_KEY", KEY)
        monkeypatch.setenv("VALOR_DATA_LOOPBACK", "1")

    return at


def test_a_stream_that_was_cut_off_is_taken_up_again_later_and_the_gap_has_its_cause(
    store, acme, set_up
):
    with streaming([trades(0, 4), trades(30, 31)], key=KEY) as server:
        set_up(server)
        feed = Leading(store, acme)
        feed.follow()
        cut = feed.told()
        assert (cut.row.ticks, cut.state, cut.why) == (5, "waiting", "Alpaca could not be reached.")
        assert 1.0 <= feed.waits_s() <= 2.0
        feed.follow("two")
        assert feed.told().row.ticks == 5, "nobody takes it up before its time"

        feed.now += timedelta(minutes=1)
        feed.follow("two")

    assert list(server.asked)[:2] == [
        {"action": "auth", "key": "id0", "secret": "s3cret"},
        {"action": "subscribe", "trades": ["FAKEPACA"]},
    ]
    told = feed.told()
    (gap,) = told.gaps
    assert told.row.ticks == 7
    assert from_micros(gap.began_at) == BEGIN + 4 * SECOND
    assert from_micros(gap.ended_at) == BEGIN + 30 * SECOND
    assert gap.why == "Alpaca could not be reached."


@ONLY_SQLITE
def test_each_connection_that_brings_nothing_is_followed_by_a_longer_wait_until_one_does(
    store, acme, set_up
):
    waits = []
    with streaming([trades(0, 1)], key=KEY) as server:
        set_up(server)
        feed = Leading(store, acme)
        for fault in (Fault.DENY, Fault.THROTTLE, Fault.GARBAGE, Fault.RESET, Fault.NONE):
            server.fault = fault
            feed.follow()
            waits.append((feed.tries, feed.told().why))
            assert feed.waits_s() <= 1.0 + 2.0**feed.tries
            feed.now += timedelta(minutes=1)

    assert waits == [
        (1, "Alpaca does not accept the key."),
        (2, "Alpaca asks for fewer questions."),
        (3, "Alpaca sent an answer that cannot be read: its shape is not the documented one."),
        (4, "Alpaca could not be reached."),
        (0, "Alpaca could not be reached."),
    ]
    assert "s3cret" not in "".join(why for _, why in waits)


@ONLY_SQLITE
def test_a_stream_is_expected_to_speak_in_the_hours_of_its_market(store, acme, set_up):
    with streaming([], key=KEY) as server:
        set_up(server)
        with unit_of_work(acme.admin, store, BEGIN) as work:
            feeds.start_feed(work, "alpaca", ["AAPL"])
            feeds.start_feed(work, "replay", ["AAPL"])
    with unit_of_work(acme.viewer, store, BEGIN) as work:
        found = {each.title: each.hours for each in feeds.read_feeds(work)}
    assert found == {"Alpaca": feeds.US_MARKET, "Replay": feeds.ALWAYS}
