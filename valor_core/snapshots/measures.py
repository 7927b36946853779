"""What companies are screened by: each measure with its formula, and why it may be missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from valor_core.models.units import Unit

FILED: Mapping[str, str] = {
    "revenue": "revenue",
    "revenue_year_before": "revenue of the year before",
    "revenue_3_years_before": "revenue of three years before",
    "gross_profit": "gross profit",
    "ebit": "operating income",
    "depreciation": "depreciation",
    "pretax_income": "income before tax",
    "income_tax": "income tax",
    "net_income": "net income",
    "equity": "equity",
    "debt": "financial debt",
    "cash": "cash",
    "operating_cash_flow": "cash flow from operations",
    "capex": "capital expenditure",
}
"""What the measures are made of, in words; each is a column of the dataset `figures`."""

DERIVED: Mapping[str, tuple[str, str]] = {
    "ebitda": ("EBITDA", "ebit + depreciation"),
    "invested_capital": ("equity + debt − cash", "equity + debt - cash"),
}
"""What several measures share, in words and as a formula."""

SAVED = ("value_per_share", "enterprise_value", "equity_value")
NOT_OF_FINANCIALS = ("ebit", "depreciation", "debt", "cash")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One column of the screen that can be filtered and ranked by."""

    name: str
    label: str
    unit: Unit
    meaning: str
    formula: str  # in the columns of `figures` and `valuations` and what derives from them
    needs: tuple[str, ...]
    above_zero: tuple[str, ...] = ()  # else the measure has no meaning

    @property
    def sql(self) -> str:
        """The formula, missing where it has no meaning."""
        conditions = " AND ".join(f"{base} > 0" for base in self.above_zero) or "true"
        return f"CASE WHEN {conditions} THEN {self.formula} END AS {self.name}"

    def why_missing(self, row: Mapping[str, Any]) -> str:
        """In words, from the parts that the row has."""
        for need in self.needs:
            if row[need] is None:
                return _why_lacking(need, row)
        base = next(base for base in self.above_zero if row[base] <= 0)
        return f"{_words(base)} is not above zero"


def _why_lacking(need: str, row: Mapping[str, Any]) -> str:
    if need in SAVED:
        return "no valuation is saved"
    if row["fiscal_year"] is None:
        return "no revenue is filed"
    if row["financial"] and need in NOT_OF_FINANCIALS:
        return "it says nothing of a financial company"
    return f"no {FILED[need]} is filed for FY{row['fiscal_year']}"


def _words(name: str) -> str:
    if name in DERIVED:
        return DERIVED[name][0]
    return FILED.get(name, name.replace("_", " "))


def _rate(name: str, label: str, meaning: str, formula: str, *needs: str, **more: Any) -> Measure:
    return Measure(
        name=name,
        label=label,
        unit=Unit.RATE,
        meaning=meaning,
        formula=formula,
        needs=needs,
        **more,
    )


def _ratio(name: str, label: str, meaning: str, formula: str, *needs: str, **more: Any) -> Measure:
    return Measure(
        name=name, label=label, unit=Unit.RATIO, meaning=meaning, formula=formula, needs=needs,
        **more,
    )  # fmt: skip


_OF_REVENUE: Mapping[str, Any] = {"above_zero": ("revenue",)}
_OF_EBITDA: Mapping[str, Any] = {"above_zero": ("ebitda",)}

