"""A stream whose other end means harm: it has no end, or a gigabyte in a few bytes."""

import asyncio
import base64
import hashlib
import resource
import socket
import threading
import zlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from valor_core.market import sockets
from valor_core.market.failures import Failure, ProviderFailure
from valor_core.market.providers.alpaca import Alpaca
from valor_core.market.series import Tick
from valor_core.market.tape import Lead
from valor_core.workbench import feeds

MIB = 1 << 20
BEGIN = datetime(2024, 1, 2, tzinfo=UTC)
MUCH_MIB = 100
"""What has no end offers so much, twice what may be kept: then it waits for whoever listens."""

TEXT, GOES_ON, PING = 0x01, 0x00, 0x09
LAST, PACKED = 0x80, 0x40

Harm = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def frame(head: int, body: bytes = b"") -> bytes:
    """A frame of the web socket protocol as a server sends it."""
    if len(body) < 126:
        return bytes([head, len(body)]) + body
    return bytes([head, 127]) + len(body).to_bytes(8, "big") + body


async def shaken_hands(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The handshake as it should be, with packing agreed upon."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    key = next(line for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key"))
    secret = key.partition(":")[2].strip() + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accepted = base64.b64encode(hashlib.sha1(secret.encode()).digest()).decode()
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
        b"Sec-WebSocket-Accept: " + accepted.encode() + b"\r\n\r\n"
    )


async def gigabyte_in_a_message(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await shaken_hands(reader, writer)
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    mebibyte = squeeze.compress(bytes(MIB)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    writer.write(frame(TEXT | PACKED | LAST, mebibyte * 1024))
    await writer.drain()


async def gigabyte_in_fragments(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await shaken_hands(reader, writer)
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    part = squeeze.compress(bytes(MIB // 4)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    await without_end(writer, frame(TEXT | PACKED, part), frame(GOES_ON, part) * 1000)


async def fragments_of_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await shaken_hands(reader, writer)
    await without_end(writer, frame(TEXT), frame(GOES_ON) * 10_000)


async def a_frame_that_never_ends(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    await shaken_hands(reader, writer)
    await without_end(writer, bytes([TEXT | LAST, 127]) + (1 << 62).to_bytes(8, "big"), bytes(MIB))


async def pings_whose_answers_nobody_reads(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    await shaken_hands(reader, writer)
    await without_end(writer, b"", frame(PING | LAST, bytes(125)) * 1000)


async def without_end(writer: asyncio.StreamWriter, first: bytes, then: bytes) -> None:
    writer.write(first)
    for _ in range(MUCH_MIB * MIB // len(then)):
        writer.write(then)
        await writer.drain()


async def a_greeting_without_end(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await without_end(writer, b"HTTP/1.1 101 Switching Protocols\r\nX: ", b"x" * MIB)


async def lines_without_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await without_end(writer, b"HTTP/1.1 101 Switching Protocols\r\n", b"X: y\r\n" * 10_000)


async def a_refusal_without_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await without_end(writer, b"HTTP/1.1 500 \r\nContent-Length: 9999999999\r\n\r\n", bytes(MIB))


async def nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


def listening() -> socket.socket:
    """A place to listen that takes little in ahead of who reads."""
    made = socket.create_server(("127.0.0.1", 0))
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    return made


def failure_of(harm: Harm) -> ProviderFailure:
    """How a stream ends whose other end does that harm."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await harm(reader, writer)
            await reader.read(1)
        except OSError:
            pass
        finally:
            writer.transport.abort()

    async def once() -> None:
        async with await asyncio.start_server(meet, sock=listening()) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            alpaca = Alpaca(base_url="", stream_url=url, key="id0:s3cret", loopback=True)
            async for _ in alpaca.stream(["AAPL"]):
                break

    with pytest.raises(ProviderFailure) as failed:
        asyncio.run(once())
    return failed.value


@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        (gigabyte_in_a_message, Failure.CONNECTION),
        (gigabyte_in_fragments, Failure.CONNECTION),
        (fragments_of_nothing, Failure.CONNECTION),
        (a_frame_that_never_ends, Failure.CONNECTION),
        (pings_whose_answers_nobody_reads, Failure.CONNECTION),
        (a_greeting_without_end, Failure.MALFORMED),
        (lines_without_end, Failure.MALFORMED),
        (a_refusal_without_end, Failure.MALFORMED),
    ],
)
def test_whatever_a_stream_sends_it_ends_in_a_failure_and_memory_is_bounded(harm, kind):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    assert failure_of(harm).kind is kind
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


def test_a_handshake_that_never_ends_is_left_in_time(monkeypatch):
    monkeypatch.setattr(sockets, "OPEN_WITHIN_S", 0.2)

    assert failure_of(nothing).kind is Failure.TIMEOUT


class Endless:
    """Tells trade after trade and never waits."""

    title = "Endless"

    async def stream(self, symbols, *, since=None):
        for n in count():
            at = BEGIN + timedelta(milliseconds=n)
            yield Tick(symbol=symbols[0], price=1.0, size=1.0, at=at, received_at=at,
                       source="endless", seq=n)  # fmt: skip


def test_trades_without_end_wait_until_those_before_them_stand_on_the_tape(monkeypatch):
    monkeypatch.setattr(feeds, "FLUSH_S", 0.01)
    lead = Lead(feed_id="f", provider="endless", symbols=("KO",), token=1, marks={})
    stopped, kept = threading.Event(), list[int]()

    def keep(ticks: Sequence[Tick]) -> int:
        kept.append(len(ticks))
        if len(kept) == 3:
            stopped.set()
        return len(ticks)

    endless: Any = Endless()
    asyncio.run(feeds._taken_in(lead, endless, keep, stopped))

    assert max(kept) <= feeds.WAITING_MOST
