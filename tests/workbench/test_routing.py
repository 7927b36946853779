import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.conftest import ONLY_SQLITE
from tests.market.played import QUESTION, Played, begin_anew
from valor_core.errors import AccessDenied, BadInputs, NotFound
from valor_core.market import last_answers
from valor_core.market.failures import Failure
from valor_core.market.provider import Capability
from valor_core.market.router import KEPT_ANSWERS, NoProvider
from valor_core.market.routing import Policy
from valor_core.sla.hours import Service
from valor_core.store.tables import ProviderAnswerRow
from valor_core.store.work import unit_of_work
from valor_core.workbench import market_data, routing
from valor_core.workbench.logbook import read_log
from valor_core.workbench.verb import open_work

MACRO = Capability.MACRO


@pytest.fixture(autouse=True)
def _a_new_process(acme):
    begin_anew(acme)


@pytest.fixture
def offer() -> dict[str, Played]:
    def clock() -> float:
        return datetime.now(UTC).timestamp()

    return {name: Played(name=name, clock=clock) for name in ("fred", "ecb")}


def decisions(caller):
    with open_work(caller) as work:
        return routing.read_decisions(work)


def test_an_answer_leaves_who_gave_it_and_why(store, acme, rival, offer):
    offer["fred"].how = Failure.SERVER

    answer = routing.ask(acme.analyst, QUESTION, among=offer).given()

    (told,) = decisions(acme.viewer)
    assert answer.provider == "ecb"
    assert told.why == "ECB, because FRED answered that it is out of order"
    assert (told.chosen, told.answer, told.query) == ("ECB", "fresh", QUESTION.key)
    assert [each["provider"] for each in told.attempts] == ["FRED", "ECB"]
    assert decisions(rival.viewer) == []


def test_no_transaction_is_open_while_a_provider_answers(store, acme, offer):
    class Looking(Played):
        async def fetch(self, query, http, deadline):
            seen.append(store.engine.pool.checkedout())
            return await super().fetch(query, http, deadline)

    seen: list[int] = []
    fred = Looking(name="fred", clock=offer["fred"].clock)
    routing.ask(acme.analyst, QUESTION, among={"fred": fred})

    assert seen == [0]


def test_a_restart_does_not_forget_an_outage_and_a_second_process_sees_it(store, acme, offer):
    for provider in offer.values():
        provider.how = Failure.CONNECTION
    for _ in range(3):
        with pytest.raises(NoProvider):
            routing.ask(acme.analyst, QUESTION, among=offer).given()
    begin_anew(acme)
    for provider in offer.values():
        provider.how, provider.asked = "well", []

    with pytest.raises(NoProvider, match="FRED is left alone until"):
        routing.ask(acme.analyst, QUESTION, among=offer).given()
    assert [provider.asked for provider in offer.values()] == [[], []]

    with open_work(acme.analyst) as work:
        routing.release(work, "fred", MACRO)
    assert routing.ask(acme.analyst, QUESTION, among=offer).given().provider == "fred"


def test_the_last_good_answer_outlives_the_process_that_had_it_and_is_given_with_its_age(
    store, acme, rival, offer
):
    first = routing.ask(acme.analyst, QUESTION, among=offer).given()
    for provider in offer.values():
        provider.how = Failure.CONNECTION
    begin_anew(acme)

    routed = routing.ask(acme.analyst, QUESTION, among=offer)

    assert (routed.given(), routed.decision.answer) == (first, "kept")
    assert routed.decision.fetched_at == first.fetched_at
    assert routed.decision.why.startswith("the last good answer of FRED, because FRED could not")
    begin_anew(acme)
    tomorrow = replace(QUESTION, end=QUESTION.end + timedelta(days=1))
    assert routing.ask(acme.analyst, tomorrow, among=offer).given().value == first.value
    with pytest.raises(NoProvider):
        routing.ask(rival.analyst, QUESTION, among=offer).given()
    with pytest.raises(NoProvider):
        routing.ask(acme.analyst, replace(QUESTION, series="DGS2"), among=offer).given()


@ONLY_SQLITE
def test_a_process_gives_the_newer_answer_that_another_one_had(store, acme, offer):
    routing.ask(acme.analyst, QUESTION, among=offer)
    mine = routing.router_of(acme.analyst)
    begin_anew(acme)
    theirs = routing.ask(acme.analyst, QUESTION, among=offer).given()
    routing._routers[acme.id] = mine
    for provider in offer.values():
        provider.how = Failure.CONNECTION

    assert routing.ask(acme.analyst, QUESTION, among=offer).given() == theirs


