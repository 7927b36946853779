"""A circuit breaker: after too many failures a provider is left alone, then asked with one probe.

Pure but for a lock: the clock and the jitter are given. Times are wall-clock seconds, so that what
one process learnt can be kept, and shared with others, as a `Standing`.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum


class State(StrEnum):
    """Whether calls are let through: all, none, or a few that find out."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Outcome(StrEnum):
    """What a call says about its provider."""

    GOOD = "good"
    BAD = "bad"
    NEUTRAL = "neutral"  # cancelled, or the caller's own mistake


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a breaker opens, for how long, and what closes it again."""

    window_calls: int = 20
    window_s: float = 300.0
    calls_min: int = 5
    bad_rate: float = 0.5
    slow_s: float = 5.0
    slow_rate: float = 0.8
    ailing_s: float = 60.0  # so long somebody else is preferred to one that fails
    cooldown_s: float = 5.0
    cooldown_s_max: float = 300.0
    jitter_share: float = 0.1  # up to so much longer: many processes must not probe at one instant
    hold_s_max: float = 3600.0  # a provider may ask for a wait, not for eternity
    probes: int = 1
    good_probes: int = 2
    lease_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a breaker knows and others may adopt: of each half, the newer one holds.

    `changed_at` and `held_at` are moments, but never before what they replace: a clock that is set
    back must not make old news win.
    """

    changed_at: float = 0.0
    open_until: float = 0.0  # 0: closed
    trips: int = 0
    why: str = ""
    held_at: float = 0.0
    hold_until: float = 0.0
    hold_why: str = ""

    @property
    def of_breaker(self) -> tuple[float, float, int, str]:
        """The half that tells of failures, in order of age."""
        return self.changed_at, self.open_until, self.trips, self.why

    def merged(self, other: "Standing") -> "Standing":
        """The newer half of each: the order in which standings arrive does not matter."""
        breaker = max(self, other, key=lambda s: s.of_breaker)
        hold = max(self, other, key=lambda s: (s.held_at, s.hold_until, s.hold_why))
        return replace(
            breaker, held_at=hold.held_at, hold_until=hold.hold_until, hold_why=hold.hold_why
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """A call that was let through; it is settled once, or its lease ends."""

    generation: int
    probe: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A call that was not let through, why, and when to ask again."""

    why: str
    until: float


@dataclass(slots=True, kw_only=True)
class Breaker:
    """The breaker of one provider and capability."""

    limits: Limits = Limits()
    clock: Callable[[], float] = time.time
    jitter: Callable[[], float] = random.random

    state: State = State.CLOSED
    generation: int = 0
    standing: Standing = Standing()
    _results: deque[tuple[float, bool, bool]] = field(default_factory=deque)
    _bads: int = 0  # of the results
    _slows: int = 0
    _leases: dict[int, float] = field(default_factory=dict)
    _last_lease: int = 0
    _good_probes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self) -> Permit | Refused:
        """Let a call through, or say until when not."""
        with self._lock:
            now, known = self.clock(), self.standing
            if now < (until := self._within(known.hold_until, now, self.limits.hold_s_max)):
                return Refused(why=known.hold_why, until=until)
            if self.state is State.OPEN:
                if now < (until := self._within(known.open_until, now, self._cooldown_max)):
                    return Refused(why=known.why, until=until)
                self._enter(State.HALF_OPEN)
            if self.state is State.CLOSED:
                return Permit(generation=self.generation)
            return self._probe(now)

    def settle(
        self, permit: Permit, outcome: Outcome, *, seconds: float = 0.0, why: str = ""
    ) -> None:
        """Take in how a call went; what began in another state says nothing about now."""
        with self._lock:
            if permit.generation != self.generation:
                return
            if permit.probe is not None and self._leases.pop(permit.probe, None) is None:
                return
            if outcome is Outcome.NEUTRAL:
                return
            bad, slow = outcome is Outcome.BAD, seconds > self.limits.slow_s
            if permit.probe is not None:
                self._settle_probe(good=not bad and not slow, why=why)
            else:
                self._count(bad, slow, why)

    def hold(self, seconds: float, why: str) -> None:
        """Leave the provider alone as long as it asked for, without judging it."""
        with self._lock:
            now = self.clock()
            until = round(now + min(max(seconds, 0.0), self.limits.hold_s_max), 6)
            if until > self.standing.hold_until:
                self.standing = replace(
                    self.standing,
                    held_at=_after(self.standing.held_at, now),
                    hold_until=until,
                    hold_why=why,
                )

    def release(self) -> None:
        """Forget outage and hold, as somebody who mended their cause asks."""
        with self._lock:
            now, known = self.clock(), self.standing
            self.standing = Standing(
                changed_at=_after(known.changed_at, now), held_at=_after(known.held_at, now)
            )
            self._enter(State.CLOSED)

    def adopt(self, other: Standing) -> None:
        """Take over what another process, or this one before a restart, knows better."""
        with self._lock:
            merged = self.standing.merged(other)
            if merged.of_breaker != self.standing.of_breaker:
                self._enter(State.OPEN if merged.open_until else State.CLOSED)
            self.standing = merged

    @property
    def ailing(self) -> str:
        """How its latest calls went, where many failed or took long; empty where it is well."""
        if not self._bads and not self._slows:
            return ""
        with self._lock:
            since = self.clock() - self.limits.ailing_s
            recent = [result for result in self._results if result[0] >= since]
        bads, slows = sum(r[1] for r in recent), sum(r[2] for r in recent)
        if bads >= 2 and 3 * bads >= len(recent):
            return f"failed in {bads} of its last {len(recent)} calls"
        if slows >= 2 and 2 * slows >= len(recent):
            return f"took over {self.limits.slow_s:g} s in {slows} of its last {len(recent)} calls"
        return ""

    @property
    def _cooldown_max(self) -> float:
        return self.limits.cooldown_s_max * (1 + self.limits.jitter_share)

    @staticmethod
    def _within(until: float, now: float, longest: float) -> float:
        """A clock that was set back must not make a wait longer than any wait can be."""
        return until if until - now <= longest + 1.0 else 0.0

    def _probe(self, now: float) -> Permit | Refused:
        # A probe that never comes back frees its place when its lease ends.
        longest = now + self.limits.lease_s  # more is left only of a clock that was set back
        self._leases = {n: end for n, end in self._leases.items() if now < end <= longest}
        if len(self._leases) >= self.limits.probes:
            return Refused(why="a probe is under way", until=min(self._leases.values()))
        self._last_lease += 1
        self._leases[self._last_lease] = now + self.limits.lease_s
        return Permit(generation=self.generation, probe=self._last_lease)

    def _settle_probe(self, *, good: bool, why: str) -> None:
        if not good:
            self._trip(why or "the probe failed")
            return
        self._good_probes += 1
        if self._good_probes >= self.limits.good_probes:
            changed_at = _after(self.standing.changed_at, self.clock())
            self.standing = replace(self.standing, changed_at=changed_at, open_until=0.0, why="")
            self._enter(State.CLOSED)

    def _count(self, bad: bool, slow: bool, why: str) -> None:
        now, limits, results = self.clock(), self.limits, self._results
        results.append((now, bad, slow))
        self._bads, self._slows = self._bads + bad, self._slows + slow
        while len(results) > limits.window_calls or now - results[0][0] > limits.window_s:
            _, was_bad, was_slow = results.popleft()
            self._bads, self._slows = self._bads - was_bad, self._slows - was_slow
        calls, bads, slows = len(results), self._bads, self._slows
        if calls < limits.calls_min:
            return
        if bads >= limits.bad_rate * calls:
            self._trip(f"{bads} of its last {calls} calls failed" + (f": {why}" if why else ""))
        elif slows >= limits.slow_rate * calls:
            self._trip(f"{slows} of its last {calls} calls took over {limits.slow_s:g} s")

    def _trip(self, why: str) -> None:
        now, known, limits = self.clock(), self.standing, self.limits
        rested = not known.open_until and now - known.changed_at > limits.cooldown_s_max
        trips = 1 if rested else known.trips + 1  # one that flaps waits longer each time
        cooldown = min(limits.cooldown_s_max, limits.cooldown_s * 2.0 ** min(trips - 1, 30))
        until = round(now + cooldown * (1 + limits.jitter_share * self.jitter()), 6)
        self.standing = replace(
            known, changed_at=_after(known.changed_at, now), open_until=until, trips=trips, why=why
        )
        self._enter(State.OPEN)

    def _enter(self, state: State) -> None:
        self.state, self.generation = state, self.generation + 1
        self._results.clear()
        self._bads = self._slows = 0
        self._leases, self._good_probes = {}, 0


def _after(known: float, now: float) -> float:
    return round(max(now, known + 0.001), 6)  # as it is kept: a look at it must not change it
