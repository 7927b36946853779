"""Which drivers matter: shares of the variance (Sobol indices), and rank correlations."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import scipy

from valor_core.models.simulation.draws import sobol_points, stream
from valor_core.models.simulation.estimates import Estimate
from valor_core.models.simulation.plan import CHUNK, SimulationPlan, rounds, single_line
from valor_core.models.simulation.program import evaluator
from valor_core.models.simulation.refusals import (
    IndicesNeedIndependence,
    NothingValued,
    SizeOutOfRange,
)
from valor_core.models.simulation.running import drawn

MOST_POINTS = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class SobolIndices:
    """What a driver gives to the variance of a line: alone, and with all its interactions."""

    path: str
    first: Estimate
    total: Estimate


def sobol_indices(
    inputs: Any, plan: SimulationPlan, column: str = "", *, points: int = 1024
) -> list[SobolIndices]:
    """The drivers by their total index, the greatest first (Jansen's estimators).

    S = 1 − E[(f_B − f_AB)²] / 2V, T = E[(f_A − f_AB)²] / 2V, where AB is A with one driver of B.
    Each of the plan's replicates takes that many points of a scrambled Sobol sequence. A point at
    which any of its scenarios is refused is left out.
    """
    if plan.correlations or plan.copula != "gaussian":
        raise IndicesNeedIndependence
    if not 2 <= points <= MOST_POINTS:
        raise SizeOutOfRange(what="points", asked=points, least=2, most=MOST_POINTS)
    evaluate = evaluator(inputs, plan.paths, (single_line(inputs, column),))
    estimates = np.array([_jansen(evaluate, plan, points, each) for each in range(plan.replicates)])
    found = [
        SobolIndices(path=path, first=_spread(each[:, 0]), total=_spread(each[:, 1]))
        for path, each in zip(plan.paths, np.moveaxis(estimates, 1, 0), strict=True)
    ]
    return sorted(found, key=lambda each: (-each.total.value, each.path))


def _jansen(evaluate: Any, plan: SimulationPlan, points: int, replicate: int) -> np.ndarray:
    """First and total index of each driver by one scramble."""
    count = len(plan.drivers)
    scramble = stream(plan.generator, plan.seed, replicate)
    spread = scipy.special.ndtri(sobol_points(2 * count, points, scramble=scramble).T)
    a, b = (
        [d.distribution.of_normal(z) for d, z in zip(plan.drivers, part, strict=True)]
        for part in (spread[:count], spread[count:])
    )
    mixed = [[b[j] if j == i else a[j] for j in range(count)] for i in range(count)]
    scenarios = zip(*(a, b, *mixed), strict=True)
    draws = {path: np.concatenate(each) for path, each in zip(plan.paths, scenarios, strict=True)}
    (line,) = evaluate(draws).values()
    by_part = line.reshape(count + 2, points)
    by_part = by_part[:, ~np.isnan(by_part).any(axis=0)]
    if by_part.shape[1] < 2 or np.ptp(by_part[:2]) == 0.0:
        raise NothingValued(column="The asked line")
    f_a, f_b, f_ab = by_part[0], by_part[1], by_part[2:]
    twice_variance = 2.0 * np.var(by_part[:2])
    first = 1.0 - np.mean((f_b - f_ab) ** 2, axis=-1) / twice_variance
    total = np.mean((f_a - f_ab) ** 2, axis=-1) / twice_variance
    return np.stack([first, total], axis=-1)


def _spread(each: np.ndarray) -> Estimate:
    error = float(np.std(each, ddof=1)) / float(np.sqrt(len(each)))
    return Estimate(value=float(np.mean(each)), error=error, repetitions=len(each))


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedDriver:
    """How a line moves with a driver, by Spearman's rank correlation."""

    path: str
    spearman: float


def ranked_by_correlation(
    inputs: Any, plan: SimulationPlan, column: str = "", *, scenarios: int = CHUNK
) -> list[RankedDriver]:
    """The drivers by the size of their rank correlation with a line, over the first scenarios.

    It holds for drivers that depend on each other too; then each shows what it shares with others.
    """
    name = single_line(inputs, column)
    chunks = [chunk for each in rounds(plan) for chunk in each]
    enough = -(-scenarios // max(chunk.count for chunk in chunks))
    root = plan.dependence().root
    parts = [drawn(plan, chunk, root) for chunk in islice(chunks, enough)]
    draws = {path: np.concatenate([part[path] for part in parts]) for path in plan.paths}
    (line,) = evaluator(inputs, plan.paths, (name,))(draws).values()
    known = ~np.isnan(line)
    if known.sum() < 2:
        raise NothingValued(column=name)
    found = [
        RankedDriver(path=path, spearman=spearman(values[known], line[known]))
        for path, values in draws.items()
    ]
    return sorted(found, key=lambda each: (-abs(each.spearman), each.path))


def spearman(first: np.ndarray, second: np.ndarray) -> float:
    """The correlation of the ranks; equal values share a rank, and what never moves has none."""
    from scipy.stats import rankdata

    ranks = np.stack([rankdata(first), rankdata(second)])
    if np.ptp(ranks, axis=1).min() == 0.0:
        return 0.0
    return float(np.corrcoef(ranks)[0, 1])
