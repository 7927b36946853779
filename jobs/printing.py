"""A report as PDF, printed by the Chromium of the machine, where there is one.

The browser gets the page and nothing else: no network, no profile, no environment of ours. It reads
the page over loopback, since a page that is read from a file may go on to any other file.
"""

import os
import secrets
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from valor_core.settings import setting
from valor_core.telemetry import log

PDF = "report.pdf"
WITHIN_S = 40
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-pdf-header-footer",
    "--virtual-time-budget=5000",  # of the page: its charts are drawn by then
)
HOST = "report.localhost"
AS_ROOT = "--no-sandbox"  # without it Chromium does not start as root, whose container walls it off


def browser() -> str | None:
    """The Chromium that prints; None where none is found or none is wanted."""
    wanted = setting("VALOR_CHROMIUM")
    if wanted == "none":
        return None
    return wanted or next(filter(None, map(shutil.which, NAMES)), None)


def print_page(folder: Path, environment: Mapping[str, str]) -> bool:
    """Writes report.pdf beside report.html; whether it is there. A report stands without it."""
    program = browser()
    if program is None:
        return False
    try:
        # Not the run's own home: what a notebook left there would be the browser's settings.
        with tempfile.TemporaryDirectory(prefix="valor-prints-") as home, _shown(
            (folder / "report.html").read_bytes()
        ) as (port, path):  # fmt: skip
            command = [program, *FLAGS, *([AS_ROOT] if os.geteuid() == 0 else []),
                       f"--host-resolver-rules=MAP {HOST} 127.0.0.1:{port}, MAP * ~NOTFOUND",
                       f"--user-data-dir={home}/profile", f"--print-to-pdf={folder / PDF}",
                       f"http://{HOST}{path}"]  # fmt: skip
            subprocess.run(
                command, env={**environment, "HOME": home}, cwd=home, timeout=WITHIN_S, check=True,
                stdin=subprocess.DEVNULL, capture_output=True,
            )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("a report could not be printed", error=type(error).__name__)
        (folder / PDF).unlink(missing_ok=True)
    return (folder / PDF).is_file()


@contextmanager
def _shown(page: bytes) -> Iterator[tuple[int, str]]:
    """The page at a port of loopback, under a path that nobody else knows."""
    path = f"/{secrets.token_urlsafe(32)}"

    class Shows(BaseHTTPRequestHandler):
        timeout = WITHIN_S

        def do_GET(self) -> None:
            is_known = secrets.compare_digest(self.path.encode(), path.encode())
            self.send_response(200 if is_known else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page if is_known else b"")

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002

    with ThreadingHTTPServer(("127.0.0.1", 0), Shows) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port, path
        finally:
            server.shutdown()
