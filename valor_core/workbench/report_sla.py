"""The report of service levels: how good each provider was and each route of our own API."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from valor_core.coverage.figures_report import Listing, Told
from valor_core.sla.figures import QUANTILES
from valor_core.sla.routes import OBJECTIVE, RouteLevel
from valor_core.sla.states import State
from valor_core.store.work import Work
from valor_core.workbench.providers import (
    STATES_MOST,
    Course,
    ServiceLevel,
    read_course_between,
    read_service_levels,
)
from valor_core.workbench.report_parts import days_until, percent, spreadsheet
from valor_core.workbench.route_levels import read_route_levels

WELL_WATCHED = 0.95
SHOWN = 200
SHEET = (
    "provider", "service", "watched_since", "promised_s", "coverage", "availability", "objective",
    "requests", "bad_requests", "request_availability", "error_budget_left", "burn_rate", "outages",
    "mean_time_to_repair_s", "mean_time_between_s", "p50_s", "p95_s", "p99_s", "p999_s",
)  # fmt: skip

ROUTES_SHEET = (
    "route", "requests", "bad_requests", "request_availability", "objective", "error_budget_left",
    "p50_s", "p95_s", "p99_s", "p999_s",
)  # fmt: skip


def tell(work: Work, given: Mapping[str, Any]) -> Told:
    """The figures of every provider and route over the days that were asked for."""
    first, last = days_until(work, given["days"], given["last"])
    start = datetime.combine(first, time(), UTC)
    end = datetime.combine(last, time(), UTC) + timedelta(days=1)
    levels = read_service_levels(work, start, end)
    course, routes = read_course_between(work, start, end), read_route_levels(work, start, end)
    outages = [each for each in course if each.state is State.DOWN]
    rows = [_figures_row(level) for level in levels]
    told = [level for level in levels if level.figures.availability is not None]
    return Told(
        title="Service levels of providers",
        about=f"{first} to {last}, days of UTC, in the hours of service without announced work. "
        "Objectives and hours are those that hold now.",
        key_figures={
            "Providers": f"{len(told)}",
            "Stretches down": f"{len(outages):,}",
            "Lowest availability": percent(
                min((level.figures.availability or 0.0 for level in told), default=None), 2
            ),
        },
        notices=[*_notices(levels, course), *_overspent(routes)],
        lists={
            "levels": _levels(levels),
            "latencies": _latencies(levels),
            "outages": _outages(outages),
            "routes": _routes(routes),
        },
        figures={
            "first": f"{first}",
            "last": f"{last}",
            "providers": [dict(zip(SHEET, row, strict=True)) for row in rows],
            "routes": [
                dict(zip(ROUTES_SHEET, _route_row(level), strict=True)) for level in routes
            ],
            "course": [
                {"label": _name(each), "state": each.state.value, "cause": each.cause,
                 "start": each.start.isoformat(), "end": each.end.isoformat()}
                for each in course
            ],
        },
        spreadsheets={
            "sla.csv": spreadsheet(SHEET, rows),
            "routes.csv": spreadsheet(ROUTES_SHEET, map(_route_row, routes)),
        },
    )  # fmt: skip


def _notices(levels: Sequence[ServiceLevel], course: Sequence[Course]) -> list[str]:
    told = []
    for level in levels:
        figures, name = level.figures, _name(level)
        if figures.budget_left is not None and figures.budget_left < 0:
            told.append(
                f"{name}: the error budget is overspent; {figures.bad_requests:,} of "
                f"{figures.requests:,} calls failed, {percent(1 - figures.objective, 2)} may."
            )
        if figures.coverage is not None and figures.coverage < WELL_WATCHED:
            told.append(
                f"{name}: only {percent(figures.coverage)} of its time was watched. Availability "
                "speaks of that part alone."
            )
    if len(course) >= STATES_MOST:
        told.append(f"Only the newest {STATES_MOST:,} changes of state are listed and drawn.")
    return told


def _overspent(routes: Sequence[RouteLevel]) -> list[str]:
    return [
        f"{level.route}: the error budget is overspent; {level.bad_requests:,} of "
        f"{level.requests:,} calls failed, {percent(1 - OBJECTIVE, 2)} may."
        for level in routes
        if level.budget_left < 0
    ]


def _route_row(level: RouteLevel) -> tuple[Any, ...]:
    return (
        level.route, level.requests, level.bad_requests, level.availability, OBJECTIVE,
        level.budget_left, *(level.latency_s.get(q) for q in QUANTILES),
    )  # fmt: skip


def _routes(routes: Sequence[RouteLevel]) -> Listing:
    columns = ("Route", "Calls", "Failed", "Answered", "Error budget left", "Half within",
               "95 % within", "99 % within", "99.9 % within")  # fmt: skip
    return Listing(
        caption=f"The busiest {SHOWN} of {len(routes)}" if len(routes) > SHOWN
        else "The busiest first",
        columns=columns,
        numbers=columns[1:],
        rows=[
            (level.route, f"{level.requests:,}", f"{level.bad_requests:,}",
             percent(level.availability, 2), percent(level.budget_left),
             *(_seconds(level.latency_s.get(q)) for q in QUANTILES))
            for level in routes[:SHOWN]
        ],
        empty="Nobody called the API in this time.",
    )  # fmt: skip


def _figures_row(level: ServiceLevel) -> tuple[Any, ...]:
    figures, since = level.figures, level.watched_since
    return (
        level.provider, level.capability.value, since.isoformat() if since else None,
        figures.promised_s, figures.coverage, figures.availability, figures.objective,
        figures.requests, figures.bad_requests, figures.request_availability, figures.budget_left,
        figures.burn_rate, figures.incidents, figures.mttr_s, figures.mtbf_s,
        *(figures.latency_s.get(q) for q in QUANTILES),
    )  # fmt: skip


def _levels(levels: Sequence[ServiceLevel]) -> Listing:
    columns = ("Provider", "Available", "Watched", "Calls", "Calls answered", "Objective",
               "Error budget left", "Outages", "Mean time to repair")  # fmt: skip
    rows = [
        (_name(level), percent(each.availability, 2), percent(each.coverage), f"{each.requests:,}",
         percent(each.request_availability, 2), percent(each.objective, 2),
         percent(each.budget_left), f"{each.incidents:,}", _minutes(each.mttr_s))
        for level in levels
        for each in [level.figures]
    ]  # fmt: skip
    return Listing(
        caption="In the hours of service; a dash where nobody can say",
        columns=columns,
        numbers=columns[1:],
        rows=rows,
        empty="No provider was asked yet, so nothing was watched. Once somebody fetches what a "
        "company filed, each minute is watched and told here.",
    )


def _latencies(levels: Sequence[ServiceLevel]) -> Listing:
    columns = ("Provider", "Half within", "95 % within", "99 % within", "99.9 % within")
    return Listing(
        caption="How long answered calls took, to 1 %",
        columns=columns,
        numbers=columns[1:],
        rows=[
            (_name(level), *(_seconds(level.figures.latency_s.get(q)) for q in QUANTILES))
            for level in levels
            if level.figures.latency_s
        ],
        empty="No call was answered in this time.",
    )


def _outages(outages: Sequence[Course]) -> Listing:
    newest = sorted(outages, key=lambda each: each.start, reverse=True)
    return Listing(
        caption=f"The newest {SHOWN} of {len(newest):,}" if len(newest) > SHOWN else "Newest first",
        columns=("Provider", "From, UTC", "Lasted", "Cause"),
        numbers=("Lasted",),
        rows=[
            (_name(each), f"{each.start:%Y-%m-%d %H:%M}",
             _minutes((each.end - each.start).total_seconds()), each.cause)
            for each in newest[:SHOWN]
        ],
        empty="No provider was seen down in this time.",
    )  # fmt: skip


def _name(each: ServiceLevel | Course) -> str:
    return f"{each.title}, {each.capability.value.replace('_', ' ')}"


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:,.3f} s"


def _minutes(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds / 60:,.1f} min"
