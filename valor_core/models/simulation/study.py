"""A simulation with all that is looked at: how the value spreads, by year, and what drives it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from valor_core.models.catalogue import model_of
from valor_core.models.simulation.estimates import Estimate, Sample
from valor_core.models.simulation.plan import SimulationPlan
from valor_core.models.simulation.ranking import (
    RankedDriver,
    SobolIndices,
    ranked_by_correlation,
    sobol_indices,
)
from valor_core.models.simulation.running import Simulation, simulate
from valor_core.models.simulation.summary import Fan, Histogram, Summary, fan, histogram, summary
from valor_core.models.simulation.tornado import Spider, tornado

DRAWN = 0.8
"""The part of the work that the scenarios are; the rest finds out what drives the value."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Study:
    """A line over all scenarios, a yearly line beside it, and what moves the first."""

    simulation: Simulation  # with the first line alone
    summary: Summary
    histogram: Histogram
    fan: Fan
    base_by_year: np.ndarray  # the yearly line in the base case
    tornado: Spider
    indices: tuple[SobolIndices, ...]  # none of drivers that depend on each other
    ranked: tuple[RankedDriver, ...]

    def chance_above(self, threshold: float) -> Estimate:
        """The part of the scenarios above a threshold, such as the price."""
        found, column = self.simulation, self.summary.column
        return Sample(found.column(column), found.replicates).share_above(threshold)


def study(inputs: Any, plan: SimulationPlan, progress: Callable[[float], None]) -> Study:
    """Simulate the plan, whose columns are a line of one number and a yearly one."""
    line, yearly = plan.columns
    found = simulate(inputs, plan, progress=lambda part: progress(DRAWN * part))
    indices = () if plan.correlations else tuple(sobol_indices(inputs, plan, line))
    progress(0.5 * (1.0 + DRAWN))
    return Study(
        simulation=replace(found, columns={line: found.column(line)}),
        summary=summary(found, line),
        histogram=histogram(found, line),
        fan=fan(found, yearly),
        base_by_year=np.asarray(getattr(model_of(inputs).function(inputs), yearly)),
        tornado=tornado(inputs, plan, line),
        indices=indices,
        ranked=tuple(ranked_by_correlation(inputs, plan, line)),
    )
