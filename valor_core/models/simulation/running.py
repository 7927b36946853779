"""Running a simulation: chunk by chunk, by one process or many, to the same bytes."""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import scipy

from valor_core.errors import NotFound
from valor_core.models.catalogue import model_of
from valor_core.models.simulation.dependence import Copula, Dependence
from valor_core.models.simulation.draws import Chunk, Sampler, normals
from valor_core.models.simulation.estimates import Sample
from valor_core.models.simulation.plan import (
    CHUNKS_OF_A_TASK,
    SimulationPlan,
    kept_columns,
    rounds,
    simulation_id,
    tasks,
)
from valor_core.models.simulation.program import Columns, evaluator
from valor_core.models.simulation.refused import Refused, added, reasons_of_lost

Pool = Callable[[Callable[[list[Chunk]], Any], Iterable[list[Chunk]]], Generator[Any]]
"""The map of an executor; closed early, it ends what is still at work."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ChunkResult:
    """What came of a chunk: the kept columns, nan where a draw was refused, and why."""

    chunk: Chunk
    columns: Columns
    refused: dict[str, Refused]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Simulation:
    """A simulation with the kept columns of all scenarios; replicate follows replicate."""

    run_id: str
    model: str
    version: int
    plan: SimulationPlan
    dependence: Dependence
    columns: Columns
    replicates: int  # independent repetitions among the scenarios; 1: each scenario is its own
    refused: tuple[Refused, ...]  # the most frequent reason first
    converged: bool | None  # none: nobody asked

    @property
    def scenarios(self) -> int:
        """How many were drawn, refused ones among them."""
        return len(next(iter(self.columns.values())))

    @property
    def share_refused(self) -> float:
        """The part of the draws that has no value."""
        return sum(each.count for each in self.refused) / self.scenarios

    def column(self, name: str) -> np.ndarray:
        """A kept line of the result."""
        if name not in self.columns:
            raise NotFound("kept column", name)
        return self.columns[name]


def simulate(
    inputs: Any,
    plan: SimulationPlan,
    *,
    pool: Pool | None = None,
    progress: Callable[[float], None] | None = None,
) -> Simulation:
    """Value the model over all scenarios of the plan, here or by the map of a pool.

    Which process does which chunk changes no byte. `progress` hears the part that is done, after
    each chunk or each task of the pool, and may raise to give the simulation up.
    """
    work, done = rounds(plan), list[ChunkResult]()
    total, here = sum(map(len, work)), prepared(inputs, plan)
    for each in work:
        parts = (
            ([here(chunk)] for chunk in each)
            if pool is None or len(each) <= CHUNKS_OF_A_TASK  # one task gains nothing elsewhere
            else pool(partial(run_chunks, inputs, plan), tasks(each))
        )
        with closing(parts):  # whoever gives up leaves no work behind
            for results in parts:
                done += results
                if progress is not None:
                    progress(len(done) / total)
        if plan.tolerance is not None and _is_exact(inputs, plan, done, plan.tolerance):
            return merged(inputs, plan, done, converged=True)
    return merged(inputs, plan, done, converged=None if plan.tolerance is None else False)


def run_chunks(inputs: Any, plan: SimulationPlan, chunks: Sequence[Chunk]) -> list[ChunkResult]:
    """Draw and value some chunks: a pure function, so any process may do it, in any order."""
    return list(map(prepared(inputs, plan), chunks))


def prepared(inputs: Any, plan: SimulationPlan) -> Callable[[Chunk], ChunkResult]:
    """What draws and values a chunk, with all that the chunks have in common done."""
    columns, root = kept_columns(inputs, plan), plan.dependence().root
    evaluate = evaluator(inputs, plan.paths, columns, within=plan.usual_ends())
    memory = cache(partial(_memory, plan))

    def run(chunk: Chunk) -> ChunkResult:
        draws = drawn(plan, chunk, root, memory(chunk.count))
        kept = evaluate(draws)
        refused = reasons_of_lost(inputs, draws, kept).by_code()
        return ChunkResult(chunk=chunk, columns=kept, refused=refused)

    return run


def merged(
    inputs: Any, plan: SimulationPlan, results: Sequence[ChunkResult], *, converged: bool | None
) -> Simulation:
    """The chunks' results as one simulation, in whatever order they came."""
    model = model_of(inputs)
    ordered = sorted(results, key=_place)
    refused: dict[str, Refused] = {}
    for result in ordered:
        refused |= {code: added(refused.get(code), more) for code, more in result.refused.items()}
    return Simulation(
        run_id=simulation_id(inputs, plan),
        model=model.name,
        version=model.version,
        plan=plan,
        dependence=plan.dependence(),
        columns={
            name: np.concatenate([result.columns[name] for result in ordered])
            for name in ordered[0].columns
        },
        replicates=len({result.chunk.replicate for result in ordered}),
        refused=tuple(sorted(refused.values(), key=lambda each: (-each.count, each.code))),
        converged=converged,
    )


def drawn(
    plan: SimulationPlan, chunk: Chunk, root: np.ndarray, memory: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """The drivers' values in the scenarios of a chunk; the root makes them dependent.

    They stand in the memory where it is given, until the next chunk is drawn into it.
    """
    first, second = _memory(plan, chunk.count) if memory is None else memory
    count, by_t = len(plan.drivers), plan.copula is Copula.STUDENT_T
    independent = normals(
        chunk,
        count + by_t,
        sampler=plan.sampler,
        generator=plan.generator,
        seed=plan.seed,
        out=first,
    )
    latent = independent[:count]
    if plan.correlations:
        latent = np.matmul(root, latent, out=second[:count])
    if by_t:
        latent = _as_t(latent, independent[count], plan.degrees)
    for driver, normal in zip(plan.drivers, latent, strict=True):
        normal[...] = driver.distribution.of_normal(normal)
    return dict(zip(plan.paths, latent, strict=True))


def _memory(plan: SimulationPlan, scenarios: int) -> np.ndarray:
    """Room for the normals of some scenarios, twice: new memory costs more to get than to fill."""
    return np.empty((2, len(plan.drivers) + (plan.copula is Copula.STUDENT_T), scenarios))


def _as_t(latent: np.ndarray, mixing: np.ndarray, degrees: float) -> np.ndarray:
    """Normals over one common root of χ²/ν are a t copula; told as the normals of its ranks."""
    chi_square = 2.0 * scipy.special.gammaincinv(0.5 * degrees, scipy.special.ndtr(mixing))
    t = latent / np.sqrt(chi_square / degrees)
    # By the lower tail on both sides, where probabilities are exact.
    return -np.sign(t) * scipy.special.ndtri(scipy.special.stdtr(degrees, -np.abs(t)))


def _place(result: ChunkResult) -> tuple[int, int]:
    return result.chunk.replicate, result.chunk.start


def _is_exact(
    inputs: Any, plan: SimulationPlan, results: list[ChunkResult], tolerance: float
) -> bool:
    """Whether the mean of the first column is known to the tolerance."""
    name = kept_columns(inputs, plan)[0]
    values = np.concatenate([r.columns[name] for r in sorted(results, key=_place)])
    replicates = 1 if plan.sampler is Sampler.PLAIN else len({r.chunk.replicate for r in results})
    found = Sample(values if values.ndim == 1 else values.sum(axis=-1), replicates).mean()
    return bool(found.half_width() <= tolerance * abs(found.value))
