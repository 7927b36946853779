"""An event of the billing provider takes effect once, however often and in whatever order."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import timedelta
from itertools import permutations
from typing import Any

import hypothesis
import pytest
from sqlalchemy import select

from tests.billing.telling import CREATED, deliver, invoice, usage
from tests.conftest import ONLY_SQLITE, World
from tests.moulds import Tenant, add_tenant, closing
from valor_core.billing import inbox
from valor_core.billing.events import BadEvent, open_envelope, read_event
from valor_core.billing.inbox import MOST_ATTEMPTS, State
from valor_core.redaction import Redactor
from valor_core.store.engines import Store
from valor_core.store.tables import BillingEventRow, BillingObjectRow, WebhookRow
from valor_core.values import TenantId, from_micros, utc_now
from valor_core.workbench import logbook, webhooks
from valor_core.workbench.setup import PLATFORM, operator
from valor_core.workbench.verb import open_work
from valor_core.workbench.webhooks import WebhookConflict, work_off


def rows(store: Store, kind: Any, tenant_id: str) -> list[Any]:
    with open_work(operator(TenantId(tenant_id)), store) as work:
        return list(work.session.scalars(select(kind)))


def invoice_of(store: Store, acme: Tenant) -> tuple[int, str]:
    [row] = rows(store, BillingObjectRow, acme.id)
    return row.version, row.status


def received(store: Store, event_id: str) -> WebhookRow:
    return {row.event_id: row for row in rows(store, WebhookRow, PLATFORM)}[event_id]


def logged(store: Store, tenant: Tenant) -> list[str]:
    with open_work(tenant.admin, store) as work:
        assert logbook.verify_log(work).holds
        entries = logbook.read_log(work, limit=200)
    return [e.action for e in entries if e.action.startswith("billing.")]


def test_an_event_takes_effect_once_with_one_entry_in_the_log_of_its_tenant(
    store: Store, acme: Tenant, rival: Tenant
):
    first, again = deliver(store, usage("evt_1")), deliver(store, usage("evt_1"))

    assert (first.state, first.repeated) == (State.APPLIED, False)
    assert (again.state, again.repeated) == (State.APPLIED, True)
    [kept] = rows(store, BillingEventRow, acme.id)
    assert (kept.meter, kept.amount_minor, kept.received_n) == ("valuations", 250, 2)
    assert received(store, "evt_1").received_n == 2
    assert logged(store, acme) == ["billing.event"]
    assert rows(store, BillingEventRow, rival.id) == []
    assert rows(store, WebhookRow, acme.id) == []  # the inbox is the installation's


def test_a_delivery_that_comes_again_after_a_restart_and_a_month_later_changes_nothing(
    world: World,
):
    """S37."""
    deliver(world.store, usage("evt_1"))
    with closing(Store(world.store.url)) as restarted:
        again = deliver(restarted, usage("evt_1"), now=utc_now() + timedelta(days=30))

    assert (again.state, again.repeated) == (State.APPLIED, True)
    [kept] = rows(world.store, BillingEventRow, world.acme.id)
    assert (kept.amount_minor, kept.received_n) == (250, 2)
    assert logged(world.store, world.acme) == ["billing.event"]


def test_eight_deliveries_at_once_are_one_effect(store: Store, acme: Tenant):
    """S37."""
    told = [invoice("evt_1", "created", version=1), invoice("evt_2", "paid", version=2)] * 8

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda each: deliver(store, each), told))

    assert sum(not each.repeated for each in answers) == 2
    assert invoice_of(store, acme) == (2, "paid")
    assert sorted(row.received_n for row in rows(store, WebhookRow, PLATFORM)) == [8, 8]
    assert logged(store, acme) == ["billing.event"] * 2


def test_an_attempt_that_another_has_begun_is_not_begun_again(store: Store, acme: Tenant):
    """Two that saw the same event due: the second finds it held back, and later settled."""
    deliver(store, usage("evt_bad", day="2025-02-30"))
    with open_work(operator(PLATFORM), store) as work:
        work.begin_writing()
        row = inbox.locked(work, "evt_bad")
        assert row
        work.now = from_micros(row.next_at)
        assert inbox.begin_attempt(work, row)
        assert not inbox.begin_attempt(work, row), "it waits for its next attempt"
        inbox.settle(work, row, State.APPLIED)
        work.now = from_micros(row.next_at)
        assert not inbox.begin_attempt(work, row), "it has taken effect"
        assert row.attempts == 2
        row.state, row.attempts = State.WAITING, MOST_ATTEMPTS
        assert not inbox.begin_attempt(work, row), "it was tried often enough"
        assert row.state == State.SET_ASIDE


THOROUGH = hypothesis.settings.get_current_profile_name() == "thorough"
LIVES = {
    "counted": [("created", 1), ("paid", 2), ("voided", 3)],
    "of one second": [("created", 1), ("paid", 1), ("voided", 1)],
}
if THOROUGH:
    LIVES["of five events"] = [
        ("created", 1), ("created", 2), ("paid", 3), ("paid", 4), ("voided", 5),
    ]  # fmt: skip


@pytest.mark.parametrize("life", LIVES.values(), ids=LIVES)
def test_an_invoice_that_is_voided_ends_so_in_whatever_order_that_is_told(
    store: Store, acme: Tenant, life: list[tuple[str, int]]
):
    """S38, G40."""
    orders = list(permutations(life))
    for n, order in enumerate(orders):
        for turn, version in order:
            event = invoice(f"evt_{n}_{turn}_{version}", turn, version=version, id=f"in_{n}")
            deliver(store, event)

    ends = [(row.version, row.status) for row in rows(store, BillingObjectRow, acme.id)]
    assert ends == [(life[-1][1], "void")] * len(orders)


def test_an_older_version_that_comes_late_is_kept_and_changes_nothing(store: Store, acme: Tenant):
    """S38."""
    deliver(store, invoice("evt_2", "paid", version=2))
    late = deliver(store, invoice("evt_1", "created", version=1, amount_minor=1))

    again = deliver(store, invoice("evt_3", "paid", version=2, amount_minor=1))

    assert late.state is again.state is State.STALE
    assert invoice_of(store, acme) == (2, "paid")
    assert {row.outcome for row in rows(store, BillingEventRow, acme.id)} == {"applied", "stale"}


def test_the_same_id_with_another_body_is_refused_laid_aside_and_told(store: Store, acme: Tenant):
    """G41."""
    deliver(store, usage("evt_1"))
    for _ in range(2):
        with pytest.raises(WebhookConflict, match="evt_1"):
            deliver(store, usage("evt_1", amount_minor=999))

    [kept] = rows(store, BillingEventRow, acme.id)
    assert (kept.amount_minor, kept.received_n, kept.conflicts_n) == (250, 1, 2)
    [aside] = [r for r in rows(store, WebhookRow, PLATFORM) if r.state == State.QUARANTINED]
    assert aside.event_id.startswith("evt_1#")
    assert aside.body["object"]["amount_minor"] == 999
    assert aside.received_n == 2
    assert logged(store, acme) == ["billing.conflict", "billing.event"]


@ONLY_SQLITE
def test_an_event_of_an_unknown_or_a_reserved_tenant_is_quarantined(store: Store, acme: Tenant):
    for n, slug in enumerate(("nobody", "platform", "shared", "", "Acme", "x" * 500)):
        told = deliver(store, usage(f"evt_{n}", metadata={"tenant": slug}))
        assert told.state is State.QUARANTINED, slug
    assert rows(store, BillingEventRow, acme.id) == []


@ONLY_SQLITE
def test_an_event_of_a_type_that_says_nothing_to_us_is_taken_and_ignored(store: Store):
    assert deliver(store, {"id": "evt_1", "type": "customer.created"}).state is State.IGNORED
    assert deliver(store, {"id": "evt_2"}).state is State.IGNORED


def test_a_poisoned_event_is_tried_ever_more_rarely_then_set_aside_while_others_go_on(
    store: Store, acme: Tenant
):
    """G45."""
    now = utc_now()
    assert deliver(store, usage("evt_bad", day="2025-02-30"), now=now).state is State.WAITING
    assert "day" in received(store, "evt_bad").error
    waits = []
    while (bad := received(store, "evt_bad")).state == State.WAITING:
        due = from_micros(bad.next_at)
        assert work_off(store, now=due - timedelta(microseconds=1)) == 0
        waits.append(due - now)
        now = due
        work_off(store, now=now)
        assert deliver(store, usage(f"evt_{len(waits)}"), now=now).state is State.APPLIED

    assert waits == [inbox.FIRST_WAIT * 2**n for n in range(MOST_ATTEMPTS - 1)]
    assert received(store, "evt_bad").state == State.SET_ASIDE
    assert len(rows(store, BillingEventRow, acme.id)) == MOST_ATTEMPTS - 1


def test_an_event_whose_receiver_died_is_finished_by_the_background(
    store: Store, acme: Tenant, monkeypatch: pytest.MonkeyPatch
):
    """G44: one that kills whoever tries it is set aside at last: each attempt counts once begun."""
    now = utc_now()
    with monkeypatch.context() as dying:
        dying.setattr(webhooks, "_settle", lambda *_: State.WAITING)
        deliver(store, usage("evt_1"), now=now)
        assert work_off(store, now=now) == 0  # its receiver may still be at it
        with pytest.raises(WebhookConflict):
            deliver(store, usage("evt_1", amount_minor=999), now=now)

    with ThreadPoolExecutor(4) as pool:
        tried = pool.map(lambda _: work_off(store, now=now + inbox.FIRST_WAIT), range(4))
        assert sum(tried) == 1
    [kept] = rows(store, BillingEventRow, acme.id)
    assert (kept.event_id, kept.amount_minor, kept.conflicts_n) == ("evt_1", 250, 1)

    monkeypatch.setattr(webhooks, "_settle", lambda *_: State.WAITING)
    deliver(store, usage("evt_deadly"), now=now)
    for hours in range(1, 2 * MOST_ATTEMPTS, 2):
        work_off(store, now=now + timedelta(hours=hours))
    deadly = received(store, "evt_deadly")
    assert (deadly.state, deadly.error) == (State.SET_ASIDE, "no attempt came to an end")


@ONLY_SQLITE
def test_an_event_reaches_a_tenant_whose_name_looks_like_a_secret(store: Store):
    made = add_tenant(store, "sk-energy-partners")

    assert deliver(store, usage("evt_1", metadata={"tenant": made.slug})).state is State.APPLIED
    assert len(rows(store, BillingEventRow, made.id)) == 1


def test_what_is_not_named_as_a_field_is_not_kept(store: Store):
    secret = "sk_live_abcdefghijklmnop"
    told = usage("evt_1", customer_email="bob@example.org", meter="bob@example.org", note=secret)
    told["data"]["object"]["metadata"]["key"] = secret
    deliver(store, told)

    kept = repr([{c.name: getattr(row, c.name) for c in row.__table__.columns}
                 for row in rows(store, WebhookRow, PLATFORM)])  # fmt: skip
    assert "bob@" not in kept
    assert secret not in kept
    assert "[EMAIL:" in kept


def test_a_field_that_is_missing_or_wrong_is_named():
    def read(document: dict[str, Any]) -> dict[str, Any]:
        envelope = open_envelope(document, message_id="", redactor=Redactor(b"k"))
        return asdict(read_event(envelope.type, envelope.body))

    assert read(usage("evt_1", id="4" * 64))["object_id"] == "4" * 64
    for sound in (
        {"quantity": 0, "price_minor": 0},
        {"quantity": 10**15, "amount_minor": -(10**15)},
    ):
        assert read(usage("evt_1", **sound)).items() >= sound.items()
    unsaid = usage("evt_1")
    del unsaid["data"]["object"]["per_quantity"]
    assert read(unsaid)["per_quantity"] == read(usage("evt_1", per_quantity=1))["per_quantity"] == 1
    assert read(invoice("evt_1", "paid", version=0))["object_version"] == 0
    for name, wrong in [
        ("id", None), ("id", "a b"), ("id", 7), ("meter", "=cmd"), ("day", "26.11.2025"),
        ("day", "2025-02-29"), ("quantity", -1), ("quantity", 1.5), ("quantity", True),
        ("price_minor", 10**15 + 1), ("amount_minor", "250"), ("currency", "usd"),
        ("per_quantity", 0), ("plan_version", "@x"),
    ]:  # fmt: skip
        with pytest.raises(BadEvent, match=name):
            read(usage("evt_1", **{name: wrong}))
    with pytest.raises(BadEvent, match="created"):  # in milliseconds: a moment no calendar holds
        read({**usage("evt_1"), "created": CREATED * 1000})
    with pytest.raises(BadEvent, match="id"):
        read({"type": "usage.recorded"})
