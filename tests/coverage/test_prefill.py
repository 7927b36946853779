from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis.strategies import floats

from app.ui.ask import basis
from tests.books import demo_book
from tests.coverage.filings import fact
from valor_core.coverage.bridge_facts import debt
from valor_core.coverage.currency import MixedCurrencies
from valor_core.coverage.figures import DEFAULT, Figures
from valor_core.coverage.prefill import FactsMissing, NotForFcff, prefill_dcf
from valor_core.coverage.records import CompanyRecord
from valor_core.models.dcf import discounted_cash_flow
from valor_core.models.explained import source_text
from valor_core.models.fields import leaves
from valor_core.models.refusals import BridgeItemMissing
from valor_core.values import SourceKind

BOOK = demo_book()
ACME = CompanyRecord(name="Acme", cik=1)


def prefilled(ticker: str, as_of: date | None = None):
    parsed = BOOK[ticker]
    return prefill_dcf(parsed.company, parsed.facts, as_of=as_of)


def filings(**items: float):
    """Figures of 2009, with what any DCF needs."""
    needed = {"revenue": 100.0, "operating_income": 20.0, "shares_outstanding": 10.0}
    return [fact(item, value) for item, value in (needed | items).items()]


def in_euros(facts):
    return [replace(each, unit=each.unit.replace("USD", "EUR")) for each in facts]


def acme(**items: float):
    return prefill_dcf(ACME, filings(**items))


FOR_FCFF = sorted(set(BOOK) - {"JPM"})


@pytest.mark.parametrize("ticker", FOR_FCFF)
def test_every_number_has_a_source_and_every_gap_a_reason(ticker):
    start = prefilled(ticker)

    stated, sourced = set(leaves(start.inputs)), set(start.sources)
    gaps = {f"bridge.{item}" for item in start.inputs.bridge.missing}
    assert sourced == stated | gaps
    for path, source in start.sources.items():
        assert source.text
        assert (source.kind is SourceKind.MISSING) == (path in gaps)
        assert bool(source.facts) == (source.kind in {SourceKind.FILED, SourceKind.DERIVED})
        assert (source.author == DEFAULT) == (source.kind is SourceKind.ASSUMED)


@pytest.mark.parametrize("ticker", FOR_FCFF)
def test_a_gap_blocks_the_value_until_somebody_states_it(ticker):
    start = prefilled(ticker)

    with pytest.raises(BridgeItemMissing) as refused:
        discounted_cash_flow(start.inputs)

    assert refused.value.items == start.inputs.bridge.missing
    stated = replace(start.inputs.bridge, **dict.fromkeys(refused.value.items, 0.0))
    assert discounted_cash_flow(replace(start.inputs, bridge=stated)).enterprise_value > 0


@given(
    earlier=floats(1.0, 1e12), revenue=floats(1.0, 1e12), ebit=floats(-1e12, 1e12),
    cash=floats(0.0, 1e12), equity=floats(-1e12, 1e12),
)  # fmt: skip
def test_whatever_was_filed_the_drivers_stay_within_their_bounds(
    earlier, revenue, ebit, cash, equity
):
    facts = filings(revenue=revenue, operating_income=ebit, cash=cash, stockholders_equity=equity)

    inputs = prefill_dcf(ACME, [*facts, fact("revenue", earlier, year=2008)]).inputs

    numbers = leaves(inputs)
    assert -0.05 <= numbers["growth.start"] <= 0.25
    assert 0.3 <= numbers["sales_to_capital.ratio.start"] <= 5.0
    assert 0.0 <= numbers["tax.start"] <= 0.4


def test_only_what_was_filed_by_the_day_counts():
    start = prefilled("AAPL", date(2009, 12, 31))

    assert start.inputs.revenue == 36_537e6
    assert all(
        filed.filed_on <= date(2009, 12, 31)
        for source in start.sources.values()
        for filed in source.facts
    )


def test_apples_debt_is_its_notes_and_its_commercial_paper_each_once():
    # 10-K for 2025: term debt 78,328 and 12,350 due in a year, commercial paper 7,979 million.
    source = prefilled("AAPL").sources["bridge.debt"]

    assert prefilled("AAPL").inputs.bridge.debt == (78_328 + 12_350 + 7_979) * 1e6
    assert len(source.facts) == 3


