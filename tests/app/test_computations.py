"""Computations of a server that ends: told as interrupted, and begun again to the same bytes."""

from collections.abc import Iterator

import pytest

from app.computations import COMPUTATIONS
from app.compute import RUNS, RunAtWork
from tests.app.awaiting import awaited
from tests.books import KO, stated
from tests.conftest import ONLY_SQLITE, World
from tests.models.simulation.sound import a_plan
from valor_core.coverage.computations import Computation, Status
from valor_core.models.simulation.kept import study_of
from valor_core.models.simulation.study import study
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE
PLAN = a_plan(drivers=a_plan().drivers[3:4], correlations=(), scenarios=512)


@pytest.fixture
def world_at_work(book) -> Iterator[World]:
    yield book
    RUNS.close()


def begun(world: World) -> str:
    with open_work(world.acme.analyst) as work:
        return COMPUTATIONS.simulate(work, KO, stated(world.acme.analyst)[0], PLAN)


def found(world: World, made: str) -> Computation:
    with open_work(world.acme.analyst) as work:
        return COMPUTATIONS.found(work, made)


def test_what_ran_when_the_server_ended_is_interrupted_and_begins_again_with_its_seed(
    world_at_work,
):
    made = begun(world_at_work)
    with pytest.raises(RunAtWork):
        begun(world_at_work)

    RUNS.close()  # as the server does at its end

    assert found(world_at_work, made).status is Status.INTERRUPTED
    with open_work(world_at_work.acme.analyst) as work:
        again = COMPUTATIONS.begin_again(work, made)
    awaited(again)
    told = found(world_at_work, again)
    expected = study(stated(world_at_work.acme.analyst)[0], PLAN, lambda _: None)
    assert told.status is Status.SUCCEEDED
    assert told.outcome is not None
    kept = study_of(told.outcome, PLAN)
    assert kept is not None
    line = expected.summary.column
    assert kept.simulation.run_id == expected.simulation.run_id
    assert kept.simulation.column(line).tobytes() == expected.simulation.column(line).tobytes()
    assert kept.summary == expected.summary
    assert (kept.indices, kept.ranked) == (expected.indices, expected.ranked)
    assert [leg.values for leg in kept.tornado.legs] == [
        leg.values for leg in expected.tornado.legs
    ]
