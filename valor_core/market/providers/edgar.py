"""SEC EDGAR: what companies filed, from the SEC itself.

Shapes: https://www.sec.gov/search-filings/edgar-application-programming-interfaces (as of 2026-11;
companyfacts checked against recorded documents, company_tickers and submissions unverified).
"""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from valor_core.errors import ValorError
from valor_core.market.failures import Failure, ProviderFailure
from valor_core.market.pace import Pace
from valor_core.market.provider import Answer, Capability, Filer, FundamentalsQuery, Licence, Query
from valor_core.market.reading import a_text, as_json, reading
from valor_core.market.transport import Fetched, Request, SafeHttp
from valor_core.values import utc_now

NAME = "SEC EDGAR"
PACE = Pace(per_second=8)  # the SEC allows ten a second, and counts by its own clock
BANNED_S = 600.0
"""For how long the SEC answers nobody who asked too often."""

_CIK = re.compile(rb'"cik"\s*:\s*"?0*([0-9]{1,10})"?')
_FILED = re.compile(rb'"filed"\s*:\s*"([0-9]{4}-[0-9]{2}-[0-9]{2})"')


class ContactMissing(ValorError):
    """The SEC answers nobody who does not say who asks."""

    code, status = "contact_missing", 503

    def __init__(self) -> None:
        super().__init__(
            "The SEC answers nobody who does not say who asks.",
            hint="Set VALOR_DATA_CONTACT to a name and an e-mail address, and start again.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Edgar:
    """Companyfacts documents, found by CIK or by ticker."""

    base_url: str  # of the ticker map
    data_url: str  # of the rest
    contact: str  # who asks, by name and e-mail address

    name = "edgar"
    title = NAME
    capabilities = frozenset({Capability.FUNDAMENTALS})
    licence = Licence(
        name="US public domain",
        display=True,
        redistribution=True,
        retention_days=None,
        terms_url="https://www.sec.gov/privacy#dissemination",
    )
    price = 0.0

    async def fetch(self, query: Query, http: SafeHttp, deadline: float) -> Answer:
        """The company's companyfacts document, and who filed it."""
        assert isinstance(query, FundamentalsQuery), query
        cik = query.cik or await self._cik_of(query.ticker, http, deadline)
        filer = await self._filer(cik, query.ticker, http, deadline)
        got = await self._get(
            self.data_url, f"api/xbrl/companyfacts/CIK{cik:010d}.json", http, deadline
        )
        said = _CIK.search(got.body)
        if said is None or int(said[1]) != cik:
            told = f"asked for CIK {cik}, it sent {int(said[1]) if said else 'none'}"
            raise ProviderFailure(NAME, Failure.MALFORMED, told=told)
        return Answer(
            provider=self.name,
            capability=query.capability,
            query=query,
            value=got.body,
            as_of=_newest_filing(got.body),
            fetched_at=utc_now(),
            licence=self.licence,
            source=got.source,
            filer=filer,
        )

    async def health(self, http: SafeHttp, deadline: float) -> None:
        """One small concept of one company."""
        concept = "api/xbrl/companyconcept/CIK0000320193/us-gaap/AccountsPayableCurrent.json"
        await self._get(self.data_url, concept, http, deadline)

    async def _cik_of(self, ticker: str, http: SafeHttp, deadline: float) -> int:
        got = await self._get(self.base_url, "files/company_tickers.json", http, deadline)
        with reading(NAME):
            wanted = ticker.replace(".", "-")
            for each in as_json(got.body).values():
                if each["ticker"].upper() == wanted:
                    return int(each["cik_str"])
        raise ProviderFailure(NAME, Failure.CALLER, told=f"no company has the ticker {ticker}")

    async def _filer(self, cik: int, ticker: str, http: SafeHttp, deadline: float) -> Filer:
        got = await self._get(self.data_url, f"submissions/CIK{cik:010d}.json", http, deadline)
        with reading(NAME):
            told = as_json(got.body)
            sic = a_text(told.get("sic") or "")
            tickers = [a_text(each) for each in _listed(told.get("tickers"))]
            return Filer(
                cik=cik,
                name=a_text(told["name"]),
                ticker=ticker or (tickers[0] if tickers else ""),
                sic=int(sic) if sic else None,
            )

    async def _get(self, url: str, path: str, http: SafeHttp, deadline: float) -> Fetched:
        if not self.contact:
            raise ContactMissing
        await asyncio.sleep(PACE.wait_s())
        try:
            return await http.get(Request(provider=NAME, base_url=url, path=path), deadline)
        except ProviderFailure as failed:
            if (
                failed.kind is Failure.UNAUTHORISED
            ):  # there is no key: it refuses who asks too often
                raise ProviderFailure(NAME, Failure.THROTTLED, retry_after_s=BANNED_S) from None
            raise


def _listed(told: Any) -> Iterator[Any]:
    yield from told if isinstance(told, list) else ()


def _newest_filing(document: bytes) -> datetime:
    newest = max(_FILED.findall(document), default=None)
    with reading(NAME):
        if newest is None:
            raise ValueError("no filing has a date")
        return datetime.fromisoformat(newest.decode()).replace(tzinfo=UTC)
