import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page

from tests.app.ui.test_show import HOSTILE
from tests.browser.browser import until, violations
from valor_core.settings import ROOT

pytestmark = pytest.mark.browser
WIDTH = (
    "text => {const span = document.createElement('span'); span.textContent = text;"
    "document.querySelector('[data-testid=stMetricValue]').append(span);"
    "const width = span.getBoundingClientRect().width; span.remove(); return width}"
)
BOTH = pytest.mark.parametrize("scheme", ["light", "dark"], indirect=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shell")


@pytest.fixture(scope="module")
def origin(folder: Path) -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.browser.shell", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.terminate()
        assert process.wait(30) == 0


def opened(page: Page, address: str, title: str) -> None:
    page.goto(address)
    page.get_by_role("heading", name=title, level=1).wait_for()


@BOTH
def test_charts_and_tables_work_under_the_policy_ask_no_other_host_and_shut_nobody_out(
    page, problems, origin
):
    """S14."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))

    opened(page, origin, "Home")
    page.locator(".js-plotly-plot .bars").first.wait_for()
    page.get_by_test_id("stDataFrame").locator("canvas").first.wait_for()

    assert violations(page) == []
    assert problems == []
    assert {url.partition(":")[0] for url in asked} <= {"http", "blob", "data"}
    assert all(url.startswith((origin, "blob:", "data:")) for url in asked)
    until(page, "!!document.querySelector('[data-testid=stMetricValue]')")
    assert page.evaluate(WIDTH, "1111") == page.evaluate(WIDTH, "8888"), "figures have equal width"


def test_hostile_text_is_shown_as_it_is_and_leads_nowhere(page, problems, origin):
    opened(page, f"{origin}/hostile", "Hostile")
    main = page.get_by_test_id("stMain")
    main.get_by_text(HOSTILE[-1].split()[-1]).first.wait_for()

    made = main.locator("a, img, li, code, del, em, [style*=color]")
    assert made.evaluate_all("all => all.map(one => one.outerHTML)") == []
    shown = main.inner_text().replace("\u2060", "")
    for text in HOSTILE:
        assert " ".join(text.split()) in shown
    assert problems == []


def test_a_deep_link_opens_its_page_which_jumps_little_while_it_loads(page, problems, origin):
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach("
        "entry => shift += entry.value)).observe({type: 'layout-shift', buffered: true})"
    )
    opened(page, f"{origin}/deep", "Deep")
    page.wait_for_timeout(500)

    assert page.evaluate("shift") <= 0.1
    assert problems == []


def test_the_first_bytes_draw_a_splash_before_any_script_runs(browser, origin):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(origin)

    assert page.title() == "Valor IVX"
    assert page.get_by_role("status").inner_text() == "Valor IVX is loading …"
    context.close()


def test_scripts_come_compressed_once_their_twins_are_made(page, folder, origin):
    twins = folder / "static" / "js"
    while not list(twins.glob("index.*.js.br")):
        page.wait_for_timeout(50)
    script = next(iter(twins.glob("index.*.js.br"))).name.removesuffix(".br")

    with httpx2.stream(
        "GET", f"{origin}/static/js/{script}", headers={"Accept-Encoding": "br"}
    ) as answer:
        assert answer.headers["content-encoding"] == "br"
        assert int(answer.headers["content-length"]) == (twins / f"{script}.br").stat().st_size


def test_a_chunk_that_an_upgrade_has_removed_offers_a_reload(page, origin):
    opened(page, f"{origin}/deep", "Deep")

    page.evaluate("void import('/static/js/chunk.of-an-older-version.js')")
    page.get_by_role("alert").get_by_role("button", name="Reload").click()

    page.get_by_role("heading", name="Deep", level=1).wait_for()
    assert page.get_by_role("alert").count() == 0


def test_a_page_whose_sign_in_has_ended_goes_to_the_sign_in(page, folder, origin):
    opened(page, f"{origin}/deep?company=AAPL", "Deep")

    (folder / "signed-out").touch()
    try:
        page.evaluate("dispatchEvent(new Event('online'))")
        page.wait_for_url("**/login?next=%2Fdeep%3Fcompany%3DAAPL")
    finally:
        (folder / "signed-out").unlink()
