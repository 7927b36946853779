"""Which addresses a provider may stand at, judged by the address that is dialled, not by its name.

A name can resolve to anything, `http://2130706433` is this machine, and IPv6 has several ways to
write an IPv4 address: names are resolved here, each address is judged, and that one is dialled.
"""

import asyncio
import socket
import threading
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, cast

import httpcore2

_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_COMPATIBLE = IPv6Network("::/96")


class BlockedAddress(Exception):
    """An address that no provider may stand at."""


def may_be_dialled(address: str, port: int, *, loopback: bool) -> bool:
    """Whether a provider may stand there: in the open internet on 443; on loopback where allowed.

    >>> may_be_dialled("93.184.215.14", 443, loopback=False)
    True
    >>> may_be_dialled("::ffff:169.254.169.254", 443, loopback=False)
    False
    """
    ip = ip_address(address.partition("%")[0])
    inner = _embedded(ip)
    if inner is not None:
        return inner.is_global and may_be_dialled(str(inner), port, loopback=False)
    if ip.is_loopback:
        return loopback
    return port == 443 and ip.is_global and not ip.is_multicast and not ip.is_reserved


def _embedded(ip: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address inside of an IPv6 one, where there is one."""
    if isinstance(ip, IPv4Address) or ip.is_loopback:
        return None
    if ip in _NAT64 or ip in _COMPATIBLE:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip in _NAT64_LOCAL:
        return IPv4Address(0)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Dials an address that was judged, or nothing."""

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback
        self._dial = cast("httpcore2.AsyncNetworkBackend", httpcore2.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  as httpcore calls it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """A connection to the first that answers; BlockedAddress if one may not be dialled."""
        addresses = await judged(host, port, loopback=self._loopback)
        failed: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in addresses[:4]:
            try:
                return await self._dial.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed

    async def sleep(self, seconds: float) -> None:
        """Waits, as the pool asks for between two tries."""
        await self._dial.sleep(seconds)


async def judged(host: str, port: int, *, loopback: bool) -> list[str]:
    """The addresses of a name, all of which may be dialled; else BlockedAddress."""
    addresses = await _resolved(host, port)
    if not all(may_be_dialled(each, port, loopback=loopback) for each in addresses):
        raise BlockedAddress(host)
    return addresses


async def _resolved(host: str, port: int) -> list[str]:
    """The addresses of a name. A resolver that hangs holds a thread that nobody waits for."""
    loop = asyncio.get_running_loop()
    told: asyncio.Future[list[str]] = loop.create_future()

    def tell(found: list[str] | None) -> None:
        if told.done():
            return
        if found is None:
            told.set_exception(httpcore2.ConnectError(f"{host} cannot be found"))
        else:
            told.set_result(found)

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found = list(dict.fromkeys(str(address[0]) for *_, address in answers))
        except (OSError, UnicodeError):
            found = None
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, found)

    threading.Thread(target=ask, daemon=True, name="resolver").start()
    return await told
