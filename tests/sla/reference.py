"""The figures by another way: a walk over every step of time, and every call by itself."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

STEP = 60_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """States by the step at which they begin, calls by the step in which they fell."""

    states: Sequence[tuple[int, str]]
    calls: Sequence[tuple[int, str, int]]  # step, outcome, bucket
    spans: Sequence[tuple[int, int]]  # of steps
    known_until: int


def steps_by_state(history: History) -> dict[str, int]:
    """Each promised step's state, step by step."""
    told = (_state_at(history, step) for step in _promised(history))
    return dict(Counter(state for state in told if state))


def outages(history: History) -> int:
    """Runs of `down` with nothing but maintenance in them, that touch a promised step."""
    runs, number, before = {}, 0, ""
    for place, (start, state) in enumerate(history.states):
        if state == "maintenance":
            continue
        number += state == "down" and before != "down"
        before = state
        if state == "down":
            following = [begin for begin, _ in history.states[place + 1 :]]
            end = following[0] if following else history.known_until
            runs.setdefault(number, []).append(range(start, end))
    promised = _promised(history)
    return sum(any(promised & set(part) for part in parts) for parts in runs.values())


def outcomes(history: History) -> dict[str, int]:
    """The promised calls."""
    promised = _promised(history)
    return dict(Counter(outcome for step, outcome, _ in history.calls if step in promised))


def quantile(history: History, q: float) -> int | None:
    """The bucket at the nearest rank of the answered calls."""
    promised = _promised(history)
    found = sorted(
        b for step, outcome, b in history.calls if step in promised and outcome == "good"
    )
    return found[max(0, ceil(round(q * 100_000) * len(found) / 100_000) - 1)] if found else None


def _promised(history: History) -> set[int]:
    return {step for start, end in history.spans for step in range(start, end)}


def _state_at(history: History, step: int) -> str:
    began = [state for start, state in history.states if start <= step]
    return began[-1] if began and step < history.known_until else ""
