"""The desk that an own notebook opens by `vc.open()`: the tenant's API, on loopback, for one run.

Its key is made for the run, opens this one listener and nothing else, and ends with it. Every
answer is kept, so that whoever makes the report again gives the notebook the same ones: what it
asks twice it is told alike, and nothing that it was not told then.
"""

import base64
import hashlib
import hmac
import json
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from valor_core.errors import BadInput, Conflict, SignInNeeded, ValorError
from valor_core.values import Caller

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

ANSWERS_MAX = 64 << 20  # bytes that one run may be told
BODY_MAX = 1 << 20
CONNECTIONS_MOST = 32
STARTS_WITHIN_S = 60.0

_apis: list[Callable[[Caller], "ASGIApp"]] = []


def use_api(api: Callable[[Caller], "ASGIApp"]) -> None:
    """The API of this process, as it answers one caller: said once, at start."""
    _apis[:] = [api]


class ToldEnough(Conflict):
    """A notebook has been told as much as is kept of a run."""

    code = "told_enough"

    def __init__(self) -> None:
        super().__init__(
            f"This report was told {ANSWERS_MAX >> 20} MB, and no more is kept of one.",
            hint="Ask for less: name the years, the companies or the columns that it needs.",
        )


class NotToldThen(Conflict):
    """Made again, a notebook asks what it had not asked when it was made."""

    code = "not_told_then"

    def __init__(self) -> None:
        super().__init__(
            "This was not asked when the report was made, so there is no answer to give again.",
            hint="What it asks must follow from its parameters and its answers alone, not from "
            "the clock or from chance.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """Where an own notebook asks, and by which key."""

    url: str
    key: str


@dataclass(slots=True)
class Answers:
    """What a run asked and was told; without a reader, what it is told again."""

    reader: Caller | None
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    size: int = 0

    @classmethod
    def read(cls, file: Path) -> "Answers":
        """Those of a run that was made."""
        return cls(None, json.loads(file.read_text()))

    def write(self, file: Path) -> None:
        """Keeps them beside what the run has made."""
        file.write_text(json.dumps(self.told, sort_keys=True, indent=1))


@contextmanager
def lent_desk(answers: Answers, *, lasts_s: float) -> Iterator[Lent]:
    """A listener on loopback for one run, with a key that it alone knows; gone afterwards."""
    import uvicorn

    key = f"vx_run.{secrets.token_urlsafe(32)}"
    door = _Door(answers, key, until=time.monotonic() + lasts_s)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(
            door,
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            ws="none",
            http=_few_at_once(),
            backlog=CONNECTIONS_MOST,
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        _await(lambda: server.started or not thread.is_alive())
        yield Lent(url=f"http://127.0.0.1:{listener.getsockname()[1]}", key=key)
    finally:
        door.until = 0.0
        server.should_exit = server.force_exit = True
        thread.join()
        listener.close()


def _few_at_once() -> "type[HttpToolsProtocol]":
    """What takes a run's connections: those of one must leave the server some for everybody."""
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class FewAtOnce(HttpToolsProtocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            if len(self.connections) > CONNECTIONS_MOST:
                transport.abort()

    return FewAtOnce


def _await(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while not happened() and time.monotonic() < until:
        time.sleep(0.01)


class _Door:
    """Lets in who shows the key while it lasts, and keeps or repeats what the API answers."""

    def __init__(self, answers: Answers, key: str, *, until: float) -> None:
        self.answers, self.until = answers, until
        self._shown = f"Bearer {key}".encode()
        self._api = _apis[0](answers.reader) if answers.reader else None

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """One request and its answer."""
        if scope["type"] != "http":
            return
        try:
            answer = await self._answer(scope, receive)
        except ValorError as error:
            answer = _refusal(error)
        await send(
            {
                "type": "http.response.start",
                "status": answer["status"],
                "headers": [(b"content-type", answer["type"].encode())],
            }
        )
        await send({"type": "http.response.body", "body": base64.b64decode(answer["body"])})

    async def _answer(self, scope: "Scope", receive: "Receive") -> dict[str, Any]:
        shown = dict(scope["headers"]).get(b"authorization", b"")
        if not hmac.compare_digest(shown, self._shown) or time.monotonic() > self.until:
            raise SignInNeeded
        body = await _body(receive)
        asked = f"{scope['method']} {scope['path']}?{scope['query_string'].decode('latin-1')}"
        asked += f" {hashlib.sha256(body).hexdigest()}" if body else ""
        if asked in self.answers.told:
            return self.answers.told[asked]
        if self._api is None:
            raise NotToldThen
        answer = await _asked(self._api, scope, body)
        self.answers.size += len(answer["body"])
        if self.answers.size > ANSWERS_MAX:
            raise ToldEnough
        if answer["status"] < 500 and answer["status"] != 429:  # those pass
            self.answers.told[asked] = answer
        return answer


async def _body(receive: "Receive") -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
        if len(body) > BODY_MAX:
            raise BadInput(
                f"A notebook asked by more than {BODY_MAX >> 20} MB at once.",
                hint="Ask in smaller pieces.",
            )
    return body


async def _asked(api: "ASGIApp", scope: "Scope", body: bytes) -> dict[str, Any]:
    """The API's whole answer."""
    started: list[Message] = []
    parts: list[bytes] = []

    async def receive() -> "Message":
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: "Message") -> None:
        if message["type"] == "http.response.start":
            started.append(message)
        else:
            parts.append(message.get("body", b""))

    await api(scope, receive, send)
    types = dict(started[0]["headers"]).get(b"content-type", b"application/json")
    content = base64.b64encode(b"".join(parts)).decode()
    return {"status": started[0]["status"], "type": types.decode(), "body": content}


def _refusal(error: ValorError) -> dict[str, Any]:
    told = {"code": error.code, "status": error.status, "detail": str(error), "hint": error.hint}
    return {
        "status": error.status,
        "type": "application/problem+json",
        "body": base64.b64encode(json.dumps(told).encode()).decode(),
    }
