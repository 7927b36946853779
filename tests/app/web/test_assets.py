import re

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from app.web import assets as module
from app.web.assets import asset_routes, asset_url, asset_version, assets
from app.web.health import health_route
from app.web.login_page import login_page


async def sign_in(request: Request) -> Response:
    return login_page("").answer(request)


BROWSER = TestClient(Starlette(routes=[*asset_routes(), Route("/login", sign_in), health_route]))


@pytest.mark.parametrize("name", sorted(assets()))
def test_an_asset_under_its_version_is_kept_for_ever(name):
    answer = BROWSER.get(asset_url(name))

    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].split(";")[0] in module.MEDIA_TYPES.values()


@pytest.mark.parametrize("query", ["", "?v=", "?v=0123456789ab"])
def test_an_asset_under_no_or_another_version_is_asked_for_again(query):
    answer = BROWSER.get(f"/assets/shell.js{query}")
    again = BROWSER.get(
        f"/assets/shell.js{query}", headers={"If-None-Match": answer.headers["etag"]}
    )

    assert answer.headers["cache-control"] == "no-cache"
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path", ["/assets/", "/assets/gone.js", "/assets/..%2fcli.py", "/assets/login.html"]
)
def test_nothing_but_the_assets_is_found_there(path):
    answer = BROWSER.get(path)

    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"


def test_a_components_script_and_style_are_assets_and_its_python_is_not(tmp_path, monkeypatch):
    component = tmp_path / "ui" / "chart"
    component.mkdir(parents=True)
    for name in ("chart.mjs", "chart.css", "chart.py"):
        (component / name).write_text("x")
    (tmp_path / "assets").mkdir()
    monkeypatch.setattr(module, "APP", tmp_path)

    assert set(module._files()) == {"chart/chart.mjs", "chart/chart.css"}


def test_the_version_is_of_the_content():
    assert re.fullmatch("[0-9a-f]{12}", asset_version())


def test_the_sign_in_page_has_no_inline_script_and_loads_pinned_assets():
    answer = BROWSER.get("/login")

    assert answer.content == login_page("").plain
    assert re.findall(r"<script([^>]*)>", answer.text) == [f' src="{asset_url("login.js")}" defer']
    assert not re.search(r"\son\w+=", answer.text)


def test_icons_are_there_under_each_name_that_browsers_ask_for():
    assert BROWSER.get("/favicon.svg").headers["content-type"] == "image/svg+xml"
    assert BROWSER.get("/favicon.png").content[:4] == b"\x89PNG"
    assert BROWSER.get("/favicon.ico").content[:4] == b"\x89PNG"


def test_search_engines_are_asked_to_stay_out():
    assert BROWSER.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"


def test_health_says_that_it_answers_and_nothing_else():
    answer = BROWSER.get("/healthz")

    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert answer.headers["cache-control"] == "no-store"
