"""Which days a report is about."""

from datetime import date, timedelta

from valor_core.errors import BadInput
from valor_core.store.work import Work

DAYS_MOST = 366
EARLIEST = date(1972, 1, 1)


def days_until(work: Work, days: int, last: str) -> tuple[date, date]:
    """So many days until the last one, both ends included; until today where none is named."""
    if not 1 <= days <= DAYS_MOST:
        raise BadInput(f"Nothing is told of {days} days.", hint=f"Ask for 1 to {DAYS_MOST} days.")
    end = date.fromisoformat(last) if last else work.now.date()
    if end < EARLIEST:
        raise BadInput(f"Nothing is known of days until {end}.", hint="Name a later day.")
    return end - timedelta(days=days - 1), end
