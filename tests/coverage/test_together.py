"""Companies valued together: each as it is alone, to the bit, or with the reason it hears alone."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.books import demo_book
from tests.coverage.filings import fact
from valor_core.coverage.batch_facts import READS
from valor_core.coverage.batches import BatchPolicy, refused, valued
from valor_core.coverage.companies import Company, company_id
from valor_core.coverage.items import ITEM
from valor_core.coverage.layers import through
from valor_core.coverage.prefill import Prefilled, prefill_dcf
from valor_core.coverage.prefills import PREFILLS
from valor_core.coverage.together import Started, all_valued
from valor_core.errors import ValorError
from valor_core.models.codec import dump
from valor_core.models.sensitivity import replace_at
from valor_core.models.simulation.scenarios import Change
from valor_core.values import Adjustment

BOOK = demo_book()
VALUED = sorted(set(BOOK) - {"JPM"})
STARTS = {ticker: prefill_dcf(BOOK[ticker].company, BOOK[ticker].facts) for ticker in VALUED}
BARE = [
    [fact("revenue", 100.0), fact(profit, 20.0), fact("income_tax", 5.0), fact(shares, 10.0),
     fact("interest_expense", 1.0), fact("stockholders_equity", 50.0), fact("cash", 5.0),
     fact("operating_lease_liability_noncurrent", 3.0), fact("pension_liability", 2.0),
     fact("preferred_equity", 2.0), fact("total_assets", 90.0), fact("total_liabilities", 40.0)]
    for profit, shares in (("net_income", "basic_shares"), ("net_income_incl_nci", "basic_shares"))
]  # fmt: skip
BARE[1].append(fact("finance_lease_liability", 4.0))
"""That file little, and so by the last of the rules."""
CHANGED = {
    "revenue": st.floats(0.0, 1e12),
    "terminal_growth": st.floats(-0.05, 0.12),
    "cost_of_capital.beta": st.floats(-1.0, 3.0),
    "sales_to_capital.ratio.start": st.floats(0.0, 5.0),
    "shares.basic": st.sampled_from([0.0, 1e-300, 5e8]),
    "bridge.debt": st.floats(0.0, 1e308),
}


def a_company(number: int) -> Company:
    return Company(
        id=company_id(number),
        name=f"Company {number}",
        ticker="",
        cik=number,
        sic=None,
        shared=False,
    )


@st.composite
def starts(draw: st.DrawFn) -> Prefilled:
    """A company of the demo book with a few of its numbers changed."""
    start = STARTS[draw(st.sampled_from(VALUED))]
    inputs = start.inputs
    for path in draw(st.sets(st.sampled_from(sorted(CHANGED)), max_size=3)):
        inputs = replace_at(inputs, path, draw(CHANGED[path]))
    return replace(start, inputs=inputs)


@given(
    several=st.lists(starts(), max_size=12),
    growth=st.none() | st.floats(0.0, 0.1),
    unfiled_is_nothing=st.booleans(),
)
def test_each_has_the_value_or_the_reason_that_it_has_alone(several, growth, unfiled_is_nothing):
    stated = () if growth is None else (Change(path="terminal_growth", value=growth),)
    policy = BatchPolicy(changes=stated, unfiled_is_nothing=unfiled_is_nothing)
    started = [
        Started(company=a_company(place), start=start, price=None)
        for place, start in enumerate(several)
    ]

    rows = all_valued(started, policy)

    for each, row in zip(started, rows, strict=True):
        try:
            alone = valued(each.company, each.start, policy, None)
        except ValorError as why:
            alone = refused(each.company, why, None)
        assert row == alone


@st.composite
def filings(draw: st.DrawFn):
    """Some items of some years as filed, some twice, under any tag, some of them adjusted."""
    keys = st.tuples(st.sampled_from(sorted(ITEM)), st.integers(2005, 2009))
    found = [fact("revenue", draw(st.floats(1.0, 1e12)))]
    for item, year in draw(st.sets(keys, max_size=60)):
        for filed_on in draw(st.sets(st.sampled_from(["2010-02-26", "2010-08-01"]), min_size=1)):
            tag = draw(st.sampled_from([*ITEM[item].tags, "", "acme:Own", "us-gaap:LongTermDebt"]))
            value = draw(st.floats(-1e12, 1e12))
            found.append(fact(item, value, year=year, tag=tag, filed_on=filed_on))
    added = draw(st.dictionaries(keys, st.floats(-1e9, 1e9), max_size=5))
    layer = {key: [an_adjustment(amount)] for key, amount in added.items()}
    return found, layer, draw(st.none() | st.just(date(2010, 3, 1)))


def an_adjustment(amount: float) -> Adjustment:
    return Adjustment(
        id="01", layer="Adjusted", amount=amount, rationale="a strike", author="user:anna",
        stated_on=date(2026, 3, 1),
    )  # fmt: skip


@pytest.mark.parametrize("model", sorted(READS))
@given(filed=filings())
def test_inputs_rest_on_no_item_that_is_not_read(model, filed):
    facts, layer, as_of = filed
    read = READS[model].needed(facts, as_of)

    assert begun(model, read, layer, as_of) == begun(model, facts, layer, as_of)


@pytest.mark.parametrize("item", [*READS["dcf"].of_all_years, *READS["dcf"].of_newest])
def test_no_item_is_read_in_vain(item):
    """Without it some company of the demo book, or a bare one, begins otherwise."""
    of_book = [each.facts for each in BOOK.values()]
    left = [[each for each in facts if each.item != item] for facts in [*of_book, *BARE]]

    assert any(
        begun("dcf", less, {}, None) != begun("dcf", facts, {}, None)
        for less, facts in zip(left, [*of_book, *BARE], strict=True)
    )


def begun(model, facts, layer, as_of):
    try:
        start = PREFILLS[model](a_company(1), through(facts, layer, as_of), as_of=as_of)
    except ValorError as why:
        return why.code, str(why)
    return dump(start.inputs), start.sources, start.currency
