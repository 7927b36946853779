from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.browser import Problems, chromium
from tests.browser.installation import Installation, served_from


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium a file: while it runs, no other test of this thread could use asyncio."""
    with chromium() as running:
        yield running


@pytest.fixture(params=["light"])
def scheme(request: pytest.FixtureRequest) -> Literal["light", "dark"]:
    """The colour scheme of the page; parametrize it indirectly for light and dark."""
    return request.param


@pytest.fixture
def page(browser: Browser, scheme: Literal["light", "dark"]) -> Iterator[Page]:
    """A fresh, unknown visitor's page."""
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": 1280, "height": 800}, service_workers="block"
    )
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    context.close()


@pytest.fixture
def problems(page: Page) -> Problems:
    """What the page has complained about so far; to be asked for before it is opened."""
    return Problems(page)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The product with its demo book: a file's tests share it."""
    with served_from(tmp_path_factory.mktemp("installation")) as running:
        yield running
