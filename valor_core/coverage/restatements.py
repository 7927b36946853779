"""Figures that a later filing told otherwise than an earlier one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from valor_core.coverage.asof import known
from valor_core.coverage.items import ITEM, Measure
from valor_core.coverage.splits import Split, SplitFact, after_splits
from valor_core.values import FiledFact

ROUNDED = 0.001  # of a count that was filed in millions


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """One figure of one fiscal year, as it stood and as it stands."""

    before: FiledFact
    now: FiledFact

    @property
    def change(self) -> float | None:
        """By what fraction of the earlier number it moved; None where that was zero."""
        was = self.before.value
        return (self.now.value - was) / abs(was) if was else None


def restatements(
    facts: Iterable[FiledFact], as_of: date | None = None, splits: Sequence[Split] = ()
) -> dict[tuple[str, int], Restatement]:
    """What differs now from what was known on a day, or without one from what was filed first.

    Tags of another rung mean another thing, and a split tells the same count in other shares, so
    they are no restatement. The newest year first.
    """
    facts = [after_splits(fact, splits) for fact in facts]
    now = known(facts)
    before = _first_filed(facts, now) if as_of is None else known(facts, as_of)
    pairs = {key: (before[key], fact) for key, fact in now.items() if key in before}
    return {
        key: Restatement(before=was, now=fact)
        for key, (was, fact) in sorted(pairs.items(), key=lambda pair: -pair[0][1])
        if _differs(was, fact) and _rung(was) == _rung(fact)
    }


def _differs(was: FiledFact, now: FiledFact) -> bool:
    """Beyond what rounding leaves of a figure that is told in other shares."""
    if not isinstance(was, SplitFact):
        return was.value != now.value
    cent = 0.01 if ITEM[now.item].measure is Measure.PER_SHARE else 0.0
    return abs(was.value - now.value) > max(ROUNDED * abs(now.value), cent)


def _first_filed(
    facts: list[FiledFact], now: dict[tuple[str, int], FiledFact]
) -> dict[tuple[str, int], FiledFact]:
    first: dict[tuple[str, int], FiledFact] = {}
    for fact in facts:
        key = fact.item, fact.fiscal_year
        if _rung(fact) == _rung(now[key]) and (
            key not in first or fact.filed_on < first[key].filed_on
        ):
            first[key] = fact
    return first


def _rung(fact: FiledFact) -> int:
    return ITEM[fact.item].rank(fact.tag)[0]
