"""Snapshots over HTTP: published once, listed by pages, screened by bounds."""

import pytest
from starlette.testclient import TestClient

from tests.conftest import ONLY_SQLITE, World
from valor_core.snapshots import reader
from valor_core.snapshots.measures import MEASURE
from valor_core.workbench import snapshots

pytestmark = ONLY_SQLITE


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshots, "_root", lambda: tmp_path / "snapshots")
    yield
    reader.close_idle()


def publish(client: TestClient, key: str = "k"):
    return client.post("/snapshots", headers={"Idempotency-Key": key})


def test_a_snapshot_that_is_asked_for_twice_with_one_key_is_published_once(world: World, client):
    analyst = client(world.acme.analyst)

    first, again = publish(analyst), publish(analyst)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert [row["id"] for row in analyst.get("/snapshots").json()["snapshots"]] == [
        first.json()["id"]
    ]
    assert analyst.get("/snapshots/latest").json() == first.json()


def test_without_a_key_nothing_is_published(world: World, client):
    analyst = client(world.acme.analyst)

    assert analyst.post("/snapshots").json()["code"] == "idempotency_key_missing"
    assert analyst.get("/snapshots").json()["snapshots"] == []


def test_a_snapshot_is_read_by_id_or_as_of_compared_verified_and_cleared_away(world: World, client):
    analyst, admin = client(world.acme.analyst), client(world.acme.admin)
    first, second = publish(analyst, "1").json(), publish(analyst, "2").json()

    assert analyst.get(f"/snapshots/{first['id'][:8]}").json() == first
    as_of = {"as_of": first["cut"]}
    assert analyst.get("/snapshots/latest", params=as_of).json() == first
    assert (
        analyst.get("/snapshots/latest/screen", params=as_of).json()["snapshot_id"] == first["id"]
    )
    assert analyst.get("/snapshots/latest?as_of=2026-01-01").json()["code"] == "bad_inputs"
    changes = {each["dataset"]: each for each in analyst.get("/snapshots/latest/changes").json()}
    assert (changes["usage"]["rows"], changes["usage"]["rows_before"]) == (1, 0)
    verdict = analyst.get(f"/snapshots/{second['id']}/verify").json()
    assert (verdict["holds"], verdict["flaws"]) == (True, [])
    assert analyst.post("/snapshots/gc").json()["code"] == "access_denied"
    assert admin.post("/snapshots/gc").json() == {"snapshots": 0, "files": 0}


def test_a_named_query_is_asked_over_http(book: World, client):
    analyst = client(book.acme.analyst)
    publish(analyst)

    offered = {each["name"]: each for each in analyst.get("/snapshots/latest/queries").json()}
    assert offered["peer_set"]["parameters"] == [
        {"name": "company", "kind": "text", "label": "A ticker", "default": None}
    ]
    assert "usage_by_day" not in offered
    answer = analyst.get("/snapshots/latest/queries/peer_set?company=KO").json()
    assert [column["name"] for column in answer["columns"]][:2] == ["name", "ticker"]
    assert answer["rows"][0][1] == "PEP"
    path = "/snapshots/latest/queries/coverage?format=csv"
    assert analyst.get(path).text.splitlines()[1].split(",")[1] == "AAPL"
    for path, code in (
        ("peer_set", "bad_input"), ("peer_set?company=KO&x=1", "bad_input"), ("nosuch", "no_query"),
        ("usage_by_day", "access_denied"), ("changes?compared_with=nosuch", "no_snapshot"),
    ):  # fmt: skip
        assert analyst.get(f"/snapshots/latest/queries/{path}").json()["code"] == code
    usage = client(book.acme.admin).get("/snapshots/latest/queries/usage_by_day").json()
    assert usage["rows"] == []


def test_sql_is_asked_over_http_and_refused_by_one_code(world: World, client):
    analyst = client(world.acme.analyst)
    publish(analyst)
    path = "/snapshots/latest/sql"

    answer = analyst.get(path, params={"sql": "SELECT 1.5 AS a, NULL AS b, 'x' AS c, true AS d"})
    assert (answer.json()["columns"], answer.json()["rows"]) == (
        ["a", "b", "c", "d"], [[1.5, None, "x", True]],
    )  # fmt: skip
    for sql in ("SELECT content FROM read_text('/etc/passwd')", "DROP TABLE coverage"):
        refused = analyst.get(path, params={"sql": sql})
        assert (refused.status_code, refused.json()["code"]) == (422, "sql_refused")
    assert client(world.acme.viewer).get(path, params={"sql": "SELECT 1"}).status_code == 403


