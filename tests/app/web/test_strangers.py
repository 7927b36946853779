"""Who shows no sign-in is refused, soon with 429, and takes from nobody who has one."""

from ipaddress import IPv6Address, ip_network

import pytest
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from app.web.callers import Callers
from app.web.identity import Identity
from app.web.proxies import TrustedProxies
from app.web.strangers import PLACES, Strangers, place_of, strangers
from tests.app.asking import PORT, newly_signed_in
from tests.conftest import ONLY_SQLITE
from valor_core.settings import BadSetting
from valor_core.tenancy.rate_limits import Policy

POLICY = Policy(name="stranger", per_minute=1, burst=3)
PROXY = "10.0.0.7"


def not_near(address: str) -> str:
    """An address of another network, by chance not of the same bucket."""
    others = (f"203.0.{n}.1" for n in range(256))
    return next(each for each in others if place_of(each) != place_of(address))


async def within(scope: Scope, receive: Receive, send: Send) -> None:
    await Response("ok")(scope, receive, send)


@pytest.fixture
def ask(store):
    identity = Identity(
        within, callers=Callers(store), cookie=f"vx_session_{PORT}", strangers=Strangers(POLICY)
    )
    walled = TrustedProxies(identity, proxies=[ip_network("10.0.0.0/8")])

    def get(address: str, *headers: tuple[bytes, bytes], path: str = "/api/v1/me"):
        return TestClient(walled, client=(address, 1)).get(path, headers=list(headers))

    return get


@ONLY_SQLITE
def test_a_network_that_only_guesses_is_slowed_down_and_no_other_and_nobody_with_a_sign_in(
    store, acme, ask
):
    """G12, S40: whomever a guess names, no header and no neighbour's address gives another try."""
    guess = (b"authorization", f"Bearer vx_{acme.id}.guess.ed".encode())
    claims = (b"x-forwarded-for", b"198.51.100.1")

    told = [ask(f"192.0.2.{n}", guess, claims) for n in range(4)]

    assert [answer.status_code for answer in told] == [401, 401, 401, 429]
    refused = told[-1]
    assert refused.json()["code"] == "rate_limited"
    assert refused.json()["violated-policies"] == ["stranger"]
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert ask(not_near("192.0.2.1"), guess).status_code == 401
    assert ask("192.0.2.1", path="/healthz").status_code == 200
    signed_in = newly_signed_in(store, acme.operator, "anna")
    assert {ask("192.0.2.9", *signed_in).status_code for _ in range(9)} == {200}


@ONLY_SQLITE
def test_behind_a_proxy_of_ours_the_network_counts_that_it_names(ask):
    def named(address: str) -> int:
        return ask(PROXY, (b"x-forwarded-for", address.encode())).status_code

    assert [named("2001:db8::1"), named("2001:db8::2:1"), named("2001:db8::3")] == [401] * 3
    assert (named("2001:db8::4"), named(not_near("2001:db8::4"))) == (429, 401)


def test_however_many_networks_ask_their_buckets_are_few():
    guard = Strangers(POLICY)
    for n in range(3 * PLACES):
        guard.refusal(str(IPv6Address(n << 64)))

    assert len(guard.buckets._buckets) <= PLACES


def test_in_shadow_mode_no_stranger_is_told_to_wait(monkeypatch):
    monkeypatch.setenv("VALOR_STRANGER_CALLS_BURST", "1")
    enforcing = strangers()
    assert [enforcing.refusal("192.0.2.1") is None for _ in range(2)] == [True, False]

    monkeypatch.setenv("VALOR_RATE_LIMITS", "shadow")
    lenient = strangers()
    assert [lenient.refusal("192.0.2.1") is None for _ in range(2)] == [True, True]


def test_a_limit_of_strangers_that_cannot_be_is_told_at_the_start(monkeypatch):
    monkeypatch.setenv("VALOR_STRANGER_CALLS_PER_MINUTE", "none")
    with pytest.raises(BadSetting, match="VALOR_STRANGER_CALLS_PER_MINUTE"):
        strangers()
