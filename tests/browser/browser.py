"""Chromium for tests: started alike everywhere, with what goes wrong in a page collected."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.needs import needed

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--process-per-site",  # what one page has compiled the next does not
)
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
# WCAG 2.0 to 2.2, levels A and AA, and what axe's makers advise beside them.
AXE_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


# Of all rules those which look at colours: another scheme changes nothing else.
COLOUR_RULES = ("color-contrast", "link-in-text-block")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running Chromium. While it runs, this thread must not call `asyncio.run`."""
    executable = needed("browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield browser
        browser.close()


class Problems(list[str]):
    """What a page complains about in its console, and what it fails to catch."""

    def __init__(self, page: Page) -> None:
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.append(f"{message.text} ({message.location.get('url', '')})")


def until(page: Page, expression: str, *, within_s: float = 30.0) -> Any:
    """Wait for the expression to be true in the page and return it.

    Playwright's own `wait_for_function` evaluates inside the page, which our policy forbids.
    """
    deadline = time.monotonic() + within_s
    while not (value := page.evaluate(expression)):
        assert time.monotonic() < deadline, f"not true within {within_s} s: {expression}"
        page.wait_for_timeout(50)
    return value


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


def violations(
    page: Page,
    *,
    impacts: tuple[str, ...] = ("moderate", "serious", "critical"),
    rules: tuple[str, ...] = AXE_RULES,
) -> list[str]:
    """What axe finds on the page as it is now: rule, impact and where."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})",
        list(rules),
    )["violations"]
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:160]} — {node['failureSummary']}"
        for one in found
        if one["impact"] in impacts
        for node in one["nodes"]
    ]
