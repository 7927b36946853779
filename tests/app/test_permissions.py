"""One permission table decides over every route, socket and verb; what it lacks is refused.

Everything is enumerated from the application itself: whoever adds a route must say here which act
it is, and whoever adds an act must say in `tenancy.access.MAY` who may do it. The pages stand in
tests/pages/test_access.py.
"""

import importlib
import json
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import count
from typing import Any

import pytest
import requests
import schemathesis
from schemathesis import APIOperation
from schemathesis.core.result import Ok

from app.api.application import create_api
from app.compute import RUNS
from app.fault_server import FaultServer
from app.web.callers import Callers
from app.web.identity import PROBES, PUBLIC_PATHS, Identity
from app.web.strangers import strangers
from tests.app.asking import (
    OWN_ORIGIN,
    SOCKET,
    Answer,
    Client,
    Whole,
    by_key,
    by_session,
    exchange,
    filled,
    whole_application,
)
from tests.app.things import (
    A_NOTEBOOK,
    IDS,
    PLAN,
    Things,
    adjustment_of,
    announced_work_of,
    destination_of,
    doubtful_series_of,
    feed_of,
    flag_override_of,
    grant_of,
    key_of,
    lay_out_draft,
    member_of,
    override_of,
    schedule_of,
    session_of,
    term_of,
    things_of,
    version_of,
    view_of,
)
from tests.conftest import ONLY_SQLITE, Tenant
from tests.coverage.notebooks import a_notebook
from tests.models.simulation.sound import a_plan
from tests.workbooks.audit.juice import juice_co
from tests.workbooks.cases import RANDOM_CASES
from valor_core import workbench
from valor_core.coverage.facts_csv import template
from valor_core.errors import AccessDenied, NotFound
from valor_core.models.catalogue import MODELS
from valor_core.models.codec import dump
from valor_core.models.fields import leaves
from valor_core.snapshots import reader
from valor_core.store.engines import Store
from valor_core.tenancy.access import MAY, SCOPES, may, require, scopes_of
from valor_core.tenancy.features import GATES
from valor_core.tenancy.flags import FLAGS, SwitchedOff
from valor_core.tenancy.sign_in import stranger
from valor_core.values import Caller, Role, Scope, TenantId, new_id, utc_now
from valor_core.workbench import flags, market_data, people
from valor_core.workbench.sealing import seal_log
from valor_core.workbench.verb import ACTS, open_work

API = "/api/v1"
CREATES = {f"POST /companies/{{company_id}}/valuations/{m.slug}": m.name for m in MODELS}
ROLES = (Role.VIEWER, Role.ANALYST, Role.ADMIN)
FLAG = "workbook_audit"
PROOF = "GET /audit/entries/{seq}/proof"
DELETE_KEY = "DELETE /providers/{provider}/key"

