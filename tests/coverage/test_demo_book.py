import pytest

from valor_core.coverage.asof import known
from valor_core.coverage.demo_book import DEMO, read_demo_book


@pytest.fixture(scope="module")
def book():
    return {parsed.company.ticker: parsed for parsed in read_demo_book()}


def test_the_book_has_companies_of_several_industries_and_three_with_ten_years(book):
    years = {
        ticker: len({fact.fiscal_year for fact in parsed.facts if fact.item == "revenue"})
        for ticker, parsed in book.items()
    }

    assert len(book) >= 16
    assert len({parsed.company.sic // 100 for parsed in book.values()}) >= 10
    assert min(years[ticker] for ticker in ("AAPL", "NVDA", "GOOGL")) >= 10


def test_every_number_names_its_filing(book):
    for parsed in book.values():
        for fact in parsed.facts:
            assert fact.accession.count("-") == 2
            assert fact.tag.startswith(("us-gaap:", "dei:"))
            assert fact.form in {"10-K", "10-K/A"}
            assert fact.filed_on >= fact.period_end


# In millions; each can be looked up in the filing beside it.
FILED = [
    ("AAPL", "revenue", 2024, 391_035, "0000320193-25-000079"),
    ("AAPL", "net_income", 2009, 8_235, "0001193125-11-282113"),
    ("KO", "operating_income", 2009, 8_231, "0001047469-10-001476"),
    ("SNOW", "operating_income", 2024, -1_456.010, "0001640147-25-000052"),
]


@pytest.mark.parametrize(("ticker", "item", "year", "millions", "accession"), FILED)
def test_a_number_of_the_book_is_the_filings(book, ticker, item, year, millions, accession):
    fact = known(book[ticker].facts)[item, year]

    assert (fact.value, fact.accession) == (millions * 1e6, accession)


def test_what_was_not_filed_is_missing(book):
    assert ("operating_income", 2009) not in known(book["CVX"].facts)
    assert not any(fact.item == "long_term_debt" for fact in book["SNOW"].facts)


def test_the_book_is_small_enough_to_read_through():
    assert sum(table.stat().st_size for table in DEMO.iterdir()) < 1_500_000
