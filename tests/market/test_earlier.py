"""What an earlier answer says of other days: laws over any questions."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis.strategies import builds, dates, from_regex, integers, lists, sampled_from

from tests.market.played import FREE
from valor_core.market.earlier import by_reach, part_of, question_of
from valor_core.market.provider import Answer, BarsQuery, FxQuery, MacroQuery, newest_moment
from valor_core.market.series import Adjusted, Observation, Series

FIRST, LAST = date(2026, 1, 1), date(2026, 3, 1)
SPAN = {"start": dates(FIRST, date(2026, 1, 31)), "end": dates(date(2026, 1, 31), LAST)}
NAMES = from_regex(r"[A-Z0-9][A-Z0-9.\-]{0,19}", fullmatch=True)
QUESTIONS = (
    builds(BarsQuery, symbol=NAMES, adjustment=sampled_from(Adjusted), **SPAN)
    | builds(MacroQuery, series=NAMES, **SPAN)
    | builds(FxQuery, base=sampled_from(["EUR", "USD"]), quote=sampled_from(["CHF", "JPY"]), **SPAN)
)
SAME = builds(MacroQuery, series=sampled_from(["DGS10", "DGS2"]), **SPAN)


@given(QUESTIONS)
def test_a_question_is_known_again_by_its_text(question):
    assert question_of(question.key) == question


def answered(question: MacroQuery, every: int) -> Answer:
    """A value each so many days."""
    days = range(0, (question.end - question.start).days + 1, every)
    rows = tuple(Observation(day=question.start + timedelta(days=n), value=4.0) for n in days)
    return Answer(
        provider="fred", capability=question.capability, query=question, as_of=newest_moment(rows),
        value=Series(symbol=question.series, rows=rows, unit="percent", currency="", zone="UTC"),
        fetched_at=datetime(2026, 3, 2, tzinfo=UTC), licence=FREE, source="https://x/",
    )  # fmt: skip


@given(lists(SAME, min_size=1, max_size=6), SAME, integers(1, 20))
def test_what_an_earlier_answer_says_is_of_the_same_series_and_of_no_day_that_was_not_asked_for(
    earlier, asked, every
):
    for question in by_reach(earlier, asked):
        assert isinstance(question, MacroQuery)
        answer = answered(question, every)
        assert question.series == asked.series
        assert question.start <= asked.start, "no day at the beginning is missing"
        if (part := part_of(answer, asked)) is not None:
            assert isinstance(part.value, Series)
            held = [row.day for row in part.value.rows]
            assert asked.start <= min(held) <= max(held) == part.as_of.date() <= asked.end
            assert part.fetched_at == answer.fetched_at, "it is as old as it is"


@given(lists(SAME, max_size=6), SAME)
def test_the_very_question_comes_first_and_nothing_reaches_further(earlier, asked):
    able = by_reach([*earlier, asked], asked)

    assert able[0] == asked
    reaches = [min(each.end, asked.end) for each in able if isinstance(each, MacroQuery)]
    assert reaches == sorted(reaches, reverse=True)
    assert not by_reach([replace(asked, series="DGS30")], asked)