ACT_OF_ROUTE = {
    **dict.fromkeys(CREATES, "valuation.run"),
    "GET /me": "me.read",
    "GET /session": "me.read",
    "GET /preferences/amounts": "preference.read",
    "PUT /preferences/amounts": "preference.choose",
    "PUT /preferences/amounts/tenant": "preference.set",
    "GET /sessions": "session.list",
    "DELETE /sessions": "session.revoke",
    "DELETE /sessions/{session_id}": "session.revoke",
    "GET /admin/sessions": "session.list_all",
    "DELETE /admin/sessions/{session_id}": "session.revoke_any",
    "DELETE /admin/members/{user_id}/sessions": "session.revoke_any",
    "GET /admin/groups": "group.list",
    "PUT /admin/groups": "group.map",
    "DELETE /admin/groups/{group_id}": "group.unmap",
    "GET /keys": "key.read",
    "POST /keys": "key.add_own",
    "POST /keys/{key_id}/rotate": "key.rotate",
    "DELETE /keys/{key_id}": "key.revoke",
    "GET /admin/members": "member.read",
    "POST /admin/members": "member.add",
    "PUT /admin/members/{user_id}/role": "member.change_role",
    "POST /admin/members/{user_id}/suspend": "member.suspend",
    "POST /admin/members/{user_id}/resume": "member.resume",
    "POST /admin/members/{user_id}/confirm": "member.confirm",
    "DELETE /admin/members/{user_id}": "member.remove",
    **dict.fromkeys(
        (
            "GET /admin/tenants",
            "POST /admin/tenants",
            "POST /admin/tenants/{tenant}/suspend",
            "POST /admin/tenants/{tenant}/resume",
            "GET /admin/tenants/{tenant}/plan",
            "PUT /admin/tenants/{tenant}/plan",
            "POST /admin/tenants/{tenant}/plan/overrides",
            "DELETE /admin/tenants/{tenant}/plan/overrides/{override_id}",
            "POST /admin/tenants/{tenant}/prices",
            "GET /admin/tenants/{tenant}/flags",
            "PUT /admin/tenants/{tenant}/flags/{flag}/override",
            "DELETE /admin/tenants/{tenant}/flags/{flag}/override",
            "GET /admin/tenants/{tenant}/access",
            "POST /admin/tenants/{tenant}/access",
            "POST /admin/tenants/{tenant}/access/{grant_id}/open",
            "POST /admin/tenants/{tenant}/access/{grant_id}/end",
            "POST /admin/plans",
            "PUT /admin/flags/{flag}",
            "GET /admin/webhooks",
            "POST /admin/webhooks/{event_id}/retry",
            "POST /admin/webhooks/{event_id}/set-aside",
        ),
        "tenant.read",  # the gate before them; tests/app/api/test_tenants.py asks as operator
    ),
    "GET /admin/access": "grant.read",
    "POST /admin/access/{grant_id}/give": "grant.give",
    "POST /admin/access/{grant_id}/end": "grant.end",
    "GET /flags": "flag.read",
    "GET /flags/{flag}": "flag.read",
    "PUT /flags/{flag}/override": "flag.override",
    "DELETE /flags/{flag}/override": "flag.override",
    "GET /plan": "plan.read",
    "GET /plans": "plan.read",
    "GET /plan/history": "plan.read",
    "PUT /plan": "plan.assign",
    "PUT /plan/time-zone": "plan.zone",
    "GET /plan/overrides": "plan.read",
    "POST /plan/overrides": "plan.override",
    "DELETE /plan/overrides/{override_id}": "plan.override",
    "GET /health": "health.read",
    "GET /companies": "company.read",
    "GET /companies/{company_id}": "company.read",
    "GET /companies/{company_id}/facts": "fact.read",
    "GET /companies/{company_id}/adjustments": "adjustment.read",
    "POST /companies/{company_id}/adjustments": "adjustment.add",
    "DELETE /companies/{company_id}/adjustments/{adjustment_id}": "adjustment.drop",
    "GET /companies/{company_id}/share-terms": "share_term.read",
    "POST /companies/{company_id}/share-terms": "share_term.add",
    "DELETE /companies/{company_id}/share-terms/{term_id}": "share_term.drop",
    "POST /imports": "fact.import",
    "POST /imports/fetch": "fact.import",
    "GET /imports": "import.read",
    "GET /imports/template.csv": "import.read",
    "GET /imports/template.xlsx": "import.read",
    "GET /providers": "provider.read",
    "PUT /providers/{provider}/key": "provider.key_set",
    "DELETE /providers/{provider}/key": "provider.key_drop",
    "GET /series": "series.read",
    "GET /feeds": "routing.read",
    "POST /feeds": "feed.start",
    "DELETE /feeds/{feed_id}": "feed.stop",
    "GET /feeds/{feed_id}/ticks": "routing.read",
    "GET /companies/{company_id}/market-methods": "series.read",
    "GET /premiums/{currency}": "series.read",
    "POST /premiums/{currency}": "premium.state",
    "POST /series": "series.keep",
    "GET /series/{series_id}": "series.read",
    "POST /series/{series_id}/acceptances": "series.accept",
    "POST /workbooks/audit": "workbook.audit",
    "GET /files/{file_id}": "workbook.audit",
    "POST /companies/{company_id}/simulations": "simulation.run",
    "POST /batches": "batch.run",
    "GET /computations/{computation_id}": "computation.read",
    "DELETE /computations/{computation_id}": "computation.read",
    "POST /computations/{computation_id}/again": "batch.run",
    "GET /companies/{company_id}/valuations/{model}/start": "valuation.read",
    "GET /valuations": "valuation.read",
    "GET /valuations/{valuation_id}": "valuation.read",
    "GET /valuations/{valuation_id}/explain": "valuation.read",
    "POST /valuations/{valuation_id}/sensitivity": "valuation.read",
    "POST /valuations/{valuation_id}/scenarios": "valuation.read",
    "GET /valuations/{valuation_id}/workbook.xlsx": "valuation.read",
    "GET /companies/{company_id}/drafts/{model}": "draft.read",
    "PUT /companies/{company_id}/drafts/{model}": "draft.keep",
    "DELETE /companies/{company_id}/drafts/{model}": "draft.drop",
    "POST /companies/{company_id}/drafts/{model}/undo": "draft.keep",
    "POST /companies/{company_id}/drafts/{model}/redo": "draft.keep",
    "GET /audit": "audit.read",
    "GET /audit/verify": "audit.verify",
    "GET /audit/checkpoint": "audit.prove",
    "GET /audit/entries/{seq}/proof": "audit.prove",
    "GET /audit/growth": "audit.prove",
    "POST /audit/export": "audit.export",
    "GET /retention": "retention.read",
    "PUT /retention/{category}": "retention.change",
    "GET /holds": "hold.read",
    "POST /holds": "audit.hold_set",
    "POST /holds/{hold_id}/ask-release": "hold.ask_release",
    "POST /holds/{hold_id}/release": "audit.hold_released",
    "GET /holds/{hold_id}/release": "audit.hold_released",
    "GET /admin/billing/reconciliation": "billing.read",
    "GET /admin/billing/events": "billing.read",
    "GET /admin/billing/invoices": "billing.read",
    "GET /reports": "report.read",
    "POST /reports/{name}/runs": "report.run",
    "GET /reports/notebooks": "notebook.read",
    "POST /reports/notebooks": "notebook.register",
    "GET /reports/notebooks/{version_id}": "notebook.read",
    "GET /reports/notebooks/{version_id}/source.ipynb": "notebook.read",
    "POST /reports/notebooks/{version_id}/approval": "notebook.approve",
    "POST /reports/notebooks/{version_id}/rejection": "notebook.reject",
    "POST /reports/notebooks/{version_id}/withdrawal": "notebook.withdraw",
    "GET /reports/runs": "report.read",
    "GET /reports/runs/{run_id}": "report.read",
    "GET /reports/runs/{run_id}/report.html": "report.read",
    "GET /reports/runs/{run_id}/files/{file}": "report.read",
    "POST /reports/runs/{run_id}/verification": "report.verify",
    "GET /reports/runs/{run_id}/deliveries": "report.read",
    "PUT /reports/runs/{run_id}/deliveries/{destination_id}": "report.deliver",
    "GET /reports/destinations": "report.read",
    "POST /reports/destinations": "destination.add",
    "DELETE /reports/destinations/{destination_id}": "destination.end",
    "GET /reports/schedules": "report.read",
    "POST /reports/schedules": "report.schedule",
    "PATCH /reports/schedules/{schedule_id}": "report.schedule",
    "DELETE /reports/schedules/{schedule_id}": "report.schedule",
    "GET /jobs": "job.read",
    "GET /jobs/runs": "job.read",
    "PATCH /jobs/{job}": "job.schedule",
    "POST /jobs/{job}/runs": "job.start",
    "GET /providers/status": "routing.read",
    "GET /providers/timeline": "routing.read",
    "GET /providers/decisions": "routing.read",
    "POST /providers/{provider}/{capability}/release": "provider.release",
    "GET /providers/maintenance": "routing.read",
    "POST /providers/maintenance": "maintenance.announce",
    "DELETE /providers/maintenance/{work_id}": "maintenance.withdraw",
    "GET /routing": "routing.read",
    "PUT /routing/{capability}": "routing.change",
    "GET /routing/{capability}/history": "routing.read",
    "POST /snapshots": "snapshot.publish",
    "GET /snapshots": "snapshot.read",
    "POST /snapshots/gc": "snapshot.gc",
    "GET /snapshots/{snapshot_id}": "snapshot.read",
    "GET /snapshots/{snapshot_id}/manifest": "snapshot.read",
    "GET /snapshots/{snapshot_id}/parts/{part_id}": "snapshot.read",
    "GET /snapshots/{snapshot_id}/changes": "snapshot.read",
    "GET /snapshots/{snapshot_id}/verify": "snapshot.read",
    "GET /snapshots/{snapshot_id}/screen": "snapshot.read",
    "GET /snapshots/{snapshot_id}/queries": "snapshot.query",
    "GET /snapshots/{snapshot_id}/queries/{query}": "snapshot.query",
    "GET /snapshots/{snapshot_id}/sql": "snapshot.sql",
    "GET /analytics/subjects": "snapshot.explore",
    "POST /analytics/explore": "snapshot.explore",
    "GET /analytics/views": "view.read",
    "POST /analytics/views": "view.keep",
    "GET /analytics/views/{view_id}": "view.read",
    "PUT /analytics/views/{view_id}": "view.change",
    "DELETE /analytics/views/{view_id}": "view.drop",
}
ANYONE, SIGNED_IN, PEOPLE = "anyone", "whoever is signed in or has a key", "who is signed in"
NOBODY = "nobody"
# Beside the API: Streamlit's own doors and ours. A key opens the API alone.
DOORS = {
    "/login": ANYONE,
    "/login/provider": ANYONE,
    "/login/provider/callback": ANYONE,
    "/login/provider/out": ANYONE,
    "/login/provider/ended": ANYONE,  # behind the provider's signature
    "/assets/{name:path}": ANYONE,
    "/favicon.svg": ANYONE,
    "/favicon.png": ANYONE,
    "/favicon.ico": ANYONE,
    "/robots.txt": ANYONE,
    "/healthz": ANYONE,
    "/metrics": ANYONE,  # behind its own gate
    "/_stcore/health": ANYONE,
    "/_stcore/host-config": ANYONE,
    "/api/v1/openapi.json": SIGNED_IN,
    "/api/v1/billing/webhook": ANYONE,  # behind its own signature
    "/api/billing/webhook": ANYONE,
    "/api/admin/billing/reconciliation": SIGNED_IN,
    "/api/providers/status": SIGNED_IN,
    "/{page:path}": PEOPLE,
    "/{file:path}": PEOPLE,
    "/_stcore/stream": PEOPLE,
    "/_stcore/metrics": NOBODY,
    "/_stcore/upload_file/{session_id}/{file_id}": PEOPLE,
    "/_stcore/bidi-components/{path:path}": PEOPLE,
    "/_stcore/agent/interact": NOBODY,
    "/_stcore/agent/openapi.json": NOBODY,
    "/_stcore/agent/mcp": NOBODY,
    "/media/{file_id:path}": PEOPLE,
    "/component/{path:path}": PEOPLE,
    "/auth/login": NOBODY,
    "/auth/logout": NOBODY,
    "/oauth2callback": NOBODY,
    "/logout": PEOPLE,
}
SOCKETS = {"/_stcore/stream"}
DAYS = count()
# Bodies that name no thing.
SAME_OF_ALL: dict[str, Any] = {
    "POST /analytics/views": lambda: {"name": f"view {new_id()}", "view": {"dataset": "facts"}},
    "PUT /analytics/views/{view_id}": lambda: {
        "name": f"view {new_id()}", "view": {"dataset": "usage"},
    },
    "POST /batches": {"policy": {}},
    "POST /analytics/explore": {"dataset": "coverage", "rows": ["company"]},
    "POST /imports/fetch": {"company": "AAPL"},
    "PUT /providers/{provider}/key": {"key": "a-key-of-ours"},
    "POST /series": {
        "provider": "replay", "capability": "bars", "symbol": "KO", "start": "2024-01-02",
        "end": "2024-01-04",
    },
    "POST /series/{series_id}/acceptances": {"days": ["2024-01-02"], "reason": "it is right"},
    "POST /valuations/{valuation_id}/scenarios": {
        "scenarios": [{"name": "as it is", "probability": 1.0}],
    },
    "POST /companies/{company_id}/simulations": {
        "inputs": dump(RANDOM_CASES["dcf"](1)), "plan": dump(a_plan()),
    },
    "PUT /companies/{company_id}/drafts/{model}": {"content": {}},
    "PUT /preferences/amounts": {"amounts_in": "billions"},
    "PUT /preferences/amounts/tenant": {"amounts_in": "thousands"},
    "POST /companies/{company_id}/share-terms": lambda: {
        "kind": "adr", "ratio": 0.5, "on": "2025-01-02", "rationale": "depositary agreement",
    },
    "POST /companies/{company_id}/adjustments": {
        "layer": "Adjusted", "item": "revenue", "fiscal_year": 2009, "amount": -1e6,
        "rationale": "sold since",
    },
    "PUT /flags/{flag}/override": {
        "value": True, "reason": "they asked", "expires_at": f"{utc_now() + timedelta(days=1)}",
    },
    "POST /keys": {"name": "nightly", "scopes": ["read"]},
    "POST /admin/members": lambda: {"name": f"new {new_id()}", "role": "viewer"},
    "PUT /admin/members/{user_id}/role": {"role": "analyst", "reason": "she values now"},
    "POST /admin/members/{user_id}/suspend": {"reason": "on leave"},
    "POST /admin/members/{user_id}/resume": {"reason": "back again"},
    "PUT /plan": {"plan": PLAN, "reason": "they grew"},
    "PUT /plan/time-zone": {"time_zone": "Europe/Berlin", "reason": "we moved"},
    "POST /plan/overrides": {
        "limit": "reports_per_month", "value": None, "reason": "a large deal",
        "expires_at": f"{utc_now() + timedelta(days=1)}",
    },
    "POST /feeds": {"provider": "replay", "symbols": ["KO"]},
    "POST /premiums/{currency}": {"value": 0.05, "day": "2024-01-02", "source": "our own survey"},
    "PUT /retention/{category}": {"days": 365, "reason": "as agreed"},
    "POST /reports/destinations": {"name": "Desk", "kind": "folder", "address": "desk"},
    "PATCH /jobs/{job}": {"when": "every day at 05:00"},
    "PATCH /reports/schedules/{schedule_id}": {"paused": True},
    "POST /reports/notebooks/{version_id}/approval": {"sha256": A_NOTEBOOK.sha256},
    "POST /reports/notebooks/{version_id}/rejection": {"reason": "it names no covenant"},
    "POST /reports/notebooks/{version_id}/withdrawal": {"reason": "it is out of date"},
    "POST /holds": {"reason": "an inquiry"},
    "POST /holds/{hold_id}/ask-release": {"reason": "it is settled"},
    "POST /holds/{hold_id}/release": {"reason": "it is settled"},
    "PUT /routing/{capability}": {"providers": ["ecb"], "reason": "as before"},
    "POST /providers/maintenance": {
        "provider": "edgar", "reason": "they move",
        "starts_at": f"{utc_now() + timedelta(days=1)}",
        "ends_at": f"{utc_now() + timedelta(days=2)}",
    },
    "PUT /admin/groups": {
        "group": "desk", "tenant": "acme", "role": "analyst", "reason": "they work here",
    },
    "POST /admin/tenants": lambda: {"tenant": f"new-{new_id()[-8:]}", "label": "New Co"},
    "POST /admin/tenants/{tenant}/suspend": {"reason": "unpaid"},
    "POST /admin/tenants/{tenant}/resume": {"reason": "paid since"},
    "PUT /admin/tenants/{tenant}/plan": {"plan": PLAN, "reason": "they grew"},
    "POST /admin/tenants/{tenant}/plan/overrides": {
        "limit": "reports_per_month", "value": 9, "reason": "a large deal",
        "expires_at": f"{utc_now() + timedelta(days=1)}",
    },
    "POST /admin/tenants/{tenant}/prices": lambda: {
        "meter": "valuations", "valid_from": f"{date(2026, 1, 1) + timedelta(days=next(DAYS))}",
        "price_minor": 250, "currency": "USD", "reason": "their contract",
    },
    "PUT /admin/tenants/{tenant}/flags/{flag}/override": {
        "value": True, "reason": "they asked", "expires_at": f"{utc_now() + timedelta(days=1)}",
    },
    "POST /admin/tenants/{tenant}/access": {"reason": "the import fails", "hours": 2},
    "POST /admin/plans": {
        "plan": PLAN, "name": "Team", "currency": "USD", "price_minor": 4900,
        "limits": {"valuations_per_month": 5000}, "reason": "as sold",
    },
    "PUT /admin/flags/{flag}": {"rollout_percent": 100, "reason": "it is ready"},
    "POST /admin/access/{grant_id}/give": {"reason": "the import fails"},
    "POST /admin/access/{grant_id}/end": {"reason": "it is mended"},
}  # fmt: skip
# What stands in a path and is no tenant's thing. A hold is for a role that no key may have:
# tests/app/api/test_retention.py asks about those of another tenant.
NAMED = {
    "name": "valuation", "model": "dcf", "seq": "1", "category": "act", "hold_id": "nobodys",
    "flag": FLAG, "provider": "fred", "capability": "fx", "group_id": "nobodys",
    "query": "coverage", "file": "result.json", "currency": "USD", "job": "retention",
    "tenant": "rival",
}  # fmt: skip
COMPUTES = (
    "POST /companies/{company_id}/simulations", "POST /batches",
    "POST /computations/{computation_id}/again",
)  # fmt: skip
# Where an id is told beside the path.
TOLD_ELSEWHERE = ("GET /valuations?company_id={company_id}", "POST /reports/{name}/runs")


