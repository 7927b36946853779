"""A merger in pictures: what it does to earnings per share, and who brings and holds how much."""

from typing import TYPE_CHECKING, Any

import numpy as np

from valor_core.charts.style import DOWN, SERIES, UP, Theme, figure
from valor_core.models.merger.merger import MergerResult

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

CONTRIBUTED = {
    "Revenue": "revenue_contributed",
    "EBITDA": "ebitda_contributed",
    "EBIT": "ebit_contributed",
    "Net income": "net_income_contributed",
}
MINUS = "−"


def accretion(
    result: MergerResult, *, years: list[str], currency: str, theme: Theme = "light"
) -> "Figure":
    """Accretion by year as bars: of earnings per share, or in money where the acquirer loses."""
    parts = result.accretion_percent
    row = [float(each) for each in np.asarray(result.accretion if parts is None else parts)]
    told = [_signed(f"{100 * v:.1f} %" if parts is not None else f"{v:.2f}") for v in row]
    bars = {
        "type": "bar",
        "x": years,
        "y": row,
        "text": told,
        "textposition": "outside",
        "cliponaxis": False,
        "width": 0.55,
        "marker": {"color": [UP[theme] if v >= 0.0 else DOWN[theme] for v in row]},
        "customdata": [[float(a), float(b)] for a, b in
                       zip(result.acquirer_eps, result.eps, strict=True)],
        "hovertemplate": f"%{{x}}: %{{text}}<br>%{{customdata[0]:.2f}} alone, "
        f"%{{customdata[1]:.2f}} {currency} together<extra></extra>",
    }  # fmt: skip
    title = f"{currency} a share" if parts is None else "Accretion of earnings per share"
    low, high = min(0.0, *row), max(0.0, *row)
    room = 0.18 * ((high - low) or 1.0)
    y: dict[str, Any] = {
        "title": {"text": title},
        "tickformat": ".2f" if parts is None else ".0%",
        "zeroline": True,
        "range": [low - room * (low < 0.0), high + room * (high > 0.0)],
    }
    return figure([bars], theme, height=300, x={"type": "category"}, y=y)


def _signed(told: str) -> str:
    return told.replace("-", MINUS) if told.startswith("-") else f"+{told}"


def contribution(
    result: MergerResult, *, year: int, names: tuple[str, str], theme: Theme = "light"
) -> "Figure":
    """What the target brings to the figures of a year beside the part that its owners hold."""
    parts = [
        (label, float(np.asarray(row)[year - 1]))
        for label, name in CONTRIBUTED.items()
        if (row := getattr(result, name)) is not None
    ]
    parts.append(("Ownership", float(result.target_ownership)))
    labels = [label for label, _ in parts]
    theirs = [part for _, part in parts]
    sides = ((names[0], [1.0 - part for part in theirs]), (names[1], theirs))
    bars = [
        {
            "type": "bar",
            "orientation": "h",
            "y": labels,
            "x": row,
            "name": name,
            "text": [f"{100 * v:.1f} %" for v in row],
            "textposition": "auto",
            "insidetextanchor": "middle",
            "textangle": 0,
            "marker": {"color": SERIES[theme][place]},
            "hovertemplate": "%{y}: %{text}<extra>%{fullData.name}</extra>",
        }
        for place, (name, row) in enumerate(sides)
    ]
    return figure(
        bars, theme, height=120 + 34 * len(parts), barmode="stack", showlegend=True,
        x={"tickformat": ".0%", "range": [0.0, 1.0]}, y={"autorange": "reversed"},
        legend={"orientation": "h", "y": 1.08, "x": 0, "yanchor": "bottom", "traceorder": "normal"},
    )  # fmt: skip
