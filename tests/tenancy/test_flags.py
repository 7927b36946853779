"""Feature flags: which layer decides, what every layer said, and who is refused: on both kinds."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis.strategies import integers

from tests.books import imported, of_the_demo_book
from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from valor_core.errors import AccessDenied, NotFound
from valor_core.store.engines import Store
from valor_core.store.tables import FeatureFlagRow
from valor_core.tenancy import features
from valor_core.tenancy.access import MAY
from valor_core.tenancy.features import GATES
from valor_core.tenancy.flags import (
    FLAGS,
    BadFlag,
    Layer,
    SwitchedOff,
    UnknownFlag,
    _rolled_out,
    bucket,
    flag_of,
    read_value,
)
from valor_core.tenancy.plans import PlanTerms
from valor_core.tenancy.reasons import ReasonMissing
from valor_core.values import PLATFORM
from valor_core.workbench import flags, plans
from valor_core.workbench.logbook import read_log
from valor_core.workbench.tenants import acting_in
from valor_core.workbench.verb import allowed, open_work

FLAG = "workbook_audit"


@pytest.fixture(autouse=True)
def _administrators_set_limits(monkeypatch):
    monkeypatch.setenv("VALOR_ADMINS_SET_LIMITS", "yes")


def told(tenant: Tenant, at: datetime | None = None):
    with open_work(tenant.viewer) as work:
        work.now = at or work.now
        return flags.explain_flag(work, FLAG)


def decided(tenant: Tenant) -> tuple[object, Layer]:
    evaluation = told(tenant)
    return evaluation.value, evaluation.decided.layer


def override(tenant: Tenant, *, value: bool, days: int = 3) -> datetime:
    until = datetime.now(UTC) + timedelta(days=days)
    with open_work(tenant.admin) as work:
        flags.override_flag(work, FLAG, value, reason="they asked", expires_at=until)
    return until


def switch(tenant: Tenant, *, killed: bool | None = None, share: int | None = None) -> None:
    with open_work(tenant.operator) as work:
        flags.switch_flag(work, FLAG, killed=killed, rollout_percent=share, reason="an outage")


def has_a_plan(tenant: Tenant, *, value: bool) -> None:
    with open_work(tenant.operator) as work:
        plans.define_plan(
            work,
            "team",
            PlanTerms(
                name="Team", currency="USD", price_minor=0, limits={}, features={FLAG: value}
            ),
            reason="as sold",
        )
        plans.assign_plan(work, "team", reason="they grew")


def said_of_the_plan(tenant: Tenant) -> str:
    return next(each.why for each in told(tenant).trace if each.layer is Layer.PLAN)


def test_the_first_layer_that_says_anything_decides_and_each_tells_what_it_said(acme, rival):
    assert decided(acme) == (True, Layer.DEFAULT)
    assert said_of_the_plan(acme) == "The plan says nothing."
    switch(acme, share=100)
    assert decided(acme) == (True, Layer.ROLLOUT)
    has_a_plan(acme, value=False)
    assert decided(acme) == (False, Layer.PLAN)
    assert said_of_the_plan(acme).endswith("says so.")
    override(acme, value=True)
    assert decided(acme) == (True, Layer.OVERRIDE)
    switch(acme, killed=True)
    assert decided(acme) == (False, Layer.KILL)
    assert decided(rival) == (False, Layer.KILL)

    trace = {each.layer: each.value for each in told(acme).trace}
    assert list(trace) == list(Layer)
    assert list(trace.values()) == [False, True, False, True, True]
    unkilled = told(acme).instead(Layer.KILL, None)
    assert unkilled.decided.layer is Layer.OVERRIDE
    assert unkilled.instead(Layer.OVERRIDE, None).value is False, "as the plan says"
    assert all(each.why.endswith(".") for each in told(acme).trace)

    switch(acme, killed=False)
    assert decided(acme) == (True, Layer.OVERRIDE)
    assert decided(rival) == (True, Layer.ROLLOUT)
    with open_work(acme.admin) as work:
        assert flags.end_override(work, FLAG, reason="as agreed").decided.layer is Layer.PLAN
    with open_work(acme.admin) as work:
        assert b'"reason":"as agreed"' in (read_log(work, limit=1)[0].payload or b"")
    with pytest.raises(ReasonMissing), open_work(acme.admin) as work:
        flags.end_override(work, FLAG, reason=" ")


def test_an_override_holds_until_it_expires_and_is_one_value_all_through_a_work(acme):
    """G54."""
    until = override(acme, value=False)
    assert told(acme, until - timedelta(microseconds=1)).value is False
    assert told(acme, until).value is True

    with open_work(acme.viewer) as work:
        before = features.all_flags(work)[FLAG].value
        override(acme, value=True)
        assert features.all_flags(work)[FLAG].value is before


def test_what_is_switched_off_is_refused_before_anything_is_done(book, acme, rival):
    with open_work(acme.operator) as work:
        flags.override_flag(
            work, "fact_import", False, reason="a breach", expires_at=work.now + timedelta(days=1)
        )
    with pytest.raises(SwitchedOff, match="documents with filed facts") as refused:
        imported(acme.analyst, of_the_demo_book("KO"))
    assert "a breach" in refused.value.hint
    with pytest.raises(SwitchedOff), open_work(acme.analyst) as work:
        allowed(work, "fact.import")
    with open_work(acme.analyst) as work:
        assert not features.is_on(work, "fact.import")
        assert features.is_on(work, "company.read"), "what no flag switches is on"

    assert imported(rival.analyst, of_the_demo_book("KO")).companies


@ONLY_SQLITE
def test_a_change_is_told_in_the_log_with_before_and_after(acme):
    override(acme, value=False)
    with open_work(acme.admin) as work:
        entry = (read_log(work, action="flag.override")[0].payload or b"").decode()

    assert '"before":"True"' in entry
    assert '"after":"False"' in entry
    assert '"reason":"they asked"' in entry


@ONLY_SQLITE
def test_who_may_not_switches_nothing(acme):
    with pytest.raises(AccessDenied), open_work(acme.analyst) as work:
        flags.end_override(work, FLAG, reason="as agreed")
    with pytest.raises(AccessDenied), open_work(acme.admin) as work:
        flags.switch_flag(work, FLAG, killed=True, reason="x")


@ONLY_SQLITE
@pytest.mark.parametrize(("value", "days"), [(1, 3), ("true", 3), (True, -1), (True, 400)])
def test_a_value_of_another_type_or_without_an_end_is_refused(acme, value, days):
    with pytest.raises(BadFlag):
        override(acme, value=value, days=days)


@ONLY_SQLITE
def test_what_is_not_declared_or_not_there_is_told(acme):
    with pytest.raises(UnknownFlag):
        flag_of("nowhere")
    with pytest.raises(NotFound), open_work(acme.viewer) as work:
        flags.explain_flag(work, "nowhere")
    with pytest.raises(NotFound), open_work(acme.admin) as work:
        flags.end_override(work, FLAG, reason="as agreed")
    with pytest.raises(BadFlag), open_work(acme.operator) as work:
        flags.switch_flag(work, FLAG, rollout_percent=101, reason="x")
    with pytest.raises(ReasonMissing), open_work(acme.operator) as work:
        flags.switch_flag(work, FLAG, killed=True, reason="")


@given(number=integers(0), first=integers(0, 100), second=integers(0, 100))
def test_a_rollout_that_grows_takes_nobody_out(number, first, second):
    place = bucket(FLAG, f"tenant-{number}")

    assert 0 <= place < 100
    assert (place < min(first, second)) <= (place < max(first, second))


def test_a_rollout_reaches_the_places_below_its_share_and_not_that_place_itself():
    place = bucket(FLAG, "acme-1")

    for percent, value in ((place, None), (place + 1, FLAGS[FLAG].on)):
        row = FeatureFlagRow(rollout_percent=percent)
        assert _rolled_out(FLAGS[FLAG], row, "acme-1").value is value


def test_a_rollout_reaches_about_its_share_and_each_flag_others():
    reached = {
        name: {n for n in range(2_000) if bucket(name, f"tenant-{n}") < 30} for name in FLAGS
    }

    assert all(540 < len(some) < 660 for some in reached.values())
    assert len(set(map(frozenset, reached.values()))) == len(FLAGS)


def test_every_flag_is_declared_whole_and_every_gate_is_of_a_flag_and_an_act():
    assert set(GATES.values()) == set(FLAGS)
    assert set(GATES) <= set(MAY)
    for flag in FLAGS.values():
        assert flag.owner
        assert flag.expires_on > date(2026, 1, 1)
        assert flag.help.endswith(".")
        assert type(flag.default) is type(flag.on) is type(flag.off)
    off = {name for name, flag in FLAGS.items() if flag.default is flag.off}
    assert off == {"own_notebooks"}, "what is on where nobody has said anything"


@ONLY_SQLITE
def test_an_override_lasts_366_days_at_most(acme):
    def overridden(**lasts: int) -> None:
        with open_work(acme.admin) as work:
            until = work.now + timedelta(**lasts)
            flags.override_flag(work, FLAG, False, reason="they asked", expires_at=until)

    overridden(days=366)
    for beyond in ({"days": 366, "microseconds": 1}, {"days": 0}):
        with pytest.raises(BadFlag):
            overridden(**beyond)
        with open_work(acme.admin) as work:
            until = work.now + timedelta(**beyond)
            with pytest.raises(BadFlag):
                flags.foresee_override(work, FLAG, False, expires_at=until)


def test_a_value_is_read_as_it_is_written():
    assert (read_value(FLAG, "true"), read_value(FLAG, "false")) == (True, False)
    for wrong in ("1", "yes", ""):
        with pytest.raises(BadFlag):
            read_value(FLAG, wrong)


def test_the_reach_of_a_switch_is_what_each_tenant_itself_would_find(store, acme, rival):
    """One question for all tenants counts what each of them is told of itself."""
    platform = replace(acme.operator, tenant_id=PLATFORM)
    with open_work(acme.admin, store) as work:
        until = work.now + timedelta(days=1)
        flags.override_flag(work, "own_notebooks", True, reason="a trial", expires_at=until)
    with open_work(rival.operator, store) as work:
        plans.define_plan(
            work,
            "own",
            PlanTerms(
                name="Own",
                currency="USD",
                price_minor=1,
                limits={},
                features={"own_notebooks": True, "explore": False},
            ),
            reason="as sold",
        )
        plans.assign_plan(work, "own", reason="as sold")

    with open_work(platform, store) as work:
        work.now = until
        told = flags.foresee_switch(work, "own_notebooks", killed=True)
        assert told.before == 1, "in the moment of its end an override holds no more"

    switches: list[dict[str, Any]] = [{"killed": True}, {"killed": False}]
    switches += [{"rollout_percent": share} for share in (0, 50, 100)]
    for switch in switches:
        for name in ("own_notebooks", "explore", "reports"):
            with open_work(platform, store) as work:
                told = flags.foresee_switch(work, name, **switch)
            assert (told.tenants, told.before) == (2, having(store, (acme, rival), name))
            with open_work(platform, store) as work:
                flags.switch_flag(work, name, **switch, reason="to see")
            assert told.after == having(store, (acme, rival), name), (name, switch)


def having(store: Store, tenants: tuple[Tenant, ...], name: str) -> int:
    count = 0
    for tenant in tenants:
        with open_work(acting_in(tenant.operator, tenant.id), store) as work:
            count += flags.explain_flag(work, name).value is not False
    return count
