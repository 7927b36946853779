"""Distributions of a driver, each by its exact inverse and by its mean up to any value.

The mean up to a value, E[X; X ≤ x], gives at once the mean, that of a truncated distribution, and
the expected shortfall (CVaR) of a tail.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import scipy

from valor_core.models.fields import says, settle
from valor_core.models.numbers import Numbers, Row
from valor_core.models.simulation.refusals import (
    NothingLeft,
    ParameterOutOfRange,
    ValuesUnusable,
)

LEAST_LEFT = 1e-9
"""What a cut must leave of a distribution, so that its inverse can still be told."""
LARGEST = 1e150
"""The farthest end of a triangle: the areas of its sides are numbers still."""


class OneDistribution:
    """What all distributions can tell."""

    __slots__ = ()
    kind: ClassVar[str]

    def quantile(self, probability: Numbers) -> Numbers:
        """The value that is not exceeded with this probability."""
        raise NotImplementedError

    def probability(self, value: Numbers) -> Numbers:
        """How likely the value is not exceeded."""
        raise NotImplementedError

    def mean_below(self, value: Numbers) -> Numbers:
        """E[X; X ≤ value]: what the part up to the value adds to the mean."""
        raise NotImplementedError

    def of_normal(self, normal: np.ndarray) -> np.ndarray:
        """The value as likely not exceeded as this standard normal draw."""
        return self.quantile(scipy.special.ndtr(normal))

    def expected(self) -> float:
        """The mean."""
        return float(self.mean_below(np.inf))

    def shortfall(self, tail: float) -> float:
        """The mean of the worst part: CVaR of a value, whose bad end is the low one.

        >>> print(f"{Uniform(low=0.0, high=1.0).shortfall(0.05):.3f}")
        0.025
        """
        return float(self.mean_below(self.quantile(tail)) / tail)

    def _refuse(self, parameter: str, stated: float, meant: str, *, unless: bool) -> None:
        if not (np.isfinite(stated) and unless):
            raise ParameterOutOfRange(
                distribution=self.kind, parameter=parameter, stated=stated, meant=meant
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Normal(OneDistribution):
    """Normal: mean and standard deviation."""

    kind: ClassVar[str] = "normal"
    mean: Numbers = field(metadata=says("mean"))
    sd: Numbers = field(metadata=says("standard deviation"))

    def __post_init__(self) -> None:
        settle(self)
        self._refuse("mean", self.mean, "finite", unless=True)
        self._refuse("sd", self.sd, "above 0", unless=self.sd > 0.0)

    def quantile(self, probability: Numbers) -> Numbers:
        """Mean + sd · Φ⁻¹(p)."""
        return self.mean + self.sd * scipy.special.ndtri(probability)

    def of_normal(self, normal: np.ndarray) -> np.ndarray:
        """Mean + sd · z, with no way over the probability."""
        return self.mean + self.sd * normal

    def probability(self, value: Numbers) -> Numbers:
        """Φ((x − mean) / sd)."""
        return scipy.special.ndtr((value - self.mean) / self.sd)

    def mean_below(self, value: Numbers) -> Numbers:
        """Mean · Φ(z) − sd · φ(z)."""
        z = (value - self.mean) / self.sd
        return self.mean * scipy.special.ndtr(z) - self.sd * np.exp(-0.5 * z * z) / np.sqrt(
            2.0 * np.pi
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lognormal(OneDistribution):
    """Lognormal: mean and standard deviation of the logarithm."""

    kind: ClassVar[str] = "lognormal"
    mu: Numbers = field(metadata=says("mean of the logarithm"))
    sigma: Numbers = field(metadata=says("standard deviation of the logarithm"))

    def __post_init__(self) -> None:
        settle(self)
        self._refuse("mu", self.mu, "between -200 and 200", unless=-200.0 <= self.mu <= 200.0)
        self._refuse("sigma", self.sigma, "above 0, at most 15", unless=0.0 < self.sigma <= 15.0)

    def quantile(self, probability: Numbers) -> Numbers:
        """exp(μ + σ · Φ⁻¹(p))."""
        return np.exp(self.mu + self.sigma * scipy.special.ndtri(probability))

    def of_normal(self, normal: np.ndarray) -> np.ndarray:
        """exp(μ + σ · z), with no way over the probability."""
        return np.exp(self.mu + self.sigma * normal)

    def probability(self, value: Numbers) -> Numbers:
        """Φ((ln x − μ) / σ); nothing lies at or below 0."""
        return scipy.special.ndtr(self._z(value))

    def mean_below(self, value: Numbers) -> Numbers:
        """exp(μ + σ²/2) · Φ(z − σ)."""
        mean = np.exp(self.mu + 0.5 * self.sigma**2)
        return mean * scipy.special.ndtr(self._z(value) - self.sigma)

    def _z(self, value: Numbers) -> Numbers:
        with np.errstate(divide="ignore"):
            return (np.log(np.maximum(value, 0.0)) - self.mu) / self.sigma


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniform(OneDistribution):
    """Uniform: every value between two ends is as likely."""

    kind: ClassVar[str] = "uniform"
    low: Numbers = field(metadata=says("lowest value"))
    high: Numbers = field(metadata=says("highest value"))

    def __post_init__(self) -> None:
        settle(self)
        self._refuse("low", self.low, "finite", unless=True)
        self._refuse("high", self.high, "above the low", unless=self.high > self.low)

    def quantile(self, probability: Numbers) -> Numbers:
        """Low + p · (high − low)."""
        return self.low + np.asarray(probability) * (self.high - self.low)

    def probability(self, value: Numbers) -> Numbers:
        """(x − low) / (high − low), from 0 to 1."""
        return np.clip((value - self.low) / (self.high - self.low), 0.0, 1.0)

    def mean_below(self, value: Numbers) -> Numbers:
        """The probability up to x times the middle between low and x."""
        x = np.clip(value, self.low, self.high)
        return self.probability(x) * 0.5 * (self.low + x)


@dataclass(frozen=True, slots=True, kw_only=True)
class Triangular(OneDistribution):
    """Triangular: the density rises in a line to the mode and falls in a line after it."""

    kind: ClassVar[str] = "triangular"
    low: Numbers = field(metadata=says("lowest value"))
    mode: Numbers = field(metadata=says("most likely value"))
    high: Numbers = field(metadata=says("highest value"))

    def __post_init__(self) -> None:
        settle(self)
        _refuse_unordered(self)

    def quantile(self, probability: Numbers) -> Numbers:
        """Low + √(p · width · rise) up to the mode, high − √((1 − p) · width · fall) after it."""
        p, width = np.asarray(probability), self.high - self.low
        rise, fall = self.mode - self.low, self.high - self.mode
        rising = self.low + np.sqrt(p * width * rise)
        return np.where(p * width < rise, rising, self.high - np.sqrt((1.0 - p) * width * fall))

    def probability(self, value: Numbers) -> Numbers:
        """The area of the triangle up to x."""
        rising, falling, width = *self._sides(value), self.high - self.low
        return rising / width + (self.high - self.mode) / width - falling / width

    def mean_below(self, value: Numbers) -> Numbers:
        """Each side's area times its centre, which lies two thirds of the way up the side."""
        x = np.clip(value, self.low, self.high)
        up, down, width = np.minimum(x, self.mode), np.maximum(x, self.mode), self.high - self.low
        rising, falling = self._sides(value)
        whole = (self.high - self.mode) * (self.high + 2.0 * self.mode) / 3.0
        left = rising * (self.low + 2.0 * up) / 3.0
        return (left + whole - falling * (self.high + 2.0 * down) / 3.0) / width

    def _sides(self, value: Numbers) -> tuple[Any, Any]:
        """Width times the area up to x on the rising side, and beyond x on the falling one."""
        x = np.clip(value, self.low, self.high)
        rise, fall = self.mode - self.low, self.high - self.mode
        up, down = np.minimum(x, self.mode) - self.low, self.high - np.maximum(x, self.mode)
        return up * up / (rise or 1.0), down * down / (fall or 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beta(OneDistribution):
    """Beta between two ends: x = low + (high − low) · B(alpha, beta)."""

    kind: ClassVar[str] = "beta"
    alpha: Numbers = field(metadata=says("first shape parameter"))
    beta: Numbers = field(metadata=says("second shape parameter"))
    low: Numbers = field(default=0.0, metadata=says("lowest value"))
    high: Numbers = field(default=1.0, metadata=says("highest value"))

    def __post_init__(self) -> None:
        settle(self)
        for name in ("alpha", "beta"):
            shape = getattr(self, name)
            meant = "between 0.05 and 10,000"
            self._refuse(name, shape, meant, unless=0.05 <= shape <= 10_000.0)
        self._refuse("low", self.low, "finite", unless=True)
        self._refuse("high", self.high, "above the low", unless=self.high > self.low)

    def quantile(self, probability: Numbers) -> Numbers:
        """By the inverse of the incomplete beta function."""
        inside = scipy.special.betaincinv(self.alpha, self.beta, probability)
        return self.low + (self.high - self.low) * inside

    def probability(self, value: Numbers) -> Numbers:
        """The regularised incomplete beta function."""
        return scipy.special.betainc(self.alpha, self.beta, self._inside(value))

    def mean_below(self, value: Numbers) -> Numbers:
        """Low · I(α, β) + (high − low) · α/(α + β) · I(α + 1, β)."""
        inside, mean = self._inside(value), self.alpha / (self.alpha + self.beta)
        above_low = mean * scipy.special.betainc(self.alpha + 1.0, self.beta, inside)
        return self.low * self.probability(value) + (self.high - self.low) * above_low

    def _inside(self, value: Numbers) -> Numbers:
        return np.clip((value - self.low) / (self.high - self.low), 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pert(OneDistribution):
    """PERT: a beta with the given mode, α = 1 + λ(mode − low)/width, β = 1 + λ(high − mode)/width.

    Its mean is (low + λ · mode + high) / (λ + 2).

    >>> print(Pert(low=1.0, mode=2.0, high=6.0).expected())
    2.5
    """

    kind: ClassVar[str] = "pert"
    low: Numbers = field(metadata=says("lowest value"))
    mode: Numbers = field(metadata=says("most likely value"))
    high: Numbers = field(metadata=says("highest value"))
    weight: Numbers = field(default=4.0, metadata=says("λ, the weight of the mode"))

    def __post_init__(self) -> None:
        settle(self)
        _refuse_unordered(self)
        self._refuse("weight", self.weight, "from 0 to 1,000", unless=0.0 <= self.weight <= 1e3)

    @property
    def as_beta(self) -> Beta:
        """The beta distribution that it is."""
        width = self.high - self.low
        return Beta(
            alpha=1.0 + self.weight * (self.mode - self.low) / width,
            beta=1.0 + self.weight * (self.high - self.mode) / width,
            low=self.low,
            high=self.high,
        )

    def quantile(self, probability: Numbers) -> Numbers:
        """That of the beta distribution."""
        return self.as_beta.quantile(probability)

    def probability(self, value: Numbers) -> Numbers:
        """That of the beta distribution."""
        return self.as_beta.probability(value)

    def mean_below(self, value: Numbers) -> Numbers:
        """That of the beta distribution."""
        return self.as_beta.mean_below(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentT(OneDistribution):
    """Student t: mean + scale · t with its degrees of freedom; its tails are heavier than normal.

    Its standard deviation is scale · √(ν / (ν − 2)).
    """

    kind: ClassVar[str] = "student_t"
    mean: Numbers = field(metadata=says("mean"))
    scale: Numbers = field(metadata=says("scale"))
    degrees: Numbers = field(metadata=says("ν, degrees of freedom"))

    def __post_init__(self) -> None:
        settle(self)
        self._refuse("mean", self.mean, "finite", unless=True)
        self._refuse("scale", self.scale, "above 0", unless=self.scale > 0.0)
        self._refuse("degrees", self.degrees, "above 2", unless=self.degrees > 2.0)

    def quantile(self, probability: Numbers) -> Numbers:
        """Mean + scale · t⁻¹(p)."""
        return self.mean + self.scale * scipy.special.stdtrit(self.degrees, probability)

    def probability(self, value: Numbers) -> Numbers:
        """The t distribution at (x − mean) / scale."""
        return scipy.special.stdtr(self.degrees, (value - self.mean) / self.scale)

    def mean_below(self, value: Numbers) -> Numbers:
        """Mean · F(t) − scale · f(t) · (ν + t²)/(ν − 1)."""
        nu, t = self.degrees, (value - self.mean) / self.scale
        # f(t) · (ν + t²) in logarithms, so that an infinite t ends at 0.
        constant = scipy.special.gammaln(0.5 * (nu + 1.0)) - scipy.special.gammaln(0.5 * nu)
        log = constant - 0.5 * np.log(nu * np.pi) + np.log(nu)
        log = log - 0.5 * (nu - 1.0) * np.log1p(t * t / nu)
        return self.mean * self.probability(value) - self.scale * np.exp(log) / (nu - 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrete(OneDistribution):
    """Discrete: some values, each with its weight; weights are parts of their sum."""

    kind: ClassVar[str] = "discrete"
    values: Row = field(metadata=says("values that it may take"))
    weights: Row = field(metadata=says("how likely each value is, in parts of their sum"))

    def __post_init__(self) -> None:
        settle(self)
        _refuse_values(self.kind, self.values)
        if self.weights.shape != self.values.shape:
            raise ValuesUnusable(distribution=self.kind, problem="have not one weight each")
        total = self.weights.sum() if np.isfinite(self.weights).all() else np.nan
        if not (np.min(self.weights) >= 0.0 and total > 0.0 and np.isfinite(total)):
            raise ValuesUnusable(distribution=self.kind, problem="have weights of no size")

    def quantile(self, probability: Numbers) -> Numbers:
        """The smallest value that is not exceeded with at least this probability."""
        values, reached = self._reached()
        return values[np.minimum(np.searchsorted(reached, probability), len(values) - 1)]

    def probability(self, value: Numbers) -> Numbers:
        """The weights of the values up to x, over all weights."""
        values, reached = self._reached()
        return np.concatenate([[0.0], reached])[np.searchsorted(values, value, side="right")]

    def mean_below(self, value: Numbers) -> Numbers:
        """The values up to x, weighed."""
        values, reached = self._reached()
        parts = np.cumsum(values * np.diff(reached, prepend=0.0))
        return np.concatenate([[0.0], parts])[np.searchsorted(values, value, side="right")]

    def _reached(self) -> tuple[np.ndarray, np.ndarray]:
        """The values in their order, and the probability reached with each."""
        order = np.argsort(self.values, kind="stable")
        reached = np.cumsum(self.weights[order])
        return self.values[order], reached / reached[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap(OneDistribution):
    """Bootstrap: one of the observed values, each as likely."""

    kind: ClassVar[str] = "bootstrap"
    values: Row = field(metadata=says("observed values"))

    def __post_init__(self) -> None:
        settle(self)
        _refuse_values(self.kind, self.values)

    @property
    def as_discrete(self) -> Discrete:
        """The values with equal weights."""
        return Discrete(values=self.values, weights=np.ones(len(self.values)))

    def quantile(self, probability: Numbers) -> Numbers:
        """That of the values with equal weights."""
        return self.as_discrete.quantile(probability)

    def probability(self, value: Numbers) -> Numbers:
        """That of the values with equal weights."""
        return self.as_discrete.probability(value)

    def mean_below(self, value: Numbers) -> Numbers:
        """That of the values with equal weights."""
        return self.as_discrete.mean_below(value)


Shape = Normal | Lognormal | Uniform | Triangular | Beta | Pert | StudentT | Discrete | Bootstrap


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncated(OneDistribution):
    """A distribution cut off at one or both ends, in proportion as likely as before in between."""

    kind: ClassVar[str] = "truncated"
    of: Shape = field(metadata=says("the distribution before the cut"))
    at_least: Numbers | None = field(default=None, metadata=says("cut off below"))
    at_most: Numbers | None = field(default=None, metadata=says("cut off above"))

    def __post_init__(self) -> None:
        settle(self)
        for name in ("at_least", "at_most"):
            if getattr(self, name) is not None:
                self._refuse(name, getattr(self, name), "finite", unless=True)
        left = float(np.subtract(*self._ends()[::-1]))
        if not left >= LEAST_LEFT:
            raise NothingLeft(left=left)

    def quantile(self, probability: Numbers) -> Numbers:
        """The value of the whole distribution at F(low) + p · (F(high) − F(low))."""
        below, upto = self._ends()
        value = self.of.quantile(below + np.asarray(probability) * (upto - below))
        return np.clip(value, self._low, self._high)

    def probability(self, value: Numbers) -> Numbers:
        """(F(x) − F(low)) / (F(high) − F(low)), from 0 to 1."""
        below, upto = self._ends()
        return np.clip((self.of.probability(value) - below) / (upto - below), 0.0, 1.0)

    def mean_below(self, value: Numbers) -> Numbers:
        """What lies between low and x, over the probability that is left."""
        below, upto = self._ends()
        x = np.clip(value, _before(self._low), self._high)
        return (self.of.mean_below(x) - self.of.mean_below(_before(self._low))) / (upto - below)

    @property
    def _low(self) -> float:
        return -np.inf if self.at_least is None else self.at_least

    @property
    def _high(self) -> float:
        return np.inf if self.at_most is None else self.at_most

    def _ends(self) -> tuple[Any, Any]:
        """The probabilities below the one end and up to the other, before the cut."""
        return self.of.probability(_before(self._low)), self.of.probability(self._high)


Distribution = Shape | Truncated
"""What a driver may turn out to be."""


def _before(value: float) -> float:
    """The number just below: a value that is itself likely lies within the cut at it."""
    return float(np.nextafter(value, -np.inf))


def _refuse_unordered(shape: Triangular | Pert) -> None:
    """A triangle stands on its low and high ends, the mode between them."""
    for name, sound, meant in (
        ("low", abs(shape.low) <= LARGEST, f"within ±{LARGEST:g}"),
        ("mode", abs(shape.mode) <= LARGEST, f"within ±{LARGEST:g}"),
        ("high", shape.low < shape.high <= LARGEST, f"above the low and at most {LARGEST:g}"),
        ("mode", shape.low <= shape.mode <= shape.high, "between the low and the high"),
    ):
        if not sound:
            raise ParameterOutOfRange(
                distribution=shape.kind, parameter=name, stated=getattr(shape, name), meant=meant
            )


def _refuse_values(kind: str, values: Any) -> None:
    if np.ndim(values) != 1 or not np.size(values):
        raise ValuesUnusable(distribution=kind, problem="are none")
    if not np.isfinite(values).all():
        raise ValuesUnusable(distribution=kind, problem="are not finite")
