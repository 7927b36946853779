"""A process that takes in a feed is killed: another one goes on, with no tick lost or doubled."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jobs.feeding import Feeding
from tests.moulds import Tenant
from valor_core.market import tape
from valor_core.market.tape import LEASE
from valor_core.settings import ROOT
from valor_core.store.engines import Store
from valor_core.values import micros, utc_now
from valor_core.workbench import feeds
from valor_core.workbench.verb import open_work


@contextmanager
def another_process(store: Store, tenant: Tenant) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.faults.leading", store.url, tenant.id]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | {"CI": ""}) as process:
        try:
            yield process
        finally:
            process.kill()


def until(holds: Callable[[], bool]) -> None:
    """What never holds ends the test; how long a takeover takes is the lease's to say."""
    end = time.monotonic() + 60.0
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_after_a_kill_another_process_goes_on_within_seconds_and_the_tape_is_whole(store, acme):
    with open_work(acme.admin) as work:
        feed_id = feeds.start_feed(work, "replay", ["KO"]).id

    def ticks() -> int:
        with open_work(acme.viewer) as work:
            return tape.feed(work, feed_id).ticks

    with another_process(store, acme) as process:
        until(lambda: ticks() > 1)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    stopped, before = threading.Event(), ticks()
    with open_work(acme.viewer) as work:
        lease_ends = tape.feed(work, feed_id).held_until
    assert lease_ends <= micros(utc_now() + LEASE)
    until(lambda: micros(utc_now()) > lease_ends)
    own = Feeding(store, stopped)
    assert own.look([acme.id]) == 1, "the first look after the lease takes it up"
    until(lambda: ticks() > before)
    stopped.set()
    own.end()

    with open_work(acme.viewer) as work:
        (told,) = feeds.read_feeds(work)
        newest = [each["seq"] for each in feeds.read_ticks(work, feed_id, limit=200)]
    assert list(told.gaps) == []
    assert newest == list(range(newest[0], newest[0] - len(newest), -1)), "each second, once"
    assert told.row.token == 2
