"""What takes something from somebody tells first what it would do, and keeps why it was done.

Every act of the workbench stands in one of three tables: those that tell first and ask for the
reason, those that ask for the reason alone, and those that do neither; of the last two each says
why. A new act that stands in none fails, and so does a new route that offers a dry run untried.
"""

import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import typer
from sqlalchemy import select

from app.api.application import create_api
from app.cli import app
from tests.app.api.asking import once, refusal
from tests.app.things import (
    PLAN,
    flag_override_of,
    grant_of,
    key_of,
    member_of,
    override_of,
    session_of,
    version_of,
)
from tests.billing.telling import deliver, usage
from tests.moulds import Tenant
from valor_core import workbench
from valor_core.audit import log
from valor_core.settings import ROOT
from valor_core.store.engines import Store
from valor_core.store.tables import AuditLogRow
from valor_core.store.work import unit_of_work
from valor_core.tenancy.plans import PlanTerms
from valor_core.values import PLATFORM, Caller, Role, TenantId, utc_now
from valor_core.workbench import grants, groups, market_data, plans, reports, retention, tenants
from valor_core.workbench.verb import ACTS, open_work

FORESEEN = {
    "audit.hold_released": ["retention.foresee_release"],
    "audit.key_rotated": ["rotation.foresee_rotation"],
    "billing.price": ["billing.foresee_price"],
    "flag.override": ["flags.foresee_override", "flags.foresee_end_of_override"],
    "flag.switch": ["flags.foresee_switch"],
    "grant.end": ["grants.foresee_end"],
    "grant.give": ["grants.foresee_giving"],
    "group.map": ["groups.foresee_mapping"],
    "group.unmap": ["groups.foresee_unmapping"],
    "job.schedule": ["jobs.foresee_schedule"],
    "key.revoke": ["people.foresee_revocation"],
    "member.change_role": ["members.foresee"],
    "member.remove": ["members.foresee"],
    "member.suspend": ["members.foresee"],
    "notebook.withdraw": ["own_notebooks.foresee_withdrawal"],
    "plan.assign": ["plans.foresee_plan"],
    "plan.define": ["plans.foresee_definition"],
    "plan.override": ["plans.foresee_override", "plans.foresee_end_of_override"],
    "plan.zone": ["plans.foresee_time_zone"],
    "provider.key_drop": ["market_data.foresee_drop"],
    "report.end_schedule": ["reports.foresee_end_of_schedule"],
    "retention.change": ["retention.foresee_policy"],
    "session.revoke_any": ["sessions.foresee_end", "sessions.foresee_end_of"],
    "tenant.suspend": ["tenants.foresee_suspension"],
}
"""Acts with a reason that is kept, and the views that tell before what each would do."""

REASON_ALONE = {
    "audit.hold_set": "it keeps, and takes nothing",
    "billing.set_aside": "one event that is looked at beside it; another try takes it back",
    "grant.ask": "asking changes nothing until somebody answers",
    "grant.break_glass": "it takes nothing from anybody, and all members are shown it",
    "hold.ask_release": "asking changes nothing; the release tells first what it would free",
    "maintenance.announce": "it is told in advance and can be withdrawn",
    "member.resume": "it gives back what the suspension took",
    "notebook.reject": "a version that never ran",
    "routing.change": "each version is kept, and is put back by saying it again",
    "series.accept": "the doubt stands beside the figures that it is about",
    "tenant.resume": "it gives back what the suspension took",
}

