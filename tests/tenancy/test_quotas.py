"""What is used of a quota, by whom it is refused, and when there is more: on both databases."""

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import integers, lists, sampled_from, tuples
from prometheus_client import REGISTRY

from tests.books import stated, valued
from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from valor_core.coverage.job_runs import Status
from valor_core.errors import NotFound
from valor_core.store.engines import Store
from valor_core.store.tables import QuotaReservationRow
from valor_core.store.work import unit_of_work
from valor_core.tenancy import plans, quotas
from valor_core.tenancy.metric_labels import label
from valor_core.tenancy.quotas import QuotaExhausted, Standing, period_of
from valor_core.values import Caller, CompanyId
from valor_core.workbench import jobs, reports
from valor_core.workbench.valuations import run_valuation
from valor_core.workbench.verb import open_work

ZONES = (
    "Europe/Zurich", "America/Sao_Paulo", "Pacific/Apia", "Asia/Beirut", "America/Havana",
    "Australia/Lord_Howe", "UTC",
)  # fmt: skip
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def grant(tenant: Tenant, value: int | None, limit: str = "valuations_per_month") -> None:
    with open_work(tenant.admin) as work:
        work.begin_writing()
        plans.override(
            work, limit, value, reason="a test", expires_at=work.now + timedelta(days=300)
        )


def standing(caller: Caller, limit: str = "valuations_per_month", at: datetime | None = None):
    with open_work(caller) as work:
        work.now = at or work.now
        return next(each for each in quotas.standings(work) if each.limit.name == limit)


def use(caller: Caller, quantity: int = 1, at: datetime | None = None) -> Standing:
    with open_work(caller) as work:
        work.now = at or work.now
        work.begin_writing()
        quotas.charge(work, "valuations", quantity)
        return work.charged[0]


def counted(name: str, tenant: Tenant) -> float:
    labels = {"tenant": label(tenant.id), "meter": "valuations"}
    return REGISTRY.get_sample_value(f"quota_increment_{name}_total", labels) or 0.0


def test_metrics_count_what_was_charged_and_what_was_refused_and_nothing_that_was_undone(acme):
    before = counted("success", acme), counted("failure", acme)
    grant(acme, 1)
    use(acme.analyst)
    with pytest.raises(QuotaExhausted):
        use(acme.analyst)
    grant(acme, None)
    with suppress(ZeroDivisionError), open_work(acme.analyst) as work:
        work.begin_writing()
        quotas.charge(work, "valuations")
        raise ZeroDivisionError

    after = counted("success", acme), counted("failure", acme)
    assert after == (before[0] + 1, before[1] + 1)


def test_what_is_used_is_counted_to_the_last_and_then_refused_until_the_period_ends(acme):
    grant(acme, 3)
    left = [use(acme.analyst, at=NOW).left for _ in range(3)]

    assert left == [2, 1, 0]
    with pytest.raises(QuotaExhausted) as refused:
        use(acme.analyst, at=NOW)
    assert "its quota of saved valuations a month: 3" in str(refused.value)
    assert "2026-12-01 00:00 (UTC)" in refused.value.hint
    at_last = NOW + timedelta(seconds=refused.value.retry_after_s)
    with pytest.raises(QuotaExhausted):
        use(acme.analyst, at=at_last - timedelta(seconds=1))
    assert use(acme.analyst, at=at_last).used == 1


def test_a_quota_of_a_day_and_of_a_month_are_taken_both_or_neither(acme):
    grant(acme, 10)
    grant(acme, 2, "valuations_per_day")
    with pytest.raises(QuotaExhausted, match="a day"):
        use(acme.analyst, 3, at=NOW)
    assert standing(acme.viewer, at=NOW).used == 0

    use(acme.analyst, 2, at=NOW)
    use(acme.analyst, 2, at=NOW + timedelta(days=1))
    assert standing(acme.viewer, at=NOW).used == 4


def test_of_fifty_calls_at_once_with_ten_left_exactly_ten_are_made(store, acme):
    """G13."""
    grant(acme, 10)
    done, gate = [], threading.Barrier(50)

    def call() -> None:
        gate.wait()
        try:
            with unit_of_work(acme.analyst, store) as work:
                work.begin_writing()
                quotas.charge(work, "valuations")
        except QuotaExhausted:
            done.append(False)
        else:
            done.append(True)

    threads = [threading.Thread(target=call) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(done), sum(done)) == (50, 10)
    assert standing(acme.viewer).used == 10


def test_what_fails_is_not_charged(book, acme):
    inputs, reasons = stated(acme.analyst)
    with pytest.raises(NotFound), open_work(acme.analyst) as work:
        run_valuation(work, CompanyId("cik1"), inputs, rationale="x", rationales=reasons)
    assert standing(acme.viewer).used == 0

    valued(acme.analyst)
    assert standing(acme.viewer).used == 1


def test_each_tenant_uses_its_own(acme, rival):
    grant(acme, 1)
    use(acme.analyst)

    assert use(rival.analyst).used == 1
    assert standing(rival.viewer).left == 99_999


