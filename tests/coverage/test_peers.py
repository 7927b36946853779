"""Peers by the digits of their SIC and by size; figures of any company of the demo book."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.books import demo_book
from valor_core.coverage.companies import Company, company_id
from valor_core.coverage.peers import digits_alike, ranked
from valor_core.coverage.prefill_comparables import joined, prefill_comparables

BOOK = demo_book()


def a_company(place: int, sic: int | None = 2080) -> Company:
    return Company(
        id=company_id(place), name=f"Company {place}", ticker="", cik=place, sic=sic, shared=False
    )


@given(st.integers(100, 9999), st.integers(100, 9999))
def test_digits_are_as_many_alike_one_way_as_the_other(one, other):
    assert digits_alike(one, other) == digits_alike(other, one)
    assert (digits_alike(one, other) == 4) == (one == other)


def test_the_industry_comes_before_size_and_size_before_the_name():
    ours, far, near, other = a_company(1), a_company(2), a_company(3), a_company(4, 3674)
    revenue = {ours.id: 100.0, far.id: 900.0, near.id: 150.0, other.id: 100.0}

    order = ranked(ours, [ours, other, far, near], revenue)

    assert [each.company for each in order] == [near, far, other]
    assert [each.is_like for each in order] == [True, True, False]
    assert order[0].reason == "SIC 2080, same industry; 1.5× its revenue"


def test_a_company_without_a_sic_or_revenue_is_like_nobody():
    unknown = ranked(a_company(1), [a_company(2, None)], {})[0]

    assert not unknown.is_like
    assert unknown.reason == "SIC not known, another industry"


@pytest.mark.parametrize("ticker", ["AAPL", "KO", "JPM", "SNOW", "CVX"])
def test_every_figure_has_its_source_and_the_bridge_is_stated_whole(ticker):
    parsed = BOOK[ticker]

    start = joined(prefill_comparables(parsed.company, parsed.facts), [])

    assert not start.inputs.company.bridge.missing
    assert {"company.shares.basic", "company.figures.net_income"} <= set(start.sources)
    assert start.sources["company.figures.net_income"].facts
