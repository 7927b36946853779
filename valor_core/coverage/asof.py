"""What was known on a day: of all filings that show a number, the latest one made by then."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from valor_core.coverage.items import ITEM
from valor_core.values import FiledFact


def known(
    facts: Iterable[FiledFact], as_of: date | None = None
) -> dict[tuple[str, int], FiledFact]:
    """One company's figures as they stood at the end of a day, or stand now.

    The latest filing wins, since it restates the earlier ones, among those that speak of the same
    thing: a tag of a lower rung stands in only where no better one was filed by then.
    """
    best: dict[tuple[str, int], FiledFact] = {}
    for fact in facts:
        if as_of is not None and fact.filed_on > as_of:
            continue
        key = fact.item, fact.fiscal_year
        if key not in best or _strength(fact) > _strength(best[key]):
            best[key] = fact
    return best


def vintages(facts: Iterable[FiledFact], item: str, period_end: date) -> tuple[FiledFact, ...]:
    """Every filing's number for an item and a period, the first filing first."""
    of_period = (fact for fact in facts if fact.item == item and fact.period_end == period_end)
    return tuple(sorted(of_period, key=lambda fact: (fact.filed_on, _strength(fact))))


def _strength(fact: FiledFact) -> tuple[int, date, str, int, date]:
    rung, place = _rank(fact.item, fact.tag)
    return -rung, fact.filed_on, fact.accession, -place, fact.period_end


@lru_cache(maxsize=4096)
def _rank(item: str, tag: str) -> tuple[int, int]:
    return ITEM[item].rank(tag)