MEASURES: tuple[Measure, ...] = (
    Measure(
        name="revenue",
        label="Revenue",
        unit=Unit.MONEY,
        meaning="of the newest fiscal year",
        formula="revenue",
        needs=("revenue",),
    ),
    _rate(
        "growth",
        "Growth",
        "revenue over the year before",
        "revenue / revenue_year_before - 1",
        "revenue",
        "revenue_year_before",
        above_zero=("revenue_year_before",),
    ),
    _rate(
        "growth_3y",
        "Growth 3 y",
        "revenue a year, over three years",
        "pow(revenue / revenue_3_years_before, 1.0 / 3) - 1",
        "revenue",
        "revenue_3_years_before",
        above_zero=("revenue", "revenue_3_years_before"),
    ),
    _rate(
        "gross_margin",
        "Gross margin",
        "gross profit / revenue",
        "gross_profit / revenue",
        "revenue",
        "gross_profit",
        **_OF_REVENUE,
    ),
    _rate(
        "operating_margin",
        "EBIT margin",
        "EBIT / revenue; EBIT is operating income, or income before tax and interest where that "
        "is not filed",
        "ebit / revenue",
        "revenue",
        "ebit",
        **_OF_REVENUE,
    ),
    _rate(
        "net_margin",
        "Net margin",
        "net income / revenue",
        "net_income / revenue",
        "revenue",
        "net_income",
        **_OF_REVENUE,
    ),
    _rate(
        "fcf_margin",
        "FCF margin",
        "(cash flow from operations − capital expenditure) / revenue",
        "(operating_cash_flow - capex) / revenue",
        "revenue",
        "operating_cash_flow",
        "capex",
        **_OF_REVENUE,
    ),
    _rate(
        "roic",
        "ROIC",
        "EBIT × (1 − income tax / income before tax) / (equity + debt − cash), at the year's end",
        "ebit * (1 - income_tax / pretax_income) / invested_capital",
        "ebit",
        "income_tax",
        "pretax_income",
        "equity",
        "debt",
        "cash",
        above_zero=("pretax_income", "invested_capital"),
    ),
    _ratio(
        "debt_to_ebitda",
        "Debt / EBITDA",
        "financial debt / (EBIT + depreciation)",
        "debt / ebitda",
        "debt",
        "ebit",
        "depreciation",
        **_OF_EBITDA,
    ),
    _ratio(
        "net_debt_to_ebitda",
        "Net debt / EBITDA",
        "(financial debt − cash and securities) / (EBIT + depreciation)",
        "(debt - cash) / ebitda",
        "debt",
        "cash",
        "ebit",
        "depreciation",
        **_OF_EBITDA,
    ),
    Measure(
        name="value_per_share",
        label="Value per share",
        unit=Unit.MONEY_PER_SHARE,
        meaning="of the newest saved valuation",
        formula="value_per_share",
        needs=("value_per_share",),
    ),
    _ratio(
        "ev_to_sales",
        "EV / sales",
        "enterprise value as saved / revenue",
        "enterprise_value / revenue",
        "enterprise_value",
        "revenue",
        **_OF_REVENUE,
    ),
    _ratio(
        "ev_to_ebitda",
        "EV / EBITDA",
        "enterprise value as saved / (EBIT + depreciation)",
        "enterprise_value / ebitda",
        "enterprise_value",
        "ebit",
        "depreciation",
        **_OF_EBITDA,
    ),
    _ratio(
        "ev_to_ebit",
        "EV / EBIT",
        "enterprise value as saved / EBIT",
        "enterprise_value / ebit",
        "enterprise_value",
        "ebit",
        above_zero=("ebit",),
    ),
    _ratio(
        "pe_at_value",
        "P/E at value",
        "equity value as saved / net income",
        "equity_value / net_income",
        "equity_value",
        "net_income",
        above_zero=("net_income",),
    ),
)

MEASURE: Mapping[str, Measure] = {measure.name: measure for measure in MEASURES}

PARTS = (*FILED, *DERIVED, *SAVED)
"""What measures are made of: each stands in the view `coverage` behind `part_`."""


def coverage_sql(schema: str) -> str:
    """The view `coverage`: a company a row, with its newest figures and value, and all measures."""
    derived = ", ".join(f"{formula} AS {name}" for name, (_, formula) in DERIVED.items())
    saved = ", ".join(f"v.{name}" for name in SAVED)
    parts = ", ".join(f"{name} AS part_{name}" for name in PARTS)
    measures = ", ".join(measure.sql for measure in MEASURES)
    return f"""
WITH filed AS (
  SELECT c.company_id, c.name, c.ticker, c.sic, c.financial, f.* EXCLUDE (company_id), {derived}
  FROM {schema}.companies c LEFT JOIN {schema}.figures f ON f.company_id = c.company_id),
parts AS (
  SELECT filed.*, v.valuation_id, v.currency, v.saved_at, {saved}
  FROM filed LEFT JOIN {schema}.valuations v ON v.company_id = filed.company_id AND v.newest)
SELECT company_id, name, ticker, sic, financial, fiscal_year, valuation_id, currency, saved_at,
  {parts}, {measures}
FROM parts
"""  # noqa: S608  our own names
