import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.sound import a_dcf
from valor_core.models.comparison import moves
from valor_core.models.dcf import discounted_cash_flow
from valor_core.models.paths import constant


@given(
    growth=st.floats(0.0, 0.05),
    wacc=st.floats(0.06, 0.15),
    margin=st.floats(0.05, 0.4),
    roic=st.floats(0.08, 0.3),
)
def test_the_steps_lead_from_one_value_to_the_other_without_a_gap(growth, wacc, margin, roic):
    before = a_dcf()
    after = a_dcf(
        terminal_growth=growth, wacc=constant(wacc), margin=constant(margin), terminal_roic=roic
    )
    steps = moves(before, after)

    values = [discounted_cash_flow(before).value_per_share, *(step.after for step in steps)]
    assert [step.before for step in steps] == values[:-1]
    assert values[-1] == pytest.approx(discounted_cash_flow(after).value_per_share)


def test_inputs_that_are_the_same_make_no_step():
    assert moves(a_dcf(), a_dcf()) == ()


def test_a_single_change_is_a_single_step():
    steps = moves(a_dcf(), a_dcf(terminal_growth=0.02))

    assert [step.changed for step in steps] == [("terminal_growth",)]


@pytest.mark.parametrize(("wacc", "growth"), [(0.03, 0.01)])
def test_what_the_model_refuses_alone_moves_together_with_what_mends_it(wacc, growth):
    """A WACC of 3 % is refused at a terminal growth of 3 %, until that falls too."""
    steps = moves(a_dcf(), a_dcf(wacc=constant(wacc), terminal_growth=growth))

    assert [step.changed for step in steps] == [("wacc", "terminal_growth")]
