"""The way to a provider under every attack of a server that fails on purpose."""

import asyncio
import resource
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis.strategies import integers, ip_addresses

from app.fault_server import RETRY_AFTER_S, Fault, FaultServer, serving
from tests.market.played import Counting
from valor_core.market.addresses import may_be_dialled
from valor_core.market.failures import Failure, ProviderFailure
from valor_core.market.transport import RETRY_AFTER_MAX_S, Fetched, Request, SafeHttp, refusal

BODY = b'{"close": 189.95}' * 40


@pytest.fixture(scope="module")
def provider() -> Iterator[FaultServer]:
    with serving(lambda path, _params: BODY if path == "/bars" else None) as server:
        yield server


async def asked(
    base_url: str, path: str = "bars", *, within_s: float = 5.0, loopback: bool = True, **of: Any
) -> Fetched:
    async with SafeHttp(loopback=loopback, contact="Acme data@acme.example") as http:
        request = Request(provider="Test", base_url=base_url, path=path, **of)
        return await http.get(request, asyncio.get_running_loop().time() + within_s)


def ask(base_url: str, path: str = "bars", **how: Any) -> Fetched:
    with asyncio.Runner(loop_factory=Counting) as runner:
        return runner.run(asked(base_url, path, **how))


def failure_of(provider: FaultServer, fault: Fault, **how: Any) -> ProviderFailure:
    provider.fault = fault
    try:
        with pytest.raises(ProviderFailure) as failed:
            ask(provider.url, **how)
    finally:
        provider.fault = Fault.NONE
    return failed.value


def test_an_answer_comes_back_unpacked_and_the_provider_hears_who_asks(provider):
    assert ask(provider.url).body == BODY
    assert provider.heads[-1]["user-agent"] == "Valor-IVX Acme data@acme.example"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.ERROR, Failure.SERVER),
        (Fault.THROTTLE, Failure.THROTTLED),
        (Fault.QUOTA, Failure.QUOTA),
        (Fault.DENY, Failure.UNAUTHORISED),
        (Fault.RESET, Failure.CONNECTION),
        (Fault.BOMB, Failure.TOO_LARGE),
        (Fault.TAIL, Failure.MALFORMED),
        (Fault.REDIRECT, Failure.REDIRECTED),
    ],
)
def test_each_way_to_fail_is_told_apart(provider, fault, kind):
    assert failure_of(provider, fault).kind is kind


def test_what_is_not_there_is_the_callers_mistake(provider):
    with pytest.raises(ProviderFailure) as failed:
        ask(provider.url, "nowhere")

    assert failed.value.kind is Failure.CALLER


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.DRIP])
def test_a_provider_that_hangs_or_drips_is_left_at_the_deadline_of_the_whole_call(provider, fault):
    provider.fault = fault
    try:
        with asyncio.Runner(loop_factory=Counting) as runner:
            with pytest.raises(ProviderFailure) as failed:
                runner.run(asked(provider.url, within_s=0.5))
            took = runner.get_loop().time()
    finally:
        provider.fault = Fault.NONE

    assert failed.value.kind is Failure.TIMEOUT
    assert 0.5 <= took < 0.6


@pytest.mark.parametrize("fault", [Fault.BOMB, Fault.TAIL])
def test_a_gigabyte_packed_or_after_the_answer_takes_no_more_memory_than_an_answer_may(
    provider, fault
):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    failure_of(provider, fault, body_max=1_000_000)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


def test_a_redirect_is_followed_nowhere(provider):
    before = len(provider.asked)

    failure_of(provider, Fault.REDIRECT)

    assert len(provider.asked) == before + 1


def test_what_is_secret_is_sent_and_never_told(provider):
    secret = {"secret_params": {"api_key": "s3cret"}, "secret_headers": {"X-Key": "s3cret"}}

    got = ask(provider.url, params={"symbol": "AAPL"}, **secret)
    failed = failure_of(provider, Fault.ERROR, **secret)

    assert "api_key=s3cret" in provider.asked[-1]
    assert provider.heads[-1]["x-key"] == "s3cret"
    assert "s3cret" not in f"{got.source}{failed!r}{failed.__cause__}{vars(failed)}"
    assert got.source.endswith("/bars?symbol=AAPL")


@pytest.mark.parametrize(
    "base_url",
    [
        "http://127.0.0.1:1", "https://127.1", "https://2130706433", "https://0x7f.1", "https://0",
        "https://[::1]", "https://[::ffff:127.0.0.1]", "https://169.254.169.254",
        "https://10.0.0.1", "https://[fd00::1]", "https://93.184.215.14:8443",
        "http://93.184.215.14", "https://data.example@127.0.0.1", "file:///etc/passwd",
        "gopher://127.0.0.1", "https://", "https://[::1", "https://data.example:99999",
        "https://data.example:x", "https://ex\nample", "data", "https://user:word@93.184.215.14",
    ],
)  # fmt: skip
def test_no_spelling_of_an_address_leads_anywhere_but_to_the_open_internet(base_url):
    with pytest.raises(ProviderFailure) as failed:
        ask(base_url, loopback=False)

    assert failed.value.kind is Failure.BLOCKED_ADDRESS


def test_a_name_is_judged_by_the_address_that_it_stands_for(provider, monkeypatch):
    dialled = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_named: dialled)

    with pytest.raises(ProviderFailure) as failed:
        ask("https://data.sec.gov", loopback=False)

    assert failed.value.kind is Failure.BLOCKED_ADDRESS


@given(inner=ip_addresses(v=4))
def test_an_address_wrapped_in_another_is_never_freer_than_it_is_by_itself(inner: IPv4Address):
    free = may_be_dialled(str(inner), 443, loopback=False)
    for prefix in (0xFFFF << 32, 0x64FF9B << 96, 0):
        wrapped = str(IPv6Address(prefix | int(inner)))
        assert not may_be_dialled(wrapped, 443, loopback=False) or free


@given(ip_addresses(), integers(1, 65_535))
def test_only_the_port_of_tls_is_dialled_beyond_this_machine(address, port):
    assert not may_be_dialled(str(address), port, loopback=True) or (
        port == 443 or address.is_loopback
    )


def test_a_provider_says_for_how_long_it_wants_to_be_left_alone(provider):
    assert failure_of(provider, Fault.THROTTLE).retry_after_s == RETRY_AFTER_S
    assert refusal("Test", 429, {"retry-after": "999999999"}).retry_after_s == RETRY_AFTER_MAX_S
    assert refusal("Test", 429, {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}).retry_after_s == 0
    assert refusal("Test", 429, {"retry-after": "soon"}).retry_after_s is None
