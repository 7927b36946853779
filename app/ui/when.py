"""When something is to be done again and again: chosen by clicking, read back as a sentence."""

from collections.abc import Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

import streamlit as st

from app.ui import show
from valor_core.coverage.cron import next_due, read_cron, read_zone
from valor_core.coverage.recurring import OFTEN, ON, cron_of, in_words, zones
from valor_core.coverage.schedules import RunsForeseen, Schedule
from valor_core.errors import BadInput
from valor_core.values import utc_now

OTHERWISE = "otherwise, as cron says it"
DAYS = {
    **{f"on the {on}" if " " in on else f"every {on}": on for on in ON},
    **{often: often for often in OFTEN},
    OTHERWISE: "",
}


def asked(key: str, *, cron: str, zone: str, then: str) -> tuple[str, str] | None:
    """The five fields and the zone that were chosen; None while they cannot be read.

    `then` says what happens at that time: "The report is made".
    """
    days, hour = _known(cron)
    left, middle, right = st.columns([2, 1, 2])
    chosen = left.selectbox("On which days", DAYS, index=list(DAYS).index(days), key=f"{key}_days")
    places = zones()
    start = places.index(zone) if zone in places else 0
    place = right.selectbox("Time zone", places, index=start, key=f"{key}_zone")
    if chosen == OTHERWISE:
        told = "Minute, hour, day of the month, month, day of the week."
        when = middle.text_input("When", cron, help=told, key=f"{key}_cron")
    elif chosen in OFTEN:
        when = chosen
    else:
        at = middle.time_input("At", hour, step=900, key=f"{key}_at")
        when = f"{DAYS[chosen]} at {at:%H:%M}"
    return _read_back(when, place, then)


def foreseen(told: RunsForeseen) -> None:
    """Which of the next runs would come no more, or would come instead."""
    if told.runs_now == told.runs_then:
        st.caption("The next runs stay as they are.")
    elif not told.runs_then:
        st.caption(f"These runs would not come: {_moments(told.now, told.runs_now)} and so on.")
    elif told.then:
        st.caption(f"The next runs would be: {_moments(told.then, told.runs_then)} and so on.")


def _moments(schedule: Schedule, runs: Sequence[datetime]) -> str:
    zone = read_zone(schedule.timezone)
    told = (f"{each.astimezone(zone):%a %d %b %H:%M}" for each in runs)
    return f"{', '.join(told)} ({schedule.timezone})"


def _known(cron: str) -> tuple[str, time]:
    """How a schedule is shown in the form."""
    minute, hour, days = cron.split(" ", 2)
    said = {told: said for said, told in OFTEN.items()}.get(cron)
    on = {told: on for on, told in ON.items()}.get(days)
    if said:
        return said, time(7)
    if on and minute.isdigit() and hour.isdigit():
        return {name: label for label, name in DAYS.items()}[on], time(int(hour), int(minute))
    return OTHERWISE, time(7)


def _read_back(when: str, place: str, then: str) -> tuple[str, str] | None:
    try:
        cron = cron_of(when)
    except BadInput as error:
        st.warning(f"{error} {error.hint}")
        return None
    due = next_due(read_cron(cron), read_zone(place), after=utc_now()).astimezone(ZoneInfo(place))
    st.caption(show.plain(f"{then} {in_words(cron, place)}, first on {due:%A, %d %B %Y at %H:%M}."))
    return cron, place


def here() -> str:
    """The time zone of who looks, where his browser tells one that can be chosen."""
    told = st.context.timezone or "UTC"
    return told if told in zones() else "UTC"
