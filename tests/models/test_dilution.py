"""Dilution at the valued price."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.sound import rates
from valor_core.models.dilution import (
    OptionTranche,
    Shares,
    diluted_at,
    diluted_shares,
    value_per_share,
)
from valor_core.models.refusals import OptionNegative, PriceNotPositive, SharesNotPositive

TRANCHES = st.lists(
    st.builds(OptionTranche, number=rates(0.0, 50.0), strike=rates(0.0, 200.0)), max_size=6
).map(tuple)


@given(equity=rates(0.01, 10_000.0), basic=rates(0.1, 100.0), options=TRANCHES)
def test_the_price_is_the_fixed_point_of_the_treasury_stock_method(equity, basic, options):
    shares = Shares(basic=basic, options=options)

    price = value_per_share(equity, shares)

    assert price * diluted_shares(shares, price) == pytest.approx(equity, rel=1e-9)


@given(equity=rates(0.01, 10_000.0), basic=rates(0.1, 100.0), options=TRANCHES)
def test_options_never_raise_the_price_and_their_order_does_not_matter(equity, basic, options):
    price = value_per_share(equity, Shares(basic=basic, options=options))
    other_way = value_per_share(equity, Shares(basic=basic, options=options[::-1]))

    assert price <= equity / basic
    assert other_way == pytest.approx(price, rel=1e-12)


def test_an_equity_below_zero_exercises_nothing():
    shares = Shares(basic=10.0, options=(OptionTranche(number=5.0, strike=0.0),))

    assert value_per_share(-50.0, shares) == -5.0
    assert diluted_shares(shares, -5.0) == 10.0


def test_strikes_may_change_their_order_between_scenarios():
    options = (
        OptionTranche(number=10.0, strike=np.array([5.0, 50.0])),
        OptionTranche(number=20.0, strike=np.array([50.0, 5.0])),
    )

    prices = value_per_share(1_000.0, Shares(basic=100.0, options=options))

    # Only the tranche at 5 pays: (1000 + 50) / 110 and (1000 + 100) / 120.
    assert prices.tolist() == [1_050.0 / 110.0, 1_100.0 / 120.0]


def test_a_convertible_is_a_tranche_at_its_face_value_over_its_shares():
    convertible = OptionTranche(number=10.0, strike=20.0)  # face 200, deducted as debt

    price = value_per_share(5_000.0 - 200.0, Shares(basic=100.0, options=(convertible,)))

    assert price == pytest.approx(5_000.0 / 110.0)  # converted: no debt, more shares


@pytest.mark.parametrize(
    ("shares", "price", "error"),
    [
        (Shares(basic=1.0), 0.0, PriceNotPositive),
        (Shares(basic=-1.0), 5.0, SharesNotPositive),
        (Shares(basic=1.0, options=(OptionTranche(number=1.0, strike=-1.0),)), 5.0, OptionNegative),
    ],
)
def test_dilution_at_a_price_refuses_what_is_not_sold(shares, price, error):
    with pytest.raises(error):
        diluted_at(shares, price)
