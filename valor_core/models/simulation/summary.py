"""A simulation in figures: mean, percentiles, tails, the chance of a price, charts' data."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from valor_core.models.sensitivity import NotOneNumber
from valor_core.models.simulation.estimates import Estimate, Sample, at_rank, checked_level
from valor_core.models.simulation.refusals import SizeOutOfRange
from valor_core.models.simulation.running import Simulation

LEVELS = (0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99)
MOST_BARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A line of the result over all scenarios that have a value."""

    column: str
    valued: int
    refused: int
    mean: Estimate
    sd: Estimate
    lowest: float
    highest: float
    percentiles: dict[float, Estimate]  # by level
    tail: float
    value_at_risk: Estimate  # not exceeded in the worst part of the scenarios
    shortfall: Estimate  # mean of the worst part: CVaR
    probability_above: Estimate | None  # a threshold, such as the price


def summary(
    simulation: Simulation,
    column: str = "",
    *,
    levels: Sequence[float] = LEVELS,
    tail: float = 0.05,
    above: float | None = None,
) -> Summary:
    """The figures of a line; none named: the first that was kept."""
    column = column or next(iter(simulation.columns))
    sample = _sample(simulation, column)
    known = sample.ordered
    return Summary(
        column=column,
        valued=len(known),
        refused=simulation.scenarios - len(known),
        mean=sample.mean(),
        sd=sample.sd(),
        lowest=float(known[0]),
        highest=float(known[-1]),
        percentiles={level: sample.quantile(level) for level in levels},
        tail=tail,
        value_at_risk=sample.quantile(tail),
        shortfall=sample.shortfall(tail),
        probability_above=None if above is None else sample.share_above(above),
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Histogram:
    """How many scenarios fall between each two edges; what lies outside them is counted apart."""

    edges: np.ndarray
    counts: np.ndarray
    below: int
    above: int


def histogram(
    simulation: Simulation, column: str = "", *, bars: int = 60, trim: float = 0.001
) -> Histogram:
    """Equal bars between two percentiles: a few far scenarios do not squeeze all others together.

    `trim` is the part that is left out at either end.
    """
    if not 1 <= bars <= MOST_BARS:
        raise SizeOutOfRange(what="bars", asked=bars, least=1, most=MOST_BARS)
    ordered = _sample(simulation, column or next(iter(simulation.columns))).ordered
    ends = at_rank(ordered, np.array([trim, 1.0 - trim]))
    counts, edges = np.histogram(ordered, bins=bars, range=(float(ends[0]), float(ends[1])))
    return Histogram(
        edges=edges,
        counts=counts,
        below=int(np.searchsorted(ordered, edges[0])),
        above=len(ordered) - int(np.searchsorted(ordered, edges[-1], side="right")),
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Fan:
    """Percentiles of a yearly line: one row a level, one column a year."""

    column: str
    levels: tuple[float, ...]
    values: np.ndarray
    mean: np.ndarray


def fan(
    simulation: Simulation, column: str, *, levels: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95)
) -> Fan:
    """How far a yearly line spreads from year to year."""
    for level in levels:
        checked_level(level)
    years = simulation.column(column)
    if years.ndim == 1:
        raise NotOneNumber(column)
    ordered = [Sample(year, name=column).ordered for year in years.T]
    return Fan(
        column=column,
        levels=tuple(levels),
        values=np.stack([at_rank(year, np.array(levels)) for year in ordered], axis=-1),
        mean=np.array([np.mean(year) for year in ordered]),
    )


def _sample(simulation: Simulation, column: str) -> Sample:
    values = simulation.column(column)
    if values.ndim > 1:
        raise NotOneNumber(column)
    return Sample(values, simulation.replicates, name=column)
