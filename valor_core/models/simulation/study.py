"""A simulation with all that is looked at: how the value spreads, by year, and what drives it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from valor_core.errors import ValorError
from valor_core.models.catalogue import model_of
from valor_core.models.codec import dump, dump_value
from valor_core.models.fields import hint_at, is_row, line_at
from valor_core.models.simulation.dependence import Copula
from valor_core.models.simulation.estimates import Estimate, Sample
from valor_core.models.simulation.plan import (
    Event,
    SimulationPlan,
    kept_columns,
    lines_of_result,
    single_line,
)
from valor_core.models.simulation.ranking import (
    RankedDriver,
    SobolIndices,
    ranked_by_correlation,
    sobol_indices,
)
from valor_core.models.simulation.refusals import ColumnsUnusable
from valor_core.models.simulation.running import Pool, Simulation, simulate
from valor_core.models.simulation.summary import Fan, Histogram, Summary, fan, histogram, summary
from valor_core.models.simulation.tornado import Spider, tornado

DRAWN = 0.8
"""The part of the work that the scenarios are; the rest finds out what drives the value."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class YearlyLine:
    """How a yearly line spreads, beside the base case."""

    fan: Fan
    base: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """How likely an event is: at all, and in each year of a yearly line."""

    event: Event
    ever: Estimate
    by_year: tuple[Estimate, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Study:
    """A line over all scenarios, other lines beside it, and what moves the first."""

    simulation: Simulation  # with the first line alone
    summary: Summary
    histogram: Histogram
    means: dict[str, Estimate]  # of the other lines of one number; of one that is 1 or 0 a chance
    chances: tuple[Chance, ...]  # of the plan's events
    by_year: YearlyLine | None  # none: the plan keeps no yearly line
    tornado: Spider
    indices: tuple[SobolIndices, ...]  # none of drivers that depend on each other or move nothing
    ranked: tuple[RankedDriver, ...]

    def chance_above(self, threshold: float) -> Estimate:
        """The part of the scenarios above a threshold, such as the price."""
        found, column = self.simulation, self.summary.column
        return Sample(found.column(column), found.replicates).share_above(threshold)


def study(
    inputs: Any,
    plan: SimulationPlan,
    progress: Callable[[float], None],
    *,
    pool: Pool | None = None,
) -> Study:
    """Simulate the plan, whose first column is the line of one number that it is about."""
    looked_at(inputs, plan)
    found = simulate(inputs, plan, pool=pool, progress=lambda part: progress(DRAWN * part))
    return looked_into(inputs, plan, found, progress)


def looked_into(
    inputs: Any, plan: SimulationPlan, found: Simulation, progress: Callable[[float], None]
) -> Study:
    """What a simulation of the plan tells, and what drives its first column."""
    line, others, yearly = looked_at(inputs, plan)
    told = summary(found, line)
    dependent = plan.correlations or plan.copula is Copula.STUDENT_T
    shared_out = not dependent and told.lowest < told.highest
    indices = tuple(sobol_indices(inputs, plan, line)) if shared_out else ()
    progress(0.5 * (1.0 + DRAWN))
    return Study(
        simulation=replace(found, columns={line: found.column(line)}),
        summary=told,
        histogram=histogram(found, line),
        means={each: Sample(found.column(each), found.replicates).mean() for each in others},
        chances=tuple(_chance(found, event) for event in plan.events),
        by_year=_by_year(inputs, found, yearly) if yearly else None,
        tornado=tornado(inputs, plan, line),
        indices=indices,
        ranked=tuple(ranked_by_correlation(inputs, plan, line)),
    )


def looked_at(inputs: Any, plan: SimulationPlan) -> tuple[str, tuple[str, ...], str]:
    """The line that a study is about, other single ones, and a yearly one or nothing."""
    line, *more = lines_of_result(inputs, plan.columns)
    kept_columns(inputs, plan)  # an event's line may be none
    single_line(inputs, line)
    result = model_of(inputs).result
    rows = [each for each in more if is_row(hint_at(result, each))]
    if len(rows) > 1 or len({line, *more}) <= len(more):
        raise ColumnsUnusable(columns=plan.columns)
    return line, tuple(each for each in more if each not in rows), rows[0] if rows else ""


def _chance(found: Simulation, event: Event) -> Chance:
    """A yearly line meets the threshold at all where its furthest year does."""
    sign = 1.0 if event.above else -1.0
    reach = sign * found.column(event.line)
    years = [] if reach.ndim == 1 else [*reach.T]

    def share(values: np.ndarray) -> Estimate:
        return Sample(values, found.replicates, name=event.line).share_above(sign * event.threshold)

    furthest = reach.max(axis=-1) if years else reach
    return Chance(event=event, ever=share(furthest), by_year=tuple(map(share, years)))


def _by_year(inputs: Any, found: Simulation, name: str) -> YearlyLine:
    base = line_at(model_of(inputs).function(inputs), name)
    return YearlyLine(fan=fan(found, name), base=np.asarray(base))


def study_in_figures(
    inputs: Any,
    plan: SimulationPlan,
    progress: Callable[[float], None],
    *,
    pool: Pool | None = None,
) -> dict[str, Any]:
    """The study without its scenarios, JSON-ready; a figure that is not there is none."""
    return in_figures(study(inputs, plan, progress, pool=pool))


def in_figures(made: Study) -> dict[str, Any]:
    """A study that was made, likewise."""
    run, told = made.simulation, made.summary
    plan = run.plan
    return {
        "run_id": run.run_id,
        "model": run.model,
        "model_version": str(run.version),
        "line": told.column,
        "base": made.tornado.base,
        "scenarios": run.scenarios,
        "replicates": run.replicates,
        "seed": plan.seed,
        "converged": run.converged,
        "largest_change_of_a_correlation": run.dependence.change,
        "summary": dump(told) | {"percentiles": _by_level(told.percentiles)},
        "histogram": dump(made.histogram),
        "means": {name: dump(each) for name, each in made.means.items()},
        "chances": [dump(each) for each in made.chances],
        "by_year": _yearly_figures(made.by_year) if made.by_year else None,
        "refused": [dump(each) for each in run.refused],
        "tornado": [dump(leg) | {"reasons": _in_words(leg.reasons)} for leg in made.tornado.legs],
        "sobol": [dump(each) for each in made.indices],
        "rank_correlations": [dump(each) for each in made.ranked],
    }


def _by_level(percentiles: dict[float, Estimate]) -> list[dict[str, Any]]:
    return [{"level": level, **dump(each)} for level, each in percentiles.items()]


def _yearly_figures(line: YearlyLine) -> dict[str, Any]:
    return dump(line.fan) | {"base": dump_value(line.base)}


def _in_words(reasons: dict[int, ValorError]) -> list[dict[str, Any]]:
    return [
        {"place": place, "code": error.code, "detail": str(error)}
        for place, error in reasons.items()
    ]
