"""Whole simulations: the same bytes by any number of workers, known answers, refusals, an end."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.simulation.sound import DISTRIBUTIONS, a_plan, assets_alone
from tests.models.sound import a_dcf, a_direct_dcf
from valor_core.errors import NotFound, ValorError
from valor_core.models.codec import dump, load
from valor_core.models.dcf import discounted_cash_flow
from valor_core.models.sensitivity import replace_at
from valor_core.models.simulation.dependence import Copula
from valor_core.models.simulation.distributions import Lognormal, Normal, Truncated, Uniform
from valor_core.models.simulation.draws import Generator, Sampler
from valor_core.models.simulation.plan import (
    CHUNK,
    Driver,
    RankCorrelation,
    SimulationPlan,
    rounds,
    simulation_id,
    tasks,
)
from valor_core.models.simulation.refusals import (
    CorrelationUnusable,
    DriversUnusable,
    SizeOutOfRange,
)
from valor_core.models.simulation.running import drawn, merged, run_chunks, simulate
from valor_core.models.simulation.summary import summary


def bytes_of(simulation) -> dict[str, bytes]:
    return {name: column.tobytes() for name, column in simulation.columns.items()}


@pytest.mark.parametrize("sampler", Sampler)
def test_any_order_and_size_of_tasks_gives_the_same_bytes(sampler):
    plan = a_plan(sampler=sampler, scenarios=20_000, copula=Copula.STUDENT_T)
    plan = replace(plan, columns=("value_per_share", "fcff"), replicates=8)
    chunks = [chunk for each in rounds(plan) for chunk in each]

    alone = simulate(a_dcf(), plan)
    backwards = [run_chunks(a_dcf(), plan, part) for part in [*tasks(chunks, at_once=1)][::-1]]
    whole = merged(a_dcf(), plan, [r for part in backwards for r in part], converged=None)

    assert bytes_of(whole) == bytes_of(alone)
    assert whole.run_id == alone.run_id
    assert whole.refused == alone.refused


@pytest.mark.parametrize("sampler", Sampler)
def test_the_published_lognormal_comes_out_with_its_mean_percentiles_and_tail(sampler):
    """Closed forms of any probability textbook, within four standard errors."""
    inputs, drivers = assets_alone(cash=Lognormal(mu=4.560170185988092, sigma=0.3))
    plan = SimulationPlan(
        drivers=drivers, sampler=sampler, scenarios=2**16, seed=3, columns=("other_assets",)
    )

    found = summary(simulate(inputs, plan), levels=(0.05, 0.5, 0.95))

    for estimate, truth in (
        (found.mean, 100.0),
        (found.percentiles[0.05], 58.36486592396062),
        (found.percentiles[0.5], 95.59974818331004),
        (found.percentiles[0.95], 156.58927178243215),
        (found.shortfall, 51.79259764652107),
    ):
        assert abs(estimate.value - truth) <= 4.5 * estimate.error
        assert estimate.value == pytest.approx(truth, rel=1e-3 if sampler == "sobol" else 1e-2)


@settings(max_examples=25, deadline=None)
@given(DISTRIBUTIONS, st.integers(0, 1000))
def test_any_distribution_is_met_in_its_mean(shape, seed):
    inputs, drivers = assets_alone(cash=shape)
    plan = SimulationPlan(drivers=drivers, scenarios=4096, seed=seed, columns=("other_assets",))

    found = summary(simulate(inputs, plan), levels=(0.5,))

    tolerance = 8.0 * found.mean.error + 0.02 * found.sd.value + 1e-12
    assert found.mean.value == pytest.approx(shape.expected(), abs=tolerance)


def test_a_scenario_is_the_company_valued_alone():
    plan = a_plan(scenarios=64)
    made = simulate(a_dcf(), plan).columns["value_per_share"]
    chunk = rounds(plan)[0][0]
    draws = drawn(plan, chunk, plan.dependence().root)

    alone = a_dcf()
    for path, values in draws.items():
        alone = replace_at(alone, path, values[2])
    assert made[2] == discounted_cash_flow(alone).value_per_share


def test_refused_draws_are_counted_by_reason_and_left_out():
    drivers = (
        Driver(path="terminal_growth", distribution=Uniform(low=0.0, high=0.10)),
        Driver(path="shares.basic", distribution=Uniform(low=-100.0, high=900.0)),
    )
    simulation = simulate(a_dcf(wacc=a_dcf().wacc), a_plan(drivers=drivers, correlations=()))
    told = {each.code: each.count for each in simulation.refused}

    # 15 % of the growths lie above a WACC of 8.5 %; of the rest a tenth has no shares.
    assert set(told) == {"growth_not_below_wacc", "shares_not_positive"}
    assert told["growth_not_below_wacc"] / simulation.scenarios == pytest.approx(0.15, abs=0.005)
    assert told["shares_not_positive"] / simulation.scenarios == pytest.approx(0.085, abs=0.005)
    assert "is not below the WACC of 8.50%" in simulation.refused[0].example
    assert np.isnan(simulation.columns["value_per_share"]).mean() == simulation.share_refused
    assert summary(simulation).refused == sum(told.values())


@pytest.mark.parametrize("sampler", Sampler)
def test_a_simulation_ends_when_its_mean_is_exact_enough(sampler):
    plan = a_plan(sampler=sampler, scenarios=400_000, tolerance=0.002)

    found = simulate(a_dcf(), plan)

    assert found.converged
    assert found.scenarios < 400_000
    mean = summary(found).mean
    assert mean.half_width() <= 0.002 * abs(mean.value)


def test_a_simulation_that_is_not_exact_enough_ends_at_its_bound():
    found = simulate(a_dcf(), a_plan(sampler=Sampler.PLAIN, scenarios=20_000, tolerance=1e-6))

    assert found.converged is False
    assert found.scenarios == 20_000


def test_rounds_with_a_tolerance_draw_the_same_scenarios_as_without():
    for sampler in Sampler:
        plan = a_plan(sampler=sampler, scenarios=40_000, tolerance=1e-9)

        assert bytes_of(simulate(a_dcf(), plan)) == bytes_of(
            simulate(a_dcf(), replace(plan, tolerance=None))
        )


@given(
    st.sampled_from(Sampler),
    st.integers(2, 300_000),
    st.integers(8, 40),
    st.none() | st.just(0.01),
)
def test_every_scenario_is_drawn_once(sampler, scenarios, replicates, tolerance):
    plan = a_plan(sampler=sampler, scenarios=scenarios, replicates=replicates, tolerance=tolerance)
    chunks = [chunk for each in rounds(plan) for chunk in each]
    total = sum(chunk.count for chunk in chunks)

    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert all(1 <= chunk.count <= CHUNK for chunk in chunks)
    assert total >= scenarios
    assert sampler is not Sampler.PLAIN or total == scenarios
    reached: dict[int, int] = {}
    for chunk in sorted(chunks, key=lambda each: (each.replicate, each.start)):
        assert chunk.start == reached.get(chunk.replicate, 0)
        reached[chunk.replicate] = chunk.start + chunk.count
    assert len(set(reached.values())) == 1


def test_progress_is_told_and_may_give_the_simulation_up():
    told: list[float] = []
    simulate(a_dcf(), a_plan(scenarios=5 * CHUNK, sampler=Sampler.PLAIN), progress=told.append)
    assert told == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])

    class GivenUp(Exception):
        pass

    def give_up(_done: float) -> None:
        raise GivenUp

    with pytest.raises(GivenUp):
        simulate(a_dcf(), a_plan(), progress=give_up)


def test_a_plan_survives_json_with_its_id():
    plan = a_plan(tolerance=0.01, columns=("value_per_share", "fcff"), seed=2**53 - 1)

    again = load(SimulationPlan, json.loads(json.dumps(dump(plan))))

    assert dump(again) == dump(plan)
    assert simulation_id(a_dcf(), again) == simulation_id(a_dcf(), plan)
    assert bytes_of(simulate(a_dcf(), again)) == bytes_of(simulate(a_dcf(), plan))


def test_whatever_changes_the_scenarios_changes_the_id():
    plan = a_plan()
    ids = {
        simulation_id(a_dcf(), plan),
        simulation_id(a_dcf(revenue=1.0), plan),
        simulation_id(a_direct_dcf(), plan),
        simulation_id(a_dcf(), replace(plan, seed=8)),
        simulation_id(a_dcf(), replace(plan, scenarios=99)),
        simulation_id(a_dcf(), replace(plan, sampler=Sampler.PLAIN)),
        simulation_id(a_dcf(), replace(plan, generator=Generator.SFC64)),
        simulation_id(a_dcf(), replace(plan, copula=Copula.STUDENT_T)),
        simulation_id(a_dcf(), replace(plan, correlations=())),
    }

    assert len(ids) == 9


def test_an_impossible_matrix_is_repaired_and_the_change_told():
    pairs = [("growth.start", "margin.start"), ("margin.start", "wacc.start")]
    asked = [RankCorrelation(first=one, second=other, spearman=0.95) for one, other in pairs]
    asked.append(RankCorrelation(first="growth.start", second="wacc.start", spearman=-0.9))

    found = simulate(a_dcf(), a_plan(correlations=tuple(asked))).dependence

    assert found.repaired
    assert 0.1 < found.change < 1.0


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"drivers": ()}, DriversUnusable),
        ({"drivers": a_plan().drivers[:1] * 2, "correlations": ()}, DriversUnusable),
        ({"drivers": a_plan().drivers[:1]}, CorrelationUnusable),
        ({"correlations": a_plan().correlations[:1] * 2}, CorrelationUnusable),
        ({"scenarios": 1}, SizeOutOfRange),
        ({"scenarios": 10**9}, SizeOutOfRange),
        ({"replicates": 4}, SizeOutOfRange),
        ({"seed": -1}, SizeOutOfRange),
        ({"tolerance": 0.0}, SizeOutOfRange),
        ({"tolerance": float("nan")}, SizeOutOfRange),
        ({"copula": Copula.STUDENT_T, "degrees": 0.0}, SizeOutOfRange),
    ],
)
def test_a_plan_that_cannot_be_drawn_is_refused(changes, error):
    with pytest.raises(error):
        a_plan(**changes)


@pytest.mark.parametrize("spearman", [1.5, float("nan")])
def test_a_correlation_beyond_one_is_refused(spearman):
    asked = RankCorrelation(first="growth.start", second="margin.start", spearman=spearman)

    with pytest.raises(CorrelationUnusable, match="not between -1 and 1"):
        a_plan(correlations=(asked,))


@pytest.mark.parametrize("path", ["nothing", "wacc", "years", "growth[3]", "exit_multiple.x"])
def test_a_driver_that_is_no_number_of_the_model_is_refused(path):
    drivers = (Driver(path=path, distribution=Normal(mean=0.0, sd=1.0)),)

    with pytest.raises(ValorError):
        simulate(a_dcf(), a_plan(drivers=drivers, correlations=()))


@pytest.mark.parametrize("column", ["nothing", "cost_of_capital"])
def test_a_line_that_the_model_does_not_have_is_refused(column):
    with pytest.raises(NotFound):
        simulate(a_dcf(), a_plan(columns=(column,)))


def test_a_spread_over_the_growth_never_asks_for_a_refused_draw():
    """A WACC that is drawn above the growth, instead of draws that are cut afterwards."""
    above = Truncated(of=Normal(mean=0.085, sd=0.02), at_least=0.036)
    drivers = (
        Driver(path="terminal_growth", distribution=Uniform(low=0.02, high=0.035)),
        Driver(path="wacc.start", distribution=above),
    )

    assert simulate(a_dcf(), a_plan(drivers=drivers, correlations=())).share_refused == 0.0