@pytest.fixture
def whole(store: Store) -> Iterator[Whole]:
    with whole_application(store) as application:
        yield application


@pytest.fixture(autouse=True)
def _providers(sec: FaultServer) -> None:
    """What a route asks of a provider is answered."""


@pytest.fixture
def things(store: Store, acme: Tenant) -> Iterator[Things]:
    yield things_of(store, acme, cik=9_999_901)
    reader.close_idle()
    RUNS.close()


def asked(client: Client, route: str, things: Things) -> Answer:
    """The route's answer about these things, asked as its documentation says."""
    method, _, path = route.partition(" ")
    for name, each in NAMED.items():
        path = path.replace(f"{{{name}}}", each)
    path = f"{API}{filled(path, things)}"
    content: Any = body_of(route, things)
    if route == "POST /imports":
        path, content = f"{path}?file_name=facts.csv", template()
    body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
    if route == "POST /reports/notebooks":
        path, content = f"{path}?name=check_{new_id()}&title=Check", "ipynb"
        body = a_notebook(f"# {new_id()}", "1 + 1")
    if route.startswith("DELETE /") and asks_why(route):
        path = f"{path}?reason=she+left"
    if route.endswith("/sql"):
        path = f"{path}?sql=FROM%20coverage"
    if route == "POST /workbooks/audit":
        path, content, body = f"{path}?file_name=model.xlsx", "xlsx", juice_co(mistaken=True)
    return client.ask(
        method,
        path,
        b"" if content is None else body,
        content_type="application/json",
        idempotency_key=new_id(),
        if_match="*" if method == "PATCH" else f'"v{things.draft_version}"',
    )


