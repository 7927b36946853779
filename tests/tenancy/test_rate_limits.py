"""Buckets against exact fractions, on memory and both databases, and under many callers at once."""

import random
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import islice
from math import ceil

import hypothesis
import pytest

from tests.conftest import BOTH
from tests.moulds import Holding, closing
from valor_core.settings import ROOT
from valor_core.tenancy.rate_limits import (
    MINUTE_US,
    Buckets,
    DatabaseBuckets,
    MemoryBuckets,
    NeverFits,
    Policy,
    Standing,
    Take,
    Verdict,
    refilled,
)
from valor_core.values import Caller, Role, TenantId

NOW = 1_700_000_000_000_000
CALLER = Caller(tenant_id=TenantId("acme-1"), user_id="anna", role=Role.ANALYST)
THOROUGH = hypothesis.settings.get_current_profile_name() == "thorough"
S = 1_000_000


def a_policy(name: str = "user", *, per_minute: int = 60, burst: int = 60) -> Policy:
    return Policy(name=name, per_minute=per_minute, burst=burst)


@pytest.fixture(params=["memory", *BOTH])
def kept(request, tmp_path):
    """Buckets of each kind, with how many steps of a long test they are given."""
    if request.param == "memory":
        yield MemoryBuckets(), 30_000
        return
    mould = request.getfixturevalue(f"{request.param}_mould")
    folder = request.getfixturevalue("folder")
    with closing(mould.opened(folder, Holding.TENANTS)) as store:
        yield DatabaseBuckets(store), 30_000 if THOROUGH else 300


class Exact:
    """One bucket in fractions, as one would reckon it on paper."""

    def __init__(self, policy: Policy, now: int) -> None:
        self.policy, self.calls, self.seen = policy, Fraction(policy.burst), now

    def refill(self, policy: Policy, now: int) -> None:
        self.policy = policy
        self.calls = min(Fraction(policy.burst), self.calls)
        if now < self.seen - MINUTE_US:  # the machine began anew
            self.seen = now
        if now > self.seen:
            earned = Fraction((now - self.seen) * policy.per_minute, MINUTE_US)
            self.calls, self.seen = min(Fraction(policy.burst), self.calls + earned), now

    def waits_us(self, calls: int | Fraction) -> int:
        return ceil((calls - self.calls) * MINUTE_US / self.policy.per_minute)


def test_clients_are_told_how_many_calls_a_minute_a_policy_grants():
    policy = a_policy("user", per_minute=7, burst=2)

    assert (policy.limit, policy.declared) == (b"7", b'"user";q=7;w=60')


def test_every_answer_equals_exact_fractions_whatever_the_clock_and_the_plans_do(kept):
    """S42, G5, G7."""
    buckets, steps = kept
    rng = random.Random(1)
    names, done = ("tenant", "user"), 0
    while done < steps:
        policies = [
            a_policy(
                name, per_minute=rng.choice([1, 3, 7, 60, 997]), burst=rng.choice([5, 60, 250])
            )
            for name in names
        ]
        now, own = NOW, f"{done}"
        exact = []
        for _ in range(50):
            done += 2  # each bucket is held against its own
            now += rng.choice([0, 1, 17, 999_999, 5_000_000, -3, -3_600_000_000, 10**9, 10**15])
            if rng.random() < 0.02:  # another plan, from this call on
                policies[0] = a_policy("tenant", per_minute=rng.choice([2, 600]), burst=7)
            cost = rng.choice([1, 1, 1, 5])
            exact = exact or [Exact(policy, now) for policy in policies]
            for each, policy in zip(exact, policies, strict=True):
                each.refill(policy, now)
            allowed = all(each.calls >= cost for each in exact)
            waits = [max(0, each.waits_us(cost)) for each in exact]
            for each in exact:
                each.calls -= cost * allowed

            takes = [Take(p.name + own, p) for p in policies]
            verdict = buckets.take(CALLER, takes, cost=cost, now_us=now)

            assert verdict.allowed == allowed
            for standing, each, wait in zip(verdict.standings, exact, waits, strict=True):
                assert standing.remaining == each.calls // 1
                assert standing.reset_us == each.waits_us(each.policy.burst)
                assert standing.retry_us == wait


