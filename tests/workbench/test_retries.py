"""A creating request takes effect once for each key, however often and how close it is repeated."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.moulds import Tenant
from tests.store.rows import a_snapshot
from valor_core.store.engines import Store
from valor_core.store.tables import SnapshotRow
from valor_core.store.work import unit_of_work
from valor_core.values import Caller, new_id, utc_now
from valor_core.workbench import retries
from valor_core.workbench.retries import IdempotencyKeyReused, RequestInProgress

ROUTE = "POST /snapshots?"


def made(store: Store, tenant: Tenant) -> int:
    with unit_of_work(tenant.admin, store) as work:
        return len(work.session.scalars(select(SnapshotRow.id)).all())


def asked(
    store: Store, caller: Caller, *, route: str = ROUTE, body: bytes = b"{}",
    after: timedelta = timedelta(0), dies: bool = False,
) -> str:  # fmt: skip
    """What a creating route does: the answer of this time, or of the first one."""
    with unit_of_work(caller, store, utc_now() + after) as work:
        known = retries.claim(work, route=route, key="k", body=body)
        if known:
            return known.response
        row = a_snapshot(new_id())
        work.add_all([row])
        retries.keep_answer(work, route=route, key="k", status=201, response=row.id)
        if dies:
            raise ZeroDivisionError
        return row.id


def test_of_eight_at_once_with_one_key_one_takes_effect_and_the_others_hear_so(
    store: Store, acme: Tenant
):
    """S39, G56: the others get its answer, or are told that it has not ended yet."""
    gate = threading.Barrier(8)

    def ask(_: int) -> str:
        gate.wait()
        try:
            return asked(store, acme.analyst)
        except RequestInProgress:
            return ""

    with ThreadPoolExecutor(8) as pool:
        told = set(pool.map(ask, range(8)))

    assert made(store, acme) == 1
    assert told - {""} == {asked(store, acme.analyst)}
    assert (RequestInProgress.status, RequestInProgress.code) == (409, "request_in_progress")


def test_a_key_belongs_to_one_caller_one_route_and_one_body(
    store: Store, acme: Tenant, rival: Tenant
):
    """S39, G56: another tenant's, another person's and another route's is another one."""
    first = asked(store, acme.analyst)

    assert asked(store, acme.analyst) == first
    with pytest.raises(IdempotencyKeyReused) as refused:
        asked(store, acme.analyst, body=b'{"a": 1}')
    assert refused.value.status == 422
    others = {
        asked(store, rival.analyst),
        asked(store, replace(rival.analyst, user_id=acme.analyst.user_id)),
        asked(store, acme.admin),
        asked(store, acme.analyst, route="POST /reports?"),
    }
    assert len(others | {first}) == 5
    assert (made(store, acme), made(store, rival)) == (3, 2)


def test_a_key_is_kept_for_two_days_and_what_died_leaves_it_free(store: Store, acme: Tenant):
    """S39: at least 24 hours; tests/faults/test_kill.py kills the process."""
    with pytest.raises(ZeroDivisionError):
        asked(store, acme.analyst, dies=True)
    first = asked(store, acme.analyst)

    assert made(store, acme) == 1
    assert asked(store, acme.analyst, after=timedelta(hours=47, minutes=59)) == first
    assert asked(store, acme.analyst, after=timedelta(hours=48, minutes=1)) != first
