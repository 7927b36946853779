"""All companies by one policy: each as it is alone, or with the reason that it would hear alone."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from tests.books import ACME_2023, KO, imported, stated, table
from tests.conftest import ONLY_SQLITE
from valor_core.coverage import companies
from valor_core.coverage.batch_facts import READS, facts_to_begin
from valor_core.coverage.batches import (
    MODELS,
    BatchPolicy,
    PriceUnusable,
    StatedPrice,
    refused,
    valued,
)
from valor_core.coverage.companies import add_companies, company_id
from valor_core.coverage.records import CompanyRecord
from valor_core.errors import NotFound, ValorError
from valor_core.models.catalogue import model_named
from valor_core.models.codec import load
from valor_core.models.dcf import discounted_cash_flow
from valor_core.models.fields import line_at
from valor_core.models.simulation.scenarios import Change
from valor_core.store.tables import FactRow
from valor_core.store.work import unit_of_work
from valor_core.workbench.adjustments import add_adjustment
from valor_core.workbench.batches import NoCompany, note_batch, value_all
from valor_core.workbench.companies import list_companies
from valor_core.workbench.valuations import prefilled
from valor_core.workbench.verb import open_work

ALL = BatchPolicy(
    unfiled_is_nothing=True,
    changes=(Change(path="terminal_growth", value=0.02),),
    prices=(StatedPrice(company="ko", price=30.0), StatedPrice(company="320193", price=80.0)),
)


def test_each_company_is_valued_as_it_is_alone_or_says_why_not(book):
    heard: list[float] = []
    with open_work(book.acme.analyst) as work:
        rows = {each.ticker: each for each in value_all(work, ALL, heard.append)}

    alone = discounted_cash_flow(stated(book.acme.analyst, terminal_growth=0.02)[0])
    ko = rows["KO"]
    assert (ko.company_id, ko.currency, ko.fiscal_year) == (KO, "USD", 2009)
    assert ko.value == alone.value_per_share
    assert ko.enterprise_value == alone.enterprise_value
    assert "leases" in ko.counted_as_nothing
    assert ko.upside == pytest.approx(alone.value_per_share / 30.0 - 1.0)
    assert rows["AAPL"].price == 80.0
    assert rows["PEP"].upside is None
    assert (rows["JPM"].value, rows["JPM"].code) == (None, "not_for_fcff")
    assert "SIC 6021" in rows["JPM"].reason
    assert heard[-1] == 1.0
    assert heard == sorted(heard)


@ONLY_SQLITE
def test_what_a_filing_lacks_counts_as_nothing_only_where_the_policy_says_so(book):
    with open_work(book.acme.analyst) as work:
        rows = value_all(work, BatchPolicy())

    assert {each.code for each in rows} == {"bridge_item_missing", "not_for_fcff"}


@ONLY_SQLITE
def test_an_lbo_of_all_companies_gives_their_returns(book):
    with open_work(book.acme.analyst) as work:
        rows = value_all(work, BatchPolicy(model="lbo", unfiled_is_nothing=True))

    returns = [each.value for each in rows if each.value is not None]
    assert len(returns) > len(rows) / 2
    assert all(-1.0 < each < 1.0 for each in returns)
    assert all(each.value is not None or each.reason for each in rows)


@ONLY_SQLITE
def test_each_model_of_a_batch_shows_the_line_that_the_company_has_alone(book):
    with open_work(book.acme.analyst) as work:
        for model in ("dcf_direct", "reconciliation", "statements", "credit"):
            policy = BatchPolicy(model=model, unfiled_is_nothing=True)
            rows = {each.ticker: each for each in value_all(work, policy)}

            inputs = prefilled(work, KO, model=model).inputs
            if model == "dcf_direct":
                lacking = dict.fromkeys(inputs.bridge.missing, 0.0)
                inputs = replace(inputs, bridge=replace(inputs.bridge, **lacking))
            alone = line_at(model_named(model).function(inputs), policy.shown)
            assert rows["KO"].value == alone, model
            assert all((each.value is None) == bool(each.reason) for each in rows.values())


@ONLY_SQLITE
@pytest.mark.parametrize("as_of", [None, date(2010, 2, 20)])
@pytest.mark.parametrize("model", sorted(set(MODELS) - {"comparables"}))
def test_the_whole_book_at_once_is_each_company_by_itself(book, model, as_of):
    with open_work(book.acme.analyst) as work:
        add_adjustment(
            work, KO, layer="Adjusted", item="long_term_debt", fiscal_year=2009,
            amount=1e9, rationale="a loan of the parent",
        )  # fmt: skip
    policy = BatchPolicy(model=model, unfiled_is_nothing=True, as_of=as_of, layer="Adjusted")
    with open_work(book.acme.analyst) as work:
        for row in value_all(work, policy):
            company = companies.company(work, row.company_id)
            try:
                start = prefilled(work, company.id, model=model, as_of=as_of, layer="Adjusted")
                alone = valued(company, start, policy, None)
            except ValorError as why:
                alone = refused(company, why, None)
            if model == "lbo" and alone.value is not None:  # a rate that is found by iteration
                assert row.value == pytest.approx(alone.value, rel=1e-12)
                alone = replace(alone, value=row.value)
            assert row == alone


@pytest.mark.parametrize("as_of", [None, date(2010, 2, 20)])
def test_what_a_batch_asks_the_database_for_is_what_its_inputs_rest_on(book, as_of):
    with open_work(book.acme.analyst) as work:
        among = [each.id for each in list_companies(work)]
        asked = facts_to_begin(work, among, model="dcf", as_of=as_of)
        whole = dict(companies.facts_by_company(work, among))

    for company, facts in whole.items():
        needed = READS["dcf"].needed(facts, as_of)
        assert len(needed) == len(asked[company]) < len(facts)
        assert set(asked[company]) == set(needed)


@ONLY_SQLITE
def test_who_mixes_currencies_hears_so_whichever_items_are_read(book):
    """As after the shared book has taken in a company that a tenant had before."""
    imported(book.acme.analyst, table(ACME_2023))
    with unit_of_work(book.acme.analyst, book.store) as work:
        work.begin_writing()
        add_companies(work, [CompanyRecord(name="Coca-Cola Co", cik=21344, ticker="KO")])
        row = work.session.scalars(select(FactRow).where(FactRow.company_id == company_id(7))).one()
        told = {each.name: getattr(row, each.name) for each in FactRow.__table__.columns}
        work.insert_many(FactRow, [told | {"company_id": KO, "item": "capex", "unit": "EUR"}])
    with open_work(book.acme.analyst) as work:
        rows = {each.ticker: each for each in value_all(work, ALL)}

    assert (rows["KO"].code, rows["PEP"].code) == ("mixed_currencies", "")


@ONLY_SQLITE
def test_a_comparison_is_of_the_year_of_the_company_and_not_of_a_peer(book):
    with open_work(book.acme.analyst) as work:
        prices = tuple(
            StatedPrice(company=each.ticker, price=50.0) for each in list_companies(work)
        )
        by_dcf = value_all(work, BatchPolicy(unfiled_is_nothing=True))
        compared = value_all(
            work, BatchPolicy(model="comparables", unfiled_is_nothing=True, prices=prices)
        )

    years = {each.ticker: each.fiscal_year for each in by_dcf if each.value is not None}
    told = {each.ticker: each.fiscal_year for each in compared if each.value is not None}
    assert {ticker: year for ticker, year in told.items() if ticker in years} == {
        ticker: year for ticker, year in years.items() if ticker in told
    }
    assert {2009, 2025} <= set(told.values())


@ONLY_SQLITE
def test_comparables_take_the_stated_prices_of_peers_or_say_that_there_is_none(book):
    priced = tuple(StatedPrice(company=ticker, price=60.0) for ticker in ("PEP", "CVX", "KO"))
    with open_work(book.acme.analyst) as work:
        rows = {
            e.ticker: e for e in value_all(work, BatchPolicy(model="comparables", prices=priced))
        }

    ko = rows["KO"]
    assert ko.value is not None
    assert ko.upside == pytest.approx(ko.value / 60.0 - 1.0)
    assert "none of them has a stated price" in rows["AAPL"].reason


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("policy", "refusal"),
    [
        ({"model": "merger"}, NotFound),
        ({"prices": [{"company": "KO", "price": 0.0}]}, PriceUnusable),
        ({"prices": [{"company": "nosuch", "price": 1.0}]}, NotFound),
        ({"prices": [{"company": c, "price": 1.0} for c in ("KO", "21344")]}, PriceUnusable),
        ({"prices": [{"company": "KO", "price": 1.0}], "model": "lbo"}, PriceUnusable),
        ({"layer": "nosuch"}, NotFound),
        ({"model": "credit", "line": "z.nosuch"}, NotFound),
        ({"model": "statements", "line": "balance.cash"}, NotFound),
        (
            {
                "model": "dcf",
                "line": "enterprise_value",
                "prices": [{"company": "KO", "price": 1.0}],
            },
            PriceUnusable,
        ),
    ],
)
def test_a_policy_that_cannot_hold_is_refused_before_it_begins(book, policy, refusal):
    with pytest.raises(refusal), open_work(book.acme.analyst) as work:
        note_batch(work, load(BatchPolicy, policy))


@ONLY_SQLITE
def test_an_input_that_no_company_has_is_a_reason_of_each(book):
    policy = BatchPolicy(changes=(Change(path="nosuch", value=1.0),))

    with open_work(book.acme.analyst) as work:
        rows = value_all(work, policy)

    assert {each.code for each in rows} == {"not_found", "not_for_fcff"}


@ONLY_SQLITE
def test_figures_are_read_through_the_layer_that_the_policy_names(book):
    with open_work(book.acme.analyst) as work:
        add_adjustment(
            work, KO, layer="Adjusted", item="operating_income", fiscal_year=2009,
            amount=1e9, rationale="a strike",
        )  # fmt: skip
    with open_work(book.acme.analyst) as work:
        filed, adjusted = (
            {each.ticker: each.value for each in value_all(work, replace(ALL, layer=layer))}
            for layer in ("", "Adjusted")
        )

    assert (adjusted["KO"] or 0.0) > (filed["KO"] or 0.0) > 0.0
    assert adjusted | {"KO": None} == filed | {"KO": None}


@ONLY_SQLITE
def test_without_a_company_there_is_no_batch(acme):
    with pytest.raises(NoCompany), open_work(acme.analyst) as work:
        note_batch(work, BatchPolicy())
