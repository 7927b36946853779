"""What a reader waits for: each page in Chromium, first visit and second, and a committed cell.

    .venv/bin/python benchmarks/browsing.py

Largest contentful paint, layout shift and bytes on the wire; then the time from Enter in a cell of
the DCF grid until another value stands in the headline.
"""

import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, BrowserContext, Page  # noqa: E402

from tests.browser.browser import chromium, until  # noqa: E402
from tests.browser.installation import Installation, served_from  # noqa: E402
from tests.browser.test_pages import DRAWN, FIRST_CELL, PAGES  # noqa: E402

EDITS = 11
OBSERVED = """
window.shift = 0; window.lcp = 0;
new PerformanceObserver(list => list.getEntries().forEach(e => shift += e.value))
    .observe({type: 'layout-shift', buffered: true});
new PerformanceObserver(list => list.getEntries().forEach(e => lcp = e.startTime))
    .observe({type: 'largest-contentful-paint', buffered: true});
"""
HEADLINE = "document.body.innerText.match(/Value per share, USD\\s+([\\d.,]+)/)?.[1]"
HEADLINES = "document.querySelectorAll('[data-testid=stHtml]')"
WATCH = f"""() => {{
    const told = () => Array.from({HEADLINES}, each => each.textContent)
        .find(text => text.includes('Value per share, USD'));
    const before = told();
    window.taken = 0;
    addEventListener('keydown', event => {{
        if (event.key !== 'Enter') return;
        const began = performance.now();
        const look = () => {{
            if (![before, undefined].includes(told())) taken = performance.now() - began;
            else requestAnimationFrame(look);
        }};
        look();
    }}, {{capture: true, once: true}});
}}"""


@contextmanager
def visited(context: BrowserContext, url: str, heading: str) -> Iterator[tuple[Page, list[float]]]:
    """The page once it is drawn, and the bytes that its loading took."""
    page = context.new_page()
    page.add_init_script(OBSERVED)
    network: Any = context.new_cdp_session(page)
    network.send("Network.enable")
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    page.goto(url)
    page.get_by_role("heading", name=heading, level=1).wait_for()
    until(page, DRAWN)
    page.wait_for_timeout(1_000)
    yield page, sizes
    page.close()


def pages(browser: Browser, installation: Installation, cookies: Any) -> None:
    """A line a page: the first visit of a browser and its second."""
    print("page             visit    LCP, s   CLS    KiB")
    for place, heading in PAGES.items():
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_cookies(cookies)
        for visit in ("first", "second"):
            with visited(context, f"{installation.origin}/{place}", heading) as (page, sizes):
                lcp, shift = page.evaluate("[lcp, shift]")
                name = place.partition("?")[0] or "home"
                print(
                    f"{name:16} {visit:7} {lcp / 1000:7.2f} {shift:6.3f} {sum(sizes) / 1024:6.0f}"
                )
        context.close()


def cells(browser: Browser, installation: Installation, cookies: Any) -> None:
    """How long a committed cell takes until the value has changed."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_cookies(cookies)
    with visited(context, f"{installation.origin}/dcf?company=AAPL", "Discounted cash flow") as (
        page,
        _,
    ):
        page.get_by_role("button", name="Take them as none").click()
        page.get_by_role("textbox", name="Your reason").fill("none in the notes")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Take the empty ones as 0").click()
        until(page, HEADLINE)
        taken = []
        for turn in range(EDITS):
            page.get_by_role("textbox", name=FIRST_CELL).fill(str(5 + turn))
            page.evaluate(WATCH)
            page.keyboard.press("Enter")
            taken.append(until(page, "window.taken"))
            page.wait_for_timeout(600)
    context.close()
    print(
        f"cell to value: median {statistics.median(taken):.0f} ms, "
        f"worst {max(taken):.0f} ms of {EDITS}"
    )


def main() -> None:
    """Serves a fresh demo and visits it."""
    with (
        tempfile.TemporaryDirectory() as home,
        served_from(Path(home)) as installation,
        chromium() as browser,
    ):
        context = browser.new_context()
        page = context.new_page()
        page.goto(installation.link)
        page.get_by_role("heading", name="Home", level=1).wait_for()
        page.wait_for_timeout(10_000)  # until the static files are compressed
        cookies = context.cookies()
        context.close()
        pages(browser, installation, cookies)
        cells(browser, installation, cookies)


if __name__ == "__main__":
    main()
