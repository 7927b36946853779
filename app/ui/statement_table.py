"""A statement by year, the newest year first; a chosen cell tells where its number comes from."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app.ui.words import MILLION
from valor_core.amounts import shown
from valor_core.coverage.items import ITEM, Measure
from valor_core.coverage.restatements import Restatement
from valor_core.coverage.statements import Line, Ratio, Statements
from valor_core.values import FiledFact

ROW_PX = 35
RESTATED = "background-color: rgba(226, 160, 40, 0.28)"
Restated = Mapping[tuple[str, int], Restatement]


def in_table_unit(fact: FiledFact) -> float:
    """Money in the unit of the reader, shares in millions, money a share as it is."""
    measure = ITEM[fact.item].measure
    if measure is Measure.PER_SHARE:
        return round(fact.value, 2)
    size, digits = (shown().size, shown().digits) if measure is Measure.MONEY else (MILLION, 0)
    return round(fact.value / size, digits + (abs(fact.value) < 100 * MILLION))


def key_of(fact: FiledFact) -> tuple[str, int]:
    """Which figure it is, whatever filing tells it."""
    return fact.item, fact.fiscal_year


def statement_table(
    lines: Sequence[Line], statements: Statements, restated: Restated, *, name: str, key: str
) -> FiledFact | None:
    """The lines as a grid; the filed fact of the cell that the reader has chosen, if any."""
    columns = {
        f"FY{year}": facts
        for year, *facts in zip(statements.years, *(line.cells for line in lines), strict=True)
        if any(facts)
    }
    columns = dict(reversed(columns.items()))
    table = pd.DataFrame(
        {
            name: [in_table_unit(fact) if fact else None for fact in facts]
            for name, facts in columns.items()
        },
        index=[line.label for line in lines],
        dtype=float,
    )
    marked = {
        name: [RESTATED if fact and key_of(fact) in restated else "" for fact in facts]
        for name, facts in columns.items()
    }
    chosen = st.dataframe(
        table.style.apply(lambda column: marked[str(column.name)]),
        key=key,
        height=ROW_PX * (len(lines) + 1) + 2,
        row_height=ROW_PX,
        placeholder="–",
        on_select="rerun",
        selection_mode="single-cell",
        column_config={
            "_index": st.column_config.TextColumn("Million, or a share", width=230, pinned=True),
            **_columns(statements, format="%,.3f" if shown().digits else "localized"),
        },
        alt=f"{name} by fiscal year, the newest first; choose a cell for its filing",
    )
    if not chosen.selection.cells:
        return None
    row, column = chosen.selection.cells[0]
    return columns[column][row] if column in columns else None


def ratio_table(ratios: Sequence[Ratio], statements: Statements) -> None:
    """Growth, margins and shares of revenue in percent, each with its formula."""
    table = pd.DataFrame(
        [
            [None if value is None else 100 * value for value in ratio.values[::-1]]  # noqa: PD011, no frame
            for ratio in ratios
        ],
        index=[ratio.label for ratio in ratios],
        columns=[f"FY{year}" for year in statements.years[::-1]],
        dtype=float,
    )
    table["Formula"] = [ratio.formula for ratio in ratios]
    st.dataframe(
        table,
        key="ratio_table",
        height=ROW_PX * (len(ratios) + 1) + 2,
        row_height=ROW_PX,
        placeholder="–",
        column_config={
            "_index": st.column_config.TextColumn("Percent", width=230, pinned=True),
            **_columns(statements, format="%.1f"),
        },
        alt="Growth, margins and shares of revenue by fiscal year, in percent",
    )


def _columns(statements: Statements, *, format: str = "localized") -> dict[str, Any]:  # noqa: A002, as Streamlit calls it
    return {
        f"FY{year}": st.column_config.NumberColumn(
            format=format, width=78, help=f"The year that ended on {end.isoformat()}."
        )
        for year, end in zip(statements.years, statements.period_ends, strict=True)
    }
