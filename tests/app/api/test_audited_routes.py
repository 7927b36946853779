"""Every route that changes something leaves one entry with its change, or neither of them.

The routes come from the table of test_permissions, which lists every one of the application.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app.api.application import create_api
from app.compute import RUNS
from tests.app.asking import Answer
from tests.app.awaiting import awaited
from tests.app.test_permissions import ACT_OF_ROUTE, API, COMPUTES, asked, laid_out
from tests.app.things import Things, things_of
from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from valor_core.snapshots import reader
from valor_core.store.engines import Store
from valor_core.store.tables import AuditLogRow
from valor_core.store.work import StoreUnavailable, TenantSession
from valor_core.tenancy.access import MAY
from valor_core.values import Caller, Role, new_id
from valor_core.workbench.verb import ACTS, open_work

BESIDE = "computation.finish"  # told later, by the process that carries out what a route begins
MUTATING = {act: route for route, act in ACT_OF_ROUTE.items() if not route.startswith("GET ")}
"""One route of each act: those of the models are made by one function."""

OF_ADMINS = [route for act, route in MUTATING.items() if Role.ADMIN in MAY[act]]


@pytest.fixture
def things(store: Store, acme: Tenant) -> Iterator[Things]:
    yield things_of(store, acme, cik=9_999_901)
    reader.close_idle()
    RUNS.close()


class Direct:
    """Asks the API as a caller who has signed in, past everything that stands before it."""

    def __init__(self, client: Callable[[Caller], TestClient], caller: Caller) -> None:
        self.client, self.caller = client, caller

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        self.caller = replace(self.caller, request_id=new_id())
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        asker = self.client(self.caller)
        done = asker.request(method, path.removeprefix(API), content=body, headers=named)
        return Answer(done.status_code, tuple(done.headers.items()), done.content)

    def told(self) -> list[str]:
        """What the log tells of the last request, beside the end of what it began."""
        mine = (AuditLogRow.request_id == self.caller.request_id) & (AuditLogRow.action != BESIDE)
        with open_work(self.caller) as work:
            return list(work.session.scalars(select(AuditLogRow.action).where(mine)))


def is_audited(route: str) -> bool:
    """Drafts are scratch paper, and to ask what a value would be changes nothing."""
    return any(act.audited for act in ACTS[ACT_OF_ROUTE[route]])


@ONLY_SQLITE
def test_each_changing_route_writes_one_entry_and_a_failed_one_none(
    store: Store,
    acme: Tenant,
    things: Things,
    client,
    monkeypatch,
    sec,  # answers what is asked of a provider
):
    """S45."""
    admin: Any = Direct(client, acme.admin)
    viewer: Any = Direct(client, acme.viewer)

    def fails(_session: object) -> None:
        raise StoreUnavailable

    for route in OF_ADMINS:
        told = [ACT_OF_ROUTE[route]] if is_audited(route) else []
        own = laid_out(store, acme, acme.admin, route, things)
        with monkeypatch.context() as patch:
            patch.setattr(TenantSession, "commit", fails, raising=False)
            lost = asked(admin, route, own)
        assert lost.status == 503 or not told, (route, lost.body)
        assert admin.told() == [], route
        done = asked(admin, route, own)
        assert done.status < 300, (route, done.body)
        assert admin.told() == told, route
        if Role.VIEWER not in MAY[ACT_OF_ROUTE[route]]:
            assert asked(viewer, route, own).status == 403
            assert viewer.told() == ["access.denied"], route
        if route in COMPUTES:
            awaited(json.loads(done.body)["id"])


def test_every_act_of_the_workbench_but_scratch_paper_is_audited():
    silent = {act.name for acts in ACTS.values() for act in acts if act.writes and not act.audited}

    create_api()
    assert silent == {
        "draft.keep", "draft.drop", "report.gather", "job.carry_out",
        "audit.purge",  # writes its own, for it must know its number
        "audit.key_rotated",  # likewise: one in every log, under the new key
        "provider.ask", "provider.watch",  # keep what providers showed, several times a minute
        "route.count",  # how the API answered, several times a minute
        "feed.keep",  # likewise: a leader that goes on; a change of leader is `feed.lead`
        "computation.keep",  # that it is still at work; its end is `computation.finish`
    }  # fmt: skip
