"""Work is the same wherever it runs: here, in processes of this machine, on a Dask cluster."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis.strategies import integers, lists

from tests.compute.cluster import cluster
from tests.compute.pieces import (
    always_killed,
    begun,
    refused,
    squared,
    squared_by_a_survivor,
    whose,
)
from tests.models.simulation.sound import a_plan
from tests.models.sound import a_dcf
from tests.moulds import Holding, Mould, closing
from tests.workbench.test_batches import ALL
from valor_core.compute import executors
from valor_core.compute.executors import ClusterNotReached, executor, spread
from valor_core.compute.processes import Processes, WorkLost
from valor_core.models.refusals import GrowthNotBelowWacc
from valor_core.models.simulation.draws import Sampler
from valor_core.models.simulation.plan import CHUNK, CHUNKS_OF_A_TASK
from valor_core.models.simulation.running import Simulation, simulate
from valor_core.settings import BadSetting
from valor_core.store.engines import Store
from valor_core.workbench import batches
from valor_core.workbench.verb import open_work

KINDS = "serial", "process", "dask"
ELSEWHERE = KINDS[1:]
PLAN = a_plan(scenarios=(CHUNKS_OF_A_TASK + 1) * CHUNK, sampler=Sampler.PLAIN)


@pytest.fixture(scope="module")
def book(sqlite_mould: Mould, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with closing(sqlite_mould.opened(tmp_path_factory.mktemp("book"), Holding.BOOK)) as store:
        yield store


@pytest.fixture(scope="module")
def dask(book: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster whose workers find the book by their own settings."""
    file = book.url.removeprefix("sqlite:///")
    with cluster(tmp_path_factory.mktemp("dask"), {"VALOR_DB_PATH": file}) as address:
        yield address


@pytest.fixture
def on(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Work goes to that kind of executor."""
    kind: str = request.param
    named = request.getfixturevalue("dask") if kind == "dask" else kind
    monkeypatch.setenv("VALOR_EXECUTOR", named)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    return kind


everywhere = pytest.mark.parametrize("on", KINDS, indirect=True)
elsewhere = pytest.mark.parametrize("on", ELSEWHERE, indirect=True)


def bytes_of(simulation: Simulation) -> dict[str, bytes]:
    return {name: np.asarray(line).tobytes() for name, line in simulation.columns.items()}


@given(numbers=lists(integers(0, 99), max_size=40))
def test_what_is_spread_comes_back_in_its_order(numbers: list[int]):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VALOR_EXECUTOR", "serial")

        assert list(spread(squared, numbers)) == [squared(each) for each in numbers]


@pytest.fixture(scope="module")
def alone() -> Simulation:
    return simulate(a_dcf(), PLAN)


@everywhere
def test_a_simulation_is_the_same_bytes_on_every_executor(on: str, alone: Simulation):
    told: list[float] = []

    found = simulate(a_dcf(), PLAN, pool=spread, progress=told.append)

    assert bytes_of(found) == bytes_of(alone)
    assert found.refused == alone.refused
    assert told == sorted(told)
    assert told[-1] == 1.0


@everywhere
def test_a_batch_is_the_same_on_every_executor(
    on: str, book: Store, sqlite_mould: Mould, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(batches, "AT_ONCE", 4)
    monkeypatch.setattr(batches, "WORTH_IT", 4)
    who = sqlite_mould.acme.analyst
    told: list[float] = []
    with open_work(who, book) as work:
        alone = batches.value_all(work, ALL)

        assert batches.value_all(work, ALL, told.append, pool=spread) == alone

    assert len(told) > batches.WORTH_IT
    assert told[-1] == 1.0


@elsewhere
def test_the_piece_of_a_killed_worker_is_done_again(on: str, tmp_path: Path):
    tasks = [(str(tmp_path), number) for number in range(8)]

    assert list(spread(squared_by_a_survivor, tasks)) == [squared(n) for _, n in tasks]
    assert (tmp_path / "killed").exists()


@everywhere
def test_who_stops_listening_has_no_further_piece_begun(on: str, tmp_path: Path):
    pieces = spread(begun, ((str(tmp_path), number) for number in range(100)))

    assert next(pieces) == 0
    pieces.close()

    assert len(list(tmp_path.iterdir())) <= 5


@everywhere
def test_a_refusal_comes_back_whole(on: str):
    with pytest.raises(GrowthNotBelowWacc, match=r"9\.00%") as told:
        list(spread(refused, [1]))

    assert told.value.hint


def test_processes_are_gone_once_the_work_is_done(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VALOR_EXECUTOR", "process")
    monkeypatch.setattr(os, "cpu_count", lambda: 2)

    ids = set(spread(whose, range(6)))

    assert os.getpid() not in ids
    for each in ids:
        with pytest.raises(ProcessLookupError):
            os.kill(each, 0)


def test_a_piece_that_kills_every_process_is_given_up():
    pool = Processes(1)
    try:
        with pytest.raises(WorkLost):
            pool.submit(always_killed, 1).result()
        assert pool.submit(squared, 3).result() == 9
    finally:
        pool.shutdown()


def test_an_executor_that_there_is_not_is_refused_with_those_that_there_are(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("VALOR_EXECUTOR", "ray")

    with pytest.raises(BadSetting, match="names no executor"), executor():
        pass


def test_a_cluster_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(executors, "WAITS_S", 0.2)
    monkeypatch.setenv("VALOR_EXECUTOR", "dask:tcp://127.0.0.1:1")

    with pytest.raises(ClusterNotReached, match=r"tcp://127\.0\.0\.1:1 cannot work"), executor():
        pass
