"""A DCF of given flows."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from tests.models.sound import a_dcf, a_direct_dcf, rates
from valor_core.errors import ValorError
from valor_core.models import refusals
from valor_core.models.codec import dump
from valor_core.models.dcf import discounted_cash_flow
from valor_core.models.dcf_direct import direct_cash_flow
from valor_core.models.discounting import Timing
from valor_core.models.fields import leaves
from valor_core.models.paths import constant
from valor_core.models.sensitivity import replace_at
from valor_core.models.terminal import TerminalMethod


@given(years=st.integers(1, 60), growth=rates(0.0, 0.04), wacc=rates(0.06, 0.2))
def test_cash_that_always_grows_alike_is_worth_gordon_whatever_the_forecast_length(
    years, growth, wacc
):
    flows = 100.0 * (1.0 + growth) ** np.arange(years)

    result = direct_cash_flow(
        a_direct_dcf(free_cash_flow=flows, wacc=constant(wacc), terminal_growth=growth)
    )

    assert result.enterprise_value == pytest.approx(100.0 / (wacc - growth))


@given(
    years=st.integers(1, 20),
    growth=rates(0.0, 0.04),
    stub=rates(0.05, 1.0),
    timing=st.sampled_from(Timing),
)
def test_a_stub_and_full_years_after_it_are_worth_the_same_whatever_the_forecast_length(
    years, growth, stub, timing
):
    def worth(years):
        flows = 100.0 * (1.0 + growth) ** np.arange(years)
        flows[0] *= stub
        known = a_direct_dcf(free_cash_flow=flows, terminal_growth=growth)
        return direct_cash_flow(replace(known, stub=stub, timing=timing)).enterprise_value

    assert worth(years) == pytest.approx(worth(30), rel=1e-9)


def test_what_goes_on_after_a_stub_alone_is_a_full_years_flow():
    quarter = a_direct_dcf(free_cash_flow=[2.5], stub=0.25, terminal_growth=0.02)

    result = direct_cash_flow(quarter)

    assert result.terminal_fcff == pytest.approx(10.2)
    assert result.terminal_value_gordon == pytest.approx(10.2 / 0.07)  # 145.7, not 36.4


@given(timing=st.sampled_from(Timing), stub=st.none() | rates(0.1, 1.0))
def test_the_flows_of_a_driven_dcf_are_worth_the_same_when_given(timing, stub):
    driven = discounted_cash_flow(a_dcf(timing=timing, stub=stub))

    given_flows = direct_cash_flow(
        a_direct_dcf(free_cash_flow=driven.fcff, wacc=constant(0.085), timing=timing, stub=stub)
    )

    assert given_flows.pv_fcff.tolist() == driven.pv_fcff.tolist()
    assert given_flows.pv_forecast == driven.pv_forecast


@given(multiple=rates(1.0, 30.0), timing=st.sampled_from(Timing))
def test_the_growth_that_a_multiple_implies_gives_its_value_by_gordon(multiple, timing):
    sold = a_direct_dcf(exit_multiple=multiple, exit_metric=20.0, timing=timing)

    implied = direct_cash_flow(sold).implied_growth
    again = direct_cash_flow(replace(sold, terminal_growth=implied))

    assert again.pv_terminal_gordon == pytest.approx(again.pv_terminal_multiple, rel=1e-9)


def test_without_a_multiple_nothing_can_be_sold():
    with pytest.raises(refusals.ExitMultipleMissing):
        direct_cash_flow(a_direct_dcf(terminal_method=TerminalMethod.EXIT_MULTIPLE))


def test_no_flow_and_a_century_of_flows_are_refused():
    with pytest.raises(refusals.YearsOutOfRange):
        direct_cash_flow(a_direct_dcf(free_cash_flow=[]))
    with pytest.raises(refusals.YearsOutOfRange):
        direct_cash_flow(a_direct_dcf(free_cash_flow=np.ones(101)))


@given(st.data())
def test_given_flows_have_a_finite_value_or_are_refused(data):
    extremes = st.sampled_from([0.0, -0.0, 1.0, -1.0, 5e-324, 1e100, -1e100, 1e308, -1e308])
    inputs = a_direct_dcf(exit_multiple=8.0, exit_metric=20.0, stub=data.draw(st.none() | extremes))
    for path in data.draw(st.sets(st.sampled_from(sorted(leaves(inputs))), max_size=3)):
        size = np.shape(leaves(inputs)[path])
        value = data.draw(extremes)
        inputs = replace_at(inputs, path, np.full(size, value) if size else value)
    try:
        result = direct_cash_flow(inputs)
    except ValorError as refusal:
        event(refusal.code)
        return
    assert None not in dump(result)["pv_fcff"]
    assert np.isfinite(result.value_per_share)