def test_another_plan_holds_from_the_next_call_on_and_forgets_nothing_used(acme):
    grant(acme, 5)
    use(acme.analyst, 4)
    grant(acme, 2)
    assert standing(acme.viewer).left == 0
    with pytest.raises(QuotaExhausted):
        use(acme.analyst)
    grant(acme, None)
    with open_work(acme.analyst) as work:
        work.begin_writing()
        quotas.charge(work, "valuations", 1_000)
    after = standing(acme.viewer)
    assert (after.used, after.left) == (1_004, None)


def test_what_no_plan_limits_is_charged_to_nothing(acme):
    with open_work(acme.analyst) as work:
        work.begin_writing()
        quotas.charge(work, "smiles")
        assert work.charged == []


def test_a_long_run_holds_its_share_and_is_charged_what_it_used(acme):
    grant(acme, 10)
    with open_work(acme.analyst) as work:
        work.begin_writing()
        quotas.reserve(work, "valuations", "run", lease=timedelta(hours=1), quantity=8)
    held = standing(acme.viewer)
    assert (held.used, held.reserved, held.left) == (0, 8, 2)
    with pytest.raises(QuotaExhausted):
        use(acme.analyst, 3)

    with open_work(acme.analyst) as work:
        work.begin_writing()
        quotas.settle(work, "run", "valuations", used=5)
    after = standing(acme.viewer)
    assert (after.used, after.reserved, after.left) == (5, 0, 5)


def test_a_hold_whose_lease_is_over_goes_back_to_who_asks_next_and_only_once(acme):
    grant(acme, 1)
    with open_work(acme.analyst) as work:
        work.now = NOW
        work.begin_writing()
        quotas.reserve(work, "valuations", "run", lease=timedelta(hours=1))
    with pytest.raises(QuotaExhausted):
        use(acme.analyst, at=NOW + timedelta(minutes=59))

    assert use(acme.analyst, at=NOW + timedelta(minutes=61)).used == 1
    with open_work(acme.analyst) as work:  # it ends well all the same, and is charged
        work.now = NOW + timedelta(hours=2)
        work.begin_writing()
        quotas.settle(work, "run", "valuations", used=1)
    after = standing(acme.viewer, at=NOW)
    assert (after.used, after.reserved) == (2, 0)


def test_a_hold_that_two_give_back_at_once_is_given_back_once(acme):
    grant(acme, 2)
    with open_work(acme.analyst) as work:
        work.begin_writing()
        for run in ("one", "other"):
            quotas.reserve(work, "valuations", run, lease=timedelta(hours=1))
        row = work.session.get_one(QuotaReservationRow, (acme.id, "one"))
        for _ in range(2):
            quotas._give_back(work, row)

    assert standing(acme.viewer).reserved == 1


@ONLY_SQLITE
def test_what_costs_time_is_not_begun_where_nothing_is_left_of_its_quota(acme):
    grant(acme, 1)
    with open_work(acme.analyst) as work:
        quotas.check_room(work, "valuations")
    use(acme.analyst)
    before = counted("failure", acme)

    with open_work(acme.analyst) as work:
        quotas.check_room(work, "imports")
        with pytest.raises(QuotaExhausted) as refused:
            quotas.check_room(work, "valuations")
        ends = standing(acme.viewer).resets_in_s(work.now)

    assert refused.value.retry_after_s == pytest.approx(ends, abs=1)
    assert counted("failure", acme) == before + 1


@pytest.mark.parametrize("lasts_s", [90, 40 * 86_400])
def test_the_wait_after_a_quota_is_exact_where_an_override_ends_first_too(acme, lasts_s):
    """A retry at the stated time succeeds, and one second earlier fails."""
    for value, seconds in ((1, lasts_s), (2, lasts_s / 2)):  # the newer one holds, and ends
        with open_work(acme.admin) as work:
            work.now = NOW - timedelta(seconds=10 - value)
            work.begin_writing()
            until = NOW + timedelta(seconds=seconds)
            plans.override(work, "valuations_per_month", value, reason="x", expires_at=until)
    use(acme.analyst, 2, at=NOW)

    with pytest.raises(QuotaExhausted) as refused:
        use(acme.analyst, at=NOW)

    wait = refused.value.retry_after_s
    month_ends = datetime(2026, 12, 1, tzinfo=UTC) - NOW
    assert wait == min(lasts_s, month_ends.total_seconds())
    assert refused.value.reset_at == NOW.timestamp() + wait
    with pytest.raises(QuotaExhausted):
        use(acme.analyst, at=NOW + timedelta(seconds=wait - 1))
    assert use(acme.analyst, at=NOW + timedelta(seconds=wait))


