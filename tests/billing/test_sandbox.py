"""The provider to try with tells what a reconciliation must find, and all else has no effect."""

import hashlib
import json
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.app.asking import Client, whole_application
from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from valor_core.billing.metering import day_of
from valor_core.billing.reconciliation import Line, Price
from valor_core.billing.sandbox import Sandbox
from valor_core.billing.signatures import active_secrets
from valor_core.store.engines import Store
from valor_core.store.tables import UsageEventRow, WebhookRow
from valor_core.values import utc_now
from valor_core.workbench import billing
from valor_core.workbench.setup import PLATFORM, operator
from valor_core.workbench.verb import open_work

TODAY = utc_now().date()


def a_month_of_use(store: Store, acme: Tenant) -> None:
    price = Price(meter="valuations", valid_from="2020-01-01", price_minor=33, per_quantity=2,
                  currency="EUR", plan_version="team-1")  # fmt: skip
    with open_work(acme.operator, store) as work:
        billing.set_price(work, price, reason="as agreed")
        billing.set_price(
            work, replace(price, meter="imports", price_minor=1000), reason="as agreed"
        )
    with open_work(acme.admin, store) as work:
        work.begin_writing()
        work.add_all([a_use(n, at=work.now_micros - n * 3_600_000_000) for n in range(40)])


def a_use(n: int, *, at: int) -> UsageEventRow:
    return UsageEventRow(
        idem_key=hashlib.sha256(b"%d" % n).hexdigest(), meter=("valuations", "imports")[n % 2],
        quantity=1 + n % 5, act="x", actor="user:x", occurred_at=at,
    )  # fmt: skip


@ONLY_SQLITE
def test_each_fault_of_the_sandbox_is_named_by_the_reconciliation_and_nothing_else(
    store: Store, acme: Tenant, monkeypatch: pytest.MonkeyPatch
):
    a_month_of_use(store, acme)
    monkeypatch.setattr(billing, "_acts", lambda *_: None)  # these uses are nobody's acts
    with open_work(acme.admin, store) as work:
        days = TODAY - timedelta(days=5), TODAY
        used, prices = billing.list_uses(work, *days), billing.list_prices(work)
    told = Sandbox(tenant="acme", seed=4, today=TODAY).stream(used, prices)

    with whole_application(store) as whole:
        for each in told.sendings:
            headers = each.headers(active_secrets()[0], now_s=time.time())
            answer = Client(whole).ask("POST", "/api/billing/webhook", each.body, **headers)
            assert answer.status == each.expected, (answer.body, each)

    with open_work(acme.admin, store) as work:
        found = billing.reconcile(work, *days)
    events: Counter[Line] = Counter()
    for row in found.causes:
        events[row.line] += row.events
    assert events == told.faults
    assert len(events) == 10
    assert all(t.billed_minor - t.metered_minor == t.explained_minor for t in found.totals)
    assert {t.unexplained_minor for t in found.totals} == {0}
    with open_work(operator(PLATFORM), store) as work:
        states = Counter(row.state for row in work.session.scalars(select(WebhookRow)))
        [nobodys] = billing.billed_to_nobody(work, *days).causes
    assert (states["quarantined"], states["waiting"], states["ignored"]) == (2, 1, 1)
    assert nobodys.line is Line.UNKNOWN_TENANT


def test_the_same_seed_tells_the_same_and_a_sound_one_only_repeats_and_reorders():
    provider = Sandbox(tenant="acme", seed=5, today=TODAY)
    once, again = (provider.stream([], []) for _ in range(2))
    sound = provider.stream([], [], faulty=False)

    assert once == again
    assert set(sound.faults) <= {Line.DUPLICATE_DELIVERY, Line.STALE_IGNORED}
    assert {each.expected for each in sound.sendings} == {200}
    told = [json.loads(each.body) for each in once.sendings]
    assert all(each["id"] for each in told)
    assert {day_of(each["created"] * 1_000_000) for each in told} == {TODAY.isoformat()}
