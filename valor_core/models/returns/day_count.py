"""Day counts: the years from one day to another, as each market counts them."""

import calendar
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum


class DayCount(StrEnum):
    """How days become years."""

    ACT_365F = "act_365f"
    ACT_360 = "act_360"
    THIRTY_360 = "thirty_360"
    ACT_ACT_ISDA = "act_act_isda"


def act_365f(start: date, end: date) -> float:
    """Actual days over 365, leap years too: XIRR and XNPV.

    >>> act_365f(date(2024, 1, 1), date(2025, 1, 1))
    1.0027397260273974
    """
    return (end - start).days / 365.0


def act_360(start: date, end: date) -> float:
    """Actual days over 360: interest on loans and in money markets."""
    return (end - start).days / 360.0


def thirty_360(start: date, end: date) -> float:
    """Months of 30 days, years of 360: US bonds (30/360 bond basis, ISDA 2006 4.16(f)).

    >>> thirty_360(date(2024, 1, 31), date(2024, 7, 31))
    0.5
    """
    first = min(start.day, 30)
    last = 30 if end.day == 31 and first == 30 else end.day
    months = 12 * (end.year - start.year) + end.month - start.month
    return (30 * months + last - first) / 360.0


def act_act_isda(start: date, end: date) -> float:
    """Days in leap years over 366 and the others over 365: swaps (ISDA 2006 4.16(b)).

    >>> act_act_isda(date(2023, 7, 1), date(2024, 7, 1)) == 184 / 365 + 182 / 366
    True
    """
    if end < start:
        return -act_act_isda(end, start)
    years, at = 0.0, start
    while at < end:
        until = min(end, date(at.year + 1, 1, 1)) if at.year < end.year else end
        years += (until - at).days / (366.0 if calendar.isleap(at.year) else 365.0)
        at = until
    return years


COUNTED: Mapping[DayCount, Callable[[date, date], float]] = {
    DayCount.ACT_365F: act_365f,
    DayCount.ACT_360: act_360,
    DayCount.THIRTY_360: thirty_360,
    DayCount.ACT_ACT_ISDA: act_act_isda,
}
