"""What the operator does by the API: tenants, plans, features, the inbox; no content."""

from datetime import timedelta

import pytest

from tests.app.api.asking import refusal
from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from valor_core.coverage.job_runs import Status
from valor_core.tenancy.api_keys import KeyAsleep, caller_of_key
from valor_core.tenancy.sign_in import BadToken
from valor_core.values import PLATFORM, Caller, Role, utc_now
from valor_core.workbench import billing, logbook, people, reports
from valor_core.workbench.setup import operator
from valor_core.workbench.signing_in import redeem_token
from valor_core.workbench.verb import open_work

WHY = {"reason": "unpaid since spring"}
TODAY = f"{utc_now() + timedelta(days=1):%Y-%m-%d}T00:00:00Z"


@pytest.fixture
def asked(client):
    """The API as an operator who has signed in finds it."""
    return client(Caller(tenant_id=PLATFORM, user_id="olga", role=Role.OPERATOR))


def acts(store, tenant: Tenant) -> list[tuple[str, str]]:
    with open_work(tenant.admin, store) as work:
        return [(row.action, row.actor) for row in logbook.read_log(work, limit=1)]


def test_a_suspended_tenant_is_shut_at_once_and_opens_again_with_all_that_it_had(
    asked, store, acme, book
):
    with open_work(acme.operator, store) as work:
        _, key = people.add_key(work, "nightly", Role.VIEWER)
        token = people.issue_token(work, "anna")
    with open_work(acme.analyst, store) as work:
        run = reports.ask_for_run(work, "valuation", {"company": "cik0000320193"})
    told = asked.post("/admin/tenants/acme/suspend?dry_run=true", json=WHY).json()
    assert told == {
        "made": False, "members": 3, "sessions_ended": 0, "keys_asleep": 1, "jobs_stopped": 1,
    }  # fmt: skip
    assert caller_of_key(store, key)

    done = asked.post("/admin/tenants/acme/suspend", json=WHY).json()

    assert done == {**told, "made": True}
    with pytest.raises(KeyAsleep):
        caller_of_key(store, key)
    with pytest.raises(BadToken):
        redeem_token(store, token)
    with open_work(acme.analyst, store) as work:
        assert reports.read_run(work, run.id).status is Status.CANCELLED
    assert acts(store, acme) == [("tenant.suspend", "operator:olga")]
    assert asked.post("/admin/tenants/acme/resume", json=WHY).json()["status"] == "active"
    assert caller_of_key(store, key)


@ONLY_SQLITE
def test_the_installation_suspends_no_part_of_itself_and_a_suspension_has_its_reason(asked, acme):
    for own in ("platform", "shared"):
        assert refusal(asked.post(f"/admin/tenants/{own}/suspend", json=WHY)) == (
            422, "reserved_tenant",
        )  # fmt: skip
    silent = asked.post("/admin/tenants/acme/suspend", json={"reason": " "})
    assert refusal(silent) == (422, "reason_missing")
    assert refusal(asked.get("/admin/tenants/nowhere/plan")) == (404, "not_found")


