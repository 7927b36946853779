"""What a target's owners are offered, and how a collar keeps the promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.sound import rates
from valor_core.models.dilution import OptionTranche, Shares
from valor_core.models.merger.consideration import Collar, Exchange, Offer, considered
from valor_core.models.merger.refusals import CollarBackwards

COLLAR = Collar(low=18.0, high=22.0)


def stock_offer(**changes):
    """12.50 in stock of an acquirer at 20 for one share of the target."""
    return considered(
        Offer(price=12.5, **changes),
        acquirer_price=20.0,
        target_price=10.0,
        target=Shares(basic=40.0),
    )


@given(closing=rates(1.0, 60.0), exchange=st.sampled_from(Exchange))
def test_without_a_collar_the_promise_holds_at_any_price(closing, exchange):
    paid = stock_offer(exchange=exchange, closing_price=closing)

    if exchange is Exchange.FIXED_RATIO:
        assert paid.exchange_ratio == pytest.approx(0.625)
    else:
        assert paid.value_at_closing == pytest.approx(500.0)


@given(closing=rates(18.0, 22.0), exchange=st.sampled_from(Exchange))
def test_inside_a_collar_the_promise_holds(closing, exchange):
    held = stock_offer(exchange=exchange, closing_price=closing, collar=COLLAR)
    promised = stock_offer(exchange=exchange, closing_price=closing)

    assert held.exchange_ratio == pytest.approx(promised.exchange_ratio, rel=1e-12)


@given(closing=rates(1.0, 60.0))
def test_outside_its_collar_a_fixed_value_is_a_fixed_ratio_and_a_fixed_ratio_a_fixed_value(closing):
    edge = np.clip(closing, 18.0, 22.0)
    value = stock_offer(exchange=Exchange.FIXED_VALUE, closing_price=closing, collar=COLLAR)
    ratio = stock_offer(exchange=Exchange.FIXED_RATIO, closing_price=closing, collar=COLLAR)

    assert value.exchange_ratio == pytest.approx(12.5 / edge)
    assert ratio.value_at_closing == pytest.approx(0.625 * edge * 40.0)


def test_options_of_the_target_are_bought_at_the_offer():
    shares = Shares(basic=40.0, options=(OptionTranche(number=10.0, strike=10.0),))

    paid = considered(Offer(premium=0.25), acquirer_price=20.0, target_price=10.0, target=shares)

    assert paid.equity_price == pytest.approx(40.0 * 12.5 + 10.0 * 2.5)
    assert paid.exchange_ratio == pytest.approx(0.625)


def test_a_collar_that_runs_down_or_from_nothing_is_refused():
    for collar in (Collar(low=22.0, high=18.0), Collar(low=0.0, high=18.0)):
        with pytest.raises(CollarBackwards):
            stock_offer(collar=collar)
