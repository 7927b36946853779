"""A simulation with all that is looked at, and its figures as clients read them."""

import json
from dataclasses import replace

import pytest

from tests.models.simulation.sound import a_plan
from tests.models.sound import a_dcf
from tests.workbooks.cases import RANDOM_CASES
from valor_core.models.dcf import discounted_cash_flow
from valor_core.models.simulation.dependence import Copula
from valor_core.models.simulation.distributions import Uniform
from valor_core.models.simulation.plan import Driver, SimulationPlan
from valor_core.models.simulation.refusals import ColumnsUnusable
from valor_core.models.simulation.running import simulate
from valor_core.models.simulation.study import Study, study, study_in_figures


def over(path: str, low: float, high: float, **changes) -> SimulationPlan:
    drivers = (Driver(path=path, distribution=Uniform(low=low, high=high)),)
    return a_plan(drivers=drivers, correlations=(), scenarios=128, **changes)


def made(plan: SimulationPlan) -> Study:
    return study(a_dcf(), plan, lambda _: None)


def test_without_named_lines_it_is_about_the_headline_and_shows_no_years():
    found = made(over("terminal_growth", 0.0, 0.03))

    assert found.summary.column == "value_per_share"
    assert found.by_year is None
    assert found.indices[0].first.value == pytest.approx(1.0, abs=0.02)


def test_drivers_that_move_nothing_leave_a_value_without_shares_of_variance():
    inputs = replace(a_dcf(), exit_multiple=9.0)

    found = study(inputs, over("exit_multiple", 5.0, 12.0), lambda _: None)

    value = discounted_cash_flow(inputs).value_per_share
    assert found.summary.lowest == found.summary.highest == value
    assert found.indices == ()
    assert [each.spearman for each in found.ranked] == [0.0]


def test_a_t_copula_has_no_shares_of_variance_either():
    assert made(over("terminal_growth", 0.0, 0.03, copula=Copula.STUDENT_T)).indices == ()


def test_two_yearly_lines_cannot_be_shown_together():
    with pytest.raises(ColumnsUnusable, match="together"):
        made(over("terminal_growth", 0.0, 0.03, columns=("value_per_share", "fcff", "waccs")))


def test_a_line_beside_the_first_is_told_by_its_mean():
    columns = ("value_per_share", "enterprise_value")
    found = made(over("terminal_growth", 0.0, 0.03, columns=columns))

    whole = simulate(a_dcf(), over("terminal_growth", 0.0, 0.03, columns=columns))
    expected = pytest.approx(whole.column("enterprise_value").mean(), rel=1e-12)
    assert found.means["enterprise_value"].value == expected


def test_its_figures_are_plain_json_with_refused_draws_and_lost_ends_told():
    plan = over("terminal_growth", 0.0, 0.3, columns=("value_per_share", "fcff"))

    told = study_in_figures(a_dcf(), plan, lambda _: None)

    assert json.loads(json.dumps(told, allow_nan=False)) == told
    [lost] = told["refused"]
    assert lost["code"] == "growth_not_below_wacc"
    assert lost["count"] == told["summary"]["refused"]
    [leg] = told["tornado"]
    assert leg["values"][1] is None
    assert leg["reasons"][0]["code"] == "growth_not_below_wacc"
    assert len(told["by_year"]["values"]) == len(told["by_year"]["levels"])


def test_any_model_can_be_simulated():
    inputs = RANDOM_CASES["lbo"](1)
    multiple = inputs.exit_multiple

    found = study(inputs, over("exit_multiple", multiple, 2.0 * multiple), lambda _: None)

    assert found.summary.column == "irr"
    assert found.ranked[0].spearman == pytest.approx(1.0)
