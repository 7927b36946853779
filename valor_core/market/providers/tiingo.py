"""Tiingo: daily bars of US shares, as traded or adjusted for splits and dividends.

Shape: https://www.tiingo.com/documentation/end-of-day, 2.1.2 (as of 2026-11; unverified against a
recorded answer).
"""

from dataclasses import dataclass, field
from typing import Any

from valor_core.market.failures import Failure, ProviderFailure
from valor_core.market.provider import Answer, BarsQuery, Capability, Licence, Query, in_series
from valor_core.market.reading import a_day, a_number, as_json, reading
from valor_core.market.series import Adjusted, Bar, Series
from valor_core.market.transport import Fetched, Request, SafeHttp


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiingo:
    """Daily bars in US dollars."""

    base_url: str
    key: str = field(repr=False)

    name = "tiingo"
    title = "Tiingo"
    capabilities = frozenset({Capability.BARS})
    licence = Licence(
        name="Tiingo, internal use",
        display=True,
        redistribution=False,
        retention_days=None,
        terms_url="https://www.tiingo.com/about/terms",
    )
    price = 0.0

    async def fetch(self, query: Query, http: SafeHttp, deadline: float) -> Answer:
        """The bars; Tiingo does not adjust for splits alone."""
        assert isinstance(query, BarsQuery), query
        if query.adjustment is Adjusted.SPLITS:
            told = "it has prices adjusted for splits and dividends, or for nothing"
            raise ProviderFailure(self.title, Failure.CALLER, told=told)
        days = {"startDate": f"{query.start}", "endDate": f"{query.end}", "format": "json"}
        got = await self._get(f"{query.symbol.replace('.', '-')}/prices", days, http, deadline)
        with reading(self.title):
            rows = tuple(_bar(each, query.adjustment) for each in as_json(got.body))
        series = Series(
            symbol=query.symbol,
            rows=rows,
            unit="USD",
            currency="USD",
            zone="America/New_York",
            adjusted=query.adjustment,
        )
        return in_series(self, query, series, source=got.source)

    async def health(self, http: SafeHttp, deadline: float) -> None:
        """The newest bar of one share."""
        await self._get("SPY/prices", {"format": "json"}, http, deadline)

    async def _get(
        self, path: str, params: dict[str, str], http: SafeHttp, deadline: float
    ) -> Fetched:
        asked = Request(
            provider=self.title,
            base_url=self.base_url,
            path=f"tiingo/daily/{path}",
            params=params,
            secret_headers={"Authorization": f"Token {self.key}"},
        )
        return await http.get(asked, deadline)


def _bar(told: dict[str, Any], adjusted: Adjusted) -> Bar:
    names = ("open", "high", "low", "close", "volume")
    if adjusted is Adjusted.ALL:
        names = ("adjOpen", "adjHigh", "adjLow", "adjClose", "adjVolume")
    first, highest, lowest, last, volume = (a_number(told[name]) for name in names)
    return Bar(
        day=a_day(told["date"]), open=first, high=highest, low=lowest, close=last, volume=volume
    )
