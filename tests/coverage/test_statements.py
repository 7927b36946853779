from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis.strategies import floats

from tests.books import demo_book
from tests.coverage.filings import apple, as_bytes, fact
from valor_core.coverage.companyfacts import read_companyfacts
from valor_core.coverage.items import ITEMS, Statement
from valor_core.coverage.splits import Split, splits_of
from valor_core.coverage.statements import statements_of


def names_of(facts) -> list[str]:
    return [finding.name for finding in statements_of(facts).findings]


MONEY = floats(1e6, 1e12)


@given(liabilities=MONEY, equity=MONEY)
def test_a_balance_that_balances_raises_no_doubt_and_one_that_is_off_by_a_hundredth_does(
    liabilities, equity
):
    def balance(assets):
        return [
            fact("total_assets", assets),
            fact("total_liabilities", liabilities),
            fact("stockholders_equity", equity),
        ]

    assert names_of(balance(liabilities + equity)) == []
    assert names_of(balance(1.01 * (liabilities + equity))) == ["balance"]


def test_every_cell_holds_the_fact_it_shows_and_a_gap_stays_a_gap():
    facts = [
        fact("revenue", 1.0, year=2007),
        fact("revenue", 3.0, year=2009),
        fact("sga", 1.0, year=2008),
    ]

    statements = statements_of(facts)

    assert statements.years == (2007, 2008, 2009)
    revenue = statements.tables[Statement.INCOME][0]
    assert (revenue.item, revenue.cells) == ("revenue", (facts[0], None, facts[1]))


def test_growth_over_a_gap_is_not_told():
    statements = statements_of([fact("revenue", 1.0, year=2007), fact("revenue", 3.0, year=2009)])

    assert statements.ratios[0].values == (None, None)


def test_apples_growth_in_2009_is_the_restated_one():
    statements = statements_of(read_companyfacts(as_bytes(apple())).facts)

    assert statements.ratios[0].values[1] == pytest.approx(42_905 / 37_491 - 1)


def test_the_year_ends_when_its_figures_do_and_not_on_the_day_of_the_cover():
    statements = statements_of(read_companyfacts(as_bytes(apple())).facts)

    assert [str(end) for end in statements.period_ends] == ["2008-09-27", "2009-09-26"]


def test_all_items_of_a_company_stand_in_one_of_its_tables():
    for parsed in demo_book().values():
        shown = {
            line.item for table in statements_of(parsed.facts).tables.values() for line in table
        }
        assert shown == {filed.item for filed in parsed.facts}
        assert shown <= {item.name for item in ITEMS}


def test_a_company_without_facts_has_empty_statements():
    statements = statements_of([])

    assert (statements.years, statements.findings) == ((), ())


def findings_of_company(ticker: str, splits: Sequence[Split] = ()) -> set[tuple[str, int]]:
    found = statements_of(demo_book()[ticker].facts, splits=splits).findings
    return {(finding.name, finding.fiscal_year) for finding in found}


def test_apples_splits_of_2014_and_2020_show_as_jumps_where_the_restated_counts_begin():
    assert findings_of_company("AAPL") == {("share_jump", 2012), ("share_jump", 2018)}


def test_after_the_splits_that_are_known_apples_shares_jump_no_more():
    assert findings_of_company("AAPL", splits_of(320193)) == set()


def test_nvidias_shares_that_were_filed_in_thousands_are_found():
    found = findings_of_company("NVDA")

    assert {("earnings_per_share", 2007), ("earnings_per_share", 2008)} <= found


def test_snowflakes_redeemable_preferred_stock_stands_between_assets_and_equity():
    assert ("balance", 2019) in findings_of_company("SNOW")


def test_a_payment_below_zero_is_told_and_stays_as_filed():
    statements = statements_of([fact("capex", -5.0)])

    assert [finding.name for finding in statements.findings] == ["sign"]
    assert statements.tables[Statement.CASH_FLOW][0].cells[0] == fact("capex", -5.0)
