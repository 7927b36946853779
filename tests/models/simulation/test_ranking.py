"""Which drivers matter: Sobol indices, rank correlations, tornado and spider."""

import numpy as np
import pytest

from tests.models.simulation.sound import a_plan, assets_alone
from tests.models.sound import a_dcf, a_direct_dcf
from tests.workbooks.cases import RANDOM_CASES
from valor_core.errors import NotFound
from valor_core.models.catalogue import model_named
from valor_core.models.dcf import discounted_cash_flow
from valor_core.models.dilution import Shares
from valor_core.models.fields import leaves
from valor_core.models.refusals import SharesNotPositive
from valor_core.models.sensitivity import NotOneNumber, replace_at
from valor_core.models.simulation.dependence import Copula
from valor_core.models.simulation.distributions import Bootstrap, Normal, Uniform
from valor_core.models.simulation.plan import Driver, SimulationPlan
from valor_core.models.simulation.ranking import ranked_by_correlation, sobol_indices, spearman
from valor_core.models.simulation.refusals import (
    DriversUnusable,
    IndicesNeedIndependence,
    NothingValued,
)
from valor_core.models.simulation.tornado import spider, stepped, tornado


def test_in_a_sum_each_driver_has_its_share_of_the_variance():
    inputs, drivers = assets_alone(
        cash=Normal(mean=10.0, sd=3.0),
        associates=Uniform(low=0.0, high=np.sqrt(12.0)),
        non_operating_assets=Normal(mean=0.0, sd=2.0),
    )
    plan = SimulationPlan(drivers=drivers)

    found = sobol_indices(inputs, plan, "other_assets")

    assert [each.path for each in found] == [
        "bridge.cash",
        "bridge.non_operating_assets",
        "bridge.associates",
    ]
    for each, share in zip(found, (9 / 14, 4 / 14, 1 / 14), strict=True):
        assert each.first.value == pytest.approx(share, abs=0.01)
        assert each.total.value == pytest.approx(share, abs=0.01)


def test_in_a_product_drivers_share_what_they_do_together():
    """Y = X₁·X₂ with means 1 and deviation s: S = 1/(2 + s²), T = (1 + s²)/(2 + s²)."""
    inputs = a_direct_dcf(bridge=replace_at(a_direct_dcf(), "bridge.debt", 0.0).bridge)
    drivers = (
        Driver(path="exit_multiple", distribution=Normal(mean=1.0, sd=0.2)),
        Driver(path="exit_metric", distribution=Normal(mean=1.0, sd=0.2)),
    )
    inputs = replace_at(replace_at(inputs, "exit_multiple", 9.0), "exit_metric", 1.0)

    found = sobol_indices(inputs, SimulationPlan(drivers=drivers), "terminal_value_multiple")

    for each in found:
        assert each.first.value == pytest.approx(1 / 2.04, abs=0.01)
        assert each.total.value == pytest.approx(1.04 / 2.04, abs=0.01)
        assert each.total.value > each.first.value
        assert 0.0 < each.total.error < 0.02


def test_dependent_drivers_have_no_indices_but_ranks():
    with pytest.raises(IndicesNeedIndependence):
        sobol_indices(a_dcf(), a_plan())
    with pytest.raises(IndicesNeedIndependence):
        sobol_indices(a_dcf(), a_plan(correlations=(), copula=Copula.STUDENT_T))

    ranked = ranked_by_correlation(a_dcf(), a_plan())
    assert ranked[0].path == "margin.start"
    signs = {each.path: np.sign(each.spearman) for each in ranked}
    assert signs["wacc.start"] == -1.0
    assert signs["terminal_growth"] == 1.0


def test_a_line_that_does_not_move_has_no_drivers():
    plan = a_plan(correlations=())

    with pytest.raises(NothingValued):
        sobol_indices(a_dcf(), plan, "claims")
    assert {each.spearman for each in ranked_by_correlation(a_dcf(), plan, "claims")} == {0.0}


