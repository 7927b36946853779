"""Whatever way somebody names another tenant, it is refused or chooses nothing, and is logged."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.app.asking import Answer, Client, Whole, by_key, by_session, whole_application
from tests.moulds import Tenant, add_tenant
from valor_core.store.engines import Store
from valor_core.values import Role, Scope, new_id
from valor_core.workbench import logbook
from valor_core.workbench.verb import open_work

API = "/api/v1"
JSON = "application/json"


@pytest.fixture
def whole(store: Store) -> Iterator[Whole]:
    with whole_application(store) as application:
        yield application


def logged(tenant: Tenant, action: str = "access.foreign") -> list[dict[str, Any]]:
    """What the tenant's log tells of attempts to reach past it, or of others; the newest first."""
    with open_work(tenant.admin) as work:
        rows = logbook.read_log(work, limit=100, action=action)
        return [
            {"target": row.target, "actor": row.actor, "request": bool(row.request_id)}
            | json.loads(row.payload or b"{}")
            for row in rows
        ]


def posted(client: Client, path: str, body: Any) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    key = {"idempotency_key": new_id(), "content_type": JSON}
    return client.ask("POST", f"{API}{path}", raw, **key)


FIELDS = ("tenant_id", "tenant", "tenantId", "tenant-id", "TENANT_ID", "ｔｅｎａｎｔ_id")
WAYS: dict[str, Callable[[Client, str], tuple[str, Answer]]] = {
    **{
        f"body {name}": lambda client, other, name=name: (
            "POST /api/v1/keys",
            posted(client, "/keys", {"name": "n", "scopes": ["read"], name: other}),
        )
        for name in FIELDS
    },
    **{
        f"query {name}": lambda client, other, name=name: (
            "GET /api/v1/companies",
            client.ask("GET", f"{API}/companies?limit=1&{name}={other}"),
        )
        for name in ("tenant_id", "tenant", "tenant%5Fid", "x=%00&tenant_id", "x=%FF&tenant_id")
    },
    "query of a change": lambda client, other: (
        "DELETE /api/v1/sessions",
        client.ask("DELETE", f"{API}/sessions?tenant_id={other}"),
    ),
    "deep in a body": lambda client, other: (
        "POST /api/v1/analytics/explore",
        posted(client, "/analytics/explore", {"dataset": "coverage", "rows": [{"tenant": other}]}),
    ),
    "in a model's inputs": lambda client, other: (
        "POST /api/v1/companies/KO/valuations/dcf",
        posted(
            client,
            "/companies/KO/valuations/dcf",
            {"rationale": "why", "inputs": {"tenant_id": other}},
        ),
    ),
    "unprintable": lambda client, other: (
        "GET /api/v1/companies",
        client.ask("GET", f"{API}/companies?tenant_id={other}%00%0A%E2%80%AE"),
    ),
    "no text": lambda client, other: (
        "POST /api/v1/keys",
        posted(client, "/keys", {"name": "n", "scopes": ["read"], "tenant_id": [other]}),
    ),
}  # fmt: skip


def test_who_names_another_tenant_is_refused_and_it_stands_in_the_own_log(
    whole: Whole, store: Store, acme: Tenant, rival: Tenant
):
    """G16: in body, query and deep within, by sign-in and by key; S45: one entry each."""
    person, program = (
        by_session(whole, store, acme, Role.ADMIN),
        by_key(whole, store, acme, Role.ADMIN, [Scope.READ, Scope.VALUE, Scope.ADMIN]),
    )
    for client in (person, program):
        for way, attempt in WAYS.items():
            before = len(logged(acme))
            asked, answer = attempt(client, rival.id)
            assert answer.status in (404, 422), (way, answer.body)
            entry, *earlier = logged(acme)
            assert len(earlier) == before, way
            assert client.caller
            assert entry["actor"] == client.caller.actor, way
            assert entry["asked"] == asked, way
            assert entry["request"], way
            assert rival.id in entry["target"], way
    assert logged(rival) == []


