"""How the objects of a notebook show themselves: a heading, what they hold, where it comes from."""

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def shown(heading: str, *parts: str, provenance: str) -> str:
    """HTML without a colour of its own, so that it reads in a light notebook as in a dark one."""
    return (
        f"<h4>{escape(heading)}</h4>{''.join(parts)}"
        f'<p style="opacity:.75"><small>{escape(provenance)}</small></p>'
    )


def listed(members: list[str]) -> str:
    """Sentences below each other; of none, nothing."""
    return f"<ul>{''.join(f'<li>{escape(each)}</li>' for each in members)}</ul>" if members else ""


def two_columns(rows: list[tuple[str, str]]) -> str:
    """Labels and what stands beside them."""
    cells = "".join(
        f'<tr><td style="text-align:left">{escape(label)}</td>'
        f'<td style="text-align:right">{escape(told)}</td></tr>'
        for label, told in rows
    )
    return f'<div style="overflow-x:auto"><table>{cells}</table></div>'


def table(rows: "pd.DataFrame") -> str:
    """A table, which a narrow window scrolls by itself; numbers as a reader compares them."""
    told = rows.to_html(float_format=lambda each: f"{each:,.6g}", index_names=False, na_rep="")
    return f'<div style="overflow-x:auto">{told}</div>'
