"""Rights on a project, all in one lattice, so that each is worth what the others leave of it.

The project value V moves as a lognormal, pays out cash at its yield once it is built, and is built
by paying its stages. On a project that runs, operating rights are open: the first one exercised
ends the others. V itself is worth V, so what flexibility adds is an option on the difference:

    operating:  O = max(e^(−rΔ)·E[O'], payoff of each right that is open)
    building:   W = max(e^(−rΔ)·E[W'], value after paying − outlay), nothing after the deadline
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.numbers import Numbers, valid_where
from valor_core.models.options.early_exercise import moves
from valor_core.models.options.lattice import enough_steps, rows_of
from valor_core.models.options.refusals import (
    DecisionAfterExpiry,
    ExpiryNegative,
    NothingUncertain,
    RightMissing,
    ShareNotPositive,
    StrikeNegative,
)
from valor_core.models.options.terms import Option, sound
from valor_core.models.recorder import whole

SNAP = 1e-9
"""Part of a step by which a date may miss it."""


class RightKind(StrEnum):
    """What a right on a running project allows."""

    EXPAND = "expand"
    CONTRACT = "contract"
    ABANDON = "abandon"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """A right on a running project, open from a first to a last date."""

    kind: RightKind = field(metadata=says("expand, contract, abandon or switch"))
    share: Numbers = field(
        default=1.0,
        metadata=says(
            "part of the project that is added or given up; for a switch, the value of the other "
            "use over the project's",
            Unit.RATIO,
        ),
    )
    amount: Numbers = field(
        metadata=says("what expanding or switching costs, what giving up brings", Unit.MONEY)
    )
    first: Numbers = field(default=0.0, metadata=says("open from", Unit.YEARS))
    last: Numbers = field(metadata=says("open until", Unit.YEARS))

    def __post_init__(self) -> None:
        settle(self)

    def payoff(self, value: Numbers) -> Numbers:
        """What exercise adds to a project of that value."""
        if self.kind is RightKind.EXPAND:
            return self.share * value - self.amount
        if self.kind is RightKind.SWITCH:
            return (self.share - 1.0) * value - self.amount
        given_up = value if self.kind is RightKind.ABANDON else self.share * value
        return self.amount - given_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """An outlay without which the project ends; the last one makes it run."""

    outlay: Numbers = field(metadata=says("what the stage costs", Unit.MONEY))
    deadline: Numbers = field(metadata=says("latest time to pay", Unit.YEARS))
    at_any_time: bool = field(
        default=False, metadata=says("payable at any time until the deadline, not only then")
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectInputs:
    """A project and the rights on it. Rates and yields are continuously compounded."""

    project_value: Numbers = field(
        metadata=says("present value of the project's cash, before its outlays", Unit.MONEY)
    )
    volatility: Numbers = field(metadata=says("standard deviation of a year's log return of it"))
    cash_yield: Numbers = field(
        default=0.0, metadata=says("what it pays out a year, as a part of its value", Unit.RATE)
    )
    rate: Numbers = field(metadata=says("risk-free rate, continuous", Unit.RATE))
    stages: tuple[Stage, ...] = field(
        default=(), metadata=says("outlays in their order; none: the project runs already")
    )
    rights: tuple[Right, ...] = field(
        default=(), metadata=says("rights on the running project; one exercised ends the others")
    )
    steps: int = field(default=300, metadata=says("steps of the lattice"))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectResult:
    """A project without its flexibility, and with all of it."""

    value_without_flexibility: Numbers = field(
        metadata=says("each outlay committed, at once where it may be paid at once", Unit.MONEY)
    )
    lattice_error: Numbers = field(
        metadata=says("how far the value moved from that of half the steps", Unit.MONEY)
    )
    option_value: Numbers = field(metadata=says("what flexibility adds", Unit.MONEY))
    value_with_flexibility: Numbers = field(metadata=says("value with all rights", Unit.MONEY))


@guarded
def flexible_project(inputs: ProjectInputs) -> ProjectResult:
    """A project with all its rights, in one lattice.

    >>> factory = ProjectInputs(
    ...     project_value=100.0, volatility=0.3, rate=0.05, cash_yield=0.04,
    ...     rights=(Right(kind=RightKind.EXPAND, share=0.3, amount=25.0, last=3.0),
    ...             Right(kind=RightKind.ABANDON, amount=80.0, last=3.0)))
    >>> print(f"{flexible_project(factory).option_value:.1f}")
    16.5
    """
    inputs = _sound(inputs)
    committed = committed_value(inputs)
    with_flexibility = project_by_lattice(inputs, inputs.steps)
    coarse = project_by_lattice(inputs, inputs.steps // 2)
    return ProjectResult(
        value_without_flexibility=committed,
        lattice_error=np.abs(with_flexibility - coarse),
        option_value=with_flexibility - committed,
        value_with_flexibility=with_flexibility,
    )


def committed_value(inputs: ProjectInputs) -> Numbers:
    """The project if every outlay is made whatever happens."""
    outlays, built = 0.0, 0.0
    for stage in inputs.stages:
        built = np.maximum(built, 0.0 if stage.at_any_time else stage.deadline)
        outlays = outlays + stage.outlay * np.exp(-inputs.rate * built)
    return inputs.project_value * np.exp(-inputs.cash_yield * built) - outlays


def _sound(inputs: ProjectInputs) -> ProjectInputs:
    """The inputs, where their numbers are those of rights."""
    if not inputs.stages and not inputs.rights:
        raise RightMissing
    value = inputs.project_value
    before: Numbers = 0.0
    for stage in inputs.stages:
        value = valid_where(stage.outlay >= 0.0, value, StrikeNegative, strike=stage.outlay)
        value = valid_where(stage.deadline >= 0.0, value, ExpiryNegative, years=stage.deadline)
        value = valid_where(
            before <= stage.deadline,
            value,
            DecisionAfterExpiry,
            decision=before,
            expiry=stage.deadline,
        )
        before = stage.deadline
    for right in inputs.rights:
        value = valid_where(right.share > 0.0, value, ShareNotPositive, share=right.share)
        value = valid_where(right.first >= 0.0, value, ExpiryNegative, years=right.first)
        value = valid_where(
            right.first <= right.last,
            value,
            DecisionAfterExpiry,
            decision=right.first,
            expiry=right.last,
        )
    return replace(inputs, project_value=value)


def project_by_lattice(inputs: ProjectInputs, steps: int) -> Numbers:
    """The value with all rights, one step of the workings."""
    horizon = 0.0
    for each in (*inputs.stages, *inputs.rights):
        horizon = np.maximum(horizon, each.deadline if isinstance(each, Stage) else each.last)
    option = sound(
        Option(
            spot=inputs.project_value,
            strike=inputs.project_value,
            rate=inputs.rate,
            dividend_yield=inputs.cash_yield,
            volatility=inputs.volatility,
            maturity=horizon,
        )
    )
    spot = valid_where(
        moves(option),
        option.spot,
        NothingUncertain,
        volatility=option.volatility,
        years=option.maturity,
    )
    spot = enough_steps(replace(option, spot=spot), steps).spot

    def project_lattice(*numbers: Numbers) -> Numbers:
        columns = np.broadcast_arrays(*numbers)
        shape = columns[0].shape
        supply = iter(each.reshape(-1, 1) for each in columns)
        with np.errstate(all="ignore"):
            return _Lattice(inputs, supply, steps).value().reshape(shape)[()]

    return whole(project_lattice, spot, *_numbers(inputs), horizon)


def _numbers(inputs: ProjectInputs) -> Iterator[Numbers]:
    """All numbers but the value, in the order in which the lattice takes them back."""
    yield from (inputs.rate, inputs.cash_yield, inputs.volatility)
    for stage in inputs.stages:
        yield from (stage.outlay, stage.deadline)
    for right in inputs.rights:
        yield from (right.share, right.amount, right.first, right.last)


class _Lattice:
    """All rights rolled back on the rows of one lattice, over a column of scenarios."""

    def __init__(self, inputs: ProjectInputs, numbers: Iterator[Numbers], steps: int) -> None:
        spot, rate, cash_yield, volatility = (next(numbers) for _ in range(4))
        self.stages = [
            replace(stage, outlay=next(numbers), deadline=next(numbers)) for stage in inputs.stages
        ]
        self.rights = [
            replace(
                right,
                share=next(numbers),
                amount=next(numbers),
                first=next(numbers),
                last=next(numbers),
            )
            for right in inputs.rights
        ]
        self.steps, self.horizon = steps, next(numbers)
        option = Option(
            spot=spot,
            strike=spot,
            rate=rate,
            dividend_yield=cash_yield,
            volatility=volatility,
            maturity=self.horizon,
        )
        self.rows = rows_of(option, steps)

    def value(self) -> np.ndarray:
        """The value today: what the project is worth at each stage, from the last back."""
        built = np.zeros_like(self.rows.at(self.steps))
        waiting, paid = [built for _ in self.stages], built
        for left in range(self.steps, -1, -1):
            if left < self.steps:
                built, waiting = self._back(built, left), [self._back(w, left) for w in waiting]
            prices = self.rows.at(left)
            for right in self.rights:
                is_open = (self._place(right.first) <= left) & (left <= self._place(right.last))
                built = np.where(is_open, np.maximum(built, right.payoff(prices)), built)
            paid = prices + built
            for place in range(len(self.stages) - 1, -1, -1):
                paid = waiting[place] = self._decided(
                    self.stages[place], waiting[place], paid, left
                )
        return paid[:, paid.shape[1] // 2]

    def _place(self, years: Numbers) -> Numbers:
        """The step of a date: the last one that does not come after it."""
        return np.floor(years / self.rows.step + SNAP)

    def _back(self, values: np.ndarray, left: int) -> np.ndarray:
        """What values a step later are worth now; beyond a wide row's ends nobody comes."""
        inner = self.rows.up * values[:, 1:] + self.rows.down * values[:, :-1]
        return inner if left % 2 else np.pad(inner, ((0, 0), (1, 1)), mode="edge")

    def _decided(self, stage: Stage, waited: Numbers, paid: Numbers, left: int) -> np.ndarray:
        """The better of paying the stage and waiting, where each is open."""
        due = self._place(stage.deadline)
        payable = (left <= due) if stage.at_any_time else (left == due)
        waited = np.where(left <= due, waited, 0.0)
        return np.where(payable, np.maximum(waited, paid - stage.outlay), waited)
