"""When a schedule is due, as people say it."""

import pytest
from hypothesis import given
from hypothesis.strategies import integers, sampled_from

from valor_core.coverage.cron import BadCron, read_zone
from valor_core.coverage.recurring import ON, cron_of, in_words, zones


@given(on=sampled_from(sorted(ON)), hour=integers(0, 23), minute=integers(0, 59))
def test_what_was_said_is_read_back_and_means_the_same(on, hour, minute):
    cron = cron_of(f"every {on} at {hour}:{minute:02}")

    told = in_words(cron, "UTC")

    assert f"{on} at {hour:02}:{minute:02} UTC" in told
    assert cron_of(told.removesuffix(" UTC")) == cron


@pytest.mark.parametrize(
    "text", ["every weekday", "weekdays at 25:00", "every noday at 07:00", "at 07:00", "hourly"]
)
def test_what_cannot_be_meant_is_refused_with_an_example(text):
    with pytest.raises(BadCron) as refusal:
        cron_of(text)
    assert "every weekday at 07:30" in refusal.value.hint


def test_fields_that_have_no_plain_words_are_shown_as_they_are():
    assert in_words("*/5 8-18 * * mon-fri", "America/New_York") == (
        "by */5 8-18 * * mon-fri in New York"
    )
    assert in_words("0 * * * *", "UTC") == "every hour UTC"


def test_every_zone_that_is_offered_is_one():
    assert zones()[0] == "UTC"
    assert all(map(read_zone, zones()))
