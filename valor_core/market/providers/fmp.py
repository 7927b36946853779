"""Financial Modeling Prep: annual statements in its own lines, without the filing of a figure.

Shapes: https://site.financialmodelingprep.com/developer/docs/stable/income-statement,
balance-sheet-statement and cashflow-statement (as of 2026-11; unverified against a recorded
answer).
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from valor_core.market.failures import Failure, ProviderFailure
from valor_core.market.provider import Answer, Capability, FundamentalsQuery, Licence, Query
from valor_core.market.reading import a_day, as_json, reading
from valor_core.market.transport import Fetched, Request, SafeHttp
from valor_core.values import utc_now

STATEMENTS = {
    "income": "income-statement",
    "balance": "balance-sheet-statement",
    "cash_flow": "cash-flow-statement",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fmp:
    """The annual statements of a company, found by its ticker."""

    base_url: str
    key: str = field(repr=False)

    name = "fmp"
    title = "Financial Modeling Prep"
    capabilities = frozenset({Capability.FUNDAMENTALS})
    licence = Licence(
        name="FMP, internal use",
        display=True,
        redistribution=False,
        retention_days=None,
        terms_url="https://site.financialmodelingprep.com/terms-of-service",
    )
    price = 0.0

    async def fetch(self, query: Query, http: SafeHttp, deadline: float) -> Answer:
        """The three statements in one document, by their names."""
        assert isinstance(query, FundamentalsQuery), query
        if not query.ticker:
            told = "it is asked by ticker"
            raise ProviderFailure(self.title, Failure.CALLER, told=told)
        bodies, days, source = [], [], ""
        for path in STATEMENTS.values():
            got = await self._get(path, query.ticker, "30", http, deadline)
            with reading(self.title):
                rows = as_json(got.body)
                if any(row["symbol"] != query.ticker for row in rows):
                    raise ValueError("another company")
                days += [a_day(row["filingDate"]) for row in rows]
            bodies.append(got.body)
            source = source or got.source
        if not days:
            told = f"it has no statements of {query.ticker}"
            raise ProviderFailure(self.title, Failure.CALLER, told=told)
        parts = (
            f'"{name}":'.encode() + body for name, body in zip(STATEMENTS, bodies, strict=True)
        )
        newest = max(days)
        return Answer(
            provider=self.name,
            capability=query.capability,
            query=query,
            value=b"{" + b",".join(parts) + b"}",
            as_of=datetime(newest.year, newest.month, newest.day, tzinfo=UTC),
            fetched_at=utc_now(),
            licence=self.licence,
            source=source,
        )

    async def health(self, http: SafeHttp, deadline: float) -> None:
        """One statement of one company."""
        await self._get(STATEMENTS["income"], "AAPL", "1", http, deadline)

    async def _get(
        self, path: str, ticker: str, most: str, http: SafeHttp, deadline: float
    ) -> Fetched:
        asked = Request(
            provider=self.title,
            base_url=self.base_url,
            path=f"stable/{path}",
            params={"symbol": ticker, "period": "annual", "limit": most},
            secret_params={"apikey": self.key},
        )
        return await http.get(asked, deadline)
