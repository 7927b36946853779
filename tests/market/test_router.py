import asyncio
import random
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis.strategies import booleans, floats, lists, none, sampled_from

from tests.market.played import FREE, QUESTION, Clock, Played, Skipping, no_wait
from tests.market.simulator import seeds
from valor_core.market.breaker import Limits, Permit, State
from valor_core.market.failures import BREAKING, Failure, ProviderFailure
from valor_core.market.provider import Capability, MacroQuery
from valor_core.market.providers.replay import Replay
from valor_core.market.router import KEPT_ANSWERS, KeptAnswers, NoProvider, Routed, Router
from valor_core.market.routing import BadRouting, Policy, Use, checked, default_policy
from valor_core.market.transport import SafeHttp
from valor_core.settings import BadSetting

POLICY = Policy(providers=("fred", "ecb"), deadline_s=0.2)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def a_router(clock: Clock) -> Router:
    return Router(clock=clock, chance=lambda: 0.5, sleep=no_wait)


def ask(
    router: Router,
    *providers: Played,
    policy: Policy = POLICY,
    question: MacroQuery = QUESTION,
    **changes: object,
) -> Routed:
    by_name = {provider.name: provider for provider in providers}
    asked = router.ask(question, replace(policy, **changes), by_name, SafeHttp(loopback=True))  # type: ignore[arg-type]
    with asyncio.Runner(loop_factory=Skipping) as runner:
        return runner.run(asked)


def pair(clock: Clock) -> tuple[Played, Played]:
    return Played(name="fred", clock=clock), Played(name="ecb", clock=clock)


def test_the_first_of_the_policy_is_asked_and_nobody_else(clock):
    fred, ecb = pair(clock)

    routed = ask(a_router(clock), fred, ecb)

    assert routed.given().provider == "fred"
    assert routed.decision.why == "FRED, the first choice"
    assert ecb.asked == []


@pytest.mark.parametrize("how", ["hang", *sorted(set(Failure))])
def test_whatever_ails_the_first_the_next_one_answers_in_time_and_the_log_says_why(clock, how):
    fred, ecb = pair(clock)
    fred.how = how

    routed = ask(a_router(clock), fred, ecb)

    assert routed.given().provider == "ecb"
    assert routed.decision.seconds < POLICY.deadline_s
    assert routed.decision.why.startswith("ECB, because FRED ")


def test_once_it_has_failed_nobody_waits_for_it_again_until_the_hold_time_is_over(clock):
    router, (fred, ecb) = a_router(clock), pair(clock)
    fred.how = Failure.SERVER
    ask(router, fred, ecb)
    fred.how = "well"

    kept = ask(router, fred, ecb)
    clock.now += POLICY.hold_s
    back = ask(router, fred, ecb)

    assert kept.decision.why == ("ECB, because FRED was left a moment ago, and ECB is kept")
    assert back.given().provider == "fred"


def test_a_provider_that_flaps_every_five_seconds_is_gone_back_to_once_a_hold_time(clock):
    router, (fred, ecb) = a_router(clock), pair(clock)
    policy, http = replace(POLICY, hold_s=17.0), SafeHttp(loopback=True)

    async def answers() -> list[str]:
        told = []
        for second in range(600):
            fred.how = "well" if second // 5 % 2 else Failure.CONNECTION
            routed = await router.ask(QUESTION, policy, {"fred": fred, "ecb": ecb}, http)
            told.append(routed.given().provider)
            clock.now += 1.0
        return told

    told = list(pairwise(asyncio.run(answers())))
    returns = [second for second, pair in enumerate(told) if pair == ("ecb", "fred")]
    assert returns, "it is tried again"
    assert all(later - earlier >= policy.hold_s for earlier, later in pairwise(returns))


def test_data_that_are_too_old_are_taken_only_when_nobody_has_newer_ones(clock):
    fred, ecb = pair(clock)
    fred.data_age = timedelta(days=3)

    assert ask(a_router(clock), fred, ecb, age_max_s=86_400.0).given().provider == "ecb"

    ecb.data_age = timedelta(days=2)
    routed = ask(a_router(clock), fred, ecb, age_max_s=86_400.0)
    assert routed.given().provider == "ecb"
    assert routed.decision.stale
    assert "FRED is stale: its data are of 2027-01-12 08:00 UTC" in routed.decision.why


def test_when_all_fail_the_last_good_answer_is_given_and_said_to_be_that(clock):
    router, (fred, ecb) = a_router(clock), pair(clock)
    ask(router, fred, ecb)
    clock.now += 3600.0
    fred.how = ecb.how = Failure.SERVER

    routed = ask(router, fred, ecb)

    assert routed.decision.kept
    assert routed.decision.fetched_at == routed.given().fetched_at
    assert routed.decision.at - routed.given().fetched_at.timestamp() == 3600.0
    assert routed.decision.why.startswith("the last good answer of FRED, because FRED answered ")


