"""Whose number each input is: the filing's, a rule's over filed facts, or somebody's judgement."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import numpy as np

from valor_core.coverage.layers import layers_of
from valor_core.coverage.prefill import Prefilled
from valor_core.errors import BadInputs, Flaw
from valor_core.models.basis import Basis
from valor_core.models.fields import leaves
from valor_core.values import AdjustedFact, Adjustment, FiledFact, Source, SourceKind

RATIONALE_MAX = 2_000


def sources_of(
    inputs: Any,
    start: Prefilled | None,
    rationales: Mapping[str, str],
    *,
    author: str,
    on: date,
) -> dict[str, Source]:
    """The source of each input: that of the prefilled one where it is still the same number.

    What differs is the author's assumption. Where the filing lacked an item, BadInputs asks for
    the rationale of the amount that was stated.
    """
    stated = leaves(inputs)
    before = leaves(start.inputs) if start else {}
    suggested = start.sources if start else {}
    sources: dict[str, Source] = {}
    flaws = [
        Flaw(path, "a rationale for an input that does not exist")
        for path in rationales
        if path not in stated
    ]
    for path, value in stated.items():
        known, said = suggested.get(path), rationales.get(path, "").strip()
        if len(said) > RATIONALE_MAX:
            flaws.append(Flaw(path, f"a rationale has at most {RATIONALE_MAX:,} characters"))
        untouched = path in before and np.array_equal(before[path], value)
        if known and untouched and known.kind is not SourceKind.MISSING:
            sources[path] = known
        elif start and (other := source_by_method(start, inputs, path, said)):
            sources[path] = other
        elif known and known.kind is SourceKind.MISSING and not said:
            flaws.append(Flaw(path, f"{known.text}; say why it is {value:,.6g}"))
        else:
            text = said or ("stated by the analyst" if not known else f"instead of: {known.text}")
            sources[path] = Source(kind=SourceKind.ASSUMED, text=text, author=author, stated_on=on)
    if flaws:
        raise BadInputs(flaws, hint="State a rationale for each of these inputs.")
    return sources


def source_by_method(start: Prefilled, inputs: Any, path: str, reason: str) -> Source | None:
    """The source of an input that another method tells, with the reason for choosing that one."""
    told = start.alternative(inputs, path, leaves(inputs)[path])
    if told is None:
        return None
    why = f"; chosen: {reason}" if reason else ""
    return replace(told.source, text=f"{told.source.text}{why}")


def basis_of(sources: Mapping[str, Source], *, currency: str, facts_as_of: date | None) -> Basis:
    """What a valuation rests on: the base year ends with the newest period behind its inputs."""
    periods = [
        fact.period_end for source in sources.values() for fact in source.facts if fact.period_start
    ]
    return Basis(
        currency=currency,
        base_year_end=max(periods, default=None),
        facts_as_of=facts_as_of,
        layer=" and ".join(layers_of(sources)),
    )


def dump_sources(sources: Mapping[str, Source]) -> dict[str, Any]:
    """As JSON values, days in ISO form."""
    return {path: _dumped(asdict(source)) for path, source in sources.items()}


def _dumped(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _dumped(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_dumped(member) for member in value]
    return value.isoformat() if isinstance(value, date) else value


def load_sources(data: Mapping[str, Any]) -> dict[str, Source]:
    """What `dump_sources` wrote."""
    return {
        path: Source(
            kind=SourceKind(told["kind"]),
            text=told["text"],
            facts=tuple(load_fact(fact) for fact in told["facts"]),
            author=told["author"],
            stated_on=_day(told["stated_on"]),
        )
        for path, told in data.items()
    }


def load_fact(told: Mapping[str, Any]) -> FiledFact:
    """One filed fact from JSON values, with what a layer added to it."""
    read: dict[str, Any] = dict(told)
    for name in ("filed_on", "period_start", "period_end"):
        read[name] = _day(told[name])
    if "adjustments" not in told:
        return FiledFact(**read)
    read["adjustments"] = tuple(map(_adjustment, told["adjustments"]))
    return AdjustedFact(**read)


def _adjustment(told: Mapping[str, Any]) -> Adjustment:
    read: dict[str, Any] = {**told, "stated_on": _day(told["stated_on"])}
    return Adjustment(**read)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
