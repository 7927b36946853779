"""Alpaca: daily bars of US shares.

Shape: https://docs.alpaca.markets/reference/stockbarsingle-1 (read 2026-11; unverified against a
recorded answer).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from valor_core.market.failures import Failure, ProviderFailure
from valor_core.market.provider import Answer, BarsQuery, Capability, Licence, Query, in_series
from valor_core.market.reading import a_number, a_text, as_json, reading
from valor_core.market.series import Adjusted, Bar, Series
from valor_core.market.transport import Fetched, Request, SafeHttp

ZONE = "America/New_York"
PAGES_MAX = 20
_ADJUSTMENT = {Adjusted.NONE: "raw", Adjusted.SPLITS: "split", Adjusted.ALL: "all"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alpaca:
    """Daily bars in US dollars, of trades on IEX. The key is `id:secret`."""

    base_url: str
    key: str = field(repr=False)

    name = "alpaca"
    title = "Alpaca"
    capabilities = frozenset({Capability.BARS})
    licence = Licence(
        name="Alpaca, personal and internal use",
        display=True,
        redistribution=False,
        retention_days=None,
        terms_url="https://alpaca.markets/disclosures",
    )
    price = 0.0

    async def fetch(self, query: Query, http: SafeHttp, deadline: float) -> Answer:
        """The bars, page after page."""
        assert isinstance(query, BarsQuery), query
        params = {
            "timeframe": "1Day",
            "start": f"{query.start}",
            "end": f"{query.end}",
            "adjustment": _ADJUSTMENT[query.adjustment],
            "feed": "iex",
            "sort": "asc",
            "limit": "10000",
        }
        rows: list[Bar] = []
        for _ in range(PAGES_MAX):
            got = await self._get(query.symbol, params, http, deadline)
            with reading(self.title):
                page = as_json(got.body)
                if page["symbol"] != query.symbol:
                    raise ValueError("another share")
                rows += (_bar(each) for each in page["bars"] or ())
                token = page["next_page_token"]
                if token is None:
                    break
                params = {**params, "page_token": a_text(token)}
        else:
            raise ProviderFailure(self.title, Failure.TOO_LARGE, told=f"{PAGES_MAX} pages")
        series = Series(
            symbol=query.symbol,
            rows=tuple(rows),
            unit="USD",
            currency="USD",
            zone=ZONE,
            adjusted=query.adjustment,
        )
        return in_series(self, query, series, source=got.source)

    async def health(self, http: SafeHttp, deadline: float) -> None:
        """One bar of one share."""
        await self._get("SPY", {"timeframe": "1Day", "limit": "1", "feed": "iex"}, http, deadline)

    async def _get(
        self, symbol: str, params: dict[str, str], http: SafeHttp, deadline: float
    ) -> Fetched:
        name, _, secret = self.key.partition(":")
        asked = Request(
            provider=self.title,
            base_url=self.base_url,
            path=f"v2/stocks/{symbol}/bars",
            params=params,
            secret_headers={"APCA-API-KEY-ID": name, "APCA-API-SECRET-KEY": secret},
        )
        return await http.get(asked, deadline)


def _bar(told: dict[str, Any]) -> Bar:
    first, highest, lowest, last, volume = (a_number(told[name]) for name in "ohlcv")
    at = datetime.fromisoformat(a_text(told["t"]))  # midnight in New York, told in UTC
    return Bar(
        day=at.astimezone(ZoneInfo(ZONE)).date(),
        open=first,
        high=highest,
        low=lowest,
        close=last,
        volume=volume,
    )
