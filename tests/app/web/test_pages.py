import re
import tomllib

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.directory import PLACE
from app.web.assets import asset_url, assets
from app.web.pages import IndexChanged, PageRoute, build_index, index_html
from app.web.preloads import DRAWN, OWN
from app.web.static import streamlit_static
from valor_core.settings import ROOT

PRELOAD = re.compile(r'<link rel="modulepreload" href="([^"]+)">')
HTML = {"Accept": "text/html,application/xhtml+xml"}


async def api(_):
    return PlainTextResponse("api")


async def streamlit(_):
    return PlainTextResponse("streamlit")


@pytest.fixture(scope="module")
def browser() -> TestClient:
    routes = [Route("/api/v1/me", api), PageRoute(index_html()), Route("/{any:path}", streamlit)]
    return TestClient(Starlette(routes=routes))


def test_the_index_is_streamlits_with_our_title_splash_and_script():
    html = index_html()

    assert "<title>Valor IVX</title>" in html
    assert re.search(r'<div id="root"><div id="boot" role="status">', html)
    assert re.search(r'<script src="/assets/shell\.js\?v=[0-9a-f]{12}" defer>', html)
    assert '<html lang="en">' in html
    assert 'name="description"' in html


def test_the_index_paints_tables_and_links_in_the_colours_of_the_theme():
    theme = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
    light, dark = theme["light"], theme["dark"]

    for name, key in (("--vx-page", "backgroundColor"), ("--vx-link", "linkColor")):
        assert f"{name}:light-dark({light[key]},{dark[key]})" in index_html()
    aside, beside = light["sidebar"], dark["sidebar"]
    for key in ("backgroundColor", "borderColor"):
        assert f"light-dark({aside[key]},{beside[key]})" in index_html()


def test_the_index_loads_each_script_from_the_root_whatever_the_depth_of_the_address():
    addresses = re.findall(r'(?:src|href)="([^"]*)"', index_html())
    own = [address.partition("?")[0] for address in addresses]

    assert all(address.startswith("/") for address in own)
    for address in own:
        if address.startswith("/static/"):
            assert (streamlit_static() / address[1:]).is_file()
        elif address.startswith("/assets/"):
            assert address.removeprefix("/assets/") in assets()


def test_the_index_invites_nobody_to_an_interface_that_is_switched_off():
    assert "agent" not in index_html()


@pytest.mark.parametrize("anchor", ["<title>Streamlit</title>", "</head>", '<div id="root"></div>'])
def test_an_index_without_a_place_we_build_on_stops_the_start(anchor):
    html = (streamlit_static() / "index.html").read_text()

    with pytest.raises(IndexChanged, match="found 0 times"):
        build_index(html.replace(anchor, ""))


@pytest.mark.parametrize("path", ["/", "/dcf", "/companies/AAPL", "/dcf?company=AAPL"])
def test_a_browser_gets_the_index_for_any_page(browser, path):
    answer = browser.get(path, headers=HTML)

    assert PRELOAD.sub("", answer.text) == index_html()
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("page", DRAWN)
def test_a_page_asks_early_for_the_chunks_it_draws_and_for_no_other_twice(browser, page):
    html = browser.get(f"/{page}", headers=HTML).text

    chunks = PRELOAD.findall(html)
    own = {asset_url(name) for name in OWN.get(page, ())}
    assert own < set(chunks)
    assert all((streamlit_static() / chunk[1:]).is_file() for chunk in set(chunks) - own)
    assert len(chunks) == len(set(chunks))
    assert not set(chunks) & set(re.findall(r'"(/static/js/[^"]+)"', PRELOAD.sub("", html)))


def test_every_page_of_the_product_has_its_chunks_listed():
    assert set(DRAWN) == {"" if name == "home" else name for name in PLACE}


@pytest.mark.parametrize(
    ("path", "answers"),
    [
        ("/api/v1/me", "api"),
        ("/_stcore/health", "streamlit"),
        ("/dcf/_stcore/health", "streamlit"),
        ("/media/1.png", "streamlit"),
        ("/static/js/gone.js", "streamlit"),
        ("/dcf/", "streamlit"),
        ("/report.pdf", "streamlit"),
    ],
)
def test_what_is_no_page_is_left_to_others(browser, path, answers):
    assert browser.get(path, headers=HTML).text == answers


def test_a_program_that_asks_for_no_html_gets_no_page(browser):
    assert browser.get("/dcf", headers={"Accept": "application/json"}).text == "streamlit"


@pytest.mark.parametrize("encoding", ["br", "identity"])
def test_a_browser_that_has_the_index_is_told_so(browser, encoding):
    headers = {**HTML, "Accept-Encoding": encoding}
    first: httpx2.Response = browser.get("/", headers=headers)

    again = browser.get(
        "/", headers={**headers, "If-None-Match": f'"x", W/{first.headers["etag"]}'}
    )

    assert first.headers.get("content-encoding") == ("br" if encoding == "br" else None)
    assert PRELOAD.sub("", first.text) == index_html()
    assert set(first.headers["vary"].split(", ")) == {"Accept-Encoding", "Cookie"}
    assert again.status_code == 304
    assert again.content == b""


def test_both_forms_of_the_index_have_tags_of_their_own(browser):
    tags = {
        browser.get("/", headers={**HTML, "Accept-Encoding": encoding}).headers["etag"]
        for encoding in ("br", "identity")
    }

    assert len(tags) == 2
