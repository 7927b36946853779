"""The sign-in page against a server that knows one token."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from app.web.assets import asset_routes
from app.web.headers import SecurityHeaders, content_security_policy
from app.web.login_page import login_page
from tests.app.web.serving import served
from tests.browser.browser import violations

pytestmark = pytest.mark.browser


async def sign_in(request: Request) -> JSONResponse:
    body = await request.json()
    assert request.headers["x-vx-csrf"] == "1"
    if body["token"] == "right":
        return JSONResponse({"next": body["next"]})
    return JSONResponse(
        {"detail": "This link has been used.", "hint": "`valor token` prints another."}, 403
    )


async def page(request: Request) -> Response:
    return login_page("").answer(request)


async def inside(_: Request) -> HTMLResponse:
    return HTMLResponse("<!doctype html><title>Inside</title>")


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    app = Starlette(
        routes=[
            *asset_routes(),
            Route("/login", page),
            Route("/login", sign_in, methods=["POST"]),
            Route("/", inside),
            Route("/dcf", inside),
        ]
    )
    with served(SecurityHeaders(app, policy=content_security_policy(""))) as running:
        yield running.origin


@pytest.mark.parametrize("scheme", ["light", "dark"], indirect=True)
@pytest.mark.parametrize("width", [1280, 390])
def test_it_shuts_nobody_out_and_needs_no_sideways_scrolling(page, problems, origin, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{origin}/login")
    page.get_by_role("textbox", name="Sign-in link or token").fill("wrong")
    page.keyboard.press("Enter")
    page.get_by_role("status").get_by_text("has been used").wait_for()

    assert violations(page, impacts=("minor", "moderate", "serious", "critical")) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert [problem for problem in problems if "403" not in problem] == []


def test_the_link_signs_in_and_leads_to_the_page_that_was_asked_for(page, problems, origin):
    page.goto(f"{origin}/login?next=/dcf#token=right")
    page.wait_for_url(f"{origin}/dcf")

    assert problems == []


def test_the_token_leaves_the_address_at_once(page, origin):
    """S9."""
    page.goto(f"{origin}/login#token=wrong")
    page.get_by_role("status").get_by_text("has been used").wait_for()

    assert page.url == f"{origin}/login"


def test_a_used_link_says_so_and_another_one_pasted_signs_in(page: Page, origin):
    page.goto(f"{origin}/login#token=wrong")
    status = page.get_by_role("status")
    status.get_by_text("This link has been used. `valor token` prints another.").wait_for()

    page.get_by_label("Sign-in link or token").fill(f" {origin}/login#token=right ")
    page.get_by_role("button", name="Sign in").click()

    page.wait_for_url(f"{origin}/")


def test_a_new_link_opened_in_the_same_tab_is_used(page, origin):
    page.goto(f"{origin}/login")
    page.goto(f"{origin}/login#token=right")

    page.wait_for_url(f"{origin}/")


def test_a_server_that_is_away_is_told_in_plain_words(page, origin):
    page.goto(f"{origin}/login")
    page.context.set_offline(True)
    page.get_by_label("Sign-in link or token").fill("right")
    page.get_by_role("button", name="Sign in").click()

    page.get_by_role("status").get_by_text("The server does not answer").wait_for()
    assert page.get_by_role("button", name="Sign in").is_enabled()
