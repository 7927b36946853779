"""Random sound investments: by period and by day, with one rate, and with several."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

from valor_core.models.returns.day_count import DayCount
from valor_core.models.returns.model import ReturnsInputs

if TYPE_CHECKING:
    from tests.workbooks.cases import Draw


def an_investment(draw: "Draw") -> ReturnsInputs:
    """One outlay or two, then what comes back; or the flows of a mine that must be closed."""
    count = draw.random.randint(4, 12)
    paid = draw.random.randint(1, 2)
    flows = [-draw.between(50, 90) for _ in range(paid)]
    flows += [draw.between(10, 60) for _ in range(count - paid)]
    first = date(2020, 1, 1) + timedelta(days=draw.random.randint(0, 999))
    gaps = [120 * place + draw.random.randint(0, 99) for place in range(count)]
    days = tuple(first + timedelta(days=gap) for gap in gaps)
    dates = draw.one_of(None, days, days)
    if dates is None and draw.random.random() < 0.3:
        scale = draw.between(0.5, 2.0)
        flows = [-1_600.0 * scale, 10_000.0 * scale, -10_000.0 * scale]
    return ReturnsInputs(
        flows=flows,
        dates=dates,
        day_count=DayCount.ACT_365F,
        residual_value=draw.one_of(0.0, draw.between(1.0, 30.0)),
        rate=draw.between(0.05, 0.15),
        finance_rate=draw.one_of(None, draw.between(0.04, 0.1)),
        reinvestment_rate=draw.one_of(None, draw.between(0.04, 0.1)),
        index=draw.one_of(None, [draw.between(90, 140) for _ in flows]),
        profile_rates=draw.one_of((0.0, 0.1, 0.2), (0.05, 0.15, 0.25, 0.35)),
    )
