from datetime import date

import pytest
from hypothesis import given
from hypothesis.strategies import dates, lists, sampled_from, tuples

from tests.coverage.filings import apple, as_bytes, fact
from valor_core.coverage.asof import known, vintages
from valor_core.coverage.companyfacts import read_companyfacts

FILINGS = lists(
    tuples(
        sampled_from(["revenue", "cash"]),
        sampled_from(range(2005, 2010)),
        dates(date(2010, 1, 1), date(2020, 1, 1)),
    )
)


@given(filings=FILINGS, day=dates(date(2009, 1, 1), date(2021, 1, 1)))
def test_what_was_known_on_a_day_is_what_all_filings_by_then_show(filings, day):
    facts = [
        fact(item, n, year=year, filed_on=str(on)) for n, (item, year, on) in enumerate(filings)
    ]

    by_then = [each for each in facts if each.filed_on <= day]

    assert known(facts, day) == known(by_then)
    for key, newest in known(facts, day).items():
        same = [each for each in by_then if (each.item, each.fiscal_year) == key]
        assert newest.filed_on == max(each.filed_on for each in same)


# Apple's 10-K of October 2009 and its 10-K/A of January 2010, in millions.
@pytest.mark.parametrize(
    ("day", "revenues", "net_incomes"),
    [
        (date(2009, 12, 31), (32_479, 36_537), (4_834, 5_704)),
        (date(2010, 1, 24), (32_479, 36_537), (4_834, 5_704)),
        (date(2010, 1, 25), (37_491, 42_905), (6_119, 8_235)),
        (date(2010, 2, 1), (37_491, 42_905), (6_119, 8_235)),
        (None, (37_491, 42_905), (6_119, 8_235)),
    ],
)
def test_apples_restatement_counts_from_the_day_it_was_filed(day, revenues, net_incomes):
    figures = known(read_companyfacts(as_bytes(apple())).facts, day)

    assert [figures["revenue", y].value / 1e6 for y in (2008, 2009)] == list(revenues)
    assert [figures["net_income", y].value / 1e6 for y in (2008, 2009)] == list(net_incomes)


def test_before_the_first_filing_nothing_was_known():
    assert known(read_companyfacts(as_bytes(apple())).facts, date(2009, 10, 26)) == {}


def test_the_earlier_vintages_stay_visible():
    facts = read_companyfacts(as_bytes(apple())).facts

    shown = vintages(facts, "revenue", date(2009, 9, 26))

    assert [(each.form, each.value / 1e6) for each in shown] == [
        ("10-K", 36_537),
        ("10-K/A", 42_905),
        ("10-K", 42_905),
    ]


def test_a_later_filing_under_a_wider_tag_does_not_restate_the_number():
    cash = fact("cash", 10.0)
    wider = "us-gaap:CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents"
    with_restricted = fact("cash", 12.0, tag=wider, filed_on="2012-02-26")

    assert known([cash, with_restricted])["cash", 2009] is cash
    assert known([with_restricted])["cash", 2009] is with_restricted


def test_a_later_filing_under_another_name_for_the_same_thing_does_restate_it():
    first = fact("revenue", 10.0)
    renamed = fact("revenue", 11.0, tag="us-gaap:Revenues", filed_on="2012-02-26")

    assert known([renamed, first])["revenue", 2009] is renamed
