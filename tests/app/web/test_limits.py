"""What a client is told of its limits, and that nothing it sends chooses another bucket."""

import asyncio
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from math import ceil

import pytest
from prometheus_client import REGISTRY
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from app.web.identity import STREAM
from app.web.limits import RateLimits, quota_headers
from tests.app.asking import handshake
from valor_core.settings import ROOT, SETTINGS
from valor_core.store.work import StoreUnavailable
from valor_core.tenancy.call_limits import CallLimits
from valor_core.tenancy.flags import FLAGS
from valor_core.tenancy.metric_labels import MOST, OTHER, label
from valor_core.tenancy.plans import LIMITS
from valor_core.tenancy.quotas import Standing
from valor_core.tenancy.rate_limits import MemoryBuckets, Policy
from valor_core.values import Caller, Role, TenantId, utc_now

ANNA = Caller(tenant_id=TenantId("acme-1"), user_id="anna", role=Role.ANALYST)
TENANT = Policy(name="tenant", per_minute=600, burst=100)
USER = Policy(name="user", per_minute=7, burst=3)
S = 1_000_000


class HeldClock(MemoryBuckets):
    """Buckets whose clock stands still until it is moved."""

    now = 1_700_000_000_000_000

    def take(self, caller, takes, *, cost=1, now_us=None):
        return super().take(caller, takes, cost=cost, now_us=self.now)


class Served:
    """A route of the API behind the limits, as Anna or somebody else meets it."""

    def __init__(self, *, status: int = 200, shadow: bool = False) -> None:
        self.buckets, self.status = HeldClock(), status
        limits = CallLimits(self.buckets, lambda _: (TENANT, USER), shadow=shadow)
        self.limited = RateLimits(self._route, limits=limits)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Response("ok", self.status)(scope, receive, send)

    def ask(self, path: str = "/api/v1/me", caller: Caller | None = ANNA, **headers: str):
        return TestClient(self._as(caller)).get(path, headers=headers, follow_redirects=False)

    def _as(self, caller: Caller | None):
        async def behind(scope: Scope, receive: Receive, send: Send) -> None:
            await self.limited({**scope, "state": {"caller": caller}}, receive, send)

        return behind

    def knock(self) -> int:
        return asyncio.run(handshake(self._as(ANNA), STREAM, []))


def limits_of(answer) -> dict[str, str]:
    return {k: v for k, v in answer.headers.items() if "ratelimit" in k or k == "retry-after"}


def test_an_answer_tells_the_tightest_bucket_and_all_of_them():
    assert limits_of(Served().ask()) == {
        "x-ratelimit-limit": "7",
        "x-ratelimit-remaining": "2",
        "x-ratelimit-reset": "9",  # 60 / 7 s, rounded up
        "ratelimit-policy": '"tenant";q=600;w=60, "user";q=7;w=60',
        "ratelimit": '"tenant";r=99;t=1, "user";r=2;t=9',
    }


def test_a_refusal_tells_when_it_passes_and_then_it_does_and_not_one_second_earlier():
    """S41, G6."""
    api = Served()
    for _ in range(3):
        assert api.ask().status_code == 200
    refused = api.ask()
    told = int(refused.headers["retry-after"])

    assert (refused.status_code, told) == (429, ceil(60 / 7))
    assert refused.headers["ratelimit"] == '"tenant";r=97;t=0, "user";r=0;t=9'
    assert refused.headers["content-type"] == "application/problem+json"
    problem = refused.json()
    assert (problem["code"], problem["retry_after_s"]) == ("rate_limited", told)
    assert problem["violated-policies"] == ["user"]
    assert 24 <= problem["reset_at"] - time.time() <= 27  # 3 calls at 7 a minute
    assert f"{told} s" in problem["hint"]
    api.buckets.now += (told - 1) * S
    assert api.ask().status_code == 429
    api.buckets.now += S
    assert api.ask().status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "192.0.2.7"}, {"forwarded": "for=192.0.2.7"}, {"x-real-ip": "::1"},
        {"x-vx-user": "vera"}, {"x-vx-tenant": "rival-1"}, {"cookie": "vx_session_9=other.x"},
    ],
)  # fmt: skip
def test_nothing_that_a_client_sends_chooses_another_bucket(headers):
    """S40."""
    api = Served()
    for path in ("/api/v1/me", "/api/v1/me/", "/api/v1/ME"):
        assert api.ask(path).status_code == 200

    assert api.ask(**headers).status_code == 429
    assert api.ask(caller=replace(ANNA, session="another")).status_code == 429
    assert api.ask(caller=replace(ANNA, user_id="vera")).status_code == 200


