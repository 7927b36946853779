"""What an analyst states for a simulation of a model, and the plan that it makes."""

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations
from math import log, sqrt
from typing import Any

from app.ui.places import figure_at
from app.ui.subjects import Subject, Usual
from valor_core.models.simulation.distributions import (
    Distribution,
    Lognormal,
    Normal,
    Pert,
    Shape,
    Triangular,
    Truncated,
    Uniform,
)
from valor_core.models.simulation.plan import Driver, RankCorrelation, SimulationPlan
from valor_core.models.simulation.refusals import ParameterOutOfRange

PATHS = tuple(2**power for power in range(10, 18))


class Kind(StrEnum):
    """What a driver may turn out to be."""

    FIXED = "fixed"
    NORMAL = "normal"
    LOGNORMAL = "lognormal"
    UNIFORM = "uniform"
    TRIANGULAR = "triangular"
    PERT = "PERT"


REACH = {Kind.UNIFORM: sqrt(3.0), Kind.TRIANGULAR: sqrt(6.0), Kind.PERT: sqrt(7.0)}
"""How many standard deviations the ends of a symmetric one lie from its centre."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What a driver may turn out to be; what is not stated follows base case and deviation."""

    kind: Kind
    sd: float
    centre: float | None = None
    low: float | None = None
    high: float | None = None

    def ends(self, base: float) -> tuple[float | None, float | None]:
        """Low and high; without any, those of the standard deviation, and a normal has none."""
        reach, centre = REACH.get(self.kind), self.about(base)
        usual = (None, None) if reach is None else (centre - reach * self.sd,
                                                    centre + reach * self.sd)  # fmt: skip
        low, high = (
            ours if stated is None else stated
            for stated, ours in zip((self.low, self.high), usual, strict=True)
        )
        return low, high

    def about(self, base: float) -> float:
        """The mean of a normal or lognormal, the mode of the others."""
        return base if self.centre is None else self.centre

    def distribution(self, base: float) -> Distribution:
        """The distribution, around the base case unless a centre is stated.

        >>> print(f"{Spread(kind=Kind.UNIFORM, sd=1.0, low=0.0).distribution(2.0).expected():.4f}")
        1.8660
        """
        (low, high), centre = self.ends(base), self.about(base)
        if self.kind in REACH:
            assert low is not None
            assert high is not None
            if self.kind is Kind.UNIFORM:
                return Uniform(low=low, high=high)
            between = Triangular if self.kind is Kind.TRIANGULAR else Pert
            return between(low=low, mode=centre, high=high)
        whole = self._lognormal(centre) if self.kind is Kind.LOGNORMAL else Normal(
            mean=centre, sd=self.sd)  # fmt: skip
        return whole if low is high is None else Truncated(of=whole, at_least=low, at_most=high)

    def _lognormal(self, mean: float) -> Shape:
        if not mean > 0.0:
            raise ParameterOutOfRange(
                distribution="lognormal", parameter="mean", stated=mean, meant="above 0"
            )
        variance = log(1.0 + (self.sd / mean) ** 2)
        return Lognormal(mu=log(mean) - 0.5 * variance, sigma=sqrt(variance))


@dataclass(slots=True, kw_only=True)
class Stated:
    """A simulation as the analyst has stated it so far; what is not stated is as usual."""

    of: Subject
    line: str = ""  # that is looked at; empty: the first that there is
    spreads: dict[str, Spread] = field(default_factory=dict)
    correlations: dict[frozenset[str], float] = field(default_factory=dict)
    paths: int = 0
    seed: int = 1
    steps: int | None = None  # of a lattice

    def __post_init__(self) -> None:
        self.paths = self.paths or self.of.paths

    def simulated(self, inputs: Any) -> Any:
        """The inputs as they are simulated."""
        return self.of.simulated(inputs, self.steps)

    def spread(self, path: str, usual: Usual, base: float) -> Spread:
        """What the driver may turn out to be: as stated, else as usual around its base case."""
        sd = usual.deviation(base)
        varies = usual.varies and sd > 0.0
        return self.spreads.get(path, Spread(kind=Kind.NORMAL if varies else Kind.FIXED, sd=sd))

    def varying(self, inputs: Any) -> dict[str, Spread]:
        """The drivers that are not fixed, by path."""
        found = {
            path: self.spread(path, usual, _base(inputs, path))
            for path, usual in self.of.drivers_of(inputs).items()
        }
        return {path: each for path, each in found.items() if each.kind is not Kind.FIXED}

    def looked_at(self, result: Any) -> str:
        """The line that the run is about: the chosen one, else the first that has a value."""
        there = self.of.offered(result)
        return self.line if self.line in there else next(iter(there), self.of.lines[0].path)

    def plan(self, inputs: Any, result: Any) -> SimulationPlan:
        """The plan that it makes of these inputs and their result; refused where it cannot be."""
        varying, yearly = self.varying(inputs), self.of.by_year
        return SimulationPlan(
            drivers=tuple(
                Driver(path=path, distribution=each.distribution(_base(inputs, path)))
                for path, each in varying.items()
            ),
            correlations=tuple(
                RankCorrelation(first=first, second=second, spearman=told)
                for first, second in combinations(varying, 2)
                if (told := self.correlations.get(frozenset({first, second}), 0.0))
            ),
            scenarios=self.paths,
            seed=self.seed,
            columns=(self.looked_at(result), *([yearly.path] if yearly else [])),
            events=tuple(self.of.events(inputs, result)),
        )


def _base(inputs: Any, path: str) -> float:
    base = figure_at(inputs, path)
    assert base is not None  # a driver is there only where it is stated
    return base
