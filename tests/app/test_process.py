import asyncio
import contextlib
import errno
import gc
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest
from hypothesis import given
from hypothesis.strategies import integers
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from app.process import (
    HARDENING,
    HardeningMissing,
    HostBeyondLoopback,
    HostUnusable,
    PortOutOfRange,
    PortTaken,
    check_hardening,
    free_port_after,
    listen,
    origin,
)
from app.server import _import_and_freeze, own_origins
from app.web.hosts import OwnHosts
from tests.app.web.serving import served
from valor_core.settings import ROOT


@pytest.fixture
def program() -> Iterator[tuple[subprocess.Popen[str], int]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.app.web.stoppable"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        yield process, int(process.stdout.readline())
        process.kill()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_with_sockets_and_connections_open(program, sig):
    process, port = program

    async def stop_while_connected() -> tuple[float, int]:
        async with (
            connect(f"ws://127.0.0.1:{port}/socket") as websocket,
            httpx2.AsyncClient() as browser,
        ):
            await browser.get(f"http://127.0.0.1:{port}/")  # kept alive
            began = time.monotonic()
            process.send_signal(sig)
            with pytest.raises(ConnectionClosed) as closed:
                await websocket.recv()
            await asyncio.to_thread(process.wait, 10)
            assert closed.value.rcvd
            return time.monotonic() - began, closed.value.rcvd.code

    took_s, code = asyncio.run(stop_while_connected())

    assert took_s < 5
    assert code == 1012  # service restart
    assert process.returncode == 0
    assert process.stdout.read() == "tidied up\n"


def test_a_request_that_computes_does_not_hold_the_end(program):
    process, port = program
    with socket.create_connection(("127.0.0.1", port)) as request:
        request.sendall(b"GET /compute HTTP/1.1\r\nHost: a\r\n\r\n")
        assert process.stdout.readline() == "computing\n"
        began = time.monotonic()
        process.terminate()
        process.wait(10)

    assert time.monotonic() - began < 5


def test_a_taken_port_is_told_with_the_next_free_one():
    with listen(port=0) as first:
        port = first.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} is taken") as refusal:
            listen(port=port)

    free = int(refusal.value.hint.split("--port ")[1].split(",")[0])
    assert free > port or port > 65_000
    with listen(port=free):
        pass


@given(port=integers(20_000, 64_000))
def test_the_free_port_is_another_and_can_be_taken(port):
    free = free_port_after(port)

    assert free != port
    with listen(port=free):
        pass


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "2001:db8::1", "a" * 300, ".."])
def test_a_host_that_others_could_reach_is_refused(host):
    with pytest.raises(HostBeyondLoopback, match=host):
        listen(host=host, port=0)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2", "::1"])
def test_a_loopback_host_is_taken_and_answers_under_its_own_names(host):
    async def hello(_):
        return PlainTextResponse("hello")

    listener = listen(host=host, port=0)
    address, port = listener.getsockname()[:2]
    origins = own_origins(port, host=address)
    own = OwnHosts(Starlette(routes=[Route("/", hello)]), origins=origins)

    with served(own, listener=listener), httpx2.Client(base_url=origin(address, port)) as browser:
        assert browser.get("/").text == "hello"
        hosts = [urlsplit(one).netloc for one in origins]
        assert all(browser.get("/", headers={"Host": name}).text == "hello" for name in hosts)
        assert browser.get("/", headers={"Host": f"127.0.0.9:{port}"}).status_code == 421


def test_a_taken_port_of_another_loopback_host_is_told_with_one_that_is_free_there():
    with listen(host="::1", port=0) as first:
        port = first.getsockname()[1]
        with pytest.raises(PortTaken) as refusal:
            listen(host="::1", port=port)

    free = int(refusal.value.hint.split("--port ")[1].split(",")[0])
    with listen(host="::1", port=free):
        pass


def test_a_loopback_address_that_the_machine_lacks_is_not_told_as_a_taken_port(monkeypatch):
    def without_ipv6(*_args, **_options):
        raise OSError(errno.EADDRNOTAVAIL, "")

    monkeypatch.setattr(socket, "create_server", without_ipv6)  # every machine of ours has it

    with pytest.raises(HostUnusable, match="cannot listen on '::1': Cannot assign"):
        listen(host="::1", port=0)


@pytest.mark.parametrize("port", [-1, 65_536, 10**12])
def test_a_port_that_does_not_exist_is_refused(port):
    with pytest.raises(PortOutOfRange, match=str(port)):
        listen(port=port)


def test_connections_that_come_before_the_server_wait_for_it():
    async def hello(_):
        return PlainTextResponse("hello")

    listener = listen(port=0)
    with socket.create_connection(listener.getsockname(), timeout=10) as early:
        early.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        with served(Starlette(routes=[Route("/", hello)]), listener=listener):
            answer = b"".join(iter(lambda: early.recv(65_536), b""))

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"hello")
    assert b"\nserver:" not in answer.lower()


def test_the_configuration_sets_what_the_start_checks():
    written = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())

    for name, value in HARDENING.items():
        section, option = name.split(".")
        assert written[section][option] == value, name


def test_the_options_in_effect_are_the_safe_ones_in_the_projects_folder():
    check_in(ROOT, expect="safe")


def test_elsewhere_the_start_is_refused_with_the_options_named(tmp_path):
    told = check_in(tmp_path, expect="hardening_missing")

    assert "client.showErrorDetails is 'full', not 'none'" in told
    assert "server.trustedUserHeaders is {}" in told
    assert "server.enableCORS" not in told  # that one is safe by default


def check_in(folder, *, expect: str) -> str:
    """In a process of its own: Streamlit reads its options once."""
    program = (
        "from app.process import check_hardening\n"
        "from valor_core.errors import ValorError\n"
        "try:\n    check_hardening()\n    print('safe')\n"
        "except ValorError as error:\n    print(error.code, error)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "HOME": str(folder), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told.startswith(expect)
    return told


def test_an_option_changed_at_run_time_is_found(monkeypatch):
    import streamlit as st

    options = {**HARDENING, "client.showErrorDetails": "full"}
    monkeypatch.setattr(st, "get_option", options.__getitem__)

    with pytest.raises(HardeningMissing, match=r"client\.showErrorDetails is 'full', not 'none'\."):
        check_hardening()


def test_what_was_frozen_while_it_served_is_taken_down_at_its_end():
    gc.unfreeze()  # what the tests have frozen: else it is seen before anything has begun

    async def served() -> None:
        task = asyncio.create_task(_import_and_freeze())
        while not gc.get_freeze_count():  # noqa: ASYNC110  nothing tells of it
            await asyncio.sleep(0.01)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(served())

    assert gc.get_freeze_count() == 0
    gc.freeze()