@cache
def asks_why(route: str) -> bool:
    """Whether the route takes its reason beside the path."""
    method, _, path = route.partition(" ")
    told = create_api().openapi()["paths"][path][method.lower()]
    return any(each["name"] == "reason" for each in told.get("parameters", ()))


def body_of(route: str, things: Things) -> Any:
    """A body about these things that the route takes."""
    if route == "POST /companies/{company_id}/valuations/dcf":
        return things.dcf
    if route in CREATES:
        inputs = RANDOM_CASES[CREATES[route]](1)
        reasons = dict.fromkeys(leaves(inputs), "as planned")
        return {"inputs": dump(inputs), "rationale": "the plan", "rationales": reasons}
    if route.endswith("/sensitivity"):
        axis = {"path": "terminal_growth", "values": [0.02]}
        return {"rows": axis, "columns": {**axis, "path": "cost_of_capital.beta"}}
    if route in ("POST /reports/schedules", "POST /reports/{name}/runs"):
        when = {"report": "valuation", "cron": "0 6 * * *"} if "schedules" in route else {}
        return {**when, "parameters": {"company": things.company_id}}
    told = SAME_OF_ALL.get(route)
    return told() if callable(told) else told


FRESH: dict[str, Callable[[Store, Tenant, Caller, Things], str]] = {
    "schedule_id": lambda store, tenant, _, things: schedule_of(store, tenant, things.company_id),
    "override_id": lambda store, tenant, *_: override_of(store, tenant),
    "session_id": lambda store, tenant, who, _: session_of(store, tenant, who.user_id),
    "adjustment_id": lambda store, tenant, _, things: adjustment_of(
        store, tenant, things.company_id
    ),
    "term_id": lambda store, tenant, _, things: term_of(store, tenant, things.company_id),
    "destination_id": lambda store, tenant, *_: destination_of(store, tenant),
    "feed_id": lambda store, tenant, *_: feed_of(store, tenant),
    "work_id": lambda store, tenant, *_: announced_work_of(store, tenant),
    "series_id": lambda store, tenant, *_: doubtful_series_of(store, tenant),
    "version_id": lambda store, tenant, *_: version_of(store, tenant),
    "user_id": lambda store, tenant, *_: member_of(store, tenant),
    "grant_id": lambda store, tenant, *_: grant_of(store, tenant),
    "view_id": lambda store, tenant, *_: view_of(store, tenant),
    "key_id": lambda store, tenant, who, _: key_of(
        store, who if who.kind == "user" else tenant.admin
    ),
}
"""What a route uses up, by how it asks for it."""


