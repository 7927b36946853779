"""Stated cash flows begin where the DCF of the same facts does."""

import pytest

from tests.books import demo_book
from valor_core.coverage.prefill import NotForFcff, prefill_dcf
from valor_core.coverage.prefill_direct import prefill_direct
from valor_core.models.dcf import discounted_cash_flow
from valor_core.models.dcf_direct import direct_cash_flow
from valor_core.models.sensitivity import replace_at

BANKS = {"JPM"}
COMPANIES = sorted(set(demo_book()) - BANKS)


def of_nothing_else(inputs):
    for item in inputs.bridge.missing:
        inputs = replace_at(inputs, f"bridge.{item}", 0.0)
    return inputs


@pytest.mark.parametrize("ticker", COMPANIES)
def test_the_forecast_is_worth_what_the_dcf_says(ticker):
    parsed = demo_book()[ticker]
    dcf = discounted_cash_flow(of_nothing_else(prefill_dcf(parsed.company, parsed.facts).inputs))

    direct = direct_cash_flow(of_nothing_else(prefill_direct(parsed.company, parsed.facts).inputs))

    assert direct.pv_forecast == pytest.approx(dcf.pv_forecast, rel=1e-12)
    assert direct.claims == dcf.claims
    assert direct.other_assets == dcf.other_assets


def test_a_bank_has_no_free_cash_flow_to_state():
    bank = demo_book()["JPM"]

    with pytest.raises(NotForFcff):
        prefill_direct(bank.company, bank.facts)
