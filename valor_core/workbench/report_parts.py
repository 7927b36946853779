"""What reports share: the days that they are about, and spreadsheets of their rows."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from valor_core.amounts import shown as scale
from valor_core.cells import inert
from valor_core.charts.style import money
from valor_core.errors import BadInput
from valor_core.models.explained import shown
from valor_core.models.fields import Unit
from valor_core.models.model import Model
from valor_core.store.work import Work

DAYS_MOST = 366
EARLIEST = date(1972, 1, 1)
MILLION = 1e6  # of shares


def days_until(work: Work, days: int, last: str) -> tuple[date, date]:
    """So many days until the last one, both ends included; until today where none is named."""
    if not 1 <= days <= DAYS_MOST:
        raise BadInput(f"Nothing is told of {days} days.", hint=f"Ask for 1 to {DAYS_MOST} days.")
    end = date.fromisoformat(last) if last else work.now.date()
    if end < EARLIEST:
        raise BadInput(f"Nothing is known of days until {end}.", hint="Name a later day.")
    return end - timedelta(days=days - 1), end


def spreadsheet(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    r"""The rows as CSV; no text in it is taken for a formula, and what nobody knows is empty.

    >>> spreadsheet(("name", "value"), [("=1+1", None), ("Acme", 0.5)])
    "name,value\r\n'=1+1,\r\nAcme,0.5\r\n"
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([inert(cell) for cell in row])
    return text.getvalue()


def percent(share: float | None, digits: int = 1) -> str:
    """A share as people read it; a dash where nobody can say.

    >>> percent(0.99954, 2), percent(None)
    ('99.95 %', '–')
    """
    return "–" if share is None else f"{100 * share:,.{digits}f} %"


ACTORS = {
    "cli": "the command line",
    "job": "a job",
    "key": "a key that is gone",
    "notebook": "a notebook",
    "user": "a former member",
}


def person(actor: str, names: Mapping[str, str]) -> str:
    """Who is meant by `kind:id`; what is no longer known by its kind.

    >>> person("user:7", {"user:7": "anna"}), person("cli:local", {})
    ('anna', 'the command line')
    """
    return names.get(actor) or ACTORS.get(actor.partition(":")[0], actor)


def worth(model: Model, value: float, currency: str) -> str:
    """A headline of a model, or a difference of two, in its unit."""
    unit = model.headline_unit
    if unit is Unit.MONEY:
        return f"{money(value)} {currency} {scale().mark}"
    return f"{shown(value, unit)}{f' {currency}' if unit is Unit.MONEY_PER_SHARE else ''}"
