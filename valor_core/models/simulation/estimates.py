"""What a sample tells, and how exactly: every figure of a simulation has its standard error."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

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
            return float(scipy.special.stdtrit(self.repetitions - 1, upper)) * self.error
        return float(scipy.special.ndtri(upper)) * self.error


class Sample:
    """Values of many scenarios, sorted once; what has no value is left out.

    Every figure is a mean of something over the scenarios, or follows from one, and so is its
    error. Points that were spread evenly are not independent: their errors come from the spread of
    the means of independent replicates, never from the points of one.
    """

    def __init__(self, values: np.ndarray, replicates: int = 1, *, name: str = "The line") -> None:
        ordered = np.sort(values)  # numpy sorts what is missing to the end
        self.ordered = ordered[: len(ordered) - int(np.count_nonzero(np.isnan(ordered)))]
        self._values, self._replicates, self._name = values, replicates, name
        if len(self.ordered) < LEAST_VALUED:
            raise NothingValued(column=name)

    def mean(self) -> Estimate:
        """The mean."""
        return self._estimate(float(np.mean(self.ordered)), self._values)

    def sd(self) -> Estimate:
        """The standard deviation; its error is that of the variance over 2 sd."""
        away = (self._values - np.mean(self.ordered)) ** 2
        sd = float(np.std(self.ordered, ddof=1))
        return self._estimate(sd, away / (2.0 * sd or 1.0))

    def quantile(self, level: float) -> Estimate:
        """The value that a part of the scenarios does not exceed, between two ranks in proportion.

        Its error is half the way between the ranks that lie the error of the part away, and no less
        than one scenario.
        """
        value = float(at_rank(self.ordered, checked_level(level)))
        part = self._estimate(
            level, np.where(np.isnan(self._values), np.nan, self._values <= value)
        )
        off = max(part.error, 1.0 / len(self.ordered))
        width = at_rank(self.ordered, level + off) - at_rank(self.ordered, level - off)
        return Estimate(value=value, error=float(0.5 * width), repetitions=part.repetitions)

    def shortfall(self, tail: float) -> Estimate:
        """The mean of the worst part (CVaR): q − E[max(q − X, 0)] / tail (Rockafellar, Uryasev)."""
        worst = int(np.ceil(checked_level(tail) * len(self.ordered)))
        at_risk = self.ordered[worst - 1]
        value = at_risk - np.mean(np.maximum(at_risk - self.ordered, 0.0)) / tail
        losses = at_risk - np.maximum(at_risk - self._values, 0.0) / tail
        return self._estimate(float(value), losses)

    def share_above(self, threshold: float) -> Estimate:
        """The part of the scenarios above a threshold."""
        above = np.where(np.isnan(self._values), np.nan, self._values > threshold)
        return self._estimate(float(np.mean(self.ordered > threshold)), above)

    def _estimate(self, value: float, parts: np.ndarray) -> Estimate:
        """A figure that errs as the mean of these parts does."""
        if self._replicates == 1:
            error = np.nanstd(parts, ddof=1) / np.sqrt(len(self.ordered))
            return Estimate(value=value, error=float(error))
        by_replicate = parts.reshape(self._replicates, -1)
        counts = np.count_nonzero(~np.isnan(by_replicate), axis=1)
        means = np.nansum(by_replicate, axis=1)[counts > 0] / counts[counts > 0]
        if len(means) < LEAST_VALUED:
            raise NothingValued(column=self._name)
        error = np.std(means, ddof=1) / np.sqrt(len(means))
        return Estimate(value=value, error=float(error), repetitions=len(means))


def at_rank(ordered: np.ndarray, level: Any) -> Any:
    """The value at a part of the ranks, in proportion between two of them (as numpy's default)."""
    place = np.clip(level, 0.0, 1.0) * (len(ordered) - 1)
    before = np.floor(place).astype(np.int64)
    after = np.minimum(before + 1, len(ordered) - 1)
    return ordered[before] + (ordered[after] - ordered[before]) * (place - before)


def checked_level(level: float) -> float:
    """The level of a percentile or a tail, which is a part."""
    if not 0.0 < level < 1.0:
        raise LevelOutOfRange(level=level)
    return level
