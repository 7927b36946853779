"""What was promised: which share of which hours, in whose time zone, but for announced work."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

from valor_core.errors import BadInputs, Flaw
from valor_core.values import micros

Span = tuple[int, int]
"""From one moment to another, half open, in µs since 1970."""

DAY = timedelta(days=1)
LONGEST_DAYS = 400


class BadService(BadInputs):
    """Service hours or an objective that cannot be kept."""

    code = "bad_service"


DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The hours of the week in which a service is promised, and which share of them."""

    objective: float = 0.995
    zone: str = "UTC"
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)  # Monday is 0
    opens: str = "00:00"
    closes: str = "24:00"

    @property
    def terms(self) -> dict[str, Any]:
        """As it is kept and sent."""
        return {**asdict(self), "weekdays": list(self.weekdays)}

    @classmethod
    def of(cls, terms: Mapping[str, Any]) -> "Service":
        """As it was kept."""
        told: dict[str, Any] = {**terms, "weekdays": tuple(terms["weekdays"])}
        return cls(**told)


def hours_of(service: Service) -> str:
    """The hours of the week of a service, as one says them.

    >>> hours_of(Service()), hours_of(Service(weekdays=(0, 1), opens="09:30", closes="16:00"))
    ('every day around the clock', 'Mon, Tue from 09:30 to 16:00 (UTC)')
    """
    every_day = len(service.weekdays) == len(DAYS)
    days = "every day" if every_day else ", ".join(DAYS[day] for day in service.weekdays)
    whole = (service.opens, service.closes) == ("00:00", "24:00")
    hours = "around the clock" if whole else f"from {service.opens} to {service.closes}"
    zone = "" if whole and every_day else f" ({service.zone})"
    return f"{days} {hours}{zone}"


def checked(service: Service) -> Service:
    """The service, if it can be kept; else BadService with every flaw."""
    flaws = []
    if not (isfinite(service.objective) and 0.0 < service.objective < 1.0):
        flaws.append(Flaw("objective", "must lie between 0 and 1, such as 0.995"))
    try:
        ZoneInfo(service.zone)
    except (KeyError, ValueError, OSError):
        flaws.append(Flaw("zone", f"{service.zone[:40]!r} is no time zone"))
    days = service.weekdays
    if not days or len(set(days)) < len(days) or not set(days) <= set(range(7)):
        flaws.append(Flaw("weekdays", "name days from 0, Monday, to 6, Sunday, each once"))
    opens, closes = _minutes(service.opens), _minutes(service.closes)
    if opens is None or closes is None or opens >= closes:
        flaws.append(
            Flaw("opens", "must be a time such as 09:00, before `closes`; 24:00 ends a day")
        )
    if flaws:
        raise BadService(flaws)
    return service


def promised(service: Service, start: datetime, end: datetime, work: Iterable[Span]) -> list[Span]:
    """The spans of service between two moments, without those of announced work.

    >>> nights = Service(zone="Europe/Berlin", weekdays=(6,), opens="00:00", closes="06:00")
    >>> spring = datetime(2026, 3, 29, tzinfo=UTC)  # a night that lacks an hour
    >>> [(b - a) / 3.6e9 for a, b in promised(nights, spring - DAY, spring + DAY, [])]
    [5.0]
    """
    opens, closes = _minutes(service.opens) or 0, _minutes(service.closes) or 0
    zone, first, last = ZoneInfo(service.zone), micros(start), micros(end)
    day = start.astimezone(zone).date()
    spans = []
    for _ in range(LONGEST_DAYS + 2):
        if (begin := _at(day, 0, zone)) >= last:
            break
        if day.weekday() in service.weekdays:
            begin, finish = _at(day, opens, zone), _at(day, closes, zone)
            spans.append((max(begin, first), min(finish, last)))
        day += DAY
    return without(joined(spans), joined(work))


def joined(spans: Iterable[Span]) -> list[Span]:
    """In order, those that touch or overlap made one, empty ones dropped."""
    result: list[Span] = []
    for start, end in sorted(span for span in spans if span[1] > span[0]):
        if result and start <= result[-1][1]:
            result[-1] = result[-1][0], max(end, result[-1][1])
        else:
            result.append((start, end))
    return result


def without(spans: Sequence[Span], holes: Sequence[Span]) -> list[Span]:
    """What of the spans lies in no hole; both joined."""
    result = []
    for begin, end in spans:
        left = begin
        for hole_begin, hole_end in holes:
            if hole_end <= left or hole_begin >= end:
                continue
            if hole_begin > left:
                result.append((left, hole_begin))
            left = hole_end
        if left < end:
            result.append((left, end))
    return result


def length_s(spans: Iterable[Span]) -> float:
    """The seconds in them."""
    return sum(end - start for start, end in spans) / 1e6


def _at(day: date, minutes: int, zone: ZoneInfo) -> int:
    """By the clock on the wall: an hour that a day lacks or has twice is the zone's affair."""
    day, minutes = (day + DAY, 0) if minutes == 1440 else (day, minutes)
    wall = datetime.combine(day, time(minutes // 60, minutes % 60), zone)
    return micros(wall.astimezone(UTC))


def _minutes(text: str) -> int | None:
    hours, colon, rest = text.partition(":")
    if not (colon and text.isascii() and hours.isdigit() and rest.isdigit() and len(text) == 5):
        return None
    minutes = 60 * int(hours) + int(rest)
    return minutes if int(rest) < 60 and minutes <= 1440 else None
