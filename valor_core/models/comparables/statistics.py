"""Statistics of peers' multiples: those without a meaning are left out, in each scenario apart."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from valor_core.models.fields import Unit, says
from valor_core.models.numbers import Numbers, Row
from valor_core.models.recorder import whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How peers' multiples lie."""

    used: Numbers = field(metadata=says("peers whose multiple has a meaning"))
    excluded: Numbers = field(metadata=says("peers whose multiple has none"))
    lowest: Numbers = field(metadata=says("lowest", Unit.RATIO))
    lower_quartile: Numbers = field(metadata=says("a quarter lies below", Unit.RATIO))
    median: Numbers = field(metadata=says("half lies below", Unit.RATIO))
    average: Numbers = field(metadata=says("arithmetic mean", Unit.RATIO))
    harmonic_mean: Numbers = field(
        metadata=says("mean by the inverse, which equal stakes would pay", Unit.RATIO)
    )
    upper_quartile: Numbers = field(metadata=says("a quarter lies above", Unit.RATIO))
    highest: Numbers = field(metadata=says("highest", Unit.RATIO))


def spread_of(multiples: Row, peers: int) -> Spread:
    """All statistics of a row with one multiple a peer; quartiles by the inclusive method."""
    used = whole(count, multiples)
    return Spread(
        used=used,
        excluded=peers - used,
        lowest=whole(lowest, multiples),
        lower_quartile=whole(lower_quartile, multiples),
        median=whole(median, multiples),
        average=whole(average, multiples),
        harmonic_mean=whole(harmonic_mean, multiples),
        upper_quartile=whole(upper_quartile, multiples),
        highest=whole(highest, multiples),
    )


def count(row: Any) -> Any:
    """How many have a meaning."""
    return np.isfinite(row).sum(axis=-1) + 0.0


def average(row: Any) -> Any:
    """The arithmetic mean."""
    return np.where(np.isfinite(row), row, 0.0).sum(axis=-1) / count(row)


def harmonic_mean(row: Any) -> Any:
    """The inverse of the mean inverse: what a stake of the same size in each peer would pay."""
    return count(row) / np.where(np.isfinite(row), 1.0 / row, 0.0).sum(axis=-1)


def lowest(row: Any) -> Any:
    """The lowest."""
    return quantile(row, 0.0)


def lower_quartile(row: Any) -> Any:
    """The first quartile."""
    return quantile(row, 0.25)


def median(row: Any) -> Any:
    """The middle one, or the mean of the two in the middle."""
    return quantile(row, 0.5)


def upper_quartile(row: Any) -> Any:
    """The third quartile."""
    return quantile(row, 0.75)


def highest(row: Any) -> Any:
    """The highest."""
    return quantile(row, 1.0)


def quantile(row: Any, part: float) -> Any:
    """A quantile by the inclusive method: the place part × (n − 1) among the sorted.

    >>> print(quantile(np.array([8.0, 2.0, np.nan, 4.0]), 0.25))
    3.0
    """
    ordered = np.sort(row, axis=-1)  # what has no meaning comes last
    place = part * np.maximum(count(row) - 1.0, 0.0)
    below = np.floor(place)
    low, high = (
        np.take_along_axis(ordered, at.astype(int)[..., None], axis=-1)[..., 0]
        for at in (np.asarray(below), np.asarray(np.ceil(place)))
    )
    return low + (high - low) * (place - below)
