"""Who calls is the peer, or whom the proxies say that we trust; nobody else is believed."""

import asyncio
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis.strategies import ip_addresses, lists, sampled_from

from app.web.proxies import TrustedProxies

OURS = ip_network("10.0.0.0/8")
PROXIES, STRANGERS = ["10.0.0.7", "10.1.2.3"], ["192.0.2.1", "198.51.100.9", "2001:db8::1"]


def seen(peer: str, *headers: tuple[str, str], kind: str = "http") -> Any:
    """The scope as what stands behind gets it."""
    told: list[Any] = []

    async def behind(scope: Any, _receive: Any, _send: Any) -> None:
        told.append(scope)

    named = [(name.encode(), value.encode()) for name, value in headers]
    scope = {"type": kind, "client": (peer, 5), "headers": named}
    walled: Any = TrustedProxies(behind, proxies=[OURS])
    asyncio.run(walled(scope, None, None))
    return told[0]


def caller(peer: str, *told: str) -> str:
    return seen(peer, *(("x-forwarded-for", each) for each in told))["client"][0]


@given(peer=sampled_from(STRANGERS), told=lists(ip_addresses().map(str), max_size=4))
def test_who_is_no_proxy_of_ours_is_the_caller_whatever_it_says(peer, told):
    """S40."""
    assert caller(peer, ", ".join(told)) == peer


@given(
    claimed=lists(ip_addresses().map(str), max_size=3),
    stranger=sampled_from(STRANGERS),
    between=lists(sampled_from(PROXIES), max_size=3),
    peer=sampled_from(PROXIES),
)
def test_the_nearest_that_is_no_proxy_of_ours_is_the_caller(claimed, stranger, between, peer):
    assert caller(peer, ", ".join([*claimed, stranger, *between])) == stranger


@pytest.mark.parametrize(
    "garbage", ["", "unknown", "'; --", "192.0.2.1:80", "::ffff:", "\xff", ","]
)
def test_what_is_no_address_is_not_believed(garbage):
    assert caller(PROXIES[0], f"192.0.2.1, {garbage}") in (PROXIES[0], "192.0.2.1")
    assert caller(PROXIES[0], garbage) == PROXIES[0]


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "name", ["X-Forwarded-For", "x_forwarded_for", "x-forwarded-host", "X-Forwarded-Proto",
             "Forwarded", "x-real-ip"],
)  # fmt: skip
def test_nothing_behind_sees_what_anybody_claims(kind, name):
    for peer in (STRANGERS[0], PROXIES[0]):
        scope = seen(peer, (name, "evil.example"), ("accept", "*/*"), kind=kind)
        assert scope["headers"] == [(b"accept", b"*/*")]
