"""Who knows the id of another person's page gets a fresh page, and the other one keeps the own."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from streamlit.runtime import Runtime

from tests.app.asking import OWN_HOST, OWN_ORIGIN, Client, Whole, by_session, whole_application
from tests.conftest import ONLY_SQLITE
from valor_core.values import Role

pytestmark = ONLY_SQLITE


@pytest.fixture
def whole(store) -> Iterator[Whole]:
    with whole_application(store) as application:
        assert application.doors(), "by which Streamlit's part is built"
        yield application


def pages() -> Mapping[str, Any]:
    """Who is at which page, by its id."""
    manager: Any = Runtime.instance()._session_mgr
    return {each.session.id: each.client for each in manager.list_active_sessions()}


@contextmanager
def open_page(client: Client, *, asks_for: str = "") -> Iterator[str]:
    """A page that stays open; its id. `asks_for` is the id of one to go on with."""
    before = set(pages())
    opened, done = asyncio.Event(), asyncio.Event()
    named = ["streamlit", "x", *([asks_for] if asks_for else [])]
    wanted = (b"sec-websocket-protocol", ", ".join(named).encode())
    scope = {
        "type": "websocket", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "ws",
        "path": "/_stcore/stream", "raw_path": b"/_stcore/stream", "query_string": b"",
        "root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1), "state": {},
        "subprotocols": named, "extensions": {"websocket.http.response": {}},
        "headers": [*OWN_HOST, *client.shows, (b"origin", OWN_ORIGIN), wanted],
    }  # fmt: skip
    first = True

    async def receive() -> dict[str, Any]:
        nonlocal first
        if first:
            first = False
            return {"type": "websocket.connect"}
        opened.set()
        await done.wait()
        return {"type": "websocket.disconnect", "code": 1001}

    async def send(message: Any) -> None:
        if message["type"] != "websocket.accept":
            opened.set()

    portal = client.whole.portal
    task = portal.start_task_soon(client.whole.app, scope, receive, send)
    try:
        portal.call(asyncio.wait_for, opened.wait(), 20)
        [new] = set(pages()) - before
        yield new
    finally:
        portal.call(done.set)
        task.result(20)


def test_a_page_is_not_taken_over_by_who_knows_its_id(whole, store, acme, rival):
    anna = by_session(whole, store, acme, Role.ANALYST)
    strangers = [
        by_session(whole, store, rival, Role.ANALYST),
        by_session(whole, store, acme, Role.ADMIN),
        by_session(whole, store, acme, Role.ANALYST),  # herself, by another sign-in
    ]
    with open_page(anna) as own:
        client = pages()[own]
        for stranger in strangers:
            with open_page(stranger, asks_for=own) as fresh:
                assert fresh != own
                assert pages()[own] is client, "she stays connected"
