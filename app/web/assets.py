"""Our own browser files under /assets, and the few plain answers every site has.

Files of `app/assets` keep their name, as do a component's script and style beside its Python in
`app/ui`. All are read once at start, so a path can only name what was there.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.web.prebuilt import IMMUTABLE, Prebuilt
from app.web.static import STREAMLIT_VERSION

APP = Path(__file__).resolve().parents[1]
MEDIA_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
COMPONENT_FILES = frozenset({".mjs", ".css"})  # beside them lies Python


def _files() -> dict[str, Path]:
    plain, components = APP / "assets", APP / "ui"
    found = [(file.relative_to(plain), file) for file in plain.rglob("*")]
    found += [
        (file.relative_to(components), file)
        for file in components.rglob("*")
        if file.suffix in COMPONENT_FILES
    ]
    return {name.as_posix(): file for name, file in found if file.suffix in MEDIA_TYPES}


@cache
def assets() -> Mapping[str, Prebuilt]:
    """Each asset by its name."""
    return MappingProxyType(
        {
            name: Prebuilt.of(file.read_bytes(), MEDIA_TYPES[file.suffix])
            for name, file in sorted(_files().items())
        }
    )


@cache
def asset_version() -> str:
    """Changes with any asset and with Streamlit: 12 hexadecimal digits."""
    digests = (f"{name}={asset.digest}" for name, asset in assets().items())
    return hashlib.sha256("\n".join([STREAMLIT_VERSION, *digests]).encode()).hexdigest()[:12]


def asset_url(name: str) -> str:
    """Where the browser loads the asset from, to keep it for ever; an unknown name is a bug."""
    assert name in assets(), f"no asset {name!r} in app/assets or app/ui"
    return f"/assets/{name}?v={asset_version()}"


async def _asset(request: Request) -> Response:
    asset = assets().get(request.path_params["name"])
    if asset is None:
        return PlainTextResponse("not found", 404, headers={"Cache-Control": "no-store"})
    # An older version's address may bring newer content: not to be kept under that address.
    pinned = request.query_params.get("v") == asset_version()
    return asset.answer(request, cache=IMMUTABLE if pinned else "no-cache")


async def _favicon(request: Request) -> Response:
    name = "favicon.svg" if request.url.path.endswith(".svg") else "favicon.png"
    return assets()[name].answer(request, cache="public, max-age=86400")


async def _robots(_: Request) -> Response:
    return PlainTextResponse(
        "User-agent: *\nDisallow: /\n", headers={"Cache-Control": "public, max-age=86400"}
    )


def asset_routes() -> list[Route]:
    """All that is answered to anyone: assets, icons and robots.txt."""
    return [
        Route("/assets/{name:path}", _asset),
        # Browsers ask for .ico by themselves; Streamlit's pages set .png.
        *(Route(f"/favicon.{kind}", _favicon) for kind in ("svg", "png", "ico")),
        Route("/robots.txt", _robots),
    ]
