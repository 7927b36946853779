"""One policy over many companies."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.sound import a_dcf, a_direct_dcf, dcfs
from valor_core.errors import NotFound, ValorError
from valor_core.models.catalogue import model_of
from valor_core.models.fields import leaves
from valor_core.models.sensitivity import replace_at
from valor_core.models.simulation.batch import batch
from valor_core.models.simulation.refusals import FiguresUnusable

FIGURES = {
    "revenue": np.array([100.0, 200.0, -5.0, np.nan, 50.0]),
    "margin.start": np.array([0.1, 0.2, 0.2, np.nan, -0.1]),
    "shares.basic": np.array([10.0, 0.0, 0.0, 5.0, 3.0]),
}


def alone(policy, figures, place):
    for path, column in figures.items():
        policy = replace_at(policy, path, float(column[place]))
    return policy


def test_each_company_has_its_value_or_the_reason_that_it_would_hear_alone():
    found = batch(a_dcf(), FIGURES, ("value_per_share", "fcff"))

    assert found.companies == 5
    assert np.isfinite(found.columns["value_per_share"]).tolist() == [True] + [False] * 4
    assert {place: error.code for place, error in found.reasons.items()} == {
        1: "shares_not_positive",
        2: "revenue_negative",
        3: "figure_missing",
        4: "terminal_flow_negative",
    }
    assert str(found.reasons[3]) == "The company has no revenue."
    assert found.columns["fcff"].shape == (5, 10)
    for place in (1, 2, 4):
        inputs = alone(a_dcf(), FIGURES, place)
        with pytest.raises(ValorError) as heard:
            model_of(inputs).function(inputs)
        assert str(heard.value) == str(found.reasons[place])


@settings(max_examples=25, deadline=None)
@given(dcfs(), st.integers(0, 99))
def test_a_row_of_a_batch_is_the_single_run_to_the_bit(company, seed):
    random, known = np.random.default_rng(seed), leaves(company)
    figures = {
        path: known[path] * random.uniform(0.5, 1.5, 12)
        for path in ("revenue", "bridge.debt", "bridge.cash", "shares.basic", "terminal_growth")
    }

    found = batch(company, figures)

    for place in range(12):
        inputs = alone(company, figures, place)
        value = found.columns["value_per_share"][place]
        if place in found.reasons:
            assert np.isnan(value)
        else:
            assert value == model_of(inputs).function(inputs).value_per_share


def test_a_batch_takes_any_model():
    found = batch(a_direct_dcf(), {"terminal_growth": np.array([0.01, 0.5])})

    assert list(found.columns) == ["value_per_share"]
    assert found.reasons[1].code == "growth_not_below_wacc"


@pytest.mark.parametrize(
    "figures",
    [
        {},
        {"revenue": np.array([])},
        {"revenue": np.ones(2), "shares.basic": np.ones(3)},
        {"revenue": np.ones((2, 2))},
        {"revenue": np.float64(3.0)},
    ],
    ids=["none", "empty", "uneven", "matrix", "number"],
)
def test_figures_that_do_not_fit_are_refused(figures):
    with pytest.raises(FiguresUnusable):
        batch(a_dcf(), figures)


def test_figures_of_an_input_that_does_not_exist_are_refused():
    with pytest.raises(NotFound):
        batch(a_dcf(), {"nothing": np.ones(3)})
    with pytest.raises(NotFound):
        batch(a_dcf(), {"revenue": np.ones(3)}, ("nothing",))
