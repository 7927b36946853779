"""Where a value in the trading currency begins: the company's newest saved DCF, and no rate."""

from collections.abc import Iterable
from datetime import date

from valor_core.coverage.companies import Company
from valor_core.coverage.figures import Figures, Told, assumed, derived, missing
from valor_core.coverage.prefill import FactsMissing, Named, Prefilled, Sources, currency_of
from valor_core.coverage.prefill_options import ProjectDcf
from valor_core.models.trading import TradingInputs
from valor_core.values import FiledFact, Source, SourceKind


def _shares_per_adr(company: Named, as_of: date | None) -> Told:
    adr = company.adr if isinstance(company, Company) else None
    if adr is None or (as_of is not None and as_of < adr.since):
        return assumed(1.0, "the share itself is traded")
    why = f"stated since {adr.since.isoformat()}: {adr.rationale}"
    source = Source(kind=SourceKind.ASSUMED, text=why, author=adr.author)
    return Told(value=adr.shares, source=source)


def prefill_trading_value(
    company: Named,
    facts: Iterable[FiledFact],
    *,
    as_of: date | None = None,
    saved: ProjectDcf | None = None,
) -> Prefilled:
    """The value of a share as its saved DCF tells it, at home; the rate waits to be stated."""
    told, figures = Sources(), Figures(facts, as_of)
    if not figures.facts:
        raise FactsMissing(company.name, "anything", as_of)
    currency = currency_of(company, figures.facts)
    value = (
        derived(saved.value_per_share, f"value per share of {saved.named}", *saved.facts)
        if saved and saved.value_per_share is not None
        else missing("value per share: no DCF of the company is saved")
    )
    rate = missing("rate of exchange: none is kept, so state its source")
    inputs = TradingInputs(
        value_per_share=told.open("value_per_share", value) or 0.0,
        reporting_currency=currency,
        trading_currency=currency,
        exchange_rate=told.open("exchange_rate", rate) or 1.0,
        rate_on=as_of or max(fact.filed_on for fact in figures.facts),
        shares_per_adr=told.number("shares_per_adr", _shares_per_adr(company, as_of)),
    )
    return Prefilled(inputs=inputs, sources=told.sources, warnings=(), currency=currency)
