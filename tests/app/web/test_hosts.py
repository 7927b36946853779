import asyncio

import httpx2
import pytest
from hypothesis import given
from hypothesis.strategies import sampled_from, text
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from app.web.hosts import OwnHosts

OWN = "http://127.0.0.1:8501"


async def done(_):
    return PlainTextResponse("done")


async def greet(websocket):
    await websocket.accept()
    await websocket.close(4000)


APP = OwnHosts(
    Starlette(
        routes=[
            Route("/", done, methods=["GET", "POST"]),
            WebSocketRoute("/_stcore/stream", greet),
            WebSocketRoute("/api/v1/stream", greet),
        ]
    ),
    origins=[OWN, "http://localhost:8501"],
)


def ask(method: str, **headers: str) -> httpx2.Response:
    async def send() -> httpx2.Response:
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=APP), base_url=OWN
        ) as caller:
            return await caller.request(method, "/", headers=headers)

    return asyncio.run(send())


def test_it_answers_under_its_own_names():
    assert ask("GET").status_code == 200
    assert ask("GET", Host="LOCALHOST:8501").status_code == 200


@given(host=text("abc.:0123456789-", max_size=20))
def test_it_answers_under_no_other_name(host):
    answer = ask("GET", Host=host)

    assert answer.status_code == 421
    assert "http" not in answer.json()["detail"]
    assert "127.0.0.1:8501" in answer.json()["hint"]


def test_another_port_is_another_site():
    """S12."""
    assert ask("POST", Origin="http://127.0.0.1:9999").status_code == 403
    assert ask("POST", Origin="https://127.0.0.1:8501").status_code == 403
    assert ask("POST", Origin=OWN).status_code == 200


def test_a_program_without_a_browser_names_no_origin_and_may_write():
    assert ask("POST").status_code == 200


@given(site=sampled_from(["cross-site", "same-site"]))
def test_a_browser_that_says_it_comes_from_elsewhere_may_not_write(site):
    """S12."""
    assert ask("POST", **{"Sec-Fetch-Site": site}).status_code == 403
    assert ask("GET", **{"Sec-Fetch-Site": site}).status_code == 200  # following a link is fine


@pytest.mark.parametrize(
    ("path", "origin", "opens"),
    [
        ("/_stcore/stream", OWN, True),
        ("/_stcore/stream", "http://localhost:9999", False),
        ("/_stcore/stream", "https://evil.example", False),  # refused before any name is looked up
        ("/_stcore/stream", "null", False),
        ("/_stcore/stream", None, False),
        ("/api/v1/stream", None, True),
        ("/api/v1/stream", "https://evil.example", False),
    ],
)
def test_a_websocket_opens_from_our_own_pages_and_for_programs_on_the_api(path, origin, opens):
    """S3, S4, S5."""
    headers = {"host": "127.0.0.1:8501"} | ({"origin": origin} if origin else {})
    expected = WebSocketDisconnect if opens else WebSocketDenialResponse

    with (
        pytest.raises(expected) as outcome,
        TestClient(APP).websocket_connect(path, headers=headers) as socket,
    ):
        socket.receive_text()

    if isinstance(outcome.value, WebSocketDenialResponse):
        assert outcome.value.status_code == 403
        assert outcome.value.json()["code"] == "foreign_origin"
    else:
        assert outcome.value.code == 4000
