"""An analyst's way through the DCF page, in Chromium on the whole product."""

import pytest
from playwright.sync_api import Page

from tests.browser.browser import until, violations
from tests.browser.test_pages import FIRST_CELL

pytestmark = pytest.mark.browser


def value(page: Page) -> str:
    return until(page, "document.body.innerText.match(/Value per share, USD\\s+([\\d.,]+)/)?.[1]")


def other_value(page: Page, before: str) -> str:
    told = "document.body.innerText.match(/Value per share, USD\\s+([\\d.,]+)/)?.[1]"
    return until(page, f"(v => v && v !== '{before}' && v)({told})")


def test_a_value_is_stated_edited_undone_found_again_and_saved(page, problems, installation):
    page.goto(installation.link.replace("/login#", "/login?next=/dcf%3Fcompany%3DAAPL#"))
    page.get_by_text("waits for 4 items").wait_for()
    assert violations(page) == []

    page.get_by_role("button", name="Take them as none").click()
    page.get_by_role("textbox", name="Your reason").fill("none in the notes")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Take the empty ones as 0").click()
    stated = value(page)
    page.get_by_text("checks").wait_for()

    page.get_by_test_id("stDataFrame").first.click(position=FIRST_CELL)
    page.keyboard.press("Enter")
    page.locator("#portal input").fill("12")
    page.keyboard.press("Enter")
    edited = other_value(page, stated)
    page.get_by_role("button", name="Revenue growth: fade again").wait_for()

    page.get_by_role("button", name="Undo").click()
    assert other_value(page, edited) == stated
    page.get_by_role("button", name="Redo").click()
    assert other_value(page, stated) == edited

    page.reload()
    assert value(page) == edited

    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("textbox", name="Why is this the value?").fill("Services grow faster.")
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Save valuation").click()
    page.get_by_role("link", name="Export to Excel").wait_for()
    assert problems == []
