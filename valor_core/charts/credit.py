"""A ratio of credit over the filed years, between the lines where its zones begin."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from valor_core.charts.style import DOWN, INK, TOTAL, UP, Theme, figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HEIGHT = 320
ROOM = 0.12  # of the span, above the highest point and below the lowest
YEARS_LABELLED = 8


def over_years(
    values: Mapping[int, float],
    *,
    safe: tuple[str, float] | None = None,
    distress: tuple[str, float] | None = None,
    percent: bool = False,
    theme: Theme = "light",
) -> "Figure":
    """The ratio a year, and a named line where it is safe and where distress begins."""
    scale = 100.0 if percent else 1.0
    lines = [(each, color[theme]) for each, color in ((safe, UP), (distress, DOWN)) if each]
    heights = [scale * value for value in values.values()]
    heights += [scale * at for (_, at), _ in lines]
    room = ROOM * (max(heights) - min(heights) or abs(max(heights)) or 1.0)
    trace = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(values),
        "y": [scale * value for value in values.values()],
        "line": {"color": TOTAL[theme], "width": 2.5},
        "marker": {"size": 8},
        "hovertemplate": f"FY%{{x}}: %{{y:.2f}}{' %' if percent else ''}<extra></extra>",
    }
    return figure(
        [trace],
        theme,
        height=HEIGHT,
        x=_years(list(values)),
        y={
            "range": [min(heights) - room, max(heights) + room],
            "ticksuffix": " %" if percent else "",
        },
        shapes=[_line(scale * at, color) for (_, at), color in lines],
        annotations=[_name(name, scale * at, theme) for (name, at), _ in lines],
    )


def _years(years: list[int]) -> dict[str, Any]:
    """Upright years, not so many that they touch."""
    step = 1 if len(years) <= YEARS_LABELLED else 3
    return {
        "tickvals": years[::-step],
        "tickangle": 0,
        "range": [years[0] - 0.6, years[-1] + 0.6],
    }


def _line(at: float, color: str) -> dict[str, Any]:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": at,
        "y1": at,
        "line": {"color": color, "width": 1.5, "dash": "dash"},
    }


def _name(name: str, at: float, theme: Theme) -> dict[str, Any]:
    return {
        "text": name,
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "y": at,
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"color": INK[theme], "size": 12},
    }