def test_of_sixteen_at_once_as_many_pass_as_fit_and_each_is_told_another_number_that_is_left():
    """S41: what is left is never told twice, nor below zero; the refused are told none is."""
    api = Served()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: api.ask(), range(32)))

    left = [(each.status_code, int(each.headers["x-ratelimit-remaining"])) for each in answers]
    assert sorted(n for status, n in left if status == 200) == list(range(USER.burst))
    assert {n for status, n in left if status == 429} == {0}
    assert all(each.headers["retry-after"].isdigit() for each in answers if each.status_code == 429)


def test_who_has_shown_nothing_takes_from_nobody():
    """G12."""
    api = Served()
    for _ in range(5):
        assert limits_of(api.ask(caller=None)) == {}

    assert api.ask().headers["x-ratelimit-remaining"] == "2"


def test_where_the_limits_cannot_be_asked_the_call_is_refused_and_not_let_through():
    def no_answer(caller: Caller) -> tuple[Policy, ...]:
        raise StoreUnavailable

    api = Served()
    api.limited.limits = CallLimits(api.buckets, no_answer)
    assert (api.ask().status_code, api.ask().json()["code"]) == (503, "store_unavailable")


def test_a_page_that_opens_its_stream_takes_from_the_same_bucket():
    api = Served()
    for _ in range(3):
        api.ask()

    assert api.knock() == 429


def test_a_page_and_an_answer_that_a_browser_may_keep_tell_none():
    assert limits_of(Served().ask("/coverage")) == {}
    assert limits_of(Served(status=304).ask()) == {}


def blocked(mode: str) -> float:
    told = {"tenant": label("acme-1"), "user": label("acme-1|anna"), "policy": "user", "mode": mode}
    return REGISTRY.get_sample_value("rate_limit_blocked_total", told) or 0.0


def allowed() -> float:
    told = {"tenant": label("acme-1"), "user": label("acme-1|anna")}
    return REGISTRY.get_sample_value("rate_limit_allowed_total", told) or 0.0


def judged() -> float:
    return REGISTRY.get_sample_value("rate_limit_seconds_count", {"store": "memory"}) or 0.0


def test_a_call_tells_the_quota_with_least_left_of_those_that_it_was_charged_to():
    soon = utc_now() + timedelta(hours=1)
    charged = [
        Standing(
            limit=LIMITS[name], granted=granted, used=3, reserved=1, period="x", resets_at=soon
        )
        for name, granted in (("valuations_per_month", 100), ("valuations_per_day", 10))
    ]

    told = dict(quota_headers(charged))
    assert (told[b"x-quota-limit"], told[b"x-quota-remaining"]) == (b"10", b"6")
    assert 3_590 < int(told[b"x-quota-reset"]) <= 3_600
    assert quota_headers([]) == []


def test_in_shadow_mode_all_pass_and_the_metrics_count_who_would_not():
    """G11."""
    api, before = Served(shadow=True), (blocked("shadow"), allowed(), judged())
    for _ in range(3):
        api.ask()
    passed = api.ask()

    assert passed.status_code == 200
    assert set(limits_of(passed)) == set(limits_of(Served().ask()))
    assert (blocked("shadow"), allowed()) == (before[0] + 1, before[1] + 5)
    assert judged() >= before[2] + 5


def test_metrics_name_nobody_and_stay_few(monkeypatch):
    monkeypatch.setattr("valor_core.tenancy.metric_labels._known", {})
    labels = {label(f"tenant-{n}") for n in range(2 * MOST)}

    assert len(labels) == MOST + 1
    assert OTHER in labels
    assert all(re.fullmatch(r"[0-9a-f]{12}|other", each) for each in labels)
    assert label("tenant-0") == label("tenant-0")


def test_the_documentation_names_each_header_and_each_setting_with_its_default():
    text = (ROOT / "docs" / "governance" / "plans-and-limits.md").read_text()
    told = set(re.findall(r"^\| `([\w-]+)` \|", text, re.MULTILINE))
    refused = Served()
    for _ in range(4):
        answer = refused.ask()

    assert {name.lower() for name in told} >= set(limits_of(answer))
    assert {name.lower() for name in told} >= {
        "x-quota-limit",
        "x-quota-remaining",
        "x-quota-reset",
    }
    for limit in LIMITS.values():
        default = f"`VALOR_{limit.name.upper()}`" if limit.has_default else "no limit"
        assert f"| `{limit.name}` | {limit.unit} | {default} |" in text
    for flag in FLAGS.values():
        row = f"{str(flag.default).lower()} | {flag.owner} | {flag.expires_on} | {flag.help} |"
        assert f"| `{flag.name}` | {row}" in text
    for setting in SETTINGS:
        if "CALLS" in setting.name or "RATE_LIMIT" in setting.name:
            assert f"| `{setting.name}` | {setting.default} |" in text