NEITHER = {
    **dict.fromkeys(
        (
            "adjustment.add", "adjustment.drop", "batch.run", "draft.drop", "draft.keep",
            "fact.import", "feed.start", "feed.stop", "job.start", "notebook.register",
            "premium.state", "preference.choose", "preference.set", "report.cancel",
            "report.deliver", "report.run", "report.verify", "series.keep", "share_term.add",
            "share_term.drop", "simulation.run", "snapshot.publish", "valuation.run",
            "view.change", "view.drop", "view.keep", "workbook.audit",
        ),
        "analysts' work: what was filed, computed and published stays beside it",
    ),
    **dict.fromkeys(
        (
            "audit.purge", "billing.close", "computation.finish", "computation.keep",
            "delivery.finish", "feed.keep", "feed.lead", "job.carry_out", "job.finish", "job.run",
            "provider.ask", "provider.watch", "report.gather", "route.count", "series.purge",
        ),
        "the application does it by what was decided before, with its reason where one is needed",
    ),
    **dict.fromkeys(
        ("demo.months", "demo.seed", "key.add", "key.add_own", "member.add", "tenant.add"),
        "it gives and takes nothing; what was given is taken again with a reason",
    ),
    **dict.fromkeys(
        ("key_file.issue", "token.issue", "grant.open"), "a way in for who may come in anyway"
    ),
    **dict.fromkeys(("session.end", "session.revoke"), "one's own sign-ins"),
    **dict.fromkeys(
        ("destination.add", "destination.end", "report.schedule"),
        "when and where reports go: stated anew in one call; what was made and sent stays",
    ),
    "audit.export": "a copy for an auditor; the log stays as it is",
    "billing.retry": "an event that the provider sent takes the effect that it always had",
    "key.rotate": "the old key works on until the overlap that was chosen has passed",
    "maintenance.withdraw": "work that was announced and is not done",
    "member.confirm": "the second of two persons agrees to what the first proposed",
    "notebook.approve": "what is approved is named by its SHA-256; the code was read",
    "provider.key_set": "a key that the tenant has, in place of another one that it has",
    "provider.release": "a provider is asked again that would be soon anyway",
    "snapshot.gc": "only what no snapshot names, and only after a time of grace",
}  # fmt: skip

COMMANDS = {
    "audit.hold_released": "holds release",
    "audit.key_rotated": "audit rotate",
    "billing.price": "billing price",
    "flag.override": "flags override, flags end-override",
    "flag.switch": "flags kill, flags revive, flags rollout",
    "grant.end": "access end, access refuse",
    "grant.give": "access give",
    "group.map": "groups map",
    "group.unmap": "groups unmap",
    "job.schedule": "jobs change",
    "key.revoke": "keys revoke",
    "member.change_role": "members role",
    "member.remove": "members remove",
    "member.suspend": "members suspend",
    "notebook.withdraw": "report withdraw",
    "plan.assign": "plans assign",
    "plan.define": "plans define",
    "plan.override": "plans override, plans end-override",
    "plan.zone": "plans zone",
    "provider.key_drop": "providers key drop",
    "report.end_schedule": "report end-schedule",
    "retention.change": "retention keep",
    "session.revoke_any": "sessions end",
    "tenant.suspend": "tenants suspend",
}
"""By which commands each is done: by the operator, or by the member whose key is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One way by which clients have an act done."""

    act: str
    route: str
    who: Role
    body: dict[str, Any] | None = None
    in_path: Callable[[Store, Tenant], dict[str, str]] = lambda *_: {}
    foreseen_at: str = ""  # where that is a route of its own


TOMORROW = f"{utc_now() + timedelta(days=1)}"
LIMIT = {"limit": "reports_per_month", "value": 7, "expires_at": TOMORROW}
OFF = {"value": False, "expires_at": TOMORROW}
A_PRICE = {"meter": "valuations", "valid_from": "2026-01-01", "price_minor": 250,
           "currency": "USD"}  # fmt: skip
A_PLAN = {"plan": "team", "name": "Team", "currency": "USD", "price_minor": 4_900}


def _named(name: str, of: Callable[[Store, Tenant], str]) -> Callable[..., dict[str, str]]:
    return lambda store, tenant: {name: of(store, tenant)}


def _given(store: Store, tenant: Tenant) -> str:
    with open_work(replace(tenant.operator, user_id="olga"), store) as work:
        grant_id = grants.ask_access(work, reason="a fault", hours=2).id
    with open_work(tenant.admin, store) as work:
        grants.give_access(work, grant_id, reason="as asked")
    return grant_id


def _mapped(store: Store, tenant: Tenant) -> str:
    with open_work(replace(tenant.operator, tenant_id=PLATFORM), store) as work:
        groups.map_group(work, "desk", Role.VIEWER, tenant=tenant.slug, reason="they work here")
        return groups.list_groups(work)[0].id


