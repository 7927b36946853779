"""Standard normal draws, chunk by chunk, each chunk from a stream of its own."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import scipy

SOBOL_BITS = 30


class Sampler(StrEnum):
    """How the probabilities of the scenarios are spread."""

    PLAIN = "plain"  # each at random
    SOBOL = "sobol"  # evenly in all drivers at once: scrambled Sobol points
    LATIN_HYPERCUBE = "latin_hypercube"  # evenly in each driver alone


class Generator(StrEnum):
    """The generator of the pseudo-random bits."""

    PCG64 = "pcg64"
    SFC64 = "sfc64"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some scenarios in a row: the smallest piece of work, the same whoever does it."""

    index: int  # its place among all chunks
    replicate: int  # which independent repetition it belongs to
    start: int  # its first scenario within the replicate
    count: int


def stream(generator: Generator, seed: int, key: int) -> np.random.Generator:
    """The random numbers of one chunk or one scramble: never of a worker, so order is free."""
    bits = {Generator.PCG64: np.random.PCG64, Generator.SFC64: np.random.SFC64}[generator]
    return np.random.Generator(bits(np.random.SeedSequence(seed, spawn_key=(key,))))


def normals(
    chunk: Chunk,
    dimensions: int,
    *,
    sampler: Sampler,
    generator: Generator,
    seed: int,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Independent standard normals: a row for each dimension, a column for each scenario.

    Draws at random are written into `out` where it is given.
    """
    if sampler is Sampler.PLAIN:
        shape = dimensions, chunk.count
        return stream(generator, seed, chunk.index).standard_normal(shape, out=out)
    if sampler is Sampler.LATIN_HYPERCUBE:
        spread = latin_hypercube(stream(generator, seed, chunk.index), dimensions, chunk.count)
        return scipy.special.ndtri(spread)
    scramble = stream(generator, seed, chunk.replicate)
    points = sobol_points(dimensions, chunk.count, start=chunk.start, scramble=scramble)
    return scipy.special.ndtri(np.ascontiguousarray(points.T))


def latin_hypercube(random: np.random.Generator, dimensions: int, count: int) -> np.ndarray:
    """One point in each of `count` equal strata of every dimension (McKay, Beckman, Conover)."""
    strata = np.tile(np.arange(count, dtype=np.float64), (dimensions, 1))
    inside = 1.0 - random.random((dimensions, count))  # above 0, up to 1
    spread = (random.permuted(strata, axis=1) + inside) / count
    return np.minimum(spread, np.nextafter(1.0, 0.0))


def sobol_points(
    dimensions: int, count: int, *, start: int = 0, scramble: np.random.Generator | None = None
) -> np.ndarray:
    """Points of the Sobol sequence with the directions of Joe and Kuo, in Gray-code order.

    A scramble (random linear matrix and digital shift, Matoušek) keeps their evenness, and lies
    inside the cube.

    >>> sobol_points(2, 4).tolist()
    [[0.0, 0.0], [0.5, 0.5], [0.75, 0.25], [0.25, 0.75]]
    """
    from scipy.stats import qmc

    engine = qmc.Sobol(dimensions, scramble=scramble is not None, bits=SOBOL_BITS, rng=scramble)
    if start:
        engine.fast_forward(start)
    points = _unwarned(engine, count)
    return points if scramble is None else points + 0.5 ** (SOBOL_BITS + 1)


def _unwarned(engine: Any, count: int) -> np.ndarray:
    """The next points; scipy warns of counts that are no power of two, which a part may well be."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return engine.random(count)
