"""Periods and factors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.sound import rates
from valor_core.models.discounting import Timing, discount_factors, discount_periods


@given(
    wacc=rates(-0.5, 1.0),
    years=st.integers(1, 30),
    stub=st.none() | rates(0.01, 1.0),
    timing=st.sampled_from(Timing),
)
def test_at_one_rate_a_factor_is_the_rate_over_the_period(wacc, years, stub, timing):
    factors = discount_factors([wacc] * years, timing=timing, stub=stub)
    periods = discount_periods(years, timing=timing, stub=stub)

    assert factors.flows == pytest.approx((1.0 + wacc) ** -periods.flows, rel=1e-12)
    assert factors.gordon == pytest.approx((1.0 + wacc) ** -periods.gordon, rel=1e-12)
    assert factors.end == pytest.approx((1.0 + wacc) ** -periods.exit_multiple, rel=1e-12)


@given(waccs=st.lists(rates(0.0, 0.3), min_size=1, max_size=12))
def test_rates_that_change_are_cumulated(waccs):
    factors = discount_factors(waccs)

    assert factors.flows == pytest.approx(1.0 / np.cumprod(1.0 + np.array(waccs)), rel=1e-12)


@given(years=st.integers(1, 12), timing=st.sampled_from(Timing))
def test_a_stub_of_a_whole_year_is_no_stub(years, timing):
    stubbed = discount_periods(years, timing=timing, stub=1.0)

    assert stubbed.flows.tolist() == discount_periods(years, timing=timing).flows.tolist()


def test_a_gordon_value_follows_the_last_flow_and_a_sale_the_end_of_the_last_year():
    periods = discount_periods(5, timing=Timing.MID_YEAR, stub=0.25)

    assert periods.flows.tolist() == [0.125, 0.75, 1.75, 2.75, 3.75]
    assert (periods.gordon, periods.exit_multiple) == (3.75, 4.25)
