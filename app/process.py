"""The serving process: where it listens, what must hold before it does, and how it ends."""

import atexit
import errno
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from types import FrameType
from typing import Any, NoReturn

import uvicorn
from starlette.types import ASGIApp

from app.web.deadlines import DeadlineProtocol
from valor_core.errors import ValorError

HOST, PORT = "127.0.0.1", 8501  # where it listens unless told otherwise
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  all addresses of the machine
BACKLOG = 128
CONNECTIONS_MAX = 512  # beyond it uvicorn answers 503 at once
REQUESTS_END_S = 2  # what running requests get after the signal to stop
PROCESS_ENDS_S = 4  # then the process leaves, whatever a thread still computes

HARDENING: Mapping[str, Any] = {
    "global.developmentMode": False,
    "server.enableXsrfProtection": True,
    "server.enableCORS": True,
    "server.corsAllowedOrigins": [],
    "server.enableStaticServing": False,
    "server.enableAgentApi": False,
    "server.maxUploadSize": 25,
    "server.disconnectedSessionTTL": 60,
    "server.trustedUserHeaders": {
        "X-VX-User": "user",
        "X-VX-Tenant": "tenant",
        "X-VX-Roles": "roles",
        "X-VX-Session": "session",
    },
    "runner.postScriptGC": False,
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
}
"""The options of Streamlit that guard tenants, as `.streamlit/config.toml` sets them."""


class HardeningMissing(ValorError):
    """Streamlit runs with other options than those that guard the tenants."""

    code, status = "hardening_missing", 500

    def __init__(self, found: Mapping[str, Any]) -> None:
        options = "; ".join(
            f"{name} is {value!r}, not {HARDENING[name]!r}" for name, value in found.items()
        )
        super().__init__(
            f"Streamlit's options are not the safe ones: {options}.",
            hint="Start with `valor serve`, and put the options back in .streamlit/config.toml.",
        )


class HostBeyondLoopback(ValorError):
    """Others could reach this address, and could sign in with nothing better than a link."""

    code, status = "host_beyond_loopback", 422

    def __init__(self, host: str) -> None:
        super().__init__(
            f"The host {host!r} is not a loopback address, so others could reach it.",
            hint="Use --host 127.0.0.1, or set up single sign-on: docs/production-setup.md.",
        )


class HostUnusable(ValorError):
    """A loopback address that this machine does not have, such as ::1 without IPv6."""

    code, status = "host_unusable", 422

    def __init__(self, host: str, why: str) -> None:
        super().__init__(
            f"This machine cannot listen on {host!r}: {why}.", hint="Use --host 127.0.0.1."
        )


class PortTaken(ValorError):
    """Another program listens there already."""

    code, status = "port_taken", 409

    def __init__(self, port: int, *, free: int) -> None:
        super().__init__(
            f"Port {port} is taken by another program.",
            hint=f"Start with --port {free}, which is free, or end the other program.",
        )


class PortOutOfRange(ValorError):
    """There is no such port, or only the system's administrator may use it."""

    code, status = "port_out_of_range", 422

    def __init__(self, port: int) -> None:
        super().__init__(
            f"Port {port} cannot be used.", hint="Choose a --port between 1024 and 65535."
        )


def check_hardening() -> None:
    """Compare the options in effect with those that guard the tenants, before anything is served.

    Streamlit looks for its file in the current folder and ignores its environment variables under a
    server of one's own, so it is not enough to have written them down.
    """
    import streamlit as st

    found = {name: st.get_option(name) for name in HARDENING}
    differing = {name: value for name, value in found.items() if value != HARDENING[name]}
    if differing:
        raise HardeningMissing(differing)


def let_streamlit_answer_as(hostname: str) -> None:
    """Its own check of hosts, behind ours, knows the loopback names alone."""
    from streamlit import config

    known = config.get_option("server.allowedHosts")
    config.set_option("server.allowedHosts", [*known, hostname])


