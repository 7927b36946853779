"""Warrants and convertibles: claims on new shares, at the price that they dilute."""

import itertools
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm

from tests.models.sound import rates
from valor_core.errors import ValorError
from valor_core.models.dilution import OptionTranche, Shares, value_per_share
from valor_core.models.intrinsic.convertibles import (
    Convertible,
    DilutedEarningsInputs,
    as_tranche,
    diluted_earnings,
)
from valor_core.models.intrinsic.refusals import (
    ConversionSharesNotPositive,
    ConvertibleNegative,
    DurationNegative,
    VolatilityNegative,
    YieldNegative,
)
from valor_core.models.intrinsic.warrants import Dilution, WarrantInputs, diluted_warrants
from valor_core.models.refusals import OptionNegative, PriceNotPositive, SharesNotPositive


def a_warrant(**changes) -> WarrantInputs:
    """Options at the money on a tenth of a company."""
    known = WarrantInputs(
        price=50.0,
        strike=50.0,
        maturity=5.0,
        volatility=0.4,
        risk_free=0.03,
        dividend_yield=0.01,
        number=10.0,
        shares=100.0,
    )
    return replace(known, **changes)


TERMS = tuple(each.name for each in fields(WarrantInputs) if each.name != "dilution")

WARRANTS = st.builds(
    WarrantInputs,
    price=rates(0.1, 500.0),
    strike=rates(0.1, 500.0),
    maturity=rates(0.01, 15.0),
    volatility=rates(0.05, 1.5),
    risk_free=rates(-0.02, 0.15),
    dividend_yield=rates(0.0, 0.1),
    number=rates(0.0, 1_000.0),
    shares=rates(0.5, 1_000.0),
    dilution=st.sampled_from(Dilution),
)


def black_scholes(inputs, price) -> float:
    risk = inputs.volatility * np.sqrt(inputs.maturity)
    held = price * np.exp(-inputs.dividend_yield * inputs.maturity)
    paid = inputs.strike * np.exp(-inputs.risk_free * inputs.maturity)
    d1 = np.log(held / paid) / risk + risk / 2
    return held * norm.cdf(d1) - paid * norm.cdf(d1 - risk)


@given(WARRANTS)
def test_the_value_is_the_fixed_point_that_a_bracketing_search_finds(inputs):
    stock, number = inputs.shares, inputs.number

    def gap(value):
        if inputs.dilution is Dilution.ADJUSTED_PRICE:
            diluted = (inputs.price * stock + value * number) / (stock + number)
            return black_scholes(inputs, diluted) - value
        call = black_scholes(inputs, inputs.price + value * number / stock)
        return call * stock / (stock + number) - value

    found = diluted_warrants(inputs).value_per_option

    expected = brentq(gap, -1e-9 * inputs.price, 2 * inputs.price, xtol=1e-13, rtol=1e-15)
    assert found == pytest.approx(expected, abs=1e-10 * inputs.price)


@given(WARRANTS)
def test_more_options_dilute_and_none_are_worth_more_than_a_share(inputs):
    alone = diluted_warrants(a_warrant(number=0.0)).value_per_option
    result = diluted_warrants(inputs)

    assert diluted_warrants(a_warrant(number=30.0)).value_per_option < alone
    assert 0.0 <= result.value_per_option <= inputs.price
    assert result.total == result.value_per_option * inputs.number


