"""How the routes of our own API answered a tenant: calls, failures of ours, latencies."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, func, select

from valor_core.sla.buckets import seconds_of
from valor_core.sla.figures import QUANTILES
from valor_core.store.tables import RouteCallRow
from valor_core.store.work import Work

HOUR = 3_600_000_000
KEPT = 400 * 24 * HOUR
ROWS_AT_ONCE = 1_000
OBJECTIVE = 0.999
"""The share of calls that are to be answered; a refusal for good reason is an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteLevel:
    """How good a route was over a time."""

    route: str
    requests: int
    bad_requests: int  # that failed by our fault
    latency_s: Mapping[float, float] = field(default_factory=dict)  # by quantile, of good ones

    @property
    def availability(self) -> float:
        """The share of calls that were answered."""
        return 1.0 - self.bad_requests / self.requests

    @property
    def budget_left(self) -> float:
        """Of the calls that may fail by the objective, the share that has not; below 0 too many."""
        return 1.0 - (1.0 - self.availability) / (1.0 - OBJECTIVE)


def count_calls(work: Work, counts: Mapping[tuple[str, str, int], int]) -> None:
    """Adds so many calls of (route, outcome, bucket) to their hour, and forgets the oldest."""
    hour = work.now_micros - work.now_micros % HOUR
    names = ("route", "outcome", "bucket")
    rows = [
        dict(zip(names, key, strict=True)) | {"hour": hour, "n": n} for key, n in counts.items()
    ]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        work.add_counts(RouteCallRow, rows[start : start + ROWS_AT_ONCE])
    work.session.execute(delete(RouteCallRow).where(RouteCallRow.hour < work.now_micros - KEPT))


def levels(work: Work, start: int, end: int) -> list[RouteLevel]:
    """Every route that was called in that time, by whole hours; the busiest first."""
    row = RouteCallRow
    query = (
        select(row.route, row.outcome, row.bucket, func.sum(row.n))
        .where(row.hour >= start, row.hour < end)
        .group_by(row.route, row.outcome, row.bucket)
    )
    good: dict[str, Counter[int]] = {}
    bad = Counter[str]()
    for route, outcome, bucket, n in work.session.execute(query):
        told = good.setdefault(route, Counter())
        if outcome == "good":
            told[bucket] += int(n)
        else:
            bad[route] += int(n)
    told_levels = [
        RouteLevel(
            route=route,
            requests=counts.total() + bad[route],
            bad_requests=bad[route],
            latency_s=_quantiles(counts, QUANTILES),
        )
        for route, counts in good.items()
    ]
    return sorted(told_levels, key=lambda level: (-level.requests, level.route))


def _quantiles(counts: Counter[int], at: Sequence[float]) -> dict[float, float]:
    """The latency at each quantile, by nearest rank.

    >>> _quantiles(Counter({0: 99, 10: 1}), [0.5, 0.999]) == {0.5: 1e-06, 0.999: seconds_of(10)}
    True
    """
    found, upto, total = {}, 0, counts.total()
    for bucket, n in sorted(counts.items()):
        upto += n
        for q in at:
            if q not in found and upto >= math.ceil(q * total):
                found[q] = seconds_of(bucket)
    return found
