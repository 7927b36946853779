import asyncio

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from websockets.asyncio.client import connect

from app.web.deadlines import DeadlineProtocol
from tests.app.web.serving import served


async def read(request):
    return PlainTextResponse(str(len(await request.body())))


async def slow(_):
    async def parts():
        for _ in range(6):
            yield b"."
            await asyncio.sleep(0.1)

    return StreamingResponse(parts())


async def echo(websocket):
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.close()


APP = Starlette(
    routes=[
        Route("/", read, methods=["GET", "POST"]),
        Route("/slow", slow),
        WebSocketRoute("/echo", echo),
    ]
)


@pytest.fixture
def running(monkeypatch):
    monkeypatch.setattr(DeadlineProtocol, "headers_within_s", 0.3)
    monkeypatch.setattr(DeadlineProtocol, "body_within_s", 0.3)
    with served(APP) as server:
        yield server


def test_a_connection_that_says_nothing_is_closed(running):
    assert running.send().startswith(b"HTTP/1.1 408 ")


def test_half_sent_headers_are_closed_also_when_they_drip(running):
    answer = running.send(b"GET / HTTP/1.1\r\n", *[b"X-A: b\r\n"] * 2, pause_s=0.05)

    assert answer.startswith(b"HTTP/1.1 408 ")


def test_half_sent_headers_of_a_second_request_are_closed_too(running):
    answer = running.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HT", pause_s=0.1)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in answer


def test_a_half_sent_body_is_closed(running):
    answer = running.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1234")

    assert b"200" not in answer


def test_endless_headers_are_refused_before_the_deadline(running):
    header = b"X-Long: " + b"a" * 8_000 + b"\r\n"

    assert running.send(b"GET / HTTP/1.1\r\n", *[header] * 9).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    ("sent", "status"),
    [(b"NONSENSE\r\n\r\n", b"400"), (b"GET / HT", b"408"), (b"X" * 70_000, b"400")],
)
def test_what_the_application_never_sees_is_answered_with_the_hard_headers_too(
    running, sent, status
):
    """S14."""
    answer = running.send(sent)

    assert answer.startswith(b"HTTP/1.1 " + status)
    for header in (b"content-security-policy: default-src 'none'", b"nosniff", b"no-store"):
        assert header in answer
    assert b"\r\nserver:" not in answer.lower()


def test_no_answer_says_what_serves_it(running):
    """S14."""
    for path in ("/slow", "/nowhere"):
        assert "server" not in httpx2.get(f"{running.origin}{path}").headers


def test_an_answer_may_take_longer_than_its_request_might(running):
    assert httpx2.get(f"{running.origin}/slow").text == "......"


def test_a_websocket_stays_open_beyond_the_deadlines(running):
    async def talk() -> str | bytes:
        async with connect(f"{running.websocket_origin}/echo") as socket:
            await asyncio.sleep(0.7)
            await socket.send("still here")
            return await socket.recv()

    assert asyncio.run(talk()) == "still here"
