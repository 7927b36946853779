"""Figures read through a layer: what was filed stays, and what is added is added once."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.books import demo_book
from tests.coverage.filings import fact
from valor_core.coverage.asof import known
from valor_core.coverage.bridge_facts import OF_DEBT, debt
from valor_core.coverage.figures import Figures
from valor_core.coverage.layers import layers_of, through
from valor_core.coverage.prefill import prefill_dcf
from valor_core.coverage.prefill_statements import prefill_statements
from valor_core.coverage.sourcing import dump_sources, load_sources
from valor_core.models.codec import dump
from valor_core.models.explained import source_text
from valor_core.values import AdjustedFact, Adjustment, SourceKind

BOOK = demo_book()
VALUED = sorted(set(BOOK) - {"JPM"})
ITEMS = ("revenue", "operating_income", "income_tax", "cash", "long_term_debt", "shares_cover")
AMOUNTS = st.floats(-1e8, 1e8)


def added(amount: float, layer: str = "Adjusted") -> Adjustment:
    return Adjustment(
        id="01adjustment",
        layer=layer,
        amount=amount,
        rationale="a fine that will not come again",
        author="user:anna",
        stated_on=date(2026, 3, 1),
    )


def newest(ticker: str) -> int:
    return Figures(BOOK[ticker].facts).year


@pytest.mark.parametrize("ticker", VALUED)
def test_a_layer_without_adjustments_changes_nothing(ticker):
    facts = BOOK[ticker].facts

    assert through(facts, {}) == list(facts)
    assert through(facts, {("revenue", 1990): [added(1.0)]}) == list(facts)


@given(ticker=st.sampled_from(VALUED), items=st.sets(st.sampled_from(ITEMS)), amount=AMOUNTS)
def test_adjustments_that_cancel_out_change_no_input(ticker, items, amount):
    company, facts = BOOK[ticker].company, BOOK[ticker].facts
    layer = {(item, newest(ticker)): [added(amount), added(-amount)] for item in items}

    read = prefill_dcf(company, through(facts, layer))

    assert dump(read.inputs) == dump(prefill_dcf(company, facts).inputs)


@given(ticker=st.sampled_from(VALUED), amounts=st.lists(AMOUNTS, min_size=1, max_size=4))
def test_what_is_added_moves_the_figure_by_its_sum_and_what_was_filed_stays_beside_it(
    ticker, amounts
):
    facts, figure = BOOK[ticker].facts, ("revenue", newest(ticker))
    filed = known(facts)[figure]

    read = through(facts, {figure: [added(each) for each in amounts]})

    adjusted = known(read)[figure]
    assert isinstance(adjusted, AdjustedFact)
    assert adjusted.value == pytest.approx(filed.value + sum(amounts), abs=1.0)
    assert adjusted.as_filed == filed
    assert [each.as_filed for each in read] == list(facts)
    assert sum(each != before for each, before in zip(read, facts, strict=True)) == 1


@given(ticker=st.sampled_from(VALUED), item=st.sampled_from(OF_DEBT), amount=st.floats(-1e12, 1e12))
def test_corrected_debt_counts_once_whichever_of_its_overlapping_tags_are_read(
    ticker, item, amount
):
    facts, figure = BOOK[ticker].facts, (item, newest(ticker))
    before, after = (
        debt(Figures(each)) for each in (facts, through(facts, {figure: [added(amount)]}))
    )
    there = before.value is not None and figure in known(facts)

    assert after.value == (pytest.approx(before.amount + amount) if there else before.value)


def test_corrected_long_term_debt_is_no_debt_that_falls_due_in_the_opening_balance():
    company, facts = BOOK["AAPL"].company, BOOK["AAPL"].facts
    layer = {("long_term_debt", newest("AAPL")): [added(1e9)]}

    before, after = (
        prefill_statements(company, each).inputs.opening for each in (facts, through(facts, layer))
    )

    assert after.other_current_liabilities == before.other_current_liabilities
    assert after.other_liabilities == before.other_liabilities - 1e9


def test_a_layer_adds_to_the_figure_that_was_known_on_the_day():
    first = fact("revenue", 100.0, filed_on="2010-02-01")
    restated = fact("revenue", 90.0, filed_on="2011-02-01")
    figure = ("revenue", first.fiscal_year)

    values = {
        day: known(through([first, restated], {figure: [added(5.0)]}, day), day)[figure].value
        for day in (date(2010, 12, 31), date(2011, 12, 31))
    }

    assert list(values.values()) == [105.0, 95.0]


def test_an_input_tells_the_filed_number_its_filing_and_what_was_added_and_why():
    company, facts = BOOK["KO"].company, BOOK["KO"].facts
    layer = {("revenue", newest("KO")): [added(250e6), added(-50e6)]}

    start = prefill_dcf(company, through(facts, layer))

    source = start.sources["revenue"]
    assert start.inputs.revenue == 30_990e6 + 200e6
    assert source.kind is SourceKind.DERIVED
    assert source.text == "Revenue of FY2009, as filed, with the adjustments of Adjusted"
    assert source_text(source).endswith(
        "(us-gaap:SalesRevenueGoodsNet, 0001047469-10-001476, 10-K filed 2010-02-26): "
        "30,990,000,000 as filed + 250,000,000 in Adjusted (a fine that will not come again, "
        "2026-03-01) − 50,000,000 in Adjusted (a fine that will not come again, 2026-03-01)"
    )
    assert layers_of(start.sources) == ["Adjusted"]
    assert load_sources(dump_sources(start.sources)) == dict(start.sources)
