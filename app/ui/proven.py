"""Published cases as a reader follows them: where they come from, what was printed, what we get."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.ui.words import NOTHING, number
from valor_core.models.codec import dump_value
from valor_core.models.lines import spoken
from valor_core.models.proof import Comparison, Outcome, Status, prove, shipped_cases

MARKS = {Status.PASSED: "as published", Status.FAILED: "differs", Status.UNSUPPORTED: "not known"}
SIGNIFICANT = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case as it is stated, and what came of it."""

    stated: dict[str, Any]
    outcome: Outcome


@st.cache_resource(show_spinner="Running the published cases")
def all_cases() -> tuple[Case, ...]:
    """All cases, run once a process: neither they nor the engine change while it runs."""
    return tuple(Case(stated=each, outcome=prove(each)) for each in shipped_cases())


def called(case: Case) -> str:
    """The case by its name and method."""
    return f"{spoken(case.outcome.id)} ({spoken(case.outcome.model).lower()})"


def origins(source: Any) -> Iterator[tuple[str, str]]:
    """Where a case is printed, part by part."""
    if isinstance(source, dict):
        for name, told in source.items():
            for text in told if isinstance(told, list) else [told]:
                yield spoken(str(name)), str(text)
    elif source:
        yield "Source", str(source)


def rows(case: Case) -> list[list[str]]:
    """Each figure as printed, as computed, and how far apart they are."""
    return [
        [
            each.place or "value",
            _figure(each.expected),
            _figure(each.got),
            _apart(each),
            each.problem or "✓",
        ]
        for each in case.outcome.comparisons
    ]


def overview(cases: Sequence[Case]) -> list[list[str]]:
    """A line a case."""
    return [
        [
            spoken(each.outcome.id),
            spoken(each.outcome.model),
            f"{len(each.outcome.comparisons):,}",
            MARKS[each.outcome.status],
        ]
        for each in cases
    ]


def _figure(value: Any) -> str:
    told = dump_value(value)
    if told is None:
        return "none"
    if isinstance(told, bool) or not isinstance(told, int | float):
        return str(told)
    return f"{told:,.{SIGNIFICANT}g}".replace("-", "−")


def _apart(each: Comparison) -> str:
    pair = dump_value(each.expected), dump_value(each.got)
    if not all(isinstance(one, int | float) for one in pair):
        return NOTHING
    off = abs(pair[1] - pair[0])
    return number(off, 0) if off == 0.0 else f"{off:.2g}"
