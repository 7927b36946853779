"""Every page in Chromium on the whole product: in both themes, on a desk and on a phone."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.browser import until, violations
from valor_core.settings import ROOT

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize("scheme", ["light", "dark"], indirect=True)
PAGES = {
    "": "Home",
    "coverage": "Coverage",
    "company?company=AAPL": "Company",
    "valuations": "Valuations",
    "audit": "Audit",
}
SETTLED_MS = 1_200
FIRST_ROW = {"x": 60, "y": 54}
FIRST_NUMBER = {"x": 290, "y": 54}  # right of the pinned labels


@pytest.fixture(scope="module")
def env(tmp_path_factory) -> dict[str, str]:
    return {**os.environ, "VALOR_HOME": str(tmp_path_factory.mktemp("home"))}


@pytest.fixture(scope="module")
def link(env) -> Iterator[str]:
    command = [sys.executable, "-m", "app.cli", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout
        found = (re.search(r"http\S+#token=\S+", line) for line in served.stdout)
        yield next(match[0] for match in found if match)
        served.terminate()
        served.wait(10)


@pytest.fixture(scope="module")
def cookies(browser, link) -> list[Any]:
    """The link signs in once; its cookie opens every further page."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(link)
    page.get_by_role("heading", name="Home", level=1).wait_for()
    kept = context.cookies()
    context.close()
    return kept


@pytest.fixture
def desk(page, cookies) -> Page:
    """A page of somebody who is signed in."""
    page.context.add_cookies(cookies)
    return page


def shown(page: Page, link: str, place: str) -> None:
    page.goto(f"{link.partition('/login')[0]}/{place}")
    page.get_by_role("heading", name=PAGES[place], level=1).wait_for()
    page.wait_for_timeout(SETTLED_MS)
    until(page, "!document.querySelector('[data-testid=stStatusWidget]')")


@BOTH
def test_every_page_is_open_to_everybody_and_fits_a_phone(desk, problems, link, scheme):
    for place in PAGES:
        desk.set_viewport_size({"width": 1280, "height": 800})
        shown(desk, link, place)
        assert violations(desk) == [], place
        assert desk.get_by_test_id("stException").count() == 0

        desk.set_viewport_size({"width": 390, "height": 800})
        desk.wait_for_timeout(300)
        width = "document.querySelector('[data-testid=stMain]').scrollWidth"
        assert desk.evaluate(width) <= 390, place
    assert problems == []


def test_a_name_in_the_coverage_opens_the_company_and_a_number_its_filing(desk, problems, link):
    shown(desk, link, "coverage")
    desk.get_by_placeholder("Name or ticker").fill("apple")
    desk.get_by_text("1 company, 0 valued").wait_for()
    desk.get_by_test_id("stDataFrame").first.click(position=FIRST_ROW)
    desk.wait_for_url("**/company?company=AAPL")

    desk.get_by_text("Choose a number to see its filing").wait_for()
    desk.get_by_test_id("stDataFrame").first.click(position=FIRST_NUMBER)
    desk.get_by_text("Revenue, FY2025").wait_for()
    desk.get_by_role("link", name="sec.gov/Archives/edgar/data/320193/").wait_for()
    assert violations(desk) == []
    assert problems == []


def test_the_list_of_pages_is_walked_by_keyboard(desk, link):
    shown(desk, link, "")
    desk.get_by_role("link", name="Audit").first.focus()
    desk.keyboard.press("Enter")
    desk.get_by_role("heading", name="Audit", level=1).wait_for()

    desk.get_by_role("button", name="Verify the audit log").focus()
    desk.keyboard.press("Enter")
    desk.get_by_text("The log holds").wait_for()


def test_the_page_jumps_little_while_it_loads(desk, link):
    desk.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach("
        "entry => shift += entry.value)).observe({type: 'layout-shift', buffered: true})"
    )
    for place in PAGES:
        shown(desk, link, place)
        assert desk.evaluate("shift") <= 0.1, place


def test_signing_out_leads_back_to_the_sign_in(page, link, env):
    """By a sign-in of its own, since it ends."""
    port = link.partition("/login")[0].rpartition(":")[2]
    command = [sys.executable, "-m", "app.cli", "token", "--port", port]
    told = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    page.goto(told.stdout.strip().splitlines()[-1].strip())
    page.get_by_role("heading", name="Home", level=1).wait_for()

    page.get_by_role("button", name="Sign out").click()

    page.wait_for_url("**/login?next=*")
