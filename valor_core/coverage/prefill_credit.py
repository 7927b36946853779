"""Where the judgement of a company's credit begins: two filed years, and what each one lacks."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from valor_core.coverage.bridge_facts import debt, warnings_of
from valor_core.coverage.figures import Figures, Told, assumed, derived, filed, missing
from valor_core.coverage.findings import findings_in
from valor_core.coverage.items import ITEM
from valor_core.coverage.prefill import (
    FINANCIALS,
    FactsMissing,
    Named,
    Prefilled,
    Sources,
    currency_of,
)
from valor_core.coverage.splits import Split, splits_for
from valor_core.errors import ValorError
from valor_core.models.credit.model import CreditInputs, CreditResult, Statements, credit
from valor_core.values import FiledFact

AS_FILED = {
    "sales": "revenue",
    "selling_expenses": "sga",
    "depreciation": "dna",
    "net_income": "net_income",
    "operating_cash_flow": "cfo",
    "cash": "cash",
    "receivables": "receivables",
    "current_assets": "current_assets",
    "fixed_assets": "ppe_net",
    "assets": "total_assets",
    "current_liabilities": "current_liabilities",
    "retained_earnings": "retained_earnings",
}
PRICES = (
    "the price level of GNP, 100 in 1968, which Ohlson's O measures size by: state that of the "
    "year before the newest filed one, or fetch the series GNPDEF of FRED since 1968 on the page "
    "Market data"
)
MARKET = "the market value of the equity, which no filing tells: state it"


def prefill_credit(
    company: Named, facts: Iterable[FiledFact], *, as_of: date | None = None
) -> Prefilled:
    """The judgement of a company's credit as known on a day; what was not filed stays empty."""
    figures = Figures(facts, as_of)
    if not figures.year:
        raise FactsMissing(company.name, "both revenue and operating income of one year", as_of)
    told, splits = Sources(), splits_for(company, as_of)
    inputs = CreditInputs(
        **_years(told, figures, splits),
        market_value=told.open("market_value", missing(MARKET)),
        price_index=told.open("price_index", missing(PRICES)),
        k5=told.default("k5", 0.999, "the weight of sales as Altman printed it in 1968"),
        z_constant=told.default("z_constant", 0.0, "none: not an emerging market"),
    )
    return Prefilled(
        inputs=inputs,
        sources=told.sources,
        warnings=(*_warnings_of_industry(company), *_warnings_of_figures(figures)),
        currency=currency_of(company, figures.facts),
    )


def credit_by_year(
    company: Named, facts: Iterable[FiledFact], *, as_of: date | None = None
) -> dict[int, CreditResult]:
    """What filed facts alone say of the credit in each filed year, the oldest first."""
    newest, splits, found = Figures(facts, as_of), splits_for(company, as_of), {}
    for year in sorted(year for item, year in newest.known if item == "revenue"):
        seen = newest.earlier(newest.year - year)
        try:
            found[year] = credit(CreditInputs(**_years(Sources(), seen, splits)))
        except ValorError:  # a figure that no ratio can be taken over: the year has no point
            continue
    return found


def _years(told: Sources, figures: Figures, splits: Iterable[Split]) -> dict[str, Any]:
    """The figures' year, the one before it, and the assets at whose end that one began."""
    splits = tuple(splits)
    return {
        "now": _statements(told, "now", figures, splits),
        "before": _statements(told, "before", figures.earlier(), splits),
        "assets_two_years_ago": told.open(
            "assets_two_years_ago", _line(figures.earlier(2), "total_assets")
        ),
    }


def _statements(
    told: Sources, name: str, figures: Figures, splits: tuple[Split, ...]
) -> Statements:
    year = figures.year
    due, later = _debts(figures)
    lines = {
        **{line: _line(figures, item) for line, item in AS_FILED.items()},
        "cost_of_sales": _cost_of_sales(figures),
        "ebit": figures.ebit(year) or _line(figures, "operating_income"),
        "interest": _interest(figures),
        "securities": _securities(figures),
        "short_term_debt": due,
        "long_term_debt": later,
        "liabilities": _liabilities(figures),
        "shares": figures.shares(splits) or missing(f"a count of shares of FY{year} is not filed"),
    }
    return Statements(**{line: told.open(f"{name}.{line}", each) for line, each in lines.items()})


def _line(figures: Figures, item: str) -> Told:
    fact = figures.at(item)
    if fact is None:
        return missing(f"{ITEM[item].label} is not in the filed figures of FY{figures.year}")
    return filed(fact)


def _cost_of_sales(figures: Figures) -> Told:
    revenue, gross = figures.at("revenue"), figures.at("gross_profit")
    if figures.at("cost_of_revenue") is None and revenue and gross:
        rule = f"revenue − gross profit of FY{figures.year}"
        return derived(revenue.value - gross.value, rule, revenue, gross)
    return _line(figures, "cost_of_revenue")


def _interest(figures: Figures) -> Told:
    paid = figures.at("interest_paid")
    if figures.at("interest_expense") is None and paid:
        rule = f"interest paid in FY{figures.year}: interest expense is not filed"
        return derived(paid.value, rule, paid)
    return _line(figures, "interest_expense")


def _securities(figures: Figures) -> Told:
    fact = figures.at("long_term_investments")
    return filed(fact) if fact else assumed(0.0, f"none is filed for FY{figures.year}")


def _debts(figures: Figures) -> tuple[Told, Told]:
    """What is due within a year, and later; together they are all financial debt."""
    owed, year = debt(figures), figures.year
    if owed.value is None:
        return owed, owed
    later = figures.tagged("LongTermDebtNoncurrent", "LongTermDebtAndCapitalLeaseObligations")
    if later is None:
        return derived(0.0, f"debt of FY{year} is not filed by when it is due", *owed.facts), owed
    rule = f"debt of FY{year} less what is due after a year"
    return derived(owed.value - later.value, rule, *owed.facts), filed(later)


def _liabilities(figures: Figures) -> Told:
    """As filed, else assets less all equity."""
    assets = figures.at("total_assets")
    equity = figures.first("equity_incl_nci", "stockholders_equity")
    if figures.at("total_liabilities") is None and assets and equity:
        rule = f"assets − equity of FY{figures.year}: total liabilities are not filed"
        return derived(assets.value - equity.value, rule, assets, equity)
    return _line(figures, "total_liabilities")


def _warnings_of_industry(company: Named) -> list[str]:
    if company.sic is None or company.sic not in FINANCIALS:
        return []
    said = (
        f"{company.name} (SIC {company.sic}) is a financial or property company: the scores were "
        "fitted to industrial firms, and interest is its cost of sales rather than of its debt."
    )
    return [said]


def _warnings_of_figures(figures: Figures) -> list[str]:
    return [
        *warnings_of(figures, {"debt": debt(figures)}),
        *(finding.message for finding in findings_in(figures.known, figures.year)),
    ]
