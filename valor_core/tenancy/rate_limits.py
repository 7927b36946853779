"""Rate limits by token buckets, exact in whole numbers: how much is left, and when there is more.

A level is counted in calls × microseconds of a minute, so a refill of any length is a whole number
and nothing is ever rounded away. The arithmetic stands here once, for memory and both databases.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

from sqlalchemy import BigInteger, cast, extract, func, select

from valor_core.errors import BadInput, Exhausted
from valor_core.store.engines import Store
from valor_core.store.tables import RateLimitRow
from valor_core.store.work import Work, unit_of_work
from valor_core.values import Caller

MINUTE_US = 60_000_000  # the one period of all limits: a stored level outlives a change of plan
MOST_CALLS = 10**9  # a level stays below 2^63 by far
_S = 1_000_000
_NEVER = -1
_POSTGRES_US = cast(extract("epoch", func.clock_timestamp()) * _S, BigInteger)


class RateLimited(Exhausted):
    """More calls in a short time than the tenant or the user may make."""

    code = "rate_limited"

    def __init__(self, policies: Sequence[str], *, retry_after_s: int, reset_at: int) -> None:
        named = " and ".join(policies)
        super().__init__(
            f"Too many calls at once for this {named}.",
            hint=f"Send it again in {retry_after_s} s; until then it would be refused again.",
            retry_after_s=retry_after_s,
            reset_at=reset_at,
            policies=policies,
        )


class NeverFits(BadInput):
    """A call that costs more than the bucket holds, or nothing: waiting would not help."""

    code, status = "never_fits", 400

    def __init__(self, cost: int, *, burst: int) -> None:
        super().__init__(
            f"A call that costs {cost} can never be made where {burst} is the most at once.",
            hint=f"Ask for 1 to {burst} at once.",
        )


@dataclass(frozen=True, kw_only=True)
class Policy:
    """So many calls a minute, and no more than `burst` of them at once."""

    name: str
    per_minute: int
    burst: int

    def __post_init__(self) -> None:
        assert 0 < self.per_minute <= MOST_CALLS, self
        assert 0 < self.burst <= MOST_CALLS, self

    @cached_property
    def cap(self) -> int:
        """The level of a full bucket."""
        return self.burst * MINUTE_US

    @cached_property
    def full_us(self) -> int:
        """How long an empty bucket takes to fill."""
        return -(-self.cap // self.per_minute)

    @cached_property
    def limit(self) -> bytes:
        """As the header X-RateLimit-Limit states it."""
        return b"%d" % self.per_minute

    @cached_property
    def quoted(self) -> bytes:
        """As the header RateLimit names it."""
        return f'"{self.name}"'.encode()

    @cached_property
    def declared(self) -> bytes:
        """As the header RateLimit-Policy states it."""
        return b"%b;q=%d;w=60" % (self.quoted, self.per_minute)


class Take(NamedTuple):
    """A call's claim on one bucket: whose it is, and under which policy."""

    scope: str
    policy: Policy


class Standing(NamedTuple):
    """Where one bucket stands after a call."""

    policy: Policy
    remaining: int
    reset_us: int  # until it is full
    retry_us: int  # until this call would have passed here; 0 where it did


_REMAINING, _RETRY = attrgetter("remaining"), attrgetter("retry_us")


