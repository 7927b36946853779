"""The equity risk premium that a tenant states as its own, with its source."""

from collections.abc import Sequence
from datetime import date

from valor_core.market import premiums
from valor_core.store.tables import MarketPremiumRow
from valor_core.store.work import Work
from valor_core.workbench.paging import check_page
from valor_core.workbench.verb import verb, view


@verb("premium.state")
def state_premium(
    work: Work, currency: str, value: float, *, day: date, source: str
) -> MarketPremiumRow:
    """State the premium by which valuations in a currency begin from now on."""
    row = premiums.state(work, currency=currency, value=value, day=day, source=source)
    work.note(
        f"premium:{row.currency}",
        version=row.version,
        premium=f"{row.value:.6f}",
        day=row.day,
        source=row.source,
    )
    return row


@view("series.read")
def list_premiums(work: Work, currency: str, *, limit: int = 50) -> Sequence[MarketPremiumRow]:
    """What the tenant stated for a currency, the newest first."""
    check_page(limit)
    return premiums.history(work, currency.strip().upper(), limit=limit)