def test_another_tenants_cursor_is_any_invalid_one_to_its_sender_and_an_entry_to_the_log(
    whole: Whole, store: Store, acme: Tenant, rival: Tenant
):
    """G16, G17, S17."""
    mine = by_session(whole, store, acme, Role.ADMIN)
    theirs = by_session(whole, store, rival, Role.ADMIN)
    listed = mine.ask("GET", f"{API}/audit?limit=1")
    cursor = json.loads(listed.body)["next"]
    assert cursor

    foreign, invalid = (
        theirs.ask("GET", f"{API}/audit?limit=1&cursor={each}") for each in (cursor, "AAAA")
    )

    assert foreign == invalid
    assert (foreign.status, foreign.code) == (400, "bad_cursor")
    assert [(entry["target"], entry["asked"]) for entry in logged(rival)] == [
        ("cursor", "GET /api/v1/audit")
    ] * 2
    assert logged(acme) == []
    assert mine.ask("GET", f"{API}/audit?limit=1&cursor={cursor}").status == 200


def test_a_mistake_that_names_no_other_tenant_is_no_entry(whole: Whole, store: Store, acme: Tenant):
    """G16: one's own id is refused where it does not belong, as any other unknown field is."""
    holdings = add_tenant(store, "acme-holdings")  # a name of which the id holds the beginning
    for tenant in (acme, holdings):
        client = by_session(whole, store, tenant, Role.ADMIN)
        for own in (tenant.id, tenant.slug, None):
            body = {"name": "n", "scopes": ["read"], "tenant_id": own}
            assert posted(client, "/keys", body).status == 422
        assert logged(tenant) == []
    client = by_session(whole, store, acme, Role.ADMIN)
    for own in (acme.id, acme.slug):
        assert client.ask("GET", f"{API}/companies?tenant_id={own}").status == 422
    assert posted(client, "/keys", {"name": "n", "scopes": ["read"], "owner": "x"}).status == 422
    assert posted(client, "/keys", b'{"tenant_id": "a", "tenant_id": "b"}').status == 400
    assert logged(acme) == []


def test_no_header_chooses_a_tenant(whole: Whole, store: Store, acme: Tenant, rival: Tenant):
    """S8, G16: the tenant is that of the sign-in or the key, whatever else stands beside them."""
    own = by_session(whole, store, acme, Role.VIEWER)
    told = own.ask("GET", f"{API}/me")
    for name in (
        "x-vx-tenant", "x_vx_tenant", "X-VX-TENANT", "x-tenant-id", "x-tenant", "tenant_id",
        "x-vx-principal", "x_vx_principal", "x-forwarded-user",
    ):  # fmt: skip
        named = Client(whole, shows=[*own.shows, (name.encode(), rival.id.encode())])
        assert named.ask("GET", f"{API}/me") == told, name


def test_a_denial_tells_who_asked_for_what_by_which_request_and_no_secret(
    whole: Whole, store: Store, acme: Tenant, rival: Tenant
):
    """S45: one entry, by a sign-in and by a key; the thing is named by the path of the request."""
    program = by_key(whole, store, acme, Role.ADMIN, [Scope.READ])
    for client in (by_session(whole, store, acme, Role.VIEWER), program):
        path = f"{API}/admin/members/{new_id()}"
        answer = client.ask("DELETE", f"{path}?reason=bob%40example.org")

        assert answer.status == 403
        entry, *_ = logged(acme, "access.denied")
        assert client.caller
        assert entry["actor"] == client.caller.actor
        assert (entry["target"], entry["asked"]) == ("act:member.remove", f"DELETE {path}")
        assert entry["request"]
        assert "example.org" not in json.dumps(entry)
        assert client.shows[0][1].decode().rpartition(".")[2] not in json.dumps(entry)
    assert len(logged(acme, "access.denied")) == 2
    assert logged(rival, "access.denied") == []