def test_who_may_not_publish_is_refused_and_leaves_nothing(world: World, client):
    viewer = client(world.acme.viewer)

    assert publish(viewer).json()["code"] == "access_denied"
    assert viewer.get("/snapshots").json() == {"snapshots": [], "next": ""}
    for path in ("/snapshots/latest", "/snapshots/latest/screen"):
        answer = viewer.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "no_snapshot")


def test_the_list_comes_in_pages_whose_cursor_serves_no_other_tenant(world: World, client):
    """G17."""
    analyst, rival = client(world.acme.analyst), client(world.rival.analyst)
    made = [publish(analyst, f"key {i}").json()["id"] for i in range(3)]

    first = analyst.get("/snapshots?limit=2").json()
    second = analyst.get("/snapshots", params={"limit": 2, "cursor": first["next"]}).json()

    assert [row["id"] for row in first["snapshots"] + second["snapshots"]] == made[::-1]
    assert second["next"] == ""
    stolen = rival.get("/snapshots", params={"cursor": first["next"]})
    assert (stolen.status_code, stolen.json()["code"]) == (400, "bad_cursor")


def test_companies_are_filtered_and_ranked(book: World, client):
    analyst = client(book.acme.analyst)
    published = publish(analyst).json()

    found = analyst.get(
        "/snapshots/latest/screen",
        params={"bound": ["operating_margin:0.3:", "revenue::5e11"], "order": "growth", "limit": 2},
    ).json()

    assert (found["snapshot_id"], found["cut"]) == (published["id"], published["cut"])
    assert (len(found["rows"]), found["companies"]) == (2, 18)
    assert found["passed"] > 2
    assert [row["ticker"] for row in found["rows"]] == ["NVDA", "GOOGL"]
    for row in found["rows"]:
        assert set(row["measures"]) == set(MEASURE)
        assert row["measures"]["operating_margin"] >= 0.3
        assert row["missing"]["value_per_share"] == "no valuation is saved"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("bound=growth", "bad_inputs"),
        ("bound=growth:x:", "bad_input"),
        ("bound=growth:nan:", "bad_input"),
        ("bound=growth:0:&bound=growth::1", "bad_input"),
        ("bound=nosuch:0:", "bad_input"),
        ("order=nosuch", "bad_input"),
        ("limit=501", "bad_inputs"),
    ],
)
def test_a_bad_screen_is_refused_with_what_is_wrong(world: World, client, query, code):
    analyst = client(world.acme.analyst)
    publish(analyst)

    answer = analyst.get(f"/snapshots/latest/screen?{query}")

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["hint"]


def test_a_view_is_explored_over_http_as_json_or_as_a_file_and_kept(book: World, client):
    analyst, rival = client(book.acme.analyst), client(book.rival.analyst)
    publish(analyst)
    subjects = {each["name"]: each for each in analyst.get("/analytics/subjects").json()}
    fields = {each["name"]: each for each in subjects["facts"]["fields"]}
    assert "usage" not in subjects
    assert fields["filed_on"]["groups"][1] == "filed_on:month"
    view = {
        "dataset": "facts", "rows": ["company"], "figures": ["count"], "order": "-count",
        "filters": [{"field": "ticker", "how": "is", "values": ["KO", "PEP"]}],
    }  # fmt: skip

    told = analyst.post("/analytics/explore", json=view).json()
    table = analyst.post("/analytics/explore?format=csv", json={**view, "snapshot": "latest"})

    assert [row[0] for row in told["rows"]] == ["PepsiCo Inc", "Coca-Cola Co"]
    assert told["totals"][1] == sum(row[1] for row in told["rows"])
    assert table.text.splitlines()[1] == f"PepsiCo Inc,{told['rows'][0][1]}"
    assert "valor-facts-" in table.headers["content-disposition"]
    for wrong, code in (
        ({"rows": ["nosuch"]}, "bad_input"), ({"limit": 0}, "bad_inputs"), ({"x": 1}, "bad_inputs"),
        ({"dataset": "nosuch"}, "no_subject"), ({"snapshot": "0" * 64}, "no_snapshot"),
        ({"dataset": "usage"}, "access_denied"),
    ):  # fmt: skip
        answer = analyst.post("/analytics/explore", json=view | wrong)
        assert answer.json()["code"] == code, wrong

    kept = {"name": "By company", "view": view}
    made = analyst.post("/analytics/views", json=kept, headers={"Idempotency-Key": "v"}).json()
    assert analyst.get(f"/analytics/views/{made['id']}").json()["view"]["rows"] == ["company"]
    renamed = analyst.put(f"/analytics/views/{made['id']}", json={**kept, "name": "Companies"})
    assert renamed.json()["name"] == "Companies"
    assert rival.get(f"/analytics/views/{made['id']}").json()["code"] == "not_found"
    assert rival.get("/analytics/views").json() == []
    assert analyst.delete(f"/analytics/views/{made['id']}").status_code == 204
