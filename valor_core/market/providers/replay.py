"""A market without a market: bars and ticks that are invented, always alike, and say so.

A seed and a symbol decide every price, on every machine. A day's ticks are a Brownian bridge that
is pinned to the bar's open and close, and stretched until it touches its high and its low.
"""

import asyncio
import math
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from valor_core.market.provider import Answer, BarsQuery, Capability, Licence, Query, in_series
from valor_core.market.series import Bar, Series, Tick
from valor_core.market.transport import SafeHttp
from valor_core.values import utc_now

OPENS = time(14, 30)  # New York in winter; an invented market keeps one hour all year
TOLD_AGAIN = timedelta(minutes=10)
FIRST_DAY = date(2000, 1, 3)
_DAILY_VOLATILITY, _DAILY_DRIFT = 0.015, 0.0003


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Invented bars of every share, and the ticks of given bars."""

    seed: int = 0
    ticks_a_day: int = 390
    speed: float = 0.0  # times the wall clock; 0 is as fast as it can
    bars: Mapping[str, Sequence[Bar]] = field(default_factory=dict)  # those that are streamed

    name = "replay"
    title = "Replay"
    capabilities = frozenset({Capability.BARS, Capability.STREAM})
    licence = Licence(
        name="invented", display=True, redistribution=True, retention_days=None, terms_url=""
    )
    price = 0.0

    async def fetch(self, query: Query, http: SafeHttp, deadline: float) -> Answer:  # noqa: ARG002
        """Invented bars of the working days between both, the same whenever they are asked for."""
        assert isinstance(query, BarsQuery), query
        made = await asyncio.to_thread(invented_bars, query.symbol, query.end, seed=self.seed)
        series = Series(
            symbol=query.symbol,
            rows=tuple(bar for bar in made if bar.day >= query.start),
            unit="USD",
            currency="USD",
            zone="America/New_York",
            adjusted=query.adjustment,
        )
        return in_series(self, query, series, source=f"replay:{self.seed}", synthetic=True)

    async def health(self, http: SafeHttp, deadline: float) -> None:
        """It is always there."""

    async def stream(
        self, symbols: Sequence[str], *, since: datetime | None = None
    ) -> AsyncIterator[Tick]:
        """The ticks of the given bars, day by day; without bars one a second, as the clock goes.

        Those since a moment are told again first, of the last ten minutes at most.
        """
        if not self.bars:
            async for tick in self._live(symbols, since):
                yield tick
            return
        days = sorted({bar.day for symbol in symbols for bar in self.bars.get(symbol, ())})
        seq, apart = 0, timedelta(hours=6.5) / self.ticks_a_day
        for day in days:
            paths = {
                symbol: bridge(bar, symbol, seed=self.seed, ticks=self.ticks_a_day)
                for symbol in symbols
                for bar in self.bars.get(symbol, ())
                if bar.day == day
            }
            for n in range(self.ticks_a_day):
                at = datetime.combine(day, OPENS, UTC) + n * apart
                for symbol, path in paths.items():
                    seq += 1
                    yield _tick(symbol, path[n], at, seq)
                await asyncio.sleep(apart.total_seconds() / self.speed if self.speed else 0)

    async def _live(self, symbols: Sequence[str], since: datetime | None) -> AsyncIterator[Tick]:
        """A price a second: the same one in every process, whenever it is asked for."""
        now = utc_now()
        begun = max(since or now, now - TOLD_AGAIN)
        at = begun.replace(microsecond=0)
        while True:
            if at <= utc_now():
                for symbol in symbols:
                    price = live_price(symbol, at, seed=self.seed)
                    yield _tick(symbol, price, at, round(at.timestamp()))
                at += timedelta(seconds=1)
            else:
                await asyncio.sleep((at - utc_now()).total_seconds())


@lru_cache(maxsize=64)
def _level(symbol: str, day: date, seed: int) -> float:
    return invented_bars(symbol, day, seed=seed)[-1].close


def live_price(symbol: str, at: datetime, *, seed: int) -> float:
    """The invented price of a second: waves around the close of the newest working day."""
    level, seconds = _level(symbol, at.date(), seed), at.timestamp()
    phase = random.Random(f"{seed}|{symbol}").random()  # noqa: S311  a market, no secret
    waves = sum(
        size * math.sin(2.0 * math.pi * (seconds / period + phase))
        for size, period in ((0.004, 3600.0), (0.0015, 300.0), (0.0004, 17.0))
    )
    return round(level * (1.0 + waves), 4)


def _tick(symbol: str, price: float, at: datetime, seq: int) -> Tick:
    return Tick(
        symbol=symbol,
        price=price,
        size=100.0,
        at=at,
        received_at=at,
        source=Replay.name,
        seq=seq,
        synthetic=True,
    )


def invented_bars(symbol: str, end: date, *, seed: int) -> list[Bar]:
    """Every working day's bar from the first one on: a walk, so each follows from those before."""
    draw = random.Random(f"{seed}|{symbol}")  # noqa: S311  a market, no secret
    last, bars, day = 20.0 + 180.0 * draw.random(), [], FIRST_DAY
    while day <= end:
        if day.weekday() < 5:
            gap, move = (draw.gauss(0.0, _DAILY_VOLATILITY) for _ in range(2))
            first = last * math.exp(0.3 * gap)
            close = first * math.exp(_DAILY_DRIFT + move)
            above, below = (abs(draw.gauss(0.0, 0.4 * _DAILY_VOLATILITY)) for _ in range(2))
            bars.append(
                Bar(
                    day=day,
                    open=round(first, 4),
                    high=round(max(first, close) * math.exp(above), 4),
                    low=round(min(first, close) * math.exp(-below), 4),
                    close=round(close, 4),
                    volume=float(draw.randrange(1_000_000, 9_000_000)),
                )
            )
            last = close
        day += timedelta(days=1)
    return bars


def bridge(bar: Bar, symbol: str, *, seed: int, ticks: int) -> list[float]:
    """Prices that begin and end as the bar does, stay inside it, and reach its high and its low."""
    draw, last = random.Random(f"{seed}|{symbol}|{bar.day}"), ticks - 1  # noqa: S311
    walk = [0.0]
    for _ in range(last):
        walk.append(walk[-1] + draw.gauss(0.0, 1.0))
    line = [bar.open + (bar.close - bar.open) * n / last for n in range(ticks)]
    swing = [at - walk[-1] * n / last for n, at in enumerate(walk)]
    pairs = list(zip(line, swing, strict=True))
    up = min(((bar.high - at) / s for at, s in pairs if s > 0.0), default=0.0)
    down = min(((bar.low - at) / s for at, s in pairs if s < 0.0), default=0.0)
    path = [round(at + s * (up if s > 0.0 else down), 4) for at, s in pairs]
    inside = range(1, last)
    highest = max(inside, key=path.__getitem__)
    lowest = min((n for n in inside if n != highest), key=path.__getitem__)
    path[0], path[highest], path[lowest], path[last] = bar.open, bar.high, bar.low, bar.close
    return [min(max(price, bar.low), bar.high) for price in path]
