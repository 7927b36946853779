"""Weekly returns of two series side by side, and daily ones of one."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from valor_core.market.checks import value_of
from valor_core.market.series import Bar, Observation

THURSDAY = 3
DAYS_APART_MOST = 5
"""Over a longer gap, as where days are in doubt, a return is not one of a day."""

Rows = Sequence[Bar | Observation]


def daily(
    rows: Rows, *, most: int, until: date | None = None
) -> tuple[NDArray[np.float64], date | None]:
    """The newest `most` log returns from trading day to trading day, and when the last one ends."""
    ordered = sorted(rows, key=lambda each: each.day)
    prices = [
        (row.day, value_of(row))
        for row in ordered
        if value_of(row) > 0.0 and (until is None or row.day <= until)
    ]
    returns = [
        float(np.log(after / before))
        for (day, before), (next_day, after) in pairwise(prices)
        if next_day - day <= timedelta(days=DAYS_APART_MOST)
    ]
    return np.array(returns[-most:]), prices[-1][0] if prices else None


def weekly(
    first: Rows, second: Rows, *, most: int, until: date | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64], date | None]:
    """Log returns of both from week to week, of the last day on which both have a price.

    The newest `most` of them, and the day on which the last of them ends; a week that is not over
    by Thursday is left out.
    """
    theirs = {row.day: value_of(row) for row in second}
    of_week: dict[tuple[int, int], tuple[date, float, float]] = {}
    for row in sorted(first, key=lambda each: each.day):
        mine, other = value_of(row), theirs.get(row.day, 0.0)
        if min(mine, other) > 0.0 and (until is None or row.day <= until):
            year, week, _ = row.day.isocalendar()
            of_week[year, week] = row.day, mine, other
    ends = list(of_week.values())
    if ends and ends[-1][0].weekday() < THURSDAY:
        ends.pop()
    ends = ends[-most - 1 :]
    prices = np.log(np.array([(mine, other) for _, mine, other in ends]).reshape(-1, 2))
    returns = np.diff(prices, axis=0)
    return returns[:, 0], returns[:, 1], ends[-1][0] if ends else None
