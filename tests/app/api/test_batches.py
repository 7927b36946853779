"""Batches over the API: computed beside the server, which hands over database and caller."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from app.compute import RUNS
from tests.app.api.asking import once, refusal
from tests.app.awaiting import awaited
from tests.workbench.test_batches import ALL
from valor_core.coverage.batches import in_figures
from valor_core.models.codec import dump
from valor_core.workbench.batches import value_all
from valor_core.workbench.verb import open_work


@pytest.fixture
def analyst(book, client) -> Iterator[TestClient]:
    yield client(book.acme.analyst)
    RUNS.close()


def test_the_process_beside_sees_what_the_caller_sees_on_either_database(analyst, book):
    made = analyst.post("/batches", json={"policy": dump(ALL)}, headers=once())

    assert made.status_code == 202, made.text
    awaited(made.json()["id"])
    told = analyst.get(f"/computations/{made.json()['id']}").json()
    with open_work(book.acme.analyst) as work:
        assert told["result"] == in_figures(ALL, value_all(work, ALL))
    assert told["result"]["valued"] == 17
    unknown = {"policy": {"model": "nosuch"}}
    assert refusal(analyst.post("/batches", json=unknown, headers=once("l"))) == (404, "not_found")
