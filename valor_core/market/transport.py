"""The one way to a provider: a total deadline, a cap on what is unpacked, no detours.

httpcore rather than httpx: it follows no redirect, reads no proxy from the environment and unpacks
nothing by itself, and it takes a network of ours, where the address that is dialled can be judged.
"""

import asyncio
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode, urlsplit

import httpcore2

from valor_core.market.addresses import BlockedAddress, GuardedBackend
from valor_core.market.failures import Failure, ProviderFailure
from valor_core.settings import setting
from valor_core.values import utc_now

BODY_MAX = 50_000_000
"""The most bytes of one answer, unpacked."""

RETRY_AFTER_MAX_S = 3600.0
"""No provider keeps a question waiting for longer by its Retry-After."""

_KINDS = {401: Failure.UNAUTHORISED, 402: Failure.QUOTA, 403: Failure.UNAUTHORISED}
_HEAD_MAX = 4096
_GZIP = 31  # zlib's window bits for a gzip wrapper


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of a provider. What is secret goes over the wire and nowhere else."""

    provider: str
    base_url: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    secret_params: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body_max: int = BODY_MAX
    refused: "Callable[[int, bytes], Failure | None] | None" = None
    """What a refusal means whose status does not tell; its text may echo a key, and stays there."""

    @property
    def source(self) -> str:
        """The address without what is secret."""
        return self._address(self.params)

    @property
    def address(self) -> str:
        """The whole address."""
        return self._address({**self.params, **self.secret_params})

    def _address(self, params: Mapping[str, str]) -> str:
        query = f"?{urlencode(params)}" if params else ""
        return f"{self.base_url.rstrip('/')}/{quote(self.path.lstrip('/'))}{query}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came back, unpacked."""

    body: bytes
    headers: Mapping[str, str]  # names in lower case
    source: str


class SafeHttp:
    """Asks providers, for an `async with` block: connections are kept until its end.

    `loopback` lets providers stand on this machine, on any port and without TLS.
    """

    def __init__(self, *, loopback: bool | None = None, contact: str | None = None) -> None:
        self._loopback = bool(setting("VALOR_DATA_LOOPBACK")) if loopback is None else loopback
        told = setting("VALOR_DATA_CONTACT") if contact is None else contact
        self._agent = f"Valor-IVX {told}".strip()
        self._pool: httpcore2.AsyncConnectionPool | None = None

    async def __aenter__(self) -> Self:
        self._pool = httpcore2.AsyncConnectionPool(
            max_connections=20,
            max_keepalive_connections=10,
            keepalive_expiry=30.0,
            network_backend=GuardedBackend(loopback=self._loopback),
        )
        await self._pool.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        assert self._pool is not None
        await self._pool.__aexit__(kind, error, trace)
        self._pool = None

    async def get(self, request: Request, deadline: float) -> Fetched:
        """The answer, whole, before that moment of the event loop's clock; else ProviderFailure."""

        def failed(kind: Failure) -> ProviderFailure:
            return ProviderFailure(request.provider, kind)

        if not self._may_be_asked(request.base_url):
            raise failed(Failure.BLOCKED_ADDRESS)
        try:
            async with asyncio.timeout_at(deadline):
                return await self._get(request)
        except TimeoutError:
            raise failed(Failure.TIMEOUT) from None
        except BlockedAddress:
            raise failed(Failure.BLOCKED_ADDRESS) from None
        except (httpcore2.NetworkError, httpcore2.TimeoutException):
            raise failed(Failure.CONNECTION) from None
        except (httpcore2.RemoteProtocolError, zlib.error):
            raise failed(Failure.MALFORMED) from None

    def _may_be_asked(self, base_url: str) -> bool:
        """Whether an address can be one at all; which one it is, is judged when it is dialled."""
        try:
            url = urlsplit(base_url)
            named = bool(url.hostname) and (url.port or 443) > 0
        except ValueError:
            return False
        plain = url.username is None and url.password is None and not url.query and not url.fragment
        schemes = ("https", "http") if self._loopback else ("https",)
        return named and plain and base_url.isprintable() and url.scheme in schemes

    async def _get(self, request: Request) -> Fetched:
        assert self._pool is not None, "SafeHttp is used in an `async with` block"
        headers = {
            "User-Agent": self._agent.encode("ascii", "replace").decode(),
            "Accept-Encoding": "gzip",
            **request.secret_headers,
        }
        async with self._pool.stream("GET", request.address, headers=list(headers.items())) as got:
            told = {name.decode().lower(): value.decode("latin-1") for name, value in got.headers}
            if got.status != 200:
                failed = refusal(request.provider, got.status, told)
                if request.refused and (kind := request.refused(got.status, await _head_of(got))):
                    after = failed.retry_after_s
                    failed = ProviderFailure(request.provider, kind, retry_after_s=after)
                raise failed
            body = await _unpacked(request, got, told.get("content-encoding", "identity").lower())
        return Fetched(body=body, headers=told, source=request.source)


async def _head_of(got: httpcore2.Response) -> bytes:
    """The beginning of what a refusal says, as it came: that is short and not packed."""
    head = b""
    async for chunk in got.aiter_stream():
        head += chunk
        if len(head) > _HEAD_MAX:
            break
    return head[:_HEAD_MAX]


async def _unpacked(request: Request, got: httpcore2.Response, encoding: str) -> bytes:
    """The body, never more than its cap in memory, however small it was packed."""
    if encoding not in ("identity", "gzip"):
        raise ProviderFailure(
            request.provider, Failure.MALFORMED, told=f"packed as {encoding[:20]}"
        )
    parts, left = [], request.body_max + 1
    inflate = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
    async for chunk in got.aiter_stream():
        part = inflate.decompress(chunk, left) if inflate else chunk
        if inflate and inflate.unused_data:  # zlib would gather all that follows
            told = "more follows its end"
            raise ProviderFailure(request.provider, Failure.MALFORMED, told=told)
        parts.append(part)
        left -= len(part)
        if left <= 0:
            told = f"more than {request.body_max:,} bytes"
            raise ProviderFailure(request.provider, Failure.TOO_LARGE, told=told)
    if inflate and not inflate.eof:
        raise ProviderFailure(request.provider, Failure.MALFORMED, told="it ends too early")
    return b"".join(parts)


def refusal(provider: str, status: int, headers: Mapping[str, str]) -> ProviderFailure:
    """What an answer other than 200 means.

    >>> refusal("FRED", 429, {"retry-after": "7"}).retry_after_s
    7.0
    """
    after = _retry_after_s(headers.get("retry-after", ""))
    if status in _KINDS:
        kind = _KINDS[status]
    elif status == 429 or (status == 503 and after is not None):
        kind = Failure.THROTTLED
    elif 300 <= status < 400:
        kind = Failure.REDIRECTED
    elif 400 <= status < 500:
        kind = Failure.CALLER
    else:
        kind = Failure.SERVER if status >= 500 else Failure.MALFORMED
    return ProviderFailure(provider, kind, told=f"HTTP {status}", retry_after_s=after)


def _retry_after_s(told: str) -> float | None:
    """How long a provider asks to be left alone: seconds, or a moment of its own."""
    try:
        if told.isascii() and told.isdigit():
            wait = float(told[:12])
        else:
            wait = (parsedate_to_datetime(told).replace(tzinfo=UTC) - utc_now()).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(wait, 0.0), RETRY_AFTER_MAX_S)
