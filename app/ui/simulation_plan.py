"""What an analyst states for a simulation of a model, and the plan that it makes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import log, sqrt
from typing import Any

from app.ui.field import Field
from app.ui.places import number_at
from valor_core.models.fields import Unit
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


def _field(
    path: str, label: str, unit: Unit | None, sd: float, *, varies: bool = False
) -> tuple[Field, Spread]:
    kind = Kind.NORMAL if varies else Kind.FIXED
    return Field(path, label, unit), Spread(kind=kind, sd=sd)


USUAL = (
    _field("growth.start", "Revenue growth, start", Unit.RATE, 0.01, varies=True),
    _field("margin.start", "EBIT margin", Unit.RATE, 0.02, varies=True),
    _field("margin.end", "EBIT margin, end", Unit.RATE, 0.02),
    _field("tax.start", "Tax on EBIT, start", Unit.RATE, 0.02),
    _field("sales_to_capital.ratio.start", "Sales to capital", Unit.RATIO, 0.2, varies=True),
    _field("wacc.start", "WACC", Unit.RATE, 0.005, varies=True),
    _field("cost_of_capital.beta", "Beta, levered", None, 0.1, varies=True),
    _field("cost_of_capital.risk_free", "Risk-free rate", Unit.RATE, 0.005),
    _field("cost_of_capital.equity_risk_premium", "Equity risk premium", Unit.RATE, 0.005),
    _field("terminal_growth", "Terminal growth", Unit.RATE, 0.0025, varies=True),
    _field("terminal_roic", "Return on new capital", Unit.RATE, 0.01),
    _field("exit_multiple", "Exit multiple", Unit.RATIO, 1.0),
)
"""The drivers of a DCF that may vary, with a usual deviation, not one that was filed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """What the mean of a line that is 1 or 0 is called, and which inputs it is about."""

    label: str
    of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A model as it is simulated: what is looked at, and what usually varies."""

    model: str
    title: str
    base: str  # of its inputs, after whose year the forecast years are named
    result: Field
    wanted: str  # what the result is compared with
    by_year: Field
    chances: Mapping[str, Chance]  # by their lines
    usual: tuple[tuple[Field, Spread], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The lines that a run keeps."""
        return (self.result.path, *self.chances, self.by_year.path)

    def drivers_of(self, inputs: Any) -> dict[str, Field]:
        """The drivers that these inputs state as one number, by path; one by year is none."""
        return {e.path: e for e, _ in self.usual if isinstance(number_at(inputs, e.path), float)}


SUBJECTS = {
    each.model: each
    for each in (
        Subject(
            model="dcf",
            title="DCF",
            base="revenue",
            result=Field("value_per_share", "Value per share", Unit.MONEY_PER_SHARE),
            wanted="such as today's price",
            by_year=Field("fcff", "Free cash flow to the firm", Unit.MONEY),
            chances={},
            usual=USUAL,
        ),
        Subject(
            model="lbo",
            title="Leveraged buyout",
            base="operations.revenue",
            result=Field("irr", "Sponsor's IRR", Unit.RATE),
            wanted="such as the fund's hurdle",
            by_year=Field("debt", "Debt at the year's end", Unit.MONEY),
            chances={"breached": Chance(label="Chance of a covenant breach", of="covenants")},
            usual=(
                _field("operations.growth.start", "Revenue growth, start", Unit.RATE, 0.02,
                       varies=True),
                _field("operations.margin.start", "EBITDA margin", Unit.RATE, 0.02, varies=True),
                _field("operations.capital_expenditure.start", "Capital expenditure, of revenue",
                       Unit.RATE, 0.005),
                _field("base_rate.start", "Base rate of what floats", Unit.RATE, 0.01),
                _field("purchase.multiple", "Entry multiple", Unit.RATIO, 0.5),
                _field("exit_multiple", "Exit multiple", Unit.RATIO, 1.0, varies=True),
            ),
        ),
    )
}  # fmt: skip
"""The models that the page simulates; the API and notebooks simulate any."""


@dataclass(slots=True, kw_only=True)
class Stated:
    """A simulation as the analyst has stated it so far."""

    of: Subject
    spreads: dict[str, Spread] = field(init=False)
    correlations: dict[frozenset[str], float] = field(default_factory=dict)
    paths: int = 2**14
    seed: int = 1

    def __post_init__(self) -> None:
        self.spreads = {each.path: spread for each, spread in self.of.usual}

    def varying(self, there: Mapping[str, Field]) -> list[Field]:
        """The drivers that are not fixed."""
        return [each for path, each in there.items() if self.spreads[path].kind is not Kind.FIXED]

    def plan(self, inputs: Any) -> SimulationPlan:
        """The plan that it makes of these inputs; refused where something cannot be."""
        paths = [each.path for each in self.varying(self.of.drivers_of(inputs))]
        return SimulationPlan(
            drivers=tuple(
                Driver(path=p, distribution=self.spreads[p].distribution(number_at(inputs, p)))
                for p in paths
            ),
            correlations=tuple(
                RankCorrelation(first=first, second=second, spearman=told)
                for place, first in enumerate(paths)
                for second in paths[place + 1 :]
                if (told := self.correlations.get(frozenset({first, second}), 0.0))
            ),
            scenarios=self.paths,
            seed=self.seed,
            columns=self.of.columns,
        )
