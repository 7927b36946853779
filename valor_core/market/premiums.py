"""Equity risk premia: what a tenant states as its own, and figures that were published."""

from dataclasses import dataclass
from datetime import date
from math import isfinite

from sqlalchemy import select

from valor_core.errors import BadInput
from valor_core.store.tables import MarketPremiumRow
from valor_core.store.work import Work

LEAST, MOST = 0.0, 0.25
SOURCE_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPremium:
    """A premium of a mature stock market as it was published."""

    currency: str
    value: float
    day: date  # of which it speaks
    known_on: date  # since when anybody could know it
    source: str


PUBLISHED = (
    PublishedPremium(
        currency="USD",
        value=0.0433,
        day=date(2025, 1, 1),
        known_on=date(2025, 1, 22),
        source="A. Damodaran, implied premium of the S&P 500 by its cash yield of twelve months, "
        "as BVWire told it in issue 268-3",
    ),
)
"""Transcribed, none computed here; the newest by its day comes first where there are several."""


def published(currency: str, as_of: date) -> PublishedPremium | None:
    """The newest published premium that was known on a day."""
    known = [p for p in PUBLISHED if p.currency == currency and p.known_on <= as_of]
    return max(known, key=lambda each: each.day, default=None)


def history(work: Work, currency: str, *, limit: int = 50) -> list[MarketPremiumRow]:
    """What the tenant stated for a currency, the newest first."""
    row = MarketPremiumRow
    query = select(row).where(row.currency == currency).order_by(row.version.desc())
    return list(work.session.scalars(query.limit(limit)))


def stated(work: Work, currency: str, as_of: date) -> MarketPremiumRow | None:
    """The tenant's newest premium that speaks of that day or one before it."""
    rows = history(work, currency)
    return next((row for row in rows if row.day <= as_of.isoformat()), None)


def state(work: Work, *, currency: str, value: float, day: date, source: str) -> MarketPremiumRow:
    """Keeps the tenant's premium with its source, as the next version."""
    currency, source = currency.strip().upper(), work.clean(source.strip())
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
        raise BadInput(f"{currency[:20]!r} is no currency.", hint="Write it as USD.")
    if not isfinite(value) or not LEAST < value <= MOST:
        raise BadInput(
            f"A premium of {value:.2%} cannot be stated.",
            hint=f"A premium lies above {LEAST:.0%} and is {MOST:.0%} at most.",
        )
    if not 0 < len(source) <= SOURCE_MAX:
        raise BadInput(
            f"A source has 1 to {SOURCE_MAX} characters.", hint="Say who published it, and where."
        )
    if day > work.now.date():
        raise BadInput(f"{day} is still to come.", hint="Name the day of which the figure speaks.")
    before = next(iter(history(work, currency, limit=1)), None)
    row = MarketPremiumRow(
        currency=currency,
        version=before.version + 1 if before else 1,
        value=value,
        day=day.isoformat(),
        source=source,
        created_at=work.now_micros,
        created_by=work.caller.actor,
    )
    work.add_all([row])
    work.session.flush()
    return row
