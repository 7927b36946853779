"""What a sample tells, and how exactly: every figure of a simulation has its standard error."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from valor_core.models.simulation.refusals import LevelOutOfRange, NothingValued

LEAST_VALUED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure of a sample with its standard error."""

    value: float
    error: float
    repetitions: int = 0  # behind the error; 0: so many that it is normal

    def half_width(self, confidence: float = 0.95) -> float:
        """Half of the interval that holds the true figure with this confidence."""
        upper = 0.5 * (1.0 + confidence)
        if self.repetitions:
            return float(special.stdtrit(self.repetitions - 1, upper)) * self.error
        return float(special.ndtri(upper)) * self.error


def mean_estimate(values: np.ndarray, replicates: int) -> Estimate:
    """The mean of what is known."""
    return estimated(_mean, values, replicates, alone=_mean_error)


def sd_estimate(values: np.ndarray, replicates: int) -> Estimate:
    """The standard deviation; alone its error is √((m₄ − s⁴) / 4 s² n)."""
    return estimated(_sd, values, replicates, alone=_sd_error)


def quantile_estimate(values: np.ndarray, level: float, replicates: int) -> Estimate:
    """The value that a part of the scenarios does not exceed, between two ranks in proportion.

    Alone its error is half the way between the ranks n·p ± √(n·p·(1 − p)).
    """
    checked_level(level)

    def error(ordered: np.ndarray) -> float:
        n = len(ordered)
        off = np.sqrt(level * (1.0 - level) / n)
        return 0.5 * (at_rank(ordered, level + off) - at_rank(ordered, level - off))

    return estimated(lambda ordered: at_rank(ordered, level), values, replicates, alone=error)


def shortfall_estimate(values: np.ndarray, tail: float, replicates: int) -> Estimate:
    """The mean of the worst part (CVaR): q − E[max(q − X, 0)] / tail (Rockafellar, Uryasev)."""
    checked_level(tail)

    def losses(ordered: np.ndarray) -> np.ndarray:
        at_risk = at_rank(ordered, tail)
        return at_risk - np.maximum(at_risk - ordered, 0.0) / tail

    return estimated(
        lambda ordered: _mean(losses(ordered)),
        values,
        replicates,
        alone=lambda ordered: _mean_error(losses(ordered)),
    )


def share_above(values: np.ndarray, threshold: float, replicates: int) -> Estimate:
    """The part of the scenarios above a threshold."""
    above = np.where(np.isnan(values), np.nan, values > threshold)
    return mean_estimate(above, replicates)


def estimated(
    statistic: Callable[[np.ndarray], float],
    values: np.ndarray,
    replicates: int,
    *,
    alone: Callable[[np.ndarray], float],
) -> Estimate:
    """A statistic of the values in their order; refused scenarios are left out.

    Points that were spread evenly are not independent, so their error is told by the spread of the
    statistic over independent replicates, never from the points of one.
    """
    value = statistic(known_in_order(values))
    if replicates == 1:
        return Estimate(value=value, error=float(alone(known_in_order(values))))
    each = [statistic(known_in_order(part)) for part in values.reshape(replicates, -1)]
    error = float(np.std(each, ddof=1)) / np.sqrt(replicates)
    return Estimate(value=value, error=float(error), repetitions=replicates)


def known_in_order(values: np.ndarray) -> np.ndarray:
    """What has a value, in ascending order: numpy sorts missing values to the end."""
    ordered = np.sort(values)
    known = ordered[: len(ordered) - int(np.isnan(values).sum())]
    if len(known) < LEAST_VALUED:
        raise NothingValued(column="The asked line")
    return known


def at_rank(ordered: np.ndarray, level: Any) -> Any:
    """The value at a part of the ranks, in proportion between two of them (as numpy's default)."""
    place = np.clip(level, 0.0, 1.0) * (len(ordered) - 1)
    before = np.floor(place).astype(np.int64)
    after = np.minimum(before + 1, len(ordered) - 1)
    return ordered[before] + (ordered[after] - ordered[before]) * (place - before)


def checked_level(level: float) -> None:
    """Refuse a percentile or a tail that is no part."""
    if not 0.0 < level < 1.0:
        raise LevelOutOfRange(level=level)


def _mean(ordered: np.ndarray) -> float:
    return float(np.mean(ordered))


def _mean_error(values: np.ndarray) -> float:
    return float(np.std(values, ddof=1)) / float(np.sqrt(len(values)))


def _sd(ordered: np.ndarray) -> float:
    return float(np.std(ordered, ddof=1))


def _sd_error(ordered: np.ndarray) -> float:
    away = ordered - np.mean(ordered)
    variance, fourth = np.mean(away**2), np.mean(away**4)
    return float(np.sqrt(max(fourth - variance**2, 0.0) / (4.0 * variance * len(ordered) or 1.0)))
