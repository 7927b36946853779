"""Figures of a simulation and their errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.simulation.sound import a_plan, assets_alone
from tests.models.sound import a_dcf, rates
from valor_core.errors import NotFound
from valor_core.models.sensitivity import NotOneNumber
from valor_core.models.simulation.distributions import Normal
from valor_core.models.simulation.draws import Sampler
from valor_core.models.simulation.estimates import Sample
from valor_core.models.simulation.plan import SimulationPlan
from valor_core.models.simulation.refusals import LevelOutOfRange, NothingValued, SizeOutOfRange
from valor_core.models.simulation.running import simulate
from valor_core.models.simulation.summary import fan, histogram, summary

SAMPLES = st.lists(rates(-1e6, 1e6), min_size=2, max_size=60).map(np.array)


@given(SAMPLES, rates(0.01, 0.99))
def test_percentiles_are_numpys_and_lie_within_the_sample(values, level):
    found = Sample(values).quantile(level)

    assert found.value == pytest.approx(np.quantile(values, level), rel=1e-9, abs=1e-6)
    assert found.error >= 0.0


@given(SAMPLES)
def test_mean_and_deviation_are_numpys(values):
    assert Sample(values).mean().value == pytest.approx(np.mean(values), rel=1e-9, abs=1e-6)
    assert Sample(values).sd().value == pytest.approx(np.std(values, ddof=1), rel=1e-9)


@given(SAMPLES, rates(0.05, 0.95))
def test_the_worst_part_is_worse_on_average_than_all_and_no_worse_than_the_worst(values, tail):
    shortfall = Sample(values).shortfall(tail).value

    assert shortfall <= values.mean() + 1e-6 * max(1.0, np.abs(values).max())
    assert shortfall >= values.min() - 1e-6 * max(1.0, np.abs(values).max())


@given(SAMPLES, st.integers(1, 30), rates(-1e6, 1e6))
def test_what_has_no_value_counts_nowhere(values, missing, threshold):
    with_gaps = np.concatenate([values, np.full(missing, np.nan)])

    sample = Sample(with_gaps)
    assert sample.mean().value == Sample(values).mean().value
    assert sample.mean().error == pytest.approx(Sample(values).mean().error)
    assert sample.quantile(0.3).value == Sample(values).quantile(0.3).value
    assert sample.share_above(threshold).value == pytest.approx(np.mean(values > threshold))


@pytest.mark.parametrize("sampler", Sampler)
def test_stated_errors_are_those_that_repetitions_show(sampler):
    inputs, drivers = assets_alone(cash=Normal(mean=100.0, sd=10.0))
    plan = SimulationPlan(
        drivers=drivers, sampler=sampler, scenarios=2048, columns=("other_assets",)
    )
    repeated = []
    for seed in range(16):
        plan = SimulationPlan(
            drivers=drivers, sampler=sampler, scenarios=2048, seed=seed, columns=plan.columns
        )
        repeated.append(summary(simulate(inputs, plan), above=105.0, levels=(0.25,)))
    for figure in ("sd", "value_at_risk", "shortfall", "probability_above"):
        shown = np.std([getattr(each, figure).value for each in repeated], ddof=1)
        stated = np.mean([getattr(each, figure).error for each in repeated])

        assert 0.5 * shown <= stated <= 2.0 * shown + 1e-9, figure


def test_a_summary_tells_the_chance_of_a_price():
    inputs, drivers = assets_alone(cash=Normal(mean=100.0, sd=10.0))
    plan = SimulationPlan(drivers=drivers, columns=("other_assets",))

    found = summary(simulate(inputs, plan), above=110.0)

    assert found.probability_above is not None
    assert found.probability_above.value == pytest.approx(0.158655, abs=0.002)
    assert found.value_at_risk.value == found.percentiles[0.05].value
    assert found.lowest < found.percentiles[0.01].value
    assert (found.valued, found.refused) == (16_384, 0)


def test_a_histogram_counts_every_scenario_once():
    simulation = simulate(a_dcf(), a_plan())

    bars = histogram(simulation, bars=20)

    assert bars.counts.sum() + bars.below + bars.above == simulation.scenarios
    assert len(bars.edges) == 21


def test_a_fan_spreads_from_year_to_year():
    spread = fan(simulate(a_dcf(), a_plan(columns=("fcff", "value_per_share"))), "fcff")

    assert spread.values.shape == (5, 10)
    assert np.all(np.diff(spread.values, axis=0) > 0.0)
    width = spread.values[-1] - spread.values[0]
    assert width[9] > width[0]


def test_a_single_number_has_no_fan_and_a_row_no_histogram():
    simulation = simulate(a_dcf(), a_plan(columns=("fcff", "value_per_share")))

    with pytest.raises(NotOneNumber):
        fan(simulation, "value_per_share")
    with pytest.raises(NotOneNumber):
        summary(simulation, "fcff")
    with pytest.raises(NotFound):
        summary(simulation, "margin")


def test_what_cannot_be_told_is_refused():
    values = np.array([1.0, 2.0, 3.0])

    for level in (0.0, 1.0, float("nan")):
        with pytest.raises(LevelOutOfRange):
            Sample(values).quantile(level)
    with pytest.raises(NothingValued):
        Sample(np.array([1.0, np.nan]))
    with pytest.raises(SizeOutOfRange):
        histogram(simulate(a_dcf(), a_plan(scenarios=64)), bars=0)
