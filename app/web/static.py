"""Streamlit's own scripts and styles, compressed once, and honest about chunks that are gone.

Streamlit never compresses /static, and answers a missing chunk with 200 and an HTML page: after an
upgrade an open tab would then fail without a reason.
"""

import asyncio
import importlib.util
import mimetypes
import os
from importlib.metadata import version
from pathlib import Path

import brotli
from starlette.datastructures import Headers
from starlette.responses import FileResponse, PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.prebuilt import IMMUTABLE, takes_brotli

STREAMLIT_VERSION = version("streamlit")
COMPRESSED = frozenset({".js", ".css"})  # fonts and images are compressed already
QUALITY = 5  # 23 MB in 5 s of one core; 11 would save a further tenth and take minutes


def streamlit_static() -> Path:
    """Streamlit's folder of browser files, found without importing Streamlit."""
    spec = importlib.util.find_spec("streamlit")
    assert spec
    assert spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations))) / "static"


def compressed_folder(home: Path) -> Path:
    """Where the brotli twins lie: one folder for each version of Streamlit."""
    return home / "cache" / f"static-{STREAMLIT_VERSION}"


class PrecompressedStatic:
    """Answers /static from the brotli twins that exist by now; the rest is left to Streamlit."""

    def __init__(self, app: ASGIApp, *, folder: Path) -> None:
        self.app, self.folder = app, folder
        root = streamlit_static()
        files = (file for file in (root / "static").rglob("*") if file.is_file())
        self.known = frozenset(f"/{file.relative_to(root).as_posix()}" for file in files)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is ours to answer, let pass the rest."""
        if scope["type"] == "http" and scope["path"].startswith("/static/"):
            answer = self._answer(scope["path"], Headers(scope=scope))
            if answer:
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _answer(self, path: str, headers: Headers) -> FileResponse | PlainTextResponse | None:
        if path not in self.known:  # also what keeps the path inside the folder
            return PlainTextResponse("not found", 404, headers={"Cache-Control": "no-store"})
        twin = self.folder / f"{path.removeprefix('/static/')}.br"
        if not takes_brotli(headers.get("accept-encoding", "")) or not twin.is_file():
            return None
        return FileResponse(
            twin,
            media_type=mimetypes.guess_type(path)[0],
            headers={
                "Content-Encoding": "br",
                "Vary": "Accept-Encoding",
                "Cache-Control": IMMUTABLE,
            },
        )


async def compress_static(folder: Path) -> None:
    """Make the brotli twins that are missing, a file at a time in a thread, the first page's first.

    Ends early when cancelled: what is made stays, the rest follows at the next start.
    """
    root = streamlit_static()
    index = (root / "index.html").read_text(encoding="utf-8")
    files = [file for file in (root / "static").rglob("*") if file.suffix in COMPRESSED]
    for file in sorted(files, key=lambda file: (file.name not in index, file)):
        twin = folder / f"{file.relative_to(root / 'static')}.br"
        if not twin.exists():
            await asyncio.to_thread(_compress, file, twin)


def _compress(file: Path, twin: Path) -> None:
    """The twin appears whole or not at all, also when two processes start at once."""
    twin.parent.mkdir(parents=True, exist_ok=True)
    aside = twin.with_name(f"{twin.name}.{os.getpid()}.part")
    aside.write_bytes(brotli.compress(file.read_bytes(), quality=QUALITY))
    aside.replace(twin)
