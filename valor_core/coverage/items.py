"""The items that a filing is read for: name, label, kind, plausible sign and XBRL tags by rank.

A company tags one item differently over the years (revenue before and after ASC 606), so each item
has a ranked list. Tags on one rung, joined by a bar, mean the same: a later filing under one of
them restates an earlier one under another. A lower rung is narrower or wider (cash that includes
what is restricted, depreciation without amortisation) and speaks only where no better one is filed.
Tags are of US GAAP; those of IFRS for the same items, in `ifrs.py`, stand on the same rungs.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from valor_core.coverage.ifrs import IFRS


class Kind(StrEnum):
    """What a number stands for in time."""

    FLOW = "flow"  # over a fiscal year
    BALANCE = "balance"  # at the end of a fiscal year
    COVER = "cover"  # on the day printed on the filing's cover, some weeks after the year end


class Measure(StrEnum):
    """What a number is counted in."""

    MONEY = "money"  # whole units of the reporting currency, never thousands
    SHARES = "shares"
    PER_SHARE = "per_share"


_UNITS = {
    Measure.MONEY: re.compile(r"[A-Z]{3}"),
    Measure.SHARES: re.compile(r"shares"),
    Measure.PER_SHARE: re.compile(r"[A-Z]{3}/shares"),
}


class Statement(StrEnum):
    """Where an item stands in the filing."""

    INCOME = "income"
    BALANCE = "balance"
    CASH_FLOW = "cash_flow"
    SHARES = "shares"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of a filing that Valor knows."""

    name: str
    label: str
    statement: Statement
    kind: Kind
    measure: Measure
    signed: bool  # whether a number below zero is an everyday thing; elsewhere it is worth a look
    rungs: tuple[tuple[str, ...], ...]  # the best first; tags on one rung mean the same

    @property
    def tags(self) -> tuple[str, ...]:
        """All tags, the best first."""
        return tuple(tag for rung in self.rungs for tag in rung)

    def takes(self, unit: str) -> bool:
        """Whether the item can be counted in a unit: USD or EUR, shares, USD/shares."""
        return _UNITS[self.measure].fullmatch(unit) is not None

    def rank(self, tag: str) -> tuple[int, int]:
        """The rung of a tag and its place there; a tag that a person chose stands on the first.

        >>> ITEM["cash"].rank("us-gaap:CashAndDueFromBanks")
        (1, 0)
        """
        for rung, its_tags in enumerate(self.rungs):
            if tag in its_tags:
                return rung, its_tags.index(tag)
        return 0, len(self.rungs[0])


def _item(
    statement: Statement,
    name: str,
    label: str,
    tags: str,
    *,
    measure: Measure = Measure.MONEY,
    kind: Kind | None = None,
    signed: bool = False,
) -> Item:
    usual = Kind.BALANCE if statement is Statement.BALANCE else Kind.FLOW
    return Item(
        name=name,
        label=label,
        statement=statement,
        kind=kind or usual,
        measure=measure,
        signed=signed,
        rungs=tuple(
            (*american, *international)
            for american, international in zip_longest(
                _rungs(tags, "us-gaap"), _rungs(IFRS.get(name, ""), "ifrs-full"), fillvalue=()
            )
        ),
    )


def _rungs(tags: str, taxonomy: str) -> list[tuple[str, ...]]:
    return [
        tuple(tag if ":" in tag else f"{taxonomy}:{tag}" for tag in rung.split("|"))
        for rung in tags.split()
    ]


_PRETAX = "IncomeLossFromContinuingOperationsBeforeIncomeTaxes"
_I, _B, _C, _S = Statement.INCOME, Statement.BALANCE, Statement.CASH_FLOW, Statement.SHARES

