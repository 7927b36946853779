"""Alpaca's stream, played on this machine: soundly, or in the way of its present fault.

It speaks as https://docs.alpaca.markets/docs/real-time-stock-pricing-data says (2026-11; unverified
against a recorded session): each message is a list, and a trade's `i` is its number.
"""

import asyncio
import json
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from app.fault_server import Fault

Trade = tuple[datetime, float]
"""When a share changed hands, and at which price."""


class StreamServer:
    """Lets one account in, and tells each connection its part of the trades, then leaves it."""

    def __init__(self, parts: Sequence[Sequence[Trade]], *, key: str) -> None:
        self.fault = Fault.NONE
        self.port = 0
        self.asked: deque[Mapping[str, Any]] = deque(maxlen=1_000)
        self._parts, self._key, self._told = list(parts), key, 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),), daemon=True)

    @property
    def url(self) -> str:
        """Where it streams."""
        return f"ws://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listens before it returns."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Drops every connection."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        async with serve(self._meet, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stopping.wait()

    async def _meet(self, socket: ServerConnection) -> None:
        await _tell(socket, {"T": "success", "msg": "connected"})
        told = await self._heard(socket)
        known = f"{told.get('key')}:{told.get('secret')}" == self._key
        if told.get("action") != "auth" or not known or self.fault is Fault.DENY:
            await _tell(socket, {"T": "error", "code": 402, "msg": "auth failed"})
            return
        if self.fault is Fault.THROTTLE:
            await _tell(socket, {"T": "error", "code": 406, "msg": "connection limit exceeded"})
            return
        await _tell(socket, {"T": "success", "msg": "authenticated"})
        symbols = (await self._heard(socket)).get("trades", [])
        await _tell(socket, {"T": "subscription", "trades": symbols, "quotes": [], "bars": []})
        if self.fault is Fault.GARBAGE:
            await socket.send(bytes(range(256)))
        if self.fault is Fault.HANG:
            await self._stopping.wait()
        if self.fault is Fault.NONE and self._parts:
            await self._trade(socket, symbols, self._parts.pop(0))

    async def _trade(
        self, socket: ServerConnection, symbols: Sequence[str], part: Sequence[Trade]
    ) -> None:
        for at, price in part:
            self._told += 1
            moment = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}000Z"
            trades = [
                {"T": "t", "i": self._told, "S": symbol, "x": "D", "p": price, "s": 100,
                 "t": moment, "c": ["@"], "z": "C"}
                for symbol in symbols
            ]  # fmt: skip
            await _tell(socket, *trades)

    async def _heard(self, socket: ServerConnection) -> Mapping[str, Any]:
        told = json.loads(await socket.recv())
        self.asked.append(told)
        return told


async def _tell(socket: ServerConnection, *messages: Mapping[str, Any]) -> None:
    await socket.send(json.dumps(messages))


@contextmanager
def streaming(parts: Sequence[Sequence[Trade]], *, key: str) -> Iterator[StreamServer]:
    """A stream on a free port of loopback, for a `with` block."""
    server = StreamServer(parts, key=key)
    server.start()
    try:
        yield server
    finally:
        server.stop()
