"""Inputs as JSON and back, and the id of a run."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.sound import a_cost_of_capital, a_dcf, a_direct_dcf, dcfs
from valor_core.errors import BadInputs
from valor_core.models.catalogue import MODELS, model_named, model_of
from valor_core.models.codec import dump, load, schema
from valor_core.models.dcf import DcfInputs, discounted_cash_flow
from valor_core.models.dilution import OptionTranche
from valor_core.models.run_id import run_id


@given(dcfs())
def test_inputs_survive_json_to_the_bit_and_keep_their_run_id(company):
    text = json.dumps(dump(company), allow_nan=False)

    again = load(DcfInputs, json.loads(text))

    assert json.dumps(dump(again)) == text
    assert run_id(model_of(again), again) == run_id(model_of(company), company)
    assert discounted_cash_flow(again).value_per_share == pytest.approx(
        discounted_cash_flow(company).value_per_share, rel=0, abs=0
    )


HOSTILE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(alphabet="a1=é", max_size=8)
    | st.sampled_from([10**400, float("nan"), float("inf"), "1", "\ud800", [1.0] * 101]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["start", "end", "debt", "x", "basic"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@settings(max_examples=100)
@given(st.dictionaries(st.sampled_from([*dump(a_dcf()), "unknown"]), HOSTILE))
def test_whatever_is_sent_is_read_or_refused_with_the_place_of_each_flaw(changes):
    data = {**dump(a_dcf()), **changes}
    try:
        inputs = load(DcfInputs, data)
    except BadInputs as refusal:
        places = {flaw.place.split(".")[0].split("[")[0] for flaw in refusal.flaws}
        str(refusal).encode()
    else:
        places = set()
        json.dumps(dump(inputs), allow_nan=False)
    assert places <= set(changes)


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        ("revenue", True, "a number is meant, not true"),
        ("revenue", "1", "a number is meant, not '1'"),
        ("revenue", float("nan"), "not a finite number"),
        ("revenue", float("inf"), "not a finite number"),
        pytest.param("revenue", 10**5_000, "a huge whole number is not", id="5,000 digits"),
        ("revenue", None, "not null"),
        ("years", 5.5, "a whole number is meant"),
        ("years", 10**30, "a huge whole number is not between"),
        ("growth", 0.05, "a list of numbers or a fade is meant"),
        ("growth", [0.05] * 101, "101 numbers are not between 1 and 100"),
        ("growth", [], "0 numbers"),
        ("timing", "noon", "none of end_year, mid_year"),
        ("bridge", [], "an object is meant, not a list"),
        ("shares", {"basic": 1, "options": [{}] * 101}, "more than 100"),
    ],
)
def test_a_flaw_is_told_with_its_place_and_what_is_meant(place, value, problem):
    with pytest.raises(BadInputs) as refusal:
        load(DcfInputs, {**dump(a_dcf()), place: value})

    told = " ".join(map(str, refusal.value.flaws))
    assert told.startswith(place)
    assert problem in told


def test_every_flaw_is_told_at_once_and_a_slip_of_spelling_is_guessed():
    with pytest.raises(BadInputs) as refusal:
        load(
            DcfInputs,
            {**dump(a_dcf()), "grwth": 1, "bridge": {"debt": "x", "csh": 1}, "tax": [None]},
        )

    assert {flaw.place for flaw in refusal.value.flaws} == {
        "grwth",
        "bridge.debt",
        "bridge.csh",
        "tax[0]",
    }
    assert "did you mean growth?" in str(refusal.value)


def test_the_run_id_knows_minus_zero_and_whole_numbers_and_sees_every_other_change():
    one = a_dcf(terminal_growth=0.0, revenue=100.0)
    model = model_of(one)

    assert run_id(model, one) == run_id(model, a_dcf(terminal_growth=-0.0, revenue=100))
    assert run_id(model, one) != run_id(model, a_dcf(terminal_growth=5e-324, revenue=100.0))
    assert len(run_id(model, one)) == 64


def test_the_run_id_of_known_inputs_never_changes():
    # Saved valuations are found by it: when this fails, raise the model's version.
    capm = a_cost_of_capital()

    assert (
        run_id(model_of(capm), capm)
        == "c0c8a515a04c50a466cd6fe2610a749cf65377cbe26bbba229ef04bb6bc0828e"
    )


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_model_tells_the_meaning_of_each_input(model):
    described = schema(model.inputs)

    assert described["additionalProperties"] is False
    assert all(one["description"] for one in described["properties"].values())
    assert model_named(model.name) is model
    json.dumps(described, allow_nan=False)


def test_a_result_is_json_without_nan_even_over_scenarios():
    result = discounted_cash_flow(a_dcf(terminal_growth=np.array([0.02, 0.2])))

    assert dump(result)["value_per_share"][1] is None
    json.dumps(dump(result), allow_nan=False)


def test_each_kind_of_inputs_has_its_model():
    named = [model_of(each).name for each in (a_dcf(), a_direct_dcf(), a_cost_of_capital())]

    assert named == ["dcf", "dcf_direct", "cost_of_capital"]


def test_of_many_unknown_fields_the_first_are_named_and_the_rest_counted():
    with pytest.raises(BadInputs) as refusal:
        load(OptionTranche, {"number": 5, "strike": 2} | {f"x{i}": 0 for i in range(5_000)})

    assert len(refusal.value.flaws) == 21
    assert refusal.value.flaws[-1].problem == "5000 fields are unknown"
