"""The whole story in a real browser against the real process: sign in, value, save, verify, export.

And its other side: who has no sign-in sees nothing, by page or by socket.
"""

import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.browser.browser import Problems, until, violations
from valor_core.settings import ROOT

PAGES = ("", "coverage", "company", "dcf", "valuations", "screen", "reports", "audit")


@dataclass(frozen=True)
class Installation:
    """A running `valor serve` and its home."""

    link: str
    home: Path
    process: "subprocess.Popen[str]"

    @property
    def origin(self) -> str:
        return self.link.partition("/login")[0]

    def token(self) -> str:
        """Another sign-in link, as the command line prints it."""
        port = self.origin.rpartition(":")[2]
        command = [sys.executable, "-m", "app.cli", "token", "--port", port]
        told = subprocess.run(
            command,
            env=environment(self.home),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        return told.stdout.strip().splitlines()[-1]


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "VALOR_HOME": str(home)}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with served_from(tmp_path_factory.mktemp("story")) as running:
        yield running


@contextmanager
def served_from(home: Path) -> Iterator[Installation]:
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--port", "0"],
        env=environment(home),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    link = next(line.strip() for line in process.stdout if "/login#token=" in line)
    try:
        yield Installation(link, home, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(15)
        process.stdout.close()


def goto(page: Page, installation: Installation, path: str) -> None:
    page.goto(f"{installation.origin}/{path}")
    expect(page.locator("h1").first).to_be_visible()


def value_per_share(page: Page) -> float:
    """What the headline says, once a number stands there."""
    shown = r"Value per share, USD\s+(-?[\d,]+\.\d\d)\b"
    until(page, f"/{shown}/.test(document.body.innerText)")
    found = re.search(shown, page.inner_text("body"))
    assert found
    return float(found[1].replace(",", ""))


def test_from_the_sign_in_link_to_the_verified_log(
    page: Page, problems: Problems, installation: Installation
):
    page.goto(installation.link)
    page.wait_for_url(lambda url: "/login" not in url)
    expect(page.get_by_role("link", name="Coverage").first).to_be_visible()

    page.get_by_role("link", name="Coverage").first.click()
    expect(page.get_by_role("heading", name="Coverage")).to_be_visible()

    goto(page, installation, "dcf?company=AAPL")
    page.get_by_role("button", name="Take them as none").click()
    page.get_by_label("Your reason").fill("none in the balance sheet")
    page.get_by_label("Your reason").press("Enter")
    page.get_by_role("button", name="Take the empty ones as 0").click()
    before = value_per_share(page)
    assert before > 0

    page.keyboard.press("Escape")
    page.get_by_text("Capital and terminal value").click()
    growth = page.get_by_role("spinbutton", name="Terminal growth, %")
    growth.fill("2.00")
    growth.press("Enter")
    until(page, f"!document.body.innerText.includes('{before:,.2f}')")
    after = value_per_share(page)
    assert after < before

    # The draft outlives the page.
    page.reload()
    assert value_per_share(page) == after

    page.get_by_role("button", name="Save", exact=False).first.click()
    page.get_by_label("Why is this the value?").fill("Growth no higher than prices")
    page.get_by_label("Why is this the value?").press("Control+Enter")
    page.get_by_role("button", name="Save valuation").click()
    exported = page.get_by_role("link", name="Export to Excel")
    expect(exported).to_be_visible()

    address = exported.get_attribute("href")
    assert address
    answer = page.request.get(
        address if address.startswith("http") else f"{installation.origin}{address}"
    )
    assert answer.ok
    book = openpyxl.load_workbook(io.BytesIO(answer.body()))
    formulas = sum(
        isinstance(cell.value, str) and cell.value.startswith("=")
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
    )
    assert formulas > 100

    goto(page, installation, "valuations")
    expect(page.get_by_text("Growth no higher than prices").first).to_be_attached()

    goto(page, installation, "audit")
    page.get_by_role("button", name="Verify the audit log").click()
    expect(page.get_by_text("The log holds")).to_be_visible()
    assert problems == []


def test_without_a_sign_in_there_is_nothing_to_see(browser: Browser, installation: Installation):
    stranger = browser.new_context().new_page()
    for path in PAGES:
        stranger.goto(f"{installation.origin}/{path}")
        assert "/login" in stranger.url, path
    assert "Apple" not in stranger.inner_text("body")
    stranger.context.close()


def test_a_bare_socket_to_the_stream_is_refused(installation: Installation):
    address = installation.origin.replace("http", "ws") + "/_stcore/stream"
    for headers in ({}, {"Origin": installation.origin}, {"Origin": "http://localhost:9"}):
        with pytest.raises(InvalidStatus) as refused:
            connect(address, additional_headers=headers, proxy=None)
        assert refused.value.response.status_code in (401, 403)


@pytest.mark.parametrize("scheme", ["light", "dark"], indirect=True)
def test_every_page_is_accessible_and_fits_a_phone(
    page: Page, problems: Problems, installation: Installation
):
    page.goto(installation.token())
    page.wait_for_url(lambda url: "/login" not in url)
    for path in PAGES:
        goto(page, installation, f"{path}?company=AAPL")
        page.wait_for_timeout(600)
        assert violations(page) == [], path
        assert page.locator("[data-testid=stException]").count() == 0, path
    page.set_viewport_size({"width": 390, "height": 844})
    for path in PAGES:
        goto(page, installation, f"{path}?company=AAPL")
        page.wait_for_timeout(300)
        wide = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
        assert wide <= 0, path
    assert problems == []


def test_the_end_comes_within_five_seconds_with_a_page_open(page: Page, tmp_path: Path):
    with served_from(tmp_path) as running:
        page.goto(running.link)
        page.wait_for_url(lambda url: "/login" not in url)
        expect(page.locator("h1").first).to_be_visible()
        began = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(10) == 0
        assert time.monotonic() - began < 5
