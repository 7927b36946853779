"""A body that cannot be read is told to its sender, by the API as by the sign-in."""

import re

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.api.application import create_api
from app.web.cookies import cookies_of
from app.web.sign_in import sign_in_routes
from tests.conftest import ONLY_SQLITE

pytestmark = ONLY_SQLITE
MALFORMED = (b"{", b'{"a": NaN}', b'{"a": 1, "a": 2}', b"[" * 100_000, b'"\\ud800"', b"\xff")


@pytest.mark.parametrize("raw", MALFORMED)
def test_the_api_names_what_is_wrong_with_a_body(world, raw):
    async def signed_in(scope, receive, send):
        scope.setdefault("state", {})["caller"] = world.acme.analyst
        await create_api()(scope, receive, send)

    headers = {"Idempotency-Key": "a-key", "Content-Type": "application/json"}
    answer = TestClient(signed_in).post(
        "/companies/AAPL/valuations/dcf", content=raw, headers=headers
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_json")


@pytest.mark.parametrize("raw", MALFORMED)
def test_the_sign_in_refuses_a_body_that_it_cannot_read(store, raw):
    routes = sign_in_routes(store, cookies=cookies_of(9, https=False))

    answer = TestClient(Starlette(routes=routes)).post("/login", content=raw)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_json")


def test_a_parameter_that_no_route_knows_is_refused_by_every_route_before_anything_is_done(
    world, client
):
    """G16: so that one who names a tenant, or misspells `dry_run`, is told so."""
    admin = client(world.acme.admin)
    own = "/snapshots/{snapshot_id}/queries/{query}"  # tests/app/api/test_snapshots.py
    for path, methods in create_api().openapi()["paths"].items():
        if path == own:
            continue
        for method in methods:
            for name in ("dry-run", "tenant_id"):
                told = admin.request(method, re.sub(r"{.*?}", "x", path), params={name: "x"})
                assert told.status_code == 422, (method, path, told.text)
                assert [flaw["place"] for flaw in told.json()["flaws"]] == [f"query.{name}"]


@pytest.mark.parametrize("twice", ["dry_run=true&dry_run=false", "dry_run=true&dry%5Frun=0"])
def test_a_parameter_that_stands_twice_is_refused_as_a_key_of_json_is(world, client, twice):
    """Else the last one counts, and a program before us may have looked at the first."""
    admin = client(world.acme.admin)
    sent = {"group": "desk", "role": "viewer", "reason": "they work here"}
    told = admin.put(f"/admin/groups?{twice}", json=sent)

    assert told.status_code == 422
    assert [flaw["place"] for flaw in told.json()["flaws"]] == ["query.dry_run"]


def test_a_parameter_that_may_stand_several_times_does(book, client):
    analyst = client(book.acme.analyst)
    analyst.post("/snapshots", headers={"Idempotency-Key": "k"})
    bounds = [("bound", "revenue:1e9:"), ("bound", "growth:0:")]

    assert analyst.get("/snapshots/latest/screen", params=bounds).status_code == 200
