"""A table that is edited like a spreadsheet: it stays while each committed cell is answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import streamlit as st

from app.web.assets import asset_url

Value = float | str | None
ROW_PX, SCROLLBAR_PX = 33, 12
LONGEST_TEXT = 2_000
STYLE = Path(__file__).with_suffix(".css")
# Streamlit takes several lines for a script, one for the name of a file.
SCRIPT = f"""const script = new URL("{asset_url("grid.mjs")}", location.origin);
export default async (component) => (await import(script)).default(component);
"""
_TABLE = st.components.v2.component(
    "grid", css=STYLE.read_text(encoding="utf-8"), js=SCRIPT, isolate_styles=False
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a grid: what its cells take, and how they show it."""

    heading: str
    kind: Literal["number", "whole", "text", "choice"] = "number"
    digits: int = 2
    least: int = 0  # of whole numbers
    most: int = LONGEST_TEXT  # of whole numbers, or of the signs of a text
    options: tuple[str, ...] = ()  # of a choice
    optional: bool = False
    editable: bool = True
    placeholder: str = ""

    def takes(self, value: Any) -> bool:
        """Whether a cell of it can hold the value.

        >>> year = Column(heading="Year", kind="whole", most=100)
        >>> year.takes(5), year.takes(5.5), year.takes(None), year.takes("5")
        (True, False, False, False)
        """
        if not self.editable:
            return False
        if self.kind == "text":
            return isinstance(value, str) and len(value) <= self.most
        if value is None:
            return self.optional
        if self.kind == "choice":
            return value in self.options
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            return False
        whole = value == int(value) and self.least <= value <= self.most
        return whole or self.kind == "number"


@dataclass(frozen=True, slots=True)
class Edit:
    """A cell as somebody has stated it."""

    row: int
    column: str
    value: Any


@dataclass(slots=True)
class _Heard:
    """How far the edits of a grid have been taken in."""

    serial: int = 0
    lock: Lock = field(default_factory=Lock)


def edited(
    label: str,
    columns: Mapping[str, Column],
    rows: Sequence[tuple[str, Sequence[Value]]],
    *,
    key: str,
    on_change: Callable[[Sequence[Edit]], None],
    corner: str = "",
) -> None:
    """The rows under their headings; `on_change` hears of the cells that were edited, in order.

    The page sends every edit that was not answered yet: Streamlit may drop the older one of two
    messages, or begin with the newer one in another thread while the older one is still at work.
    """
    heard: _Heard = st.session_state.setdefault(f"{key}:heard", _Heard())

    def changed() -> None:
        with heard.lock:
            told = [e for e in st.session_state[key]["edits"] if e["serial"] > heard.serial]
            edits = [Edit(row=e["row"], column=e["column"], value=e["value"]) for e in told]
            there = [
                each
                for each in edits  # a cell may have gone since it was edited
                if 0 <= each.row < len(rows)
                and each.column in columns
                and columns[each.column].takes(each.value)
            ]
            if there:
                on_change(there)
            if told:
                heard.serial = told[-1]["serial"]

    height = ROW_PX * (len(rows) + 1) + SCROLLBAR_PX
    with st.container(height=height, border=False):  # kept free until the component is there
        _TABLE(
            key=key,
            data={
                "label": label,
                "corner": corner,
                "columns": [{"name": name, **asdict(column)} for name, column in columns.items()],
                "rows": rows,
                "heard": heard.serial,
            },
            on_edits_change=changed,
            height=height,
        )