def test_a_refused_call_passes_when_it_was_told_to_and_not_one_second_earlier(kept):
    """G6."""
    buckets, _ = kept
    take = [Take("user", a_policy(per_minute=7, burst=2))]
    while (verdict := buckets.take(CALLER, take, now_us=NOW)).allowed:
        pass
    told = verdict.retry_after_s

    assert told == ceil(60 / 7)
    assert not buckets.take(CALLER, take, now_us=NOW + (told - 1) * S).allowed
    assert not buckets.take(CALLER, take, now_us=NOW + verdict.binding.retry_us - 1).allowed
    assert buckets.take(CALLER, take, now_us=NOW + verdict.binding.retry_us).allowed


def test_a_bucket_that_is_full_again_in_a_tenth_of_a_second_is_a_limit_all_the_same(kept):
    """G3."""
    buckets, _ = kept
    take = [Take("user", a_policy(per_minute=6_000, burst=10))]

    def admitted(at_us: int) -> int:
        return sum(buckets.take(CALLER, take, now_us=at_us).allowed for _ in range(30))

    assert [admitted(NOW), admitted(NOW + S // 20), admitted(NOW + S)] == [10, 5, 10]


def test_what_the_users_bucket_refuses_is_not_taken_from_the_tenants(kept):
    """G10."""
    buckets, _ = kept
    both = [Take("tenant", a_policy("tenant")), Take("user", a_policy(per_minute=1, burst=1))]

    first, second = (buckets.take(CALLER, both, now_us=NOW) for _ in range(2))

    assert [each.remaining for each in first.standings] == [59, 0]
    assert [each.remaining for each in second.standings] == [59, 0]
    assert (first.allowed, second.allowed) == (True, False)
    assert second.refusal(NOW).policies == ("user",)
    assert second.retry_after_s == 60


def test_a_change_of_plan_holds_from_the_next_call_on_up_and_down(kept):
    """G9."""
    buckets, _ = kept
    small, large = a_policy(per_minute=1, burst=1), a_policy(per_minute=600, burst=100)
    buckets.take(CALLER, [Take("user", small)], now_us=NOW)

    up = buckets.take(CALLER, [Take("user", large)], now_us=NOW + S)
    later = buckets.take(CALLER, [Take("user", large)], now_us=NOW + 60 * S)
    down = buckets.take(CALLER, [Take("user", small)], now_us=NOW + 60 * S)

    assert (up.allowed, up.binding.remaining) == (True, 9)
    assert later.binding.remaining == 99
    assert (down.allowed, down.binding.remaining) == (True, 0)


def test_a_clock_set_back_gives_nothing_and_shuts_nobody_out(kept):
    """S42, G7."""
    buckets, _ = kept
    take = [Take("user", a_policy(burst=2))]
    first = [buckets.take(CALLER, take, now_us=NOW).allowed for _ in range(3)]
    back = NOW - 3_600 * S

    assert first == [True, True, False]
    assert not buckets.take(CALLER, take, now_us=back).allowed
    assert buckets.take(CALLER, take, now_us=back + S).allowed


def test_a_clock_that_stands_more_than_a_minute_back_has_begun_anew():
    policy = a_policy()

    assert refilled((0, NOW), policy, NOW - MINUTE_US) == (0, NOW)
    assert refilled((0, NOW), policy, NOW - MINUTE_US - 1) == (0, NOW - MINUTE_US - 1)


@pytest.mark.parametrize("cost", [0, -1, 61])
def test_a_call_that_waiting_would_not_help_is_told_so_and_takes_nothing(kept, cost):
    """G8."""
    buckets, _ = kept
    take = [Take("user", a_policy())]
    with pytest.raises(NeverFits):
        buckets.take(CALLER, take, cost=cost, now_us=NOW)

    assert buckets.take(CALLER, take, now_us=NOW).binding.remaining == 59


def test_of_64_callers_at_once_exactly_the_burst_gets_through(kept):
    """G1."""
    buckets, _ = kept
    each, together = (5, 64) if isinstance(buckets, MemoryBuckets) or THOROUGH else (2, 64)
    most = together * each * 3 // 5
    takes = [Take("tenant", a_policy("tenant", per_minute=1, burst=most))]
    told: list[Verdict] = []
    gate = threading.Barrier(together)

    def call() -> None:
        gate.wait()
        told.extend(buckets.take(CALLER, takes, now_us=NOW) for _ in range(each))

    threads = [threading.Thread(target=call) for _ in range(together)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    left = [verdict.binding.remaining for verdict in told if verdict.allowed]
    assert (len(told), sorted(left)) == (together * each, list(range(most)))


def test_four_processes_let_through_exactly_the_burst(store):
    """G1: 64 callers in four processes; a fifth of their calls fits."""
    callers, each = 16, 40 if THOROUGH else 4
    most = 4 * callers * each // 5
    program = [sys.executable, "-m", "tests.tenancy.taking", store.url]
    numbers = [str(callers), str(each), str(most)]
    processes = [
        subprocess.Popen(
            [*program, *numbers], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    try:
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(said, processes)) == ["ready"] * 4
            through = [int(each) for each in pool.map(begun, processes)]
    finally:
        for process in processes:
            process.kill()
            process.communicate()

    assert sum(through) == most


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def begun(process: "subprocess.Popen[str]") -> str:
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()
    return said(process)


def test_the_databases_own_clock_refills_too(kept):
    buckets, _ = kept
    take = [Take("user", a_policy(per_minute=600_000, burst=2))]

    let_in = (buckets.take(CALLER, take).allowed for _ in range(100_000))

    assert list(islice(filter(None, let_in), 3)) == [True] * 3, "two, and one that came back"
    slow = [Take("slow", a_policy(per_minute=10, burst=1))]
    assert [buckets.take(CALLER, slow).allowed for _ in range(2)] == [True, False]


def test_a_bucket_that_is_not_full_is_never_forgotten_for_others():
    """G4: in memory; a database forgets none."""
    buckets: Buckets = MemoryBuckets()
    take = [Take("victim", a_policy(per_minute=1, burst=1))]
    buckets.take(CALLER, take, now_us=NOW)
    for n in range(5_000):
        buckets.take(CALLER, [Take(f"other{n}", a_policy())], now_us=NOW)

    assert not buckets.take(CALLER, take, now_us=NOW).allowed


def test_full_buckets_make_room():
    buckets = MemoryBuckets()
    for n in range(3_000):
        buckets.take(CALLER, [Take(f"user{n}", a_policy())], now_us=NOW + n * S)

    assert len(buckets._buckets) < 1_100


def test_who_stays_just_below_the_limit_is_never_refused():
    """G2."""
    buckets, take = MemoryBuckets(), [Take("user", a_policy(per_minute=997, burst=1))]
    gap = ceil(MINUTE_US / 997 / 0.99)

    assert all(buckets.take(CALLER, take, now_us=NOW + n * gap).allowed for n in range(10_000))


def test_two_tenants_and_two_users_never_share_a_bucket(kept):
    buckets, _ = kept
    take = [Take("user:anna", a_policy(per_minute=1, burst=1))]
    rival = Caller(tenant_id=TenantId("rival-1"), user_id="anna", role=Role.ANALYST)

    assert buckets.take(CALLER, take, now_us=NOW).allowed
    assert buckets.take(rival, take, now_us=NOW).allowed
    assert buckets.take(CALLER, [Take("user:vera", take[0].policy)], now_us=NOW).allowed
    assert not buckets.take(CALLER, take, now_us=NOW).allowed


def test_the_second_at_which_a_bucket_is_full_is_not_told_too_early():
    standing = Standing(a_policy(), 0, reset_us=1_500_000, retry_us=0)

    assert Verdict(True, (standing,)).reset_at(now_us=2 * S) == 4


def test_a_policy_declares_itself_in_calls_a_minute():
    assert a_policy("tenant", per_minute=12_000).declared == b'"tenant";q=12000;w=60'
