"""What a company filed, in pictures."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from valor_core.amounts import shown
from valor_core.charts.style import SERIES, Theme, figure, money_format

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


YEARS_LABELLED = 8


def yearly_bars(series: Mapping[str, Mapping[int, float]], *, theme: Theme = "light") -> "Figure":
    """Named items by fiscal year side by side; a year that was not filed has no bar."""
    traces = [
        {
            "type": "bar",
            "x": list(values),
            "y": [value / shown().size for value in values.values()],
            "name": name,
            "marker": {"color": color},
            "hovertemplate": f"%{{x}}: %{{y:{money_format()}}}<extra>%{{fullData.name}}</extra>",
        }
        for (name, values), color in zip(series.items(), SERIES[theme], strict=False)
    ]
    return figure(traces, theme, height=300, x=_years(series), barmode="group", showlegend=True)


def yearly_rates(series: Mapping[str, Mapping[int, float]], *, theme: Theme = "light") -> "Figure":
    """Named rates by fiscal year as lines, in percent."""
    traces = [
        {
            "type": "scatter",
            "x": list(values),
            "y": [100 * value for value in values.values()],
            "name": name,
            "line": {"color": color, "width": 2.5},
            "mode": "lines+markers",
            "hovertemplate": "%{x}: %{y:.1f} %<extra>%{fullData.name}</extra>",
        }
        for (name, values), color in zip(series.items(), SERIES[theme], strict=False)
    ]
    return figure(
        traces, theme, height=300, x=_years(series), y={"ticksuffix": " %"}, showlegend=True
    )


def _years(series: Mapping[str, Mapping[int, float]]) -> dict[str, Any]:
    """Upright years, not so many that they touch, and no room beyond the first and the last."""
    years = sorted({year for values in series.values() for year in values})
    if not years:
        return {}
    step = 1 if len(years) <= YEARS_LABELLED else 3
    reach = [years[0] - 0.6, years[-1] + 0.6]
    return {"tickvals": years[::-step], "tickangle": 0, "range": reach}