def laid_out(store: Store, tenant: Tenant, who: Caller, route: str, things: Things) -> Things:
    """The things with what the route uses up: a draft, a schedule, an adjustment that stands."""
    if route in COMPUTES:
        RUNS.close()  # each person has one computation at a time
    if "/drafts/" in route:
        version = lay_out_draft(store, tenant, who.user_id, things.company_id)
        return replace(things, draft_version=version)
    if route == "DELETE /flags/{flag}/override":
        flag_override_of(store, tenant, FLAG)
    if route == PROOF:
        seal_log(store, tenant.id)
    if route == DELETE_KEY:
        with open_work(tenant.admin, store) as work:
            market_data.set_key(work, NAMED["provider"], "a-key-of-ours")
    for name, fresh in FRESH.items():
        if f"{{{name}}}" in route:
            made: dict[str, Any] = {name: fresh(store, tenant, who, things)}
            things = replace(things, **made)
    return things


def documented() -> dict[str, int]:
    """The status of success by route, as the OpenAPI document promises it to clients."""
    return {
        f"{method.upper()} {path}": next(int(s) for s in told["responses"] if s.startswith("2"))
        for path, methods in create_api().openapi()["paths"].items()
        for method, told in methods.items()
    }


@cache
def operations() -> dict[str, APIOperation]:
    """The document's operation by route."""
    every = schemathesis.openapi.from_dict(create_api().openapi()).get_all_operations()
    told = [each.ok() for each in every if isinstance(each, Ok)]
    return {f"{each.method.upper()} {each.path}": each for each in told}