def _held(store: Store, tenant: Tenant) -> str:
    """A hold that the compliance officer who asks neither set nor wanted released."""
    first, second = (replace(officer(tenant), user_id=name) for name in ("cora", "carl"))
    with open_work(first, store) as work:
        hold = retention.set_hold(work, "", "an inquiry")
    with open_work(second, store) as work:
        retention.ask_release(work, hold.id, reason="it is settled")
    return hold.id


def _off(store: Store, tenant: Tenant) -> dict[str, str]:
    flag_override_of(store, tenant, "reports")
    return {"flag": "reports"}


def _keyed(store: Store, tenant: Tenant) -> dict[str, str]:
    with open_work(tenant.admin, store) as work:
        market_data.set_key(work, "fred", "a-key-of-ours")
    return {"provider": "fred"}


def _planned(store: Store, tenant: Tenant) -> dict[str, str]:
    with open_work(tenant.operator, store) as work:
        plans.define_plan(
            work,
            PLAN,
            PlanTerms(
                name="Team",
                currency="USD",
                price_minor=4_900,
                limits={"reports_per_month": 5},
                features={},
            ),
            reason="as sold",
        )
    return {}


def _scheduled(store: Store, tenant: Tenant) -> str:
    with open_work(tenant.admin, store) as work:
        return reports.schedule_report(work, "sla", {}, cron="every day at 07:00").id


def _signed_in(store: Store, tenant: Tenant) -> dict[str, str]:
    """A member who is signed in."""
    session_of(store, tenant, tenant.viewer.user_id)
    return {"user_id": tenant.viewer.user_id}


def _suspended(store: Store, tenant: Tenant) -> dict[str, str]:
    with open_work(tenant.operator, store) as work:
        tenants.suspend_tenant(work, reason="unpaid")
    return {}


def _event(document: dict[str, Any]) -> Callable[..., dict[str, str]]:
    """An event of the billing provider that has just come."""

    def come(store: Store, _: Tenant) -> dict[str, str]:
        deliver(store, document)
        return {"event_id": document["id"]}

    return come


