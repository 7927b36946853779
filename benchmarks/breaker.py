"""Our breaker and router beside pybreaker, purgatory and tenacity, with what each lets through.

    .venv/bin/python benchmarks/breaker.py

Costs are the least of several runs: whatever else the machine does only adds to them.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pybreaker
import tenacity
from purgatory import AsyncCircuitBreakerFactory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.market.played import QUESTION, Played
from valor_core.market.breaker import Breaker, Limits, Outcome, Permit
from valor_core.market.router import Router
from valor_core.market.routing import Policy
from valor_core.market.transport import SafeHttp

TIMES, CALLS, CALLERS, DEAD_CALLS = 150, 50, 20, 50
PROBE_S, SERIAL_S = 0.02, 0.05
Call = Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]


class Dead(Exception):
    """What a provider in trouble does."""


def ours(breaker: Breaker) -> Call:
    """A call through our breaker."""

    async def call(act: Callable[[], Awaitable[None]]) -> None:
        permit = breaker.admit()
        if not isinstance(permit, Permit):
            raise Dead
        outcome = Outcome.BAD
        try:
            await act()
            outcome = Outcome.GOOD
        finally:
            breaker.settle(permit, outcome)

    return call


def of_purgatory(ttl: float) -> Call:
    """A call through purgatory's."""
    factory = AsyncCircuitBreakerFactory(default_threshold=5, default_ttl=ttl)

    async def call(act: Callable[[], Awaitable[None]]) -> None:
        async with await factory.get_breaker("provider"):
            await act()

    return call


def of_pybreaker(ttl: float) -> Call:
    """A call through pybreaker's, which knows functions, not what they await."""
    breaker = pybreaker.CircuitBreaker(fail_max=5, reset_timeout=ttl)

    async def call(act: Callable[[], Awaitable[None]]) -> None:
        await breaker.call(act)

    return call


def of_tenacity() -> Call:
    """Three attempts each: it retries, and protects nobody."""

    async def call(act: Callable[[], Awaitable[None]]) -> None:
        async for attempt in tenacity.AsyncRetrying(stop=tenacity.stop_after_attempt(3)):
            with attempt:
                await act()

    return call


def all_of(ttl: float) -> dict[str, Call]:
    """One of each, that opens after five failures and probes after that time."""
    limits = Limits(cooldown_s=ttl, jitter_share=0.0)
    return {
        "valor": ours(Breaker(limits=limits)),
        "purgatory": of_purgatory(ttl),
        "pybreaker": of_pybreaker(ttl),
        "tenacity": of_tenacity(),
    }


async def cost_us(call: Call) -> float:
    """Microseconds that a good call takes, beside the call itself."""

    async def good() -> None:
        return None

    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        for _ in range(CALLS):
            await call(good)
        taken.append(1e6 * (time.perf_counter() - began) / CALLS)
    return min(taken)


async def reached(call: Call, times: int) -> int:
    """How many calls reach a provider that is dead, of so many that are made."""
    count = 0

    async def dead() -> None:
        nonlocal count
        count += 1
        raise Dead

    for _ in range(times):
        with suppress(Exception):
            await call(dead)
    return count


async def probes(call: Call) -> int:
    """How many of twenty callers at once reach a provider that is just being probed."""
    await reached(call, DEAD_CALLS)
    await asyncio.sleep(1.1)
    count = 0

    async def slow() -> None:
        nonlocal count
        count += 1
        await asyncio.sleep(PROBE_S)

    await asyncio.gather(*(call(slow) for _ in range(CALLERS)), return_exceptions=True)
    return count


def in_threads_s() -> dict[str, float]:
    """Seconds that ten calls of 50 ms take in ten threads."""
    breaker, other = Breaker(), pybreaker.CircuitBreaker(fail_max=5)

    def through_ours(_: int) -> None:
        permit = breaker.admit()
        time.sleep(SERIAL_S)
        assert isinstance(permit, Permit)
        breaker.settle(permit, Outcome.GOOD)

    def through_pybreaker(_: int) -> None:
        other.call(time.sleep, SERIAL_S)

    told = {}
    for name, act in (("valor", through_ours), ("pybreaker", through_pybreaker)):
        with ThreadPoolExecutor(10) as pool:
            began = time.perf_counter()
            list(pool.map(act, range(10)))
            told[name] = time.perf_counter() - began
    return told


async def router_us(providers: int) -> float:
    """Microseconds of a question through the router, without the provider's own."""
    names = tuple(f"p{n}" for n in range(providers))
    players = {name: Played(name=name, clock=time.time) for name in names}
    router, policy = Router(), Policy(providers=names)
    http, first = SafeHttp(loopback=True), players["p0"]
    whole, alone = [], []
    for _ in range(TIMES):
        began = time.perf_counter()
        for _ in range(CALLS):
            await router.ask(QUESTION, policy, players, http)
        whole.append(time.perf_counter() - began)
        began = time.perf_counter()
        for _ in range(CALLS):
            await first.fetch(QUESTION, http, 0.0)
        alone.append(time.perf_counter() - began)
        first.asked.clear()
    return 1e6 * (min(whole) - min(alone)) / CALLS


def main() -> None:
    """Prints what was measured."""
    print(f"{'':<10} {'µs a call':>10} {f'of {DEAD_CALLS} reach':>12} {f'of {CALLERS} probe':>12}")
    cheap, dead, probed = all_of(1.0), all_of(60.0), all_of(1.0)
    for name, call in cheap.items():
        cost = asyncio.run(cost_us(call))
        through = asyncio.run(reached(dead[name], DEAD_CALLS))
        at_once = asyncio.run(probes(probed[name]))
        print(f"{name:<10} {cost:>10.1f} {through:>12} {at_once:>12}")
    for name, seconds in in_threads_s().items():
        print(f"{name:<10} ten calls of 50 ms in ten threads: {seconds:.2f} s")
    for count in (1, 5):
        print(f"router, {count} providers: {asyncio.run(router_us(count)):.1f} µs a question")


if __name__ == "__main__":
    main()