def test_the_last_good_answer_of_yesterday_speaks_of_the_days_that_it_reaches_to(clock):
    router, fred = a_router(clock), Played(name="fred", clock=clock)
    only = replace(POLICY, providers=("fred",))
    ask(router, fred, policy=only)
    fred.how, day = Failure.SERVER, timedelta(days=1)
    tomorrow = replace(QUESTION, end=QUESTION.end + day)
    later = replace(tomorrow, start=QUESTION.start + day)
    others = (replace(QUESTION, start=QUESTION.start - day), replace(QUESTION, series="DGS2"))

    kept = ask(router, fred, policy=only, question=tomorrow)

    assert kept.decision.kept
    assert (kept.given().query, kept.given().as_of.date()) == (tomorrow, QUESTION.start)
    for question in (later, *others):
        with pytest.raises(ProviderFailure):
            ask(router, fred, policy=only, question=question).given()


def test_no_answer_is_kept_for_longer_than_its_licence_allows(clock):
    router, (fred, ecb) = a_router(clock), pair(clock)
    fred.licence = replace(FREE, retention_days=1)
    ask(router, fred, ecb)
    clock.now += 86_401.0
    fred.how = ecb.how = Failure.SERVER

    with pytest.raises(NoProvider):
        ask(router, fred, ecb).given()


def test_without_any_answer_the_refusal_says_what_each_did_and_when_to_try_again(clock):
    fred, ecb = pair(clock)
    fred.how, ecb.how, ecb.retry_after_s = Failure.UNAUTHORISED, Failure.THROTTLED, 7.0

    with pytest.raises(NoProvider) as refused:
        ask(a_router(clock), fred, ecb).given()

    assert str(refused.value) == (
        "No provider answered for macro: FRED does not accept the key; "
        "ECB asks for fewer questions."
    )
    assert refused.value.retry_after_s == 7
    assert refused.value.status == 503


def test_what_no_provider_knows_is_the_askers_mistake_and_not_an_outage(clock):
    router, (fred, ecb) = a_router(clock), pair(clock)
    fred.how = ecb.how = Failure.CALLER

    for _ in range(20):
        with pytest.raises(ProviderFailure, match="FRED does not know what was asked"):
            ask(router, fred, ecb).given()

    assert router.breaker("fred", Capability.MACRO).state is State.CLOSED


def test_what_the_installation_lacks_is_told_as_such_and_opens_nothing(clock):
    class Unset(Played):
        async def fetch(self, query, http, deadline):
            raise BadSetting("VALOR_DATA_CONTACT", "", problem="is empty", hint="Set it.")

    router, ecb = a_router(clock), pair(clock)[1]
    fred = Unset(name="fred", clock=clock)
    for _ in range(9):
        assert ask(router, fred, ecb).given().provider == "ecb"
    with pytest.raises(BadSetting):
        ask(router, fred, providers=("fred",)).given()

    assert router.breaker("fred", Capability.MACRO).state is State.CLOSED


def test_a_caller_who_gives_up_on_a_probe_frees_its_place_and_says_nothing_of_the_provider(clock):
    router, fred = a_router(clock), Played(name="fred", clock=clock, how=Failure.CONNECTION)
    policy, http = replace(POLICY, providers=("fred",), deadline_s=60.0), SafeHttp(loopback=True)
    for _ in range(5):
        ask(router, fred, policy=policy)
    breaker, before = router.breaker("fred", Capability.MACRO), len(fred.asked)
    clock.now, fred.how = breaker.standing.open_until, "hang"

    async def given_up() -> None:
        asked = asyncio.create_task(router.ask(QUESTION, policy, {"fred": fred}, http))
        await asyncio.sleep(0)
        assert len(fred.asked) == before + 1
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)

    asyncio.run(given_up())

    assert breaker.state is State.HALF_OPEN
    assert isinstance(breaker.admit(), Permit)


def test_when_all_are_open_nobody_is_asked_at_all(clock):
    router, (fred, ecb) = a_router(clock), pair(clock)
    fred.how = ecb.how = Failure.CONNECTION
    for _ in range(5):
        ask(router, fred, ecb)
    before = len(fred.asked), len(ecb.asked)

    refused = [ask(router, fred, ecb) for _ in range(50)]

    assert (len(fred.asked), len(ecb.asked)) == before
    assert all("is left alone until" in each.decision.why for each in refused)


def test_a_hang_of_one_that_is_alone_ends_at_the_deadline(clock):
    fred = Played(name="fred", clock=clock, how="hang")

    routed = ask(a_router(clock), fred, providers=("fred",), deadline_s=0.05)

    assert str(routed.refusal) == "FRED did not answer in time."
    assert routed.decision.seconds < 0.2


def test_where_the_policy_hedges_the_second_is_asked_beside_the_first_and_the_faster_one_wins(
    clock,
):
    router, (fred, ecb) = a_router(clock), pair(clock)
    fred.how = "hang"

    routed = ask(router, fred, ecb, hedge_after_s=0.01, deadline_s=30.0)

    assert routed.given().provider == "ecb"
    assert routed.decision.why == "ECB, because FRED was not waited for"
    assert router.breaker("fred", Capability.MACRO).ailing == ""


