"""Rights on a project in one lattice, and the volatility that its own values show."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from tests.models.options.sound import a_project, rates
from valor_core.errors import ValorError
from valor_core.models.fields import leaves
from valor_core.models.options.compound import CompoundOption, compound_option
from valor_core.models.options.lattice import LatticeOption, lattice_option
from valor_core.models.options.project import (
    ProjectInputs,
    Right,
    RightKind,
    Stage,
    flexible_project,
)
from valor_core.models.options.refusals import (
    DecisionAfterExpiry,
    NothingUncertain,
    RightMissing,
    ShareNotPositive,
    StepsTooFew,
    StrikeNegative,
    TooFewValues,
    UnderlyingNotPositive,
    ValueNotPositive,
)
from valor_core.models.options.terms import Option, OptionType
from valor_core.models.options.volatility import project_volatility
from valor_core.models.sensitivity import replace_at


def on_the_project(option_type, spot, strike, years=3.0) -> float:
    option = Option(
        type=option_type,
        spot=spot,
        strike=strike,
        rate=0.05,
        dividend_yield=0.04,
        volatility=0.3,
        maturity=years,
    )
    return lattice_option(LatticeOption(option=option, steps=500)).value


ALONE = [
    (Right(kind=RightKind.EXPAND, share=0.3, amount=25.0, last=3.0), OptionType.CALL, 30.0, 25.0),
    (Right(kind=RightKind.CONTRACT, share=0.4, amount=35.0, last=3.0), OptionType.PUT, 40.0, 35.0),
    (Right(kind=RightKind.ABANDON, amount=80.0, last=3.0), OptionType.PUT, 100.0, 80.0),
    (Right(kind=RightKind.SWITCH, share=1.5, amount=60.0, last=3.0), OptionType.CALL, 50.0, 60.0),
]


@pytest.mark.parametrize(("right", "kind", "spot", "strike"), ALONE)
def test_a_right_alone_is_an_american_option_on_its_part_of_the_project(right, kind, spot, strike):
    found = flexible_project(a_project(rights=(right,), steps=400))

    assert found.value_without_flexibility == 100.0
    assert found.option_value == pytest.approx(on_the_project(kind, spot, strike), abs=0.03)


def test_an_investment_that_may_wait_is_a_call_and_committed_it_is_its_npv():
    wait = Stage(outlay=90.0, deadline=3.0, at_any_time=True)

    found = flexible_project(a_project(stages=(wait,), rights=(), steps=400))

    assert found.value_without_flexibility == pytest.approx(10.0)
    call = on_the_project(OptionType.CALL, 100.0, 90.0)
    assert found.value_with_flexibility == pytest.approx(call, abs=0.03)


def test_two_stages_on_their_dates_are_a_compound_option():
    stages = Stage(outlay=20.0, deadline=1.0), Stage(outlay=80.0, deadline=3.0)
    option = Option(
        spot=100.0, strike=80.0, rate=0.05, dividend_yield=0.04, volatility=0.3, maturity=3.0
    )

    found = flexible_project(a_project(stages=stages, rights=(), steps=600))

    geske = compound_option(CompoundOption(first_strike=20.0, decision=1.0, underlying=option))
    assert found.value_with_flexibility == pytest.approx(geske.value, abs=0.03)


@st.composite
def projects(draw):
    rights = st.builds(
        Right,
        kind=st.sampled_from(RightKind),
        share=rates(0.1, 2.0),
        amount=rates(0.0, 150.0),
        first=rates(0.0, 1.0),
        last=rates(1.0, 5.0),
    )
    first = draw(rates(0.0, 2.0))
    stages = (
        Stage(outlay=draw(rates(0.0, 90.0)), deadline=first, at_any_time=draw(st.booleans())),
        Stage(outlay=draw(rates(0.0, 90.0)), deadline=first + 1.0),
    )
    return ProjectInputs(
        project_value=draw(rates(10.0, 200.0)),
        volatility=draw(rates(0.15, 0.7)),
        cash_yield=draw(rates(0.0, 0.1)),
        rate=draw(rates(0.0, 0.1)),
        stages=stages[: draw(st.integers(0, 2))],
        rights=tuple(draw(st.lists(rights, min_size=1, max_size=3))),
        steps=40,
    )


@given(projects(), st.data())
def test_a_further_right_never_costs_and_rights_together_are_worth_no_more_than_apart(
    project, data
):
    rights = tuple(replace(right, last=5.0) for right in project.rights)  # on one and the same tree
    place = data.draw(st.integers(0, len(rights) - 1))
    one, others = rights[place : place + 1], rights[:place] + rights[place + 1 :]

    together = flexible_project(replace(project, rights=rights))
    alone = flexible_project(replace(project, rights=one))

    assert together.value_with_flexibility >= alone.value_with_flexibility - 1e-9
    if others and not project.stages:
        rest = flexible_project(replace(project, rights=others))
        assert together.option_value <= alone.option_value + rest.option_value + 1e-9


@given(projects(), st.floats(1.5, 10.0))
def test_with_all_money_in_another_unit_so_is_the_value(project, unit):
    scaled = replace(
        project,
        project_value=unit * project.project_value,
        stages=tuple(replace(each, outlay=unit * each.outlay) for each in project.stages),
        rights=tuple(replace(each, amount=unit * each.amount) for each in project.rights),
    )

    ours, theirs = flexible_project(project), flexible_project(scaled)

    expected = unit * ours.value_with_flexibility
    assert theirs.value_with_flexibility == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_scenarios_are_valued_as_alone_though_their_dates_differ():
    lasts = np.array([1.0, 2.0, 3.0])
    right = Right(kind=RightKind.ABANDON, amount=np.array([70.0, 80.0, 90.0]), last=lasts)

    together = flexible_project(a_project(rights=(right,)))

    for place, last in enumerate(lasts):
        alone = Right(kind=RightKind.ABANDON, amount=70.0 + 10.0 * place, last=last)
        found = flexible_project(a_project(rights=(alone,)))
        assert together.option_value[place] == pytest.approx(found.option_value, rel=1e-9)


REFUSED = [
    ({"rights": ()}, RightMissing, "neither"),
    ({"volatility": 0.0}, NothingUncertain, r"0\.00%"),
    ({"volatility": 0.0001}, StepsTooFew, "120 steps"),
    ({"project_value": -5.0}, UnderlyingNotPositive, "-5"),
    ({"stages": (Stage(outlay=-5.0, deadline=1.0),)}, StrikeNegative, "-5"),
    (
        {"stages": (Stage(outlay=5.0, deadline=2.0), Stage(outlay=5.0, deadline=1.0))},
        DecisionAfterExpiry,
        "2 years",
    ),
    (
        {"rights": (Right(kind=RightKind.EXPAND, share=0.0, amount=1.0, last=1.0),)},
        ShareNotPositive,
        "none",
    ),
    (
        {"rights": (Right(kind=RightKind.EXPAND, amount=1.0, first=2.0, last=1.0),)},
        DecisionAfterExpiry,
        "2 years",
    ),
]


@pytest.mark.parametrize(("changes", "error", "words"), REFUSED)
def test_what_is_no_flexible_project_is_refused_with_the_number(changes, error, words):
    with pytest.raises(error, match=words) as refusal:
        flexible_project(a_project(**changes))

    assert refusal.value.hint


EXTREMES = [0.0, -0.0, 1.0, -1.0, 5e-324, 1e-300, 1e100, -1e100, 1e308, 1e-12, 100.0]


@given(project=projects(), data=st.data())
def test_a_project_is_finite_or_refused(project, data):
    paths = data.draw(st.sets(st.sampled_from(sorted(leaves(project))), max_size=3))
    for path in paths:
        project = replace_at(project, path, data.draw(st.sampled_from(EXTREMES)))
    try:
        result = flexible_project(project)
    except ValorError as refusal:
        event(refusal.code)
        return
    assert all(np.isfinite(value).all() for value in leaves(result).values())


@given(
    volatility=st.floats(0.05, 0.8),
    growth=st.floats(-0.1, 0.2),
    years=st.floats(0.5, 4.0),
)
def test_the_volatility_of_a_lognormal_is_found_within_its_own_error(volatility, growth, years):
    rng = np.random.default_rng(5)
    returns = growth * years + volatility * np.sqrt(years) * rng.standard_normal(4_000)

    found = project_volatility(80.0 * np.exp(returns), base_value=80.0, years=years)

    assert abs(found.volatility - volatility) < 4.0 * found.standard_error
    assert found.standard_error == pytest.approx(volatility / np.sqrt(8_000.0), rel=0.1)
    assert abs(found.skewness) < 0.2
    assert abs(found.excess_kurtosis) < 0.4
    allowed = 4.0 * volatility / np.sqrt(4_000.0 * years)
    assert found.expected_return == pytest.approx(growth, abs=allowed)


def test_the_base_value_moves_the_return_and_not_the_volatility():
    values = np.linspace(80.0, 130.0, 100)

    low, high = (project_volatility(values, base_value=base) for base in (90.0, 110.0))

    assert low.volatility == pytest.approx(high.volatility, rel=1e-12)
    assert low.expected_return > high.expected_return


def test_values_that_never_differ_have_no_volatility():
    found = project_volatility(np.full(50, 90.0), base_value=100.0)

    assert found.volatility == found.standard_error == 0.0


def test_values_without_a_logarithm_or_too_few_are_refused():
    with pytest.raises(TooFewValues, match="5 simulated"):
        project_volatility([1.0] * 5, base_value=1.0)
    with pytest.raises(ValueNotPositive, match="-3"):
        project_volatility([1.0] * 40 + [-3.0], base_value=1.0)
    with pytest.raises(UnderlyingNotPositive):
        project_volatility([1.0] * 40, base_value=0.0)
