from typing import Any

import pytest

from tests.models.sound import a_dcf
from valor_core.charts.batches import rates, sizes
from valor_core.charts.scenarios import weighed
from valor_core.models.simulation.scenarios import Change, Scenario, ScenarioSet, weigh


def test_a_bar_leads_from_the_base_to_each_scenario_and_names_are_text():
    unvaluable = (Change(path="terminal_growth", value=0.5),)
    slow = (Change(path="terminal_growth", value=0.0),)
    stated = ScenarioSet(
        scenarios=(
            Scenario(name="<b>slow</b>", probability=0.4, changes=slow),
            Scenario(name="as planned", probability=0.6),
            Scenario(name="absurd", probability=0.0, changes=unvaluable),
        )
    )
    found = weigh(a_dcf(), stated)

    drawn: Any = weighed(found, heading="Value", theme="light")

    [bars] = drawn.data
    assert list(bars.y) == ["as planned, 60 %", "&lt;b&gt;slow&lt;/b&gt;, 40 %"]
    assert [bars.base + each for each in bars.x] == pytest.approx(found.values[1::-1])
    assert [shape.x0 for shape in drawn.layout.shapes] == [found.base, found.expected]


@pytest.mark.parametrize(
    ("values", "step"), [([2e9, 5e9], "D2"), ([2e6, 5e9], 1), ([2e6, 5e12], 2)]
)
def test_sizes_have_few_marks_however_far_they_reach(values, step):
    figure = sizes([("Acme", value) for value in values], heading="", theme="dark")

    assert figure.to_dict()["layout"]["xaxis"]["dtick"] == step


@pytest.mark.parametrize("drawn", [rates, sizes])
def test_two_companies_of_one_name_are_two_rows_of_a_batch(drawn):
    figure = drawn([("Acme", 1e6), ("<i>B</i>", 3e6), ("Acme", 2e6)], heading="", theme="dark")

    assert list(figure.data[0].y) == [0, 1, 2]
    assert list(figure.layout.yaxis.ticktext) == ["Acme", "Acme", "&lt;i&gt;B&lt;/i&gt;"]
