"""Series of data providers: fetched, kept with their doubts, accepted; and tenants' keys."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from valor_core.billing.metering import Meter
from valor_core.errors import BadInput
from valor_core.market import kept, keys, last_answers
from valor_core.market.checks import SeriesQuery
from valor_core.market.kept import Kept
from valor_core.market.offered import OFFERS, Offer, usable
from valor_core.market.provider import (
    Answer,
    BarsQuery,
    Capability,
    FxQuery,
    MacroQuery,
    Provider,
)
from valor_core.market.router import Decision, Routed
from valor_core.market.series import Adjusted, Bar, Observation
from valor_core.settings import setting
from valor_core.store.engines import Store
from valor_core.store.tables import DoubtRow, ProviderKeyRow, SeriesRow
from valor_core.store.work import Work
from valor_core.tenancy.reasons import stated
from valor_core.values import Caller
from valor_core.workbench import routing
from valor_core.workbench.fetching import provider_of
from valor_core.workbench.paging import check_page
from valor_core.workbench.verb import allowed, open_work, verb, view


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A provider as a tenant finds it."""

    offer: Offer
    provider: Provider | None  # None: it lacks a key, or is not set up
    own_key: ProviderKeyRow | None
    key_of_installation: bool


@view("provider.read")
def list_providers(work: Work) -> list[Standing]:
    """Every provider, and whether the tenant can ask it."""
    own = {row.provider: row for row in keys.kept_keys(work)}
    ready = {provider.name: provider for provider in usable(dict.fromkeys(own, "kept"))}
    return [
        Standing(
            offer=offer,
            provider=ready.get(offer.name),
            own_key=own.get(offer.name),
            key_of_installation=offer.takes_key and bool(setting(offer.key_setting)),
        )
        for offer in OFFERS
    ]


@verb("provider.key_set")
def set_key(work: Work, provider: str, key: str) -> ProviderKeyRow:
    """Keep the tenant's key of a provider, sealed, in place of the one before."""
    row = keys.keep_key(work, provider, key)
    work.note(f"provider:{row.provider}")
    return row


@view("provider.read")
def foresee_drop(work: Work, provider: str) -> bool:
    """Whether the provider could still be asked without the tenant's own key."""
    keys.kept_key(work, provider)
    others = {row.provider: "kept" for row in keys.kept_keys(work) if row.provider != provider}
    return provider in {each.name for each in usable(others)}


@verb("provider.key_drop")
def drop_key(work: Work, provider: str, *, reason: str) -> None:
    """Forget the tenant's key of a provider."""
    why = stated(reason)
    keys.drop_key(work, provider)
    work.note(f"provider:{provider}", reason=why)


def series_query(
    capability: str, symbol: str, start: date, end: date, *, adjusted: Adjusted = Adjusted.ALL
) -> SeriesQuery:
    """The question for a series; an exchange rate is named by its two currencies.

    >>> series_query("fx", "eurusd", date(2024, 1, 2), date(2024, 1, 4)).key
    'fx:EURUSD:2024-01-02:2024-01-04'
    """
    symbol = symbol.strip().upper()
    if capability == Capability.BARS:
        return BarsQuery(symbol=symbol, start=start, end=end, adjustment=adjusted)
    if capability == Capability.MACRO:
        return MacroQuery(series=symbol, start=start, end=end)
    if capability == Capability.FX:
        return FxQuery(base=symbol[:3], quote=symbol[3:], start=start, end=end)
    raise BadInput(f"{capability[:20]!r} is no series.", hint="Choose bars, macro or fx.")


def figures_of(row: Bar | Observation) -> dict[str, Any]:
    """A row by the names of its figures, its day first."""
    return asdict(row)


def fetch_series(
    caller: Caller, query: SeriesQuery, *, provider: str = "", store: Store | None = None
) -> Routed:
    """What the provider that is named answers, else whomever the tenant's policy asks.

    No database is open while one answers; what it said is ready to be kept. Where nobody answers
    it is the last good answer, which `told_of_age` says.
    """
    with open_work(caller, store) as work:
        allowed(work, "series.keep")
        if provider:
            provider_of(work, provider, query.capability)
    return routing.ask(caller, query, only=provider, store=store)


def told_of_age(decision: Decision) -> str:
    """How old an answer is that stands in for a new one, and why; nothing of a new one."""
    if not decision.kept:
        return ""
    assert decision.fetched_at
    assert decision.as_of
    why = f"{decision.why[0].upper()}{decision.why[1:]}"
    return (
        f"{why}. It was fetched on {decision.fetched_at:%Y-%m-%d at %H:%M} UTC and reaches to "
        f"{decision.as_of:%Y-%m-%d}."
    )


@verb("series.keep", meter=Meter.IMPORTS)
def keep_series(work: Work, answer: Answer, query: SeriesQuery) -> Kept:
    """Keep a provider's series and every doubt about it; the same content changes nothing."""
    done = kept.keep(work, answer, query)
    work.note(
        f"series:{done.row.sha256[:16]}",
        provider=answer.provider,
        question=query.key,
        source=answer.source,
        rows=done.row.rows_n,
        doubts=len(done.doubts),
        known_before=done.known_before,
    )
    return done


def run_purge(store: Store, caller: Caller) -> int:
    """Drops all that the licences of providers do not let be kept any longer; how many series."""
    purged = 0
    while True:
        with open_work(caller, store) as work:
            if not is_any_over(work):
                break
            purged += purge_series(work)
    with open_work(caller, store) as work:
        forget_answers(work)
    if purged:
        store.forget_what_was_freed()
    return purged


@view("series.read")
def is_any_over(work: Work) -> bool:
    """Whether a series is kept that its licence wants gone."""
    return kept.is_any_over(work)


@verb("series.purge")
def purge_series(work: Work) -> int:
    """Drop series that their licences want gone, a limited number at once; how many."""
    gone = kept.purge(work)
    work.note(
        "series",
        series=[row.sha256[:16] for row in gone],
        providers=sorted({row.provider for row in gone}),
    )
    return len(gone)


@verb("provider.ask", audited=False)
def forget_answers(work: Work) -> int:
    """Drop the last good answers that are too old to stand in for a new one; how many."""
    return last_answers.purge(work)


@view("series.read")
def list_series(
    work: Work, *, limit: int = 50, before: tuple[int, str] | None = None
) -> list[tuple[SeriesRow, int]]:
    """The tenant's series, the newest fetch first, each with how many doubts are open."""
    check_page(limit)
    return kept.listed(work, limit=limit, before=before)


@view("series.read")
def read_series(work: Work, sha256: str) -> Kept:
    """The series of that digest, with all rows and all doubts."""
    return kept.read(work, sha256)


@verb("series.accept")
def accept_doubts(work: Work, sha256: str, days: Sequence[str], *, reason: str) -> list[DoubtRow]:
    """Accept what is doubted about these days for a reason, so that they are used."""
    accepted = kept.accept(work, sha256, days, reason)
    work.note(
        f"series:{accepted[0].sha256[:16]}",
        days=sorted({doubt.day or "all" for doubt in accepted})[:50],
        kinds=sorted({doubt.kind for doubt in accepted}),
        reason=accepted[0].reason,
    )
    return accepted