def origin(host: str, port: int) -> str:
    """How a browser names a server at that address.

    >>> origin("127.0.0.1", 8501), origin("::1", 8501), origin("0.0.0.0", 8501)
    ('http://127.0.0.1:8501', 'http://[::1]:8501', 'http://127.0.0.1:8501')
    """
    if host in EVERYWHERE:
        host = HOST
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def free_port_after(port: int, *, host: str = HOST) -> int:
    """The next port on which nobody listens, else any: not more than a hundred are tried."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port + 1, min(port + 101, 65_536)):
        try:
            with socket.create_server((host, candidate), family=family):
                return candidate
        except OSError:
            continue
    with socket.create_server((host, 0), family=family) as anywhere:
        return anywhere.getsockname()[1]


def listen(*, host: str = HOST, port: int, beyond_loopback: bool = False) -> socket.socket:
    """Take the port, at once and for good: connections wait until `serve` answers them.

    Beyond loopback only where an identity provider vouches for who comes. Port 0 takes a free one.
    Done before the heavy imports, it tells a taken port in no time.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as unknown:
        raise HostBeyondLoopback(host) from unknown
    where = str(address[0])
    if not (beyond_loopback or ip_address(where.partition("%")[0]).is_loopback):
        raise HostBeyondLoopback(host)
    if not 0 <= port <= 65_535:
        raise PortOutOfRange(port)
    try:
        return socket.create_server((where, port), family=family, backlog=BACKLOG)
    except PermissionError as refused:
        raise PortOutOfRange(port) from refused
    except OSError as refused:
        if refused.errno != errno.EADDRINUSE:
            raise HostUnusable(host, os.strerror(refused.errno or 0)) from refused
        raise PortTaken(port, free=free_port_after(port, host=where)) from refused


class NoStrangersNoise(logging.Filter):
    """Drops what anybody can make uvicorn log at will: garbled and refused requests."""

    noise = frozenset(
        {
            "Invalid HTTP request received.",
            "Unsupported upgrade request.",
            "Exceeded concurrency limit.",
            "ASGI callable returned without completing handshake.",
        }
    )

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is worth a line."""
        return record.msg not in self.noise


class Server(uvicorn.Server):
    """uvicorn's server that says when it is ready and ends in time."""

    def __init__(self, config: uvicorn.Config, *, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            self.on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002, as uvicorn calls it
        """End at the first signal, at once at the second ^C.

        The signal is not raised again afterwards, as uvicorn would: the process then died by it and
        whoever called `serve` could not tidy up.
        """
        self.force_exit = self.should_exit and sig == signal.SIGINT
        if not self.should_exit:
            self.should_exit = True
            _leave_after(PROCESS_ENDS_S)


def _leave_after(seconds: float) -> None:
    """End the process even when a thread still computes; a commit is whole or it is not there."""

    def leave() -> None:
        logging.getLogger(__name__).warning("Work was still running: it was left unfinished.")
        os._exit(1)

    timer = threading.Timer(seconds, leave)
    timer.daemon = True
    timer.start()


def server(app: ASGIApp, *, on_ready: Callable[[], None]) -> Server:
    """The configured server, not yet running."""
    logging.getLogger("uvicorn.error").addFilter(NoStrangersNoise())
    config = uvicorn.Config(
        app,
        http=DeadlineProtocol,
        ws="websockets-sansio",
        # Compressing each message cost the streams 9 times the time at the median, 19 at p99.
        ws_per_message_deflate=False,
        ws_max_size=4 << 20,
        ws_ping_interval=30,
        ws_ping_timeout=30,
        lifespan="on",  # a start that fails ends the process
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_config=None,  # the program that serves decides how it logs
        log_level="warning",
        limit_concurrency=CONNECTIONS_MAX,
        backlog=BACKLOG,
        timeout_graceful_shutdown=REQUESTS_END_S,
    )
    return Server(config, on_ready=on_ready)


def serve(
    app: ASGIApp, *, listener: socket.socket, on_ready: Callable[[], None] = lambda: None
) -> None:
    """Serve until SIGTERM or ^C, then return: within 5 s, open pages and sockets included."""
    with listener:
        server(app, on_ready=on_ready).run(sockets=[listener])


def leave() -> NoReturn:
    """End the process at once, after what is registered for its end.

    All is closed by then, and to take down what is imported and frozen costs seconds.
    """
    atexit._run_exitfuncs()  # noqa: SLF001  it has no public name
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
