"""A request has to arrive within a time and a size; otherwise its connection is closed.

uvicorn alone waits for ever on a half-sent request, which no ASGI middleware ever sees.
"""

from asyncio import TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_ANSWER = (
    "HTTP/1.1 {}\r\ncontent-length: 0\r\nconnection: close\r\ncache-control: no-store\r\n"
    "content-security-policy: default-src 'none'\r\nx-content-type-options: nosniff\r\n\r\n"
)
BAD_REQUEST = _ANSWER.format("400 Bad Request").encode()
TIMEOUT = _ANSWER.format("408 Request Timeout").encode()
HEADERS_TOO_LARGE = _ANSWER.format("431 Request Header Fields Too Large").encode()


class DeadlineProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol with deadlines in seconds for the headers and for the body."""

    headers_within_s = 10.0
    body_within_s = 120.0
    header_bytes_max = 64 << 10

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.deadline: TimerHandle | None = None
        self.in_headers = False
        self.header_bytes = 0

    def connection_made(self, transport: Any) -> None:
        """The client has to send its first request soon."""
        super().connection_made(transport)
        self._await_headers()

    def data_received(self, data: bytes) -> None:
        """Watch each request from its first byte on, also a later one on the same connection."""
        answered = self.cycle is None or self.cycle.response_complete
        if self.deadline is None and answered:
            self._await_headers()
        super().data_received(data)
        if self.in_headers:
            self.header_bytes += len(data)
            if self.header_bytes > self.header_bytes_max:
                self._end(HEADERS_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """The headers are here; now the body has its own time."""
        self._disarm()
        self.deadline = self.loop.call_later(self.body_within_s, self._end, b"")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is here whole."""
        self._disarm()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002, as uvicorn calls it
        """What cannot be read as a request; it never reaches the application and its headers."""
        self._end(BAD_REQUEST)

    def handle_websocket_upgrade(self) -> None:
        """From here on the websocket's pings watch the connection."""
        self._disarm()
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._disarm()
        super().connection_lost(exc)

    def _await_headers(self) -> None:
        self.in_headers, self.header_bytes = True, 0
        self.deadline = self.loop.call_later(self.headers_within_s, self._end, TIMEOUT)

    def _disarm(self) -> None:
        self.in_headers = False
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def _end(self, answer: bytes) -> None:
        self._disarm()
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()
