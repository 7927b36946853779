"""Who knows the id of another person's page gets a fresh page, and the other one keeps the own."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string
from streamlit.web.server.starlette.starlette_server_config import XSRF_COOKIE_NAME

from app.web.own_pages import Pages
from tests.app.asking import (
    OWN_HOST,
    OWN_ORIGIN,
    Answer,
    Client,
    Whole,
    by_session,
    whole_application,
)
from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from valor_core.store.tables import AuditLogRow
from valor_core.values import Role
from valor_core.workbench import logbook
from valor_core.workbench.verb import open_work

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
    """A page that was drawn and stays open; its id. `asks_for` is the id of one to go on with."""
    before = pages()
    drawn, done = asyncio.Event(), asyncio.Event()
    named = ["streamlit", "x", *([asks_for] if asks_for else [])]
    wanted = (b"sec-websocket-protocol", ", ".join(named).encode())
    scope = {
        "type": "websocket", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "ws",
        "path": "/_stcore/stream", "raw_path": b"/_stcore/stream", "query_string": b"",
        "root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1), "state": {},
        "subprotocols": named, "extensions": {"websocket.http.response": {}},
        "headers": [*OWN_HOST, *client.shows, (b"origin", OWN_ORIGIN), wanted],
    }  # fmt: skip
    draw = BackMsg()
    draw.rerun_script.query_string = ""
    coming = [
        {"type": "websocket.receive", "bytes": draw.SerializeToString()},
        {"type": "websocket.connect"},
    ]

    async def receive() -> dict[str, Any]:
        if coming:
            return coming.pop()
        await done.wait()
        return {"type": "websocket.disconnect", "code": 1001}

    async def send(message: Any) -> None:
        if message["type"] == "websocket.send":
            told = ForwardMsg.FromString(message["bytes"])
            if told.WhichOneof("type") == "script_finished":
                drawn.set()
        elif message["type"] != "websocket.accept":
            drawn.set()

    portal = client.whole.portal
    task = portal.start_task_soon(client.whole.app, scope, receive, send)
    try:
        portal.call(asyncio.wait_for, drawn.wait(), 30)
        [opened] = [page for page, at in pages().items() if before.get(page) is not at]
        yield opened
    finally:
        portal.call(done.set)
        task.result(20)


def told(tenant: Tenant, client: Client) -> list[AuditLogRow]:
    """What the log of the client's tenant tells of its attempts to reach what is another's."""
    with open_work(tenant.admin) as work:
        rows = logbook.read_log(work, limit=50, action="access.foreign")
    assert client.caller
    return [row for row in rows if row.actor == client.caller.actor]


def test_a_page_is_not_taken_over_by_who_knows_its_id(whole, store, acme: Tenant, rival: Tenant):
    """S6: each attempt is an entry; what she does herself, by this sign-in or another, is none."""
    anna = by_session(whole, store, acme, Role.ANALYST)
    herself = by_session(whole, store, acme, Role.ANALYST)
    strangers = [
        (rival, by_session(whole, store, rival, Role.ADMIN)),
        (acme, by_session(whole, store, acme, Role.ADMIN)),
    ]
    with open_page(anna) as own:
        client = pages()[own]
        for stranger in (herself, *(each for _, each in strangers)):
            with open_page(stranger, asks_for=own) as fresh:
                assert fresh != own
                assert pages()[own] is client, "she stays connected"
        for tenant, stranger in strangers:
            [entry] = told(tenant, stranger)
            assert (entry.category, entry.target) == ("security", "page")
            assert json.loads(entry.payload or b"") == {"asked": "websocket /_stcore/stream"}
            assert entry.request_id
        with open_page(anna, asks_for=own) as again:
            assert again == own, "a connection that was lost is taken up where it was"
        assert told(acme, anna) == []


def test_nobody_takes_a_file_from_anothers_page_or_puts_one_in_its_place(
    whole, store, acme, rival, monkeypatch
):
    """S6, S15: to the page of another it is as to one that is not there, and an entry."""
    anna = uploader(by_session(whole, store, acme, Role.ANALYST))
    stranger = uploader(by_session(whole, store, rival, Role.ADMIN))
    with open_page(anna) as own:
        kept = Runtime.instance().uploaded_file_mgr
        assert sent(anna, own, b"hers").status == 204
        for ask in (partial(sent, content=b"theirs"), gone):
            assert ask(stranger, own) == ask(stranger, "nobodys")
            assert [file.data for file in kept.get_files(own, ["f"])] == [b"hers"]
        assert len(told(rival, stranger)) == 2
        assert gone(anna, own).status == 204
        assert kept.get_files(own, ["f"]) == []
        assert told(acme, anna) == []

        # As after so many other pages that this one is forgotten.
        monkeypatch.setattr(Pages, "owner", lambda *_: None)
        assert sent(stranger, own, b"theirs") == sent(stranger, "nobodys", b"theirs")
        assert kept.get_files(own, ["f"]) == []
        assert len(told(rival, stranger)) == 2


def uploader(client: Client) -> Client:
    """The same browser with the token of Streamlit's that files are sent with."""
    token = generate_xsrf_token_string()
    [(_, cookie), *others] = client.shows
    cookies = (b"cookie", cookie + f"; {XSRF_COOKIE_NAME}={token}".encode())
    return replace(client, shows=[cookies, *others, (b"x-xsrftoken", token.encode())])


def sent(client: Client, page: str, content: bytes) -> Answer:
    file = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n%b\r\n--b--\r\n'
    told = {"content_type": "multipart/form-data; boundary=b"}
    return client.ask("PUT", f"/_stcore/upload_file/{page}/f", file % content, **told)


def gone(client: Client, page: str) -> Answer:
    return client.ask("DELETE", f"/_stcore/upload_file/{page}/f")
