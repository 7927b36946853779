"""Simulations over the API: begun, followed, ended."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import CancelledError
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.compute import RUNS
from tests.app.api.asking import once, refusal
from tests.app.awaiting import awaited
from tests.app.endless import begun
from tests.books import stated
from tests.conftest import ONLY_SQLITE
from tests.models.simulation.sound import a_plan
from valor_core.models.codec import dump
from valor_core.models.simulation.kept import drawn
from valor_core.models.simulation.plan import Event, simulation_id

pytestmark = ONLY_SQLITE
PATH = "/companies/KO/simulations"


@pytest.fixture
def analyst(book, client) -> Iterator[TestClient]:
    yield client(book.acme.analyst)
    RUNS.close()


@pytest.fixture
def dcf(book) -> Any:
    return stated(book.acme.analyst)[0]


def test_a_simulation_is_followed_to_the_result_that_the_engine_gives_by_itself(analyst, dcf, book):
    cash_is_burnt = Event(line="fcff", threshold=0.0)
    inputs, plan = (
        dcf,
        a_plan(
            drivers=a_plan().drivers[3:4], correlations=(), scenarios=512, events=(cash_is_burnt,)
        ),
    )
    body = {"inputs": dump(inputs), "plan": dump(plan)}

    answer = analyst.post(PATH, json=body, headers=once())
    again = analyst.post(PATH, json=body, headers=once())

    assert answer.status_code == 202, answer.text
    assert again.json() == answer.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    asked = f"/computations/{answer.json()['id']}"
    expected, raw = drawn(inputs, plan, lambda _: None)
    draws = f"/files/{hashlib.sha256(raw).hexdigest()}"
    expected |= {"draws": f"/api/v1{draws}"}
    awaited(answer.json()["id"])
    assert analyst.get(draws).content == raw
    told = analyst.get(asked).json()
    assert (told["status"], told["done"], told["result"]) == ("succeeded", 1.0, expected)
    assert told["result"]["run_id"] == simulation_id(inputs, plan)
    assert analyst.delete(asked).status_code == 204
    assert analyst.get(asked).json() == told


def test_one_at_a_time_and_a_cancelled_one_says_so(analyst, dcf, book):
    run = begun(RUNS, f"{book.acme.id}:{book.acme.analyst.user_id}")
    body = {
        "inputs": dump(dcf),
        "plan": dump(a_plan(drivers=a_plan().drivers[:1], correlations=())),
    }

    assert refusal(analyst.post(PATH, json=body, headers=once())) == (409, "run_at_work")
    run.cancel()
    with pytest.raises(CancelledError):
        run.result()
    made = analyst.post(PATH, json=body, headers=once()).json()
    assert analyst.delete(f"/computations/{made['id']}").status_code == 204
    awaited(made["id"])

    told = analyst.get(f"/computations/{made['id']}").json()
    assert (told["status"], told["result"], told["refusal"]) == ("cancelled", None, None)


def test_what_cannot_be_simulated_is_refused_before_it_begins(analyst, dcf):
    plan = dump(a_plan())
    sound = {"inputs": dump(dcf), "plan": plan}
    for change, code in (
        ({"model": "nosuch"}, (404, "not_found")),
        ({"plan": {**plan, "scenarios": 1_000_001}}, (422, "size_out_of_range")),
        ({"plan": {**plan, "columns": ["fcff"]}}, (422, "not_one_number")),
        ({"plan": {**plan, "columns": ["value_per_share"] * 2}}, (422, "columns_unusable")),
        ({"plan": {**plan, "events": [{"line": "fcff.no", "threshold": 0}]}}, (404, "not_found")),
        ({"plan": {**plan, "drivers": []}}, (422, "drivers_unusable")),
        ({"inputs": {}}, (422, "bad_inputs")),
    ):
        answer = analyst.post(PATH, json=sound | change, headers=once())
        assert refusal(answer) == code, change
    unknown = analyst.post(PATH.replace("KO", "NOSUCH"), json=sound, headers=once())
    assert refusal(unknown) == (404, "not_found")
    assert not RUNS._of


def test_a_refusal_on_the_way_is_told_with_its_way_out(analyst, dcf, book):
    drivers = [{"path": "nosuch", "distribution": {"kind": "uniform", "low": 0, "high": 1}}]
    body = {"inputs": dump(dcf), "plan": {"drivers": drivers, "scenarios": 64}}

    made = analyst.post(PATH, json=body, headers=once()).json()
    awaited(made["id"])

    told = analyst.get(f"/computations/{made['id']}").json()
    assert told["status"] == "failed"
    assert told["refusal"]["hint"]
