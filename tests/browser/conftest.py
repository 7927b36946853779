"""One Chromium and one installation for all files of this folder, which one process runs."""

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.browser import Problems, chromium
from tests.browser.installation import Installation, served_from


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """While it runs, no other test of this thread could use asyncio."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="package")
def context(browser: Browser, installation: Installation) -> Iterator[BrowserContext]:
    """One process for all pages, which a page that stays keeps alive with all it has compiled."""
    context = browser.new_context(service_workers="block")
    context.new_page().goto(f"{installation.origin}/healthz")
    yield context
    context.close()


@pytest.fixture(params=["light"])
def scheme(request: pytest.FixtureRequest) -> Literal["light", "dark"]:
    """The colour scheme of the page; parametrize it indirectly for light and dark."""
    return request.param


@pytest.fixture
def page(context: BrowserContext, scheme: Literal["light", "dark"]) -> Iterator[Page]:
    """An unknown visitor's page."""
    context.clear_cookies()
    page = context.new_page()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.set_default_timeout(30_000)
    yield page
    session = context.new_cdp_session(page)
    session.send("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": "local_storage"})
    context.set_offline(False)
    page.close()


@pytest.fixture
def problems(page: Page) -> Problems:
    """What the page has complained about so far; to be asked for before it is opened."""
    return Problems(page)


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The product with its demo book."""
    with served_from(tmp_path_factory.mktemp("installation")) as running:
        yield running


@pytest.fixture(scope="package")
def cookies(browser: Browser, installation: Installation) -> list[Any]:
    """Who has signed in by the link that the installation printed has these."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(installation.link)
    page.get_by_role("heading", name="Home", level=1).wait_for()
    kept = context.cookies()
    context.close()
    return kept


@pytest.fixture
def desk(page: Page, cookies: list[Any]) -> Page:
    """A page of somebody who is signed in."""
    page.context.add_cookies(cookies)
    return page
