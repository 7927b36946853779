"""A real provider's adapter, a server that fails in every way, and the whole path of a question."""

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from app.degrading import FAULTS, SHOWN, degrade, shown
from app.fault_server import Fault, serving
from app.sound_answers import sound
from tests.conftest import ONLY_SQLITE
from tests.market.played import Counting, begin_anew
from valor_core.market.offered import title_of
from valor_core.market.provider import BarsQuery, Capability
from valor_core.market.routing import Policy
from valor_core.market.stand_ins import stand_ins, standing_in
from valor_core.sla.hours import Service
from valor_core.sla.states import State
from valor_core.store.tables import ProviderCallRow
from valor_core.values import utc_now
from valor_core.workbench import providers, routing
from valor_core.workbench.verb import open_work
from valor_core.workbench.watching import watch

BARS = Capability.BARS
NOBODYS = (Fault.THROTTLE, Fault.QUOTA, Fault.DENY)
"""Who asked too often or with a wrong key learns nothing of whether the provider works."""
POLICY = SHOWN["tiingo"].policy("tiingo")
AT = "http://127.0.0.1:1"


def question() -> BarsQuery:
    today = utc_now().date()
    return BarsQuery(symbol="SPY", start=today.replace(day=1), end=today)


@pytest.fixture
def tiingo(acme):
    with serving(sound) as server, standing_in(acme.id, {"tiingo": server.url}, lasts_s=600):
        yield server


def test_in_every_way_to_fail_the_next_provider_answers_within_the_deadline(
    store, acme, tiingo, monkeypatch
):
    monkeypatch.setattr(routing.asyncio, "run", counted)
    policy = replace(POLICY, deadline_s=2.0, hold_s=0.0)
    with open_work(acme.admin) as work:
        routing.change_policy(work, BARS, policy, Service(), reason="a test")
    assert routing.ask(acme.analyst, question()).given().provider == "tiingo"

    for name, fault in FAULTS.items():
        tiingo.fault, before = fault, failed_calls(acme)
        routed = routing.ask(acme.analyst, question())

        assert routed.given().provider == "replay", name
        assert routed.given().synthetic, "an invented price says so"
        assert routed.decision.seconds < policy.deadline_s, name
        assert routed.decision.why.startswith("Replay, because Tiingo (stand-in) "), name
        assert failed_calls(acme) - before == (fault not in NOBODYS), name
        with open_work(acme.analyst) as work:
            routing.release(work, "tiingo", BARS)


def counted(asked: Coroutine[Any, Any, Any]) -> Any:
    """As `asyncio.run`, by a clock that stands still while the machine does."""
    with asyncio.Runner(loop_factory=Counting) as runner:
        return runner.run(asked)


def failed_calls(acme) -> int:
    """What the service levels have of Tiingo's failures."""
    with open_work(acme.viewer) as work:
        rows = work.session.scalars(
            select(ProviderCallRow).where(ProviderCallRow.provider == "tiingo")
        )
        return sum(row.n for row in rows if row.outcome == "bad")


@ONLY_SQLITE
def test_a_failure_is_in_the_service_levels_and_on_the_timeline(store, acme, tiingo):
    with open_work(acme.admin) as work:
        routing.change_policy(work, BARS, POLICY, Service(), reason="a test")
    tiingo.fault = Fault.ERROR
    routing.ask(acme.analyst, question())
    watch(store, acme.analyst)

    with open_work(acme.viewer) as work:
        replay, told = providers.read_providers(work)
        course = providers.read_course(work)

    assert (replay.title, replay.state) == ("Replay", State.UP)
    assert (told.title, told.state, told.cause) == ("Tiingo", State.DOWN, "its last call failed")
    assert {(each.title, each.state) for each in course} == {
        ("Replay", State.UP), ("Tiingo", State.DOWN)
    }  # fmt: skip


@ONLY_SQLITE
@pytest.mark.parametrize("provider", SHOWN)
def test_the_demonstration_fails_over_recovers_and_puts_the_policy_back(
    store, acme, provider, monkeypatch
):
    begin_anew(acme)
    monkeypatch.setattr("app.degrading.WELL_S", 2.0)
    capability = shown(provider).query(utc_now().date()).capability
    with standing_in(acme.id, {provider: AT}, lasts_s=60), open_work(acme.admin) as work:
        ours = Policy(providers=(provider,), deadline_s=7.0)
        routing.change_policy(work, capability, ours, Service(), reason="ours")
    told: list[str] = []

    def wait(_seconds: float) -> None:
        if any("well again" in each for each in told[-2:]):
            with open_work(acme.admin) as work:
                routing.release(work, provider, capability)
            threading.Event().wait(0.05)

    degrade(store, acme.admin, provider, Fault.ERROR, fails_s=3.0,
            tell=lambda each: told.append(each.what), wait=wait)  # fmt: skip

    title, second = title_of(provider), SHOWN[provider].second
    stand_in = f"{title} (stand-in)"
    assert told[:3] == [f"{title} answers.", f"{stand_in}, the first choice", f"{title} fails."]
    instead = title_of(second) if second else f"the last good answer of {stand_in}"
    assert told[3].startswith(instead)
    assert f"because {stand_in} answered that it is out of order" in told[3]
    assert told[-1] == f"{stand_in}, the first choice"
    with open_work(acme.viewer) as work:
        assert routing.read_policy(work, capability).policy == ours
    assert stand_ins(acme.id) == {}


@ONLY_SQLITE
def test_a_stand_in_is_one_tenants_alone_and_runs_out_by_itself(acme, rival):
    with standing_in(acme.id, {"tiingo": AT}, lasts_s=60):
        assert stand_ins(acme.id).keys() == {"tiingo"}
        assert stand_ins(rival.id) == {}
    with standing_in(acme.id, {"tiingo": AT}, lasts_s=-1):
        assert stand_ins(acme.id) == {}
