"""A running server on a free port of this machine, as the product configures it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.types import ASGIApp

from app.process import listen, server


@dataclass(frozen=True)
class Served:
    port: int

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def websocket_origin(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def send(self, *parts: bytes, pause_s: float = 0.0, within_s: float = 10.0) -> bytes:
        """Send the parts by hand and read until the server closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=within_s) as connection:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause_s)
            answer = b""
            while chunk := connection.recv(65_536):
                answer += chunk
            return answer


@contextmanager
def served(app: ASGIApp, *, listener: socket.socket | None = None) -> Iterator[Served]:
    ready = threading.Event()
    with listener or listen(port=0) as listening:
        running = server(app, on_ready=ready.set)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        assert ready.wait(20)
        try:
            yield Served(listening.getsockname()[1])
        finally:
            running.should_exit = True
            thread.join(20)