_REPORTS: Callable[..., dict[str, str]] = lambda *_: {"flag": "reports"}  # noqa: E731
_OVERRIDE = _named("override_id", override_of)
ADMINS = [
    Asked(act="session.revoke_any", route="DELETE /admin/sessions/{session_id}", who=Role.ADMIN,
          in_path=_named("session_id", lambda s, t: session_of(s, t, t.viewer.user_id))),
    Asked(act="session.revoke_any", route="DELETE /admin/members/{user_id}/sessions",
          who=Role.ADMIN, in_path=_signed_in),
    Asked(act="key.revoke", route="DELETE /keys/{key_id}", who=Role.ADMIN,
          in_path=_named("key_id", lambda s, t: key_of(s, t.viewer))),
    Asked(act="member.change_role", route="PUT /admin/members/{user_id}/role", who=Role.ADMIN,
          body={"role": "analyst"}, in_path=_named("user_id", member_of)),
    Asked(act="member.suspend", route="POST /admin/members/{user_id}/suspend", who=Role.ADMIN,
          body={}, in_path=_named("user_id", member_of)),
    Asked(act="member.remove", route="DELETE /admin/members/{user_id}", who=Role.ADMIN,
          in_path=_named("user_id", member_of)),
    Asked(act="plan.assign", route="PUT /plan", who=Role.ADMIN, body={"plan": PLAN},
          in_path=_planned),
    Asked(act="plan.zone", route="PUT /plan/time-zone", who=Role.ADMIN,
          body={"time_zone": "Europe/Berlin"}),
    Asked(act="plan.override", route="POST /plan/overrides", who=Role.ADMIN, body=LIMIT),
    Asked(act="plan.override", route="DELETE /plan/overrides/{override_id}", who=Role.ADMIN,
          in_path=_OVERRIDE),
    Asked(act="flag.override", route="PUT /flags/{flag}/override", who=Role.ADMIN, body=OFF,
          in_path=_REPORTS),
    Asked(act="flag.override", route="DELETE /flags/{flag}/override", who=Role.ADMIN, in_path=_off),
    Asked(act="grant.give", route="POST /admin/access/{grant_id}/give", who=Role.ADMIN, body={},
          in_path=_named("grant_id", grant_of)),
    Asked(act="grant.end", route="POST /admin/access/{grant_id}/end", who=Role.ADMIN, body={},
          in_path=_named("grant_id", _given)),
    Asked(act="retention.change", route="PUT /retention/{category}", who=Role.ADMIN,
          body={"days": 365}, in_path=lambda *_: {"category": "act"}),
    Asked(act="provider.key_drop", route="DELETE /providers/{provider}/key", who=Role.ADMIN,
          in_path=_keyed),
    Asked(act="notebook.withdraw", route="POST /reports/notebooks/{version_id}/withdrawal",
          who=Role.ADMIN, body={}, in_path=_named("version_id", version_of)),
    Asked(act="job.schedule", route="PATCH /jobs/{job}", who=Role.ADMIN, body={"paused": True},
          in_path=lambda *_: {"job": "snapshot"}),
    Asked(act="report.end_schedule", route="DELETE /reports/schedules/{schedule_id}",
          who=Role.ADMIN, in_path=_named("schedule_id", _scheduled)),
    Asked(act="audit.hold_released", route="POST /holds/{hold_id}/release", who=Role.COMPLIANCE,
          body={}, in_path=_named("hold_id", _held),
          foreseen_at="GET /holds/{hold_id}/release"),
]  # fmt: skip
OPERATORS = [
    Asked(act="tenant.suspend", route="POST /admin/tenants/{tenant}/suspend", who=Role.OPERATOR,
          body={}),
    Asked(act="plan.assign", route="PUT /admin/tenants/{tenant}/plan", who=Role.OPERATOR,
          body={"plan": PLAN}, in_path=_planned),
    Asked(act="plan.override", route="POST /admin/tenants/{tenant}/plan/overrides",
          who=Role.OPERATOR, body=LIMIT),
    Asked(act="plan.override", route="DELETE /admin/tenants/{tenant}/plan/overrides/{override_id}",
          who=Role.OPERATOR, in_path=_OVERRIDE),
    Asked(act="flag.override", route="PUT /admin/tenants/{tenant}/flags/{flag}/override",
          who=Role.OPERATOR, body=OFF, in_path=_REPORTS),
    Asked(act="flag.override", route="DELETE /admin/tenants/{tenant}/flags/{flag}/override",
          who=Role.OPERATOR, in_path=_off),
    Asked(act="grant.end", route="POST /admin/tenants/{tenant}/access/{grant_id}/end",
          who=Role.OPERATOR, body={}, in_path=_named("grant_id", _given)),
    Asked(act="billing.price", route="POST /admin/tenants/{tenant}/prices", who=Role.OPERATOR,
          body=A_PRICE),
    Asked(act="plan.define", route="POST /admin/plans", who=Role.OPERATOR, body=A_PLAN),
    Asked(act="flag.switch", route="PUT /admin/flags/{flag}", who=Role.OPERATOR,
          body={"killed": True}, in_path=_REPORTS),
    Asked(act="audit.key_rotated", route="POST /admin/log-key/rotate", who=Role.OPERATOR, body={},
          ),
    Asked(act="group.map", route="PUT /admin/groups", who=Role.OPERATOR,
          body={"group": "desk", "tenant": "acme", "role": "analyst"}),
    Asked(act="group.unmap", route="DELETE /admin/groups/{group_id}", who=Role.OPERATOR,
          in_path=_named("group_id", _mapped)),
]  # fmt: skip
WAYS = [*ADMINS, *OPERATORS]
OF_OPERATORS_BESIDE = [
    Asked(act="tenant.add", route="POST /admin/tenants", who=Role.OPERATOR,
          body={"tenant": "newco"}),
    Asked(act="tenant.resume", route="POST /admin/tenants/{tenant}/resume", who=Role.OPERATOR,
          body={"reason": "paid"}, in_path=_suspended),
    Asked(act="grant.ask", route="POST /admin/tenants/{tenant}/access", who=Role.OPERATOR,
          body={"reason": "a fault"}),
    Asked(act="grant.open", route="POST /admin/tenants/{tenant}/access/{grant_id}/open",
          who=Role.OPERATOR, in_path=_named("grant_id", _given)),
    Asked(act="billing.retry", route="POST /admin/webhooks/{event_id}/retry", who=Role.OPERATOR,
          in_path=_event(usage("evt_q", metadata={"tenant": "nobody"}))),
    Asked(act="billing.set_aside", route="POST /admin/webhooks/{event_id}/set-aside",
          who=Role.OPERATOR, body={"reason": "its day is none"},
          in_path=_event(usage("evt_w", day="2025-02-30"))),
]  # fmt: skip


