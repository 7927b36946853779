"""The screen: each measure by hand, bounds that hold, and a reason for what is missing."""

from math import isfinite

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import floats, none, sampled_from

from tests.conftest import ONLY_SQLITE, World
from tests.snapshots.conftest import (
    APPLE,
    Published,
    filing,
    import_filings,
    publish,
    value_apple,
)
from valor_core.errors import BadInput
from valor_core.snapshots.measures import MEASURE
from valor_core.snapshots.screen import ROWS_MAX, Bounds, Screened
from valor_core.workbench import snapshots
from valor_core.workbench.valuations import list_valuations
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE
names = sampled_from(list(MEASURE))
ends = floats(-10, 500, allow_nan=False) | none()


def screen(world: World, bounds=None, **how) -> Screened:
    with open_work(world.acme.viewer, world.store) as work:
        return snapshots.screen(work, bounds or {}, **how)


@pytest.fixture
def book(book: World) -> World:
    """The demo book, of which Acme has published a snapshot."""
    publish(book, book.acme.analyst)
    return book


def test_measures_of_apple_are_those_of_its_filing(apple: World, published: Published):
    """Worked by hand from the 10-K for the year to 2024-09-28, in millions of USD."""
    enterprise_value = value_apple(apple)
    published()

    (row,) = screen(apple).rows

    ebitda = 123_216 + 11_445
    debt = 85_750 + 10_912 + 9_967
    cash = 29_943 + 35_228 + 91_479
    expected = {
        "revenue": 391_035e6,
        "growth": 391_035 / 383_285 - 1,
        "growth_3y": (391_035 / 365_817) ** (1 / 3) - 1,
        "gross_margin": 0.46206,
        "operating_margin": 0.31510,
        "net_margin": 0.23971,
        "fcf_margin": (118_254 - 9_447) / 391_035,
        "roic": 123_216 * (1 - 29_749 / 123_485) / (56_950 + debt - cash),
        "debt_to_ebitda": debt / ebitda,
        "net_debt_to_ebitda": (debt - cash) / ebitda,
        "ev_to_sales": enterprise_value / 391_035e6,
        "ev_to_ebitda": enterprise_value / (ebitda * 1e6),
        "ev_to_ebit": enterprise_value / 123_216e6,
    }
    assert {name: row.measures[name] for name in expected} == pytest.approx(expected, rel=1e-4)
    with open_work(apple.acme.viewer, apple.store) as work:
        saved = list_valuations(work, limit=1)[0]
    assert row.measures["value_per_share"] == saved.headline
    assert row.measures["pe_at_value"] == pytest.approx(saved.result["equity_value"] / 93_736e6)
    assert (row.fiscal_year, row.valuation_id, row.currency) == (2024, saved.id, "USD")
    assert (row.saved_at, dict(row.missing)) == (saved.created_at, {})


def test_debt_that_was_imported_without_a_tag_counts(world: World):
    tags = "us-gaap:LongTermDebtCurrent", "us-gaap:LongTermDebtNoncurrent"
    raw = filing({2024: APPLE})
    for tag in tags:
        raw = raw.replace(tag, "")
    import_filings(world, world.acme.analyst, raw)
    publish(world, world.acme.analyst)

    (row,) = screen(world).rows

    debt = 85_750 + 10_912  # as current debt it holds the commercial paper
    assert row.measures["debt_to_ebitda"] == pytest.approx(debt / (123_216 + 11_445))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture],
          max_examples=20)  # fmt: skip
@given(name=names, least=ends, most=ends, order=names, descending=sampled_from([True, False]))
def test_who_passes_lies_within_the_bounds_and_nobody_else(
    book: World, name, least, most, order, descending
):
    every = screen(book).rows

    found = screen(book, {name: Bounds(least=least, most=most)}, order=order, descending=descending)

    passing = {
        row.company_id
        for row in every
        if (least is None and most is None)
        or (
            (value := row.measures[name]) is not None
            and (least is None or value >= least)
            and (most is None or value <= most)
        )
    }
    assert {row.company_id for row in found.rows} == passing
    assert (found.passed, found.companies) == (len(passing), len(every))
    ranks = [row.measures[order] for row in found.rows]
    there = [rank for rank in ranks if rank is not None]
    assert there == sorted(there, reverse=descending)
    assert ranks[len(there) :] == [None] * (len(ranks) - len(there))


