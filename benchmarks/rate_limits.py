"""Rate limits in process against throttled-py and limits: what a call costs, and who is right.

.venv/bin/python benchmarks/rate_limits.py
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import throttled
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.web.limits import rate_headers
from valor_core.tenancy.rate_limits import MemoryBuckets, Policy, Take
from valor_core.values import Caller, Role, TenantId

CALLER = Caller(tenant_id=TenantId("acme-1"), user_id="anna", role=Role.ANALYST)
CALLS, ROUNDS = 1_000, 100
MUCH = 10**8  # a minute: nobody is refused while the cost is measured


def microseconds(act: Callable[[], object]) -> float:
    """The least of many short rounds, in CPU time: what the act costs where nothing disturbs it."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        for _ in range(CALLS):
            act()
        rounds.append((time.thread_time() - began) / CALLS * 1e6)
    return min(rounds)


def ours(count: int) -> Callable[[], object]:
    """A call judged by so many policies, with its headers."""
    buckets = MemoryBuckets()
    names = ("tenant", "user")[:count]
    takes = [Take(name, Policy(name=name, per_minute=MUCH, burst=MUCH)) for name in names]
    return lambda: rate_headers(buckets.take(CALLER, takes))


def of_throttled() -> Callable[[], object]:
    """The same call by the token bucket of throttled-py, without headers."""
    bucket = throttled.Throttled(
        using="token_bucket",
        quota=throttled.per_min(MUCH, burst=MUCH),
        store=throttled.MemoryStore(),
    )
    return lambda: bucket.limit("anna")


def of_limits() -> Callable[[], object]:
    """The same call by the fixed window of limits, which has no token bucket, without headers."""
    window = FixedWindowRateLimiter(MemoryStorage())
    item = RateLimitItemPerMinute(MUCH)
    return lambda: window.hit(item, "anna")


def refused_at_99_percent() -> tuple[int, int]:
    """Of 1,000 calls at 99 % of 40 a minute, how many throttled-py refuses, and how many we do."""
    bucket = throttled.Throttled(
        using="token_bucket",
        quota=throttled.per_min(40, burst=1),
        store=throttled.MemoryStore(),
    )
    own, take = MemoryBuckets(), [Take("user", Policy(name="user", per_minute=40, burst=1))]
    theirs = mine = 0
    for n in range(1_000):
        now_us = 1_800_000_000_000_000 + n * 1_515_152
        with patch("time.time", lambda now_us=now_us: now_us / 1e6):
            theirs += bucket.limit("anna").limited
        mine += not own.take(CALLER, take, now_us=now_us).allowed
    return theirs, mine


def admitted_around_a_minute() -> tuple[int, int]:
    """Of 60 a minute, how many limits' fixed window lets through in 0.2 s, and how many we do."""
    window = FixedWindowRateLimiter(MemoryStorage())
    item = RateLimitItemPerMinute(60)
    own, take = MemoryBuckets(), [Take("user", Policy(name="user", per_minute=60, burst=60))]
    theirs = mine = 0
    for at_s in [0.0] + [59.9] * 100 + [60.1] * 100:
        with patch("time.time", lambda at_s=at_s: 1.8e9 + at_s):
            theirs += window.hit(item, "anna")
        mine += own.take(CALLER, take, now_us=1_800_000_000_000_000 + round(at_s * 1e6)).allowed
    return theirs - 1, mine - 1


def ratios() -> dict[str, float]:
    """Each cost and ratio of one run, and the wrong answers of each."""
    one, two = microseconds(ours(1)), microseconds(ours(2))
    refused, admitted = refused_at_99_percent(), admitted_around_a_minute()
    return {
        "rate limit of one policy with headers, µs": one,
        "rate limit of two policies with headers, µs": two,
        "rate limit: throttled-py ÷ ours": microseconds(of_throttled()) / one,
        "rate limit: fixed window of limits ÷ ours": microseconds(of_limits()) / one,
        "refused of 1,000 calls at 99 % of the limit: throttled-py": refused[0],
        "refused of 1,000 calls at 99 % of the limit: ours": refused[1],
        "admitted in 0.2 s of 60 a minute: fixed window of limits": admitted[0],
        "admitted in 0.2 s of 60 a minute: ours": admitted[1],
    }


if __name__ == "__main__":
    for name, value in ratios().items():
        print(f"{value:12,.2f}  {name}")
