"""Every page in Chromium on the whole product: in both themes, on a desk and on a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from app.directory import GROUPS
from tests.browser.browser import COLOUR_RULES, Problems, until, violations
from tests.browser.installation import Installation

pytestmark = pytest.mark.browser
PAGES = {
    "": "Home",
    "coverage": "Coverage",
    "company?company=AAPL": "Company",
    "dcf?company=AAPL": "Discounted cash flow",
    "dcf_direct?company=KO": "Stated cash flows",
    "lbo?company=KO": "Leveraged buyout",
    "merger?company=KO&target=PEP": "Merger",
    "options?company=KO": "Real options",
    "comparables?company=KO": "Comparables",
    "simulation?company=KO": "Simulation",
    "statements?company=AAPL": "Statements",
    "reconciliation?company=AAPL": "Reconciliation",
    "dividends?company=JPM": "Dividends and residual income",
    "credit?company=KO": "Credit",
    "returns?company=KO": "Returns",
    "batch": "Batch",
    "market_data": "Market data",
    "valuations": "Valuations",
    "screen": "Screen",
    "explore": "Explore",
    "snapshots": "Snapshots",
    "reports": "Reports",
    "jobs": "Jobs",
    "proof": "Proof",
    "workbook_audit": "Workbook audit",
    "providers": "Providers",
    "limits": "Plan & limits",
    "members": "Members",
    "keys": "API keys",
    "audit": "Audit",
    "sessions": "Sessions",
    "billing": "Billing",
}
DRAWN = """!document.querySelector('[data-testid=stSkeleton],[data-testid=stStatusWidget]')
    && document.querySelector('[data-testid=stSidebarNav]')"""
IN_THE_DARK = """getComputedStyle(document.querySelector('[data-testid=stApp]'))
    .colorScheme === 'dark'"""
BRIGHT_CHARTS = r"""[...document.querySelectorAll('.js-plotly-plot .xaxislayer-above text')].every(
    each => Number(getComputedStyle(each).fill.match(/\d+/)[0]) > 127)"""
TABLES = """[...document.querySelectorAll('.vx-scroll, .vx-grid')]
    .filter(each => each.checkVisibility())"""
SCROLLED = f"{TABLES}.map(each => each.scrollWidth > each.clientWidth)"
FADED = f"{TABLES}.map(each => getComputedStyle(each).getPropertyValue('--vx-more') !== '0px')"
SEEN_THROUGH = """[...document.querySelectorAll('table.vx th[scope=row]')].filter(
    each => getComputedStyle(each).backgroundColor === 'rgba(0, 0, 0, 0)').length"""
FIRST_ROW = {"x": 60, "y": 54}
FIRST_CELL = "FY2026, Revenue growth, %"  # of the DCF's grid
FIRST_NUMBER = {"x": 290, "y": 54}  # right of the pinned labels
SHIFTS = """window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach(
    entry => shift += entry.value)).observe({type: 'layout-shift', buffered: true})"""


@pytest.fixture(scope="module")
def kept_tab(context) -> Iterator[Page]:
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.add_init_script(SHIFTS)
    yield page
    page.close()


@pytest.fixture
def tab(kept_tab, cookies) -> Page:
    """A tab that stays for page after page."""
    kept_tab.context.add_cookies(cookies)
    return kept_tab


def shown(page: Page, installation: Installation, place: str) -> None:
    page.goto(f"{installation.origin}/{place}")
    page.get_by_role("heading", name=PAGES[place], level=1).wait_for()
    until(page, DRAWN)
    page.wait_for_timeout(300)  # what was drawn last finds its place
    until(page, DRAWN)  # a page that learns of another theme runs once more


@pytest.mark.parametrize("place", PAGES)
def test_every_page_holds_still_is_open_to_everybody_and_fits_a_phone(tab, installation, place):
    tab.goto(f"{installation.origin}/healthz")  # the last page says nothing more
    problems = Problems(tab)
    tab.emulate_media(color_scheme="light")
    tab.set_viewport_size({"width": 1280, "height": 800})
    shown(tab, installation, place)

    assert tab.evaluate("shift") <= 0.1
    assert violations(tab) == []
    assert tab.get_by_test_id("stException").count() == 0
    tab.emulate_media(color_scheme="dark")
    until(tab, IN_THE_DARK)
    until(tab, f"{DRAWN} && {BRIGHT_CHARTS}")  # drawn by the server, so the page has run again
    assert violations(tab, rules=COLOUR_RULES) == []
    tab.set_viewport_size({"width": 390, "height": 800})
    tab.wait_for_timeout(300)
    assert tab.evaluate(FADED) == tab.evaluate(SCROLLED)
    assert tab.evaluate(SEEN_THROUGH) == 0
    for part in ("document.scrollingElement", "document.querySelector('[data-testid=stMain]')"):
        assert tab.evaluate(f"{part}.scrollWidth") <= 390, part
    assert problems == []


def test_a_name_in_the_coverage_opens_the_company_and_a_number_its_filing(
    desk, problems, installation
):
    shown(desk, installation, "coverage")
    desk.get_by_placeholder("Name or ticker").fill("coca")
    desk.get_by_text("1 company, 0 valued").wait_for()
    desk.get_by_test_id("stDataFrame").first.click(position=FIRST_ROW)
    desk.wait_for_url("**/company?company=KO")

    desk.get_by_text("Choose a number to see its filing").wait_for()
    desk.get_by_test_id("stDataFrame").first.click(position=FIRST_NUMBER)
    desk.get_by_text("Revenue, FY2009").wait_for()
    desk.get_by_role("link", name="sec.gov/Archives/edgar/data/21344/").wait_for()
    assert violations(desk) == []
    assert problems == []


def test_no_page_of_the_list_is_left_out_here(desk, installation):
    shown(desk, installation, "")
    listed = desk.get_by_test_id("stSidebarNav").get_by_role("link").all()
    addresses = {str(each.get_attribute("href")).rpartition("/")[2] for each in listed}

    assert addresses == {place.partition("?")[0] for place in PAGES}


def test_the_list_of_pages_names_its_groups(desk, installation):
    shown(desk, installation, "")
    named = desk.evaluate(
        """[...document.querySelectorAll('[data-testid=stSidebarNavItems] li')].map(
        each => [getComputedStyle(each, '::before').content, each.textContent])
        .filter(([group]) => group !== 'none').map(([group, page]) => group + page)"""
    )

    assert [each.partition('"')[2].partition('"')[0] for each in named] == [*filter(None, GROUPS)]


def test_the_list_of_pages_is_walked_by_keyboard(desk, installation):
    shown(desk, installation, "")
    desk.get_by_role("link", name="Sessions", exact=True).first.focus()
    desk.keyboard.press("Tab")
    expect(desk.get_by_role("link", name="Audit", exact=True).first).to_be_focused()
    assert desk.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    desk.keyboard.press("Enter")
    desk.get_by_role("heading", name="Audit", level=1).wait_for()

    desk.get_by_role("button", name="Verify the audit log").focus()
    desk.keyboard.press("Enter")
    desk.get_by_text("The log holds").wait_for()


def test_what_a_button_opens_is_walked_by_keyboard_and_left_for_what_follows(desk, installation):
    shown(desk, installation, "")
    opener = desk.get_by_role("button", name="Amounts in millions")
    inside = "!!document.activeElement.closest('[data-testid=stPopoverBody]')"
    opener.focus()
    desk.keyboard.press("Enter")
    until(
        desk,
        "!!document.querySelector('[data-testid=stPopoverBody] :is(input, button)')"
        "?.getClientRects().length",
    )

    desk.keyboard.press("Tab")
    until(desk, inside)
    desk.keyboard.press("Shift+Tab")
    expect(opener).to_be_focused()
    for _ in range(20):
        desk.keyboard.press("Tab")
        if not desk.evaluate(inside):
            break
    expect(desk.get_by_role("button", name="Sign out")).to_be_focused()


def test_signing_out_leads_back_to_the_sign_in(page, installation):
    """By a sign-in of its own, since it ends."""
    page.goto(installation.token())
    page.get_by_role("heading", name="Home", level=1).wait_for()

    page.get_by_role("button", name="Sign out").click()

    page.wait_for_url("**/login?next=*")
