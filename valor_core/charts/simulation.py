"""A simulation in pictures: how the value spreads, how cash spreads by year, what drives it."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from valor_core.charts.style import DOWN, FAINT, INK, SERIES, TOTAL, UP, Theme, figure
from valor_core.models.simulation.ranking import RankedDriver, SobolIndices
from valor_core.models.simulation.summary import Fan, Histogram
from valor_core.models.simulation.tornado import Spider

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MILLION = 1e6
ROW_PX, AXES_PX = 38, 84
BANDS = (0.35, 0.55)  # how solid the outer and the inner band of a fan are

STEPS = "a step down", "a step up"


def spread(
    histogram: Histogram, *, marks: Mapping[str, float], base: float, unit: str, theme: Theme,
    scale: float = 1.0, digits: int = 2,
) -> "Figure":  # fmt: skip
    """The share of scenarios by value, with percentiles marked above it and the base case."""
    edges, counts = histogram.edges / scale, histogram.counts
    all_of_them = counts.sum() + histogram.below + histogram.above
    bars = {
        "type": "bar",
        "x": (0.5 * (edges[1:] + edges[:-1])).tolist(),
        "y": (counts / all_of_them).tolist(),
        "width": (edges[1:] - edges[:-1]).tolist(),
        "marker": {"color": SERIES[theme][0], "line": {"width": 0}},
        "opacity": 0.75,
        "hovertemplate": f"about %{{x:,.{digits}f}} {unit}: "
        "%{y:.2%} of the scenarios<extra></extra>",
    }
    lines = [
        *(
            _mark(at / scale, f"{name} {at / scale:,.{digits}f}", INK[theme], dash="solid", lift=0)
            for name, at in marks.items()
        ),
        _mark(
            base / scale,
            f"Base case {base / scale:,.{digits}f}",
            SERIES[theme][1],
            dash="dash",
            lift=18,
        ),
    ]
    return figure(
        [bars], theme, height=360, margin={"l": 8, "r": 8, "t": 56, "b": 8}, bargap=0,
        x={"title": {"text": unit}, "tickformat": ",.6~g", "showgrid": False},
        y={"tickformat": ".0%", "rangemode": "tozero"},
        shapes=[line for line, _ in lines], annotations=[label for _, label in lines],
    )  # fmt: skip


def _mark(at: float, text: str, colour: str, *, dash: str, lift: int) -> tuple[Any, Any]:
    line = {
        "type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper",
        "line": {"color": colour, "width": 1.5, "dash": dash},
    }  # fmt: skip
    label = {
        "x": at, "y": 1, "yref": "paper", "yanchor": "bottom", "yshift": lift, "showarrow": False,
        "text": text, "font": {"color": colour, "size": 12},
    }  # fmt: skip
    return line, label


def by_year(
    fan: Fan, *, base: np.ndarray, years: Sequence[str], unit: str, theme: Theme,
    scale: float = MILLION,
) -> "Figure":  # fmt: skip
    """Bands that hold nine in ten and half of the scenarios, the median, and the base case."""
    lows, highs = fan.values[: len(fan.levels) // 2], fan.values[: len(fan.levels) // 2 : -1]
    names = [f"P{100 * level:.0f} to P{100 * (1 - level):.0f}" for level in fan.levels[: len(lows)]]
    traces: list[dict[str, Any]] = []
    for low, high, name, solid in zip(lows, highs, names, BANDS, strict=True):
        colour = _faded(SERIES[theme][0], solid)
        edge = {"x": years, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        traces += [
            {**edge, "y": (low / scale).tolist(), "showlegend": False},
            {**edge, "y": (high / scale).tolist(), "fill": "tonexty", "fillcolor": colour,
             "name": name},
        ]  # fmt: skip
    middle = fan.values[len(lows)] / scale
    for name, row, dash in (
        ("Median", middle.tolist(), "solid"),
        ("Base case", (base / scale).tolist(), "dash"),
    ):
        traces.append(
            {
                "x": years, "y": row, "name": name, "mode": "lines",
                "line": {"color": INK[theme] if dash == "solid" else SERIES[theme][1],
                         "width": 2, "dash": dash},
                "hovertemplate": f"%{{x}}: %{{y:,.6~g}} {unit}"
                "<extra>%{fullData.name}</extra>",
            }
        )  # fmt: skip
    return figure(
        traces, theme, height=340, x={"type": "category"}, showlegend=True,
        y={"title": {"text": unit}, "tickformat": ",.6~g"},
    )  # fmt: skip


def _faded(colour: str, solid: float) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{solid})"


def tornado(
    spider: Spider, *, labels: Mapping[str, str], told: Mapping[str, Sequence[str]], unit: str,
    theme: Theme, scale: float = 1.0,
) -> "Figure":  # fmt: skip
    """The value at each driver's low and high end, the others at the base; the widest on top."""
    legs, base = spider.legs[::-1], spider.base / scale
    ends = [[value / scale for value in leg.values] for leg in legs]
    values = [value for pair in ends for value in (*pair, base) if isfinite(value)]
    low, high = (f"at P{100 * level:.0f}" for level in legs[0].levels) if legs[0].levels else STEPS
    room = 0.3 * (max(values) - min(values))  # for the texts beside the bars, on a phone too
    bars = [
        {
            "type": "bar",
            "orientation": "h",
            "y": [labels[leg.path] for leg in legs],
            "x": [pair[side] - base for pair in ends],
            "base": base,
            "name": name,
            "marker": {"color": colour},
            "opacity": 0.8,
            "text": [told[leg.path][side] for leg in legs],
            "textposition": "outside",
            "cliponaxis": False,
            "customdata": [pair[side] for pair in ends],
            "hovertemplate": f"%{{y}} at %{{text}}: %{{customdata:,.2f}} {unit}<extra></extra>",
        }
        for side, name, colour in (
            (0, low, DOWN[theme]),
            (1, high, UP[theme]),
        )
    ]
    return figure(
        bars, theme, height=AXES_PX + ROW_PX * len(legs), barmode="overlay", showlegend=True,
        x={"title": {"text": unit}, "tickformat": ",.6~g",
           "range": [min(values) - room, max(values) + room]},
        y={"showgrid": False},
        shapes=[{"type": "line", "x0": base, "x1": base, "y0": 0, "y1": 1,
                 "yref": "paper", "line": {"color": INK[theme], "width": 1}}],
    )  # fmt: skip


