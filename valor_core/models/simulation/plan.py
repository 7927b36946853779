"""What is to be simulated: drivers, how they move together, how they are drawn, what is kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, islice, pairwise
from typing import Annotated, Any

import numpy as np

from valor_core.errors import NotFound
from valor_core.models.catalogue import model_of
from valor_core.models.codec import dump
from valor_core.models.fields import hint_at, is_number, is_row, says, settle
from valor_core.models.numbers import Numbers
from valor_core.models.run_id import digest
from valor_core.models.sensitivity import NotOneNumber
from valor_core.models.simulation.dependence import Copula, Dependence, dependence
from valor_core.models.simulation.distributions import Distribution
from valor_core.models.simulation.draws import Chunk, Generator, Sampler
from valor_core.models.simulation.intervals import Ends
from valor_core.models.simulation.refusals import (
    CorrelationUnusable,
    DriversUnusable,
    SizeOutOfRange,
)

CHUNK = 16_384
CHUNKS_OF_A_TASK = 16
MOST_DRIVERS = 64
MOST_SCENARIOS = 10_000_000
MOST_REPLICATES = 128
LEAST_REPLICATES = 8
LARGEST_SEED = 2**53 - 1
RARE = 1e-12
FIRST_ROUND = 1_024
"""Points of each scramble before a simulation first looks whether it is exact enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """An input that varies, by its path in the model's inputs, and what it may turn out to be."""

    path: str = field(metadata=says("the input by its path, such as terminal_growth"))
    distribution: Distribution = field(metadata=says("what it may turn out to be"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RankCorrelation:
    """How two drivers move together, by Spearman's rank correlation."""

    first: str = field(metadata=says("path of a driver"))
    second: str = field(metadata=says("path of another"))
    spearman: Numbers = field(metadata=says("rank correlation, from -1 to 1"))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What may happen to a line of the result, in a year where it has one number a year."""

    line: str = field(metadata=says("the line by its path, such as irr or balance.cash"))
    threshold: Numbers = field(metadata=says("what the line is compared with"))
    above: bool = field(
        default=False, metadata=says("whether it rises above the threshold, not falls below it")
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationPlan:
    """A whole simulation but for the model's inputs: the same plan draws the same scenarios.

    Drivers without a stated correlation are drawn without one.
    """

    drivers: tuple[Driver, ...] = field(metadata=says("inputs that vary"))
    correlations: tuple[RankCorrelation, ...] = field(
        default=(), metadata=says("rank correlations between drivers")
    )
    copula: Copula = field(
        default=Copula.GAUSSIAN, metadata=says("the dependence behind the correlations")
    )
    degrees: Numbers = field(default=4.0, metadata=says("degrees of freedom of a t copula"))
    sampler: Sampler = field(default=Sampler.SOBOL, metadata=says("how scenarios are spread"))
    generator: Generator = field(
        default=Generator.PCG64, metadata=says("generator of the random bits")
    )
    seed: Annotated[int, LARGEST_SEED] = field(
        default=1, metadata=says("seed: another one draws other scenarios")
    )
    scenarios: Annotated[int, MOST_SCENARIOS] = field(
        default=CHUNK, metadata=says("scenarios at most; spread samplers round up")
    )
    replicates: int = field(
        default=8, metadata=says("independent repetitions, by which errors are told")
    )
    columns: tuple[str, ...] = field(
        default=(), metadata=says("lines of the result to keep; none: the model's headline")
    )
    events: tuple[Event, ...] = field(
        default=(), metadata=says("what may happen, of which the chance is told")
    )
    tolerance: Numbers | None = field(
        default=None,
        metadata=says("stop once the mean is known to this part of itself, at 95 %"),
    )

    def __post_init__(self) -> None:
        settle(self)
        self._refuse_drivers()
        for what, asked, least, most in (
            ("scenarios", self.scenarios, 2, MOST_SCENARIOS),
            ("replicates", self.replicates, LEAST_REPLICATES, MOST_REPLICATES),
            ("degrees of freedom", self.degrees, 1.0, 1e6),
            ("of tolerance", 0.01 if self.tolerance is None else self.tolerance, 1e-9, 1.0),
            ("as a seed", self.seed, 0, LARGEST_SEED),
        ):
            if not least <= asked <= most:
                raise SizeOutOfRange(what=what, asked=asked, least=least, most=most)

    def _refuse_drivers(self) -> None:
        if not 1 <= len(self.drivers) <= MOST_DRIVERS:
            raise DriversUnusable(problem=f"are {len(self.drivers)}, not 1 to {MOST_DRIVERS}")
        known = set(self.paths)
        if len(known) < len(self.drivers):
            raise DriversUnusable(problem="name an input twice")
        told: set[frozenset[str]] = set()
        for each in self.correlations:
            pair, problem = frozenset({each.first, each.second}), None
            if len(pair) == 1 or not pair <= known:
                problem = "is not between two different drivers"
            elif pair in told:
                problem = "is stated twice"
            elif not -1.0 <= each.spearman <= 1.0:
                problem = f"is {each.spearman:.6g}, not between -1 and 1"
            if problem:
                raise CorrelationUnusable(first=each.first, second=each.second, problem=problem)
            told.add(pair)

    @property
    def paths(self) -> tuple[str, ...]:
        """The inputs that vary."""
        return tuple(driver.path for driver in self.drivers)

    def asked_correlations(self) -> np.ndarray:
        """The rank correlations as a matrix over the drivers."""
        place, asked = {path: n for n, path in enumerate(self.paths)}, np.eye(len(self.drivers))
        for each in self.correlations:
            i, j = place[each.first], place[each.second]
            asked[i, j] = asked[j, i] = each.spearman
        return asked

    def usual_ends(self) -> dict[str, Ends]:
        """The ends within which each driver keeps but once in a million million draws."""
        rare = np.array([RARE, 1.0 - RARE])
        ends = {each.path: each.distribution.quantile(rare).tolist() for each in self.drivers}
        return {path: (low, high) for path, (low, high) in ends.items()}

    def dependence(self) -> Dependence:
        """The copula behind the correlations, repaired where they are impossible together."""
        return dependence(self.asked_correlations())


def kept_columns(inputs: Any, plan: SimulationPlan) -> tuple[str, ...]:
    """The lines of the result that the plan keeps, those of its events last."""
    told = lines_of_result(inputs, plan.columns)
    asked = lines_of_result(inputs, [each.line for each in plan.events]) if plan.events else ()
    return tuple(dict.fromkeys((*told, *asked)))


def lines_of_result(inputs: Any, names: Sequence[str]) -> tuple[str, ...]:
    """The named lines of the model's result; none named: its headline."""
    model = model_of(inputs)
    for name in names:
        if not is_number(hint_at(model.result, name)):
            raise NotFound("number in the result", name)
    return tuple(names) or (model.headline,)


def single_line(inputs: Any, name: str) -> str:
    """A line of the result with one number a scenario; none named: the headline."""
    (line,) = lines_of_result(inputs, [name] if name else [])
    if is_row(hint_at(model_of(inputs).result, line)):
        raise NotOneNumber(line)
    return line


def simulation_id(inputs: Any, plan: SimulationPlan) -> str:
    """SHA-256 of model name, version, inputs and plan: the same id, the same scenarios."""
    model = model_of(inputs)
    stated = {"inputs": dump(inputs), "model": model.name, "version": model.version}
    asked = {name: told for name, told in dump(plan).items() if told or name != "events"}
    return digest(stated | {"simulation": asked})


def rounds(plan: SimulationPlan) -> list[list[Chunk]]:
    """The work in rounds; with a tolerance the simulation may end after any of them.

    Each round doubles what was drawn, so that the rounds do not depend on who does the work.
    """
    if plan.sampler is Sampler.SOBOL:
        return _sobol_rounds(plan)
    size = CHUNK
    if plan.sampler is Sampler.LATIN_HYPERCUBE:
        size = min(CHUNK, -(-plan.scenarios // plan.replicates))
    latin = plan.sampler is Sampler.LATIN_HYPERCUBE
    chunks = [
        Chunk(
            index=index,
            replicate=index if latin else 0,
            start=0 if latin else start,
            count=size if latin else min(size, plan.scenarios - start),
        )
        for index, start in enumerate(range(0, plan.scenarios, size))
    ]
    if plan.tolerance is None:
        return [chunks]
    first = plan.replicates if latin else 1
    ends = [0, *_doubled(first, len(chunks))]
    return [chunks[start:end] for start, end in pairwise(ends)]


def _sobol_rounds(plan: SimulationPlan) -> list[list[Chunk]]:
    """Each scramble draws a power of two, as the evenness of the points asks for."""
    each = 1 << (-(-plan.scenarios // plan.replicates) - 1).bit_length()
    ends = [0, *_doubled(each if plan.tolerance is None else FIRST_ROUND, each)]
    index = count()
    return [
        [
            Chunk(
                index=next(index), replicate=replicate, start=start, count=min(CHUNK, end - start)
            )
            for replicate in range(plan.replicates)
            for start in range(begin, end, CHUNK)
        ]
        for begin, end in pairwise(ends)
    ]


def _doubled(first: int, end: int) -> Iterator[int]:
    """first, twice it, and so on, up to the end."""
    while first < end:
        yield first
        first *= 2
    yield end


def tasks(chunks: list[Chunk], *, at_once: int = CHUNKS_OF_A_TASK) -> Iterator[list[Chunk]]:
    """Chunks in parts that are worth a process's while: a model is prepared once for each."""
    waiting = iter(chunks)
    while part := list(islice(waiting, at_once)):
        yield part
