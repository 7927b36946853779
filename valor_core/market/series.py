"""What providers answer in: daily bars and dated observations, and all that explains them."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Adjusted(StrEnum):
    """What the prices of a series were adjusted for."""

    NONE = "none"
    SPLITS = "splits"
    ALL = "splits and dividends"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A trading day of a share: its first, highest, lowest and last price, and what was traded."""

    day: date
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A value on a day, such as a yield or an exchange rate."""

    day: date
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Dated rows, the oldest first, in one unit, one currency and the days of one time zone."""

    symbol: str  # as it was asked for: AAPL, DGS10, EURUSD
    rows: tuple[Bar | Observation, ...]  # of one kind
    unit: str  # of a value: USD, percent a year, USD for 1 EUR
    currency: str  # empty where there is none, as of a rate
    zone: str  # whose days these are: America/New_York
    adjusted: Adjusted = Adjusted.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One price of a stream; `synthetic` where no exchange ever saw it."""

    symbol: str
    price: float
    size: float
    at: datetime  # at the exchange
    received_at: datetime
    source: str
    seq: int  # the provider's own number of it
    delayed: bool = False
    synthetic: bool = False