OF_THE_INSTALLATION = tuple(
    f"/admin/{name}" for name in ("tenants", "plans", "flags", "groups", "webhooks", "log-key")
)


def officer(tenant: Tenant) -> Caller:
    return Caller(tenant_id=tenant.id, user_id="cleo", role=Role.COMPLIANCE)


def who_asks(way: Asked, tenant: Tenant) -> Caller:
    if way.who is Role.OPERATOR:
        return Caller(tenant_id=PLATFORM, user_id="olga", role=Role.OPERATOR)
    return officer(tenant) if way.who is Role.COMPLIANCE else tenant.admin


def entries(store: Store, tenant: Tenant) -> int:
    """How many entries the logs of the tenant and of the installation have."""
    return sum(len(log_of(store, each)) for each in (tenant.id, PLATFORM))


def log_of(store: Store, tenant_id: TenantId, act: str = "") -> list[dict[str, Any]]:
    """What each entry of an act tells, the newest first."""
    who = Caller(tenant_id=tenant_id, user_id="x", role=Role.ADMIN)
    query = select(AuditLogRow.payload).order_by(AuditLogRow.seq.desc())
    with unit_of_work(who, store) as work:
        rows = work.session.scalars(query.where(AuditLogRow.action == act) if act else query).all()
    return [json.loads(row or b"{}") for row in rows]


def all_acts() -> None:
    for module in pkgutil.iter_modules(workbench.__path__):
        importlib.import_module(f"{workbench.__name__}.{module.name}")


def test_every_act_tells_first_and_asks_why_or_it_is_said_why_it_need_not():
    all_acts()
    acts = {name for name, found in ACTS.items() if any(act.writes for act in found)}
    tables = (set(FORESEEN), set(REASON_ALONE), set(NEITHER))

    assert sum(map(len, tables)) == len(set().union(*tables)), "each act stands in one table"
    assert set().union(*tables) == acts
    for name in {*FORESEEN, *REASON_ALONE}:
        for act in ACTS[name]:
            asked = inspect.signature(act.function).parameters["reason"]
            assert (asked.kind, asked.default) == (asked.KEYWORD_ONLY, asked.empty) or (
                name == "audit.hold_set" and asked.default is asked.empty
            ), act.function
    views = {
        f"{act.function.__module__.rpartition('.')[2]}.{act.function.__name__}"
        for found in ACTS.values()
        for act in found
        if not act.writes
    }
    assert {view for those in FORESEEN.values() for view in those} <= views


def test_each_of_them_is_tried_by_every_route_that_it_has():
    foretelling = {
        f"{method.upper()} {path}"
        for path, methods in create_api().openapi()["paths"].items()
        for method, told in methods.items()
        if any(each["name"] == "dry_run" for each in told.get("parameters", ()))
    }

    assert {way.route for way in WAYS if not way.foreseen_at} == foretelling
    assert {way.act for way in WAYS} == set(FORESEEN)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.route.replace(" ", "_"))
