"""Published cases as a reader follows them: where they come from, what was printed, what we get."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.ui import changes
from app.ui.words import NOTHING, number
from valor_core.models.codec import dump_value
from valor_core.models.lines import spoken
from valor_core.models.proof import Comparison, Outcome, Status, prove, shipped_cases

MARKS = {Status.PASSED: "as published", Status.FAILED: "differs", Status.UNSUPPORTED: "not known"}
SIGNIFICANT = 9
FIRST = "dcf_ginzu_amzn_base"
PROPER = (
    "adesi american barone bjerksund black capstack dixit european geske gaussian haug higham hull "
    "investopedia joe juice kestrel kuo longstaff margrabe mathworks meridian merton pindyck "
    "scholes schwartz stensland student whaley"
)
WORDS = {name: name.title() for name in PROPER.split()} | {
    "amzn": "Amazon",
    "biws": "BIWS",
    "bs": "Black-Scholes",
    "cfa": "CFA",
    "dcf": "DCF",
    "ginzu": "Damodaran",
    "ko": "Coca-Cola",
    "lbo": "LBO",
    "lsm": "least squares Monte Carlo",
    "ma": "M&A",
    "mc": "Monte Carlo",
    "ppa": "PPA",
    "rnd": "R&D",
    "wso": "Wall Street Oasis",
    "xirr": "XIRR",
    "xnpv": "XNPV",
}
"""What stands shortened in the names of cases and methods."""
OF_A_LIST = re.compile(r"\[(\d+)\]\.?(.*)")


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
    """The case by its name, and its method where the name does not tell it."""
    name, method = said(case.outcome.id), said(case.outcome.model)
    return name if method.lower() in name.lower() else f"{name}: {method}"


def said(name: str) -> str:
    """A case or a method as people say it.

    >>> said("dcf_ginzu_amzn_base"), said("altman_z")
    ('DCF Damodaran Amazon base', 'Altman z')
    """
    return spoken(" ".join(WORDS.get(word, word) for word in name.split("_")))


def origins(source: Any) -> Iterator[tuple[str, str]]:
    """Where a case is printed, part by part."""
    if isinstance(source, dict):
        for name, told in source.items():
            if not told and told != 0:
                continue  # nothing was changed, or none is named
            for text in told if isinstance(told, list) else [told]:
                yield "Source" if name in ("url", "urls") else spoken(str(name)), str(text)
    elif source:
        yield "Source", str(source)


def rows(case: Case) -> list[list[str]]:
    """Each figure as printed, as computed, and how far apart they are."""
    return [
        [
            _place(each.place, case.stated["inputs"]),
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
            said(each.outcome.id),
            said(each.outcome.model),
            f"{len(each.outcome.comparisons):,}",
            MARKS[each.outcome.status],
        ]
        for each in cases
    ]


def _place(place: str, inputs: Any) -> str:
    """Where a figure stands; one of a list of examples by the example's name or number."""
    found = OF_A_LIST.fullmatch(place)
    if found is None or not isinstance(inputs, list):
        return changes.label(place) if place else "value"
    number, rest = int(found[1]), found[2]
    example = inputs[number] if number < len(inputs) else None
    name = example.get("name") if isinstance(example, dict) else None
    return ": ".join(part for part in (str(name or f"example {number + 1}"), rest) if part)


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
