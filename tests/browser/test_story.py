"""The whole story in a real browser against the real process: sign in, value, save, verify, export.

And its other side: who has no sign-in sees nothing, by page or by socket.
"""

import io
import re
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.browser.browser import Problems, until
from tests.browser.installation import Installation, served_from
from tests.browser.test_pages import FIRST_ROW

PAGES = ("", "coverage", "company", "dcf", "valuations", "screen", "reports", "audit")


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
    page.goto(installation.token())
    page.wait_for_url(lambda url: "/login" not in url)
    expect(page.get_by_role("link", name="Coverage").first).to_be_visible()

    page.get_by_role("link", name="Coverage").first.click()
    expect(page.get_by_role("heading", name="Coverage")).to_be_visible()
    page.get_by_placeholder("Name or ticker").fill("apple")
    page.get_by_text("1 company").wait_for()
    page.get_by_test_id("stDataFrame").first.click(position=FIRST_ROW)
    page.wait_for_url("**/company?company=AAPL")
    page.get_by_role("link", name="Value Apple Inc.").click()
    page.wait_for_url("**/dcf?company=AAPL")

    page.get_by_role("button", name="Take them as none").click()
    page.get_by_label("Your reason").fill("none in the balance sheet")
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


def write_no_list_where_there_is_always_one(database: Path) -> None:
    """As soon as the jobs have been looked at for the first time."""
    with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as store:
        for _ in range(300):
            if store.execute("UPDATE schedules SET deliver_to = '5'").rowcount:
                return
            time.sleep(0.1)
    pytest.fail("no job was looked at within 30 s")


def test_a_page_that_fails_by_our_fault_gives_a_number_for_the_log_and_is_closed_in_five_seconds(
    page: Page, tmp_path: Path
):
    with served_from(tmp_path) as running:
        page.goto(running.link)
        page.wait_for_url(lambda url: "/login" not in url)
        write_no_list_where_there_is_always_one(tmp_path / "valor.sqlite")
        page.goto(f"{running.origin}/jobs")

        told = page.get_by_text("Something went wrong that is not your fault")
        told.wait_for()
        number = page.get_by_test_id("stAlert").locator("code").inner_text()
        began = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(10) == 0
        assert time.monotonic() - began < 5

    logged = (tmp_path / "log").read_text()
    assert f"number={number}" in logged
    assert "TypeError: 'int' object is not iterable" in logged
    assert logged.count("Traceback") == 1


def test_a_bare_socket_to_the_stream_is_refused(installation: Installation):
    """S2, S3."""
    address = installation.origin.replace("http", "ws") + "/_stcore/stream"
    for headers in ({}, {"Origin": installation.origin}, {"Origin": "http://localhost:9"}):
        with pytest.raises(InvalidStatus) as refused:
            connect(address, additional_headers=headers, proxy=None)
        assert refused.value.response.status_code in (401, 403)
