"""A web socket to a provider under the same guards as a question: judged, bounded, no detours."""

import asyncio
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from httpcore2 import ConnectError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidURI, WebSocketException

from valor_core.market.addresses import BlockedAddress, judged
from valor_core.market.failures import Failure, ProviderFailure

OPEN_WITHIN_S = 10.0
MESSAGE_MAX = 1_000_000


class Heard(ClientConnection):
    """A connection whose other end reads what it is answered; one that asks and never reads ends.

    The library answers each ping at once, however many answers wait already.
    """

    def pause_writing(self) -> None:
        """More waits to be read than we ever say."""
        super().pause_writing()
        self.transport.abort()


@asynccontextmanager
async def socket_to(url: str, *, title: str, loopback: bool) -> AsyncIterator[ClientConnection]:
    """An open socket; whatever ends it is a ProviderFailure. Silence is for the caller to judge."""
    schemes = ("wss", "ws") if loopback else ("wss",)
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        raise ProviderFailure(title, Failure.BLOCKED_ADDRESS) from None
    if not parts.hostname or parts.scheme not in schemes:
        raise ProviderFailure(title, Failure.BLOCKED_ADDRESS)
    try:
        async with asyncio.timeout(OPEN_WITHIN_S):
            made = await _dialled(parts.hostname, port, loopback=loopback)
            socket = await connect(
                url,
                sock=made,
                proxy=None,
                max_size=MESSAGE_MAX,
                open_timeout=None,
                close_timeout=1,
                create_connection=Heard,
            )
    except BlockedAddress:
        raise ProviderFailure(title, Failure.BLOCKED_ADDRESS) from None
    except TimeoutError:
        raise ProviderFailure(title, Failure.TIMEOUT) from None
    except (InvalidHandshake, InvalidURI, ValueError):  # a redirect is a ValueError here
        raise ProviderFailure(title, Failure.MALFORMED, told="no web socket came about") from None
    except (WebSocketException, OSError, ConnectError):
        raise ProviderFailure(title, Failure.CONNECTION) from None
    try:
        yield socket
    except (WebSocketException, OSError):
        raise ProviderFailure(title, Failure.CONNECTION) from None
    finally:
        await socket.close()


async def _dialled(host: str, port: int, *, loopback: bool) -> sockets.socket:
    address = (await judged(host, port, loopback=loopback))[0]
    family = sockets.AF_INET6 if ":" in address else sockets.AF_INET
    made = sockets.socket(family, sockets.SOCK_STREAM)
    made.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return made
