import logging

import pytest
import structlog

from tests.app.api.asking import once, pages, refusal
from tests.app.things import doubtful_series_of
from tests.conftest import ONLY_SQLITE

pytestmark = ONLY_SQLITE
WANTED = {
    "provider": "replay", "capability": "bars", "symbol": "AAPL",
    "start": "2024-01-02", "end": "2024-01-05",
}  # fmt: skip


def test_a_fetched_series_is_listed_and_read_with_its_rows_and_its_terms(acme, client):
    analyst = client(acme.analyst)
    made = analyst.post("/series", json=WANTED, headers=once())
    again = analyst.post("/series", json=WANTED, headers=once())
    read = client(acme.viewer).get(f"/series/{made.json()['id']}").json()

    assert (made.status_code, again.content) == (201, made.content)
    assert read == made.json()
    assert (read["rows"], len(read["usable"]), read["open_doubts"]) == (4, 4, 0)
    assert (read["synthetic"], read["currency"], read["zone"]) == (True, "USD", "America/New_York")
    assert read["licence"]["redistribution"] is True
    assert [row["id"] for page in pages(analyst, "/series", limit=1) for row in page] == [
        read["id"]
    ]


def test_what_is_in_doubt_is_left_out_until_it_is_accepted(store, acme, client):
    analyst, series_id = client(acme.analyst), doubtful_series_of(store, acme)
    accept = {"days": ["2024-01-02"], "reason": "it is right"}

    before = analyst.get(f"/series/{series_id}").json()
    done = analyst.post(f"/series/{series_id}/acceptances", json=accept, headers=once())
    after = analyst.get(f"/series/{series_id}").json()

    assert (before["open_doubts"], before["usable"]) == (1, [])
    assert [each["reason"] for each in done.json()["accepted"]] == ["it is right"]
    assert (after["open_doubts"], len(after["usable"])) == (0, 1)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"capability": "stream"}, (422, "bad_input")),
        ({"symbol": "../etc"}, (422, "bad_input")),
        ({"end": "2023-01-01"}, (422, "bad_input")),
        ({"provider": "tiingo"}, (422, "bad_input")),
        ({"provider": "nobody"}, (404, "not_found")),
        ({"capability": "fx", "symbol": "EUR"}, (422, "bad_input")),
        ({"adjusted": "dividends"}, (422, "bad_inputs")),
    ],
)
def test_a_series_that_cannot_be_asked_for_is_refused(acme, client, changes, told):
    answer = client(acme.analyst).post("/series", json=WANTED | changes, headers=once())

    assert refusal(answer) == told


def test_a_key_is_told_by_no_answer_and_no_log(acme, client, caplog):
    admin, key = client(acme.admin), "s3cret-key-1"
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as logged:
        answers = [
            admin.put("/providers/tiingo/key", json={"key": key}),
            admin.put("/providers/tiingo/key", json={"key": key * 100}),
            admin.put("/providers/tiingo/key", json={"key": key, "more": key}),
            admin.put("/providers/tiingo/key", json={"key": [key]}),
            admin.put("/providers/ecb/key", json={"key": key}),
            admin.get("/providers"),
            admin.get("/audit"),
        ]

    assert [each.status_code for each in answers] == [200, 422, 422, 422, 422, 200, 200]
    assert "s3cret" not in "".join(each.text for each in answers) + str(logged) + caplog.text
    told = {each["name"]: each for each in answers[-2].json()["providers"]}
    assert (told["tiingo"]["ready"], told["tiingo"]["own_key_set_by"]) == (True, acme.admin.actor)
    assert (told["fred"]["ready"], told["fred"]["takes_key"]) == (False, True)
