"""When a schedule is due, in words: what people say becomes five cron fields, and is read back."""

import re
from zoneinfo import available_timezones

from valor_core.coverage.cron import read_cron

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ON = {
    "day": "* * *",
    "weekday": "* * mon-fri",
    **{name: f"* * {name[:3].lower()}" for name in WEEKDAYS},
    "first of the month": "1 * *",
}
"""On which days, and how cron says it."""

SAID = re.compile(r"(?:on |the |every |each )*(.+?)s? at (\d{1,2}):(\d{2})")
OFTEN = {"every hour": "0 * * * *"}


def cron_of(text: str) -> str:
    """The five fields of what was said; BadCron where it cannot be read.

    >>> cron_of("every weekday at 07:00"), cron_of("Mondays at 6:30"), cron_of("*/5 * * * *")
    ('0 7 * * mon-fri', '30 6 * * mon', '*/5 * * * *')
    """
    plain = " ".join(text.lower().split())
    said = SAID.fullmatch(plain)
    if plain in OFTEN:
        plain = OFTEN[plain]
    elif said and (days := {name.lower(): days for name, days in ON.items()}.get(said[1])):
        plain = f"{int(said[3])} {int(said[2])} {days}"
    read_cron(plain)
    return plain


def in_words(cron: str, zone: str) -> str:
    """When it is due, as one says it; by its fields where there are no plain words for them.

    >>> in_words("0 7 * * mon-fri", "Europe/Zurich"), in_words("20 3 * * mon", "UTC")
    ('every weekday at 07:00 in Zurich', 'every Monday at 03:20 UTC')
    """
    where = "UTC" if zone == "UTC" else f"in {zone.rpartition('/')[2].replace('_', ' ')}"
    minute, hour, days = cron.split(" ", 2)
    if said := {told: said for said, told in OFTEN.items()}.get(cron):
        return f"{said} {where}"
    known = {told: said for said, told in ON.items()}.get(days)
    if known and minute.isdigit() and hour.isdigit():
        day = f"on the {known}" if known == "first of the month" else f"every {known}"
        return f"{day} at {int(hour):02}:{int(minute):02} {where}"
    return f"by {cron} {where}"


def zones() -> list[str]:
    """The time zones that a person chooses from: UTC, and places."""
    continents = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Pacific")
    return ["UTC", *sorted(z for z in available_timezones() if z.startswith(continents))]
