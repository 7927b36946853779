"""The one shape of a data provider: what it can be asked, what it answers, and on which terms."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Protocol

from valor_core.errors import BadInput
from valor_core.market.failures import Failure, ProviderFailure
from valor_core.market.series import Adjusted, Bar, Observation, Series, Tick
from valor_core.market.transport import SafeHttp
from valor_core.values import utc_now

_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9.\-]{0,19}")
_SERIES = re.compile(r"[A-Z0-9][A-Z0-9_.\-]{0,59}")
_CURRENCY = re.compile(r"[A-Z]{3}")


class Capability(StrEnum):
    """What a provider can be asked for."""

    FUNDAMENTALS = "fundamentals"
    BARS = "bars"
    MACRO = "macro"
    FX = "fx"
    STREAM = "stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class FundamentalsQuery:
    """What a company filed, found by its CIK, else by its ticker."""

    ticker: str = ""
    cik: int | None = None
    capability = Capability.FUNDAMENTALS

    def __post_init__(self) -> None:
        if self.cik is None:
            _check(self.ticker, _SYMBOL, "ticker")
        elif not 0 < self.cik < 10**10:
            raise BadInput(f"{self.cik} is no CIK.", hint="A CIK has one to ten digits.")

    @property
    def key(self) -> str:
        """The question as a stable text."""
        return f"fundamentals:{self.ticker if self.cik is None else self.cik}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsQuery:
    """The daily bars of a share from one day to another, both included."""

    symbol: str
    start: date
    end: date
    adjustment: Adjusted = Adjusted.ALL
    capability = Capability.BARS

    def __post_init__(self) -> None:
        _check(self.symbol, _SYMBOL, "ticker")
        _check_days(self.start, self.end)

    @property
    def key(self) -> str:
        """The question as a stable text."""
        return f"bars:{self.symbol}:{self.start}:{self.end}:{self.adjustment.name.lower()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroQuery:
    """The observations of a macroeconomic series from one day to another, both included."""

    series: str
    start: date
    end: date
    capability = Capability.MACRO

    def __post_init__(self) -> None:
        _check(self.series, _SERIES, "name of a series")
        _check_days(self.start, self.end)

    @property
    def key(self) -> str:
        """The question as a stable text."""
        return f"macro:{self.series}:{self.start}:{self.end}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FxQuery:
    """How much of the quote currency one unit of the base is, from one day to another."""

    base: str
    quote: str
    start: date
    end: date
    capability = Capability.FX

    def __post_init__(self) -> None:
        _check(self.base, _CURRENCY, "currency")
        _check(self.quote, _CURRENCY, "currency")
        if self.base == self.quote:
            raise BadInput(
                f"{self.base} is both currencies.", hint="Ask for two that are not the same."
            )
        _check_days(self.start, self.end)

    @property
    def key(self) -> str:
        """The question as a stable text."""
        return f"fx:{self.base}{self.quote}:{self.start}:{self.end}"


Query = FundamentalsQuery | BarsQuery | MacroQuery | FxQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """What a provider's terms allow to be done with its data."""

    name: str
    display: bool  # shown to the users of the installation
    redistribution: bool  # given on to others, as in an export or a report
    retention_days: int | None  # how long it may be kept; None where nothing limits it
    terms_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filer:
    """A company as the provider lists it."""

    cik: int
    name: str
    ticker: str
    sic: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a provider answered, from where, as of when, and on which terms."""

    provider: str
    capability: Capability
    query: Query
    value: bytes | Series  # a companyfacts document, or dated rows
    as_of: datetime  # the newest moment of which the data speak
    fetched_at: datetime
    licence: Licence
    source: str  # the address that was asked, without its key
    synthetic: bool = False
    filer: Filer | None = None  # of fundamentals


def in_series(
    provider: "Provider", query: Query, series: Series, *, source: str, synthetic: bool = False
) -> Answer:
    """An answer of dated rows; ProviderFailure where there is not one of them."""
    if not series.rows:
        raise ProviderFailure(provider.title, Failure.CALLER, told="it has nothing for those days")
    return Answer(
        provider=provider.name,
        capability=query.capability,
        query=query,
        value=series,
        as_of=newest_moment(series.rows),
        fetched_at=utc_now(),
        licence=provider.licence,
        source=source,
        synthetic=synthetic,
    )


def newest_moment(rows: Sequence[Bar | Observation]) -> datetime:
    """The newest moment of which dated rows speak."""
    newest = max(row.day for row in rows)
    return datetime(newest.year, newest.month, newest.day, tzinfo=UTC)


class Provider(Protocol):
    """Whoever can be asked for data. Every failure of it is a ProviderFailure."""

    @property
    def name(self) -> str:
        """As settings, policies and logs call it."""
        ...

    @property
    def title(self) -> str:
        """As people call it."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can be asked for."""
        ...

    @property
    def licence(self) -> Licence:
        """The terms of its data."""
        ...

    @property
    def price(self) -> float:
        """What one call costs, in US dollars; nothing where it is free or paid by the month."""
        ...

    async def fetch(self, query: Query, http: SafeHttp, deadline: float) -> Answer:
        """The answer, before that moment of the running event loop's clock."""
        ...

    async def health(self, http: SafeHttp, deadline: float) -> None:
        """The cheapest question that shows that it answers."""
        ...


class Streaming(Provider, Protocol):
    """Whoever tells prices as they happen."""

    def stream(
        self, symbols: Sequence[str], *, since: datetime | None = None
    ) -> AsyncIterator[Tick]:
        """The ticks, until the connection ends in a ProviderFailure.

        Those since a moment are told again where the provider keeps them.
        """
        ...


def _check(text: str, shape: re.Pattern[str], kind: str) -> None:
    if not shape.fullmatch(text):
        raise BadInput(
            f"{text[:40]!r} is no {kind}.", hint="Write it in capitals, as it is listed."
        )


def _check_days(start: date, end: date) -> None:
    if start > end:
        raise BadInput(f"{start} is after {end}.", hint="Give the earlier day first.")
