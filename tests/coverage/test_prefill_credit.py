"""Where the judgement of credit begins: each filed figure, and the reason for each gap."""

from typing import Any

import pytest

from tests.coverage.filings import fact
from tests.coverage.test_prefill import ACME, BOOK, filings
from valor_core.coverage.figures import DEFAULT
from valor_core.coverage.prefill import FactsMissing
from valor_core.coverage.prefill_credit import credit_by_year, prefill_credit
from valor_core.models.credit.model import NEEDS, credit, lacking
from valor_core.models.fields import leaves
from valor_core.values import SourceKind


def prefilled(ticker: str):
    parsed = BOOK[ticker]
    return prefill_credit(parsed.company, parsed.facts)


@pytest.mark.parametrize("ticker", sorted(BOOK))
def test_every_number_has_a_source_and_every_gap_a_reason(ticker):
    start = prefilled(ticker)

    gaps = {path for path, s in start.sources.items() if s.kind is SourceKind.MISSING}
    assert set(start.sources) == set(leaves(start.inputs)) | gaps
    assert not gaps & set(leaves(start.inputs))
    assert gaps >= {path for score in NEEDS for path in lacking(start.inputs, score)}
    for source in start.sources.values():
        assert source.text
        assert (source.author == DEFAULT) == (source.kind is SourceKind.ASSUMED)


def test_coca_cola_in_2009_is_covered_as_its_filing_says():
    """Income statement and balance sheet of the 10-K for 2009, in millions of dollars."""
    result: Any = credit(prefilled("KO").inputs)

    assert result.cover.interest_cover == pytest.approx(8_231 / 355)
    assert result.cover.current_ratio == pytest.approx(17_551 / 13_721)
    assert result.z_double_prime.score == pytest.approx(
        6.56 * (17_551 - 13_721) / 48_671
        + 3.26 * 41_537 / 48_671
        + 6.72 * 8_231 / 48_671
        + 1.05 * (48_671 - 23_325) / 23_325
    )


def test_no_market_value_is_made_up_and_what_needs_one_says_so():
    start = prefilled("KO")

    assert start.inputs.market_value is None
    assert credit(start.inputs).z is None
    assert lacking(start.inputs, "z") == ("market_value",)
    assert "no filing tells" in start.sources["market_value"].text


def test_what_is_due_and_what_is_later_add_up_to_all_debt():
    start = prefill_credit(ACME, filings(long_term_debt=30.0, short_term_debt=5.0))

    assert (start.inputs.now.short_term_debt, start.inputs.now.long_term_debt) == (5.0, 30.0)
    assert start.sources["now.long_term_debt"].kind is SourceKind.FILED


def test_a_bank_is_warned_of_and_has_no_z():
    start = prefilled("JPM")

    assert any("industrial firms" in warning for warning in start.warnings)
    assert credit(start.inputs).z_double_prime is None


@pytest.mark.parametrize("ticker", ["AAPL", "KO", "NVDA"])
def test_the_newest_year_of_the_history_is_what_the_start_says(ticker):
    parsed = BOOK[ticker]
    by_year = credit_by_year(parsed.company, parsed.facts)

    newest = credit(prefilled(ticker).inputs)
    assert list(by_year) == sorted(by_year)
    assert by_year[max(by_year)].cover == newest.cover
    assert by_year[max(by_year)].z_double_prime == newest.z_double_prime


def test_without_a_year_of_revenue_and_ebit_there_is_no_start():
    with pytest.raises(FactsMissing):
        prefill_credit(ACME, [fact("revenue", 1.0)])
