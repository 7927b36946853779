"""Every model that the page simulates, with what is looked at, what may happen and what varies."""

from dataclasses import replace

import numpy as np
import pytest

from app.ui.simulation_plan import Kind, Spread, Stated
from app.ui.subjects import CREDIT, MERGER, RETURNS, STATEMENTS, SUBJECTS
from tests.workbooks.cases import RANDOM_CASES
from valor_core.models.catalogue import model_named
from valor_core.models.fields import hint_at, is_row, line_at
from valor_core.models.paths import constant
from valor_core.models.sensitivity import replace_at
from valor_core.models.simulation.running import simulate
from valor_core.models.simulation.scenarios import Change, Scenario, ScenarioSet, weigh
from valor_core.models.simulation.study import looked_at, study
from valor_core.models.simulation.tornado import base_value
from valor_core.models.statements.forecast import forecast_statements
from valor_core.models.statements.plan import OpeningBalance, StatementsInputs
from valor_core.models.taxes import Taxes

LEAST_PATHS = 64


@pytest.mark.parametrize("of", SUBJECTS.values(), ids=SUBJECTS)
def test_a_sound_case_is_simulated_as_it_is_offered(of):
    inputs = of.simulated(RANDOM_CASES[of.model](3))
    stated = Stated(of=of, paths=LEAST_PATHS)
    plan = stated.plan(inputs, model_named(of.model).function(inputs))

    found = simulate(inputs, plan)

    line, *_ = looked_at(inputs, plan)
    assert line == stated.looked_at(model_named(of.model).function(inputs))
    assert np.isfinite(found.column(line)).mean() > 0.5
    assert found.scenarios >= LEAST_PATHS


@pytest.mark.parametrize("of", SUBJECTS.values(), ids=SUBJECTS)
def test_lines_are_those_of_the_models_result(of):
    result = model_named(of.model).result

    assert all(hint_at(result, each.path) and not is_row(hint_at(result, each.path))
               for each in of.lines)  # fmt: skip
    assert of.by_year is None or is_row(hint_at(result, of.by_year.path))
    assert all(hint_at(result, each.line) for each in of.likely)


@pytest.mark.parametrize("of", SUBJECTS.values(), ids=SUBJECTS)
def test_a_scenario_of_the_usual_drivers_is_worth_what_the_model_gives_alone(of):
    inputs, model = RANDOM_CASES[of.model](4), model_named(of.model)
    line = next(iter(of.offered(model.function(inputs))))
    paths = [*of.drivers_of(inputs)][:3]
    moved = [Change(path=path, value=1.01 * base_value(inputs, path)) for path in paths]
    stated = ScenarioSet(
        scenarios=tuple(
            Scenario(name=each.path, probability=1.0 / len(moved), changes=(each,))
            for each in moved
        )
    )

    found = weigh(inputs, stated, line)

    alone = [
        line_at(model.function(replace_at(inputs, each.path, each.value)), line) for each in moved
    ]
    assert list(found.values) == pytest.approx(alone, rel=1e-12)


def test_a_chance_by_year_is_the_share_of_the_paths_below_in_that_year():
    inputs = RANDOM_CASES["merger"](3)
    stated = Stated(of=MERGER, paths=256)
    plan = stated.plan(inputs, model_named("merger").function(inputs))

    [chance] = study(inputs, plan, lambda _: None).chances

    years = simulate(inputs, plan).column("accretion")
    assert [each.value for each in chance.by_year] == list(np.mean(years < 0.0, axis=0))
    assert chance.ever.value == np.mean((years < 0.0).any(axis=1))


def test_the_hurdle_is_the_stated_rate_of_the_case():
    inputs = replace(RANDOM_CASES["returns"](3), flows=[-100.0, 0.0, 121.0], rate=0.10,
                     dates=None, index=None, residual_value=0.0)  # fmt: skip
    spreads = {
        "flows[0]": Spread(kind=Kind.FIXED, sd=1.0),
        "flows[2]": Spread(kind=Kind.UNIFORM, sd=1.0, low=111.0, high=131.0),
    }
    stated = Stated(of=RETURNS, paths=LEAST_PATHS, spreads=spreads)

    plan = stated.plan(inputs, model_named("returns").function(inputs))

    [chance] = study(inputs, plan, lambda _: None).chances
    assert plan.paths == ("flows[2]",)
    assert chance.ever.value == pytest.approx(0.5, abs=0.02)


def test_what_is_not_filed_is_neither_offered_nor_asked():
    inputs = replace(RANDOM_CASES["credit"](3), market_value=None)
    result = model_named("credit").function(inputs)

    assert "z_score" not in CREDIT.offered(result)
    assert "market_value" not in CREDIT.drivers_of(inputs)
    assert "distress by Altman's Z" not in CREDIT.events(inputs, result).values()


def test_a_driver_for_every_year_is_named_by_its_year_and_the_first_told_wins():
    inputs = RANDOM_CASES["returns"](3)

    drivers = RETURNS.drivers_of(inputs)

    flows = [each.field.label for path, each in drivers.items() if path.startswith("flows")]
    assert flows == [f"Flow {place}" for place in range(1, len(inputs.flows) + 1)]
    assert not drivers["flows[0]"].varies


def test_draws_that_break_a_limit_are_counted_with_their_reason():
    free = StatementsInputs(
        years=1,
        revenue=100.0,
        growth=constant(0.1),
        opening=OpeningBalance(cash=1.0, fixed_assets=40.0),
        cost_of_revenue=constant(0.95),
        capital_expenditure=constant(0.05),
        taxes=Taxes(rate=constant(0.25)),
        shares=10.0,
    )
    inputs = replace(free, revolver_limit=0.0)
    plan = Stated(of=STATEMENTS, paths=256).plan(free, forecast_statements(free))

    limited, unlimited = simulate(inputs, plan), simulate(free, plan)

    drawing = unlimited.column("balance.revolver")[:, 0] > 0.0
    [refused] = limited.refused
    assert refused.code == "revolver_beyond_limit"
    assert refused.count == drawing.sum()
    assert np.isnan(limited.column("balance.cash")[drawing]).all()
