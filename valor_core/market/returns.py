"""Weekly returns of two series, side by side."""

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from valor_core.market.checks import value_of
from valor_core.market.series import Bar, Observation

THURSDAY = 3
Rows = Sequence[Bar | Observation]


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
