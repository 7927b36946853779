"""A valuation in pictures: the way to equity, the forecast, and how the value moves."""

from typing import TYPE_CHECKING

import numpy as np

from valor_core.charts.style import DOWN, HEAT, INK, SERIES, TOTAL, UP, Theme, styled
from valor_core.models.bridge import ASSETS, CLAIMS, Bridge
from valor_core.models.dcf import DcfResult
from valor_core.models.sensitivity import Grid

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MILLION = 1e6
LABELS = {
    "debt": "Debt",
    "leases": "Leases",
    "minority_interests": "Minorities",
    "preferred": "Preferred",
    "pensions": "Pensions",
    "options_value": "Options",
    "cash": "Cash",
    "associates": "Associates",
    "non_operating_assets": "Non-operating",
}


def enterprise_bridge(
    result: DcfResult, bridge: Bridge, *, scale: float = MILLION, theme: Theme = "light"
) -> "Figure":
    """From enterprise value to equity value as a waterfall; items of zero are left out.

    `scale` is the money of one unit on the axis.
    """
    import plotly.graph_objects as go

    steps = [(LABELS[name], -getattr(bridge, name)) for name in CLAIMS]
    steps += [(LABELS[name], getattr(bridge, name)) for name in ASSETS]
    steps = [(label, amount) for label, amount in steps if amount]
    names = ["Enterprise value", *(label for label, _ in steps), "Equity value"]
    amounts = [result.enterprise_value, *(amount for _, amount in steps), result.equity_value]
    figure = go.Figure(
        go.Waterfall(
            x=names,
            y=[float(amount) / scale for amount in amounts],
            measure=["absolute", *["relative"] * len(steps), "total"],
            text=[f"{float(amount) / scale:,.0f}" for amount in amounts],
            textposition="outside",
            cliponaxis=False,
            increasing={"marker": {"color": UP[theme]}},
            decreasing={"marker": {"color": DOWN[theme]}},
            totals={"marker": {"color": TOTAL[theme]}},
            connector={"line": {"color": INK[theme], "width": 0.5}},
            hovertemplate="%{x}: %{y:,.1f}<extra></extra>",
        )
    )
    return styled(figure, theme, height=340)


def forecast(result: DcfResult, *, scale: float = MILLION, theme: Theme = "light") -> "Figure":
    """Revenue as bars, EBIT and free cash flow as lines, a year each."""
    import plotly.graph_objects as go

    years = list(range(1, len(result.fcff) + 1))
    revenue, ebit, fcff = SERIES[theme][0], SERIES[theme][1], SERIES[theme][2]
    hover = "year %{x}: %{y:,.0f}<extra>%{fullData.name}</extra>"
    figure = go.Figure(
        [
            go.Bar(
                x=years,
                y=_scaled(result.revenues[: len(years)], scale),
                name="Revenue",
                marker={"color": revenue},
                opacity=0.55,
                hovertemplate=hover,
            ),
            go.Scatter(
                x=years,
                y=_scaled(result.ebit, scale),
                name="EBIT",
                line={"color": ebit, "width": 2.5},
                hovertemplate=hover,
            ),
            go.Scatter(
                x=years,
                y=_scaled(result.fcff, scale),
                name="FCFF",
                line={"color": fcff, "width": 2.5, "dash": "dot"},
                hovertemplate=hover,
            ),
        ]
    )
    styled(figure, theme, height=320)
    return figure.update_layout(showlegend=True).update_xaxes(title="forecast year", dtick=1)


def sensitivity(
    grid: Grid,
    *,
    row_label: str,
    column_label: str,
    as_percent: tuple[bool, bool] = (True, True),
    theme: Theme = "light",
) -> "Figure":
    """A result over two inputs as a heatmap; an empty cell tells its reason on hover."""
    import plotly.graph_objects as go

    def ticks(values: tuple[float, ...], percent: bool) -> list[str]:
        return [f"{100 * v:.2f} %" if percent else f"{v:,.2f}" for v in values]

    values = np.where(np.isfinite(grid.values), grid.values, np.nan)
    told = [
        [
            str(grid.reasons[i, j]) if (i, j) in grid.reasons else f"{values[i, j]:,.2f}"
            for j in range(len(grid.columns))
        ]
        for i in range(len(grid.rows))
    ]
    small = values.size <= 121
    where = f"{row_label} %{{y}}, {column_label} %{{x}}"
    figure = go.Figure(
        go.Heatmap(
            z=[[None if np.isnan(v) else float(v) for v in row] for row in values],
            x=ticks(grid.columns, as_percent[1]),
            y=ticks(grid.rows, as_percent[0]),
            customdata=told,
            text=[["" if np.isnan(v) else f"{v:,.2f}" for v in row] for row in values],
            texttemplate="%{text}" if small else None,
            colorscale=HEAT[theme],
            showscale=not small,
            xgap=1,
            ygap=1,
            hovertemplate=f"{where}<br>%{{customdata}}<extra></extra>",
        )
    )
    styled(figure, theme, height=380)
    figure.update_xaxes(title=column_label, type="category", side="bottom")
    return figure.update_yaxes(title=row_label, type="category", autorange="reversed")


def _scaled(row: object, scale: float) -> list[float]:
    return [float(value) / scale for value in np.asarray(row)]