def test_a_dry_run_changes_nothing_and_without_a_reason_nothing_is_done(
    store: Store, acme: Tenant, client: Any, monkeypatch: pytest.MonkeyPatch, way: Asked
):
    monkeypatch.setenv("VALOR_ADMINS_SET_LIMITS", "yes")
    if way.act == log.ROTATED:  # to a key that waits in the environment
        monkeypatch.setenv("AUDIT_HMAC_SECRET", f"{log.keys()[1].decode()}\n{'b' * 32}")
    api = client(who_asks(way, acme))
    named = {"tenant": acme.slug, **way.in_path(store, acme)}
    method, _, path = re.sub(r"\{(\w+)\}", lambda place: named[place[1]], way.route).partition(" ")

    def ask(reason: str, *, dry_run: bool = False) -> Any:
        said = {} if way.body is not None else {"reason": reason}
        body = None if way.body is None else {**way.body, "reason": reason}
        params = said | ({"dry_run": "true"} if dry_run else {})
        headers = {**once(reason or "none"), "If-Match": "*"}
        return api.request(method, path, params=params, json=body, headers=headers)

    before = entries(store, acme)
    first = api.get(path) if way.foreseen_at else ask("", dry_run=True)
    assert first.status_code == 200, first.text
    assert entries(store, acme) == before, "a dry run leaves no trace"
    assert refusal(ask("  ")) == (422, "reason_missing")
    assert entries(store, acme) == before
    again = api.get(path) if way.foreseen_at else ask("", dry_run=True)
    assert untimed(again.json()) == untimed(first.json()), "so far nothing was changed"

    done = ask("the board wants it")

    assert done.is_success, done.text
    told = [*log_of(store, acme.id, way.act), *log_of(store, PLATFORM, way.act)]
    assert "the board wants it" in [each.get("reason") for each in told]
    logs = 2 if way.act.startswith(("grant.", "tenant.", "audit.key")) else 1
    assert entries(store, acme) == before + logs, "an entry in each log that it is told in"


@pytest.mark.parametrize("way", OF_OPERATORS_BESIDE, ids=lambda way: way.act)
def test_what_else_an_operator_does_stands_once_in_each_log(
    store: Store, acme: Tenant, client: Any, way: Asked
):
    named = {"tenant": acme.slug, **way.in_path(store, acme)}
    method, _, path = re.sub(r"\{(\w+)\}", lambda place: named[place[1]], way.route).partition(" ")
    api, before = client(who_asks(way, acme)), entries(store, acme)
    if way.body and "reason" in way.body:
        silent = api.request(method, path, json=way.body | {"reason": " "})
        assert refusal(silent) == (422, "reason_missing")
        assert entries(store, acme) == before

    done = api.request(method, path, json=way.body)

    assert done.is_success, done.text
    logs = 2 if way.act.startswith("grant.") or way.act == "tenant.resume" else 1
    assert entries(store, acme) == before + logs


def test_every_route_by_which_operators_change_something_is_tried():
    changing = {
        f"{method.upper()} {path}"
        for path, methods in create_api().openapi()["paths"].items()
        for method in methods
        if method != "get" and path.startswith(OF_THE_INSTALLATION)
    }

    assert {way.route for way in (*OPERATORS, *OF_OPERATORS_BESIDE)} == changing


def untimed(told: Any) -> Any:
    """A body without the moments that are counted from now."""
    return {name: value for name, value in told.items() if name not in ("ends_at", "created_at")}


@pytest.mark.parametrize("act", sorted(COMMANDS))
def test_each_command_of_them_takes_a_reason_and_a_dry_run(act: str):
    for path in COMMANDS[act].split(", "):
        found: Any = typer.main.get_command(app)
        for name in path.split():
            found = found.commands[name]
        options = {option: each for each in found.params for option in each.opts}
        assert options["--reason"].required, path
        assert "--dry-run" in options, path


def test_all_of_it_has_its_command():
    assert set(FORESEEN) == set(COMMANDS)


def test_the_handbook_tells_of_each_of_them_what_is_shown_first():
    told = (ROOT / "docs/governance/administration.md").read_text(encoding="utf-8")
    table = told.partition("| act | what is told first |")[2].partition("\n## ")[0]

    assert set(re.findall(r"`([a-z_]+\.[a-z_]+)`", table)) == set(FORESEEN)
