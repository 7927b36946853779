"""An explanation as a tree: a number, its formula, the operands, and at the leaves the sources."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from html import escape
from math import isfinite
from typing import Any

from valor_core.errors import NotFound
from valor_core.models.fields import Unit
from valor_core.models.lines import Line, Lines
from valor_core.models.numbers import in_full
from valor_core.models.words import words_of, words_of_row
from valor_core.values import AdjustedFact, FiledFact, Source

Number = float | int | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A number or a row of numbers, the formula behind it, and what the formula is made of."""

    name: str  # as the formulas call it
    label: str
    value: Number | tuple[Number, ...]  # None where it is not finite
    unit: Unit | None
    year: int | None  # of an element of a row; 1 is the first forecast year
    formula: str  # empty for an input
    source: Source | None
    is_input: bool
    seen_above: bool  # its parts stand further up in the same tree
    parts: tuple["Explained", ...]

    def as_dict(self) -> dict[str, Any]:
        """The tree as JSON-ready values; it never holds NaN."""
        return {
            "name": self.name,
            "label": self.label,
            "value": list(self.value) if isinstance(self.value, tuple) else self.value,
            "unit": None if self.unit is None else self.unit.value,
            "year": self.year,
            "formula": self.formula,
            "source": None if self.source is None else source_as_dict(self.source),
            "is_input": self.is_input,
            "seen_above": self.seen_above,
            "parts": [part.as_dict() for part in self.parts],
        }

    def as_text(self) -> str:
        """The tree as indented lines, rounded for reading."""
        return "\n".join(f"{'  ' * depth}{each.told()}" for depth, each in self.walk())

    def told(self) -> str:
        """One line for the number itself: value, formula or source."""
        year = f" (year {self.year})" if self.year else ""
        line = f"{self.name}{year} = {shown(self.value, self.unit)}"
        if self.formula:
            line += f"  ←  {self.formula}"
        if self.is_input:
            line += f"  ←  {source_text(self.source)}"
        return f"{line}  (see above)" if self.seen_above else line

    def walk(self, depth: int = 0) -> Iterator[tuple[int, "Explained"]]:
        """Every number of the tree with its depth, from the top."""
        yield depth, self
        for part in self.parts:
            yield from part.walk(depth + 1)

    def _repr_html_(self) -> str:
        told = escape(self.told())
        if not self.parts:
            return f"<div>{told}</div>"
        inner = "".join(part._repr_html_() for part in self.parts)
        inner = f'<div style="margin-left:1.5em">{inner}</div>'
        return f"<details><summary>{told}</summary>{inner}</details>"


def explained(
    lines: Lines, name: str, sources: Mapping[str, Source], *, years: int | None
) -> Explained:
    """The tree behind a result or an input; what is shared stands in it once."""
    line, i = _found(lines, name)
    return _Telling(lines, sources, years).tell(line, i)


def _found(lines: Lines, name: str) -> tuple[Line, int | None]:
    for known in (lines.results, lines.inputs, lines.steps):
        if name in known:
            return known[name], None
        element = re.fullmatch(r"(.+)\[(\d{1,4})\]", name)
        if element and (line := known.get(element[1])) is not None:
            place = int(element[2]) - line.starts
            if line.is_row and 0 <= place < len(line.values):
                return line, place
    raise NotFound("number in these workings", name)


class _Telling:
    """One tree being told."""

    def __init__(self, lines: Lines, sources: Mapping[str, Source], years: int | None) -> None:
        self.lines, self.sources, self.years = lines, sources, years
        self.seen: set[tuple[Line, int | None]] = set()

    def tell(self, line: Line, i: int | None) -> Explained:
        whole = i is None
        place = (line, 0 if i is None else i)
        year = None if whole or self.years is None else line.year(place[1])
        parts = [] if line.is_input else self._parts(line, i)
        seen_above = bool(parts) and ((line, i) in self.seen or (line, None) in self.seen)
        self.seen.add((line, i))
        by_row = whole and line.is_row
        return Explained(
            name=line.name if whole else line.called(place[1]),
            label=line.label,
            value=tuple(map(_number, line.values)) if by_row else _number(line.values[place[1]]),
            unit=line.unit,
            year=None if year is None or not self._yearly(line) else year + 1,
            formula=words_of_row(self.lines, line) if by_row else words_of(self.lines, place),
            source=self._source(line, i) if line.is_input else None,
            is_input=line.is_input,
            seen_above=seen_above,
            parts=() if seen_above else tuple(self.tell(part, k) for part, k in parts),
        )

    def _yearly(self, line: Line) -> bool:
        """Whether the row's elements are the forecast years."""
        return line.name in self.lines.steps or len(line.values) == self.years

    def _parts(self, line: Line, i: int | None) -> list[tuple[Line, int | None]]:
        """The lines behind a line; of a single year, the single years behind it."""
        if i is not None:
            single = self.lines.parents((line, i))
            return list(dict.fromkeys((each, k if each.is_row else None) for each, k in single))
        places = ((line, k) for k in range(len(line.values)))
        behind = (parent for place in places for parent, _ in self.lines.parents(place))
        return [(each, None) for each in dict.fromkeys(behind) if each is not line]

    def _source(self, line: Line, i: int | None) -> Source | None:
        own = None if i is None else self.sources.get(line.called(i))
        return own or self.sources.get(line.name)


