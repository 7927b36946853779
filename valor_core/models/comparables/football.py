"""Ranges of value per share by several methods, side by side: the football field."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from valor_core.models.comparables.comparables import ComparablesResult
from valor_core.models.comparables.multiples import MULTIPLES
from valor_core.models.comparables.refusals import (
    MultipleWeightNegative,
    NoMultiple,
    RangeBackwards,
)
from valor_core.models.fields import Unit, says, settle


@dataclass(frozen=True, slots=True, kw_only=True)
class FootballRow:
    """The range of one method, with the assumption that makes it."""

    method: str = field(metadata=says("method"))
    assumption: str = field(default="", metadata=says("what makes the range"))
    low: float = field(metadata=says("low value", Unit.MONEY_PER_SHARE))
    mid: float = field(metadata=says("middle value", Unit.MONEY_PER_SHARE))
    high: float = field(metadata=says("high value", Unit.MONEY_PER_SHARE))
    weight: float = field(default=1.0, metadata=says("how much it counts", Unit.RATIO))

    def __post_init__(self) -> None:
        settle(self)
        if not self.low <= self.mid <= self.high:
            raise RangeBackwards(method=self.method, low=self.low, mid=self.mid, high=self.high)
        if self.weight < 0.0:
            raise MultipleWeightNegative(weight=self.weight)


@dataclass(frozen=True, slots=True, kw_only=True)
class FootballField:
    """All ranges, their weighted range, and where all that count agree."""

    rows: tuple[FootballRow, ...]
    low: float
    mid: float
    high: float
    agreed: tuple[float, float] | None  # none: no value lies in all ranges that count
    lowest: float  # of the axis, the price and its range among it
    highest: float
    price: float | None
    price_range: tuple[float, float] | None


def football_field(
    rows: Sequence[FootballRow],
    *,
    price: float | None = None,
    price_range: tuple[float, float] | None = None,
) -> FootballField:
    """Join ranges by their weights; the price and its range of a year stand beside as lines.

    >>> by_flows = FootballRow(method="DCF", low=10.0, mid=12.0, high=15.0, weight=3.0)
    >>> by_peers = FootballRow(method="EV to EBITDA", low=8.0, mid=10.0, high=11.0)
    >>> field = football_field([by_flows, by_peers], price=9.0)
    >>> field.mid, field.agreed, field.lowest
    (11.5, (10.0, 11.0), 8.0)
    """
    counting = [row for row in rows if row.weight > 0.0]
    if not counting:
        raise NoMultiple
    whole = sum(row.weight for row in counting)
    low, mid, high = (
        sum(getattr(row, point) * row.weight for row in counting) / whole
        for point in ("low", "mid", "high")
    )
    first, last = max(row.low for row in counting), min(row.high for row in counting)
    lines = [*([] if price is None else [price]), *(price_range or ())]
    return FootballField(
        rows=tuple(rows),
        low=low,
        mid=mid,
        high=high,
        agreed=(first, last) if first <= last else None,
        lowest=min([*(row.low for row in rows), *lines]),
        highest=max([*(row.high for row in rows), *lines]),
        price=price,
        price_range=price_range,
    )


def rows_of_multiples(result: ComparablesResult) -> tuple[FootballRow, ...]:
    """A row for each multiple of one company: the quartiles around the median."""
    return tuple(
        FootballRow(
            method=multiple.words,
            assumption=f"{value.low.multiple:.1f}× to {value.high.multiple:.1f}×"
            if not multiple.is_yield
            else f"{value.high.multiple:.1%} to {value.low.multiple:.1%}",
            low=value.low.value_per_share,
            mid=value.mid.value_per_share,
            high=value.high.value_per_share,
        )
        for name, multiple in MULTIPLES.items()
        if (value := getattr(result, name)) is not None and value.mid is not None
    )
