"""The answers of a snapshot as a table: units in the headings, numbers as they are compared."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import streamlit as st

from app.ui.words import NOTHING
from valor_core.amounts import shown

TABLE_HEIGHT = 480
LARGE = 1e5  # numbers of this size need no digits behind the point
FORMATS = {
    "whole": "%,.0f", "number": "%,.2f", "rate": "%.1f %%", "ratio": "%.1f×",
    "code": "%d",
}  # fmt: skip
YEARS_AND_CODES = "fiscal_year", "sic"


class Titled(Protocol):
    """A column of an answer."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def label(self) -> str: ...  # noqa: D102


def scale(kind: str) -> float:
    """What one unit on the screen is in the answer."""
    return {"money": shown().size, "rate": 0.01}.get(kind, 1.0)


def mark(kind: str) -> str:
    """The unit that follows a label."""
    return {"money": f", {shown()}", "rate": ", %"}.get(kind, "")


def heading(column: Titled) -> str:
    """A column's label with its unit."""
    return column.label + mark(column.kind)


def scaled(cell: Any, kind: str) -> Any:
    """A value as people read it: money in their unit, rates in percent, moments in UTC."""
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=UTC)
    return cell / scale(kind) if cell is not None and scale(kind) != 1.0 else cell


def answer_table(
    columns: Sequence[Titled], rows: Iterable[Sequence[Any]], *, key: str, alt: str
) -> None:
    """The rows under their headings; a click on a head sorts by it."""
    cells = [[scaled(cell, c.kind) for cell, c in zip(row, columns, strict=True)] for row in rows]
    names = _unlike([heading(each) for each in columns])
    st.dataframe(
        {name: [row[at] for row in cells] for at, name in enumerate(names)},
        column_config={
            name: _config(each, [row[at] for row in cells], pinned=at == 0)
            for at, (name, each) in enumerate(zip(names, columns, strict=True))
        },
        hide_index=True,
        height=min(TABLE_HEIGHT, 36 * (len(cells) + 1) + 4),
        placeholder=NOTHING,
        key=key,
        alt=alt,
    )


def _unlike(names: Sequence[str]) -> list[str]:
    """The headings, none of them twice."""
    seen: dict[str, int] = {}
    made = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        made.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return made


def _config(column: Titled, values: Sequence[Any], *, pinned: bool) -> Any:
    if column.kind == "moment":
        return st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", timezone="UTC")
    if column.kind == "day":
        return st.column_config.DateColumn(format="YYYY-MM-DD")
    if column.kind == "yes_or_no":
        return st.column_config.CheckboxColumn()
    if column.kind == "money":
        return st.column_config.NumberColumn(format=f"%,.{shown().digits}f")
    if column.kind in FORMATS:
        return st.column_config.NumberColumn(format=_format(column, values))
    return st.column_config.TextColumn(pinned=pinned)


def _format(column: Titled, values: Sequence[Any]) -> str:
    if column.kind == "whole" and column.name in YEARS_AND_CODES:
        return FORMATS["code"]
    large = column.kind == "number" and any(abs(value or 0.0) >= LARGE for value in values)
    return FORMATS["whole" if large else column.kind]