def told_as_documented(route: str, answer: Answer) -> None:
    """Fails unless the answer's body is of the shape that the document promises."""
    headers = {name: [value] for name, value in answer.headers}
    operations()[route].validate_response(
        schemathesis.Response(
            status_code=answer.status, headers=headers, content=answer.body,
            request=requests.PreparedRequest(), elapsed=0.0, verify=False,
        )
    )  # fmt: skip


@ONLY_SQLITE
def test_every_door_of_the_application_stands_in_a_table_and_every_line_is_a_door(whole):
    doors = whole.doors()
    api = {f"{method} {API}{path}" for method, _, path in (r.partition(" ") for r in ACT_OF_ROUTE)}
    beside = {(method, path) for method, path in doors if f"{method} {path}" not in api}

    assert {f"{method} {path}" for method, path in doors - beside} == api
    assert {path for _, path in beside} == set(DOORS)
    assert {path for method, path in doors if method == SOCKET} == SOCKETS
    assert set(documented()) == set(ACT_OF_ROUTE)


def by_good_keys(whole: Whole, store: Store, tenant: Tenant, role: Role) -> dict[str, Client]:
    """For each act a program whose key has one scope alone, which is good for the act."""
    programs = {scope: by_key(whole, store, tenant, role, [scope]) for scope in Scope}
    good = {act: programs[min(SCOPES.get(act, {Scope.READ}))] for act in MAY}
    return good | {"notebook.register": by_own_key(whole, store, tenant, role, Scope.REPORT)}


def by_own_key(whole: Whole, store: Store, tenant: Tenant, role: Role, scope: Scope) -> Client:
    """A program with a key of a person's own, where one of the tenant's is nobody's."""
    person: Caller = getattr(tenant, role)
    if scope not in scopes_of(role):
        return by_key(whole, store, tenant, role, [scope])
    with open_work(person, store) as work:
        row, key = people.add_own_key(work, "of mine", [scope])
    caller = replace(person, user_id=row.id, kind="key", scopes=frozenset({scope}))
    return Client(whole, caller, [(b"authorization", f"Bearer {key}".encode())])


def by_one_session(whole: Whole, store: Store, tenant: Tenant, role: Role) -> dict[str, Client]:
    """For each act the same member with a browser."""
    return dict.fromkeys(MAY, by_session(whole, store, tenant, role))


