"""A real provider's adapter, a server that fails in every way, and the whole path of a question."""

from dataclasses import replace

import pytest

from app.degrading import FAULTS, POLICY, degrade, sound_bars
from app.fault_server import Fault, serving
from tests.conftest import ONLY_SQLITE
from tests.market.played import begin_anew
from valor_core.market.provider import BarsQuery, Capability
from valor_core.market.stand_ins import stand_ins, standing_in
from valor_core.sla.hours import Service
from valor_core.sla.states import State
from valor_core.values import utc_now
from valor_core.workbench import providers, routing
from valor_core.workbench.verb import open_work
from valor_core.workbench.watching import watch

pytestmark = ONLY_SQLITE
BARS = Capability.BARS


def question() -> BarsQuery:
    today = utc_now().date()
    return BarsQuery(symbol="SPY", start=today.replace(day=1), end=today)


@pytest.fixture
def tiingo(acme):
    with serving(sound_bars) as server, standing_in(acme.id, server.url, lasts_s=600):
        yield server


def test_in_every_way_to_fail_the_next_provider_answers_within_the_deadline(acme, tiingo):
    policy = replace(POLICY, deadline_s=5.0, hold_s=0.0)  # also where others are at work
    with open_work(acme.admin) as work:
        routing.change_policy(work, BARS, policy, Service(), reason="a test")
    assert routing.ask(acme.analyst, question()).given().provider == "tiingo"

    for name, fault in FAULTS.items():
        tiingo.fault = fault
        routed = routing.ask(acme.analyst, question())

        assert routed.given().provider == "replay", name
        assert routed.given().synthetic, "an invented price says so"
        assert routed.decision.seconds < policy.deadline_s, name
        assert routed.decision.why.startswith("Replay, because Tiingo (stand-in) "), name
        with open_work(acme.analyst) as work:
            routing.release(work, "tiingo", BARS)


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


def test_the_demonstration_fails_over_recovers_and_puts_the_policy_back(store, acme):
    begin_anew(acme)
    with open_work(acme.admin) as work:
        routing.change_policy(
            work, BARS, replace(POLICY, providers=("replay",)), Service(), reason="ours"
        )
    told: list[str] = []

    def wait(_seconds: float) -> None:
        if "again" in told[-2]:
            with open_work(acme.admin) as work:
                routing.release(work, "tiingo", BARS)

    degrade(store, acme.admin, Fault.ERROR, fails_s=3.0, tell=lambda each: told.append(each.what),
            wait=wait)  # fmt: skip

    assert told[:3] == ["Tiingo answers.", "Tiingo (stand-in), the first choice", "Tiingo fails."]
    assert told[3].startswith("Replay, because Tiingo (stand-in) answered that it is out of order")
    assert told[-1] == "Tiingo (stand-in), the first choice"
    with open_work(acme.viewer) as work:
        assert routing.read_policy(work, BARS).policy.providers == ("replay",)
    assert stand_ins(acme.id) == {}


def test_a_stand_in_is_one_tenants_alone_and_runs_out_by_itself(acme, rival):
    with standing_in(acme.id, "http://127.0.0.1:1", lasts_s=60):
        assert stand_ins(acme.id).keys() == {"tiingo"}
        assert stand_ins(rival.id) == {}
    with standing_in(acme.id, "http://127.0.0.1:1", lasts_s=-1):
        assert stand_ins(acme.id) == {}