def shares_of_variance(
    indices: Sequence[SobolIndices], *, labels: Mapping[str, str], theme: Theme
) -> "Figure":
    """What each driver gives to the variance: alone, and with its interactions."""
    rows = indices[::-1]
    names = [labels[each.path] for each in rows]
    bars = [
        {
            "type": "bar", "orientation": "h", "y": names,
            "x": [getattr(each, part).value for each in rows],
            "name": name, "marker": {"color": colour},
            "hovertemplate": "%{y}: %{x:.1%}<extra>%{fullData.name}</extra>",
        }
        for part, name, colour in (
            ("total", "With interactions", FAINT[theme]),
            ("first", "Alone", TOTAL[theme]),
        )
    ]  # fmt: skip
    return figure(
        bars, theme, height=AXES_PX + ROW_PX * len(rows), barmode="overlay", showlegend=True,
        x={"tickformat": ".0%", "rangemode": "tozero"}, y={"showgrid": False},
    )  # fmt: skip


def rank_correlations(
    ranked: Sequence[RankedDriver], *, labels: Mapping[str, str], theme: Theme
) -> "Figure":
    """How the value moves with each driver, from −1 to 1."""
    rows = ranked[::-1]
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": [labels[each.path] for each in rows],
        "x": [each.spearman for each in rows],
        "marker": {"color": [UP[theme] if r.spearman >= 0 else DOWN[theme] for r in rows]},
        "opacity": 0.8,
        "hovertemplate": "%{y}: %{x:.2f}<extra></extra>",
    }
    return figure(
        [bars], theme, height=AXES_PX + ROW_PX * len(rows),
        x={"range": [-1, 1], "tickformat": ".1f"}, y={"showgrid": False},
    )  # fmt: skip
