"""Draws: Sobol points, Latin hypercubes and streams."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valor_core.models.simulation.draws import (
    Chunk,
    Generator,
    Sampler,
    latin_hypercube,
    normals,
    sobol_points,
    stream,
)


def test_sobol_points_are_those_of_joe_and_kuo():
    """new-joe-kuo-6: dimension 1 is van der Corput's sequence in the order of Gray's code."""
    points = sobol_points(3, 8)

    assert points[:, 0].tolist() == [0.0, 0.5, 0.75, 0.25, 0.375, 0.875, 0.625, 0.125]
    assert points[4].tolist() == [0.375, 0.375, 0.625]


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 12), st.integers(0, 5), st.integers(0, 2**32))
def test_each_interval_of_a_power_of_two_holds_one_scrambled_point(dimensions, power, seed):
    count = 2**power
    points = sobol_points(dimensions, count, scramble=stream(Generator.PCG64, seed, 0))

    assert np.all((points > 0.0) & (points < 1.0))
    for column in points.T:
        assert sorted((column * count).astype(int)) == list(range(count))


def test_a_part_of_a_sequence_is_that_part_wherever_it_starts():
    whole = sobol_points(4, 64, scramble=stream(Generator.SFC64, 3, 5))

    parts = [
        sobol_points(4, 16, start=start, scramble=stream(Generator.SFC64, 3, 5))
        for start in range(0, 64, 16)
    ]

    assert np.array_equal(np.concatenate(parts), whole)


@given(st.integers(1, 5), st.integers(1, 200), st.integers(0, 2**32))
def test_each_stratum_of_a_latin_hypercube_holds_one_point(dimensions, count, seed):
    points = latin_hypercube(stream(Generator.PCG64, seed, 0), dimensions, count)

    assert np.all((points > 0.0) & (points < 1.0))
    for row in points:
        assert sorted(np.ceil(row * count).astype(int)) == list(range(1, count + 1))


@pytest.mark.parametrize("generator", Generator)
@pytest.mark.parametrize("sampler", Sampler)
def test_every_sampler_draws_standard_normals(sampler, generator):
    chunk = Chunk(index=3, replicate=1, start=0, count=8192)

    drawn = normals(chunk, 3, sampler=sampler, generator=generator, seed=11)

    assert drawn.shape == (3, 8192)
    assert drawn.mean(axis=1) == pytest.approx(0.0, abs=0.05)
    assert drawn.std(axis=1) == pytest.approx(1.0, abs=0.05)
    assert np.isfinite(drawn).all()


@pytest.mark.parametrize("sampler", Sampler)
def test_another_seed_and_another_replicate_draw_otherwise(sampler):
    def draw(seed, replicate):
        chunk = Chunk(index=replicate, replicate=replicate, start=0, count=64)
        return normals(chunk, 2, sampler=sampler, generator=Generator.PCG64, seed=seed)

    assert np.array_equal(draw(1, 0), draw(1, 0))
    assert not np.any(draw(1, 0) == draw(2, 0))
    assert not np.any(draw(1, 0) == draw(1, 1))
