"""Whatever numbers are stated, a model of the family values them or says why not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workbooks.cases import Draw
from tests.workbooks.intrinsic_cases import INTRINSIC_CASES
from valor_core.errors import ValorError
from valor_core.models.catalogue import checks_of, model_named
from valor_core.models.fields import leaves
from valor_core.models.sensitivity import replace_at

EXTREMES = st.floats() | st.sampled_from([0.0, -1.0, 1.0, 1e-300, 1e300, -1e300])


@pytest.mark.parametrize("name", INTRINSIC_CASES)
@given(data=st.data(), seed=st.integers(0, 1_000))
def test_one_company_is_valued_in_finite_numbers_or_refused(name, data, seed):
    inputs, model = INTRINSIC_CASES[name](Draw(seed)), model_named(name)
    numbers = {path: value for path, value in leaves(inputs).items() if np.ndim(value) == 0}
    paths = data.draw(st.lists(st.sampled_from(sorted(numbers)), max_size=3, unique=True))
    for path in paths:
        inputs = replace_at(inputs, path, data.draw(EXTREMES))

    try:
        result = model.function(inputs)
    except ValorError:
        return
    assert all(np.isfinite(value).all() for value in leaves(result).values())
    checks_of(inputs, result)


def test_a_scenario_whose_lines_overflow_both_ways_is_refused_alone():
    inputs, model = INTRINSIC_CASES["residual_income"](Draw(219)), model_named("residual_income")
    values = np.array([leaves(inputs)["payout.start"], 1e300])

    batch = model.function(replace_at(inputs, "payout.start", values))

    assert np.isfinite(batch.value_per_share[0])
    assert np.isnan(batch.value_per_share[1])


@pytest.mark.parametrize("name", INTRINSIC_CASES)
@given(data=st.data(), seed=st.integers(0, 1_000))
@settings(max_examples=10)
def test_a_scenario_of_a_batch_has_the_headline_that_it_has_alone(name, data, seed):
    inputs, model = INTRINSIC_CASES[name](Draw(seed)), model_named(name)
    numbers = {path: value for path, value in leaves(inputs).items() if np.ndim(value) == 0}
    path = data.draw(st.sampled_from(sorted(numbers)))
    values = np.array([numbers[path], numbers[path] * 1.01, float("nan"), 1e300])

    batch = getattr(model.function(replace_at(inputs, path, values)), model.headline)

    for place, value in enumerate(values):
        found = np.broadcast_to(batch, values.shape)[place]
        try:
            alone = getattr(model.function(replace_at(inputs, path, float(value))), model.headline)
        except ValorError:
            assert np.isnan(found) or np.ndim(batch) == 0
        else:
            assert found == pytest.approx(float(alone), rel=1e-12)
