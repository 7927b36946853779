"""Reads the annual statements of Financial Modeling Prep as filed facts.

A figure there has no tag and no filing, but the day it was filed. Its lines are standardised, so
that a figure may differ from what was filed; and a line that a company does not have stands there
as zero: such a line is left out, as what was not filed is nowhere else taken for zero either.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from valor_core.coverage.items import ITEM, Measure
from valor_core.coverage.records import (
    CompanyRecord,
    Flaws,
    ParsedFacts,
    as_date,
    fiscal_year_of,
    number_problem,
)
from valor_core.errors import BadInputs
from valor_core.values import FiledFact

FORM = "annual, by FMP"
_HINT = "Ask again later, or take the figures from SEC EDGAR."
INCOME = {
    "revenue": "revenue",
    "cost_of_revenue": "costOfRevenue",
    "gross_profit": "grossProfit",
    "rnd": "researchAndDevelopmentExpenses",
    "sga": "sellingGeneralAndAdministrativeExpenses",
    "operating_income": "operatingIncome",
    "interest_expense": "interestExpense",
    "pretax_income": "incomeBeforeTax",
    "income_tax": "incomeTaxExpense",
    "net_income": "netIncome",
    "eps_diluted": "epsDiluted",
    "basic_shares": "weightedAverageShsOut",
    "diluted_shares": "weightedAverageShsOutDil",
}
BALANCE = {
    "cash": "cashAndCashEquivalents",
    "short_term_investments": "shortTermInvestments",
    "receivables": "netReceivables",
    "inventory": "inventory",
    "current_assets": "totalCurrentAssets",
    "long_term_investments": "longTermInvestments",
    "ppe_net": "propertyPlantEquipmentNet",
    "goodwill": "goodwill",
    "total_assets": "totalAssets",
    "payables": "accountPayables",
    "short_term_debt": "shortTermDebt",
    "current_liabilities": "totalCurrentLiabilities",
    "long_term_debt": "longTermDebt",
    "total_liabilities": "totalLiabilities",
    "minority_interest": "minorityInterest",
    "preferred_equity": "preferredStock",
    "retained_earnings": "retainedEarnings",
    "stockholders_equity": "totalStockholdersEquity",
    "equity_incl_nci": "totalEquity",
}
CASH_FLOW = {
    "dna": "depreciationAndAmortization",
    "sbc": "stockBasedCompensation",
    "cfo": "netCashProvidedByOperatingActivities",
    "interest_paid": "interestPaid",
    "taxes_paid": "incomeTaxesPaid",
}
PAID = {"capex": "capitalExpenditure", "buybacks": "commonStockRepurchased"}
"""Outflows, which stand there below zero and are kept as what was paid."""

LINES = {"income": INCOME, "balance": BALANCE, "cash_flow": CASH_FLOW | PAID}


def read_fmp(raw: bytes) -> ParsedFacts:
    """The company and its annual figures; everything wrong is told at once, and nothing is read."""
    flaws = Flaws()
    try:
        document = json.loads(
            raw, parse_constant=lambda name: flaws.add("document", f"holds {name}")
        )
        rows = [(part, n, row) for part in LINES for n, row in enumerate(document[part])]
        ciks = {int(row["cik"]) for _, _, row in rows}
        symbols = {str(row["symbol"]) for _, _, row in rows}
    except (ValueError, KeyError, TypeError) as error:
        flaws.add("document", f"is not as it is documented ({type(error).__name__})")
        raise BadInputs(flaws.found, hint=_HINT) from error
    if len(ciks) != 1 or len(symbols) != 1:
        flaws.add("document", "does not tell of one company")
    facts = tuple(fact for part, n, row in rows for fact in _facts(part, n, row, flaws))
    if not facts:
        flaws.add("document", "holds no figure of a year")
    flaws.refuse(hint=_HINT)
    (cik,), (symbol,) = ciks, symbols
    return ParsedFacts(company=CompanyRecord(name=symbol, cik=cik, ticker=symbol), facts=facts)


def _no_number(name: str) -> None:
    raise ValueError(name)


def _facts(part: str, n: int, row: Mapping[str, Any], flaws: Flaws) -> Iterator[FiledFact]:
    ends, filed = as_date(row.get("date")), as_date(row.get("filingDate"))
    currency = row.get("reportedCurrency")
    if not ends or not filed or not isinstance(currency, str) or len(currency) != 3:
        flaws.add(f"{part}[{n}]", "lacks its date, the day of its filing or its currency")
        return
    for item, line in LINES[part].items():
        value = row.get(line)
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            flaws.add(f"{part}[{n}].{line}", "is not a number")
        elif value and (problem := number_problem(value)):
            flaws.add(f"{part}[{n}].{line}", problem)
        elif value:
            yield _fact(item, -value if item in PAID else value, currency, ends, filed)


def _fact(item: str, value: float, currency: str, ends: date, filed: date) -> FiledFact:
    known = ITEM[item]
    units = {Measure.MONEY: currency, Measure.SHARES: "shares"}
    return FiledFact(
        item=item,
        value=float(value),
        unit=units.get(known.measure, f"{currency}/shares"),
        tag="",
        accession=f"FMP, filed {filed}, year to {ends}",
        form=FORM,
        filed_on=filed,
        fiscal_year=fiscal_year_of(ends),
        period_start=None,  # it is not told
        period_end=ends,
    )
