from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis.strategies import integers, sampled_from, timedeltas

from valor_core.coverage.cron import BadCron, UnknownZone, last_due, next_due, read_cron, read_zone

NEW_YORK = ZoneInfo("America/New_York")
SCHEDULES = sampled_from(
    ["* * * * *", "30 2 * * *", "0 7 * * mon-fri", "15,45 */6 1,15 * *", "0 0 29 2 *", "5 4 * * 7"]
)
ZONES = sampled_from([ZoneInfo("UTC"), NEW_YORK, ZoneInfo("Australia/Lord_Howe")])
MOMENTS = integers(0, 6 * 365 * 86_400).map(
    lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


@given(schedule=SCHEDULES, zone=ZONES, moment=MOMENTS)
def test_the_next_due_moment_is_the_last_one_once_it_has_come(schedule, zone, moment):
    cron = read_cron(schedule)

    due = next_due(cron, zone, after=moment)

    assert last_due(cron, zone, after=moment, now=due) == due
    assert last_due(cron, zone, after=moment, now=due - timedelta(seconds=1)) is None


@given(schedule=SCHEDULES, zone=ZONES, moment=MOMENTS, gap=timedeltas(timedelta(), timedelta(3)))
def test_a_slot_that_was_asked_for_is_never_due_again(schedule, zone, moment, gap):
    cron = read_cron(schedule)
    due = last_due(cron, zone, after=moment, now=moment + gap)

    assert due is None or last_due(cron, zone, after=due, now=due) is None


@pytest.mark.parametrize(
    ("day", "utc"),
    [
        ("2026-03-08", "2026-03-08T07:30:00+00:00"),  # 02:30 is skipped: 03:30 in summer time
        ("2026-03-09", "2026-03-09T06:30:00+00:00"),
        ("2026-11-01", "2026-11-01T07:30:00+00:00"),  # 02:30 after the clock went back at 02:00
    ],
)
def test_half_past_two_in_new_york_comes_once_a_day_across_both_clock_changes(day, utc):
    midnight = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=NEW_YORK)

    due = next_due(read_cron("30 2 * * *"), NEW_YORK, after=midnight)

    assert due.isoformat() == utc
    assert next_due(read_cron("30 2 * * *"), NEW_YORK, after=due) - due > timedelta(hours=12)


def test_a_time_that_comes_twice_is_due_the_first_time_only():
    first = next_due(read_cron("30 1 * * *"), NEW_YORK, after=datetime(2026, 11, 1, 4, tzinfo=UTC))

    assert first == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # 01:30 in summer time
    assert next_due(read_cron("30 1 * * *"), NEW_YORK, after=first).date().day == 2


@given(weekday=integers(0, 7))
def test_weekdays_count_from_sunday_as_posix_says(weekday):
    due = next_due(
        read_cron(f"0 12 * * {weekday}"), ZoneInfo("UTC"), after=datetime(2026, 1, 1, tzinfo=UTC)
    )

    assert due.isoweekday() % 7 == weekday % 7


def test_day_and_weekday_together_mean_either_as_posix_says():
    cron, moment = read_cron("0 0 13 * fri"), datetime(2026, 3, 1, tzinfo=UTC)
    due = []
    for _ in range(4):
        moment = next_due(cron, ZoneInfo("UTC"), after=moment)
        due.append(moment.day)

    assert due == [6, 13, 20, 27]


@pytest.mark.parametrize(
    "text",
    [
        "", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8",
        "*/0 * * * *", "5-1 * * * *", "@daily", "* * * * noday", "0 0 31 2 *", "٣ * * * *",
        "1,,2 * * * *", "* " * 200,
    ],
)  # fmt: skip
def test_a_schedule_that_cannot_be_meant_is_refused_with_an_example(text):
    with pytest.raises(BadCron) as refused:
        read_cron(text)

    assert "30 7 * * mon-fri" in refused.value.hint


@pytest.mark.parametrize(
    "name",
    [
        "Mars/Olympus",
        "",
        "../../etc/passwd",
        "/etc/passwd",
        "a\0b",
        "localtime",
        "right/Europe/Berlin",
    ],
)
def test_a_zone_that_nobody_knows_is_refused(name):
    with pytest.raises(UnknownZone):
        read_zone(name)
