"""Reports over HTTP: asked for once, followed, read behind a wall, scheduled."""

from hashlib import sha256
from typing import Any

import pytest

from jobs.reports import _ONE_AGAIN
from tests.app.api.conftest import Client
from tests.conftest import ONLY_SQLITE, World
from valor_core.coverage.job_runs import Status
from valor_core.workbench import jobs, reports
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE
ASK = {"parameters": {"company": "AAPL"}}


def once(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def a_report(world: World, html: bytes, **told: str) -> str:
    with open_work(world.acme.analyst, world.store) as work:
        run = reports.ask_for_run(work, "valuation", ASK["parameters"])
        run.folder.mkdir(parents=True)
        (run.folder / "report.html").write_bytes(html)
        outputs = {"report.html": sha256(html).hexdigest()}
        record = {"outputs": outputs, "stands_on": {"snapshot_id": "none"}, **told}
        jobs.finish_run(work, run, Status.SUCCEEDED, record=record)
    return run.id


def test_what_can_be_asked_of_a_report_is_told(world: World, client: Client):
    told = client(world.acme.viewer).get("/reports").json()["reports"]
    known = {report["name"]: report for report in told}
    report = known["valuation"]

    assert "reconciliation" not in known  # bills are for administrators
    assert {"name": "company", "type": "str", "required": True, "default": None} in (
        report["parameters"]
    )


def test_a_run_that_is_asked_for_twice_with_one_key_waits_once(book: World, client: Client):
    analyst = client(book.acme.analyst)

    answers = [
        analyst.post("/reports/valuation/runs", json=ASK, headers=once("k")) for _ in range(2)
    ]

    assert [a.status_code for a in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["waiting"] is True
    assert len(analyst.get("/reports/runs").json()["runs"]) == 1


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("valuation", {"parameters": {"company": "AAPL", "import os": 1}}, 422, "bad_inputs"),
        ("valuation", {"parameters": {"company": 7}}, 422, "bad_inputs"),
        ("valuation", {"parameters": {"company": "NOSUCH"}}, 404, "not_found"),
        ("nosuch", ASK, 404, "not_found"),
        ("valuation", {"parameters": {}, "kernel": "bash"}, 422, "bad_inputs"),
    ],
)
def test_a_bad_request_is_refused_and_nothing_waits(
    world: World, client: Client, path: str, body: dict[str, Any], status: int, code: str
):
    analyst = client(world.acme.analyst)

    answer = analyst.post(f"/reports/{path}/runs", json=body, headers=once("k"))

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert analyst.get("/reports/runs").json()["runs"] == []


def test_a_report_is_read_by_its_tenant_alone_and_has_no_origin(world: World, client: Client):
    path = f"/reports/runs/{a_report(world, b'<p>worth it</p>')}/report.html"

    answer = client(world.acme.viewer).get(path)
    foreign = client(world.rival.admin).get(path)

    assert answer.content == b"<p>worth it</p>"
    policy = answer.headers["content-security-policy"]
    assert "sandbox allow-scripts" in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert foreign.status_code == 404


def test_a_spreadsheet_is_saved_by_the_name_that_its_notebook_gave_it(world: World, client: Client):
    name = 'Übersicht "2026".csv'
    with open_work(world.acme.analyst, world.store) as work:
        run = reports.ask_for_run(work, "valuation", ASK["parameters"])
        run.folder.mkdir(parents=True)
        (run.folder / name).write_bytes(b"a,b")
        outputs = {name: sha256(b"a,b").hexdigest()}
        jobs.finish_run(work, run, Status.SUCCEEDED, record={"outputs": outputs})

    answer = client(world.acme.viewer).get(f"/reports/runs/{run.id}/files/{name}")

    assert (answer.status_code, answer.content) == (200, b"a,b")
    assert "%C3%9Cbersicht%20%222026%22.csv" in answer.headers["content-disposition"]


