"""Data providers in words: what they are asked for, how they stand, how good they were."""

from collections.abc import Mapping
from datetime import timedelta

from app.ui.words import NOTHING, number, percent
from valor_core.market.provider import Capability
from valor_core.market.routing import Policy, Use
from valor_core.sla.figures import Figures
from valor_core.sla.hours import Service, hours_of
from valor_core.sla.states import State

KINDS = {
    Capability.FUNDAMENTALS: "company filings",
    Capability.BARS: "daily prices",
    Capability.MACRO: "rates and inflation",
    Capability.FX: "exchange rates",
    Capability.STREAM: "live prices",
}
STATES = {
    State.UP: "up",
    State.DEGRADED: "degraded",
    State.DOWN: "down",
    State.MAINTENANCE: "in maintenance",
    State.UNKNOWN: "not known",
}
ANSWERS = {
    "fresh": "a new answer",
    "stale": "older than wanted",
    "kept": "the last good answer",
    "none": "no answer",
}


def filer_of(key: str) -> str:
    """The CIK of a question for filings that names one; else nothing.

    >>> filer_of("fundamentals:320193"), filer_of("fundamentals:AAPL")
    ('320193', '')
    """
    kind, _, name = key.partition(":")
    return name if kind == Capability.FUNDAMENTALS and name.isdigit() else ""


def question(key: str, filers: Mapping[str, str]) -> str:
    """What was asked, from the text by which it is known, and the names of companies by CIK.

    >>> question("bars:AAPL:2026-01-02:2026-02-27:all", {})
    'daily prices of AAPL, 2026-01-02 to 2026-02-27'
    >>> question("fundamentals:320193", {"320193": "Apple Inc."}), question("fundamentals:1", {})
    ('company filings of Apple Inc.', 'company filings of CIK 1')
    """
    kind, name, *days = key.split(":")
    if cik := filer_of(key):
        name = filers.get(cik, f"CIK {cik}")
    told = f"{KINDS[Capability(kind)]} of {name}"
    return f"{told}, {days[0]} to {days[1]}" if len(days) > 1 else told


def lasted(seconds: float | None) -> str:
    """A stretch of time in the two units that matter.

    >>> lasted(0.0421), lasted(75.0), lasted(8_000.0), lasted(200_000.0), lasted(None)
    ('42 ms', '1 min 15 s', '2 h 13 min', '2 d 7 h', '–')
    """
    if seconds is None:
        return NOTHING
    if seconds < 10:
        return f"{number(1000 * seconds)} ms"
    whole = timedelta(seconds=round(seconds))
    hours, rest = divmod(whole.seconds, 3600)
    parts = {"d": whole.days, "h": hours, "min": rest // 60, "s": rest % 60}
    told = [f"{count} {unit}" for unit, count in parts.items() if count]
    return " ".join(told[:2])


def figures_row(told: Figures) -> list[str]:
    """The figures in the order of `FIGURES`."""
    latency = [lasted(told.latency_s.get(q)) for q in (0.5, 0.95, 0.99, 0.999)]
    return [
        percent(told.availability, 2),
        percent(told.coverage),
        percent(told.request_availability, 2),
        number(told.requests),
        percent(told.objective, 2),
        percent(told.budget_left),
        number(told.burn_rate, 1),
        number(told.incidents),
        lasted(told.mttr_s),
        lasted(told.mtbf_s),
        *latency,
    ]


FIGURES = (
    "Available", "Watched", "Calls answered", "Calls", "Objective", "Error budget left",
    "Burn rate", "Outages", "Mean time to repair", "Mean time between", "p50", "p95", "p99",
    "p99.9",
)  # fmt: skip


def policy_sentences(policy: Policy, service: Service, titles: Mapping[str, str]) -> list[str]:
    """A policy as one would say it."""
    order = [titles.get(name, name) for name in policy.providers]
    terms = [
        f"First {order[0]}" + "".join(f", then {name}" for name in order[1:]) + "."
        if order
        else "Nobody can be asked for this yet.",
        f"An answer within {policy.deadline_s:g} s; a choice is kept for {policy.hold_s:g} s.",
    ]
    if policy.price_max is not None:
        terms.append(f"At most {policy.price_max:g} USD a call.")
    if policy.age_max_s is not None:
        terms.append(f"Data are too old after {lasted(policy.age_max_s)}.")
    if policy.use is Use.REDISTRIBUTION:
        terms.append("Only data that may be given on to others.")
    if policy.hedge_after_s is not None:
        terms.append(f"A second one is asked as well after {policy.hedge_after_s:g} s.")
    terms.append(f"Promised: {percent(service.objective, 2)} {hours_of(service)}.")
    return terms
