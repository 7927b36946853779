"""Where a value by dividends or residual income begins, on the demo book, banks among it."""

from dataclasses import replace

import pytest

from tests.coverage.filings import fact
from tests.coverage.test_prefill import ACME, BOOK
from valor_core.coverage.figures import DEFAULT
from valor_core.coverage.prefill import FactsMissing
from valor_core.coverage.prefill_equity import prefill_dividend_discount, prefill_residual_income
from valor_core.models.fields import leaves
from valor_core.models.intrinsic.dividends import dividend_discount
from valor_core.models.intrinsic.residual_income import residual_income
from valor_core.values import FiledFact, SourceKind

JPM = BOOK["JPM"]


def of_a_year(**changes: float | None) -> list[FiledFact]:
    told = {"net_income": 12.0, "stockholders_equity": 120.0, "eps_diluted": 1.2,
            "dividends_paid": 4.0, "buybacks": 2.0, "shares_cover": 10.0} | changes  # fmt: skip
    return [
        fact(item, amount, year=2024) for item, amount in told.items() if amount is not None
    ] + [fact("stockholders_equity", 100.0, year=2023)]


def test_a_bank_that_no_dcf_takes_has_a_value_by_both_methods():
    dividends = prefill_dividend_discount(JPM.company, JPM.facts)
    residual = prefill_residual_income(JPM.company, JPM.facts)

    assert 10.0 < float(dividend_discount(dividends.inputs).value_per_share) < 100.0
    assert 10.0 < float(residual_income(residual.inputs).value_per_share) < 100.0
    assert dividends.inputs.earnings == 2.26  # as filed for 2009
    assert any("preferred stock" in told for told in residual.warnings)


@pytest.mark.parametrize("prefill", [prefill_dividend_discount, prefill_residual_income])
@pytest.mark.parametrize("ticker", ["AAPL", "DUK", "JPM", "NVDA"])
def test_every_number_has_its_source(ticker, prefill):
    start = prefill(BOOK[ticker].company, BOOK[ticker].facts)

    numbers = {path for path, value in leaves(start.inputs).items() if isinstance(value, float)}
    assert numbers == set(start.sources)
    assert all(
        source.facts or source.author == DEFAULT
        for source in start.sources.values()
        if source.kind is not SourceKind.FILED
    )


def test_what_is_kept_earns_the_return_on_equity():
    inputs = prefill_dividend_discount(ACME, of_a_year()).inputs

    assert inputs.payout.start == 0.5  # dividends and buybacks of the profit
    assert inputs.growth.start == pytest.approx(0.12 * 0.5)
    assert prefill_residual_income(ACME, of_a_year()).inputs.roe.start == 0.12


def test_after_a_loss_no_dividend_follows_and_nothing_is_paid_out():
    loss = of_a_year(net_income=-12.0, eps_diluted=-1.2)

    with pytest.raises(FactsMissing, match="a profit a share for FY2024"):
        prefill_dividend_discount(ACME, loss)
    residual = prefill_residual_income(ACME, loss)
    assert residual.inputs.payout.start == 0.0
    assert "there was a loss" in residual.sources["payout.start"].text
    assert float(residual_income(residual.inputs).equity_value) < residual.inputs.book_value


@pytest.mark.parametrize("prefill", [prefill_dividend_discount, prefill_residual_income])
@pytest.mark.parametrize(
    ("changes", "lacking"),
    [
        ({"net_income": None}, "both net income and equity"),
        ({"stockholders_equity": -5.0}, "a book equity above 0"),
    ],
)
def test_what_neither_can_do_without_is_named(prefill, changes, lacking):
    with pytest.raises(FactsMissing, match=lacking):
        prefill(ACME, of_a_year(**changes))


def test_preferred_stock_is_no_book_equity_of_the_common_shareholders():
    start = prefill_residual_income(ACME, of_a_year(preferred_equity=20.0))

    assert start.inputs.book_value == 100.0
    assert start.warnings == ()


def test_a_company_whose_equity_is_preferred_stock_alone_is_refused():
    with pytest.raises(FactsMissing, match="a book equity above 0"):
        prefill_residual_income(ACME, of_a_year(preferred_equity=120.0))


def test_a_company_without_filed_earnings_per_share_has_those_of_its_shares():
    inputs = prefill_dividend_discount(replace(ACME), of_a_year(eps_diluted=None)).inputs

    assert inputs.earnings == pytest.approx(1.2)
