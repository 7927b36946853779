"""One plan by every method: a dot each, on one line where they agree."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from valor_core.amounts import in_money, shown
from valor_core.charts.style import DOWN, FAINT, TOTAL, Theme, figure, money_axis, money_hover
from valor_core.models.intrinsic.causes import Reconciled

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ROW_PX, AROUND_PX = 34, 90


def methods(
    rows: Sequence[Reconciled],
    consistent: Sequence[Reconciled],
    *,
    currency: str,
    theme: Theme = "light",
) -> "Figure":
    """The value by each method on the plan, and on the plan once it is consistent."""
    first = rows[0].value / shown().size
    traces = [
        _dots(
            "Your plan: as FCFF", [row for row in rows if not row.causes], TOTAL[theme], currency
        ),
        _dots("Your plan: differs", [row for row in rows if row.causes], DOWN[theme], currency),
        _dots("Made consistent", consistent, TOTAL[theme], currency, open_=True),
    ]
    line = {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": first,
        "x1": first,
        "y0": 0,
        "y1": 1,
        "layer": "below",
        "line": {"color": FAINT[theme], "width": 2},
    }
    names = [row.method for row in rows]
    return figure(
        [trace for trace in traces if trace["x"]],
        theme,
        height=AROUND_PX + ROW_PX * len(names),
        x=money_axis(in_money(currency)),
        y={"type": "category", "categoryorder": "array", "categoryarray": names[::-1]},
        showlegend=True,
        shapes=[line],
    )


def _dots(
    name: str, rows: Sequence[Reconciled], colour: str, currency: str, *, open_: bool = False
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [row.value / shown().size for row in rows],
        "y": [row.method for row in rows],
        "marker": {"size": 12, "color": colour, "symbol": "circle-open" if open_ else "circle"},
        "hovertemplate": f"%{{y}}: {money_hover('x', currency)}<extra>%{{fullData.name}}</extra>",
    }
