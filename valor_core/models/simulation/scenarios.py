"""A set of named scenarios with probabilities: each one's value, and what to expect of all."""

from dataclasses import dataclass, field
from math import isclose
from typing import Any

import numpy as np

from valor_core.errors import ValorError
from valor_core.models.fields import says, settle
from valor_core.models.numbers import Numbers
from valor_core.models.simulation.plan import single_line
from valor_core.models.simulation.program import directly
from valor_core.models.simulation.refusals import ScenariosUnusable
from valor_core.models.simulation.refused import reasons_of_lost
from valor_core.models.simulation.tornado import base_value, is_stated

MOST_SCENARIOS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An input that a scenario states otherwise than the base case."""

    path: str = field(metadata=says("the input by its path, such as terminal_growth"))
    value: Numbers = field(metadata=says("what it is in the scenario"))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One way that things may go."""

    name: str = field(metadata=says("what it is called"))
    probability: Numbers = field(metadata=says("how likely it is"))
    changes: tuple[Change, ...] = field(default=(), metadata=says("what differs from the base"))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioSet:
    """Scenarios that exclude each other, and of which one will come."""

    scenarios: tuple[Scenario, ...] = field(metadata=says("the scenarios"))

    def __post_init__(self) -> None:
        names = [each.name for each in self.scenarios]
        odds = [each.probability for each in self.scenarios]
        if not 1 <= len(names) <= MOST_SCENARIOS:
            raise ScenariosUnusable(problem=f"holds {len(names)}, not 1 to {MOST_SCENARIOS}")
        if len(set(names)) < len(names):
            raise ScenariosUnusable(problem="names one twice")
        if not all(name.strip() for name in names):
            raise ScenariosUnusable(problem="holds one without a name")
        for each in self.scenarios:
            if len({change.path for change in each.changes}) < len(each.changes):
                raise ScenariosUnusable(problem=f"changes an input twice in {each.name!r}")
        if not all(0.0 <= each <= 1.0 for each in odds):
            raise ScenariosUnusable(problem="holds a probability that is not between 0 and 1")
        if not isclose(sum(odds), 1.0, abs_tol=1e-9):
            raise ScenariosUnusable(problem=f"has probabilities that add up to {sum(odds):.6g}")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WeighedScenarios:
    """A line in each scenario; without a value in a likely one nothing is expected of the set."""

    column: str
    base: float
    names: tuple[str, ...]
    probabilities: tuple[float, ...]
    values: tuple[float, ...]
    reasons: dict[int, ValorError]  # by the place of a scenario without a value
    expected: float | None
    sd: float | None


def weigh(inputs: Any, stated: ScenarioSet, column: str = "") -> WeighedScenarios:
    """Value every scenario, all in one run, and weigh them by their probabilities.

    A base case without a value is refused with its own reason.
    """
    name, scenarios = single_line(inputs, column), stated.scenarios
    paths = dict.fromkeys(change.path for each in scenarios for change in each.changes)
    unknown = next((path for path in paths if not is_stated(inputs, path)), None)
    if unknown is not None:
        raise ScenariosUnusable(problem=f"changes {unknown}, of which the base case has no number")
    draws = {path: np.full(1 + len(scenarios), base_value(inputs, path)) for path in paths}
    for place, each in enumerate(scenarios, start=1):
        for change in each.changes:
            draws[change.path][place] = change.value
    base, *values = directly(inputs, draws, (name,), scenarios=1 + len(scenarios))[name].tolist()
    odds = np.array([each.probability for each in scenarios])
    told = reasons_of_lost(inputs, draws, {name: np.array([base, *values])})
    if 0 in told:
        raise told[0]
    likely = np.array(values)[odds > 0.0]
    expected = float(np.sum(likely * odds[odds > 0.0]))
    spread = float(np.sqrt(np.sum((likely - expected) ** 2 * odds[odds > 0.0])))
    known = bool(np.isfinite(expected))
    return WeighedScenarios(
        column=name,
        base=base,
        names=tuple(each.name for each in scenarios),
        probabilities=tuple(odds.tolist()),
        values=tuple(values),
        reasons={place - 1: error for place, error in told.items()},
        expected=expected if known else None,
        sd=spread if known else None,
    )
