"""Providers that behave as a test says: well, late, wrong or not at all."""

import asyncio
import selectors
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from tests.moulds import Tenant
from valor_core.market.failures import Failure, ProviderFailure
from valor_core.market.provider import Answer, Capability, Licence, MacroQuery, Query
from valor_core.market.router import Router
from valor_core.market.series import Observation, Series
from valor_core.market.transport import SafeHttp
from valor_core.workbench import routing

FREE = Licence(
    name="public", display=True, redistribution=True, retention_days=None, terms_url="https://x/"
)
QUESTION = MacroQuery(series="DGS10", start=date(2026, 1, 2), end=date(2026, 1, 5))


class Clock:
    """A clock that only goes when it is told."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Skipped(selectors.DefaultSelector):
    """Waits for nothing: the time that would have gone by has."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0.0
        return super().select(timeout and 0.0)


class Counted(selectors.DefaultSelector):
    """Counts so much for each time that nothing had come, however long the machine stood still."""

    now, each = 0.0, 0.02

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        wait = self.each if timeout is None else min(timeout, self.each)
        found = super().select(wait)
        self.now += 0.0 if found else wait
        return found


class Counting(asyncio.SelectorEventLoop):
    """A loop whose time goes only while it waits for others in vain."""

    def __init__(self) -> None:
        self.counted = Counted()
        super().__init__(self.counted)

    def time(self) -> float:
        return self.counted.now


class Skipping(asyncio.SelectorEventLoop):
    """A loop whose time goes only while all that runs on it wait, and then at once."""

    def __init__(self) -> None:
        self.skipped = Skipped()
        super().__init__(self.skipped)

    def time(self) -> float:
        return self.skipped.now


@dataclass(kw_only=True)
class Played:
    """A provider whose `how` is `well`, `hang`, or a kind of failure."""

    name: str
    clock: Callable[[], float]
    how: Failure | str = "well"
    data_age: timedelta = timedelta()
    price: float = 0.0
    licence: Licence = FREE
    retry_after_s: float | None = None
    capabilities: frozenset[Capability] = frozenset({Capability.MACRO})
    asked: list[float] = field(default_factory=list)

    @property
    def title(self) -> str:
        return self.name.upper()

    async def fetch(self, query: Query, http: SafeHttp, deadline: float) -> Answer:
        self.asked.append(self.clock())
        if self.how == "hang":
            await asyncio.Event().wait()
        if isinstance(self.how, Failure):
            raise ProviderFailure(self.title, self.how, retry_after_s=self.retry_after_s)
        now = datetime.fromtimestamp(self.clock(), UTC)
        rows = (Observation(day=date(2026, 1, 2), value=4.2),)
        series = Series(symbol="DGS10", rows=rows, unit="percent a year", currency="", zone="UTC")
        return Answer(
            provider=self.name, capability=query.capability, query=query, value=series,
            as_of=now - self.data_age, fetched_at=now, licence=self.licence, source="https://x/",
        )  # fmt: skip

    async def health(self, http: SafeHttp, deadline: float) -> None:
        await self.fetch(QUESTION, http, deadline)


async def no_wait(_seconds: float) -> None:
    """What is tested is what is asked, not how long a wait takes."""


def begin_anew(tenant: Tenant) -> None:
    """As a process that has just started, but for its patience."""
    routing._routers.clear()
    routing._routers[tenant.id] = Router(sleep=no_wait)
