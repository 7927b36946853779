"""One look for every chart: calm, readable in light and dark, figures of equal width."""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Theme = Literal["light", "dark"]

INK = {"light": "#1b2733", "dark": "#e6edf3"}
FAINT = {"light": "#d3dbe3", "dark": "#2d3a47"}
UP = {"light": "#187a4d", "dark": "#4cc38a"}
DOWN = {"light": "#b3263f", "dark": "#f2708a"}
TOTAL = {"light": "#0b4f8a", "dark": "#6aaef2"}
SERIES = {
    "light": ("#0b57a4", "#c65a11", "#15806a", "#7a4fb0"),
    "dark": ("#6aaef2", "#f2a05a", "#4cc9a4", "#b79bf0"),
}
HEAT = {
    "light": ((0.0, "#eef4fb"), (0.5, "#92bbe1"), (1.0, "#16589a")),
    "dark": ((0.0, "#10263b"), (0.5, "#276eac"), (1.0, "#a9d0f7")),
}


def styled(figure: "Figure", theme: Theme, *, height: int) -> "Figure":
    """The figure with the house's look; its height is fixed so that nothing jumps."""
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 8, "r": 8, "t": 24, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": INK[theme], "size": 13, "family": "Source Sans, system-ui, sans-serif"},
        hoverlabel={"font": {"size": 13}},
        legend={"orientation": "h", "y": 1.08, "x": 0, "yanchor": "bottom"},
        showlegend=False,
        dragmode=False,
        separators=".,",
    )
    figure.update_xaxes(
        automargin=True, gridcolor=FAINT[theme], linecolor=FAINT[theme], fixedrange=True
    )
    figure.update_yaxes(
        automargin=True,
        gridcolor=FAINT[theme],
        zerolinecolor=FAINT[theme],
        linecolor="rgba(0,0,0,0)",
        fixedrange=True,
    )
    return figure
