"""Sets of scenarios with probabilities."""

import json

import numpy as np
import pytest
from hypothesis import given

from tests.models.sound import a_dcf, rates
from valor_core.models.codec import dump, load
from valor_core.models.dcf import discounted_cash_flow
from valor_core.models.refusals import GrowthNotBelowWacc
from valor_core.models.sensitivity import replace_at
from valor_core.models.simulation.refusals import ScenariosUnusable
from valor_core.models.simulation.scenarios import Change, Scenario, ScenarioSet, weigh


def a_set(**growths: tuple[float, float]) -> ScenarioSet:
    return ScenarioSet(
        scenarios=tuple(
            Scenario(
                name=name,
                probability=odds,
                changes=(Change(path="terminal_growth", value=growth),),
            )
            for name, (odds, growth) in growths.items()
        )
    )


@given(rates(0.0, 1.0), rates(-0.02, 0.04), rates(-0.02, 0.04))
def test_each_scenario_is_the_company_alone_and_the_set_their_average(odds, low, high):
    found = weigh(a_dcf(), a_set(bear=(odds, low), bull=(1.0 - odds, high)))

    alone = [
        discounted_cash_flow(a_dcf(terminal_growth=growth)).value_per_share
        for growth in (low, high)
    ]
    assert list(found.values) == alone
    assert found.base == discounted_cash_flow(a_dcf()).value_per_share
    assert found.expected == pytest.approx(odds * alone[0] + (1.0 - odds) * alone[1])
    assert found.sd == pytest.approx(
        np.sqrt(odds * (1.0 - odds)) * abs(alone[0] - alone[1]), abs=1e-6
    )


def test_a_scenario_changes_what_it_names_and_nothing_else():
    stated = ScenarioSet(
        scenarios=(
            Scenario(name="as planned", probability=0.5),
            Scenario(
                name="price war",
                probability=0.5,
                changes=(
                    Change(path="margin.start", value=0.15),
                    Change(path="growth.start", value=0.01),
                ),
            ),
        )
    )

    found = weigh(a_dcf(), stated)

    war = replace_at(replace_at(a_dcf(), "margin.start", 0.15), "growth.start", 0.01)
    assert found.values == (found.base, discounted_cash_flow(war).value_per_share)
    assert found.column == "value_per_share"


def test_without_a_value_in_a_likely_scenario_nothing_is_expected():
    found = weigh(a_dcf(), a_set(sound=(0.5, 0.02), absurd=(0.5, 0.2)))

    assert found.expected is None
    assert found.sd is None
    assert found.reasons[1].code == "growth_not_below_wacc"
    assert weigh(a_dcf(), a_set(sound=(1.0, 0.02), absurd=(0.0, 0.2))).expected is not None


def test_a_base_case_without_a_value_is_refused_as_it_is_alone():
    with pytest.raises(GrowthNotBelowWacc):
        weigh(a_dcf(terminal_growth=0.5), a_set(sound=(1.0, 0.02)))


def test_a_set_without_changes_is_the_base_case():
    found = weigh(a_dcf(), ScenarioSet(scenarios=(Scenario(name="base", probability=1.0),)))

    assert found.expected == found.base
    assert found.sd == 0.0


def test_a_set_survives_json():
    stated = a_set(bear=(0.25, 0.01), bull=(0.75, 0.03))

    assert load(ScenarioSet, json.loads(json.dumps(dump(stated)))) == stated


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({}, "holds 0, not 1"),
        ({"one": (0.5, 0.0), "other": (0.4, 0.0)}, "add up to 0.9"),
        ({"one": (1.5, 0.0), "other": (-0.5, 0.0)}, "not between 0 and 1"),
        ({"one": (float("nan"), 0.0)}, "not between 0 and 1"),
    ],
)
def test_a_set_that_cannot_be_weighed_is_refused(stated, told):
    with pytest.raises(ScenariosUnusable, match=told):
        a_set(**stated)


def test_two_scenarios_of_one_name_are_refused_and_so_is_one_without():
    with pytest.raises(ScenariosUnusable, match="twice"):
        ScenarioSet(scenarios=(Scenario(name="a", probability=0.5),) * 2)
    with pytest.raises(ScenariosUnusable, match="without a name"):
        ScenarioSet(scenarios=(Scenario(name=" ", probability=1.0),))


def test_an_input_has_one_value_in_a_scenario():
    changes = (Change(path="terminal_growth", value=0.01),) * 2

    with pytest.raises(ScenariosUnusable, match="twice in 'x'"):
        ScenarioSet(scenarios=(Scenario(name="x", probability=1.0, changes=changes),))


@pytest.mark.parametrize(
    "path",
    ["nothing", "", "fcff", "growth[3]", "years", "growth.start[0]", "revenue[x]", "bridge",
     "shares.options[9].strike", "shares.options[-1].strike"],
)  # fmt: skip
def test_a_change_of_what_is_no_input_is_refused(path):
    changes = (Change(path=path, value=1.0),)

    with pytest.raises(ScenariosUnusable, match="of which the base case has no number"):
        weigh(
            a_dcf(),
            ScenarioSet(scenarios=(Scenario(name="x", probability=1.0, changes=changes),)),
        )
