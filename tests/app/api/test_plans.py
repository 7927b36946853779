"""A tenant's plan over the API: what holds and why, what is left, and how it is changed."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from app.web.limits import RateLimits
from tests.app.api.asking import once, refusal
from tests.books import KO, stated
from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from valor_core.models.codec import dump
from valor_core.tenancy import quotas
from valor_core.tenancy.call_limits import call_limits
from valor_core.tenancy.plans import PlanTerms
from valor_core.values import Caller
from valor_core.workbench import plans
from valor_core.workbench.verb import open_work, the_store


@pytest.fixture(autouse=True)
def _of_one_tenant(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation whose administrators set their own limits, whatever its database."""
    monkeypatch.setenv("VALOR_ADMINS_SET_LIMITS", "yes")


@pytest.fixture
def team(acme: Tenant) -> None:
    with open_work(acme.operator) as work:
        plans.define_plan(
            work,
            "team",
            PlanTerms(
                name="Team",
                currency="USD",
                price_minor=4_900,
                limits={"valuations_per_month": 2, "valuations_per_day": None},
                features={},
            ),
            reason="as sold",
        )


def limit(api, name: str = "valuations_per_month"):
    told = api.get("/plan").json()["limits"]
    return next(each for each in told if each["limit"] == name)


def limited(api: TestClient, caller: Caller) -> TestClient:
    """The same behind the limits, as it is served."""
    mounted = Starlette(routes=[Mount("/api/v1", app=api.app)])
    limits = RateLimits(mounted, limits=call_limits(the_store()))

    async def signed_in(scope: Scope, receive: Receive, send: Send) -> None:
        await limits({**scope, "state": {"caller": caller}}, receive, send)

    return TestClient(signed_in)


def assign(api, **query: bool):
    return api.put("/plan", params=query, json={"plan": "team", "reason": "they grew"})


@pytest.mark.usefixtures("team")
def test_a_change_is_told_first_and_then_made(client, acme):
    api = client(acme.admin)
    with open_work(acme.analyst) as work:
        work.begin_writing()
        quotas.charge(work, "valuations")
    change = {"limit": "valuations_per_month", "before": 100_000, "after": 2, "used": 1,
              "left_before": 99_999, "left_after": 1}  # fmt: skip

    price = {"price_minor": 4_900, "currency": "USD"}
    told = {"changes": [change], "feature_changes": [], "price_before": None, "price_after": price}
    assert assign(api, dry_run=True).json() == {"made": False, **told}
    assert limit(api)["value"] == 100_000
    assert assign(api).json() == {"made": True, **told}
    assert (limit(api)["value"], limit(api)["origin"]) == (2, "plan")
    assert limit(api)["why"] == "Team, version 1"
    assert [each["plan"] for each in api.get("/plan/history").json()["history"]] == ["team"]
    assert api.get("/plans").json()["plans"][0]["price_minor"] == 4_900


@pytest.mark.usefixtures("team", "book")
def test_a_valuation_is_charged_once_however_often_it_is_sent_and_refused_when_none_is_left(
    client, acme
):
    assign(client(acme.admin))
    inputs, reasons = stated(acme.analyst)
    body = {"inputs": dump(inputs), "rationale": "a look", "rationales": reasons}
    api, path = client(acme.analyst), f"/companies/{KO}/valuations/dcf"
    for key in ("first", "first", "second"):
        assert api.post(path, json=body, headers=once(key)).status_code == 201
    assert (limit(api)["used"], limit(api)["left"]) == (2, 0)

    refused = api.post(path, json=body, headers=once("third"))
    assert refusal(refused) == (429, "quota_exhausted")
    assert refused.json()["violated-policies"] == ["valuations_per_month"]
    left = datetime.fromisoformat(limit(api)["resets_at"]) - datetime.now(UTC)
    assert abs(int(refused.headers["retry-after"]) - left.total_seconds()) < 60
    assert limit(api)["used"] == 2

    served = limited(api, acme.analyst)
    answer = served.post(f"/api/v1{path}", json=body, headers=once("fourth"))
    told = {name: answer.headers[f"x-quota-{name}"] for name in ("limit", "remaining")}
    assert (answer.status_code, told) == (429, {"limit": "2", "remaining": "0"})
    waits = int(answer.headers["retry-after"])
    assert int(answer.headers["x-quota-reset"]) in (waits, waits - 1), "told a moment later"


def test_an_override_is_made_listed_and_ended(client, acme):
    api = client(acme.admin)
    body = {
        "limit": "valuations_per_month", "value": None, "reason": "a large deal",
        "expires_at": (datetime.now(UTC) + timedelta(days=3)).isoformat(),
    }  # fmt: skip
    made = api.post("/plan/overrides", json=body, headers=once()).json()

    assert limit(api)["value"] is None
    assert api.get("/plan/overrides").json() == {"overrides": [made]}
    assert api.delete(f"/plan/overrides/{made['id']}?reason=done").json()["made"]
    assert api.get("/plan/overrides").json() == {"overrides": []}
    assert limit(api)["value"] == 100_000


@ONLY_SQLITE
@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": "valuations"}, {"value": -1}, {"value": 10**12}, {"reason": ""},
        {"value": True}, {"value": "7"},
        {"expires_at": "2020-01-01T00:00:00Z"}, {"expires_at": "2099-01-01T00:00:00Z"},
        {"expires_at": "2026-12-31T00:00:00"}, {"tenant_id": "rival"}, {"plan": "team"},
    ],
)  # fmt: skip
def test_an_override_that_cannot_be_is_refused(client, acme, wrong):
    until = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    sound = {"limit": "valuations_per_month", "value": 1, "reason": "x", "expires_at": until}

    answer = client(acme.admin).post("/plan/overrides", json=sound | wrong, headers=once())
    assert refusal(answer)[0] == 422


@pytest.mark.usefixtures("team")
def test_who_is_no_administrator_changes_nothing_and_is_not_even_told_what_would_change(
    client, acme
):
    for query in ({}, {"dry_run": True}):
        assert refusal(assign(client(acme.analyst), **query)) == (403, "access_denied")
    assert limit(client(acme.viewer))["value"] == 100_000
