"""One driver at a time: low and high at the same probability, and along its percentiles."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from valor_core.errors import ValorError
from valor_core.models.fields import leaves
from valor_core.models.simulation.estimates import checked_level
from valor_core.models.simulation.plan import SimulationPlan, single_line
from valor_core.models.simulation.program import directly
from valor_core.models.simulation.refusals import DriversUnusable
from valor_core.models.simulation.refused import reasons_of_lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """An input's values, and the line there; nan has its reason."""

    path: str
    levels: tuple[float, ...]  # their probabilities; none where they are steps
    inputs: tuple[float, ...]
    values: tuple[float, ...]
    reasons: dict[int, ValorError]  # by place

    @property
    def swing(self) -> float:
        """From the lowest to the highest value; what cannot be valued leaves it out."""
        known = [value for value in self.values if not np.isnan(value)]
        return max(known) - min(known) if known else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spider:
    """How a line moves with each driver alone; the others stand at the base case."""

    column: str
    base: float
    legs: tuple[Leg, ...]


def tornado(
    inputs: Any, plan: SimulationPlan, column: str = "", *, probability: float = 0.10
) -> Spider:
    """Each driver at the same probability on both sides, the widest swing first."""
    return _widest_first(spider(inputs, plan, column, levels=(probability, 1.0 - probability)))


def spider(
    inputs: Any,
    plan: SimulationPlan,
    column: str = "",
    *,
    levels: Sequence[float] = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95),
) -> Spider:
    """Each driver along its percentiles, all of it in one run of the model."""
    for level in levels:
        checked_level(level)
    points = {
        driver.path: np.asarray(driver.distribution.quantile(np.array(levels)))
        for driver in plan.drivers
    }
    return _alone(inputs, points, column, levels=tuple(levels))


def stepped(inputs: Any, steps: Mapping[str, float], column: str = "") -> Spider:
    """Each input a step down and a step up, the widest swing first, in one run of the model."""
    points = {
        path: base_value(inputs, path) + step * np.array([-1.0, 1.0])
        for path, step in steps.items()
    }
    return _widest_first(_alone(inputs, points, column))


def _widest_first(found: Spider) -> Spider:
    return replace(found, legs=tuple(sorted(found.legs, key=lambda leg: (-leg.swing, leg.path))))


def _alone(
    inputs: Any, points: Mapping[str, np.ndarray], column: str, *, levels: tuple[float, ...] = ()
) -> Spider:
    """One input at a time at its points, the others at the base case."""
    name = single_line(inputs, column)
    many = len(next(iter(points.values())))
    draws = {}
    for n, (path, values) in enumerate(points.items()):
        moved = np.full(1 + many * len(points), base_value(inputs, path))
        moved[1 + n * many : 1 + (n + 1) * many] = values
        draws[path] = moved
    base, *line = directly(inputs, draws, (name,))[name].tolist()
    told = reasons_of_lost(inputs, draws, {name: np.array([base, *line])})
    legs = [
        Leg(
            path=path,
            levels=levels,
            inputs=tuple(values.tolist()),
            values=tuple(line[n * many : (n + 1) * many]),
            reasons={
                at: told[1 + n * many + at] for at in range(many) if 1 + n * many + at in told
            },
        )
        for n, (path, values) in enumerate(points.items())
    ]
    return Spider(column=name, base=base, legs=tuple(legs))


def base_value(inputs: Any, path: str) -> float:
    """An input in the base case, by its path."""
    known = leaves(inputs)
    row, year = year_of(path)
    if path in known and not np.ndim(known[path]):
        return float(known[path])
    if year is not None and row in known and np.ndim(known[row]) and year < len(known[row]):
        return float(known[row][year])
    raise DriversUnusable(problem=f"have no value of {path} in the base case")


def is_stated(inputs: Any, path: str) -> bool:
    """Whether the base case has a number at a path."""
    try:
        base_value(inputs, path)
    except DriversUnusable:
        return False
    return True


def year_of(path: str) -> tuple[str, int | None]:
    """A row and the place in it that a path means, or the path and none."""
    found = re.fullmatch(r"(.+)\[(\d{1,3})\]", path, re.ASCII)
    return (found[1], int(found[2])) if found else (path, None)
