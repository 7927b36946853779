"""A batch in a picture: each company's value to its price, or how much it is worth as a whole."""

from collections.abc import Sequence
from html import escape
from math import floor, log10
from typing import TYPE_CHECKING, Any

from valor_core.amounts import shown
from valor_core.charts.style import DOWN, TOTAL, UP, Theme, figure, money_format

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ROW_PX, AXES_PX = 26, 84
DECADES_MOST = 4
NAME_MOST = 22  # letters: a phone shows points beside them


def rates(found: Sequence[tuple[str, float]], *, heading: str, theme: Theme) -> "Figure":
    """A rate of each company as a bar from 0, such as the upside to its price, largest on top."""
    rows = sorted(found, key=lambda each: each[1])
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": list(range(len(rows))),
        "customdata": _named(rows),
        "x": [rate for _, rate in rows],
        "marker": {"color": [UP[theme] if r >= 0.0 else DOWN[theme] for _, r in rows]},
        "hovertemplate": "%{customdata}: %{x:.1%}<extra></extra>",
    }
    return figure(
        [bars], theme, height=AXES_PX + ROW_PX * len(rows),
        x={"title": {"text": heading}, "tickformat": ".0%"},
        y={**_by_name(rows), "showgrid": False},
    )  # fmt: skip


def sizes(found: Sequence[tuple[str, float]], *, heading: str, theme: Theme) -> "Figure":
    """Enterprise values above 0 on a scale of powers of ten, largest on top."""
    rows = sorted(found, key=lambda each: each[1])
    points = {
        "type": "scatter",
        "mode": "markers",
        "y": list(range(len(rows))),
        "customdata": _named(rows),
        "x": [value / shown().size for _, value in rows],
        "marker": {"color": TOTAL[theme], "size": 11},
        "hovertemplate": f"%{{customdata}}: %{{x:{money_format()}}} {shown().word}<extra></extra>",
    }
    return figure(
        [points], theme, height=AXES_PX + ROW_PX * len(rows),
        x={"title": {"text": heading}, **_powers_of_ten([value for _, value in rows])},
        y=_by_name(rows),
    )  # fmt: skip


def _powers_of_ten(values: Sequence[float]) -> dict[str, Any]:
    """An axis of few marks, so that they stand apart on a phone too; of 1, 2, 5 within a power."""
    axis = {"type": "log", "tickformat": ",.0f", "tickangle": 0}
    exponents = [floor(log10(value / shown().size)) for value in values]
    first, last = min(exponents, default=0), max(exponents, default=0)
    if first == last:
        return axis | {"dtick": "D2"}
    return axis | {"dtick": 1 if last - first < DECADES_MOST else 2}


def _by_name(rows: Sequence[tuple[str, float]]) -> dict[str, Any]:
    """An axis of companies; two of the same name stay two."""
    return {"tickvals": list(range(len(rows))), "ticktext": _short(rows), "zeroline": False}


def _named(rows: Sequence[tuple[str, float]]) -> list[str]:
    return [escape(name) for name, _ in rows]


def _short(rows: Sequence[tuple[str, float]]) -> list[str]:
    cut = (name if len(name) <= NAME_MOST else f"{name[: NAME_MOST - 1]}…" for name, _ in rows)
    return [escape(name) for name in cut]
