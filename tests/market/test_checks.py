"""What comes in wrong is doubted, and what is sound is not."""

import math
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis.strategies import floats, integers, lists

from valor_core.market.checks import DoubtKind, doubts
from valor_core.market.provider import BarsQuery, FxQuery, MacroQuery
from valor_core.market.series import Adjusted, Bar, Observation, Series

START = date(2024, 1, 2)
TODAY = date(2024, 3, 1)
QUERY = BarsQuery(symbol="AAPL", start=START, end=date(2024, 2, 29))


def a_bar(close: float, day: date = START, **changes: float) -> Bar:
    prices = {"open": close, "high": close, "low": close, "close": close, "volume": 1.0}
    return Bar(day=day, **prices | changes)


def a_series(*closes: float, until: date = QUERY.end) -> Series:
    days = [until - timedelta(days=len(closes) - 1 - n) for n in range(len(closes))]
    rows = tuple(a_bar(close, day) for close, day in zip(closes, days, strict=True))
    return Series(
        symbol="AAPL", rows=rows, unit="USD", currency="USD", zone="America/New_York",
        adjusted=Adjusted.ALL,
    )  # fmt: skip


def kinds(series: Series, **beside) -> list[DoubtKind]:
    return [doubt.kind for doubt in doubts(series, QUERY, today=TODAY, **beside)]


def days(series: Series, kind: DoubtKind, **beside) -> list[date | None]:
    return [d.day for d in doubts(series, QUERY, today=TODAY, **beside) if d.kind is kind]


@given(lists(floats(0.7, 1.4), min_size=1, max_size=40))
def test_a_market_that_rises_and_falls_as_markets_do_is_not_doubted(moves):
    closes = [100.0]
    for move in moves:
        closes.append(closes[-1] * move)
    series = a_series(*closes)

    assert kinds(series) == []
    assert kinds(series, before=series, others={"Another": series}) == []


@given(integers(1, 9), integers(1, 9))
def test_every_row_of_a_wrong_scale_is_doubted_until_the_scale_is_right_again(sound, wrong):
    closes = [100.0] * sound + [10_000.0] * wrong + [101.0] * 3
    series = a_series(*closes)

    assert days(series, DoubtKind.JUMP) == [row.day for row in series.rows[sound : sound + wrong]]


@pytest.mark.parametrize("scale", [100.0, 0.01])
def test_a_series_that_comes_at_another_scale_than_the_one_before_is_doubted_whole(scale):
    before, now = a_series(100.0, 101.0, 102.0), a_series(100 * scale, 101 * scale, 102 * scale)

    assert len(days(now, DoubtKind.JUMP, before=before)) == 3


@given(floats(0.0, 0.2))
def test_providers_that_lie_further_apart_than_two_per_cent_are_doubted(share):
    series, other = a_series(100.0), a_series(100.0 * (1 + share))

    told = kinds(series, others={"Tiingo": other})

    assert (told == [DoubtKind.DEVIATES]) is (100.0 * share > 0.02 * 100.0 * (1 + share))


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"high": 99.0, "low": 98.0}, DoubtKind.CROSSED),
        ({"low": 100.5, "high": 101.0}, DoubtKind.CROSSED),
        ({"high": 99.0, "low": 101.0}, DoubtKind.CROSSED),
        ({"low": -1.0}, DoubtKind.NEGATIVE),
        ({"low": 0.0}, DoubtKind.NEGATIVE),
        ({"volume": -1.0}, DoubtKind.NEGATIVE),
        ({"open": math.nan}, DoubtKind.NOT_FINITE),
        ({"high": math.inf}, DoubtKind.NOT_FINITE),
        ({"volume": math.nan}, DoubtKind.NOT_FINITE),
    ],
)
def test_a_bar_that_contradicts_itself_is_doubted_alone(changes, kind):
    sound = a_series(100.0, 100.0, 100.0)
    spoilt = replace(sound, rows=(sound.rows[0], replace(sound.rows[1], **changes), sound.rows[2]))

    (doubt,) = doubts(spoilt, QUERY, today=TODAY)
    assert (doubt.kind, doubt.day) == (kind, sound.rows[1].day)


def test_a_day_that_comes_twice_or_has_not_come_or_was_not_asked_for_is_doubted():
    sound = a_series(100.0, 100.0)
    twice = replace(sound, rows=(*sound.rows, sound.rows[1]))
    early = a_series(100.0, 100.0)
    early = replace(early, rows=(a_bar(100.0, START - timedelta(days=1)), *early.rows))
    late = replace(sound, rows=(*sound.rows, a_bar(100.0, TODAY + timedelta(days=9))))

    assert kinds(twice) == [DoubtKind.REPEATED]
    assert kinds(early) == [DoubtKind.OUTSIDE]
    assert DoubtKind.FUTURE in kinds(late)


def test_another_ticker_another_currency_and_a_series_that_ended_long_ago_are_doubted_whole():
    sound = a_series(100.0)
    renamed, in_yen = replace(sound, symbol="AAPD"), replace(sound, unit="JPY", currency="JPY")

    assert days(renamed, DoubtKind.ANOTHER_SYMBOL) == [None]
    assert days(in_yen, DoubtKind.ANOTHER_UNIT, before=sound) == [None]
    assert days(a_series(100.0, until=date(2024, 2, 10)), DoubtKind.STALE) == [None]


def test_a_yield_may_be_negative_and_an_exchange_rate_may_not():
    yields = MacroQuery(series="DFII10", start=START, end=START)
    rates = FxQuery(base="EUR", quote="USD", start=START, end=START)
    row = Observation(day=START, value=-0.5)
    common = {"rows": (row,), "unit": "x", "currency": "", "zone": "UTC"}

    assert doubts(Series(symbol="DFII10", **common), yields, today=START) == []
    (doubt,) = doubts(Series(symbol="EURUSD", **common), rates, today=START)
    assert doubt.kind is DoubtKind.NEGATIVE
