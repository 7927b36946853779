"""When to act: the boundary meets what each kind of right is known to do."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.options.sound import a_project, a_real_option, rates
from valor_core.models.options.decision import course, triggers, value_curve
from valor_core.models.options.interaction import each_right
from valor_core.models.options.project import Right, RightKind, flexible_project
from valor_core.models.options.real_option import (
    PUTS,
    OtherUse,
    RealOptionKind,
    real_option,
)

SINGLE = (
    RealOptionKind.DEFER,
    RealOptionKind.EXPAND,
    RealOptionKind.CONTRACT,
    RealOptionKind.ABANDON,
)


@pytest.mark.parametrize("kind", SINGLE)
def test_waiting_asks_for_less_as_the_end_comes_near_and_never_for_more_than_without_end(kind):
    inputs = a_real_option(kind=kind, share=0.4, amount=40.0)
    result = real_option(inputs)

    prices = triggers(inputs, result).prices

    assert result.perpetual_trigger is not None
    sign = -1.0 if kind in PUTS else 1.0
    moved = np.diff(sign * prices[np.isfinite(prices)])
    assert (moved <= 0.01 * np.max(prices)).all()
    assert sign * prices[0] <= sign * result.perpetual_trigger * (1.0 + sign * 0.01)


@pytest.mark.parametrize("kind", SINGLE)
def test_beyond_its_trigger_a_right_is_worth_what_acting_brings_and_before_it_more(kind):
    inputs = a_real_option(kind=kind, share=0.4, amount=40.0, steps=400)
    trigger = triggers(inputs, real_option(inputs)).prices[0]
    step = 0.8 if kind in PUTS else 1.25

    curve = value_curve(inputs, np.array([trigger * step, trigger / step]))

    assert curve.right[0] == pytest.approx(curve.payoff[0], rel=1e-3)
    assert curve.right[1] > curve.payoff[1]


def test_a_switch_is_watched_by_its_other_use():
    other = OtherUse(value=90.0, volatility=0.25, cash_yield=0.05)
    inputs = a_real_option(kind=RealOptionKind.SWITCH, other_use=other)

    assert triggers(inputs, real_option(inputs)).prices[0] > inputs.project_value
    assert course(inputs).low[0] == course(inputs).high[0] == pytest.approx(90.0)


def test_a_right_on_one_date_has_its_trigger_there_alone():
    inputs = a_real_option(amount=90.0, at_any_time=False)

    found = triggers(inputs, real_option(inputs))

    assert (found.years.tolist(), found.prices.tolist()) == ([3.0], [90.0])


@given(
    st.lists(
        st.builds(
            Right,
            kind=st.sampled_from(RightKind),
            share=rates(0.2, 1.5),
            amount=rates(5.0, 150.0),
            last=rates(0.5, 4.0),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_rights_that_end_each_other_are_worth_at_most_their_sum(rights):
    project = replace(a_project(), rights=tuple(rights), stages=(), steps=60)

    worth = each_right(project)

    together = flexible_project(project).option_value
    slack = 0.5 * len(rights)  # lattices of other horizons
    assert together <= sum(right.alone for right in worth) + slack
    assert all(each.beside_the_others <= each.alone + slack for each in worth)
