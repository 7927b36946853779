"""Whether a feed says less than its own rhythm has one expect: connected, and yet silent."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from statistics import median

from valor_core.sla.hours import Service, promised
from valor_core.sla.records import MINUTE
from valor_core.values import from_micros, micros

RHYTHM_MINUTES = 240
"""The rhythm is the median of so many minutes in which it said something."""

MINUTES_LEAST = 3
TICKS_MISSED, QUIET_LEAST_S = 20.0, 10.0
THIN, THIN_MINUTES = 0.2, 2
UNKNOWN_QUIET_S = 300.0


def silence(
    minutes: Mapping[int, int], *, last_at: int, since: int, now: datetime, hours: Service
) -> str:
    """Why the feed counts as silent, in words; empty where it does not.

    `minutes` are ticks by the beginning of their minute, `last_at` is when one last came, and
    `since` when it was connected. Only the hours count in which it is expected to say something.
    """
    moment = micros(now)
    open_spans = promised(hours, now - timedelta(days=1), now, [])
    if not open_spans or open_spans[-1][1] < moment:
        return ""
    begun = max(open_spans[-1][0], since)
    quiet_s = (moment - max(last_at, begun)) / 1e6
    known = [n for at, n in sorted(minutes.items()) if at + MINUTE <= moment][-RHYTHM_MINUTES:]
    if len(known) < MINUTES_LEAST:
        if quiet_s < UNKNOWN_QUIET_S:
            return ""
        return f"nothing came for {quiet_s / 60:.0f} minutes since it was connected"
    usual = median(known)
    if quiet_s > max(TICKS_MISSED * 60.0 / usual, QUIET_LEAST_S):
        since_when = f"{from_micros(max(last_at, begun)):%H:%M:%S} UTC"
        return f"nothing came since {since_when}, {_usual(usual)}"
    newest = moment - moment % MINUTE
    window = [newest - n * MINUTE for n in range(1, THIN_MINUTES + 1)]
    came = sum(minutes.get(at, 0) for at in window)
    if begun <= window[-1] and came < THIN * usual * THIN_MINUTES:
        return f"{came:,} ticks came in the last {THIN_MINUTES} minutes, {_usual(usual)}"
    return ""


def _usual(usual: float) -> str:
    return f"where {usual:,.0f} a minute are usual"
