"""Asking data providers. No database is open while one answers: first ask, then keep."""

import asyncio
from dataclasses import replace

from valor_core.coverage.companyfacts import read_companyfacts
from valor_core.market.provider import Answer, FundamentalsQuery, Provider, Query
from valor_core.market.transport import SafeHttp
from valor_core.store.engines import Store
from valor_core.values import Caller
from valor_core.workbench import routing
from valor_core.workbench.companies import Document
from valor_core.workbench.verb import allowed, open_work

WITHIN_S = 60.0
"""The most that a person waits for a provider, however many questions an answer takes."""


def fetch_facts(
    caller: Caller, query: FundamentalsQuery, *, store: Store | None = None
) -> Document:
    """What the company filed, from whomever the policy asks, read whole and ready to be kept."""
    with open_work(caller, store) as work:
        allowed(work, "fact.import")
    answer = routing.ask(caller, query, store=store).given(new=True)
    assert isinstance(answer.value, bytes)
    assert answer.filer
    filer, parsed = answer.filer, read_companyfacts(answer.value)
    company = replace(parsed.company, ticker=filer.ticker, sic=filer.sic)
    return Document(
        raw=answer.value,
        file_name=f"SEC EDGAR, CIK{filer.cik:010d}.json",
        kind="companyfacts",
        read=[replace(parsed, company=company)],
        source=answer.source,
    )


def facts_asked_for(text: str) -> FundamentalsQuery:
    """The question that a ticker or a CIK stands for.

    >>> facts_asked_for("320193").cik, facts_asked_for("brk.b").ticker
    (320193, 'BRK.B')
    """
    wanted = text.strip()
    if wanted.isascii() and wanted.isdigit():
        return FundamentalsQuery(cik=int(wanted))
    return FundamentalsQuery(ticker=wanted.upper())


def ask(provider: Provider, query: Query) -> Answer:
    """The provider's answer within the time that a person waits; else ProviderFailure."""

    async def once() -> Answer:
        async with SafeHttp() as http:
            return await provider.fetch(query, http, asyncio.get_running_loop().time() + WITHIN_S)

    return asyncio.run(once())
