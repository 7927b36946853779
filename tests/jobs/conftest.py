"""A tenant with the shared book of real companies at hand and a snapshot to stand on."""

import pytest

from tests.conftest import World
from valor_core.store.tables import SnapshotRow
from valor_core.workbench.demo import seed_demo
from valor_core.workbench.verb import open_work


@pytest.fixture
def book(world: World) -> World:
    seed_demo(world.store)
    with open_work(world.acme.analyst, world.store) as work:
        work.begin_writing()
        row = SnapshotRow(
            id="5" * 64, manifest="{}", facts_n=0, valuations_n=0,
            created_at=work.now_micros, created_by=work.caller.actor,
        )  # fmt: skip
        work.add_all([row])
    return world