def test_options_that_are_sure_to_be_exercised_are_worth_what_their_shares_are_above_the_strike():
    sure = {"strike": 20.0, "volatility": 0.0, "risk_free": 0.0, "dividend_yield": 0.0}
    adjusted = diluted_warrants(a_warrant(**sure))
    priced = diluted_warrants(a_warrant(**sure, dilution=Dilution.GALAI_SCHNELLER))

    # Before the exercise money comes in, each of 110 shares has its part of shares and options.
    assert adjusted.value_per_option == pytest.approx((5_000.0 + adjusted.total) / 110.0 - 20.0)
    # A price of 50 that knows of the options is the price that exercise leaves.
    assert priced.value_per_option == pytest.approx(50.0 - 20.0)
    assert (50.0 * 100.0 + priced.total + 20.0 * 10.0) / 110.0 == pytest.approx(50.0)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"strike": 0.0, "number": 0.0, "dividend_yield": 0.0}, 50.0),
        ({"maturity": 0.0, "strike": 20.0, "number": 0.0}, 30.0),
        ({"maturity": 0.0, "strike": 80.0}, 0.0),
        ({"volatility": 0.0, "risk_free": 0.0, "dividend_yield": 0.0}, 0.0),
    ],
)
def test_without_time_risk_or_strike_an_option_is_exercised_or_not(changes, expected):
    assert diluted_warrants(a_warrant(**changes)).value_per_option == pytest.approx(expected)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"price": 0.0}, PriceNotPositive),
        ({"shares": 0.0}, SharesNotPositive),
        ({"number": -1.0}, OptionNegative),
        ({"strike": -1.0}, OptionNegative),
        ({"maturity": -1.0}, DurationNegative),
        ({"volatility": -0.1}, VolatilityNegative),
        ({"dividend_yield": -0.1}, YieldNegative),
    ],
)
def test_terms_that_no_option_has_are_refused(changes, error):
    with pytest.raises(error):
        diluted_warrants(a_warrant(**changes))


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(TERMS, st.floats())))
def test_whatever_is_stated_a_warrant_is_valued_or_refused(changes):
    try:
        result = diluted_warrants(a_warrant(**changes))
    except ValorError:
        return
    assert np.isfinite(result.total)


CONVERTIBLES = st.lists(
    st.builds(
        Convertible,
        face=rates(0.0, 500.0),
        shares=rates(0.1, 50.0),
        coupon=rates(0.0, 0.2),
        deductible=st.booleans(),
    ),
    max_size=4,
).map(tuple)


def some_earnings(**changes) -> DilutedEarningsInputs:
    """A company with options in the money."""
    known = DilutedEarningsInputs(
        net_income=100.0,
        shares=Shares(basic=50.0, options=(OptionTranche(number=5.0, strike=10.0),)),
        average_price=20.0,
        tax=0.25,
    )
    return replace(known, **changes)


@given(income=rates(-200.0, 500.0), convertibles=CONVERTIBLES)
def test_diluted_earnings_are_the_lowest_of_any_choice_of_converters(income, convertibles):
    inputs = some_earnings(net_income=income, convertibles=convertibles)
    result = diluted_earnings(inputs)

    lowest = income / 50.0
    savings = [
        each.face * each.coupon * (0.75 if each.deductible else 1.0) for each in convertibles
    ]
    for options in (0.0, 2.5):
        for chosen in itertools.product((0, 1), repeat=len(convertibles)):
            earned = income + sum(s for s, c in zip(savings, chosen, strict=True) if c)
            new = sum(each.shares for each, c in zip(convertibles, chosen, strict=True) if c)
            lowest = min(lowest, earned / (50.0 + options + new))
    assert result.diluted_eps == pytest.approx(lowest, abs=1e-12)
    assert result.diluted_eps <= result.basic_eps


def test_a_loss_is_not_diluted():
    result = diluted_earnings(some_earnings(net_income=-50.0))

    assert (result.diluted_eps, result.diluted_shares) == (-1.0, 50.0)


@given(equity=rates(10.0, 5_000.0), face=rates(1.0, 500.0), shares=rates(0.5, 50.0))
def test_a_convertible_in_a_value_takes_the_better_of_its_face_and_its_shares(equity, face, shares):
    convertible = as_tranche(Convertible(face=face, shares=shares))

    # The equity before the bond; its face is deducted as debt, its tranche pays the face back.
    price = value_per_share(equity, Shares(basic=100.0, options=(convertible,)))

    assert price == pytest.approx(min(equity / 100.0, (equity + face) / (100.0 + shares)))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"shares": 0.0}, ConversionSharesNotPositive),
        ({"face": -1.0}, ConvertibleNegative),
        ({"coupon": -0.1}, ConvertibleNegative),
    ],
)
def test_a_convertible_that_is_none_is_refused(changes, error):
    bond = Convertible(**({"face": 100.0, "shares": 5.0, "coupon": 0.04} | changes))
    with pytest.raises(error):
        diluted_earnings(some_earnings(convertibles=(bond,)))
