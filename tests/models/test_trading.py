from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis.strategies import floats

from valor_core.models.trading import (
    AdrRatioNotPositive,
    CurrencyUnclear,
    ExchangeRateNotPositive,
    SameCurrency,
    TradingInputs,
    trading_conventions,
    trading_value,
)

POSITIVE = floats(1e-3, 1e3)


def a_share(**changes) -> TradingInputs:
    """A share that is valued in euros and trades in dollars."""
    known = TradingInputs(
        value_per_share=20.0,
        reporting_currency="EUR",
        trading_currency="USD",
        exchange_rate=1.1,
        rate_on=date(2026, 2, 27),
    )
    return replace(known, **changes)


def per_adr(**changes) -> float:
    return float(trading_value(a_share(**changes)).value_per_adr)


@given(value=floats(-1e3, 1e3), rate=POSITIVE, shares=POSITIVE)
def test_there_and_back_again_a_value_is_the_same(value, rate, shares):
    there = per_adr(value_per_share=value, exchange_rate=rate, shares_per_adr=shares)
    back = per_adr(
        value_per_share=there,
        reporting_currency="USD",
        trading_currency="EUR",
        exchange_rate=1.0 / rate,
        shares_per_adr=1.0 / shares,
    )

    assert back == pytest.approx(value)


@given(value=floats(-1e3, 1e3), shares=POSITIVE, parts=floats(1.0, 50.0))
def test_an_adr_of_a_part_of_as_many_shares_is_worth_that_part(value, shares, parts):
    whole = per_adr(value_per_share=value, shares_per_adr=shares)

    assert per_adr(value_per_share=value, shares_per_adr=shares / parts) == pytest.approx(
        whole / parts
    )


def test_at_home_a_share_is_worth_what_it_was_valued_at():
    assert per_adr(trading_currency="EUR", exchange_rate=1.0) == 20.0


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"exchange_rate": 0.0}, ExchangeRateNotPositive),
        ({"trading_currency": "EUR"}, SameCurrency),
        ({"trading_currency": "dollars"}, CurrencyUnclear),
        ({"reporting_currency": ""}, CurrencyUnclear),
        ({"shares_per_adr": 0.0}, AdrRatioNotPositive),
    ],
)
def test_what_converts_nothing_is_refused(changes, refusal):
    with pytest.raises(refusal):
        trading_value(a_share(**changes))


def test_the_pair_the_rate_and_its_day_are_told():
    assert trading_conventions(a_share(shares_per_adr=0.5)) == {
        "Exchange rate": "EUR/USD 1.1 of 2026-02-27",
        "Traded": "1 ADR = 0.5 shares",
    }
