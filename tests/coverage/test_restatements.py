"""Apple's figures for fiscal 2009: 10-K of 2009-10-27, 10-K/A of 2010-01-25 (SEC EDGAR)."""

from datetime import date

import pytest

from tests.books import demo_book
from valor_core.coverage.items import ITEM, Measure
from valor_core.coverage.restatements import restatements
from valor_core.coverage.splits import splits_of

APPLE = demo_book()["AAPL"].facts


def test_what_stood_before_the_amended_filing_is_seen_as_changed_by_it():
    revenue = restatements(APPLE, date(2009, 12, 31))["revenue", 2009]

    assert revenue.before.value == 36_537e6
    assert revenue.now.value == 42_905e6
    assert revenue.change == pytest.approx(0.1743, abs=1e-4)


def test_after_the_amended_filing_the_revenue_stands():
    assert ("revenue", 2009) not in restatements(APPLE, date(2010, 2, 1))


def test_without_a_day_the_first_filing_is_held_against_the_last():
    assert restatements(APPLE)["revenue", 2009].before.form == "10-K"


def test_as_of_the_newest_filing_nothing_has_changed():
    assert restatements(APPLE, max(fact.filed_on for fact in APPLE)) == {}


def test_a_split_tells_counts_anew_and_is_no_restatement():
    raw, net = (restatements(APPLE, splits=each) for each in ((), splits_of(320193)))
    counted = {key for key in raw if ITEM[key[0]].measure is not Measure.MONEY}

    assert ("diluted_shares", 2013) in counted
    assert {key for key in net if ITEM[key[0]].measure is not Measure.MONEY} == {
        ("eps_diluted", 2008), ("eps_diluted", 2009),
    }  # fmt: skip
    assert {key for key in raw if key not in counted} == set(net) - counted