def test_equal_ranks_are_shared():
    assert spearman(np.array([1.0, 1.0, 2.0]), np.array([3.0, 3.0, 9.0])) == pytest.approx(1.0)


def test_a_tornado_moves_each_driver_alone_at_the_same_probability():
    plan = a_plan()
    found = tornado(a_dcf(), plan)

    assert found.base == discounted_cash_flow(a_dcf()).value_per_share
    assert [leg.swing for leg in found.legs] == sorted(leg.swing for leg in found.legs)[::-1]
    for leg in found.legs:
        shape = next(each.distribution for each in plan.drivers if each.path == leg.path)
        assert leg.inputs == pytest.approx([shape.quantile(0.1), shape.quantile(0.9)])
        for moved, value in zip(leg.inputs, leg.values, strict=True):
            alone = discounted_cash_flow(replace_at(a_dcf(), leg.path, moved))
            assert value == alone.value_per_share


@pytest.mark.parametrize("model", ["dcf", "lbo", "merger", "real_option", "statements"])
def test_a_step_of_one_input_gives_what_the_model_gives_alone(model):
    known = model_named(model)
    inputs = RANDOM_CASES[model](3)
    steps = {
        path: 0.01 * abs(value)
        for path, value in leaves(inputs).items()
        if isinstance(value, float) and value and path.count(".") <= 1
    }

    found = stepped(inputs, steps, known.headline)

    assert found.base == getattr(known.function(inputs), known.headline)
    assert {leg.path for leg in found.legs} == set(steps)
    assert [leg.swing for leg in found.legs] == sorted(leg.swing for leg in found.legs)[::-1]
    for leg in found.legs:
        for at, value in zip(leg.inputs, leg.values, strict=True):
            if not np.isnan(value):
                alone = known.function(replace_at(inputs, leg.path, at))
                assert value == pytest.approx(getattr(alone, known.headline), rel=1e-12)


def test_a_spider_tells_why_a_point_has_no_value():
    drivers = (
        Driver(path="terminal_growth", distribution=Uniform(low=0.0, high=0.1)),
        Driver(path="growth[1]", distribution=Bootstrap(values=[0.01, 0.02, 0.09])),
    )
    inputs = a_dcf(growth=[0.03] * 10)

    growth, year = spider(inputs, SimulationPlan(drivers=drivers)).legs

    assert np.isnan(growth.values[-2:]).all()
    assert {place: error.code for place, error in growth.reasons.items()} == {
        5: "growth_not_below_wacc",
        6: "growth_not_below_wacc",
    }
    assert growth.swing > 0.0
    assert not year.reasons
    assert list(year.values) == sorted(year.values)


def test_a_driver_that_the_base_case_does_not_state_has_no_tornado():
    drivers = (Driver(path="exit_multiple", distribution=Uniform(low=8.0, high=12.0)),)

    with pytest.raises(DriversUnusable, match="no value of exit_multiple"):
        tornado(a_dcf(), SimulationPlan(drivers=drivers))


@pytest.mark.parametrize("ask", [tornado, sobol_indices, ranked_by_correlation])
def test_only_a_single_line_of_the_result_is_ranked(ask):
    plan = a_plan(correlations=())

    with pytest.raises(NotOneNumber):
        ask(a_dcf(), plan, "fcff")
    with pytest.raises(NotFound):
        ask(a_dcf(), plan, "nothing")


def test_drivers_that_nobody_can_value_a_company_by_have_no_ranking():
    drivers = (Driver(path="terminal_growth", distribution=Uniform(low=0.1, high=0.2)),)

    for ask in (ranked_by_correlation, sobol_indices):
        with pytest.raises(NothingValued):
            ask(a_dcf(), SimulationPlan(drivers=drivers))
    assert tornado(a_dcf(), SimulationPlan(drivers=drivers)).legs[0].swing == 0.0


def test_what_no_driver_changes_is_refused_as_it_is_alone():
    with pytest.raises(SharesNotPositive):
        ranked_by_correlation(a_dcf(shares=Shares(basic=0.0)), a_plan())
