"""What an earlier answer says of another question: the same series, but for other days."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from valor_core.market.provider import (
    Answer,
    BarsQuery,
    Capability,
    FundamentalsQuery,
    FxQuery,
    MacroQuery,
    Query,
    newest_moment,
)
from valor_core.market.series import Adjusted, Series


def question_of(key: str) -> Query:
    """The question for a series, from the text by which it is known.

    >>> question_of("fx:EURUSD:2024-01-02:2024-01-04").key
    'fx:EURUSD:2024-01-02:2024-01-04'
    """
    kind, name, first, last, *adjusted = key.split(":")
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    if kind == Capability.BARS:
        adjustment = Adjusted[adjusted[0].upper()]
        return BarsQuery(symbol=name, start=start, end=end, adjustment=adjustment)
    if kind == Capability.FX:
        return FxQuery(base=name[:3], quote=name[3:], start=start, end=end)
    return MacroQuery(series=name, start=start, end=end)


def by_reach(earlier: Iterable[Query], asked: Query) -> Sequence[Query]:
    """Those whose answers hold days of what is asked, from its first on; the furthest first.

    Of those that reach equally far the question itself comes first, then as they are given.
    """
    if isinstance(asked, FundamentalsQuery):
        return []
    able = [
        each
        for each in earlier
        if not isinstance(each, FundamentalsQuery)
        and each.start <= asked.start <= each.end
        and replace(each, start=asked.start, end=asked.end) == asked
    ]
    able.sort(key=lambda each: (min(each.end, asked.end), each == asked), reverse=True)
    return able


def part_of(answer: Answer, asked: Query) -> Answer | None:
    """The days of an earlier answer that are asked for, as old as it is; None where it has none."""
    if answer.query == asked:
        return answer
    series = answer.value
    assert isinstance(series, Series)
    assert not isinstance(asked, FundamentalsQuery)
    rows = tuple(row for row in series.rows if asked.start <= row.day <= asked.end)
    if not rows:
        return None
    return replace(answer, query=asked, value=replace(series, rows=rows), as_of=newest_moment(rows))
