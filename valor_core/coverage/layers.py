"""Filed figures read through a layer: what was filed, and what analysts add to it, kept apart."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from valor_core.coverage.asof import known
from valor_core.values import AdjustedFact, Adjustment, FiledFact, Source

Layer = Mapping[tuple[str, int], Sequence[Adjustment]]
"""What is added, by item and fiscal year."""


def through(
    facts: Iterable[FiledFact],
    layer: Layer,
    as_of: date | None = None,
) -> list[FiledFact]:
    """The facts read through a layer: each figure known on the day with what is added to it.

    Earlier and later filings of the figure, and all other figures, stay as they are.
    """
    facts = list(facts)
    if not layer:
        return facts
    stands = known(facts, as_of)
    added = {stands[figure]: amounts for figure, amounts in layer.items() if figure in stands}
    return [_adjusted(fact, added[fact]) if fact in added else fact for fact in facts]


def _adjusted(fact: FiledFact, added: Sequence[Adjustment]) -> AdjustedFact:
    told: dict[str, Any] = {each.name: getattr(fact, each.name) for each in fields(FiledFact)}
    told["value"] = fact.value + sum(each.amount for each in added)
    return AdjustedFact(**told, filed_value=fact.value, adjustments=tuple(added))


def layers_of(sources: Mapping[str, Source]) -> list[str]:
    """The layers whose adjustments inputs rest on; none where all is as filed."""
    found = {
        adjustment.layer
        for source in sources.values()
        for fact in source.facts
        if isinstance(fact, AdjustedFact)
        for adjustment in fact.adjustments
    }
    return sorted(found)
