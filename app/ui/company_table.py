"""The table of companies, each with its course over the years; a name opens its company."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from app.ui.frame import go
from valor_core.amounts import shown
from valor_core.values import from_micros
from valor_core.workbench.companies import Covered

ROW_PX = 36
ROWS_SEEN = 18
_CLICKED = "company_table_clicked"


def company_table(covered: Sequence[Covered]) -> None:
    """A row a company, money in the unit of the reader."""
    column = st.column_config
    st.dataframe(
        pd.DataFrame([_row(each) for each in covered]),
        key="company_table",
        hide_index=True,
        height=ROW_PX * (min(len(covered), ROWS_SEEN) + 1) + 2,
        row_height=ROW_PX,
        placeholder="–",
        column_config={
            "Company": column.ButtonColumn(
                type="tertiary", alignment="left", pinned=True, width=190, key=_CLICKED
            ),
            "Ticker": column.TextColumn(width=66),
            "Value": column.NumberColumn(
                "Value / share", format="%.2f", width=96, help="The value that was saved last."
            ),
            "Year": column.NumberColumn("FY", format="%d", width=56, help="Newest fiscal year."),
            "Revenue": column.NumberColumn(
                f"Revenue, {shown().mark}", format="localized", width=90
            ),
            "Revenue by year": column.LineChartColumn("by year", width=90, color="blue", y_min=0),
            "Growth": column.NumberColumn(
                format="%.1f %%", width=76, help="Revenue of that year over the year before."
            ),
            "Operating margin": column.NumberColumn(
                format="%.1f %%", width=124, help="Operating income over revenue of that year."
            ),
            "Operating income by year": column.BarChartColumn(
                "Operating income",
                width=124,
                color="blue",
                help="Operating income; bars that hang are losses.",
            ),
            "Filed on": column.DateColumn(format="YYYY-MM-DD", width=92),
            "Valued on": column.DateColumn(format="YYYY-MM-DD", width=92),
            "Book": column.TextColumn(width=60),
        },
        alt="Companies with revenue, operating income, fiscal year and saved value",
    )
    if clicked := st.session_state.get(_CLICKED):
        company = covered[clicked.row].company
        go("company", company=company.ticker or company.id)


def _row(covered: Covered) -> dict[str, object]:
    revenue = dict(sorted(covered.series["revenue"].items()))
    ebit = dict(sorted(covered.series["operating_income"].items()))
    newest = max(revenue, default=None)
    sales = revenue[newest] if newest is not None else None
    earned = ebit.get(newest) if newest is not None else None
    return {
        "Company": covered.company.name,
        "Ticker": covered.company.ticker,
        "Value": covered.value.value_per_share if covered.value else None,
        "Year": covered.fiscal_year,
        "Revenue": None if sales is None else round(sales / shown().size, shown().digits),
        "Revenue by year": [value / shown().size for value in revenue.values()],
        "Growth": _growth(revenue),
        "Operating margin": 100 * earned / sales if earned is not None and sales else None,
        # The zero in front makes the bars stand on zero: else the least year would have none.
        "Operating income by year": [0.0, *(value / shown().size for value in ebit.values())]
        if ebit
        else [],
        "Filed on": covered.filed_on,
        "Valued on": from_micros(covered.value.saved_at).date() if covered.value else None,
        "Book": "demo" if covered.company.shared else "own",
    }


def _growth(revenue: Mapping[int, float]) -> float | None:
    """Of the newest year in percent, where the year before was filed too."""
    newest = max(revenue, default=0)
    before = revenue.get(newest - 1)
    if not before or before < 0:
        return None
    return round(100 * (revenue[newest] / before - 1), 1) + 0.0  # no −0.0