@ONLY_SQLITE
@pytest.mark.parametrize("ways_in", [by_one_session, by_good_keys])
def test_each_role_gets_on_each_route_what_the_table_says(
    whole: Whole, store: Store, acme: Tenant, things: Things, ways_in: Callable[..., Any]
):
    success = documented()
    for role in ROLES:
        clients = ways_in(whole, store, acme, role)
        for route, act in ACT_OF_ROUTE.items():
            client = clients[act]
            own = laid_out(store, acme, client.caller, route, things)
            answer = asked(client, route, own)
            told = (answer.status, answer.code)
            told_limits = dict(answer.headers)
            assert told_limits["x-ratelimit-limit"] == "6000", route
            if may(client.caller, act) and act == "valuation.run":
                assert told_limits["x-quota-limit"] == "100000", route
            refused = "access_denied" if role not in MAY[act] else "out_of_scope"
            assert told == ((success[route], "") if may(client.caller, act) else (403, refused)), (
                route,
                role,
                answer.body,
            )
            told_as_documented(route, answer)


@ONLY_SQLITE
@pytest.mark.parametrize("scope", Scope)
def test_a_key_is_refused_on_each_route_for_which_its_scope_is_not_good(
    whole: Whole, store: Store, acme: Tenant, things: Things, scope: Scope
):
    client = by_key(whole, store, acme, Role.ADMIN, [scope])
    for route, act in ACT_OF_ROUTE.items():
        if Role.ADMIN in MAY[act] and scope not in SCOPES.get(act, frozenset()):
            answer = asked(client, route, things)
            assert (answer.status, answer.code) == (403, "out_of_scope"), (route, answer.body)


def test_each_scope_names_acts_that_there_are_and_a_key_cannot_do_what_two_persons_must():
    assert set(SCOPES) <= set(MAY)
    for act in ("audit.hold_set", "audit.hold_released", "hold.ask_release", "token.issue"):
        assert act not in SCOPES
    assert not {act for act in SCOPES if act.startswith("key.")}, "no key makes another one"
    assert scopes_of(Role.VIEWER) == (Scope.READ,)
    assert scopes_of(Role.COMPLIANCE) == (Scope.READ, Scope.AUDIT)
    assert scopes_of(Role.ADMIN) == tuple(Scope)


@ONLY_SQLITE
def test_who_shows_nothing_learns_nothing_not_even_whether_a_thing_is_there(whole, things):
    nothing = things.nowhere()
    for route in ACT_OF_ROUTE:
        there, nowhere = (asked(Client(whole), route, each) for each in (things, nothing))
        assert (there.status, there.code) == (401, "sign_in_needed"), route
        assert "x-ratelimit-limit" not in dict(there.headers), "nobody's bucket is touched"
        assert there.without(things.ids) == nowhere.without(nothing.ids), route


@ONLY_SQLITE
def test_an_address_of_two_lines_is_refused_like_any_other_that_is_not_there(
    whole: Whole, store: Store, acme: Tenant
):
    two_lines = by_session(whole, store, acme, Role.VIEWER).ask("GET", f"{API}/companies/K\nO")

    assert (two_lines.status, two_lines.code) == (404, "not_found")


def test_what_is_switched_off_is_not_there(
    whole: Whole, store: Store, acme: Tenant, things: Things
):
    client = by_session(whole, store, acme, Role.ADMIN)
    with open_work(acme.operator, store) as work:
        for flag in FLAGS:
            flags.switch_flag(work, flag, killed=True, reason="not here")
    gated = [route for route, act in ACT_OF_ROUTE.items() if act in GATES]
    assert {GATES[ACT_OF_ROUTE[route]] for route in gated} == set(FLAGS)
    for route in gated:
        answer = asked(client, route, things)
        assert (answer.status, answer.code) == (404, "switched_off"), route


@ONLY_SQLITE
def test_another_tenants_thing_answers_byte_for_byte_like_a_missing_one(
    whole: Whole, store: Store, rival: Tenant, things: Things
):
    nothing, client = things.nowhere(), by_session(whole, store, rival, Role.ADMIN)
    of_admins = [route for route, act in ACT_OF_ROUTE.items() if Role.ADMIN in MAY[act]]
    by_path = [route for route in of_admins if any(f"{{{name}}}" in route for name in IDS)]
    for route in [*by_path, *TOLD_ELSEWHERE]:
        theirs, nobodys = asked(client, route, things), asked(client, route, nothing)
        assert theirs.without(things.ids) == nobodys.without(nothing.ids), route
        assert theirs.status == 404, (route, theirs.body)
    assert all(f"{{{name}}}" in "".join(by_path) for name in IDS)


@ONLY_SQLITE
def test_another_tenant_is_served_from_its_own_things_alone(
    whole: Whole, store: Store, rival: Tenant, things: Things
):
    mine = things_of(store, rival, cik=9_999_902)
    client = by_session(whole, store, rival, Role.ADMIN)
    assert client.caller
    for route, status in documented().items():
        if Role.ADMIN not in MAY[ACT_OF_ROUTE[route]]:
            continue
        answer = asked(client, route, laid_out(store, rival, client.caller, route, mine))
        assert answer.status == status, (route, answer.body)
        assert [text for text in things.texts() if text.encode() in answer.body] == [], route


