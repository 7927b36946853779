"""A real option in pictures: what it is worth over the project's value, and when to act."""

from typing import TYPE_CHECKING, Any

import numpy as np

from valor_core.amounts import in_money, shown
from valor_core.charts.style import (
    INK,
    SERIES,
    TOTAL,
    Theme,
    figure,
    money_axis,
    money_format,
    money_hover,
)
from valor_core.models.options.decision import Course, ValueCurve
from valor_core.models.options.lattice import Boundary

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

FEW = 3  # dates that are points rather than a line


def option_value(
    curve: ValueCurve,
    *,
    project_value: float,
    trigger: float | None,
    currency: str,
    theme: Theme = "light",
) -> "Figure":
    """The right and what acting brings, over the project's value, with today's and the trigger."""
    right, payoff, *_ = SERIES[theme]
    x = (curve.project_values / shown().size).tolist()
    hover = (
        f"project %{{x:{money_format()}}}: {money_hover('y', currency)}"
        "<extra>%{fullData.name}</extra>"
    )
    traces = [
        {"x": x, "y": _scaled(curve.right), "name": "Value of the right", "hovertemplate": hover,
         "line": {"color": right, "width": 3}},
        {"x": x, "y": _scaled(curve.payoff), "name": "If acted on at that value",
         "hovertemplate": hover, "line": {"color": payoff, "width": 2, "dash": "dash"}},
    ]  # fmt: skip
    marks = [_upright(project_value, "today", theme)]
    if trigger is not None and trigger <= curve.project_values[-1]:
        marks.append(_upright(trigger, "act", theme))
    return figure(
        traces, theme, height=340, showlegend=True,
        x=money_axis(f"value of the project, {in_money(currency)}"),
        y=money_axis(in_money(currency)) | {"rangemode": "tozero"},
        shapes=[shape for shape, _ in marks], annotations=[told for _, told in marks],
    )  # fmt: skip


def exercise_boundary(
    boundary: Boundary,
    course: Course,
    *,
    today: float,
    watched: str,
    currency: str,
    theme: Theme = "light",
) -> "Figure":
    """From which value on acting pays, by date, before the range that it may be in by then."""
    trigger, _, band, *_ = SERIES[theme]
    hover = f"after %{{x:.2f}} years: {money_hover('y', currency)}<extra>%{{fullData.name}}</extra>"
    band_line = {"color": band, "width": 0.5}

    def trace(name: str, years: Any, values: Any, **look: Any) -> dict[str, Any]:
        return {"x": np.asarray(years).tolist(), "y": _scaled(values), "name": name,
                "hovertemplate": hover, **look}  # fmt: skip

    traces = [
        trace("Lowest of 80 %", course.years, course.low, line=band_line, showlegend=False),
        trace(f"{watched}, 80 % of all cases", course.years, course.high, line=band_line,
              fill="tonexty", fillcolor=_faint(band)),
        trace(f"{watched} today", course.years[[0, -1]], np.full(2, today),
              mode="lines", line={"color": INK[theme], "width": 1.5, "dash": "dot"}),
        trace("Trigger", boundary.years, boundary.prices,
              mode="markers" if len(boundary.years) <= FEW else "lines",
              marker={"size": 11, "color": trigger}, line={"color": trigger, "width": 3}),
    ]  # fmt: skip
    return figure(
        traces, theme, height=340, showlegend=True,
        x={"title": {"text": "years from today"}},
        y=money_axis(in_money(currency)) | {"rangemode": "tozero"},
    )  # fmt: skip


def _upright(value: float, told: str, theme: Theme) -> tuple[dict[str, Any], dict[str, Any]]:
    """A line across the chart at a value of the project, and its name."""
    at, colour = value / shown().size, INK[theme] if told == "today" else TOTAL[theme]
    line = {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper",
            "line": {"color": colour, "width": 1.5, "dash": "dot"}}  # fmt: skip
    name = {"x": at, "y": 1, "yref": "paper", "text": told, "showarrow": False,
            "xanchor": "left", "xshift": 4, "font": {"color": colour}}  # fmt: skip
    return line, name


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.14)"


def _scaled(values: Any) -> list[float | None]:
    """In millions; a gap where there is no value."""
    return [
        float(value) / shown().size if np.isfinite(value) else None for value in np.asarray(values)
    ]