def test_before_costly_work_the_wait_is_told_until_one_more_fits(acme):
    for value, seconds in ((3, 135), (2, 90), (2, 45)):  # the newest one holds, and ends
        with open_work(acme.admin) as work:
            work.now = NOW - timedelta(seconds=seconds)
            work.begin_writing()
            until = NOW + timedelta(seconds=seconds)
            plans.override(work, "valuations_per_month", value, reason="x", expires_at=until)
    use(acme.analyst, at=NOW)
    with open_work(acme.analyst) as work:
        work.now = NOW
        work.begin_writing()
        quotas.reserve(work, "valuations", "run", lease=timedelta(hours=1))
        with pytest.raises(QuotaExhausted) as refused:
            quotas.check_room(work, "valuations")

    assert refused.value.retry_after_s == 90


def test_where_the_day_and_the_month_are_full_the_later_of_both_is_waited_for(acme):
    grant(acme, 1, "valuations_per_day")
    with open_work(acme.admin) as work:
        work.now = NOW
        work.begin_writing()
        ends = NOW + timedelta(seconds=60)
        plans.override(work, "valuations_per_month", 1, reason="x", expires_at=ends)
    use(acme.analyst, at=NOW)

    with pytest.raises(QuotaExhausted, match="a day") as refused:
        use(acme.analyst, at=NOW)

    assert refused.value.retry_after_s == 12 * 3600


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED, Status.CANCELLED])
def test_a_report_is_charged_when_it_is_made_and_not_when_it_fails(book, acme, status):
    with open_work(acme.analyst) as work:
        run = reports.ask_for_run(work, "valuation", {"company": "KO"})
    assert standing(acme.viewer, "reports_per_month").reserved == 1

    with open_work(acme.analyst) as work:
        if status is Status.CANCELLED:
            reports.cancel_run(work, run.id)
        else:
            jobs.finish_run(work, run, status, record={})
    after = standing(acme.viewer, "reports_per_month")
    assert (after.used, after.reserved) == (int(status is Status.SUCCEEDED), 0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # each try has its own day
@given(
    acts=lists(tuples(sampled_from(["use", "hold", "keep", "drop"]), integers(1, 4)), max_size=12)
)
def test_used_and_held_never_exceed_the_quota_and_equal_what_was_done(store: Store, acme, acts):
    """G13: Whatever is charged, held, kept and let go, and in whatever order."""
    day = NOW + timedelta(days=next(DAYS))
    with open_work(acme.analyst) as work:
        work.now = day
        work.begin_writing()
        plans.override(
            work, "valuations_per_day", 7, reason="a law", expires_at=day + timedelta(days=1)
        )
        used, held = 0, {}
        for n, (act, quantity) in enumerate(acts):
            fits = used + sum(held.values()) + quantity <= 7
            name = f"{day.date()}-{n}"
            if act in ("use", "hold"):
                try:
                    if act == "use":
                        quotas.charge(work, "valuations", quantity)
                        used += quantity
                    else:
                        quotas.reserve(
                            work, "valuations", name, lease=timedelta(hours=1), quantity=quantity
                        )
                        held[name] = quantity
                except QuotaExhausted:
                    assert not fits
                else:
                    assert fits
            elif held:
                run, reserved = held.popitem()
                kept = reserved * (act == "keep")
                used += kept
                quotas.settle(work, run, "valuations", used=kept)
        told = next(
            each for each in quotas.standings(work) if each.limit.name == "valuations_per_day"
        )
        assert (told.used, told.reserved) == (used, sum(held.values()))


DAYS = iter(range(10**6))


@given(second=integers(1_230_000_000, 1_930_000_000), zone=sampled_from(ZONES))
def test_every_moment_lies_in_one_day_and_month_and_both_end_later(second, zone):
    at, place = datetime.fromtimestamp(second, UTC), ZoneInfo(zone)
    for kind in ("day", "month"):
        name, ends_at = period_of(kind, at, place)
        next_name, _ = period_of(kind, ends_at, place)
        last_name, _ = period_of(kind, ends_at - timedelta(microseconds=1), place)

        assert at < ends_at <= at + timedelta(days=33)
        assert (last_name, next_name > name) == (name, True)


def test_a_day_is_23_or_25_hours_long_where_the_clock_is_changed():
    zurich = ZoneInfo("Europe/Zurich")
    for month, day, hours in ((3, 29, 23), (10, 25, 25)):
        begins = datetime(2026, month, day, tzinfo=zurich).astimezone(UTC)
        name, ends_at = period_of("day", begins, zurich)

        assert (name, ends_at - begins) == (f"2026-{month:02}-{day}", timedelta(hours=hours))


def test_the_month_is_that_of_the_tenants_own_time_zone(acme):
    grant(acme, 1)
    with open_work(acme.admin) as work:
        work.begin_writing()
        plans.set_zone(work, "Pacific/Auckland")
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)  # there it is December already

    use(acme.analyst, at=datetime(2026, 11, 30, 10, 0, tzinfo=UTC))
    told = use(acme.analyst, at=late)

    assert (told.period, told.used) == ("2026-12", 1)
    assert told.resets_at.isoformat() == "2027-01-01T00:00:00+13:00"
