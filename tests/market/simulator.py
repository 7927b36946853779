"""A provider that comes and goes, callers that hang, cancel and come back late, a clock that jumps.

Each seed is another life; what must never happen is asserted after every step.
"""

import os
import random
from dataclasses import dataclass, field

from valor_core.market.breaker import Breaker, Limits, Outcome, Permit, Refused, State

LIMITS = Limits(window_s=60.0, cooldown_s=2.0, cooldown_s_max=40.0, lease_s=10.0, hold_s_max=90.0)
STEPS = 150


def seeds() -> list[int]:
    """Others in each run; `VALOR_SEEDS=10000` tries so many."""
    return [random.getrandbits(48) for _ in range(int(os.environ.get("VALOR_SEEDS", "200")))]


@dataclass(kw_only=True)
class Life:
    """One seed's history, with a count of its own of what the breaker ought to know."""

    seed: int
    now: float = 1_800_000_000.0
    counted: list[tuple[float, bool]] = field(default_factory=list)
    under_way: list[Permit] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.breaker, self.other = (
            Breaker(limits=LIMITS, clock=lambda: self.now, jitter=self.chance.random)
            for _ in range(2)
        )

    def lived(self) -> "Life":
        """After all its steps."""
        acts = [self.call, self.call, self.answer, self.answer, self.cancel, self.hold, self.share,
                self.wait, self.wait]  # fmt: skip
        for _ in range(STEPS):
            generation = self.breaker.generation
            self.chance.choice(acts)()
            if self.breaker.generation != generation:
                self.counted = []
            self.check()
        return self

    def call(self) -> None:
        state, known = self.breaker.state, self.breaker.standing
        answer = self.breaker.admit()
        if isinstance(answer, Refused):
            assert answer.why, "a refusal says why"
            assert self.now < answer.until <= self.now + LIMITS.hold_s_max + 1, "and until when"
            return
        assert known.hold_until <= self.now, "a call went out while the provider had us wait"
        if state is State.OPEN:
            assert known.open_until <= self.now, "a call went out before the cooldown ended"
        self.under_way.append(answer)

    def answer(self) -> None:
        if not self.under_way:
            return
        permit = self.under_way.pop(self.chance.randrange(len(self.under_way)))
        outcome = self.chance.choices(list(Outcome), [5, 4, 2])[0]
        before = self.breaker.state, self.breaker.generation, self.breaker.standing
        if permit.generation == self.breaker.generation and outcome is not Outcome.NEUTRAL:
            self.counted.append((self.now, outcome is Outcome.BAD))
        self.breaker.settle(permit, outcome)
        after = self.breaker.state, self.breaker.generation, self.breaker.standing
        if permit.generation != before[1]:
            assert after == before, "a late answer of an older state counts for nothing"
        elif outcome is Outcome.NEUTRAL:
            assert after == before, "what judges nobody moves nothing"
        elif before[0] is State.CLOSED:
            assert (after[0] is State.OPEN) == self.too_many(), "it opens at the rate, only then"

    def too_many(self) -> bool:
        """Counted anew, by another way."""
        recent = [bad for at, bad in self.counted if self.now - at <= LIMITS.window_s]
        recent = recent[-LIMITS.window_calls :]
        return len(recent) >= LIMITS.calls_min and 2 * sum(recent) >= len(recent)

    def cancel(self) -> None:
        """A caller goes away and never tells."""
        if self.under_way and self.chance.random() < 0.3:
            self.under_way.pop()

    def hold(self) -> None:
        if self.chance.random() < 0.1:
            state = self.breaker.state
            self.breaker.hold(self.chance.choice([1.0, 30.0, 1e12]), "it asked us to wait")
            assert self.breaker.state is state, "to be asked to wait is not to fail"

    def share(self) -> None:
        """Another process and this one tell each other what they know."""
        if self.chance.random() < 0.5 and isinstance(permit := self.other.admit(), Permit):
            self.other.settle(permit, self.chance.choice([Outcome.GOOD, Outcome.BAD]))
        self.other.adopt(self.breaker.standing)
        self.breaker.adopt(self.other.standing)
        assert self.breaker.standing == self.other.standing, "they agree once both have told"

    def wait(self) -> None:
        self.now += self.chance.choice([0.1, 1.0, 1.0, 5.0, 20.0])
        if self.chance.random() < 0.02:
            self.now -= 7_200.0
            self.counted = []
            self.breaker.release()  # the count of its own cannot follow a clock that goes back

    def check(self) -> None:
        breaker = self.breaker
        assert len(breaker._leases) <= LIMITS.probes, "so many probes at once and no more"
        assert len(breaker._results) <= LIMITS.window_calls, "what it remembers is bounded"
        left = breaker.standing.open_until - self.now
        assert left <= LIMITS.cooldown_s_max * 1.1 + 1e-6, "no cooldown is longer than the longest"
        assert (breaker.state is State.CLOSED) == (breaker.standing.open_until == 0.0)

    def recovered(self) -> None:
        """From now on the provider answers well: the breaker must find out in bounded time."""
        ends = self.now + LIMITS.hold_s_max + 1.1 * LIMITS.cooldown_s_max + LIMITS.lease_s + 10.0
        while self.breaker.state is not State.CLOSED:
            assert self.now < ends, "a provider that has recovered is found out"
            if isinstance(permit := self.breaker.admit(), Refused):
                self.now = max(permit.until, self.now + 0.5)
            else:
                self.breaker.settle(permit, Outcome.GOOD)