@ONLY_SQLITE
def test_the_last_good_answers_are_few_and_none_is_kept_longer_than_its_licence_allows(
    store, acme, offer
):
    answer = routing.ask(acme.analyst, QUESTION, among=offer).given()
    lent = replace(answer.licence, retention_days=2)
    days = range(1, KEPT_ANSWERS + 6)
    with open_work(acme.analyst) as work:
        work.begin_writing()
        for day in days:
            fetched_at = answer.fetched_at - timedelta(days=day)
            last_answers.keep(work, f"q{day}", replace(answer, fetched_at=fetched_at, licence=lent))
    kept = select(ProviderAnswerRow.question).order_by(ProviderAnswerRow.fetched_at.desc())
    with open_work(acme.analyst) as work:
        found = list(work.session.scalars(kept))
        assert found == [QUESTION.key, *(f"q{day}" for day in days)][:KEPT_ANSWERS]
        market_data.forget_answers(work)
        assert list(work.session.scalars(kept)) == [QUESTION.key, "q1"]


def test_one_tenants_outage_is_not_anothers(store, acme, rival, offer):
    offer["fred"].how = Failure.UNAUTHORISED
    routing.ask(acme.analyst, QUESTION, among=offer)
    offer["fred"].how = "well"

    assert routing.ask(acme.analyst, QUESTION, among=offer).given().provider == "ecb"
    assert routing.ask(rival.analyst, QUESTION, among=offer).given().provider == "fred"


def test_a_policy_is_followed_from_now_on_and_the_log_tells_what_it_was_before(store, acme, offer):
    policy = Policy(providers=("ecb",), price_max=0.5)
    with open_work(acme.admin) as work:
        made = routing.change_policy(
            work, MACRO, policy, Service(objective=0.99), reason="FRED lags", among=offer
        )
        routing.change_policy(
            work, MACRO, replace(policy, price_max=2.0), Service(), reason="dearer", among=offer
        )

    assert made.version == 1
    assert routing.ask(acme.analyst, QUESTION, among=offer).given().provider == "ecb"
    with open_work(acme.admin) as work:
        entries = [
            json.loads(row.payload or b"") for row in read_log(work, action="routing.change")
        ]
        history = routing.policy_history(work, MACRO)
    assert [(each.version, each.reason) for each in history] == [(2, "dearer"), (1, "FRED lags")]
    assert entries[1]["before"] == {
        "objective": "0.995", "price_max": "none", "providers": "fred, ecb"
    }  # fmt: skip
    assert entries[1]["after"] == {
        "objective": "0.99", "price_max": "0.5", "providers": "ecb"
    }  # fmt: skip


def test_a_policy_that_cannot_be_followed_is_refused_and_nothing_is_kept(store, acme, offer):
    wrong = Policy(providers=("nobody",))
    with pytest.raises(BadInputs, match="'nobody' cannot be asked"), open_work(acme.admin) as work:
        routing.change_policy(work, MACRO, wrong, Service(), reason="x", among=offer)
    with pytest.raises(AccessDenied), open_work(acme.analyst) as work:
        routing.change_policy(
            work, MACRO, Policy(providers=("ecb",)), Service(), reason="x", among=offer
        )

    with open_work(acme.viewer) as work:
        assert routing.read_policy(work, MACRO, among=offer).version == 0


def test_nobody_but_a_provider_that_there_is_can_be_released(store, acme):
    with pytest.raises(NotFound, match="no provider 'nobody'"), open_work(acme.analyst) as work:
        routing.release(work, "nobody", MACRO)


def test_a_provider_that_was_left_alone_is_tried_again_by_one_process_at_a_time(store, acme, offer):
    offer["fred"].how = Failure.CONNECTION
    for _ in range(5):
        routing.ask(acme.analyst, QUESTION, among=offer, only="fred")
    offer["fred"].how, offer["fred"].asked = "well", []
    later = datetime.now(UTC) + timedelta(hours=1)
    offer["fred"].clock = offer["ecb"].clock = later.timestamp
    with unit_of_work(acme.analyst, store, later) as work:
        assert routing.claim_probes(work, {("fred", MACRO)}) == {("fred", MACRO)}
    begin_anew(acme)

    beside = routing.ask(acme.analyst, QUESTION, among=offer, now=later)

    assert beside.given().provider == "ecb"
    assert beside.decision.why == ("ECB, because FRED is being tried again by another process")
    assert offer["fred"].asked == []
    with unit_of_work(acme.analyst, store, later + timedelta(minutes=1)) as work:
        assert routing.claim_probes(work, {("fred", MACRO)}), "whoever died holds it no longer"


def test_twenty_processes_at_once_make_one_probe(store, acme, offer):
    offer["fred"].how = Failure.CONNECTION
    for _ in range(5):
        routing.ask(acme.analyst, QUESTION, among=offer, only="fred")
    later, due = datetime.now(UTC) + timedelta(hours=1), {("fred", MACRO)}

    def claimed(_process: int) -> bool:
        with unit_of_work(acme.analyst, store, later) as work:
            return routing.claim_probes(work, due) == due

    with ThreadPoolExecutor(20) as processes:
        assert sum(processes.map(claimed, range(20))) == 1
