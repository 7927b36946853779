"""A server on this machine that stands in for a provider: to show one tenant a failover.

A file in the installation's own folder says so to every process; it runs out by itself, so that a
demonstration that was killed leaves nothing behind.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from valor_core.market.provider import Answer, Capability, Licence, Provider, Query
from valor_core.market.providers.alpaca import Alpaca
from valor_core.market.providers.ecb import Ecb
from valor_core.market.providers.edgar import Edgar
from valor_core.market.providers.fmp import Fmp
from valor_core.market.providers.fred import Fred
from valor_core.market.providers.tiingo import Tiingo
from valor_core.market.transport import SafeHttp
from valor_core.settings import home
from valor_core.store.folders import private_folder

KEY = "stand:in"
AT: Mapping[str, Callable[[str], Provider]] = {
    Edgar.name: lambda url: Edgar(base_url=url, data_url=url, contact=KEY),
    Fred.name: lambda url: Fred(base_url=url, key=KEY),
    Fmp.name: lambda url: Fmp(base_url=url, key=KEY),
    Tiingo.name: lambda url: Tiingo(base_url=url, key=KEY),
    Alpaca.name: lambda url: Alpaca(base_url=url, key=KEY),
    Ecb.name: lambda url: Ecb(base_url=url),
}
"""The providers that have an address, each as it would be asked at another one."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """A provider as it is, but asked on this machine."""

    provider: Provider

    @property
    def name(self) -> str:
        """As settings, policies and logs call it."""
        return self.provider.name

    @property
    def title(self) -> str:
        """As people call it, and that it is not the real one."""
        return f"{self.provider.title} (stand-in)"

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can be asked for."""
        return self.provider.capabilities

    @property
    def licence(self) -> Licence:
        """The terms of its data."""
        return self.provider.licence

    @property
    def price(self) -> float:
        """What one call costs."""
        return self.provider.price

    async def fetch(self, query: Query, http: SafeHttp, deadline: float) -> Answer:  # noqa: ARG002
        """The answer of the server on this machine."""
        async with SafeHttp(loopback=True) as own:
            return await self.provider.fetch(query, own, deadline)

    async def health(self, http: SafeHttp, deadline: float) -> None:  # noqa: ARG002
        """Whether the server on this machine answers."""
        async with SafeHttp(loopback=True) as own:
            await self.provider.health(own, deadline)


@contextmanager
def standing_in(tenant_id: str, urls: Mapping[str, str], *, lasts_s: float) -> Iterator[None]:
    """Providers stand at these addresses for that tenant, until the block or the time ends."""
    private_folder(home())
    told = {"tenant": tenant_id, "urls": dict(urls), "until": time.time() + lasts_s}
    _file().write_text(json.dumps(told))
    try:
        yield
    finally:
        _file().unlink(missing_ok=True)


def stand_ins(tenant_id: str) -> dict[str, Provider]:
    """The providers that stand on this machine for the tenant now."""
    try:
        told = json.loads(_file().read_text())
    except FileNotFoundError:
        return {}
    if told["tenant"] != tenant_id or time.time() > told["until"]:
        return {}
    return {name: StandIn(AT[name](url)) for name, url in told["urls"].items()}


def _file() -> Path:
    return home() / "stand-in.json"
