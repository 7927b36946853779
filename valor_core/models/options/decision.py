"""When to act on a real option, and what the right is worth wherever the project goes."""

from dataclasses import dataclass, replace

import numpy as np

from valor_core.models.options.early_exercise import exercised_now, moves
from valor_core.models.options.lattice import Boundary, exercise_boundary
from valor_core.models.options.real_option import (
    RealOptionInputs,
    RealOptionKind,
    RealOptionResult,
    as_option,
    real_option,
)

DATES, COARSE_STEPS = 51, 100
MIDDLE_80 = 1.2815515655446004  # standard deviations to either side


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Between which values what is watched stays with a probability of 80 %, by date."""

    years: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueCurve:
    """The right, and what acting on it brings, by the value of the project."""

    project_values: np.ndarray
    right: np.ndarray
    payoff: np.ndarray


def watched_value(inputs: RealOptionInputs) -> float:
    """What the trigger is compared with: the project, for a switch its other use."""
    other = inputs.other_use
    if inputs.kind is RealOptionKind.SWITCH and other is not None:
        return other.value
    return inputs.project_value


def triggers(inputs: RealOptionInputs, result: RealOptionResult) -> Boundary:
    """From which value of what is watched acting pays, by date; nan where it does not yet.

    >>> mine = RealOptionInputs(kind=RealOptionKind.DEFER, project_value=100.0, amount=100.0,
    ...                         volatility=0.3, rate=0.05, cash_yield=0.04, years=3.0)
    >>> found = triggers(mine, real_option(mine))
    >>> print(f"{found.prices[0]:.0f} today, {found.prices[-1]:.0f} at the end")
    221 today, 100 at the end
    """
    at_the_end = np.nan if result.trigger is None else result.trigger
    if inputs.kind is RealOptionKind.STAGE and inputs.next_stage is not None:
        later = inputs.next_stage
        return Boundary(
            years=np.array([inputs.years, later.years]),
            prices=np.array([at_the_end, later.outlay]),
        )
    option = as_option(inputs)
    on_its_date = inputs.kind is RealOptionKind.CHOOSE or not inputs.at_any_time
    if on_its_date or not moves(option):
        return Boundary(years=np.array([inputs.years]), prices=np.array([at_the_end]))
    found = exercise_boundary(option)
    return replace(found, prices=found.prices * (watched_value(inputs) / option.spot))


def course(inputs: RealOptionInputs) -> Course:
    """Where what is watched may go, risk-neutrally, until the last decision."""
    option, last = as_option(inputs), inputs.years
    for later in (inputs.next_stage, inputs.giving_up):
        last = max(last, later.years) if later is not None else last
    years = np.linspace(0.0, last, DATES)
    drift = option.rate - option.dividend_yield - 0.5 * option.volatility**2
    middle = watched_value(inputs) * np.exp(drift * years)
    spread = np.exp(MIDDLE_80 * option.volatility * np.sqrt(years))
    return Course(years=years, low=middle / spread, high=middle * spread)


def value_curve(inputs: RealOptionInputs, project_values: np.ndarray) -> ValueCurve:
    """The right over a row of project values, by a lattice that is fine enough to be looked at."""
    there = replace(inputs, project_value=project_values, steps=min(inputs.steps, COARSE_STEPS))
    result = real_option(there)
    to_build = inputs.kind in {RealOptionKind.DEFER, RealOptionKind.STAGE}
    return ValueCurve(
        project_values=np.asarray(project_values),
        right=result.value_with_flexibility if to_build else result.option_value,
        payoff=np.maximum(result.value_without_flexibility, 0.0) if to_build else _acted_on(there),
    )


def _acted_on(inputs: RealOptionInputs) -> np.ndarray:
    """What the better of the rights would bring, were it used on these values."""
    option = as_option(inputs)
    if inputs.kind is RealOptionKind.CHOOSE and inputs.giving_up is not None:
        return np.maximum(exercised_now(option), inputs.giving_up.salvage - option.spot)
    return exercised_now(option)
