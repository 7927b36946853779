"""The choice among providers: who is asked first, who next, and what is told when nobody answers.

A router belongs to one tenant in one process. It asks no database: what others must know of it, its
breakers' standings and its decisions, is handed out, and what others know is adopted.
"""

import asyncio
import random
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from math import ceil

from valor_core.errors import Unavailable, ValorError
from valor_core.market.breaker import Breaker, Limits, Outcome, Refused, Standing
from valor_core.market.earlier import by_reach, part_of
from valor_core.market.failures import BREAKING, Failure, ProviderFailure
from valor_core.market.provider import Answer, Capability, Provider, Query
from valor_core.market.routing import Policy
from valor_core.market.series import Series
from valor_core.market.transport import SafeHttp

ROUNDS = 3
BACKOFF_S = 0.2
KEPT_ANSWERS, KEPT_BYTES, ROW_BYTES = 64, 32_000_000, 200
KEPT_LONGEST = timedelta(days=30)
RETRY_S = 30.0
LEFT_ALONE_S = {Failure.THROTTLED: 30.0, Failure.QUOTA: 3600.0, Failure.UNAUTHORISED: 900.0}
"""How long a provider is left alone that did not say for how long."""

Place = tuple[str, Capability]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What one provider did for a question, or why it was not asked."""

    provider: str
    title: str
    told: str  # goes on after its title: `answered`, `did not answer in time`, `is left alone …`
    outcome: Outcome | None = None  # None where it was not asked
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whose answer was taken for a question, and what became of everybody else."""

    at: float
    capability: Capability
    query: str
    chosen: str  # empty where nobody answered
    title: str  # of the chosen one
    attempts: tuple[Attempt, ...]
    seconds: float
    as_of: datetime | None = None
    fetched_at: datetime | None = None
    stale: bool = False  # older than the policy wants
    kept: bool = False  # the last good answer, because nobody gave a new one

    @property
    def answer(self) -> str:
        """`fresh`, `stale`, `kept` from before, or `none`."""
        if not self.chosen:
            return "none"
        return "kept" if self.kept else "stale" if self.stale else "fresh"

    @property
    def why(self) -> str:
        """In words: this one, because that one failed and a third is left alone."""
        reasons = " and ".join(
            dict.fromkeys(
                f"{each.title} {each.told}"
                for each in self.attempts
                if each.provider != self.chosen or self.kept
            )
        )
        if not self.chosen:
            return f"nobody, because {reasons or 'no provider may be asked'}"
        begin = f"the last good answer of {self.title}" if self.kept else self.title
        return f"{begin}, because {reasons}" if reasons else f"{begin}, the first choice"