def test_runs_come_in_pages_newest_first(world: World, client: Client):
    made = [a_report(world, b"x") for _ in range(3)]
    viewer = client(world.acme.viewer)

    first = viewer.get("/reports/runs?limit=2").json()
    second = viewer.get(f"/reports/runs?limit=2&cursor={first['next']}").json()

    assert [run["id"] for run in first["runs"] + second["runs"]] == made[::-1]


def test_a_schedule_is_made_listed_and_ended(world: World, client: Client):
    analyst = client(world.acme.analyst)
    body = {**ASK, "report": "valuation", "cron": "30 7 * * mon-fri", "timezone": "Europe/Berlin"}

    made = analyst.post("/reports/schedules", json=body, headers=once("s"))

    assert made.status_code == 201
    assert analyst.get("/reports/schedules").json()["schedules"] == [made.json()]
    assert client(world.rival.admin).get("/reports/schedules").json()["schedules"] == []
    ended = f"/reports/schedules/{made.json()['id']}?reason=done"
    foreseen, told = analyst.delete(f"{ended}&dry_run=true").json(), analyst.delete(ended).json()
    assert foreseen == {**told, "made": False}
    assert (told["schedule"], len(told["runs_lost"])) == (made.json(), 5)
    assert analyst.get("/reports/schedules").json()["schedules"] == []


def test_two_who_change_one_schedule_do_not_overwrite_each_other(world: World, client: Client):
    """G55."""
    admin = client(world.acme.admin)
    body = {"report": "sla", "cron": "every day at 07:00"}
    made = admin.post("/reports/schedules", json=body, headers=once("s")).json()
    ways = {f"/reports/schedules/{made['id']}": made["version"], "/jobs/snapshot": "new"}
    for path, version in ways.items():
        why = {"reason": "as agreed"} if path.startswith("/jobs") else {}
        mine, theirs = {"when": "mondays at 06:00", **why}, {"paused": True, **why}
        assert admin.patch(path, json=mine).json()["code"] == "if_match_missing"

        first = admin.patch(path, json=mine, headers={"If-Match": f'"{version}"'})
        late = admin.patch(path, json=theirs, headers={"If-Match": f'"{version}"'})

        assert (first.status_code, late.status_code) == (200, 412)
        assert late.json()["code"] == "stale_schedule"
        again = admin.patch(path, json=theirs, headers={"If-Match": first.headers["ETag"]})
        assert (again.status_code, again.json()["paused"]) == (200, True)
        assert admin.patch(path, json=theirs, headers={"If-Match": "*"}).status_code == 200


def test_a_schedule_that_is_never_due_is_refused_with_an_example(world: World, client: Client):
    body = {**ASK, "report": "valuation", "cron": "0 0 30 2 *"}

    answer = client(world.acme.analyst).post("/reports/schedules", json=body, headers=once("s"))

    assert answer.status_code == 422
    assert answer.json()["code"] == "bad_cron"
    assert "mon-fri" in answer.json()["hint"]


def test_a_report_is_verified_over_http_by_who_may_and_one_at_a_time(world: World, client: Client):
    run_id = a_report(world, b"worth it", source_sha256="0" * 64)
    path = f"/reports/runs/{run_id}/verification"
    verdict = client(world.acme.analyst).post(path)

    assert verdict.status_code == 200
    assert verdict.json() == {
        "run_id": run_id, "holds": False, "made_from": "", "same": [], "flaws": [
            "source.ipynb is missing or was altered", "input.json is missing or was altered",
            "its snapshot is not kept any more",
        ],
    }  # fmt: skip
    assert client(world.acme.viewer).post(path).json()["code"] == "access_denied"
    assert client(world.rival.admin).post(path).status_code == 404
    with _ONE_AGAIN:
        busy = client(world.acme.analyst).post(path)
    assert (busy.status_code, busy.json()["code"]) == (503, "verifying_busy")
