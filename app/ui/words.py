"""Numbers as people read them: units said once, digits that matter, minus signs that align."""

from collections.abc import Mapping
from datetime import datetime
from math import isfinite
from typing import Any

from valor_core.amounts import shown
from valor_core.models.fields import Unit
from valor_core.models.lines import spoken
from valor_core.values import FiledFact

MILLION = 1e6  # of shares
NOTHING = "–"


def number(value: Any, digits: int = 0) -> str:
    """With thousands apart; a dash for what is not there.

    >>> number(1234.5, 1), number(None), number(-3.0), number(-0.3)
    ('1,234.5', '–', '−3', '0')
    """
    if value is None or not isfinite(value):
        return NOTHING
    return f"{value:z,.{digits}f}".replace("-", "−")


def percent(value: Any, digits: int = 1) -> str:
    """A fraction in percent.

    >>> percent(0.0849), percent(None)
    ('8.5 %', '–')
    """
    return NOTHING if value is None or not isfinite(value) else f"{number(100 * value, digits)} %"


def times(value: Any) -> str:
    """A multiple.

    >>> times(12.34)
    '12.3×'
    """
    return NOTHING if value is None or not isfinite(value) else f"{number(value, 1)}×"


def millions(value: Any, digits: int = 0) -> str:
    """A count, such as of shares, in millions, without the unit: the table says it once.

    >>> millions(926_000_000.0)
    '926'
    """
    return NOTHING if value is None else number(value / MILLION, digits)


def money(value: Any, digits: int = 0) -> str:
    """Money in the reader's unit, without it: the table says it once.

    >>> money(30_990_000_000.0)
    '30,990'
    """
    scale = shown()
    return NOTHING if value is None else number(value / scale.size, digits + scale.digits)


def in_money_short(currency: str) -> str:
    """The reader's unit of money where there is little room.

    >>> in_money_short("EUR")
    'EUR m'
    """
    return f"{currency} {shown().mark}"


def per_share(value: Any) -> str:
    """Money a share.

    >>> per_share(57.321)
    '57.32'
    """
    return number(value, 2)


def in_unit(value: Any, unit: Unit | None) -> str:
    """A number of a model in its unit, money in that of the reader, shares in millions.

    >>> in_unit(0.25, Unit.RATE), in_unit(2_300_000.0, Unit.SHARES)
    ('25.0 %', '2.3')
    """
    if unit is Unit.RATE:
        return percent(value)
    if unit is Unit.MONEY:
        return money(value)
    if unit is Unit.SHARES:
        return millions(value, 1)
    if unit is Unit.RATIO:
        return number(value, 3)
    return number(value, 2)


def unit_mark(unit: Unit | None, currency: str) -> str:
    """What is said after a number that stands alone.

    >>> unit_mark(Unit.MONEY, "EUR")
    ' EUR m'
    """
    marks = {Unit.MONEY: f" {in_money_short(currency)}", Unit.SHARES: " m",
             Unit.MONEY_PER_SHARE: f" {currency}"}  # fmt: skip
    return marks.get(unit, "") if unit else ""


def label_of(name: str, told: str = "") -> str:
    """A field's name as a label.

    >>> label_of("terminal_growth"), label_of("ebit", "EBIT")
    ('Terminal growth', 'EBIT')
    """
    return told or spoken(name)


def moment(at: datetime) -> str:
    """A moment to the minute.

    >>> from valor_core.values import from_micros
    >>> moment(from_micros(0))
    '1970-01-01 00:00 UTC'
    """
    return f"{at:%Y-%m-%d %H:%M} UTC"


def counted(count: int, one: str, many: str = "") -> str:
    """A number of things.

    >>> counted(1, "company", "companies"), counted(1200, "figure")
    ('1 company', '1,200 figures')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


EVENTS_TOLD = {
    "usage.recorded": "a use was billed",
    "invoice.created": "an invoice was made",
    "invoice.paid": "an invoice was paid",
    "invoice.voided": "an invoice was voided",
}


def event_told(kind: str) -> str:
    """What an event of the billing provider tells; its own name where that is not known.

    >>> event_told("invoice.paid"), event_told("customer.updated")
    ('an invoice was paid', 'customer.updated')
    """
    return EVENTS_TOLD.get(kind, kind)


KINDS_OF_ACTOR = {
    "operator": "the operator",
    "cli": "the command line",
    "notebook": "a notebook",
    "job": "a job",
    "key": "a key that is gone",
    "provider": "the billing provider",
    "user": "a former member",
    "stranger": "somebody",
}


def person(actor: str, names: Mapping[str, str]) -> str:
    """Who is meant by `kind:id`; what is no longer known by its kind.

    >>> person("user:7", {"user:7": "anna"}), person("operator:cli", {})
    ('anna', 'the operator')
    """
    return names.get(actor) or KINDS_OF_ACTOR.get(actor.partition(":")[0], actor)


def in_filed_unit(fact: FiledFact) -> str:
    """A filed number, whole and with its unit, as the filing has it.

    >>> from datetime import date
    >>> day = date(2009, 9, 26)
    >>> in_filed_unit(FiledFact(item="revenue", value=36_537e6, unit="USD", tag="", accession="",
    ...     form="", filed_on=day, fiscal_year=2009, period_start=None, period_end=day))
    '36,537,000,000 USD'
    """
    digits = 0 if float(fact.value).is_integer() and "/" not in fact.unit else 2
    return f"{number(fact.value, digits)} {fact.unit}"
