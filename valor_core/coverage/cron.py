"""When a schedule is due: five POSIX cron fields in a time zone, the same in every process.

Own code, since the scheduling library counts weekdays from Monday and joins day and weekday by
"and", where POSIX counts from Sunday and joins them by "or" (IEEE Std 1003.1, crontab).
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from valor_core.errors import BadInput

DAYS_AHEAD = 366 * 8 + 2  # a 29 February that the turn of a century skipped
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_OF_A_MACHINE = re.compile(r"localtime|posixrules|Factory|(?:posix|right)/.*")
"""Names that are another zone, or none, on another machine."""


class BadCron(BadInput):
    """A schedule that cannot be read, or that is never due."""

    code = "bad_cron"

    def __init__(self, text: str, why: str) -> None:
        super().__init__(
            f"The schedule {text[:60]!r} cannot be used: {why}.",
            hint="Write `every weekday at 07:30`, `mondays at 06:00` or `every hour`; or as cron "
            "does, minute, hour, day, month and weekday: `30 7 * * mon-fri`.",
        )


class UnknownZone(BadInput):
    """A time zone that nobody knows."""

    code = "unknown_zone"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no time zone {name[:60]!r}.", hint="Write UTC or a name like Europe/Berlin."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """Five fields as sets; weekdays count from Sunday = 0."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool  # both day and weekday are restricted: one of them is enough

    def falls_on(self, day: date) -> bool:
        """Whether the schedule is due on that day at all."""
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        fits = by_day or by_weekday if self.either_day else by_day and by_weekday
        return fits and day.month in self.months


def read_cron(text: str) -> Cron:
    """The schedule; BadCron names the field that is wrong.

    >>> sorted(read_cron("0 7 * * 1-5").weekdays)
    [1, 2, 3, 4, 5]
    """
    parts = text.lower().split()
    if len(text) > 200 or len(parts) != 5:
        raise BadCron(text, f"it has {len(parts)} fields, not 5")
    minutes, hours, days, months, weekdays = parts
    cron = Cron(
        minutes=_field(text, minutes, 0, 59),
        hours=_field(text, hours, 0, 23),
        days=_field(text, days, 1, 31),
        months=_field(text, months, 1, 12, MONTHS, first=1),
        weekdays=frozenset(day % 7 for day in _field(text, weekdays, 0, 7, WEEKDAYS)),
        either_day=not days.startswith("*") and not weekdays.startswith("*"),
    )
    begin = date(2000, 1, 1)  # a leap year, and its century
    if not any(cron.falls_on(begin + timedelta(days=n)) for n in range(366)):
        raise BadCron(text, "no day of any year fits it")
    return cron


def read_zone(name: str) -> ZoneInfo:
    """The time zone of that name; UnknownZone otherwise."""
    if _OF_A_MACHINE.fullmatch(name):
        raise UnknownZone(name)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # the last two for odd paths
        raise UnknownZone(name) from error


def last_due(cron: Cron, zone: ZoneInfo, *, after: datetime, now: datetime) -> datetime | None:
    """The last moment in (after, now] at which the schedule was due, in UTC; None for none."""
    day, oldest = now.astimezone(zone).date(), after.astimezone(zone).date()
    while day >= oldest:
        due = [moment for moment in _moments(cron, zone, day) if after < moment <= now]
        if due:
            return max(due)
        day -= timedelta(days=1)
    return None


def next_due(cron: Cron, zone: ZoneInfo, *, after: datetime) -> datetime:
    """The next moment at which the schedule is due, in UTC.

    >>> monday = datetime(2026, 3, 2, 12, tzinfo=UTC)
    >>> next_due(read_cron("30 7 * * mon"), ZoneInfo("UTC"), after=monday).isoformat()
    '2026-03-09T07:30:00+00:00'
    """
    first = after.astimezone(zone).date()
    for n in range(DAYS_AHEAD):
        due = [m for m in _moments(cron, zone, first + timedelta(days=n)) if m > after]
        if due:
            return min(due)
    raise AssertionError("read_cron has refused schedules that are never due")


def all_due(
    cron: Cron, zone: ZoneInfo, *, after: datetime, now: datetime, most: int
) -> list[datetime]:
    """The moments in (after, now] at which the schedule was due, in UTC, the oldest of them."""
    due: list[datetime] = []
    day, newest = after.astimezone(zone).date(), now.astimezone(zone).date()
    while day <= newest and len(due) < most:
        due += sorted(m for m in _moments(cron, zone, day) if after < m <= now)
        day += timedelta(days=1)
    return due[:most]


def _moments(cron: Cron, zone: ZoneInfo, day: date) -> set[datetime]:
    """The due moments of a local day, in UTC.

    A local time that the clock skips is due once it has jumped; one that comes twice is due the
    first time.
    """
    if not cron.falls_on(day):
        return set()
    return {
        datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
        for hour in cron.hours
        for minute in cron.minutes
    }


def _field(
    text: str, field: str, low: int, high: int, names: tuple[str, ...] = (), *, first: int = 0
) -> frozenset[int]:
    """The numbers that a field means: `*`, `5`, `1-5`, `mon-fri`, `*/15`, `1-10/3`, and lists."""
    numbered = {name: str(place + first) for place, name in enumerate(names)}
    chosen: set[int] = set()
    for part in field.split(","):
        plain = re.sub(r"[a-z]+", lambda m: numbered.get(m[0], m[0]), part)
        read = re.fullmatch(r"(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?", plain, re.ASCII)
        if read is None:
            raise BadCron(text, f"{part!r} is no number, range, step or name")
        begin = low if read[1] is None else int(read[1])
        end = high if read[1] is None or (read[3] and not read[2]) else int(read[2] or read[1])
        step = int(read[3] or 1)
        if not (low <= begin <= end <= high and step):
            raise BadCron(text, f"{part!r} is not within {low} and {high}")
        chosen.update(range(begin, end + 1, step))
    return frozenset(chosen)
