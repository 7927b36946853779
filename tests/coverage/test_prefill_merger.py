"""Where a merger begins, on the demo book."""

from dataclasses import replace

import numpy as np
import pytest

from tests.books import demo_book
from valor_core.coverage.currency import MixedCurrencies
from valor_core.coverage.figures import DEFAULT
from valor_core.coverage.prefill import NotForFcff
from valor_core.coverage.prefill_merger import (
    EARNINGS_MULTIPLE,
    Target,
    prefill_merger,
    target_of,
    with_target,
)
from valor_core.models.fields import leaves
from valor_core.models.merger.merger import merger
from valor_core.values import SourceKind

BOOK = demo_book()
FILERS = sorted(set(BOOK) - {"JPM"})


def target(ticker: str) -> Target:
    parsed = BOOK[ticker]
    return Target(company=parsed.company, id=f"id of {ticker}", facts=parsed.facts)


def prefilled(acquirer: str, bought: str = ""):
    parsed = BOOK[acquirer]
    return prefill_merger(parsed.company, parsed.facts, target=target(bought) if bought else None)


@pytest.mark.parametrize("bought", FILERS)
def test_every_number_of_a_deal_has_a_source_and_the_deal_a_result(bought):
    acquirer = "KO" if bought != "KO" else "PEP"
    start = prefilled(acquirer, bought)

    assert set(start.sources) == set(leaves(start.inputs))
    for path, source in start.sources.items():
        assert source.text
        assert bool(source.facts) == (source.kind in {SourceKind.FILED, SourceKind.DERIVED}), path
        assert (source.author == DEFAULT) == (source.kind is SourceKind.ASSUMED)
    assert np.isfinite(merger(start.inputs).eps).all()
    assert target_of(start.inputs) == f"id of {bought}"


@pytest.mark.parametrize("ticker", ["AAPL", "KO", "PEP", "WMT"])
def test_a_side_that_earns_begins_at_the_stated_multiple_of_its_filed_income(ticker):
    start = prefilled(ticker).inputs.acquirer
    income = next(f for f in BOOK[ticker].facts if f.item == "net_income" and f.fiscal_year == max(
        g.fiscal_year for g in BOOK[ticker].facts if g.item == "net_income"))  # fmt: skip

    value = start.share_price * start.shares.basic
    assert value == pytest.approx(EARNINGS_MULTIPLE * income.value, rel=1e-3)


def test_books_hold_the_filed_equity():
    start = prefilled("KO", "PEP").inputs
    for party, ticker in ((start.acquirer, "KO"), (start.target, "PEP")):
        filed = {f.value for f in BOOK[ticker].facts if f.item == "stockholders_equity"}
        assert any(party.books.equity == pytest.approx(value) for value in filed)


def test_without_a_target_a_tenth_of_the_acquirer_stands_in_and_says_so():
    start = prefilled("KO")

    assert start.inputs.target.revenue == pytest.approx(0.1 * start.inputs.acquirer.revenue)
    assert "until a target is chosen" in start.sources["target.revenue"].text
    assert target_of(start.inputs) == ""


def test_another_target_keeps_the_offer_stated_by_its_premium_alone():
    first, second = prefilled("KO", "PEP").inputs, prefilled("KO", "MCD").inputs
    by_premium = replace(first, offer=replace(first.offer, premium=0.45))
    by_price = replace(first, offer=replace(first.offer, premium=None, price=70.0))

    assert with_target(by_premium, second).offer.premium == 0.45
    assert with_target(by_price, second).offer == second.offer
    assert with_target(by_premium, second).target.company == second.target.company


def test_companies_in_two_currencies_are_not_added():
    parsed = BOOK["PEP"]
    euros = [replace(f, unit=f.unit.replace("USD", "EUR")) for f in parsed.facts]
    bought = Target(company=parsed.company, id="pep", facts=euros)

    with pytest.raises(MixedCurrencies, match="EUR and USD"):
        prefill_merger(BOOK["KO"].company, BOOK["KO"].facts, target=bought)


def test_a_bank_is_no_target():
    with pytest.raises(NotForFcff, match="JPM"):
        prefilled("KO", "JPM")
