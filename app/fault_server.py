"""A data provider that fails on purpose: for tests, and to watch a failover happen.

    with serving(answers) as server:
        server.fault = Fault.HANG
        ...ask server.url...

It listens on loopback only and on plain asyncio, so that nothing is needed to start it anywhere.
"""

import asyncio
import contextlib
import gzip
import socket
import struct
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from urllib.parse import parse_qsl, unquote, urlsplit

Answers = Callable[[str, Mapping[str, str]], bytes | None]
"""What stands at a path with its parameters; None where nothing does."""

DRIP_S = 0.2
RETRY_AFTER_S = 7
ELSEWHERE = "http://169.254.169.254/latest/meta-data/"
_MIB = 1 << 20
_BOMB_MIB = 1024
_HEAD_MAX = 65_536


class Fault(StrEnum):
    """What the server does instead of answering."""

    NONE = "none"
    HANG = "hang"
    DRIP = "drip"
    ERROR = "error"  # 500
    THROTTLE = "throttle"  # 429 with Retry-After
    QUOTA = "quota"  # 402
    DENY = "deny"  # 401
    GARBAGE = "garbage"
    RESET = "reset"  # in the middle of the answer
    BOMB = "bomb"  # a gigabyte of nothing, packed
    TAIL = "tail"  # the answer, packed, and no end of bytes after it
    REDIRECT = "redirect"  # to where no client may go
    WRONG = "wrong"  # a sound answer to another question


_PACKED = {"Content-Encoding": "gzip"}
_CLOSES = {"Connection": "close"}
_HEADERS = {
    Fault.ERROR: (500, {}),
    Fault.THROTTLE: (429, {"Retry-After": str(RETRY_AFTER_S)}),
    Fault.QUOTA: (402, {}),
    Fault.DENY: (401, {}),
    Fault.REDIRECT: (302, {"Location": ELSEWHERE}),
}


class FaultServer:
    """Answers as a provider does, soundly or in the way of its present fault."""

    def __init__(self, answers: Answers, *, wrong: Answers | None = None, port: int = 0) -> None:
        self.fault = Fault.NONE
        self.asked: deque[str] = deque(maxlen=10_000)  # paths with their parameters, as they came
        self.heads: deque[dict[str, str]] = deque(maxlen=100)  # the headers of each, in lower case
        self._answers, self._wrong = answers, wrong or answers
        self._port, self._ready = port, threading.Event()
        self._stop: Callable[[], object] = lambda: None
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),), daemon=True)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Listens before it returns."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Drops every connection, also those that hang."""
        self._stop()
        self._thread.join()

    async def _serve(self) -> None:
        stopping, loop = asyncio.Event(), asyncio.get_running_loop()
        self._stop = lambda: loop.call_soon_threadsafe(stopping.set)
        server = await asyncio.start_server(self._meet, "127.0.0.1", self._port, limit=_HEAD_MAX)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await stopping.wait()
        server.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:
            writer.transport.abort()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answers one question; whether the connection may be asked again."""
        line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        target = line.split(" ")[1]
        url = urlsplit(target)
        self.asked.append(target)
        self.heads.append(dict(_named(each) for each in rest if each))
        fault = self.fault
        answers = self._wrong if fault is Fault.WRONG else self._answers
        body = answers(unquote(url.path), dict(parse_qsl(url.query)))
        if fault in (Fault.NONE, Fault.WRONG):
            packed = gzip.compress(body or b"", 1)
            writer.write(_head(404 if body is None else 200, len(packed), _PACKED) + packed)
            await writer.drain()
            return True
        if fault is Fault.HANG:
            await reader.read()  # until whoever asked has gone
        else:
            await _fail(fault, body or b"{}", writer)
        return False


async def _fail(fault: Fault, body: bytes, writer: asyncio.StreamWriter) -> None:
    if fault in _HEADERS:
        status, headers = _HEADERS[fault]
        writer.write(_head(status, 0, _CLOSES | headers))
    elif fault is Fault.DRIP:
        writer.write(_head(200, len(body)))
        for byte in body:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(DRIP_S)
    elif fault is Fault.GARBAGE:
        noise = bytes(range(256))
        writer.write(_head(200, len(noise), _CLOSES) + noise)
    elif fault is Fault.RESET:
        writer.write(_head(200, len(body)) + body[: len(body) // 2])
        await writer.drain()
        _reset(writer)
    elif fault is Fault.BOMB:
        await _drop_a_bomb(writer)
    elif fault is Fault.TAIL:
        writer.write(_head(200, _BOMB_MIB * _MIB, _PACKED) + gzip.compress(body, 1))
        for _ in range(_BOMB_MIB):
            writer.write(bytes(_MIB))
            await writer.drain()
    await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Closes as a crashed machine does: without a goodbye."""
    made: socket.socket = writer.get_extra_info("socket")
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _drop_a_bomb(writer: asyncio.StreamWriter) -> None:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    start = squeeze.flush(zlib.Z_FULL_FLUSH)
    mebibyte = squeeze.compress(bytes(_MIB)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    writer.write(_head(200, len(start) + _BOMB_MIB * len(mebibyte), _PACKED) + start)
    for _ in range(_BOMB_MIB):  # the same block again and again, which needs no memory here either
        writer.write(mebibyte)
        await writer.drain()


def _head(status: int, length: int, headers: Mapping[str, str] = {}) -> bytes:
    told = {"Content-Length": str(length), **headers}
    lines = [f"HTTP/1.1 {status} ", *(f"{name}: {text}" for name, text in told.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def _named(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.lower(), value.strip()


@contextmanager
def serving(answers: Answers, *, wrong: Answers | None = None) -> Iterator[FaultServer]:
    """A server on a free port of loopback, for a `with` block."""
    server = FaultServer(answers, wrong=wrong)
    server.start()
    try:
        yield server
    finally:
        server.stop()