@ONLY_SQLITE
def test_beside_the_api_each_door_opens_to_whom_the_table_says(whole, store, acme, rival):
    nobody, program = Client(whole), by_key(whole, store, acme, Role.ADMIN)
    people = [by_session(whole, store, acme, role) for role in ROLES]
    people.append(by_session(whole, store, rival, Role.ADMIN))
    doors = [door for door in whole.doors() if door[1] in DOORS and door[0] != SOCKET]
    for method, path in sorted(doors, key=lambda door: door[1] == "/logout"):
        accept = {"accept": "text/html" if path == "/{page:path}" else "*/*"}
        for client, let_in in (
            (nobody, DOORS[path] == ANYONE),
            (program, DOORS[path] in (ANYONE, SIGNED_IN)),
            *((person, True) for person in people),
        ):
            answer = client.ask(method, filled(path, None), **accept)
            assert answer.is_sent_to_sign_in != let_in, (method, path, client.caller)
            assert answer.status < 500, (method, path, answer.body)
            if let_in and DOORS[path] == NOBODY:
                assert answer.code == "not_found", (method, path, answer.body)


@ONLY_SQLITE
def test_a_websocket_opens_to_people_on_our_own_pages_alone(whole, store, acme, rival):
    people = [by_session(whole, store, acme, role) for role in ROLES]
    people.append(by_session(whole, store, rival, Role.ADMIN))
    for path in SOCKETS:
        for client in (Client(whole), by_key(whole, store, acme, Role.ADMIN)):
            assert client.knock(path) == 401
            assert client.knock(path, origin=b"") == 403
        for client in people:
            assert client.knock(path) == 101
            assert client.knock(path, origin=b"") == 403
            assert client.knock(path, origin=OWN_ORIGIN + b"0") == 403


@ONLY_SQLITE
def test_each_act_of_the_workbench_lets_in_whom_the_table_says(store: Store, acme: Tenant):
    for module in pkgutil.iter_modules(workbench.__path__):
        importlib.import_module(f"{workbench.__name__}.{module.name}")
    callers = [acme.viewer, acme.analyst, acme.admin, acme.operator, stranger(acme.id)]
    for name, acts in ACTS.items():
        for act in acts:
            for caller in callers:
                may = caller.kind != "stranger" and caller.role in MAY[name]
                assert is_let_in(store, caller, act.function) == may, (act.function, caller)


def is_let_in(store: Store, caller: Caller, function: Callable[..., Any]) -> bool:
    """Whether the act gets as far as to miss its arguments; what needs none is done."""
    try:
        with open_work(caller, store) as work:
            function(work)
    except AccessDenied:
        return False
    except (TypeError, NotFound, SwitchedOff):  # asked for by who may, only not here
        return True
    return True


def test_an_operator_sees_no_content():
    content = (
        "company", "fact", "import", "valuation", "draft", "snapshot", "report", "job", "audit",
        "adjustment", "simulation", "batch",
        "adjustment", "hold", "retention", "series",
    )  # fmt: skip
    for act, roles in MAY.items():
        assert Role.OPERATOR not in roles or not act.startswith(content)


def test_who_has_not_shown_a_secret_may_do_nothing():
    nobody = stranger(TenantId("acme"))
    for act in MAY:
        with pytest.raises(AccessDenied):
            require(nobody, act)


@ONLY_SQLITE
def test_nothing_but_the_public_list_answers_a_stranger(whole):
    """Pages, files, probes and unknown paths, in every spelling."""
    nobody = Client(whole)
    paths = ["/", "/dcf", "/valuations", "/_stcore/metrics", "/media/x.csv", "/api/v1/openapi.json",
             "/_stcore/upload_file/x/y", "/component/x", "/logout", "/METRICS", "//", "/%2e/",
             "/api/v1/me/", "/nobody"]  # fmt: skip
    for path in paths:
        for accept in ("text/html", "application/json"):
            assert nobody.ask("GET", path, accept=accept).status in (303, 401), path
    paths = ["/component/_stcore/health", "/media/_stcore/host-config", "/api/v1/_stcore/health",
             "/x/_stcore/health", "/_stcore/upload_file/_stcore/health"]  # fmt: skip
    for path in paths:
        assert nobody.ask("GET", path).status == 401, path
    for path in PROBES:
        assert nobody.ask("GET", path).status == 404, path
    for path in PUBLIC_PATHS:
        assert nobody.ask("GET", path).status != 401, path


@ONLY_SQLITE
def test_only_who_may_import_uploads_a_file(whole: Whole, store: Store, acme: Tenant):
    for role in ROLES:
        client = by_session(whole, store, acme, role)
        for method in ("PUT", "DELETE"):
            answer = client.ask(method, "/_stcore/upload_file/x/y", b"x")
            assert (answer.code == "access_denied") is (role not in MAY["fact.import"]), role


@ONLY_SQLITE
def test_identity_headers_of_a_client_are_thrown_away(whole: Whole, store: Store):
    """In any case and spelling."""
    seen: list[Any] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.extend(name for name, _ in scope["headers"])
        await send({"type": "http.response.start", "status": 204, "headers": []})

    app = Identity(inner, callers=Callers(store), cookie="vx_session_9", strangers=strangers())
    headers = [(b"X-VX-User", b"adam"), (b"x_vx_roles", b"admin"), (b"accept", b"*/*")]
    whole.portal.call(exchange, app, "GET", "/healthz", headers, b"")
    assert seen == [b"host", b"accept"]
