"""Streams, and premia that a house states, as clients have them."""

from datetime import UTC, datetime, timedelta

from tests.app.api.asking import once, refusal
from tests.conftest import ONLY_SQLITE
from valor_core.market.series import Tick
from valor_core.store.work import unit_of_work
from valor_core.workbench import feeds

pytestmark = ONLY_SQLITE
LONDON = {"zone": "Europe/London", "weekdays": [0, 1], "opens": "08:00", "closes": "16:30"}


def taken_in(store, acme, feed_id: str) -> datetime:
    """Two prices of Coca-Cola stand on the tape of the feed; when the newest was."""
    at = datetime(2024, 1, 2, 15, 0, tzinfo=UTC)
    with unit_of_work(acme.analyst, store) as work:
        taken = feeds.take_lead(work, feed_id, "one")
        assert taken
        ticks = [
            Tick(symbol="KO", price=60.0 + n, size=1.0, at=at + timedelta(seconds=n),
                 received_at=at, source="replay", seq=n, synthetic=True)
            for n in range(2)
        ]  # fmt: skip
        feeds.keep_ticks(work, taken[0], ticks)
    return ticks[-1].at


def test_a_stream_is_started_read_with_its_hours_and_stopped(store, acme, rival, client):
    admin, viewer = client(acme.admin), client(acme.viewer)
    body = {"provider": "replay", "symbols": ["ko", "KO "], "hours": LONDON}
    made = admin.post("/feeds", json=body, headers=once())
    assert admin.post("/feeds", json=body, headers=once()).content == made.content
    feed_id = made.json()["id"]
    newest = taken_in(store, acme, feed_id)

    (told,) = viewer.get("/feeds").json()["feeds"]
    assert (told["symbols"], told["ticks"], told["hours"]) == (["KO"], 2, LONDON)
    assert datetime.fromisoformat(told["last_tick_at"]) == newest
    (tick,) = viewer.get(f"/feeds/{feed_id}/ticks", params={"limit": 1}).json()["ticks"]
    assert (tick["price"], tick["synthetic"]) == (61.0, True)
    assert refusal(client(rival.viewer).get(f"/feeds/{feed_id}/ticks")) == (404, "not_found")

    assert admin.delete(f"/feeds/{feed_id}").status_code == 204
    assert [each["state"] for each in viewer.get("/feeds").json()["feeds"]] == ["stopped"]


def test_a_stream_that_cannot_be_taken_in_says_what_to_do(acme, client):
    admin = client(acme.admin)
    for changes, told in (
        ({"provider": "alpaca"}, "a key is set on the page Market data"),
        ({"symbols": ["K" * 21]}, "such as AAPL"),
    ):
        answer = admin.post("/feeds", json={"provider": "replay", "symbols": ["KO"]} | changes,
                            headers=once(told))  # fmt: skip
        assert refusal(answer)[0] == 422
        assert told in answer.json()["hint"]


def test_a_premium_is_stated_by_its_currency_and_those_before_it_stay(acme, client):
    admin, body = client(acme.admin), {"day": "2024-06-28", "source": "our committee"}
    for n, value in enumerate((0.05, 0.055)):
        answer = admin.post("/premiums/eur", json=body | {"value": value}, headers=once(f"{n}"))
        assert answer.status_code == 201

    told = client(acme.viewer).get("/premiums/EUR").json()["premiums"]
    assert [(each["version"], each["value"], each["currency"]) for each in told] == [
        (2, 0.055, "EUR"), (1, 0.05, "EUR")
    ]  # fmt: skip
    assert client(acme.viewer).get("/premiums/USD").json()["premiums"] == []
    refused = admin.post("/premiums/EUR", json=body | {"value": 5.5}, headers=once("percent"))
    assert refusal(refused)[0] == 422