def test_operating_leases_are_not_deducted_since_ebit_bears_their_cost():
    # 10-K for 2025: operating lease liabilities 12,490 million.
    source = prefilled("AAPL").sources["bridge.leases"]

    assert prefilled("AAPL").inputs.bridge.leases == 0.0
    assert "not deducted again (US GAAP)" in source.text
    assert [filed.value for filed in source.facts] == [12_490e6]
    assert acme(operating_lease_liability_noncurrent=7.0).inputs.bridge.leases == 0.0


def test_finance_leases_are_a_claim_once():
    beside = {"operating_lease_liability": 7.0, "finance_lease_liability": 3.0}
    with_debt = fact("long_term_debt", 50.0, tag="us-gaap:LongTermDebtAndCapitalLeaseObligations")

    assert acme(**beside).inputs.bridge.leases == 3.0
    assert len(acme(**beside).sources["bridge.leases"].facts) == 2
    assert prefill_dcf(ACME, [*filings(**beside), with_debt]).inputs.bridge.leases == 0.0


def test_leases_stay_open_where_no_filing_speaks_of_any():
    assert acme().inputs.bridge.leases is None
    assert "finance lease liabilities" in acme().sources["bridge.leases"].text


@pytest.mark.parametrize(
    ("filed", "owed"),
    [
        ({"LongTermDebtNoncurrent": 70, "DebtCurrent": 30, "CommercialPaper": 20}, 100),
        ({"LongTermDebtNoncurrent": 70, "LongTermDebtCurrent": 10, "CommercialPaper": 20}, 100),
        ({"LongTermDebtNoncurrent": 70, "LongTermDebtCurrent": 10, "LongTermDebt": 80}, 80),
        ({"LongTermDebtNoncurrent": 70, "ShortTermBorrowings": 10, "CommercialPaper": 5}, 80),
        ({"LongTermDebtNoncurrent": 70, "LongTermDebt": 80, "ShortTermBorrowings": 10}, 80),
        ({"LongTermDebtNoncurrent": 70, "LongTermDebt": 80, "ShortTermBorrowings": 5}, 85),
        ({"LongTermDebt": 80, "LongTermDebtCurrent": 10}, 80),
        ({"LongTermDebt": 80, "CommercialPaper": 20}, 100),
        ({"DebtCurrent": 30}, None),
        ({}, None),
    ],
    ids=str,
)
def test_overlapping_debt_tags_count_once(filed, owed):
    items = {"CommercialPaper": "commercial_paper"}
    facts = [
        fact(
            items.get(tag, "long_term_debt" if tag.startswith("LongTerm") else "short_term_debt"),
            float(value),
            tag=f"us-gaap:{tag}",
        )
        for tag, value in filed.items()
    ]

    assert debt(Figures([*filings(), *facts])).value == owed


@pytest.mark.parametrize("tag", ["", "ifrs-full:Borrowings"])
def test_debt_under_no_tag_that_is_known_is_read_by_its_item(tag):
    filed = {"long_term_debt": 70.0, "short_term_debt": 30.0, "commercial_paper": 20.0}
    facts = [replace(fact(item, value), tag=tag) for item, value in filed.items()]

    start = prefill_dcf(ACME, [*filings(), *facts])

    assert start.inputs.bridge.debt == 100.0  # all current debt holds the paper
    assert start.sources["bridge.debt"].kind is SourceKind.DERIVED


def test_a_later_figure_without_a_tag_restates_the_one_that_its_item_was_filed_under():
    first = [
        fact("long_term_debt", 80.0, tag="us-gaap:LongTermDebt"),
        fact("short_term_debt", 10.0, tag="us-gaap:LongTermDebtCurrent"),
    ]
    same_filing = replace(fact("long_term_debt", 60.0), tag="")
    later = replace(fact("long_term_debt", 90.0, filed_on="2010-06-01"), tag="")

    assert debt(Figures([*filings(), *first, same_filing])).value == 80.0
    assert debt(Figures([*filings(), *first, same_filing, later])).value == 90.0


def test_a_figure_without_a_tag_is_named_by_its_item():
    untagged = [
        replace(fact("long_term_debt", 70.0), tag=""),
        replace(fact("cash", 5.0), tag=""),
        replace(fact("revenue", 90.0, year=2008), tag=""),
    ]

    start = prefill_dcf(ACME, [*filings(), *untagged])

    source = start.sources["bridge.debt"]
    assert source.text == "financial debt of FY2009: long term debt"
    assert basis(source).endswith("(long term debt in 0000000000-10-022600)")
    assert "(long term debt, 0000000000-10-022600" in source_text(source)
    assert any("Revenue is tagged nothing for FY2008" in each for each in start.warnings)