ITEMS: tuple[Item, ...] = (
    _item(
        _I,
        "revenue",
        "Revenue",
        "RevenueFromContractWithCustomerExcludingAssessedTax|Revenues|SalesRevenueNet"
        " SalesRevenueGoodsNet SalesRevenueServicesNet",
    ),
    _item(
        _I,
        "cost_of_revenue",
        "Cost of revenue",
        "CostOfRevenue|CostOfGoodsAndServicesSold CostOfGoodsSold CostOfServices",
    ),
    _item(_I, "gross_profit", "Gross profit", "GrossProfit", signed=True),
    _item(
        _I,
        "rnd",
        "Research and development",
        "ResearchAndDevelopmentExpense ResearchAndDevelopmentExpenseExcludingAcquiredInProcessCost",
    ),
    _item(
        _I,
        "sga",
        "Selling, general and administrative",
        "SellingGeneralAndAdministrativeExpense",
    ),
    _item(_I, "operating_income", "Operating income (EBIT)", "OperatingIncomeLoss", signed=True),
    _item(
        _I,
        "interest_expense",
        "Interest expense",
        "InterestExpense|InterestExpenseNonoperating InterestAndDebtExpense InterestExpenseDebt",
    ),
    _item(
        _I,
        "lease_interest",
        "Interest on lease liabilities",
        "FinanceLeaseInterestExpense|CapitalLeasesIncomeStatementInterestExpense",
    ),
    _item(
        _I,
        "pretax_income",
        "Income before tax",
        f"{_PRETAX}ExtraordinaryItemsNoncontrollingInterest"
        f"|{_PRETAX}MinorityInterestAndIncomeLossFromEquityMethodInvestments"
        f"|{_PRETAX}AndMinorityInterest|{_PRETAX}"
        "|IncomeFromContinuingOperationsBeforeIncomeTaxes|IncomeLossBeforeIncomeTaxes"
        "|IncomeBeforeIncomeTaxes|EarningsBeforeIncomeTaxes",
        signed=True,
    ),
    _item(
        _I,
        "income_tax",
        "Income tax",
        "IncomeTaxExpenseBenefit IncomeTaxExpenseBenefitContinuingOperations",
        signed=True,
    ),
    _item(
        _I,
        "net_income_incl_nci",
        "Net income including minorities",
        "ProfitLoss",
        signed=True,
    ),
    _item(_I, "net_income", "Net income", "NetIncomeLoss ProfitLoss", signed=True),
    _item(
        _I,
        "eps_diluted",
        "Diluted earnings per share",
        "EarningsPerShareDiluted|EarningsPerShareBasicAndDiluted",
        measure=Measure.PER_SHARE,
        signed=True,
    ),
    _item(
        _B,
        "cash",
        "Cash and equivalents",
        "CashAndCashEquivalentsAtCarryingValue CashAndDueFromBanks"
        " CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents",
    ),
    _item(
        _B,
        "short_term_investments",
        "Short-term investments",
        "ShortTermInvestments|MarketableSecuritiesCurrent AvailableForSaleSecuritiesCurrent",
    ),
    _item(
        _B,
        "receivables",
        "Receivables",
        "AccountsReceivableNetCurrent|ReceivablesNetCurrent"
        "|AccountsNotesAndLoansReceivableNetCurrent",
    ),
    _item(_B, "inventory", "Inventory", "InventoryNet"),
    _item(_B, "current_assets", "Current assets", "AssetsCurrent"),
    _item(
        _B,
        "long_term_investments",
        "Long-term investments",
        "LongTermInvestments MarketableSecuritiesNoncurrent AvailableForSaleSecuritiesNoncurrent",
    ),
    _item(_B, "ppe_net", "Property, plant and equipment, net", "PropertyPlantAndEquipmentNet"),
    _item(_B, "goodwill", "Goodwill", "Goodwill"),
    _item(_B, "total_assets", "Total assets", "Assets"),
    _item(
        _B,
        "payables",
        "Payables",
        "AccountsPayableCurrent|AccountsPayableTradeCurrent"
        " AccountsPayableAndAccruedLiabilitiesCurrent",
    ),
    _item(_B, "commercial_paper", "Commercial paper", "CommercialPaper"),
    _item(
        _B,
        "short_term_debt",
        "Short-term debt",
        "DebtCurrent LongTermDebtAndCapitalLeaseObligationsCurrent LongTermDebtCurrent"
        " ShortTermBorrowings",
    ),
    _item(_B, "current_liabilities", "Current liabilities", "LiabilitiesCurrent"),
    _item(
        _B,
        "long_term_debt",
        "Long-term debt",
        "LongTermDebtNoncurrent LongTermDebtAndCapitalLeaseObligations LongTermDebt",
    ),
    _item(
        _B,
        "operating_lease_liability",
        "Operating lease liability",
        "OperatingLeaseLiability",
    ),
    _item(
        _B,
        "operating_lease_liability_noncurrent",
        "Operating lease liability, non-current",
        "OperatingLeaseLiabilityNoncurrent",
    ),
    _item(
        _B,
        "finance_lease_liability",
        "Finance lease liability",
        "FinanceLeaseLiability|CapitalLeaseObligations",
    ),
    _item(
        _B,
        "pension_liability",
        "Pension liability",
        "PensionAndOtherPostretirementDefinedBenefitPlansLiabilitiesNoncurrent"
        " DefinedBenefitPensionPlanLiabilitiesNoncurrent",
    ),
    _item(_B, "total_liabilities", "Total liabilities", "Liabilities"),
    _item(_B, "minority_interest", "Minority interest", "MinorityInterest", signed=True),
    _item(_B, "preferred_equity", "Preferred equity", "PreferredStockValue"),
    _item(
        _B,
        "retained_earnings",
        "Retained earnings",
        "RetainedEarningsAccumulatedDeficit",
        signed=True,
    ),
    _item(_B, "stockholders_equity", "Shareholders' equity", "StockholdersEquity", signed=True),
    _item(
        _B,
        "equity_incl_nci",
        "Equity including minorities",
        "StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest",
        signed=True,
    ),
    _item(
        _C,
        "dna",
        "Depreciation and amortisation",
        "DepreciationDepletionAndAmortization DepreciationAmortizationAndAccretionNet"
        " DepreciationAndAmortization Depreciation",
    ),
    _item(_C, "sbc", "Share-based compensation", "ShareBasedCompensation"),
    _item(
        _C,
        "cfo",
        "Cash flow from operations",
        "NetCashProvidedByUsedInOperatingActivities"
        " NetCashProvidedByUsedInOperatingActivitiesContinuingOperations",
        signed=True,
    ),
    _item(
        _C,
        "capex",
        "Capital expenditure",
        "PaymentsToAcquirePropertyPlantAndEquipment|PaymentsToAcquireProductiveAssets"
        " PaymentsForCapitalImprovements",
    ),
    _item(_C, "acquisitions", "Acquisitions", "PaymentsToAcquireBusinessesNetOfCashAcquired"),
    _item(
        _C,
        "debt_issued",
        "Debt issued",
        "ProceedsFromIssuanceOfLongTermDebt ProceedsFromIssuanceOfDebt",
    ),
    _item(_C, "debt_repaid", "Debt repaid", "RepaymentsOfLongTermDebt RepaymentsOfDebt"),
    _item(
        _C,
        "lease_principal",
        "Lease liabilities repaid",
        "FinanceLeasePrincipalPayments|RepaymentsOfLongTermCapitalLeaseObligations",
    ),
    _item(
        _C,
        "dividends_paid",
        "Dividends paid",
        "PaymentsOfDividends PaymentsOfDividendsCommonStock",
    ),
    _item(
        _C,
        "buybacks",
        "Share buybacks",
        "PaymentsForRepurchaseOfCommonStock PaymentsForRepurchaseOfEquity",
    ),
    _item(_C, "interest_paid", "Interest paid", "InterestPaidNet|InterestPaid"),
    _item(_C, "taxes_paid", "Income taxes paid", "IncomeTaxesPaidNet|IncomeTaxesPaid", signed=True),
    _item(
        _S,
        "basic_shares",
        "Basic shares, average",
        "WeightedAverageNumberOfSharesOutstandingBasic",
        measure=Measure.SHARES,
    ),
    _item(
        _S,
        "diluted_shares",
        "Diluted shares, average",
        "WeightedAverageNumberOfDilutedSharesOutstanding"
        "|WeightedAverageNumberOfShareOutstandingBasicAndDiluted",
        measure=Measure.SHARES,
    ),
    _item(
        _S,
        "shares_outstanding",
        "Shares outstanding at the year end",
        "CommonStockSharesOutstanding",
        measure=Measure.SHARES,
        kind=Kind.BALANCE,
    ),
    _item(
        _S,
        "shares_cover",
        "Shares outstanding on the cover",
        "dei:EntityCommonStockSharesOutstanding",
        measure=Measure.SHARES,
        kind=Kind.COVER,
    ),
)

ITEM: dict[str, Item] = {item.name: item for item in ITEMS}

ITEMS_OF_TAG: dict[str, tuple[Item, ...]] = {
    tag: tuple(item for item in ITEMS if tag in item.tags)
    for tag in dict.fromkeys(tag for item in ITEMS for tag in item.tags)
}
