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


def version_of(answer) -> int:
    return int(answer.headers["etag"].strip('"v'))


def begun(analyst) -> int:
    """The version of a draft that did not exist before."""
    return version_of(put(analyst, 1, 0))


def test_a_draft_is_made_changed_and_dropped_on_the_version_that_was_read(analyst):
    assert refusal(analyst.get(DRAFT)) == (404, "not_found")
    first = begun(analyst)
    assert version_of(put(analyst, 2, first)) == first + 1

    read = analyst.get(DRAFT)
    assert version_of(read) == first + 1
    assert read.json()["content"] == {"step": 2}
    assert (read.json()["undo_steps"], read.json()["redo_steps"]) == (1, 0)
    assert analyst.delete(DRAFT, headers=on(first + 1)).status_code == 204
    assert refusal(analyst.get(DRAFT)) == (404, "not_found")


def test_a_step_back_that_is_sent_twice_is_taken_once(analyst):
    first = begun(analyst)
    put(analyst, 2, first)
    put(analyst, 3, first + 1)

    undone = analyst.post(f"{DRAFT}/undo", headers=on(first + 2))
    again = analyst.post(f"{DRAFT}/undo", headers=on(first + 2))
    redone = analyst.post(f"{DRAFT}/redo", headers=on(first + 3))

    assert (undone.json()["content"], version_of(undone)) == ({"step": 2}, first + 3)
    assert refusal(again) == (412, "stale_draft")
    assert (redone.json()["content"], version_of(redone)) == ({"step": 3}, first + 4)


def test_a_draft_begun_anew_is_no_version_of_the_one_before(analyst):
    first = begun(analyst)
    analyst.delete(DRAFT, headers=on(first))

    assert begun(analyst) > first
    assert refusal(put(analyst, 2, first)) == (412, "stale_draft")


def test_each_model_has_a_draft_of_its_own(analyst):
    begun(analyst)
    other = DRAFT.replace("dcf", "real-option")

    assert refusal(analyst.get(other)) == (404, "not_found")
    made = analyst.put(other, json={"content": {"step": 7}}, headers=on(0)).json()
    assert (made["model"], made["content"]) == ("real_option", {"step": 7})
    assert analyst.get(DRAFT).json()["content"] == {"step": 1}
    assert refusal(analyst.get(DRAFT.replace("dcf", "astrology"))) == (404, "not_found")


CHANGES = [("PUT", DRAFT), ("DELETE", DRAFT), ("POST", f"{DRAFT}/undo"), ("POST", f"{DRAFT}/redo")]


@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_every_change_says_which_version_it_was_made_on(analyst, method, path):
    """G55."""
    first = begun(analyst)
    put(analyst, 2, first)
    body = {"content": {"step": 9}} if method == "PUT" else None

    for headers in ({}, {"If-Match": ""}, {"If-Match": "*"}, {"If-Match": 'W/"v2"'}, on("two")):
        answer = analyst.request(method, path, json=body, headers=headers)
        assert refusal(answer) == (428, "if_match_missing")
    for stale in (0, 1, first, first + 2):
        answer = analyst.request(method, path, json=body, headers=on(stale))
        assert refusal(answer) == (412, "stale_draft")
        assert f"at version {first + 1}, not {stale}" in answer.json()["detail"]

    assert analyst.get(DRAFT).json()["content"] == {"step": 2}


def test_a_read_of_the_version_at_hand_brings_nothing(analyst):
    first = begun(analyst)
    held_now = on(first)["If-Match"]

    for held in (held_now, f"W/{held_now}", f'"v0", {held_now}', "*"):
        answer = analyst.get(DRAFT, headers={"If-None-Match": held})
        assert (answer.status_code, answer.content) == (304, b"")
        assert version_of(answer) == first
    put(analyst, 2, first)
    assert analyst.get(DRAFT, headers={"If-None-Match": held_now}).json()["content"] == {"step": 2}


def test_a_draft_is_its_authors_alone(acme, rival, client, analyst):
    begun(analyst)

    assert refusal(client(acme.admin).get(DRAFT)) == (404, "not_found")
    assert refusal(client(rival.analyst).get(DRAFT)) == (404, "not_found")
    assert refusal(client(acme.viewer).get(DRAFT)) == (403, "access_denied")


def test_steps_where_there_is_no_draft_are_not_found(analyst):
    for step in ("undo", "redo"):
        assert refusal(analyst.post(f"{DRAFT}/{step}", headers=on(0))) == (404, "not_found")