def test_terms_and_prices_rule_a_provider_out_before_it_is_asked(clock):
    fred, ecb = pair(clock)
    fred.price, ecb.licence = 2.0, replace(FREE, redistribution=False)

    routed = ask(a_router(clock), fred, ecb, price_max=1.0, use=Use.REDISTRIBUTION)

    assert routed.decision.why == (
        "nobody, because FRED costs 2 a call, more than 1 and "
        "ECB does not allow its data to be given on"
    )
    assert fred.asked == ecb.asked == []


def test_another_router_that_is_told_what_the_first_learnt_leaves_the_same_provider_alone(clock):
    first, second, (fred, ecb) = a_router(clock), a_router(clock), pair(clock)
    fred.how = Failure.CONNECTION
    for _ in range(5):
        ask(first, fred, providers=("fred",))
    second.adopt(first.standings())
    fred.asked.clear()

    assert ask(second, fred, ecb).given().provider == "ecb"
    assert fred.asked == []


def test_memory_is_bounded_whatever_is_asked(clock):
    kept, fred = KeptAnswers(), Played(name="fred", clock=clock)
    for year in range(1000, 1000 + 2 * KEPT_ANSWERS):
        question = replace(QUESTION, series=f"S{year}")
        answer = asyncio.run(fred.fetch(question, SafeHttp(loopback=True), 0.0))
        kept.put(question.key, answer)

    assert len(kept._answers) == KEPT_ANSWERS
    assert kept.get(replace(QUESTION, series="S1000"), now=clock.now) is None


def test_no_run_of_luck_breaks_what_the_router_promises():
    for seed in seeds()[::4]:
        asyncio.run(_lived(seed))


async def _lived(seed: int) -> None:
    """Forty questions to three providers whose luck changes; each answer is judged."""
    chance, clock = random.Random(seed), Clock()
    limits = Limits(cooldown_s=2.0, cooldown_s_max=30.0, lease_s=5.0)
    router = Router(limits=limits, clock=clock, chance=chance.random, sleep=no_wait)
    players = {name: Played(name=name, clock=clock) for name in ("fred", "ecb", "file")}
    policy, answered = Policy(providers=("fred", "ecb", "file"), hold_s=20.0), False
    for _ in range(40):
        for player in players.values():
            player.asked.clear()
            if chance.random() < 0.2:
                player.how = chance.choice(["well", "well", *Failure])
        leaves = {
            name: max(router.breaker(name, Capability.MACRO).standing.open_until,
                      router.breaker(name, Capability.MACRO).standing.hold_until)
            for name in players
        }  # fmt: skip
        routed = await router.ask(QUESTION, policy, players, SafeHttp(loopback=True))
        told = f"seed {seed}, {routed.decision.why}"
        for name, player in players.items():
            assert len(player.asked) <= 3, f"nobody is asked without end: {told}"
            assert not player.asked or leaves[name] <= clock.now, f"it was to be left alone: {told}"
        able = [n for n, p in players.items() if p.how == "well" and leaves[n] <= clock.now]
        if able:
            assert routed.given().provider in able, f"somebody could have answered: {told}"
            assert not routed.decision.kept, told
            answered = True
        elif answered:
            assert routed.decision.kept, f"there is a last good answer: {told}"
        else:
            assert routed.refusal, told
        explained = {attempt.provider for attempt in routed.decision.attempts}
        upto = policy.providers.index(routed.decision.chosen) if able else len(players)
        assert explained >= set(policy.providers[:upto]), f"each is explained: {told}"
        clock.now += chance.choice([0.0, 0.5, 3.0, 25.0])


@given(
    names=lists(sampled_from(["fred", "ecb", "nobody"]), max_size=4),
    price=none() | floats(), age=none() | floats(), deadline=floats(), hedges=booleans(),
)  # fmt: skip
def test_a_policy_is_taken_only_if_it_can_be_followed_and_comes_back_as_it_was(
    names, price, age, deadline, hedges
):
    policy = Policy(providers=tuple(names), price_max=price, age_max_s=age, deadline_s=deadline,
                    hedge_after_s=1.0 if hedges else None)  # fmt: skip
    with suppress(BadRouting):
        checked(policy, Capability.MACRO, pair(Clock()))
        assert Policy.of(policy.terms) == policy
        assert 0 < len(set(names)) == len(names) < 3
        assert 0.1 <= deadline <= 120.0


def test_before_a_tenant_has_a_policy_all_who_can_answer_may_be_asked(clock):
    assert default_policy(Capability.MACRO, pair(clock)).providers == ("fred", "ecb")
    assert default_policy(Capability.BARS, pair(clock)).providers == ()


def test_invented_prices_stand_in_for_no_real_ones_unless_a_policy_says_so(clock):
    bars = frozenset({Capability.BARS})
    real = Played(name="tiingo", clock=clock, capabilities=bars)

    assert default_policy(Capability.BARS, [Replay(), real]).providers == ("tiingo",)
    assert default_policy(Capability.BARS, [Replay()]).providers == (Replay.name,)


def test_every_kind_of_failure_is_either_of_the_provider_or_of_who_asks():
    assert set(Failure) - BREAKING == {
        Failure.CALLER, Failure.QUOTA, Failure.THROTTLED, Failure.UNAUTHORISED
    }  # fmt: skip