def test_coca_colas_missing_notes_payable_are_warned_of():
    # 10-K for 2009: current liabilities 13,721, payables 6,657, debt due 51 million.
    assert any(
        "7,013 million" in warning and "notes payable" in warning
        for warning in prefilled("KO").warnings
    )


def test_interest_that_the_debt_cannot_explain_is_warned_of():
    (warning,) = acme(long_term_debt=10.0, interest_expense=2.0).warnings
    assert "above 15%" in warning

    (warning,) = acme(interest_expense=2.0).warnings
    assert "no long-term debt is filed" in warning


def test_securities_that_vanish_from_one_year_to_the_next_are_warned_of():
    assert any("Short term investments of 34,621" in text for text in prefilled("NVDA").warnings)


def test_minorities_are_nil_only_where_the_balance_leaves_nothing():
    whole = {"total_assets": 50.0, "total_liabilities": 30.0}

    assert acme(**whole, stockholders_equity=20.0).inputs.bridge.minority_interests == 0.0
    assert acme(**whole, stockholders_equity=19.0).inputs.bridge.minority_interests is None
    start = acme(**whole, stockholders_equity=19.0, equity_incl_nci=20.0)
    assert start.inputs.bridge.minority_interests == 1.0


def test_pensions_count_after_tax():
    assert acme(pension_liability=100.0).inputs.bridge.pensions == 75.0


def test_ebit_that_was_not_filed_is_income_before_tax_and_interest():
    start = prefilled("CVX")  # 10-K for 2009: 18,528 and 28 of 171,636 million

    assert leaves(start.inputs)["margin.start"] == round((18_528 + 28) / 171_636, 4)
    assert start.sources["margin.start"].kind is SourceKind.DERIVED
    assert any("Operating income of FY2009 is not filed" in text for text in start.warnings)


def test_shares_that_were_not_filed_follow_from_earnings_per_share():
    facts = [each for each in filings() if each.item != "shares_outstanding"]
    facts += [fact("net_income", 12.0), fact("eps_diluted", 1.5)]

    assert prefill_dcf(ACME, facts).inputs.shares.basic == 8.0


def test_a_loss_fades_to_a_mature_margin_that_is_called_a_judgement():
    start = prefilled("SNOW")

    numbers = leaves(start.inputs)
    assert numbers["margin.start"] < 0 < numbers["margin.end"]
    assert start.sources["margin.end"].kind is SourceKind.ASSUMED
    assert "operating loss" in start.warnings[0]


def test_losses_are_carried_until_later_profits_used_them():
    def with_ebit(*amounts: float):
        facts = [
            fact("operating_income", amount, year=2010 - len(amounts) + n)
            for n, amount in enumerate(amounts)
        ]
        return prefill_dcf(ACME, [*filings()[::2], *facts]).inputs.operating_loss

    assert with_ebit(-30.0, 10.0) == 20.0
    assert with_ebit(-30.0, 40.0) == 0.0
    assert with_ebit(50.0, -30.0) == 30.0


@pytest.mark.parametrize("sic", [6021, 6324, 6798])
def test_banks_insurers_and_property_companies_are_refused_with_a_way_out(sic):
    with pytest.raises(NotForFcff, match=str(sic)) as refused:
        prefill_dcf(replace(ACME, sic=sic), filings())

    assert "the page Dividends and residual income" in refused.value.hint


@pytest.mark.parametrize("item", ["revenue", "operating_income", "shares_outstanding"])
def test_what_no_dcf_can_do_without_is_named(item):
    facts = [each for each in filings() if each.item != item]

    with pytest.raises(FactsMissing, match=r"Acme has not filed .* by 2010-12-31"):
        prefill_dcf(ACME, facts, as_of=date(2010, 12, 31))


def test_the_figures_carry_their_currency():
    assert acme().currency == "USD"
    assert prefill_dcf(ACME, in_euros(filings())).currency == "EUR"


def test_default_rates_of_another_currency_are_warned_of():
    (warning,) = prefill_dcf(ACME, in_euros(filings())).warnings

    assert "state those of EUR" in warning
    assert acme().warnings == ()


def test_figures_in_two_currencies_start_no_valuation_and_both_are_named():
    mixed = [*filings(), *in_euros([fact("cash", 5.0)])]

    with pytest.raises(MixedCurrencies, match="EUR and USD") as refused:
        prefill_dcf(ACME, mixed)

    assert "Convert" in refused.value.hint


def test_a_revenue_of_zero_starts_no_forecast():
    with pytest.raises(FactsMissing, match="a revenue above 0"):
        acme(revenue=0.0)
