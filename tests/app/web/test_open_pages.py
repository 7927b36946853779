"""A page that is open ends with the sign-in that it was opened by, however that ended."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from app.web import identity
from app.web.callers import Callers
from app.web.identity import SIGNED_OUT, Identity
from app.web.strangers import strangers
from tests.conftest import ONLY_SQLITE, World
from tests.workbench.test_sessions import FIREFOX
from valor_core.store.tables import MembershipRow, SessionRow, TenantRow
from valor_core.store.work import unit_of_work
from valor_core.tenancy.sign_in import digest
from valor_core.values import Caller, Role
from valor_core.workbench import people, sessions
from valor_core.workbench.signing_in import redeem_token
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE


def revoked(world: World, anna: Caller) -> None:
    with open_work(world.acme.admin, world.store) as work:
        sessions.revoke_all_of(work, anna.user_id, reason="a lost laptop")


def suspended(world: World, anna: Caller) -> None:
    changed(world, MembershipRow, anna.user_id, suspended_at=1)


def demoted(world: World, anna: Caller) -> None:
    changed(world, MembershipRow, anna.user_id, role=Role.VIEWER)


def tenant_suspended(world: World, anna: Caller) -> None:
    changed(world, TenantRow, None, status="suspended")


def idle(world: World, anna: Caller) -> None:
    changed(world, SessionRow, anna.session, used_at=0)


def changed(world: World, kind: Any, key: str | None, **values: Any) -> None:
    """As another process would do it, which this one is not told of."""
    with unit_of_work(world.acme.operator, world.store) as work:
        work.begin_writing()
        row = work.session.get_one(kind, (world.acme.id, key) if key else world.acme.id)
        for name, value in values.items():
            setattr(row, name, value)


@pytest.mark.parametrize("end", [revoked, suspended, demoted, tenant_suspended, idle])
def test_an_open_page_is_closed_and_hears_nothing_more(
    world: World, monkeypatch, end: Callable[[World, Caller], None]
):
    """S10."""
    monkeypatch.setattr(identity, "ASKED_AGAIN_S", 0.01)
    monkeypatch.setattr("app.web.callers.REMEMBERED_S", 0.0)
    with open_work(world.acme.operator, world.store) as work:
        token = people.issue_token(work, "anna")
    cookie = redeem_token(world.store, token, FIREFOX)
    anna = Caller(
        tenant_id=world.acme.id,
        user_id=world.acme.analyst.user_id,
        role=Role.ANALYST,
        session=digest(cookie),
    )
    sent: list[Any] = []
    heard: list[Any] = []
    is_open = asyncio.Event()

    async def page(_scope: Any, receive: Any, send: Any) -> None:
        while not heard or heard[-1]["type"] != "websocket.disconnect":
            heard.append(await receive())
            is_open.set()
        await send({"type": "websocket.send", "text": "what nobody is to see any more"})

    async def open_and_end() -> None:
        coming: asyncio.Queue[Any] = asyncio.Queue()
        coming.put_nowait({"type": "websocket.connect"})
        scope = {
            "type": "websocket", "path": "/_stcore/stream", "query_string": b"", "state": {},
            "headers": [(b"cookie", f"vx={cookie}".encode())],
        }  # fmt: skip

        async def send(message: Any) -> None:
            sent.append(message)
            coming.put_nowait({"type": "websocket.receive", "text": "too late"})

        walled: Any = Identity(
            page, callers=Callers(world.store), cookie="vx", strangers=strangers()
        )
        opened = asyncio.create_task(walled(scope, coming.get, send))
        await is_open.wait()
        await asyncio.to_thread(end, world, anna)
        await asyncio.wait_for(opened, 10)

    asyncio.run(open_and_end())

    assert [each["type"] for each in heard] == ["websocket.connect", "websocket.disconnect"]
    assert [(each["type"], each["code"]) for each in sent] == [("websocket.close", SIGNED_OUT)]
