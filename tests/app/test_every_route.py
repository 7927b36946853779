"""What holds of every route that the application has, whoever adds one: tried as an attacker would.

Who may what on which route stands in test_permissions, whose table of routes is used here.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from app.api.application import create_api
from app.compute import RUNS
from app.fault_server import FaultServer
from tests.app.asking import (
    OWN_ORIGIN,
    Client,
    Whole,
    by_key,
    by_session,
    filled,
    whole_application,
)
from tests.app.test_permissions import (
    ACT_OF_ROUTE,
    API,
    DOORS,
    NAMED,
    SOCKETS,
    asked,
    body_of,
    laid_out,
)
from tests.app.things import IDS, Things, things_of
from tests.conftest import World
from tests.moulds import Holding, Mould, Tenant, closing
from valor_core.snapshots import reader
from valor_core.store.engines import Store
from valor_core.store.tables import Base
from valor_core.tenancy.access import MAY
from valor_core.values import Role, new_id
from valor_core.workbench.verb import use_store

OF_ADMINS = [route for route, act in ACT_OF_ROUTE.items() if Role.ADMIN in MAY[act]]
CHANGING = [route for route in ACT_OF_ROUTE if not route.startswith("GET ")]
MOVED_BY_USE = {("sessions", "used_at")}  # that somebody was here, once a minute


@pytest.fixture(scope="module")
def world(
    sqlite_mould: Mould, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, Whole, Things]]:
    """One application for all tests here: each of them looks whether it has left all as it was."""
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("VALOR_STRANGER_CALLS_BURST", "100000")
        folder = tmp_path_factory.mktemp("every_route")
        store = stack.enter_context(closing(sqlite_mould.opened(folder, Holding.TENANTS)))
        use_store(store)
        stack.callback(use_store, None)
        whole = stack.enter_context(whole_application(store))
        stack.callback(RUNS.close)
        stack.callback(reader.close_idle)
        made = World(store, sqlite_mould.acme, sqlite_mould.rival)
        yield made, whole, things_of(store, made.acme, cik=9_999_901)


@pytest.fixture
def whole(world: tuple[World, Whole, Things]) -> Whole:
    return world[1]


@pytest.fixture
def store(world: tuple[World, Whole, Things]) -> Store:
    return world[0].store


@pytest.fixture
def acme(world: tuple[World, Whole, Things]) -> Tenant:
    return world[0].acme


@pytest.fixture
def rival(world: tuple[World, Whole, Things]) -> Tenant:
    return world[0].rival


@pytest.fixture
def things(world: tuple[World, Whole, Things]) -> Things:
    return world[2]


@pytest.fixture(autouse=True)
def _providers(sec: FaultServer) -> None:
    """What a route asks of a provider is answered."""


def all_rows(store: Store) -> dict[str, list[Any]]:
    """Every row of every table, past the wall between tenants."""
    found = {}
    with create_engine(store.owner_url, poolclass=NullPool).connect() as connection:
        for table in Base.metadata.sorted_tables:
            columns = [c for c in table.columns if (table.name, c.name) not in MOVED_BY_USE]
            names = ", ".join(f'"{column.name}"' for column in columns)
            rows = connection.exec_driver_sql(f'SELECT {names} FROM "{table.name}"')
            found[table.name] = sorted(rows, key=repr)
    return found


def differing(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {
        name: [row for row in rows if row not in before[name]]
        for name, rows in after.items()
        if rows != before[name]
    }


def spellings(path: str) -> list[str]:
    first, *others = path.removeprefix("/").split("/")
    rest = "".join(f"/{each}" for each in others)
    return [
        f"{path}/", f"/{path}", f"/%2e{path}", f"/.{path}", f"/x/..{path}", f"{path}%00",
        f"/{first.upper()}{rest}", f"{path};x", f"{path}?x=/login", f"{path}#/login", f"{path}\\",
        f"/login/..{path}", f"/healthz/..{path}",
    ]  # fmt: skip


def test_no_method_and_no_spelling_of_any_door_lets_a_stranger_in(whole: Whole):
    """S1: the doors are those of the application itself; a new one is shut until it is listed."""
    nobody = Client(whole)
    shut = {path for _, path in whole.doors() if DOORS.get(path) != "anyone"} - SOCKETS
    for path in sorted(filled(each, None) for each in shut):
        for method in ("GET", "HEAD", "OPTIONS", "POST"):
            assert nobody.ask(method, path).status == 401, (method, path)
        for spelt in spellings(path):
            assert nobody.ask("GET", spelt).status in (401, 404), spelt
    for path in (path for path, who in DOORS.items() if who == "anyone"):
        for spelt in (f"/{path}", f"{path}/", path.upper(), f"/%2e{path}"):
            answer = nobody.ask("GET", filled(spelt, None))
            assert answer.status >= 400 or spelt.startswith("/assets/"), spelt


def test_no_page_of_another_site_changes_anything_by_our_cookie(
    whole: Whole, store: Store, acme: Tenant, things: Things
):
    """S12: neither a form nor a script, whichever of its marks the browser leaves out."""
    anna = by_session(whole, store, acme, Role.ADMIN)
    cookie = Client(whole, anna.caller, anna.shows[:1])
    before = all_rows(store)
    for route in (*CHANGING, "POST /logout", "POST /login"):
        method, _, path = route.partition(" ")
        path = path if path.startswith("/log") else f"{API}{filled(path, things)}"
        for name, each in NAMED.items():
            path = path.replace(f"{{{name}}}", each)
        body = json.dumps(body_of(route, things)).encode()
        for marks, code in (
            ({"sec_fetch_site": "cross-site"}, "foreign_origin"),
            ({"sec_fetch_site": "same-site"}, "foreign_origin"),
            ({"origin": "https://evil.example"}, "foreign_origin"),
            ({"origin": "null"}, "foreign_origin"),
            ({"origin": OWN_ORIGIN.decode() + "0"}, "foreign_origin"),
            ({}, "csrf"),
        ):
            sent = {"content_type": "text/plain", "idempotency_key": new_id(), **marks}
            answer = cookie.ask(method, path, body, **sent)
            assert (answer.status, answer.code) == (403, code), (route, marks)
    assert differing(before, all_rows(store)) == {}


def test_who_only_reads_changes_nothing(whole: Whole, store: Store, acme: Tenant, things: Things):
    """S12: GET and HEAD of every route; but what somebody asked in SQL is told in the log."""
    client = by_session(whole, store, acme, Role.ADMIN)
    reading = [route for route in OF_ADMINS if route.startswith("GET ")]
    assert client.caller
    ready = [laid_out(store, acme, client.caller, route, things) for route in reading]
    before = all_rows(store)
    for route, own in zip(reading, ready, strict=True):
        assert asked(client, route, own).status < 400, route
        asked(client, f"HEAD {route.removeprefix('GET ')}", own)
    changed = differing(before, all_rows(store))
    assert {row.action for row in changed.get("audit_logs", ())} <= {"snapshot.sql"}
    assert set(changed) <= {"audit_logs", "audit_heads"}


@cache
def taken(route: str) -> set[str]:
    """The fields that the route's body has by its document."""
    document = create_api().openapi()
    method, _, path = route.partition(" ")
    told = document["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]
    named = told["schema"].get("$ref", "").rpartition("/")[2]
    return set(
        (document["components"]["schemas"][named] if named else told["schema"])["properties"]
    )


UNASKED = {
    "tenant_id": "rival", "role": "admin", "is_admin": True, "plan": "team", "quota": 10**9,
    "created_by": "user:somebody", "audit_hash": "0" * 64, "id": "1", "user_id": "somebody",
}  # fmt: skip


def test_no_body_brings_a_field_that_its_route_did_not_ask_for(
    whole: Whole, store: Store, acme: Tenant, things: Things
):
    """S16: whose it is, what it may and who has made it is nothing that anybody sends along."""
    client = by_session(whole, store, acme, Role.ADMIN)
    tried = 0
    kept = {name: rows for name, rows in all_rows(store).items() if "audit" not in name}
    for route in (route for route in OF_ADMINS if route in CHANGING):
        body = body_of(route, things)
        if not isinstance(body, dict):
            continue
        method, _, path = route.partition(" ")
        for name, each in NAMED.items():
            path = path.replace(f"{{{name}}}", each)
        for name, value in UNASKED.items():
            if name in taken(route):
                continue
            raw = json.dumps({**body, name: value}).encode()
            answer = client.ask(
                method, f"{API}{filled(path, things)}", raw, content_type="application/json",
                idempotency_key=new_id(), if_match='"v1"' if "drafts" in path else "*",
            )  # fmt: skip
            assert answer.status == 422, (route, name, answer.body)
            assert f"body.{name}".encode() in answer.body, (route, name, answer.body)
            tried += 1
    assert tried > 200
    after = {name: rows for name, rows in all_rows(store).items() if "audit" not in name}
    assert differing(kept, after) == {}


def test_whoever_changes_what_others_may_change_says_which_version_it_was(
    whole: Whole, store: Store, acme: Tenant, things: Things
):
    """G55: on every route that takes If-Match, and every PATCH does: without it nothing is done."""
    paths = create_api().openapi()["paths"]
    versioned = [
        f"{method.upper()} {path}"
        for path, methods in paths.items()
        for method, told in methods.items()
        if any(each["name"] == "if-match" for each in told.get("parameters", ()))
    ]
    assert {route for route in ACT_OF_ROUTE if route.startswith("PATCH ")} <= set(versioned)
    client = by_session(whole, store, acme, Role.ADMIN)
    kept = {name: rows for name, rows in all_rows(store).items() if "audit" not in name}
    for route in versioned:
        method, _, path = route.partition(" ")
        path = filled(path.replace("{model}", "dcf").replace("{job}", "retention"), things)
        body = json.dumps(body_of(route, things)).encode()
        for named, code in ({}, (428, "if_match_missing")), ({"if_match": '"v77"'}, (412, "")):
            told = client.ask(
                method, f"{API}{path}", body, content_type="application/json", **named
            )
            assert told.status == code[0], (route, named, told.body)
            assert code[1] in told.code
    after = {name: rows for name, rows in all_rows(store).items() if "audit" not in name}
    assert differing(kept, after) == {}


def test_a_secret_that_is_not_whole_tells_nothing_whichever_part_of_it_is_wrong(
    whole: Whole, store: Store, acme: Tenant, rival: Tenant
):
    """S13, G16: a key or a cookie with another tenant's name in it is nobody's, as any other."""
    key = by_key(whole, store, acme, Role.ADMIN).shows[0][1].decode().removeprefix("Bearer ")
    anna = by_session(whole, store, acme, Role.ANALYST)
    cookie = anna.shows[0][1].decode()
    tenant, key_id, secret = key.split(".")
    other = ("A" if secret[0] != "A" else "B") + secret[1:]
    shown = [
        ("authorization", f"Bearer {each}")
        for each in (
            f"{tenant}.{key_id}.{other}", f"{tenant}.{'0' * 26}.{secret}", "vx_", "vx_x.y.z",
            f"vx_{rival.id}.{key_id}.{secret}", f"{tenant}.{secret}.{key_id}",
        )
    ] + [
        ("cookie", cookie.replace(acme.id, rival.id)), ("cookie", cookie[:-1]),
        ("cookie", cookie.replace("vx_session", "vx_sessiom")),
    ]  # fmt: skip
    answers = {
        Client(whole, shows=[(name.encode(), value.encode())]).ask("GET", f"{API}/me")
        for name, value in shown
    }
    [told] = answers
    assert (told.status, told.code) == (401, "sign_in_needed")
    assert anna.ask("GET", f"{API}/me").status == 200


def test_another_tenants_id_beside_ones_own_is_one_that_is_not_there(
    whole: Whole, store: Store, rival: Tenant, things: Things
):
    """S15, G14: where a route is told of two things, in its path, its query or its body."""
    own, nothing = things_of(store, rival, cik=9_999_902), things.nowhere()
    client = by_session(whole, store, rival, Role.ADMIN)
    assert client.caller
    tried = set()
    for route in OF_ADMINS:
        ids = [name for name in IDS if f"{{{name}}}" in route]
        for name in ids if len(ids) > 1 else ():
            mixed = [replace(own, **{name: getattr(each, name)}) for each in (things, nothing)]
            theirs, nobodys = (asked(client, route, each) for each in mixed)
            assert theirs.without(things.ids) == nobodys.without(nothing.ids), (route, name)
            assert theirs.status == 404, (route, name, theirs.body)
            tried.add(route)
    assert len(tried) >= 4

    for method, path, body in (
        ("GET", "/snapshots/latest/queries/changes?compared_with={snapshot_id}", None),
        ("GET", "/valuations?company_id={company_id}", None),
        ("POST", "/analytics/explore", {"dataset": "coverage", "snapshot": "{snapshot_id}"}),
        ("POST", "/batches", {"policy": {"companies": ["{company_id}"]}}),
        ("POST", "/reports/valuation/runs", {"parameters": {"company": "{company_id}"}}),
    ):  # fmt: skip
        theirs, nobodys = (
            client.ask(
                method, f"{API}{filled(path, each)}",
                b"" if body is None else filled_body(body, each),
                content_type="application/json", idempotency_key=new_id(),
            )
            for each in (things, nothing)
        )  # fmt: skip
        assert theirs.without(things.ids) == nobodys.without(nothing.ids), path
        assert theirs.status in (404, 422), (path, theirs.body)


def filled_body(body: Any, things: Things) -> bytes:
    text = json.dumps(body)
    for name in IDS:
        text = text.replace(f"{{{name}}}", getattr(things, name))
    return text.encode()
