"""An analyst's way through the DCF page, in Chromium on the whole product."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.browser import until, violations
from tests.browser.test_pages import FIRST_CELL

pytestmark = pytest.mark.browser
PASTED = """(input, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', text);
    const told = {clipboardData, bubbles: true, cancelable: true};
    input.dispatchEvent(new ClipboardEvent('paste', told));
}"""


def value(page: Page) -> str:
    return until(page, "document.body.innerText.match(/Value per share, USD\\s+([\\d.,]+)/)?.[1]")


def other_value(page: Page, before: str) -> str:
    told = "document.body.innerText.match(/Value per share, USD\\s+([\\d.,]+)/)?.[1]"
    return until(page, f"(v => v && v !== '{before}' && v)({told})")


def test_a_value_is_stated_edited_undone_found_again_and_saved(desk, problems, installation):
    page = desk
    page.goto(f"{installation.origin}/dcf?company=GOOGL")
    page.get_by_text("waits for 4 items").wait_for()
    assert violations(page) == []

    page.get_by_role("button", name="Take them as none").click()
    page.get_by_role("textbox", name="Your reason").fill("none in the notes")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Take the empty ones as 0").click()
    stated = value(page)
    page.get_by_text("checks").wait_for()

    page.get_by_role("textbox", name=FIRST_CELL).fill("12")
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


def test_a_grid_is_worked_like_a_spreadsheet(desk, problems, installation):
    page = desk
    page.goto(f"{installation.origin}/dcf?company=KO")
    said = page.get_by_role("alert")

    def cell(row: int, column: int) -> Locator:
        return page.locator(".vx-grid tbody tr").nth(row).get_by_role("textbox").nth(column)

    def enterprise_value() -> str:
        found = "document.body.innerText.match(/Enterprise value, USD m\\s+([\\d.,]+)/)?.[1]"
        return until(page, found)

    def changed(before: str) -> str:
        until(page, f"!document.body.innerText.includes('{before}')")
        return enterprise_value()

    # Enter commits and goes down; the answer disturbs neither focus nor the cell being edited.
    cell(0, 0).wait_for()
    facts, second = enterprise_value(), cell(1, 0).input_value()
    cell(0, 0).click()
    page.keyboard.type("12.5")
    page.keyboard.press("Enter")
    page.keyboard.type("abc")
    edited = changed(facts)
    expect(cell(0, 0)).to_have_value("12.50")
    expect(cell(1, 0)).to_be_focused()
    expect(cell(1, 0)).to_have_value("abc")

    # What is no number is refused where it stands; Escape takes it back.
    page.keyboard.press("Enter")
    expect(said.get_by_text("“abc” is no number.")).to_be_visible()
    expect(cell(1, 0)).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(said.get_by_text("no number")).to_have_count(0)

    # Cells that are committed faster than they are answered are all kept.
    cell(1, 2).focus()
    for tax in range(21, 29):
        page.keyboard.type(str(tax))
        page.keyboard.press("Enter")
    page.get_by_role("cell", name="28.0 %", exact=True).wait_for()  # of the forecast
    edited = enterprise_value()
    cell(1, 0).focus()

    # The keys walk over the cells.
    for key, row, column in [
        ("ArrowRight", 1, 1),
        ("ArrowDown", 2, 1),
        ("Shift+Enter", 1, 1),
        ("Tab", 1, 2),
        ("Shift+Tab", 1, 1),
        ("ArrowUp", 0, 1),
        ("ArrowLeft", 0, 0),
        ("Enter", 1, 0),
    ]:
        page.keyboard.press(key)
        expect(cell(row, column)).to_be_focused()
    expect(cell(0, 0)).to_have_value("12.50")

    # A block from a spreadsheet fills the cells from there on, or none of them.
    cell(1, 0).evaluate(PASTED, "1\tx\n")
    expect(said.get_by_text("Nothing was pasted.")).to_be_visible()
    assert enterprise_value() == edited
    cell(1, 0).evaluate(PASTED, "1\t20.25\r\n(2)\t21%\r\n")
    pasted = changed(edited)
    for row, column, told in [(1, 1, "20.25"), (2, 0, "−2.00"), (2, 1, "21.00")]:
        expect(cell(row, column)).to_have_value(told)

    assert [cell(row, 2).input_value() for row in range(1, 9)] == [
        f"{tax}.00" for tax in range(21, 29)
    ]

    # A step back is the page's, and leaves the focus where it is.
    expect(cell(1, 0)).to_be_focused()
    page.keyboard.press("Control+z")
    assert changed(pasted) == edited
    expect(cell(1, 0)).to_be_focused()
    focused = "parseFloat(document.activeElement.value)"
    until(page, f"Math.abs({focused} - {second}) < 0.006")  # drawn a moment after the value
    assert problems == []