def _number(value: Any) -> Number:
    return None if isinstance(value, float) and not isfinite(value) else value


def shown(value: Number | tuple[Number, ...], unit: Unit | None) -> str:
    """A number as people read it.

    >>> shown(0.0849, Unit.RATE), shown(30990.0, Unit.MONEY), shown((0.5, 1.5), Unit.YEARS)
    ('8.49 %', '30,990.0', '[0.50, 1.50]')
    """
    if isinstance(value, tuple):
        return f"[{', '.join(shown(each, unit) for each in value)}]"
    if value is None or isinstance(value, bool):
        return "not a number" if value is None else str(value).lower()
    if unit is Unit.RATE:
        return f"{100.0 * value:.2f} %"
    digits = {Unit.MONEY: 1, Unit.SHARES: 1, Unit.MONEY_PER_SHARE: 2, Unit.YEARS: 2, Unit.DAYS: 1}
    return f"{value:,.{digits[unit]}f}" if unit in digits else f"{value:,.4f}"


def source_text(source: Source | None) -> str:
    """A source in one line: the rule or rationale, then tag and accession, or author and day."""
    if source is None:
        return "no source stated"
    by = " ".join(
        part
        for part in (source.author, source.stated_on.isoformat() if source.stated_on else "")
        if part
    )
    facts = "; ".join(map(fact_text, source.facts))
    told = ": ".join(part for part in (source.kind.value, source.text) if part)
    return ", ".join(part for part in (told, by, facts) if part)


def fact_text(fact: FiledFact) -> str:
    """A filed fact so that an outsider finds it: item, number, tag, accession, form and dates."""
    return (
        f"{fact.item} {in_full(fact.value)} {fact.unit} at {fact.period_end.isoformat()} "
        f"({fact.named}, {fact.accession}, {fact.form} filed {fact.filed_on.isoformat()})"
        f"{adjusted_text(fact)}"
    )


def adjusted_text(fact: FiledFact) -> str:
    """What was filed and what a layer added to it, each with its reason; nothing where as filed."""
    if not isinstance(fact, AdjustedFact):
        return ""
    added = (
        f" {'+' if each.amount >= 0 else '−'} {in_full(abs(each.amount))} in {each.layer} "
        f"({each.rationale}, {each.stated_on.isoformat()})"
        for each in fact.adjustments
    )
    return f": {in_full(fact.filed_value)} as filed{''.join(added)}"


def source_as_dict(source: Source) -> dict[str, Any]:
    """A source as JSON-ready values."""
    return {
        "kind": source.kind.value,
        "text": source.text,
        "author": source.author,
        "stated_on": None if source.stated_on is None else source.stated_on.isoformat(),
        "facts": [_fact_as_dict(fact) for fact in source.facts],
    }


def _fact_as_dict(fact: FiledFact) -> dict[str, Any]:
    told = _filing_as_dict(fact)
    if not isinstance(fact, AdjustedFact):
        return told
    added = (asdict(each) for each in fact.adjustments)
    return {
        **told,
        "filed_value": _number(fact.filed_value),
        "adjustments": [{**each, "stated_on": each["stated_on"].isoformat()} for each in added],
    }


def _filing_as_dict(fact: FiledFact) -> dict[str, Any]:
    return {
        "item": fact.item,
        "value": _number(fact.value),
        "unit": fact.unit,
        "tag": fact.tag,
        "accession": fact.accession,
        "form": fact.form,
        "filed_on": fact.filed_on.isoformat(),
        "fiscal_year": fact.fiscal_year,
        "period_start": None if fact.period_start is None else fact.period_start.isoformat(),
        "period_end": fact.period_end.isoformat(),
    }
