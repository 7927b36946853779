"""Multiples in pictures: ranges of value side by side, and a line through peers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from valor_core.charts.style import INK, SERIES, TOTAL, Theme, figure
from valor_core.models.comparables.football import FootballRow
from valor_core.models.comparables.fundamentals import ExplainedMultiple

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ROW_PX, AROUND_PX = 46, 90
ROOM = 0.25  # of the span of all ranges, to either side
GAP = "\u00a0"  # between a bar and its figure


def ranges(
    rows: Sequence[FootballRow],
    *,
    currency: str,
    price: float | None = None,
    whole: frozenset[str] = frozenset(),
    theme: Theme = "light",
) -> "Figure":
    """Each range of value per share as a horizontal bar with its middle marked.

    `whole` names the rows that join others, in another colour; the price is a dotted line.
    """
    names = [row.method for row in rows]
    bar = {
        "type": "bar",
        "orientation": "h",
        "y": names,
        "base": [row.low for row in rows],
        "x": [row.high - row.low for row in rows],
        "width": 0.5,
        "marker": {
            "color": [TOTAL[theme] if name in whole else SERIES[theme][0] for name in names],
            "opacity": [0.9 if name in whole else 0.55 for name in names],
        },
        "hoverinfo": "skip",
    }
    middle = {
        "type": "scatter",
        "mode": "markers",
        "y": names,
        "x": [row.mid for row in rows],
        "marker": {"color": INK[theme], "size": 11, "symbol": "line-ns-open", "line": {"width": 3}},
        "customdata": [[row.low, row.high, row.assumption] for row in rows],
        "hovertemplate": f"%{{y}}: %{{x:,.2f}} {currency}<br>%{{customdata[0]:,.2f}} to "
        "%{customdata[1]:,.2f}<br>%{customdata[2]}<extra></extra>",
    }
    return figure(
        [bar, *_ends(rows, names, theme), middle],
        theme,
        height=ROW_PX * len(rows) + AROUND_PX,
        x={
            "title": {"text": f"{currency} per share"},
            "tickformat": ",.0f",
            "zeroline": False,
            "range": _room(rows, price),
        },
        y={"type": "category", "autorange": "reversed", "showgrid": False},
        **_line_at(price, theme),
    )


def _room(rows: Sequence[FootballRow], price: float | None) -> list[float]:
    """The axis with room for the figures beside the bars on a narrow screen."""
    seen = [end for row in rows for end in (row.low, row.high)]
    seen += [] if price is None else [price]
    beside = ROOM * (max(seen) - min(seen)) or 1.0
    return [min(seen) - beside, max(seen) + beside]


def _ends(rows: Sequence[FootballRow], names: list[str], theme: Theme) -> list[dict[str, Any]]:
    """The low and the high value in figures beside their bar."""
    return [
        {
            "type": "scatter",
            "mode": "text",
            "y": names,
            "x": [getattr(row, end) for row in rows],
            "text": [f"{GAP}{getattr(row, end):,.2f}{GAP}" for row in rows],
            "textposition": f"middle {side}",
            "textfont": {"color": INK[theme], "size": 12},
            "cliponaxis": False,
            "hoverinfo": "skip",
        }
        for end, side in (("low", "left"), ("high", "right"))
    ]


def _line_at(price: float | None, theme: Theme) -> dict[str, Any]:
    if price is None:
        return {}
    line = {"color": SERIES[theme][1], "width": 2, "dash": "dot"}
    told = {"text": f"Price {price:,.2f}", "showarrow": False, "font": {"color": SERIES[theme][1]}}
    place = {"x": price, "yref": "paper", "yanchor": "bottom"}
    return {
        "shapes": [
            {"type": "line", "x0": price, "x1": price, "yref": "paper", "y0": 0, "y1": 1,
             "line": line},
        ],
        "annotations": [{**told, **place, "y": 1}],
    }  # fmt: skip


def line_through_peers(
    found: ExplainedMultiple, *, multiple: str, fundamental: str, company: str,
    theme: Theme = "light",
) -> "Figure":  # fmt: skip
    """Peers as points, the line with its interval, and where the company lies on it."""
    blue, orange, *_ = SERIES[theme]
    across = [place for place, _ in found.course]
    there = [(place, at.low, at.high) for place, at in found.course if at.low is not None]
    edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    low = {"x": [x for x, _, _ in there], "y": [low for _, low, _ in there], **edge}
    high = {"x": [x for x, _, _ in there], "y": [high for _, _, high in there], **edge}
    band = {**high, "fill": "tonexty", "fillcolor": _faint(blue), "name": "Interval of 80 %"}
    line = {
        "x": across,
        "y": [float(at.multiple) for _, at in found.course],
        "mode": "lines",
        "name": "Line",
        "line": {"color": blue, "width": 2.5},
        "hoverinfo": "skip",
    }
    points = {
        "x": list(found.fundamentals),
        "y": list(found.multiples),
        "text": list(found.peers),
        "mode": "markers+text",
        "name": "Peers",
        "textposition": "top center",
        "textfont": {"size": 12},
        "cliponaxis": False,
        "marker": {"color": INK[theme], "size": 9},
        "hovertemplate": f"%{{text}}<br>{fundamental} %{{x:.1%}}<br>{multiple} %{{y:.1f}}×"
        "<extra></extra>",
    }
    ours = {
        "x": [found.company],
        "y": [float(found.line.multiple)],
        "mode": "markers",
        "name": company,
        "marker": {"color": orange, "size": 13, "symbol": "diamond"},
        "hovertemplate": f"{company} by the line: %{{y:.1f}}×<extra></extra>",
    }
    return figure(
        [low, {**band, "showlegend": True}, line, points, ours],
        theme,
        height=400,
        x={"title": {"text": fundamental}, "tickformat": ".0%", "zeroline": False},
        y={"title": {"text": multiple}, "ticksuffix": "×", "rangemode": "tozero"},
        showlegend=True,
    )


def _faint(colour: str) -> str:
    """The colour, seen through."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.15)"
