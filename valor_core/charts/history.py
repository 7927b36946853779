"""What a company filed, in pictures."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from valor_core.charts.style import SERIES, Theme, styled

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


YEARS_LABELLED = 8


def yearly_bars(
    series: Mapping[str, Mapping[int, float]], *, scale: float = 1e6, theme: Theme = "light"
) -> "Figure":
    """Named items by fiscal year side by side; a year that was not filed has no bar."""
    import plotly.graph_objects as go

    figure = go.Figure(
        [
            go.Bar(
                x=list(values),
                y=[value / scale for value in values.values()],
                name=name,
                marker={"color": color},
                hovertemplate="%{x}: %{y:,.0f}<extra>%{fullData.name}</extra>",
            )
            for (name, values), color in zip(series.items(), SERIES[theme], strict=False)
        ]
    )
    styled(figure, theme, height=300)
    return _by_year(figure.update_layout(barmode="group"), series)


def yearly_rates(series: Mapping[str, Mapping[int, float]], *, theme: Theme = "light") -> "Figure":
    """Named rates by fiscal year as lines, in percent."""
    import plotly.graph_objects as go

    figure = go.Figure(
        [
            go.Scatter(
                x=list(values),
                y=[100 * value for value in values.values()],
                name=name,
                line={"color": color, "width": 2.5},
                mode="lines+markers",
                hovertemplate="%{x}: %{y:.1f} %<extra>%{fullData.name}</extra>",
            )
            for (name, values), color in zip(series.items(), SERIES[theme], strict=False)
        ]
    )
    styled(figure, theme, height=300)
    return _by_year(figure, series).update_yaxes(ticksuffix=" %")


def _by_year(figure: "Figure", series: Mapping[str, Mapping[int, float]]) -> "Figure":
    """Upright years, not so many that they touch, and no room beyond the first and the last."""
    years = sorted({year for values in series.values() for year in values})
    step = 1 if len(years) <= YEARS_LABELLED else 3
    figure.update_layout(showlegend=True)
    if years:
        figure.update_xaxes(
            tickvals=years[::-step], tickangle=0, range=[years[0] - 0.6, years[-1] + 0.6]
        )
    return figure
