"""What was done, what was counted and what was billed, of a tenant: one reconciliation over all."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from tests.billing.telling import deliver, invoice, usage
from tests.books import ACME_2023, ACME_2024, imported, table
from tests.conftest import ONLY_SQLITE, World
from tests.models.simulation.sound import a_plan
from tests.models.sound import a_direct_dcf
from tests.moulds import Tenant
from valor_core.billing import ledger, metering
from valor_core.billing.inbox import State
from valor_core.billing.ledger import PriceStands
from valor_core.billing.metering import DAY_US, Meter, day_of, first_moment
from valor_core.billing.reconciliation import Line, Price, Reconciliation
from valor_core.coverage import job_runs
from valor_core.coverage.batches import BatchPolicy
from valor_core.coverage.computations import Status
from valor_core.errors import AccessDenied, BadInput, NotFound
from valor_core.store.engines import Store
from valor_core.store.tables import UsageDayRow, UsageEventRow
from valor_core.store.work import unit_of_work
from valor_core.values import Role, utc_now
from valor_core.workbench import (
    billing,
    companies,
    jobs,
    logbook,
    people,
    reports,
    retention,
    webhooks,
)
from valor_core.workbench.batches import note_batch
from valor_core.workbench.billing import EventSettled
from valor_core.workbench.computations import finish_computation
from valor_core.workbench.setup import PLATFORM, operator
from valor_core.workbench.simulations import note_simulation
from valor_core.workbench.verb import open_work

PRICE = Price(
    meter="imports", valid_from="2026-01-01", price_minor=250, per_quantity=1, currency="USD",
    plan_version="team-1",
)  # fmt: skip


def priced(store: Store, tenant: Tenant, price: Price = PRICE) -> None:
    with open_work(tenant.operator, store) as work:
        billing.set_price(work, price, reason="as agreed")


def reconciled(store: Store, tenant: Tenant, *, days: int = 1) -> Reconciliation:
    today = utc_now().date()
    with open_work(tenant.admin, store) as work:
        return billing.reconcile(work, today - timedelta(days=days), today)


def used(store: Store, tenant: Tenant) -> list[UsageEventRow]:
    with open_work(tenant.admin, store) as work:
        query = select(UsageEventRow).order_by(UsageEventRow.occurred_at)
        rows = list(work.session.scalars(query))
        work.session.expunge_all()
    return rows


def bill(store: Store, row: UsageEventRow, **changes) -> None:
    told = usage(f"evt_{row.idem_key[:8]}", id=row.idem_key, meter=row.meter,
                 day=day_of(row.occurred_at), **changes)  # fmt: skip
    told["created"] = row.occurred_at // 1_000_000
    deliver(store, told)


def lines(found: Reconciliation) -> Counter[Line]:
    counts: Counter[Line] = Counter()
    for row in found.causes:
        counts[row.line] += row.events
    return counts


def test_what_was_done_counted_and_billed_agrees_or_is_told_why_not(world: World):
    store, acme = world.store, world.acme
    for n, rows in enumerate(([ACME_2023], [ACME_2024], [ACME_2023, ACME_2024])):
        imported(acme.analyst, table(*rows), f"{n}.csv")
    priced(store, acme)
    first, second, third = used(store, acme)
    for row in (first, second, third):
        bill(store, row)
    found = reconciled(store, acme)
    assert found.causes == []
    assert [(t.currency, t.metered_minor, t.billed_minor) for t in found.totals] == [
        ("USD", 750, 750)
    ]

    bill(store, first)
    with open_work(acme.admin, store) as work:
        work.begin_writing()
        work.session.delete(work.session.get(UsageEventRow, (acme.id, second.idem_key)))
        orphan = UsageEventRow(idem_key="0" * 64, meter="imports", quantity=1, act="fact.import",
                               occurred_at=third.occurred_at, actor="user:x")  # fmt: skip
        work.add_all([orphan])
    found = reconciled(store, acme)
    assert lines(found) == {
        Line.DUPLICATE_DELIVERY: 1, Line.MISSING_USAGE: 1, Line.ORPHAN_USAGE: 1,
    }  # fmt: skip
    [total] = found.totals
    assert (total.metered_minor, total.billed_minor, total.unexplained_minor) == (750, 750, 0)
    assert reconciled(store, world.rival).rows == ()


def test_a_day_is_added_up_once_when_it_is_over_and_drift_is_told(store: Store, acme: Tenant):
    now = utc_now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    with open_work(acme.analyst, store) as work:
        work.begin_writing()
        work.add_all(
            [
                UsageEventRow(idem_key=f"{n}", meter=meter, quantity=n + 1, act="x", actor="x",
                              occurred_at=work.now_micros - ago * DAY_US)
                for n, (meter, ago) in enumerate(
                    [("imports", 0), ("imports", 1), ("imports", 1), ("reports", 1), ("reports", 2)]
                )
            ]
        )  # fmt: skip

    def close(moment) -> int:
        with open_work(acme.analyst, store) as work:
            work.now = moment
            are_over = billing.are_days_over(work)
            closed = billing.close_days(work)
            assert are_over == (closed > 0)
            return closed

    assert close(midnight + timedelta(minutes=59)) == 1  # the day before is not over for good
    assert close(midnight + timedelta(minutes=61)) == 2
    assert close(midnight + timedelta(minutes=62)) == 0
    with open_work(acme.admin, store) as work:
        days = {(r.day, r.meter): (r.quantity, r.events_n)
                for r in work.session.scalars(select(UsageDayRow))}  # fmt: skip
        entries = logbook.read_log(work, action="billing.close")
    yesterday, before = (str((now - timedelta(days=n)).date()) for n in (1, 2))
    assert days == {
        (yesterday, "imports"): (5, 2), (yesterday, "reports"): (4, 1), (before, "reports"): (5, 1),
    }  # fmt: skip
    assert len(entries) == 3

    assert Line.ROLLUP_DRIFT not in lines(reconciled(store, acme, days=2))
    with open_work(acme.admin, store) as work:
        work.begin_writing()
        row = work.session.get_one(UsageEventRow, (acme.id, "1"))
        row.quantity = 9
    assert lines(reconciled(store, acme, days=2))[Line.ROLLUP_DRIFT] == 1


@ONLY_SQLITE
def test_a_day_of_uses_reaches_from_its_first_microsecond_to_its_last(store: Store, acme: Tenant):
    day = date(2026, 1, 15)
    begin, end = first_moment(day), first_moment(day + timedelta(days=1))
    with open_work(acme.analyst, store) as work:
        work.begin_writing()
        work.add_all(
            [
                UsageEventRow(idem_key=f"{at}", meter="imports", quantity=1, act="x", actor="x",
                              occurred_at=at)
                for at in (begin - 1, begin, end - 1, end)
            ]
        )  # fmt: skip
    with open_work(acme.analyst, store) as work:
        work.now = datetime(2026, 1, 16, 2, tzinfo=UTC)
        billing.close_days(work)

    with open_work(acme.admin, store) as work:
        assert [each.usage_id for each in ledger.used(work, day, day)] == [f"{begin}", f"{end - 1}"]
        closed = {row.day: row.quantity for row in work.session.scalars(select(UsageDayRow))}
    assert closed == {"2026-01-14": 1, "2026-01-15": 2}


@ONLY_SQLITE
def test_a_price_is_said_for_later_days_and_never_rewritten(store: Store, acme: Tenant):
    priced(store, acme)
    priced(store, acme, replace(PRICE, valid_from="2026-06-01", price_minor=300))
    for day in ("2026-06-01", "2026-03-01"):
        with pytest.raises(PriceStands, match="2026-06-01"):
            priced(store, acme, replace(PRICE, valid_from=day))
    wrongs: list[tuple[dict[str, Any], type[Exception]]] = [
        ({"meter": "coffee"}, NotFound), ({"currency": "usd"}, BadInput),
        ({"price_minor": -1}, BadInput), ({"per_quantity": 0}, BadInput),
    ]  # fmt: skip
    for wrong, refusal in wrongs:
        with pytest.raises(refusal):
            priced(store, acme, replace(PRICE, **wrong))
    with open_work(acme.admin, store) as work:
        assert [p.price_minor for p in billing.list_prices(work)] == [250, 300]
        with pytest.raises(AccessDenied):
            billing.set_price(work, PRICE, reason="as agreed")


@ONLY_SQLITE
def test_more_events_than_can_be_held_at_once_are_refused(
    store: Store, acme: Tenant, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ledger, "EVENTS_MAX", 1)
    today = str(utc_now().date())

    def uses(act_id: str) -> None:
        with open_work(acme.analyst, store) as work:
            work.begin_writing()
            metering.count(work, Meter.IMPORTS, act="fact.import", act_id=act_id)

    deliver(store, usage("evt_1", day=today))
    uses("first")
    assert reconciled(store, acme).rows, "as many as can be held"
    deliver(store, usage("evt_2", day=today))
    with pytest.raises(BadInput, match="more than 1 events"):
        reconciled(store, acme)
    uses("second")
    with pytest.raises(BadInput, match="more than 1 events"), open_work(acme.admin, store) as work:
        ledger.used(work, utc_now().date(), utc_now().date())


@ONLY_SQLITE
@pytest.mark.parametrize("days", [-1, 366])
def test_days_that_are_none_or_more_than_a_year_are_refused(store: Store, acme: Tenant, days: int):
    with pytest.raises(BadInput, match="366"):
        reconciled(store, acme, days=days)


def test_a_year_may_reach_to_the_first_and_the_last_day_that_can_be_asked_for_and_no_further():
    ledger.check_days(ledger.EARLIEST, ledger.EARLIEST + timedelta(days=365))
    ledger.check_days(ledger.LATEST, ledger.LATEST)  # a single day
    for day in (ledger.EARLIEST - timedelta(days=1), ledger.LATEST + timedelta(days=1)):
        with pytest.raises(BadInput):
            ledger.check_days(day, day)


@ONLY_SQLITE
def test_each_day_has_its_own_bills_invoices_and_closed_uses_to_its_last_second(
    store: Store, acme: Tenant
):
    day = date(2025, 11, 26)
    begin = first_moment(day) // 1_000_000
    for n, created in enumerate((begin - 1, begin, begin + 86_399, begin + 86_400)):
        deliver(store, {**invoice(f"evt_{n}", "created", version=1, id=f"in_{n}"),
                        "created": created})  # fmt: skip
    for n in (-1, 0, 1):
        deliver(store, usage(f"evt_u{n}", day=str(day + timedelta(days=n))))
    with open_work(acme.admin, store) as work:
        work.begin_writing()
        work.add_all([
            UsageDayRow(day=str(day + timedelta(days=n)), meter="imports", quantity=1, events_n=1,
                        closed_at=0) for n in (-1, 0, 1)
        ])  # fmt: skip
        told = ledger.billing_events(work, day, day)

        assert {row.event_id for row in told} == {"evt_1", "evt_2", "evt_u0"}
        assert [row.day for row in ledger.closed_days(work, day, day)] == [str(day)]


@ONLY_SQLITE
def test_an_invoices_turn_that_was_told_twice_is_noted_on_the_day_it_was_made(
    store: Store, acme: Tenant
):
    today = {**invoice("evt_1", "created", version=1), "created": int(utc_now().timestamp())}
    for event in (today, today, invoice("evt_2", "created", version=1, id="in_2")):
        deliver(store, event)

    found = reconciled(store, acme)
    assert lines(found) == {Line.DUPLICATE_DELIVERY: 1}
    assert [(row.day, row.meter) for row in found.causes] == [
        (str(utc_now().date()), ledger.INVOICES)
    ]


def test_what_was_quarantined_takes_effect_once_its_tenant_is_here(store: Store, acme: Tenant):
    late = {"tenant": "latecomer"}
    deliver(store, usage("evt_1", metadata=late))
    with open_work(operator(PLATFORM), store) as work:
        assert [row.event_id for row in billing.read_inbox(work)] == ["evt_1"]
    tenant_id = people.tenant_for("latecomer")
    with open_work(operator(tenant_id), store) as work:
        people.add_tenant(work, "latecomer")

    def retry(event_id: str) -> None:
        with open_work(operator(PLATFORM), store) as work:
            billing.try_again(work, event_id)

    retry("evt_1")
    with pytest.raises(EventSettled, match="waiting"):
        retry("evt_1")
    assert webhooks.work_off(store) == 1
    with pytest.raises(EventSettled, match="applied"):
        retry("evt_1")
    with pytest.raises(NotFound):
        retry("evt_2")
    with open_work(replace(operator(tenant_id), role=Role.ADMIN), store) as work:
        assert [row.event_id for row in billing.list_events(work)] == ["evt_1"]
        assert billing.list_invoices(work) == []
    assert deliver(store, usage("evt_1", metadata=late)).state is State.APPLIED


def test_what_takes_its_time_is_no_difference_before_or_without_a_result(book: World):
    with open_work(book.acme.analyst, book.store) as work:
        failed, done = (note_batch(work, BatchPolicy()) for _ in range(2))
    assert reconciled(book.store, book.acme).rows == ()

    for made, status in ((failed, Status.FAILED), (done, Status.SUCCEEDED)):
        with open_work(book.acme.analyst, book.store) as work:
            finish_computation(work, made, status, {"rows": []})

    assert lines(reconciled(book.store, book.acme)) == {Line.MISSING_AT_PROVIDER: 1}


def long_runs(book: World) -> None:
    """A batch, a simulation and a report, each with its result."""
    store, analyst = book.store, book.acme.analyst
    with open_work(analyst, store) as work:
        company = companies.list_companies(work)[0].id
        made = [
            note_batch(work, BatchPolicy()),
            note_simulation(work, company, a_direct_dcf(), a_plan()),
        ]
        asked = reports.ask_for_run(work, "sla", {})
    with open_work(analyst, store) as work:
        run = jobs.take_run(work, asked.id, owner="test", lease=timedelta(hours=1))
        assert run
    with open_work(analyst, store) as work:
        for each in made:
            finish_computation(work, each, Status.SUCCEEDED, {})
        jobs.finish_run(work, run, job_runs.Status.SUCCEEDED, record={})


def test_a_use_of_a_long_run_that_was_deleted_is_told_as_missing_whether_billed_or_not(book: World):
    store, acme = book.store, book.acme
    long_runs(book)
    counted = used(store, acme)
    meters = {row.meter for row in counted}
    assert meters == {"batches", "simulations", "reports"}
    bill(store, next(row for row in counted if row.meter == "reports"))
    assert Line.MISSING_USAGE not in lines(reconciled(store, acme))

    with open_work(acme.admin, store) as work:
        work.begin_writing()
        work.session.execute(delete(UsageEventRow))

    found = [row for row in reconciled(store, acme).causes if row.line is Line.MISSING_USAGE]
    assert {row.meter for row in found} == meters
    assert lines(reconciled(store, acme)) == {Line.MISSING_USAGE: 3}

    with unit_of_work(acme.admin, store, utc_now() + timedelta(days=31)) as work:
        retention.change_policy(work, "job", 30, reason="as agreed")
        assert retention.purge(work) > 0
    assert lines(reconciled(store, acme)) == {Line.MISSING_USAGE: 2, Line.EXTRA_AT_PROVIDER: 1}, (
        "the end of a report tells nothing any more"
    )
