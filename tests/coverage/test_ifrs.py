"""A filer under IFRS is read for the same items as one under US GAAP, and valued alike."""

import pytest

from tests.coverage.filings import as_bytes, units
from valor_core.coverage.companies import Company
from valor_core.coverage.companyfacts import read_companyfacts
from valor_core.coverage.figures import Figures
from valor_core.coverage.ifrs import IFRS
from valor_core.coverage.items import ITEM, ITEMS, Kind, Measure
from valor_core.coverage.prefill import prefill_dcf
from valor_core.coverage.prefill_statements import prefill_statements
from valor_core.values import CompanyId

FILING = {"accn": "0001104659-24-030000", "form": "20-F", "filed": "2024-03-01", "fy": 2023}
YEAR, END = {"start": "2023-01-01", "end": "2023-12-31"}, {"end": "2023-12-31"}
UNIT = {Measure.MONEY: "EUR", Measure.SHARES: "shares", Measure.PER_SHARE: "EUR/shares"}
ACME = Company(id=CompanyId("cik0000000007"), name="Acme NV", ticker="ACM", cik=7, sic=3990,
               shared=False)  # fmt: skip
AMOUNTS = {
    "Revenue": 1_000e6,
    "ProfitLossFromOperatingActivities": 200e6,
    "ProfitLossBeforeTax": 180e6,
    "IncomeTaxExpenseContinuingOperations": 45e6,
    "ProfitLossAttributableToOwnersOfParent": 135e6,
    "FinanceCosts": 20e6,
    "InterestExpenseOnLeaseLiabilities": 3e6,
    "PaymentsOfLeaseLiabilitiesClassifiedAsFinancingActivities": 12e6,
    "AdjustmentsForDepreciationAndAmortisationExpense": 50e6,
    "PurchaseOfPropertyPlantAndEquipmentClassifiedAsInvestingActivities": 60e6,
    "Assets": 2_000e6,
    "Equity": 800e6,
    "EquityAttributableToOwnersOfParent": 790e6,
    "NoncontrollingInterests": 10e6,
    "CashAndCashEquivalents": 150e6,
    "LongtermBorrowings": 300e6,
    "CurrentBorrowingsAndCurrentPortionOfNoncurrentBorrowings": 40e6,
    "LeaseLiabilities": 70e6,
    "NumberOfSharesOutstanding": 50e6,
}


def item_of(tag: str):
    return next(item for item in ITEMS if f"ifrs-full:{tag}" in item.tags)


def filed() -> dict:
    """A 20-F with these amounts, as a companyfacts document."""
    told = {}
    for tag, amount in AMOUNTS.items():
        item = item_of(tag)
        when = END if item.kind is Kind.BALANCE else YEAR
        told[tag] = units(when | FILING | {"val": amount}, unit=UNIT[item.measure])
    return {"cik": 7, "entityName": "Acme NV", "facts": {"ifrs-full": told}}


def test_every_item_of_the_ifrs_table_is_one_that_is_read():
    assert set(IFRS) <= set(ITEM)
    for name, tags in IFRS.items():
        for tag in tags.replace("|", " ").split():
            assert f"ifrs-full:{tag}" in ITEM[name].tags


def test_tags_of_both_taxonomies_stand_on_the_same_rungs():
    assert ITEM["revenue"].rank("ifrs-full:Revenue")[0] == 0
    assert ITEM["interest_expense"].rank("ifrs-full:FinanceCosts")[0] == 1
    assert ITEM["debt_issued"].tags[0].startswith("us-gaap:")


def test_an_ifrs_filing_gives_the_items_of_a_us_filing_with_its_own_tags():
    facts = read_companyfacts(as_bytes(filed())).facts

    found = {fact.item: fact for fact in facts}
    assert found["operating_income"].value == 200e6
    assert found["operating_income"].tag == "ifrs-full:ProfitLossFromOperatingActivities"
    assert found["interest_expense"].form == "20-F"
    assert {fact.unit for fact in facts} == {"EUR", "shares"}


def test_its_dcf_begins_with_debt_leases_and_minorities_in_its_own_currency():
    start = prefill_dcf(ACME, read_companyfacts(as_bytes(filed())).facts)

    bridge = start.inputs.bridge
    assert start.currency == "EUR"
    assert (start.inputs.revenue, start.inputs.margin.start) == (1_000e6, 0.2)
    assert (bridge.debt, bridge.leases, bridge.minority_interests) == (340e6, 70e6, 10e6)
    assert "IFRS 16" in start.sources["bridge.leases"].text
    assert start.inputs.shares.basic == 50e6


@pytest.mark.parametrize("tag", ["LongtermBorrowings", "NoncurrentPortionOfNoncurrentBorrowings"])
def test_the_part_of_the_debt_that_is_due_later_is_read_by_either_tag(tag):
    document = filed()
    told = document["facts"]["ifrs-full"]
    told[tag] = told.pop("LongtermBorrowings")

    facts = read_companyfacts(as_bytes(document)).facts

    later = Figures(facts).tagged("LongTermDebtNoncurrent")
    assert later
    assert later.value == 300e6


def test_leases_of_both_taxonomies_come_to_the_same_items_and_their_interest_is_none_of_the_debts():
    theirs = read_companyfacts(as_bytes(filed())).facts
    tags = {"lease_interest": "FinanceLeaseInterestExpense",
            "lease_principal": "FinanceLeasePrincipalPayments"}  # fmt: skip
    document = filed()
    told = document["facts"]["ifrs-full"]
    document["facts"]["us-gaap"] = {
        tag: told.pop(ITEM[item].tags[-1].removeprefix("ifrs-full:")) for item, tag in tags.items()
    }
    ours = read_companyfacts(as_bytes(document)).facts

    for facts in (theirs, ours):
        found = {fact.item: fact.value for fact in facts}
        assert (found["lease_interest"], found["lease_principal"]) == (3e6, 12e6)
        start = prefill_statements(ACME, facts)
        assert start.inputs.debt[0].rate.start == 0.05  # 17 of the 20 million, on 340
        assert "interest on leases" in start.sources["debt[0].rate.start"].text
