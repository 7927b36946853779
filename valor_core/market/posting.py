"""Posts to an address that a tenant named: judged when it is dialled, bounded, no detours."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpcore2

from valor_core.market.addresses import BlockedAddress, GuardedBackend
from valor_core.settings import setting

ANSWER_WITHIN_S = 15.0
_TOLD: Mapping[type[Exception], str] = {
    BlockedAddress: "it stands at an address that may not be asked",
    TimeoutError: f"it did not answer within {ANSWER_WITHIN_S:g} s",
    httpcore2.NetworkError: "it could not be reached",
    httpcore2.TimeoutException: "it could not be reached",
    httpcore2.ProtocolError: "its answer cannot be read",
}


def may_be_posted_to(url: str) -> bool:
    """Whether it can be an address at all; which one it is, is judged when it is dialled.

    >>> may_be_posted_to("https://hooks.example.com/valor"), may_be_posted_to("http://169.254.1.1")
    (True, False)
    """
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and (parts.port or 443) > 0
    except ValueError:
        return False
    schemes = ("https", "http") if setting("VALOR_DATA_LOOPBACK") else ("https",)
    plain = parts.username is None and parts.password is None and not parts.fragment
    readable = url.isascii() and url.isprintable() and " " not in url  # as it goes over the wire
    return named and plain and readable and parts.scheme in schemes


def post(url: str, body: bytes, headers: Mapping[str, str]) -> str:
    """Nothing where it was accepted (2xx), else why not, in words."""
    if not may_be_posted_to(url):
        return "its address may not be asked"
    try:
        return _judged(asyncio.run(_post(url, body, headers)))
    except tuple(_TOLD) as error:
        return next(told for kind, told in _TOLD.items() if isinstance(error, kind))


def _judged(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return "it points elsewhere, which is not followed"
    return f"it answered with HTTP status {status}"


async def _post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    backend = GuardedBackend(loopback=bool(setting("VALOR_DATA_LOOPBACK")))
    told = [("Content-Type", "application/json"), ("User-Agent", "Valor-IVX"), *headers.items()]
    async with asyncio.timeout(ANSWER_WITHIN_S), httpcore2.AsyncConnectionPool(
        network_backend=backend
    ) as pool, pool.stream("POST", url, headers=told, content=body) as got:  # fmt: skip
        return got.status  # what else it says is not read
