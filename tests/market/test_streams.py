"""Alpaca's stream, played by a server of ours that speaks as it is documented to."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from valor_core.market.failures import Failure, ProviderFailure
from valor_core.market.providers.alpaca import Alpaca
from valor_core.market.series import Tick

CONNECTED = [{"T": "success", "msg": "connected"}]
AUTHENTICATED = [{"T": "success", "msg": "authenticated"}]
SUBSCRIBED = [{"T": "subscription", "trades": ["FAKEPACA"], "quotes": [], "bars": []}]


def a_trade(price: Any, second: int = 1) -> dict[str, Any]:
    return {
        "T": "t", "i": second, "S": "FAKEPACA", "x": "D", "p": price, "s": 100,
        "t": f"2024-01-02T15:51:{second:02}.208123456Z", "c": ["@"], "z": "C",
    }  # fmt: skip


Play = Callable[[ServerConnection], Awaitable[None]]


def playing(*after: Any, said: list[Any] | None = None) -> Play:
    """Tells what comes after each message that it gets, then leaves."""

    async def play(socket: ServerConnection) -> None:
        await socket.send(json.dumps(CONNECTED))
        for message in after:
            heard = await socket.recv()
            if said is not None:
                said.append(json.loads(heard))
            for each in message:
                await socket.send(each if isinstance(each, str) else json.dumps(each))

    return play


def streamed(play: Play, *, feed: str = "test", most: int = 2) -> list[Tick]:
    async def once() -> list[Tick]:
        async with serve(play, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            alpaca = Alpaca(
                base_url="", stream_url=f"ws://127.0.0.1:{port}", feed=feed, key="id0:s3cret",
                loopback=True,
            )  # fmt: skip
            ticks: list[Tick] = []
            async for tick in alpaca.stream(["FAKEPACA"]):
                ticks.append(tick)
                if len(ticks) == most:
                    break
            return ticks

    return asyncio.run(once())


def test_trades_become_ticks_in_their_order_and_those_of_the_test_feed_say_so():
    said: list[Any] = []
    play = playing(
        [AUTHENTICATED], [SUBSCRIBED, [a_trade(126.5, 1), a_trade("126.75", 2)]], said=said
    )

    first, second = streamed(play)

    assert said[0] == {"action": "auth", "key": "id0", "secret": "s3cret"}
    assert said[1] == {"action": "subscribe", "trades": ["FAKEPACA"]}
    assert (first.symbol, first.price, first.size, first.seq) == ("FAKEPACA", 126.5, 100.0, 1)
    assert first.at == datetime(2024, 1, 2, 15, 51, 1, 208123, tzinfo=UTC)
    assert (second.price, second.seq, second.synthetic) == (126.75, 2, True)


@pytest.mark.parametrize(
    ("messages", "kind"),
    [
        ([[[{"T": "error", "code": 402, "msg": "auth failed"}]]], Failure.UNAUTHORISED),
        ([[[{"T": "error", "code": 406, "msg": "limit exceeded"}]]], Failure.THROTTLED),
        ([[[{"T": "success", "msg": "something else"}]]], Failure.MALFORMED),
        ([[AUTHENTICATED], [[a_trade("NaN")]]], Failure.MALFORMED),
        ([[AUTHENTICATED], ["no JSON"]], Failure.MALFORMED),
        ([[AUTHENTICATED], ["[1]"]], Failure.MALFORMED),
        ([[AUTHENTICATED], ["x" * 1_100_000]], Failure.CONNECTION),
        ([[AUTHENTICATED], [SUBSCRIBED]], Failure.CONNECTION),  # and then it leaves
    ],
)
def test_a_stream_that_goes_wrong_ends_in_a_failure_of_its_kind(messages, kind):
    with pytest.raises(ProviderFailure) as failed:
        streamed(playing(*messages))

    assert failed.value.kind is kind
    assert "s3cret" not in f"{failed.value!r}{vars(failed.value)}"


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("wss://169.254.169.254", Failure.BLOCKED_ADDRESS),
        ("wss://127.0.0.1:1", Failure.BLOCKED_ADDRESS),
        ("ws://93.184.215.14", Failure.BLOCKED_ADDRESS),
        ("https://93.184.215.14", Failure.BLOCKED_ADDRESS),
        ("wss://[::1", Failure.BLOCKED_ADDRESS),
        ("wss://93.184.215.14:x", Failure.BLOCKED_ADDRESS),
    ],
)
def test_a_stream_leads_nowhere_but_to_the_open_internet(url, kind):
    async def once() -> None:
        alpaca = Alpaca(base_url="", stream_url=url, key="id0:s3cret")
        async for _ in alpaca.stream(["AAPL"]):
            break

    with pytest.raises(ProviderFailure) as failed:
        asyncio.run(once())
    assert failed.value.kind is kind


def test_a_server_that_is_no_web_socket_is_told_apart_from_one_that_is_not_there():
    async def no_socket(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 \r\nLocation: ws://169.254.169.254/\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def once(*, there: bool) -> None:
        server = await asyncio.start_server(no_socket, "127.0.0.1", 0)
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        alpaca = Alpaca(base_url="", stream_url=url, key="i:s", loopback=True)
        async with server:
            if not there:
                server.close()
            async for _ in alpaca.stream(["AAPL"]):
                break

    for there, kind in ((True, Failure.MALFORMED), (False, Failure.CONNECTION)):
        with pytest.raises(ProviderFailure) as failed:
            asyncio.run(once(there=there))
        assert failed.value.kind is kind
