import threading

import pytest
from hypothesis import given
from hypothesis.strategies import builds, floats, integers, sampled_from

from tests.market.played import Clock
from tests.market.simulator import Life, seeds
from valor_core.market.breaker import Breaker, Outcome, Permit, Refused, Standing, State

standings = builds(
    Standing, changed_at=floats(0, 9), open_until=floats(0, 9), trips=integers(0, 9),
    why=sampled_from(["", "a", "b"]), held_at=floats(0, 9), hold_until=floats(0, 9),
    hold_why=sampled_from(["", "a", "b"]),
)  # fmt: skip


@pytest.fixture
def clock() -> Clock:
    return Clock()


def a_breaker(clock: Clock) -> Breaker:
    return Breaker(clock=clock, jitter=lambda: 0.0)


def called(breaker: Breaker, outcome: Outcome, seconds: float = 0.0) -> None:
    permit = breaker.admit()
    assert isinstance(permit, Permit)
    breaker.settle(permit, outcome, seconds=seconds, why="no answer within 2 s")


def opened(breaker: Breaker) -> Breaker:
    while breaker.state is State.CLOSED:
        called(breaker, Outcome.BAD)
    return breaker


def test_no_life_of_a_provider_breaks_what_must_hold_and_each_ends_recovered():
    for seed in seeds():
        try:
            Life(seed=seed).lived().recovered()
        except AssertionError as broken:
            raise AssertionError(f"in the life of seed {seed}: {broken}") from broken


@given(a=standings, b=standings, c=standings)
def test_standings_agree_in_whatever_order_processes_tell_them(a, b, c):
    assert a.merged(b) == b.merged(a)
    assert a.merged(b).merged(c) == a.merged(b.merged(c))
    assert a.merged(a) == a


def test_twenty_callers_at_once_make_one_probe(clock):
    breaker = opened(a_breaker(clock))
    clock.now += 5.0
    begin, answers = threading.Barrier(20), []

    def call() -> None:
        begin.wait()
        answers.append(breaker.admit())

    callers = [threading.Thread(target=call) for _ in range(20)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert sum(isinstance(answer, Permit) for answer in answers) == 1
    assert {answer.why for answer in answers if isinstance(answer, Refused)} == {
        "a probe is under way"
    }


def test_it_says_how_many_calls_failed_and_until_when_it_waits(clock):
    breaker = opened(a_breaker(clock))

    assert breaker.admit() == Refused(
        why="5 of its last 5 calls failed: no answer within 2 s", until=clock.now + 5.0
    )


def test_a_provider_that_answers_slowly_is_left_alone_too(clock):
    breaker = a_breaker(clock)
    for _ in range(5):
        called(breaker, Outcome.GOOD, seconds=5.1)

    assert breaker.standing.why == "5 of its last 5 calls took over 5 s"


def test_failures_of_long_ago_open_nothing(clock):
    breaker = a_breaker(clock)
    for _ in range(12):
        called(breaker, Outcome.BAD)
        clock.now += 100.0

    assert breaker.state is State.CLOSED


def test_a_probe_that_never_comes_back_frees_its_place(clock):
    breaker = opened(a_breaker(clock))
    clock.now += 5.0
    assert isinstance(breaker.admit(), Permit)
    assert isinstance(breaker.admit(), Refused)

    clock.now += 30.0

    assert isinstance(breaker.admit(), Permit)


def test_each_failed_probe_doubles_the_wait_up_to_the_longest(clock):
    breaker, waits = opened(a_breaker(clock)), []
    for _ in range(8):
        waits.append(round(breaker.standing.open_until - clock.now))
        clock.now = breaker.standing.open_until
        called(breaker, Outcome.BAD)

    assert waits == [5, 10, 20, 40, 80, 160, 300, 300]


def test_one_that_flaps_waits_longer_each_time_until_it_has_held_for_long(clock):
    breaker, waits = a_breaker(clock), []
    for rest in (0.0, 10.0, 10.0, 301.0):
        clock.now += rest
        waits.append(round(opened(breaker).standing.open_until - clock.now))
        clock.now = breaker.standing.open_until
        called(breaker, Outcome.GOOD)
        called(breaker, Outcome.GOOD)

    assert waits == [5, 10, 20, 5]


def test_a_wait_that_was_asked_for_is_kept_for_an_hour_at_most_and_judges_nobody(clock):
    breaker = a_breaker(clock)
    breaker.hold(999_999_999, "it allows no more calls for now")

    assert breaker.admit() == Refused(
        why="it allows no more calls for now", until=clock.now + 3600.0
    )
    assert breaker.state is State.CLOSED


def test_a_clock_that_was_set_back_makes_no_wait_longer(clock):
    breaker = opened(a_breaker(clock))
    breaker.hold(60, "it allows no more calls for now")
    clock.now -= 86_400.0

    assert isinstance(breaker.admit(), Permit)


def test_a_restart_does_not_forget_an_outage(clock):
    told = opened(a_breaker(clock)).standing
    again = a_breaker(clock)
    again.adopt(told)

    assert again.admit() == Refused(why=told.why, until=told.open_until)


def test_who_mended_the_cause_has_it_asked_at_once(clock):
    breaker = opened(a_breaker(clock))
    breaker.hold(60, "its key is refused")
    clock.now += 1.0
    breaker.release()

    assert isinstance(breaker.admit(), Permit)