def test_every_measure_is_a_number_or_has_its_reason(book: World):
    rows = screen(book).rows

    for row in rows:
        assert set(row.missing) == {name for name, value in row.measures.items() if value is None}
        assert all(row.missing.values())
        assert all(isfinite(value) for value in row.measures.values() if value is not None)
    (bank,) = (row for row in rows if row.ticker == "JPM")
    assert bank.measures["net_margin"] is not None
    for name in ("operating_margin", "roic", "debt_to_ebitda"):
        assert bank.missing[name] == "it says nothing of a financial company"


LACKING = [
    ({"dna": None}, "debt_to_ebitda", "no depreciation is filed for FY2024"),
    ({"operating_income": -20_000}, "net_debt_to_ebitda", "EBITDA is not above zero"),
    ({"stockholders_equity": 1}, "roic", "equity + debt − cash is not above zero"),
    ({"net_income": None}, "net_margin", "no net income is filed for FY2024"),
    ({"revenue": 0}, "operating_margin", "revenue is not above zero"),
    ({}, "growth", "no revenue of the year before is filed for FY2024"),
    ({}, "ev_to_sales", "no valuation is saved"),
]


def test_what_is_missing_says_why_and_is_no_zero(world: World):
    filings = []
    for cik, (change, _, _) in enumerate(LACKING, 1):
        figures = {name: value for name, value in {**APPLE, **change}.items() if value is not None}
        filings.append(filing({2024: figures}, cik=cik, name=f"Company {cik}", ticker=f"C{cik}"))
    import_filings(world, world.acme.analyst, *filings)
    publish(world, world.acme.analyst)

    rows = {row.name: row for row in screen(world).rows}

    for cik, (_, measure, why) in enumerate(LACKING, 1):
        row = rows[f"Company {cik}"]
        assert (row.measures[measure], row.missing[measure]) == (None, why)


def test_a_company_that_filed_no_revenue_stands_last_and_says_so(
    apple: World, published: Published
):
    import_filings(
        apple, apple.acme.analyst,
        filing({2024: {"net_income": -5}}, cik=7, name="Shell Co", ticker="SHEL"),
    )  # fmt: skip
    published()

    shell = screen(apple).rows[-1]

    assert (shell.name, shell.fiscal_year) == ("Shell Co", None)
    assert shell.missing["revenue"] == shell.missing["net_margin"] == "no revenue is filed"


def test_the_screen_stands_still_until_the_next_snapshot(apple: World, published: Published):
    first = published()
    import_filings(
        apple, apple.acme.analyst,
        filing({2024: {"revenue": 400_000}}, accession="0000320193-24-000200",
               filed_on="2024-12-01"),
    )  # fmt: skip
    assert screen(apple).rows[0].measures["revenue"] == 391_035e6

    published()

    assert screen(apple).rows[0].measures["revenue"] == 400_000e6
    assert screen(apple, snapshot_id=first.id).rows[0].measures["revenue"] == 391_035e6


def test_only_listed_measures_reach_the_query(apple: World, published: Published):
    published()
    for name in ("", "nosuch", "company_id", "growth; DROP VIEW facts", "1) OR 1=1"):
        with pytest.raises(BadInput, match="There is no measure"):
            screen(apple, {name: Bounds(least=0)})
        with pytest.raises(BadInput, match="There is no measure"):
            screen(apple, order=name)


def test_a_bound_is_a_number(apple: World, published: Published):
    published()
    for end in (float("nan"), float("inf"), float("-inf")):
        with pytest.raises(BadInput, match="Growth cannot be bounded by"):
            screen(apple, {"growth": Bounds(most=end)})


def test_rows_are_limited_and_all_that_pass_are_counted(book: World):
    found = screen(book, limit=3)

    assert (len(found.rows), found.passed, found.companies) == (3, 18, 18)
    for limit in (0, ROWS_MAX + 1):
        with pytest.raises(BadInput, match=f"cannot have {limit} rows"):
            screen(book, limit=limit)