def test_plans_and_features_of_a_tenant_are_set_with_what_changes_told_first(asked, store, acme):
    plan = {"plan": "team", "name": "Team", "currency": "USD", "price_minor": 4900,
            "limits": {"reports_per_month": 7}, "reason": "as sold"}  # fmt: skip
    assert asked.post("/admin/plans", json=plan).json()["version"] == 1
    wanted = {"plan": "team", "reason": "as signed"}
    told = asked.put("/admin/tenants/acme/plan?dry_run=true", json=wanted).json()
    assert told["changes"] == [
        {"limit": "reports_per_month", "before": 10_000, "after": 7, "used": 0,
         "left_before": 10_000, "left_after": 7}
    ]  # fmt: skip
    price = {"price_minor": 4900, "currency": "USD"}
    assert (told["price_before"], told["price_after"]) == (None, price)
    assert asked.get("/admin/tenants/acme/plan").json()["plan"] is None

    assert asked.put("/admin/tenants/acme/plan", json=wanted).json()["made"]
    assert acts(store, acme) == [("plan.assign", "operator:olga")]
    more = {"limit": "reports_per_month", "value": 9, "reason": "a deal", "expires_at": TODAY}
    row = asked.post("/admin/tenants/acme/plan/overrides", json=more).json()
    limits = {
        each["limit"]: each for each in asked.get("/admin/tenants/acme/plan").json()["limits"]
    }
    assert (limits["reports_per_month"]["value"], limits["reports_per_month"]["why"]) == (
        9,
        "a deal",
    )
    path = f"/admin/tenants/acme/plan/overrides/{row['id']}"
    back = [{"limit": "reports_per_month", "before": 9, "after": 7, "used": 0,
             "left_before": 9, "left_after": 7}]  # fmt: skip
    told = asked.delete(f"{path}?dry_run=true").json()
    assert told == {"made": False, "changes": back}
    assert asked.delete(f"{path}?reason=done").json() == {"made": True, "changes": back}
    off = {"value": False, "reason": "a breach", "expires_at": TODAY}
    told = asked.put("/admin/tenants/acme/flags/reports/override", json=off).json()
    assert (told["value"], told["decided_by"]) == (False, "tenant override")
    assert (
        asked.delete("/admin/tenants/acme/flags/reports/override?reason=done").json()["value"]
        is True
    )
    told = asked.put("/admin/flags/reports", json={"killed": True, **WHY}).json()
    assert told == {"made": True, "tenants": 2, "before": 2, "after": 0}
    now = {
        each["flag"]: each["value"]
        for each in asked.get("/admin/tenants/acme/flags").json()["flags"]
    }
    assert now["reports"] is False


@ONLY_SQLITE
def test_a_tenant_is_made_and_listed_and_nothing_of_what_tenants_have_is_told(asked, store, acme):
    made = asked.post("/admin/tenants", json={"tenant": "newco", "label": "New Co"})

    assert made.status_code == 201
    listed = asked.get("/admin/tenants").json()["tenants"]
    assert {each["tenant"]: each["label"] for each in listed}["newco"] == "New Co"
    assert set(listed[0]) == {"tenant", "label", "status", "since"}
    assert refusal(asked.get("/companies")) == (403, "access_denied")
    assert asked.get("/admin/webhooks").json() == {"events": []}
    assert refusal(asked.post("/admin/webhooks/evt_1/set-aside", json=WHY)) == (404, "not_found")
    with open_work(operator(PLATFORM), store) as work:
        assert people.list_tenants(work)


def test_a_price_is_told_beside_the_one_that_holds_and_holds_from_its_day_on(asked, acme):
    first = {"meter": "valuations", "valid_from": "2026-01-01", "price_minor": 250,
             "currency": "USD", "reason": "their contract"}  # fmt: skip
    later = first | {"valid_from": "2026-02-01", "price_minor": 300, "per_quantity": 2}
    path = "/admin/tenants/acme/prices"
    assert asked.post(path, json=first).json()["before"] is None

    told = asked.post(f"{path}?dry_run=true", json=later)
    done = asked.post(path, json=later)

    assert (told.status_code, done.status_code) == (200, 201)
    assert told.json() | {"made": True} == done.json()
    assert (done.json()["before"]["price_minor"], done.json()["after"]["per_quantity"]) == (250, 2)
    for again in (first, later):  # a price is never rewritten
        assert refusal(asked.post(f"{path}?dry_run=true", json=again)) == (409, "price_stands")
    with open_work(acme.admin) as work:
        assert [row.price_minor for row in billing.list_prices(work)] == [250, 300]
    assert refusal(asked.post(path, json=later | {"meter": "lunches"})) == (404, "not_found")
    assert refusal(asked.post(path, json=later | {"currency": "usd"})) == (422, "bad_input")