class NoProvider(Unavailable):
    """Nobody gave an answer, and there is none from before."""

    code = "no_provider"

    def __init__(self, capability: str, *, told: Sequence[str], retry_after_s: float) -> None:
        self.retry_after_s = max(1, ceil(retry_after_s))
        super().__init__(
            f"No provider answered for {capability}: {'; '.join(told) or 'none may be asked'}.",
            hint=f"Try again in {self.retry_after_s} s, or let the routing policy ask others.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """What came of a question: an answer, a refusal, or a last good answer instead of one."""

    decision: Decision
    answer: Answer | None = None
    refusal: ValorError | None = None

    def given(self, *, new: bool = False) -> Answer:
        """The answer, or with `new` one that was given just now; else the refusal is raised."""
        if self.answer is None or (new and self.decision.kept):
            assert self.refusal is not None
            raise self.refusal
        return self.answer


@dataclass(slots=True, kw_only=True)
class _Asking:
    """One question under way: what was tried, and the best answer that is too old."""

    query: Query
    key: str  # of the query
    policy: Policy
    titles: Mapping[str, str]
    http: SafeHttp
    loop: asyncio.AbstractEventLoop
    began: float  # of its clock
    until: float
    at: float
    attempts: list[Attempt] = field(default_factory=list)
    failures: list[ValorError] = field(default_factory=list)
    stale: Answer | None = None
    retry_at: float = float("inf")

    def note(self, provider: str, told: str) -> None:
        """Somebody who is not asked, and why."""
        self.tried(provider, told)

    def tried(
        self, provider: str, told: str, outcome: Outcome | None = None, seconds: float = 0.0
    ) -> None:
        """What became of one of them."""
        title = self.titles.get(provider, provider)
        self.attempts.append(
            Attempt(provider=provider, title=title, told=told, outcome=outcome, seconds=seconds)
        )

    @property
    def is_worth_again(self) -> bool:
        """Whether a provider failed in a way that may be over in a moment."""
        return any(_is_of_the_provider(failure) for failure in self.failures)

    @property
    def seconds_left(self) -> float:
        """Until the policy's deadline."""
        return self.until - self.loop.time()


class Router:
    """Asks the providers of one tenant."""

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._limits, self._clock, self._chance = limits or Limits(), clock, chance
        self._sleep = sleep
        self._breakers: dict[Place, Breaker] = {}
        self._current: dict[Capability, tuple[str, float]] = {}  # who answers, since when
        self._kept = KeptAnswers()

    def breaker(self, provider: str, capability: Capability) -> Breaker:
        """The breaker of a provider for a kind of data."""
        place = provider, capability
        if (known := self._breakers.get(place)) is None:
            made = Breaker(limits=self._limits, clock=self._clock, jitter=self._chance)
            known = self._breakers.setdefault(place, made)
        return known

    def adopt(self, standings: Mapping[Place, Standing]) -> None:
        """Take over what other processes know, or this one knew before a restart."""
        for (provider, capability), standing in standings.items():
            self.breaker(provider, capability).adopt(standing)

    def last_answered(self, key: str) -> datetime | None:
        """When the last good answer to a question was fetched that this router knows."""
        return self._kept.fetched_at(key)

    def remember(self, answer: Answer) -> None:
        """Take over a last good answer that another process had, or this one before a restart."""
        self._kept.put(answer.query.key, answer)

    def standings(self) -> dict[Place, Standing]:
        """What others should know."""
        return {place: breaker.standing for place, breaker in list(self._breakers.items())}

    async def ask(
        self,
        query: Query,
        policy: Policy,
        providers: Mapping[str, Provider],
        http: SafeHttp,
        *,
        probed_elsewhere: Collection[str] = (),
    ) -> Routed:
        """The first good answer within the policy's deadline; else the last that there was.

        Of a provider that another process is trying again just now, nothing is asked beside it.
        """
        loop = asyncio.get_running_loop()
        asking = _Asking(
            query=query,
            key=query.key,
            policy=policy,
            titles={name: provider.title for name, provider in providers.items()},
            http=http,
            loop=loop,
            began=(began := loop.time()),
            until=began + policy.deadline_s,
            at=self._clock(),
        )
        may = self._those_who_may(providers, asking, probed_elsewhere)
        for turn in range(ROUNDS):
            if turn and not await self._backed_off(turn, asking):
                break
            order = self._ordered(may, asking)
            answer = await (self._hedged if policy.hedge_after_s else self._in_turn)(order, asking)
            if answer is not None:
                return self._answered(answer, may, asking)
            if asking.stale or not asking.is_worth_again:
                break
        return self._best_of_the_rest(may, asking)

    async def probe(
        self, provider: Provider, capability: Capability, http: SafeHttp, *, within_s: float
    ) -> Attempt | None:
        """The provider's cheapest question, for its breaker; None while it is left alone."""
        breaker = self.breaker(provider.name, capability)
        permit = breaker.admit()
        if isinstance(permit, Refused):
            return None
        loop = asyncio.get_running_loop()
        began, outcome, told = loop.time(), Outcome.NEUTRAL, "was not waited for"
        until = began + within_s
        try:
            async with asyncio.timeout_at(until):
                await provider.health(http, until)
            outcome, told = Outcome.GOOD, "answered"
        except TimeoutError:
            outcome, told = self._learnt(ProviderFailure(provider.title, Failure.TIMEOUT), breaker)
        except ValorError as refusal:
            outcome, told = self._learnt(refusal, breaker)
        finally:
            seconds = loop.time() - began
            breaker.settle(permit, outcome, seconds=seconds, why=told)
        return Attempt(provider=provider.name, title=provider.title, told=told, outcome=outcome,
                       seconds=seconds)  # fmt: skip

    def _those_who_may(
        self, providers: Mapping[str, Provider], asking: _Asking, elsewhere: Collection[str]
    ) -> dict[str, Provider]:
        may = {}
        for name in asking.policy.providers:
            provider = providers.get(name)
            if provider is None or asking.query.capability not in provider.capabilities:
                asking.note(name, "is not set up")
            elif name in elsewhere:
                asking.note(name, "is being tried again by another process")
            elif told := asking.policy.refusal_of(provider):
                asking.note(name, told)
            else:
                may[name] = provider
        return may

    def _ordered(self, may: Mapping[str, Provider], asking: _Asking) -> list[Provider]:
        """The policy's order, but who ails comes later, and a choice is kept for a while."""
        capability = asking.query.capability
        kept = self._kept_choice(asking)
        return sorted(
            may.values(),
            key=lambda each: (each.name != kept, self.breaker(each.name, capability).ailing != ""),
        )

    def _kept_choice(self, asking: _Asking) -> str:
        name, since = self._current.get(asking.query.capability, ("", 0.0))
        return name if 0 <= self._clock() - since < asking.policy.hold_s else ""

    async def _backed_off(self, turn: int, asking: _Asking) -> bool:
        """Whether a wait of random length fits in before the deadline; if so, it is over."""
        wait = self._chance() * BACKOFF_S * 2**turn
        if wait >= asking.seconds_left:
            return False
        await self._sleep(wait)
        return True

    async def _in_turn(self, order: Sequence[Provider], asking: _Asking) -> Answer | None:
        """One after another, each with its share of the time that is left."""
        for place, provider in enumerate(order):
            if (left := asking.seconds_left) <= 0:
                return None
            until = asking.until - left + left / (len(order) - place)
            if (answer := await self._attempt(provider, asking, until)) is not None:
                return answer
        return None

    async def _hedged(self, order: Sequence[Provider], asking: _Asking) -> Answer | None:
        """The next one beside the others whenever one fails or takes its time; the first wins."""
        waiting, running = list(order), set[asyncio.Task[Answer | None]]()
        try:
            while waiting or running:
                if waiting:
                    attempt = self._attempt(waiting.pop(0), asking, asking.until)
                    running.add(asyncio.create_task(attempt))
                done, running = await asyncio.wait(
                    running,
                    timeout=asking.policy.hedge_after_s if waiting else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for task in done:
                    if (answer := task.result()) is not None:
                        return answer
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        return None

    async def _attempt(self, provider: Provider, asking: _Asking, until: float) -> Answer | None:
        """One question to one provider, and what its breaker learns of it."""
        breaker = self.breaker(provider.name, asking.query.capability)
        permit = breaker.admit()
        if isinstance(permit, Refused):
            asking.retry_at = min(asking.retry_at, permit.until)
            asking.note(
                provider.name, f"is left alone until {_clock_time(permit.until)}: {permit.why}"
            )
            return None
        began, outcome, told = asking.loop.time(), Outcome.NEUTRAL, "was not waited for"
        answer = None
        try:
            async with asyncio.timeout_at(until):
                answer = await provider.fetch(asking.query, asking.http, until)
            outcome, told = Outcome.GOOD, "answered"
        except TimeoutError:
            failure = ProviderFailure(provider.title, Failure.TIMEOUT)
            outcome, told = self._judged(failure, breaker, asking)
        except ValorError as refusal:
            outcome, told = self._judged(refusal, breaker, asking)
        finally:
            seconds = asking.loop.time() - began
            breaker.settle(permit, outcome, seconds=seconds, why=told)
            if answer and self._is_old(answer, asking):
                told = f"is stale: its data are of {answer.as_of:%Y-%m-%d %H:%M} UTC"
                asking.stale = max(answer, asking.stale or answer, key=lambda each: each.as_of)
                answer = None
            asking.tried(provider.name, told, outcome, seconds)
        return answer

    def _judged(
        self, failure: ValorError, breaker: Breaker, asking: _Asking
    ) -> tuple[Outcome, str]:
        """What a failure says of the provider: that it ails, wants to be left alone, or nothing."""
        asking.failures.append(failure)
        outcome, told = self._learnt(failure, breaker)
        if isinstance(failure, ProviderFailure) and failure.kind in LEFT_ALONE_S:
            asking.retry_at = min(asking.retry_at, breaker.standing.hold_until)
        return outcome, told

    @staticmethod
    def _learnt(failure: ValorError, breaker: Breaker) -> tuple[Outcome, str]:
        if not isinstance(failure, ProviderFailure):
            return Outcome.NEUTRAL, f"cannot be asked: {failure}"
        told = failure.told_after_its_name
        if failure.kind in LEFT_ALONE_S:
            wait = failure.retry_after_s
            breaker.hold(LEFT_ALONE_S[failure.kind] if wait is None else wait, told)
        return (Outcome.BAD if _is_of_the_provider(failure) else Outcome.NEUTRAL), told

    def _is_old(self, answer: Answer, asking: _Asking) -> bool:
        most = asking.policy.age_max_s
        return most is not None and asking.at - answer.as_of.timestamp() > most

    def _answered(
        self, answer: Answer, may: Mapping[str, Provider], asking: _Asking, *, stale: bool = False
    ) -> Routed:
        """The answer is kept for worse times, and who gave it is asked first for a while."""
        if isinstance(answer.value, Series):  # a filing is never taken from before
            self._kept.put(asking.key, answer)
        capability, name = asking.query.capability, answer.provider
        before = list(takewhile(lambda other: other != name, may))
        asked = {each.provider for each in asking.attempts} if before else ()
        for other in before:
            if other not in asked:
                ails = self.breaker(other, capability).ailing
                asking.note(
                    other, ails or f"was left a moment ago, and {asking.titles[name]} is kept"
                )
        failed = any(each.outcome is Outcome.BAD for each in asking.attempts)
        if failed or self._current.get(capability, ("", 0.0))[0] != name:
            self._current[capability] = name, self._clock()
        return Routed(decision=self._decided(asking, answer, stale=stale), answer=answer)

    def _best_of_the_rest(self, may: Mapping[str, Provider], asking: _Asking) -> Routed:
        """Nobody gave a fresh answer: one that is too old, the last good one, or a refusal."""
        if asking.stale:
            return self._answered(asking.stale, may, asking, stale=True)
        refusal = self._refusal(asking)
        last = self._kept.get(asking.query, now=asking.at)
        if last is None or last.provider not in may:
            return Routed(decision=self._decided(asking, None), refusal=refusal)
        stale = self._is_old(last, asking)
        decision = self._decided(asking, last, stale=stale, kept=True)
        return Routed(decision=decision, answer=last, refusal=refusal)

    @staticmethod
    def _refusal(asking: _Asking) -> ValorError:
        """The asker's own mistake, or what the only one did; else that nobody answers till when."""
        asked = [each for each in asking.attempts if each.outcome is not None]
        if asked and not any(map(_is_temporary, asking.failures)):
            return asking.failures[0]
        if len(asking.policy.providers) == 1 and asking.failures:
            return asking.failures[-1]
        wait = asking.retry_at - asking.at
        return NoProvider(
            asking.query.capability,
            told=list(dict.fromkeys(f"{a.title} {a.told}" for a in asking.attempts)),
            retry_after_s=wait if wait < float("inf") else RETRY_S,
        )

    def _decided(
        self, asking: _Asking, answer: Answer | None, *, stale: bool = False, kept: bool = False
    ) -> Decision:
        return Decision(
            at=asking.at,
            capability=asking.query.capability,
            query=asking.key,
            chosen=answer.provider if answer else "",
            title=asking.titles[answer.provider] if answer else "",
            attempts=tuple(asking.attempts),
            seconds=asking.loop.time() - asking.began,
            as_of=answer.as_of if answer else None,
            fetched_at=answer.fetched_at if answer else None,
            stale=stale,
            kept=kept,
        )


class KeptAnswers:
    """The last good answers, few enough for memory, none for longer than its licence allows."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def put(self, key: str, answer: Answer) -> None:
        """Keep it; those that were used longest ago make room."""
        size = _size(answer)
        if size > KEPT_BYTES:
            return
        with self._lock:
            self._drop(key)
            self._answers[key] = answer
            self._bytes += size
            while len(self._answers) > KEPT_ANSWERS or self._bytes > KEPT_BYTES:
                self._drop(next(iter(self._answers)))

    def get(self, asked: Query, *, now: float) -> Answer | None:
        """What the last good answers say of the days asked for, if they may still be kept."""
        at = datetime.fromtimestamp(now, UTC)
        with self._lock:
            for key in [key for key, each in self._answers.items() if at > kept_until(each)]:
                self._drop(key)
            newest_first = [each.query for each in reversed(self._answers.values())]
            for question in by_reach(newest_first, asked):
                if (part := part_of(self._answers[question.key], asked)) is not None:
                    self._answers.move_to_end(question.key)
                    return part
        return None

    def fetched_at(self, key: str) -> datetime | None:
        """When the answer to this question was fetched."""
        with self._lock:
            answer = self._answers.get(key)
            return answer.fetched_at if answer else None

    def _drop(self, key: str) -> None:
        if (gone := self._answers.pop(key, None)) is not None:
            self._bytes -= _size(gone)


def kept_until(answer: Answer) -> datetime:
    """How long an answer may stand in for a new one: as its licence says, thirty days at most."""
    days = answer.licence.retention_days
    longest = KEPT_LONGEST if days is None else min(KEPT_LONGEST, timedelta(days=days))
    return answer.fetched_at + longest


def _size(answer: Answer) -> int:
    value = answer.value
    return len(value) if isinstance(value, bytes) else ROW_BYTES * len(value.rows)


def _is_of_the_provider(failure: ValorError) -> bool:
    return isinstance(failure, ProviderFailure) and failure.kind in BREAKING


def _is_temporary(failure: ValorError) -> bool:
    return isinstance(failure, ProviderFailure) and failure.kind is not Failure.CALLER


def _clock_time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S} UTC"
