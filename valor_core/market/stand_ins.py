"""A server on this machine that stands in for a provider: to show one tenant a failover.

A file in the installation's own folder says so to every process; it runs out by itself, so that a
demonstration that was killed leaves nothing behind.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from valor_core.market.provider import Answer, Capability, Licence, Provider, Query
from valor_core.market.providers.tiingo import Tiingo
from valor_core.market.transport import SafeHttp
from valor_core.settings import home
from valor_core.store.folders import private_folder


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
def standing_in(tenant_id: str, url: str, *, lasts_s: float) -> Iterator[None]:
    """Tiingo stands at that address for that tenant, until the block ends or the time is over."""
    private_folder(home())
    told = {"tenant": tenant_id, "url": url, "until": time.time() + lasts_s}
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
    stand_in = StandIn(Tiingo(base_url=told["url"], key="stand-in"))
    return {stand_in.name: stand_in}


def _file() -> Path:
    return home() / "stand-in.json"
