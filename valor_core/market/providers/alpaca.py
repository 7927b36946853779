"""Alpaca: daily bars of US shares, and their trades as they happen.

Shapes: https://docs.alpaca.markets/reference/stockbarsingle-1 and
https://docs.alpaca.markets/docs/real-time-stock-pricing-data (as of 2026-11; unverified against a
recorded answer). The feed `test` tells trades of the invented share FAKEPACA at all hours.
"""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from valor_core.market.failures import Failure, ProviderFailure
from valor_core.market.provider import Answer, BarsQuery, Capability, Licence, Query, in_series
from valor_core.market.reading import a_number, a_text, as_json, reading
from valor_core.market.series import Adjusted, Bar, Series, Tick
from valor_core.market.sockets import ClientConnection, socket_to
from valor_core.market.transport import Fetched, Request, SafeHttp
from valor_core.values import utc_now

ZONE = "America/New_York"
PAGES_MAX = 20
TEST_FEED = "test"
_REFUSALS = {
    401: Failure.UNAUTHORISED,  # nothing was told of a key
    402: Failure.UNAUTHORISED,  # the key is wrong
    404: Failure.TIMEOUT,  # the key came too late
    406: Failure.THROTTLED,  # one connection for each account
    407: Failure.CONNECTION,  # we read too slowly
    409: Failure.UNAUTHORISED,  # not in the subscription
    500: Failure.SERVER,
}
_ADJUSTMENT = {Adjusted.NONE: "raw", Adjusted.SPLITS: "split", Adjusted.ALL: "all"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alpaca:
    """Daily bars in US dollars, of trades on IEX. The key is `id:secret`."""

    base_url: str
    key: str = field(repr=False)
    stream_url: str = ""
    feed: str = "iex"
    loopback: bool = False  # whether the stream may stand on this machine

    name = "alpaca"
    title = "Alpaca"
    capabilities = frozenset({Capability.BARS, Capability.STREAM})
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

    def of_feed(self, feed: str) -> "Alpaca":
        """The same account on another of its streams."""
        return replace(self, feed=feed)

    async def health(self, http: SafeHttp, deadline: float) -> None:
        """One bar of one share."""
        await self._get("SPY", {"timeframe": "1Day", "limit": "1", "feed": "iex"}, http, deadline)

    async def stream(
        self,
        symbols: Sequence[str],
        *,
        since: datetime | None = None,  # noqa: ARG002  it tells nothing again
    ) -> AsyncIterator[Tick]:
        """The trades of the symbols until the connection ends, which is a ProviderFailure."""
        async with socket_to(
            f"{self.stream_url}/v2/{self.feed}", title=self.title, loopback=self.loopback
        ) as socket:
            name, _, secret = self.key.partition(":")
            await self._told(socket, {"T": "success", "msg": "connected"})
            await socket.send(json.dumps({"action": "auth", "key": name, "secret": secret}))
            await self._told(socket, {"T": "success", "msg": "authenticated"})
            await socket.send(json.dumps({"action": "subscribe", "trades": list(symbols)}))
            while True:
                for message in await self._messages(socket):
                    if message["T"] == "t":
                        with reading(self.title):
                            tick = self._tick(message)
                        yield tick

    async def _told(self, socket: ClientConnection, wanted: dict[str, str]) -> None:
        """Waits for what must come next; the second message of Alpaca is the first that matters."""
        messages = await self._messages(socket)
        if not any(wanted.items() <= message.items() for message in messages):
            told = f"{wanted['msg']} was to come"
            raise ProviderFailure(self.title, Failure.MALFORMED, told=told)

    async def _messages(self, socket: ClientConnection) -> list[dict[str, Any]]:
        raw = await socket.recv()
        with reading(self.title):
            messages = as_json(raw.encode() if isinstance(raw, str) else raw)
            kinds = {message["T"] for message in messages}
        if "error" in kinds:
            code = next(each.get("code") for each in messages if each["T"] == "error")
            raise ProviderFailure(self.title, _REFUSALS.get(code, Failure.CALLER))
        return messages

    def _tick(self, told: dict[str, Any]) -> Tick:
        return Tick(
            symbol=a_text(told["S"]),
            price=a_number(told["p"]),
            size=a_number(told["s"]),
            at=datetime.fromisoformat(a_text(told["t"])),
            received_at=utc_now(),
            source=self.name,
            seq=round(a_number(told["i"])),
            synthetic=self.feed == TEST_FEED,
        )

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