class Verdict(NamedTuple):
    """Whether a call may be made, and where each of its buckets stands."""

    allowed: bool
    standings: tuple[Standing, ...]

    @property
    def binding(self) -> Standing:
        """The bucket that refuses longest, or else has least left."""
        if len(self.standings) == 1:
            return self.standings[0]
        if self.allowed:
            return min(self.standings, key=_REMAINING)
        return max(self.standings, key=_RETRY)

    @property
    def retry_after_s(self) -> int:
        """The whole seconds after which it would pass: at that moment, and not one second before.

        >>> policy = Policy(name="user", per_minute=60, burst=1)
        >>> Verdict(False, (Standing(policy, 0, 900_000, 900_000),)).retry_after_s
        1
        """
        return -(-self.binding.retry_us // _S)

    def reset_at(self, now_us: int) -> int:
        """The second since 1970 at which the binding bucket is full, if nothing more is taken."""
        return -(-(now_us + self.binding.reset_us) // _S)

    def refusal(self, now_us: int) -> RateLimited:
        """What the caller of a call that may not be made is told, now by the wall clock."""
        refusing = [each.policy.name for each in self.standings if each.retry_us]
        return RateLimited(
            refusing, retry_after_s=self.retry_after_s, reset_at=self.reset_at(now_us)
        )


Bucket = tuple[int, int]
"""The level, and the moment for which it holds."""


def refilled(bucket: Bucket | None, policy: Policy, now: int) -> Bucket:
    """The bucket as of now; one that was never used is full.

    A clock that steps back earns nothing. One that stands more than a minute back has begun anew
    with its machine: the count goes on from there, so that nobody is shut out for longer.
    """
    if bucket is None:
        return policy.cap, now
    level, seen = bucket
    if now > seen:
        level += (now - seen) * policy.per_minute
        seen = now
    elif now < seen - MINUTE_US:
        seen = now
    if level > policy.cap:
        return policy.cap, seen
    return level, seen


Claimed = tuple[Any, Policy, int, int]
"""Where a bucket is kept, its policy, and the bucket as of now."""


def judged(claims: Sequence[Claimed], cost: int) -> tuple[Verdict, int]:
    """What each bucket answers, and what is to be taken from each: where one lacks it, nothing."""
    taken = need = cost * MINUTE_US
    for _, policy, level, _ in claims:
        if not 0 < cost <= policy.burst:
            raise NeverFits(cost, burst=policy.burst)
        if level < need:
            taken = 0
    standings = []
    for _, policy, level, _ in claims:
        left, a_minute = level - taken, policy.per_minute
        full_in = -((left - policy.cap) // a_minute)
        passes_in = 0 if level >= need else -((level - need) // a_minute)
        standings.append(Standing(policy, left // MINUTE_US, full_in, passes_in))
    return Verdict(taken > 0, tuple(standings)), taken


class Buckets(Protocol):
    """Where the levels are kept."""

    waits: bool  # for a database, so not to be asked on an event loop

    def take(
        self, caller: Caller, takes: Sequence[Take], *, cost: int = 1, now_us: int | None = None
    ) -> Verdict:
        """Takes `cost` from each bucket or from none."""
        ...


class MemoryBuckets:
    """The buckets of a single process; they are full again when it starts."""

    waits = False

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._lock = threading.Lock()
        self._sweep_at, self._slowest = 1024, Policy(name="slowest", per_minute=1, burst=1)

    def take(
        self, caller: Caller, takes: Sequence[Take], *, cost: int = 1, now_us: int | None = None
    ) -> Verdict:
        """Takes `cost` from each bucket or from none."""
        tenant, held, claims = caller.tenant_id, self._buckets, []
        with self._lock:
            now = time.monotonic_ns() // 1000 if now_us is None else now_us
            for scope, policy in takes:
                key = tenant, scope
                claims.append((key, policy, *refilled(held.get(key), policy, now)))
                if policy.full_us > self._slowest.full_us:
                    self._slowest = policy
            verdict, taken = judged(claims, cost)
            for key, _, level, seen in claims:
                held[key] = level - taken, seen
            if len(held) > self._sweep_at:
                self._drop_full(now)
        return verdict

    def _drop_full(self, now: int) -> None:
        """A full bucket and an absent one are the same, so no other may go.

        What was not used for as long as the slowest bucket takes to fill is full.
        """
        long_ago = now - self._slowest.full_us
        self._buckets = {
            key: bucket for key, bucket in self._buckets.items() if bucket[1] > long_ago
        }
        self._sweep_at = max(1024, 2 * len(self._buckets))


class DatabaseBuckets:
    """The buckets of several processes, in their database."""

    waits = True

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(
        self, caller: Caller, takes: Sequence[Take], *, cost: int = 1, now_us: int | None = None
    ) -> Verdict:
        """Takes `cost` from each bucket or from none."""
        with unit_of_work(caller, self._store) as work:
            work.begin_writing()
            rows = _locked(work, [take.scope for take in takes])
            now = _clock_us(work) if now_us is None else now_us
            claims = [
                (row, policy, *refilled(_bucket(row), policy, now))
                for row, policy in ((rows[scope], policy) for scope, policy in takes)
            ]
            verdict, taken = judged(claims, cost)
            for row, _, level, seen in claims:
                row.level, row.seen_at = level - taken, seen
        return verdict


def _bucket(row: RateLimitRow) -> Bucket | None:
    return None if row.seen_at == _NEVER else (row.level, row.seen_at)


def _locked(work: Work, scopes: Sequence[str]) -> dict[str, RateLimitRow]:
    """The rows, made where there are none, each held until the end of this transaction.

    In one order for all, so that no two calls can wait for each other.
    """
    query = (
        select(RateLimitRow)
        .where(RateLimitRow.scope.in_(scopes))
        .order_by(RateLimitRow.scope)
        .with_for_update()
    )
    rows = work.session.scalars(query).all()
    if len(rows) < len(scopes):
        work.insert_missing(
            RateLimitRow,
            [{"scope": scope, "level": 0, "seen_at": _NEVER} for scope in sorted(scopes)],
        )
        rows = work.session.scalars(query.execution_options(populate_existing=True)).all()
    return {row.scope: row for row in rows}


def _clock_us(work: Work) -> int:
    """Read once the rows are held. Of Postgres: one clock for all hosts.

    SQLite's processes share a machine, whose monotonic clock nobody can set forward.
    """
    if work.store.is_sqlite:
        return time.monotonic_ns() // 1000
    told: Any = work.session.scalar(select(_POSTGRES_US))
    return told
