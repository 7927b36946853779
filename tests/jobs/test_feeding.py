"""Who takes in feeds takes in those of every tenant."""

import threading

import pytest

from jobs import feeding
from jobs.feeding import Feeding
from tests.conftest import ONLY_SQLITE, World
from valor_core.workbench import feeds
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE


def test_a_tenant_with_as_many_feeds_as_it_may_have_leaves_room_for_those_of_others(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    for tenant, count in ((world.acme, feeds.FEEDS_MOST), (world.rival, 1)):
        with open_work(tenant.admin, world.store) as work:
            for _ in range(count):
                feeds.start_feed(work, "replay", ["KO"])
    stopped, led = threading.Event(), []

    def lead(_store, caller, _feed_id, **_how) -> int:
        led.append(caller.tenant_id)
        stopped.wait()
        return 0

    monkeypatch.setattr(feeding, "follow", lead)
    own = Feeding(world.store, stopped)

    assert own.look([world.acme.id, world.rival.id]) == feeds.FEEDS_MOST + 1

    stopped.set()
    own.end()
    assert led.count(world.rival.id) == 1
