from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis.strategies import integers, sampled_from, sets, timedeltas

from valor_core.sla.hours import BadService, Service, checked, length_s, promised
from valor_core.values import from_micros, micros

HOUR = 3_600_000_000
OFFICE = Service(zone="Europe/London", weekdays=(0, 1, 2, 3, 4), opens="09:00", closes="17:30")


@given(
    zone=sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    weekdays=sets(integers(0, 6), min_size=1),
    minute=integers(0, 2 * 365 * 1440),
    lasts=timedeltas(timedelta(), timedelta(days=20)),
    probe=integers(0, 10_000),
)
def test_a_moment_is_promised_when_the_clock_on_its_wall_says_so(
    zone, weekdays, minute, lasts, probe
):
    service = Service(zone=zone, weekdays=tuple(sorted(weekdays)), opens="06:00", closes="22:00")
    start = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    end = start + lasts
    spans = promised(service, start, end, [])
    moment = start + lasts * (probe / 10_000)

    wall = moment.astimezone(ZoneInfo(zone))
    inside = any(begin <= micros(moment) < finish for begin, finish in spans)
    open_then = wall.weekday() in weekdays and 6 <= wall.hour < 22 and moment < end
    assert inside == open_then


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)]
)
def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is(day, hours):
    begin = datetime.fromisoformat(f"{day}T00:00:00").replace(tzinfo=ZoneInfo("Europe/London"))

    spans = promised(Service(zone="Europe/London"), begin, begin + timedelta(days=1), [])

    assert length_s(spans) == hours * 3600


def test_announced_work_is_taken_out_and_what_lies_outside_the_hours_changes_nothing():
    monday = datetime(2026, 1, 5, tzinfo=UTC)
    noon = micros(monday) + 12 * HOUR

    whole = promised(OFFICE, monday, monday + timedelta(days=7), [])
    less = promised(OFFICE, monday, monday + timedelta(days=7), [(noon, noon + HOUR), (0, HOUR)])

    assert length_s(whole) == 5 * 8.5 * 3600
    assert length_s(less) == length_s(whole) - 3600
    assert from_micros(less[0][1]) == monday.replace(hour=12)


def test_hours_that_cannot_be_kept_are_refused_with_every_flaw():
    with pytest.raises(BadService) as refused:
        checked(Service(objective=1.0, zone="Mars/Olympus", weekdays=(7,), opens="9:00"))

    assert [flaw.place for flaw in refused.value.flaws] == [
        "objective",
        "zone",
        "weekdays",
        "opens",
    ]
    assert checked(OFFICE) == Service.of(OFFICE.terms) == OFFICE
