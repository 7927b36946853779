"""Asking data providers. No database is open while one answers: first ask, then keep."""

from dataclasses import replace

from valor_core.coverage.companyfacts import read_companyfacts
from valor_core.coverage.fmp import read_fmp
from valor_core.errors import BadInput
from valor_core.market import keys
from valor_core.market.offered import usable
from valor_core.market.provider import Capability, FundamentalsQuery, Provider
from valor_core.market.providers.edgar import Edgar
from valor_core.market.providers.fmp import Fmp
from valor_core.store.engines import Store
from valor_core.store.work import Work
from valor_core.values import Caller
from valor_core.workbench import routing
from valor_core.workbench.companies import Document
from valor_core.workbench.verb import allowed, open_work


def fetch_facts(
    caller: Caller, query: FundamentalsQuery, *, provider: str = "", store: Store | None = None
) -> Document:
    """What the company filed, read whole and ready to be kept.

    From the provider that is named, else from whomever the tenant's policy asks.
    """
    with open_work(caller, store) as work:
        allowed(work, "fact.import")
        if provider:
            provider_of(work, provider, query.capability)
    answer = routing.ask(caller, query, only=provider, store=store).given(new=True)
    assert isinstance(answer.value, bytes)
    if answer.provider == Fmp.name:
        read = read_fmp(answer.value)
        file_name = f"{Fmp.title}, {read.company.ticker}.json"
    else:
        assert answer.filer
        filer, read = answer.filer, read_companyfacts(answer.value)
        company = replace(read.company, ticker=filer.ticker, sic=filer.sic)
        read, file_name = replace(read, company=company), f"{Edgar.title}, CIK{filer.cik:010d}.json"
    return Document(
        raw=answer.value,
        file_name=file_name,
        kind="companyfacts" if answer.provider == Edgar.name else answer.provider,
        read=[read],
        source=answer.source,
    )


def provider_of(work: Work, name: str, capability: Capability) -> Provider:
    """The provider of that name with the tenant's key; a refusal says what it lacks."""
    offer = keys.offered(name)
    found = next((each for each in usable(keys.opened_keys(work)) if each.name == name), None)
    if found is None:
        hint = (
            "An administrator sets one on the page Market data, or: valor providers key set."
            if offer.takes_key
            else "Whoever runs this installation sets its folder: VALOR_DATA_FOLDER."
        )
        raise BadInput(f"{offer.title} cannot be asked without a key or a folder.", hint=hint)
    if capability not in found.capabilities:
        brings = ", ".join(sorted(found.capabilities))
        raise BadInput(f"{offer.title} has no {capability}.", hint=f"It has {brings}.")
    return found


def facts_asked_for(text: str) -> FundamentalsQuery:
    """The question that a ticker or a CIK stands for.

    >>> facts_asked_for("320193").cik, facts_asked_for("brk.b").ticker
    (320193, 'BRK.B')
    """
    wanted = text.strip()
    if wanted.isascii() and wanted.isdigit():
        return FundamentalsQuery(cik=int(wanted))
    return FundamentalsQuery(ticker=wanted.upper())
