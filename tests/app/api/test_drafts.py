import pytest

from tests.app.api.asking import bring, refusal
from tests.books import ACME_2023, table
from tests.conftest import ONLY_SQLITE

pytestmark = ONLY_SQLITE
DRAFT = "/companies/ACME/drafts/dcf"


@pytest.fixture
def analyst(acme, client):
    bring(client(acme.analyst), table(ACME_2023))
    return client(acme.analyst)


def on(version: int | str) -> dict[str, str]:
    return {"If-Match": f'"v{version}"'}


def put(analyst, step: int, version: int):
    return analyst.put(DRAFT, json={"content": {"step": step}}, headers=on(version))


def test_a_draft_is_made_changed_and_dropped_on_the_version_that_was_read(analyst):
    assert refusal(analyst.get(DRAFT)) == (404, "not_found")
    assert put(analyst, 1, 0).headers["etag"] == '"v1"'
    assert put(analyst, 2, 1).headers["etag"] == '"v2"'

    read = analyst.get(DRAFT)
    assert read.headers["etag"] == '"v2"'
    assert read.json()["content"] == {"step": 2}
    assert (read.json()["undo_steps"], read.json()["redo_steps"]) == (1, 0)
    assert analyst.delete(DRAFT, headers=on(2)).status_code == 204
    assert refusal(analyst.get(DRAFT)) == (404, "not_found")


def test_a_step_back_that_is_sent_twice_is_taken_once(analyst):
    for step in range(3):
        put(analyst, step, step)

    undone = analyst.post(f"{DRAFT}/undo", headers=on(3))
    again = analyst.post(f"{DRAFT}/undo", headers=on(3))
    redone = analyst.post(f"{DRAFT}/redo", headers=on(4))

    assert (undone.json()["content"], undone.headers["etag"]) == ({"step": 1}, '"v4"')
    assert refusal(again) == (412, "stale_draft")
    assert (redone.json()["content"], redone.headers["etag"]) == ({"step": 2}, '"v5"')


CHANGES = [("PUT", DRAFT), ("DELETE", DRAFT), ("POST", f"{DRAFT}/undo"), ("POST", f"{DRAFT}/redo")]


@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_every_change_says_which_version_it_was_made_on(analyst, method, path):
    put(analyst, 1, 0)
    put(analyst, 2, 1)
    body = {"content": {"step": 9}} if method == "PUT" else None

    for headers in ({}, {"If-Match": ""}, {"If-Match": "*"}, {"If-Match": 'W/"v2"'}, on("two")):
        answer = analyst.request(method, path, json=body, headers=headers)
        assert refusal(answer) == (428, "if_match_missing")
    for stale in (0, 1, 3):
        answer = analyst.request(method, path, json=body, headers=on(stale))
        assert refusal(answer) == (412, "stale_draft")
        assert f"at version 2, not {stale}" in answer.json()["detail"]

    assert analyst.get(DRAFT).json()["content"] == {"step": 2}


def test_a_read_of_the_version_at_hand_brings_nothing(analyst):
    put(analyst, 1, 0)

    for held in ('"v1"', 'W/"v1"', '"v0", "v1"', "*"):
        answer = analyst.get(DRAFT, headers={"If-None-Match": held})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == '"v1"'
    put(analyst, 2, 1)
    assert analyst.get(DRAFT, headers={"If-None-Match": '"v1"'}).json()["content"] == {"step": 2}


def test_a_draft_is_its_authors_alone(acme, rival, client, analyst):
    put(analyst, 1, 0)

    assert refusal(client(acme.admin).get(DRAFT)) == (404, "not_found")
    assert refusal(client(rival.analyst).get(DRAFT)) == (404, "not_found")
    assert refusal(client(acme.viewer).get(DRAFT)) == (403, "access_denied")


def test_steps_where_there_is_no_draft_are_not_found(analyst):
    for step in ("undo", "redo"):
        assert refusal(analyst.post(f"{DRAFT}/{step}", headers=on(0))) == (404, "not_found")
