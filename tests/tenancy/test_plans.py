"""What a tenant is granted, why, and how that changes: on both databases."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from tests.conftest import ONLY_SQLITE
from valor_core.billing.metering import Meter
from valor_core.errors import AccessDenied, NotFound
from valor_core.settings import SETTINGS, BadSetting
from valor_core.store.tables import TenantPlanRow
from valor_core.store.work import AlreadyThere, Work
from valor_core.tenancy import quotas
from valor_core.tenancy.call_limits import call_limits
from valor_core.tenancy.plans import (
    LIMITS,
    METERED,
    OVERRIDES_MOST,
    BadPlan,
    OperatorNeeded,
    Origin,
    PlanTerms,
    UnknownTimeZone,
    check_limit,
    effective,
)
from valor_core.tenancy.reasons import ReasonMissing
from valor_core.values import Caller, micros
from valor_core.workbench import flags, plans
from valor_core.workbench.logbook import read_log
from valor_core.workbench.plans import PlanChange
from valor_core.workbench.verb import open_work, the_store


@pytest.fixture(autouse=True)
def _administrators_set_limits(monkeypatch):
    monkeypatch.setenv("VALOR_ADMINS_SET_LIMITS", "yes")


def define(operator: Caller, plan_id: str = "team", **limits: int | None) -> None:
    with open_work(operator) as work:
        plans.define_plan(
            work,
            plan_id,
            PlanTerms(name="Team", currency="USD", price_minor=4_900, limits=limits, features={}),
            reason="as sold",
        )


def define_as(work: Work, said: Mapping[str, Any]) -> PlanChange:
    """A plan of that id and those terms, which grants nothing of its own."""
    terms = {name: value for name, value in said.items() if name != "plan_id"}
    return plans.define_plan(
        work, said["plan_id"], PlanTerms(limits={}, features={}, **terms), reason="as sold"
    )


def assign(caller: Caller, plan_id: str = "team", *, reason: str = "they grew") -> None:
    with open_work(caller) as work:
        plans.assign_plan(work, plan_id, reason=reason)


def granted(caller: Caller, name: str = "valuations_per_month"):
    with open_work(caller) as work:
        return plans.plan_now(work).effective.granted[name]


def test_without_a_plan_the_settings_hold(acme):
    told = granted(acme.viewer)

    assert (told.value, told.origin) == (100_000, Origin.SETTING)
    assert told.why == "VALOR_VALUATIONS_PER_MONTH"
    assert granted(acme.viewer, "valuations_per_day").value is None


@ONLY_SQLITE
def test_a_setting_that_cannot_be_is_told_at_the_start_and_a_quota_may_have_no_limit(
    acme, monkeypatch
):
    monkeypatch.setenv("VALOR_VALUATIONS_PER_MONTH", "none")
    assert granted(acme.viewer).value is None
    for name, wrong in (
        ("VALOR_USER_CALLS_BURST", "none"), ("VALOR_USER_CALLS_BURST", "0"),
        ("VALOR_IMPORTS_PER_MONTH", "1e3"), ("VALOR_IMPORTS_PER_MONTH", "١٢"),
    ):  # fmt: skip
        monkeypatch.setenv(name, wrong)
        with pytest.raises(BadSetting, match=name):
            call_limits(the_store())
        monkeypatch.delenv(name)


@ONLY_SQLITE
def test_the_rates_of_a_plan_hold_from_the_next_call_on(acme):
    """G9."""
    limits = call_limits(the_store())
    before = limits.take(acme.viewer).binding
    define(acme.operator, user_calls_per_minute=60, user_calls_burst=5)
    assign(acme.admin)
    after = limits.take(acme.viewer).binding

    assert (before.policy.per_minute, before.remaining) == (6_000, 1_999)
    assert (after.policy.per_minute, after.remaining) == (60, 4)


def test_a_plan_holds_at_once_for_its_tenant_alone_and_says_that_it_is_why(acme, rival):
    define(acme.operator, valuations_per_month=10)
    assign(acme.admin)

    told = granted(acme.viewer)
    assert (told.value, told.origin, told.why) == (10, Origin.PLAN, "Team, version 1")
    assert granted(acme.viewer, "imports_per_month").origin is Origin.SETTING
    assert granted(rival.viewer).value == 100_000


def test_a_new_version_changes_nobody_until_it_is_assigned(acme):
    define(acme.operator, valuations_per_month=10)
    assign(acme.admin)
    define(acme.operator, valuations_per_month=20)

    assert granted(acme.viewer).value == 10
    assign(acme.admin)
    assert granted(acme.viewer).value == 20
    with open_work(acme.admin) as work:
        plans.assign_plan(work, "team", version=1, reason="back again")
    assert granted(acme.viewer).value == 10
    with pytest.raises(NotFound, match="team version 3"), open_work(acme.admin) as work:
        plans.assign_plan(work, "team", version=3, reason="not yet")


def test_an_override_holds_until_it_expires_or_is_ended_and_says_why(acme):
    define(acme.operator, valuations_per_month=10)
    assign(acme.admin)
    until = datetime.now(UTC) + timedelta(days=3)
    with open_work(acme.admin) as work:
        row = plans.override_limit(
            work, "valuations_per_month", None, reason="a large deal", expires_at=until
        )

    told = granted(acme.viewer)
    assert (told.value, told.origin, told.why) == (None, Origin.OVERRIDE, "a large deal")
    assert told.until == until
    with open_work(acme.viewer) as work:
        work.now = until
        assert effective(work).value("valuations_per_month") == 10
    with open_work(acme.admin) as work:
        plans.end_override(work, row.id, reason=" as agreed ")
    assert granted(acme.viewer).value == 10
    with open_work(acme.admin) as work:
        assert b'"reason":"as agreed"' in (read_log(work, limit=1)[0].payload or b"")


@ONLY_SQLITE
def test_overrides_are_few_so_that_none_hides_behind_others(acme):
    until = datetime.now(UTC) + timedelta(days=3)
    with open_work(acme.operator) as work:
        plans.override_limit(work, "user_calls_burst", 5, reason="abuse", expires_at=until)
    with open_work(acme.admin) as work:
        made = [
            plans.override_limit(work, "imports_per_day", 9, reason="more", expires_at=until)
            for _ in range(OVERRIDES_MOST - 1)
        ]

    with pytest.raises(BadPlan, match="100 overrides"), open_work(acme.admin) as work:
        plans.override_limit(work, "imports_per_day", 9, reason="more", expires_at=until)
    assert granted(acme.viewer, "user_calls_burst").value == 5
    with open_work(acme.admin) as work:
        plans.end_override(work, made[0].id, reason="as agreed")
        plans.override_limit(work, "imports_per_day", 9, reason="more", expires_at=until)


def test_a_history_has_no_gap_and_no_overlap(acme):
    define(acme.operator, valuations_per_month=10)
    define(acme.operator, "firm", valuations_per_month=50)
    for plan_id in ("team", "firm", "team"):
        assign(acme.admin, plan_id)

    with open_work(acme.viewer) as work:
        newest_first = plans.plan_history(work)
    assert [row.plan_id for row in newest_first] == ["team", "firm", "team"]
    assert newest_first[0].valid_to is None
    for later, earlier in pairwise(newest_first):
        assert earlier.valid_to == later.valid_from
    assert {row.reason for row in newest_first} == {"they grew"}


def test_two_plans_at_once_are_refused_by_the_database_itself(acme):
    define(acme.operator)
    assign(acme.admin)
    with open_work(acme.admin) as work:
        begun = work.session.scalars(select(TenantPlanRow.valid_from)).one()

    def second() -> None:
        with open_work(acme.admin) as work:
            work.begin_writing()
            row = TenantPlanRow(
                seq=2, plan_id="team", plan_version=1, valid_from=begun + 1, valid_to=None,
                changed_by="user:x", reason="by hand",
            )  # fmt: skip
            work.add_all([row])

    with pytest.raises(AlreadyThere):
        second()


def test_a_clock_set_back_makes_no_plan_end_before_it_began(acme):
    define(acme.operator)
    assign(acme.admin)
    with open_work(acme.admin) as work:
        work.now -= timedelta(hours=1)
        plans.assign_plan(work, "team", reason="again")

    with open_work(acme.viewer) as work:
        last, first = plans.plan_history(work)
    assert first.valid_to == last.valid_from == first.valid_from + 1


def test_a_version_is_never_changed_not_even_by_sql(store, acme):
    define(acme.operator, valuations_per_month=10)
    for statement in (
        "UPDATE plan_definitions SET price_minor = 1",
        "DELETE FROM plan_definitions",
    ):
        with pytest.raises(DBAPIError), store.engine.begin() as connection:
            connection.execute(text(statement))


def test_a_change_is_told_in_the_log_with_before_and_after(acme):
    define(acme.operator, valuations_per_month=10)
    assign(acme.admin, reason="a trial")

    with open_work(acme.admin) as work:
        told = (read_log(work, action="plan.assign")[0].payload or b"").decode()
    assert '"before":"no plan"' in told
    assert '"after":"Team, version 1"' in told
    assert "valuations_per_month: 100000 → 10" in told
    assert '"reason":"a trial"' in told


@ONLY_SQLITE
def test_what_a_change_would_do_is_told_before_it_is_made(acme):
    define(acme.operator, valuations_per_month=10, user_calls_burst=7)

    with open_work(acme.admin) as work:
        told = {
            each.limit.name: (each.before, each.after)
            for each in plans.foresee_plan(work, "team").limits
        }
    assert told == {"valuations_per_month": (100_000, 10), "user_calls_burst": (2_000, 7)}
    assert granted(acme.viewer).value == 100_000


def test_which_features_another_plan_switches_is_told_before_and_kept(acme):
    """What an override decides stays as it is, whatever the plan says."""
    with open_work(acme.operator) as work:
        plans.define_plan(
            work,
            "team",
            PlanTerms(
                name="Team",
                currency="USD",
                price_minor=0,
                limits={},
                features={"explore": False, "reports": False, "own_notebooks": True},
            ),
            reason="as sold",
        )
        flags.override_flag(
            work, "reports", True, reason="a deal", expires_at=work.now + timedelta(days=1)
        )
    with open_work(acme.admin) as work:
        told = plans.foresee_plan(work, "team").features
    assert told == {"explore": (True, False), "own_notebooks": (False, True)}

    assign(acme.admin)

    with open_work(acme.admin) as work:
        now = {each.flag.name: each.value for each in flags.list_flags(work)}
        [entry] = read_log(work, action="plan.assign")
        assert plans.foresee_plan(work, "team").features == {}
    assert (now["explore"], now["reports"], now["own_notebooks"]) == (False, True, True)
    assert json.loads(entry.payload or b"")["changed"] == [
        "explore: True → False", "own_notebooks: False → True",
    ]  # fmt: skip


@ONLY_SQLITE
@pytest.mark.parametrize(
    "change",
    [
        {"valuations": 3}, {"valuations_per_month": -1}, {"user_calls_burst": 0},
        {"user_calls_burst": None}, {"valuations_per_month": 10**9 + 1},
    ],
)  # fmt: skip
def test_a_limit_that_cannot_be_is_refused(acme, change):
    with pytest.raises(BadPlan):
        define(acme.operator, **change)


def test_a_quota_may_grant_nothing_or_be_without_limit_and_a_rate_is_one_call_at_least():
    for name, value in (
        ("valuations_per_month", 0), ("valuations_per_month", None),
        ("valuations_per_month", 10**9), ("user_calls_burst", 1), ("user_calls_burst", 10**9),
    ):  # fmt: skip
        check_limit(name, value)


@ONLY_SQLITE
@pytest.mark.parametrize(
    "wrong",
    [
        {"plan_id": "../x"}, {"currency": "usd"}, {"currency": "US"}, {"price_minor": -1},
        {"name": " "},
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_is_refused(acme, wrong):
    sound = {"plan_id": "team", "name": "Team", "currency": "USD", "price_minor": 0}
    with pytest.raises(BadPlan), open_work(acme.operator) as work:
        define_as(work, sound | wrong)


@ONLY_SQLITE
@pytest.mark.parametrize(
    "least_or_most",
    [
        {"name": "T", "price_minor": 0},
        {"plan_id": "t" * 40, "name": "T" * 100, "price_minor": 10**12},
    ],
)
def test_a_plan_may_be_free_or_as_dear_and_its_names_as_short_or_long_as_can_be(
    acme, least_or_most
):
    plan = {"plan_id": "t", "name": "Team", "currency": "USD", "price_minor": 1} | least_or_most
    with open_work(acme.operator) as work:
        told = define_as(work, plan)

    assert {name: getattr(told.after, name) for name in plan} == plan
    for beyond in ({"name": "T" * 101}, {"plan_id": "t" * 41}, {"price_minor": 10**12 + 1}):
        with pytest.raises(BadPlan), open_work(acme.operator) as work:
            define_as(work, plan | beyond)


@ONLY_SQLITE
def test_a_change_without_its_reason_or_without_an_end_is_refused(acme):
    define(acme.operator)
    with pytest.raises(ReasonMissing):
        assign(acme.admin, reason=" ")


@ONLY_SQLITE
def test_an_override_lasts_366_days_at_most(acme):
    def overridden(lasts: timedelta) -> None:
        with open_work(acme.admin) as work:
            until = work.now + lasts
            plans.override_limit(work, "valuations_per_month", 1, reason="x", expires_at=until)

    overridden(timedelta(days=366))
    for beyond in (timedelta(0), timedelta(days=366, microseconds=1)):
        with pytest.raises(BadPlan, match="within a year"):
            overridden(beyond)


def test_what_is_not_there_cannot_be_assigned_or_ended(acme, rival):
    with pytest.raises(NotFound):
        assign(acme.admin, "nowhere")
    until = datetime.now(UTC) + timedelta(days=1)
    with open_work(rival.admin) as work:
        row = plans.override_limit(work, "valuations_per_month", 1, reason="x", expires_at=until)
    with pytest.raises(NotFound), open_work(acme.admin) as work:
        plans.end_override(work, row.id, reason="as agreed")
    assert granted(rival.viewer).value == 1


def test_who_may_change_nothing_changes_nothing(acme):
    with pytest.raises(AccessDenied):
        assign(acme.analyst)
    with pytest.raises(AccessDenied):
        define(acme.admin)


@ONLY_SQLITE
def test_a_time_zone_is_one_of_the_known_ones(acme):
    with open_work(acme.admin) as work:
        plans.set_time_zone(work, "Europe/Zurich", reason="we moved")
    for wrong in ("Europe/Nowhere", "../etc/passwd", ""):
        with pytest.raises(UnknownTimeZone), open_work(acme.admin) as work:
            plans.set_time_zone(work, wrong, reason="we moved")

    with pytest.raises(ReasonMissing), open_work(acme.admin) as work:
        plans.set_time_zone(work, "UTC", reason=" ")
    with open_work(acme.viewer) as work:
        assert plans.plan_now(work).effective.zone.key == "Europe/Zurich"


@ONLY_SQLITE
def test_what_another_calendar_leaves_of_a_quota_is_told_before(acme):
    with open_work(acme.analyst) as work:
        quotas.charge(work, "valuations", 3)
        elsewhere = plans.foresee_time_zone(work, "Pacific/Kiritimati")
        now = plans.plan_now(work)

    day = {each.limit.name: each for each in elsewhere.standings}["valuations_per_day"]
    there = work.now + timedelta(hours=14)
    assert day.resets_at == datetime(there.year, there.month, there.day, tzinfo=UTC) + timedelta(
        hours=24 - 14
    )
    assert day.used == (3 if there.date() == work.now.date() else 0)
    assert now.effective.zone.key == "UTC"


def test_each_meter_has_a_quota_and_each_limit_the_setting_of_its_default():
    assert set(Meter) == set(METERED)
    named = {setting.name for setting in SETTINGS}
    for limit in LIMITS.values():
        assert (f"VALOR_{limit.name.upper()}" in named) == limit.has_default


@ONLY_SQLITE
def test_the_default_of_each_limit_is_what_its_setting_says(acme, monkeypatch):
    for n, limit in enumerate(each for each in LIMITS.values() if each.has_default):
        monkeypatch.setenv(f"VALOR_{limit.name.upper()}", str(n + 1))
        assert granted(acme.viewer, limit.name).value == n + 1


@ONLY_SQLITE
def test_moments_are_kept_to_the_microsecond(acme):
    define(acme.operator)
    before = micros(datetime.now(UTC))
    assign(acme.admin)

    with open_work(acme.viewer) as work:
        since = plans.plan_now(work).effective.since
    assert since
    assert before <= micros(since) <= micros(datetime.now(UTC))


def lowers(caller: Caller, name: str, value: int | None, *, days: int = 3) -> str:
    with open_work(caller) as work:
        until = work.now + timedelta(days=days)
        return plans.override_limit(work, name, value, reason="as agreed", expires_at=until).id


def test_where_the_operator_sets_limits_an_administrator_only_lowers_them(acme, monkeypatch):
    monkeypatch.setenv("VALOR_ADMINS_SET_LIMITS", "no")
    define(acme.operator, valuations_per_month=100)
    assign(acme.operator)
    with pytest.raises(OperatorNeeded, match="Another plan"):
        assign(acme.admin)
    same = lowers(acme.admin, "valuations_per_month", 100)
    with open_work(acme.admin) as work:
        plans.end_override(work, same, reason="as agreed")
    raised = lowers(acme.operator, "valuations_per_month", 500, days=1)
    for more in (501, 500, 101, None):
        with pytest.raises(OperatorNeeded, match="A higher limit"):
            lowers(acme.admin, "valuations_per_month", more, days=300)
    lower = lowers(acme.admin, "valuations_per_month", 40)
    assert granted(acme.viewer).value == 40
    with pytest.raises(OperatorNeeded), open_work(acme.admin) as work:
        plans.end_override(work, raised, reason="as agreed")
    with open_work(acme.admin) as work:
        plans.end_override(work, lower, reason="as agreed")
    assert granted(acme.viewer).value == 500


def test_where_the_operator_sets_features_an_administrator_only_switches_them_off(
    acme, monkeypatch
):
    monkeypatch.setenv("VALOR_ADMINS_SET_LIMITS", "no")

    def override(caller: Caller, *, value: bool) -> None:
        with open_work(caller) as work:
            until = work.now + timedelta(days=1)
            flags.override_flag(work, "reports", value, reason="as agreed", expires_at=until)

    with pytest.raises(OperatorNeeded, match="switch a feature on"):
        override(acme.admin, value=True)
    override(acme.admin, value=False)
    with open_work(acme.admin) as work:
        assert flags.end_override(work, "reports", reason="as agreed").value is True
    override(acme.operator, value=True)
    override(acme.admin, value=False)
    override(acme.operator, value=False)
    with pytest.raises(OperatorNeeded), open_work(acme.admin) as work:
        flags.end_override(work, "reports", reason="as agreed")
    with pytest.raises(OperatorNeeded):
        override(acme.admin, value=False)
    with pytest.raises(OperatorNeeded), open_work(acme.admin) as work:
        flags.foresee_override(work, "reports", False, expires_at=work.now + timedelta(days=1))


def test_an_administrator_of_an_embedded_database_needs_no_operator_and_one_of_postgres_does(
    acme, monkeypatch
):
    monkeypatch.delenv("VALOR_ADMINS_SET_LIMITS")
    define(acme.operator)
    if the_store().is_sqlite:
        assign(acme.admin)
    else:
        with pytest.raises(OperatorNeeded):
            assign(acme.admin)


@ONLY_SQLITE
def test_each_version_of_a_plan_is_listed_the_newest_of_each_first(acme):
    for plan_id in ("team", "desk", "team"):
        define(acme.operator, plan_id)

    with open_work(acme.viewer) as work:
        listed = [(row.plan_id, row.version) for row in plans.list_plans(work)]
    assert listed == [("desk", 1), ("team", 2), ("team", 1)]


def test_what_an_override_and_its_end_would_do_is_told_first_and_is_what_comes(acme, rival):
    """An older override of the same limit comes back before the plan does."""
    name, ids = "valuations_per_month", []
    define(acme.operator, valuations_per_month=10)
    assign(acme.admin)
    for value in (20, None):
        with open_work(acme.admin) as work:
            told = plans.foresee_override(
                work, name, value, expires_at=work.now + timedelta(days=1)
            )
            assert told.then.effective.value(name) == value
            until = work.now + timedelta(days=1)
        with open_work(acme.admin) as work:
            row = plans.override_limit(work, name, value, reason="a deal", expires_at=until)
            ids.append(row.id)
        assert granted(acme.viewer).value == value
        with open_work(acme.viewer) as work:
            left = {each.limit.name: each.left for each in plans.plan_now(work).standings}
        assert {each.limit.name: each.left for each in told.then.standings} == left

    for override_id, before, after in ((ids[1], None, 20), (ids[0], 20, 10)):
        with open_work(acme.admin) as work:
            (change,) = plans.foresee_end_of_override(work, override_id).limits
        assert (change.limit.name, change.before, change.after) == (name, before, after)
        with open_work(acme.admin) as work:
            plans.end_override(work, override_id, reason="it is signed")
        assert granted(acme.viewer).value == after
    with open_work(acme.admin) as work:
        assert plans.foresee_end_of_override(work, ids[0]).limits == [], "it is over"
    with pytest.raises(NotFound), open_work(rival.admin) as work:
        plans.foresee_end_of_override(work, ids[0])


def test_a_version_of_a_plan_is_told_beside_the_newest_before_it_is_made(acme):
    said: dict[str, Any] = {"name": "Team", "currency": "USD", "price_minor": 4_900}
    with open_work(acme.operator) as work:
        plans.define_plan(
            work,
            "team",
            PlanTerms(**said, limits={"imports_per_day": 3}, features={"reports": False}),
            reason="as sold",
        )
    with open_work(acme.operator) as work:
        told = plans.foresee_definition(
            work,
            "team",
            PlanTerms(
                **said | {"price_minor": 5_900},
                limits={"reports_per_month": 7},
                features={"explore": True},
            ),
        )

    assert told.before
    assert (told.before.price_minor, told.after.price_minor) == (4_900, 5_900)
    assert (told.before.version, told.after.version) == (1, 2)
    assert {each.limit.name: (each.before, each.after) for each in told.limits} == {
        "imports_per_day": (3, None), "reports_per_month": (10_000, 7),
    }  # fmt: skip
    assert told.features == {"explore": (None, True), "reports": (False, None)}
    with open_work(acme.viewer) as work:
        assert len(plans.list_plans(work)) == 1
    with pytest.raises(BadPlan), open_work(acme.operator) as work:
        plans.foresee_definition(
            work, "team", PlanTerms(**said, limits={"nowhere": 1}, features={})
        )
