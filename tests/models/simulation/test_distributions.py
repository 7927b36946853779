"""Distributions: their inverses, means and tails."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.models.simulation.sound import CONTINUOUS, DISTRIBUTIONS, STEPPED, VALUES, truncated
from tests.models.sound import rates
from valor_core.errors import BadInput, BadInputs
from valor_core.models.codec import dump, load, schema
from valor_core.models.simulation.distributions import (
    Beta,
    Bootstrap,
    Discrete,
    Lognormal,
    Normal,
    Pert,
    StudentT,
    Triangular,
    Truncated,
    Uniform,
)
from valor_core.models.simulation.plan import Driver
from valor_core.models.simulation.refusals import NothingLeft, ParameterOutOfRange, ValuesUnusable

PROBABILITIES = rates(0.001, 0.999)


@given(CONTINUOUS, PROBABILITIES)
def test_the_value_at_a_probability_is_exceeded_with_the_rest(shape, p):
    assert shape.probability(shape.quantile(p)) == pytest.approx(p, abs=1e-9)


@given(STEPPED, PROBABILITIES)
def test_a_stepped_value_is_the_least_that_is_not_exceeded_so_often(shape, p):
    value = float(shape.quantile(p))

    assert shape.probability(value) >= p - 1e-12
    assert shape.probability(math.nextafter(value, -math.inf)) < p + 1e-12


@given(DISTRIBUTIONS, PROBABILITIES, PROBABILITIES)
def test_values_rise_with_their_probability(shape, p, q):
    low, high = sorted([p, q])

    assert shape.quantile(low) <= shape.quantile(high)


@given(DISTRIBUTIONS)
def test_many_values_at_once_are_those_one_by_one(shape):
    levels = np.linspace(0.01, 0.99, 7)

    assert shape.quantile(levels).tolist() == [float(shape.quantile(p)) for p in levels]


def integrated(shape, low, high):
    """∫ quantile(p) dp by the midpoints of many slices: an independent way to any mean."""
    edges = np.linspace(low, high, 8_001)
    return float(np.mean(shape.quantile(0.5 * (edges[1:] + edges[:-1]))) * (high - low))


@settings(max_examples=30, deadline=None)
@given(DISTRIBUTIONS)
def test_the_mean_is_the_average_of_all_values(shape):
    spread = abs(float(shape.quantile(0.999)) - float(shape.quantile(0.001))) + 1e-9

    assert shape.expected() == pytest.approx(integrated(shape, 0.0, 1.0), abs=1e-3 * spread)


@settings(max_examples=30, deadline=None)
@given(CONTINUOUS | truncated(), rates(0.02, 0.6))
def test_the_mean_of_the_worst_part_is_the_average_of_its_values(shape, tail):
    if isinstance(shape, Truncated) and isinstance(shape.of, (Discrete, Bootstrap)):
        return  # a step holds more than the tail
    spread = abs(float(shape.quantile(0.999)) - float(shape.quantile(0.001))) + 1e-9

    assert shape.shortfall(tail) == pytest.approx(
        integrated(shape, 0.0, tail) / tail, abs=3e-3 * spread / tail
    )


@pytest.mark.parametrize(
    ("shape", "oracle"),
    [
        (Normal(mean=3.0, sd=2.0), stats.norm(3.0, 2.0)),
        (Lognormal(mu=1.0, sigma=0.4), stats.lognorm(0.4, scale=math.e)),
        (Uniform(low=-1.0, high=4.0), stats.uniform(-1.0, 5.0)),
        (Triangular(low=1.0, mode=2.0, high=5.0), stats.triang(0.25, 1.0, 4.0)),
        (Triangular(low=1.0, mode=1.0, high=5.0), stats.triang(0.0, 1.0, 4.0)),
        (Triangular(low=1.0, mode=5.0, high=5.0), stats.triang(1.0, 1.0, 4.0)),
        (Beta(alpha=2.0, beta=5.0, low=1.0, high=3.0), stats.beta(2.0, 5.0, 1.0, 2.0)),
        (Pert(low=0.0, mode=3.0, high=10.0), stats.beta(2.2, 3.8, 0.0, 10.0)),
        (StudentT(mean=1.0, scale=2.0, degrees=5.0), stats.t(5.0, 1.0, 2.0)),
        (
            Truncated(of=Normal(mean=1.0, sd=2.0), at_least=0.0, at_most=4.0),
            stats.truncnorm(-0.5, 1.5, 1.0, 2.0),
        ),
        (
            Truncated(of=Normal(mean=1.0, sd=2.0), at_least=2.0),
            stats.truncnorm(0.5, math.inf, 1.0, 2.0),
        ),
    ],
)
def test_it_is_the_distribution_of_that_name(shape, oracle):
    levels = np.array([0.001, 0.05, 0.3, 0.5, 0.8, 0.99])

    np.testing.assert_allclose(shape.quantile(levels), oracle.ppf(levels), rtol=1e-9)
    np.testing.assert_allclose(shape.probability(oracle.ppf(levels)), levels, rtol=1e-9)
    assert shape.expected() == pytest.approx(oracle.mean(), rel=1e-9)


@given(truncated(), PROBABILITIES)
def test_a_cut_distribution_stays_within_its_ends(shape, p):
    value = shape.quantile(p)

    assert shape.at_least is None or value >= shape.at_least
    assert shape.at_most is None or value <= shape.at_most


@given(CONTINUOUS, rates(-6.0, 6.0))
def test_a_normal_draw_and_its_probability_lead_to_the_same_value(shape, z):
    by_probability = shape.quantile(stats.norm.cdf(z))

    assert shape.of_normal(np.array([z]))[0] == pytest.approx(by_probability, rel=1e-6, abs=1e-9)


@given(VALUES)
def test_a_bootstrap_draws_each_value_as_often_as_it_was_seen(values):
    drawn = Bootstrap(values=values).quantile((np.arange(len(values)) + 0.5) / len(values))

    assert sorted(drawn.tolist()) == sorted(values)


@given(DISTRIBUTIONS)
def test_a_driver_survives_json(shape):
    driver = Driver(path="terminal_growth", distribution=shape)

    again = load(Driver, json.loads(json.dumps(dump(driver))))

    assert dump(again) == dump(driver)
    assert type(again.distribution) is type(shape)


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"mean": 1.0, "sd": 2.0}, "distribution.kind: is missing"),
        ({"kind": "gauss"}, "distribution.kind: 'gauss' is none of normal, lognormal"),
        ({"kind": ["normal"]}, "distribution.kind: a list is none of normal"),
        ({"kind": "normal", "mean": 1.0}, "distribution.sd: is missing"),
        ({"kind": "normal", "mean": 1.0, "sd": 1.0, "low": 0.0}, "distribution.low: is unknown"),
        (4.0, "distribution: an object is meant, not 4.0"),
        (
            {"kind": "truncated", "of": {"kind": "uniform", "low": 0.0}},
            "distribution.of.high: is missing",
        ),
    ],
)
def test_a_distribution_that_cannot_be_read_is_refused_at_its_place(stated, told):
    with pytest.raises(BadInputs) as refused:
        load(Driver, {"path": "margin.start", "distribution": stated})

    assert told in str(refused.value)


def test_the_schema_tells_each_kind_with_its_parameters():
    told = schema(Driver)["properties"]["distribution"]["anyOf"]

    assert [each["properties"]["kind"]["const"] for each in told][:3] == [
        "normal",
        "lognormal",
        "uniform",
    ]
    assert set(told[0]["properties"]) == {"kind", "mean", "sd"}


@pytest.mark.parametrize(
    ("shape", "parameters", "error", "told"),
    [
        (Normal, {"mean": 0.0, "sd": 0.0}, ParameterOutOfRange, "sd of a normal .* is 0"),
        (Normal, {"mean": math.nan, "sd": 1.0}, ParameterOutOfRange, "mean of a normal"),
        (Lognormal, {"mu": 0.0, "sigma": -1.0}, ParameterOutOfRange, "sigma"),
        (Uniform, {"low": 1.0, "high": 1.0}, ParameterOutOfRange, "above the low"),
        (Uniform, {"low": 1.0, "high": math.inf}, ParameterOutOfRange, "above the low"),
        (
            Triangular,
            {"low": -1.0, "mode": 0.0, "high": 1e160},
            ParameterOutOfRange,
            "at most 1e\\+150",
        ),
        (Triangular, {"low": 0.0, "mode": 3.0, "high": 2.0}, ParameterOutOfRange, "mode"),
        (
            Pert,
            {"low": 0.0, "mode": 1.0, "high": 2.0, "weight": -1.0},
            ParameterOutOfRange,
            "weight",
        ),
        (Beta, {"alpha": 0.0, "beta": 1.0}, ParameterOutOfRange, "alpha"),
        (StudentT, {"mean": 0.0, "scale": 1.0, "degrees": 2.0}, ParameterOutOfRange, "degrees"),
        (Discrete, {"values": [1.0], "weights": [1.0, 2.0]}, ValuesUnusable, "one weight each"),
        (Discrete, {"values": [1.0], "weights": [0.0]}, ValuesUnusable, "no size"),
        (Discrete, {"values": [1.0], "weights": [math.inf]}, ValuesUnusable, "no size"),
        (Bootstrap, {"values": []}, ValuesUnusable, "are none"),
        (Bootstrap, {"values": [math.nan]}, ValuesUnusable, "not finite"),
        (Truncated, {"of": Uniform(low=0.0, high=1.0), "at_least": 2.0}, NothingLeft, "of 0"),
        (
            Truncated,
            {"of": Normal(mean=0.0, sd=1.0), "at_least": 1.0, "at_most": 0.0},
            NothingLeft,
            "keeps a probability",
        ),
        (
            Truncated,
            {"of": Normal(mean=0.0, sd=1.0), "at_least": math.nan},
            ParameterOutOfRange,
            "at_least",
        ),
    ],
)
def test_a_distribution_that_does_not_exist_is_refused(shape, parameters, error, told):
    with pytest.raises(error, match=told):
        shape(**parameters)


FREE = st.floats()


@settings(max_examples=80)
@given(
    st.sampled_from([Normal, Lognormal, Uniform, Triangular, Pert, Beta, StudentT]),
    st.tuples(FREE, FREE, FREE, FREE),
)
def test_any_parameters_make_a_distribution_or_a_refusal(shape, numbers):
    names = [name for name in shape.__dataclass_fields__ if name != "kind"]
    try:
        made = shape(**dict(zip(names, numbers, strict=False)))
    except BadInput:
        return
    assert not np.isnan(made.quantile(0.5))


def test_a_published_lognormal_has_its_published_figures():
    """Any probability textbook: mean 100, of which the logarithm has a deviation of 0.3."""
    shape = Lognormal(mu=math.log(100.0) - 0.045, sigma=0.3)

    assert shape.expected() == pytest.approx(100.0, rel=1e-12)
    assert shape.quantile(0.05) == pytest.approx(58.36486592396062, rel=1e-12)
    assert shape.shortfall(0.05) == pytest.approx(51.79259764652107, rel=1e-12)
