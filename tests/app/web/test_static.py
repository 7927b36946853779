import asyncio

import brotli
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.web import static
from app.web.static import PrecompressedStatic, compress_static, compressed_folder, streamlit_static

FONT, SCRIPT, STYLE = "media/KaTeX_Main-Bold.woff2", "js/index.Ab12.js", "css/index.Cd34.css"


async def streamlit(_):
    return PlainTextResponse("streamlit's own answer")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A small Streamlit: its whole folder takes seconds to compress."""
    root = tmp_path / "streamlit" / "static"
    for name, content in ((SCRIPT, "let a = 1;" * 500), (STYLE, "a{}" * 500), (FONT, "f")):
        file = root / "static" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    (root / "index.html").write_text(f"<link href='{STYLE}'>")
    monkeypatch.setattr(static, "streamlit_static", lambda: root)
    return compressed_folder(tmp_path / "home")


def browser(folder) -> TestClient:
    app = Starlette(routes=[Route("/{any:path}", streamlit)])
    return TestClient(PrecompressedStatic(app, folder=folder))


def test_scripts_and_styles_come_compressed_and_stay_with_the_browser(folder):
    asyncio.run(compress_static(folder))

    answer = browser(folder).get(f"/static/{SCRIPT}", headers={"Accept-Encoding": "gzip, br"})

    assert answer.text == "let a = 1;" * 500
    assert answer.headers["content-encoding"] == "br"
    assert "javascript" in answer.headers["content-type"]
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["vary"] == "Accept-Encoding"
    assert int(answer.headers["content-length"]) < 100


@pytest.mark.parametrize("path", [f"/static/{SCRIPT}", f"/static/{FONT}", "/media/1.png"])
def test_what_has_no_smaller_form_is_left_to_streamlit(folder, path):
    assert browser(folder).get(path, headers={"Accept-Encoding": "br"}).text.startswith("streamlit")


def test_a_client_without_brotli_is_left_to_streamlit(folder):
    asyncio.run(compress_static(folder))

    answer = browser(folder).get(f"/static/{SCRIPT}", headers={"Accept-Encoding": "gzip"})

    assert answer.text == "streamlit's own answer"


def test_a_chunk_of_another_version_is_honestly_missing(folder):
    answer = browser(folder).get("/static/js/index.0ld.js", headers={"Accept": "text/html"})

    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/static/../index.html", "/static//etc/passwd", "/static/"])
def test_no_path_leads_out_of_the_folder(folder, path):
    answers = []

    async def send(message):
        answers.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    nobody = Starlette()
    asyncio.run(PrecompressedStatic(nobody, folder=folder)(scope, Request(scope).receive, send))

    assert answers[0]["status"] == 404


def test_the_first_pages_files_are_compressed_first_and_each_only_once(folder, monkeypatch):
    made = []
    compress = brotli.compress
    monkeypatch.setattr(
        static.brotli,
        "compress",
        lambda content, quality: made.append(content) or compress(content),
    )

    asyncio.run(compress_static(folder))
    asyncio.run(compress_static(folder))

    assert made == [b"a{}" * 500, b"let a = 1;" * 500]
    assert not list(folder.rglob("*.part"))


def test_compressing_ends_when_it_is_cancelled_and_goes_on_at_the_next_start(folder):
    async def cancelled_after_one() -> None:
        work = asyncio.create_task(compress_static(folder))
        async with asyncio.timeout(10):
            while not list(folder.rglob("*.br")):  # noqa: ASYNC110, a file tells no event
                await asyncio.sleep(0)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    asyncio.run(cancelled_after_one())
    asyncio.run(compress_static(folder))

    assert len(list(folder.rglob("*.br"))) == 2


def test_streamlits_folder_is_the_one_of_the_installed_package():
    import streamlit

    assert str(streamlit_static()).startswith(str(streamlit.__path__[0]))
    assert (streamlit_static() / "index.html").is_file()
