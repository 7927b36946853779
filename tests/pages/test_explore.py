"""The page Explore: from a snapshot to a figure by group, filtered, charted and with its total."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import ONLY_SQLITE, World
from tests.pages.opening import opened, run, texts
from valor_core.snapshots import reader
from valor_core.workbench import flags, snapshots
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "snapshots"
    monkeypatch.setattr(snapshots, "_root", lambda: folder)
    yield folder
    reader.close_idle()


@pytest.fixture
def published(book: World) -> World:
    with open_work(book.acme.analyst) as work:
        snapshots.publish_snapshot(work)
    return book


def control(page: AppTest, kind: str, label: str):
    return next(each for each in page.get(kind) if each.label == label)


def test_a_figure_by_group_is_clicked_together_filtered_and_charted(published: World, monkeypatch):
    page = opened(monkeypatch, published.acme.viewer, "explore")
    assert len(page.dataframe[0].value) == 18
    assert "18 rows." in texts(page)
    assert page.segmented_control[0].options == ["Points", "Histogram", "No chart"]

    control(page, "selectbox", "About").set_value("facts")
    page = run(page)
    control(page, "multiselect", "Group by").set_value(["company"])
    control(page, "multiselect", "Figures").set_value(["count", "sum:value"])
    control(page, "multiselect", "Filter by").set_value(["ticker", "item"])
    page = run(page)
    values = [each for each in page.multiselect if each.label == "Values"]
    values[0].set_value(["KO", "PEP"])
    values[1].set_value(["revenue"])
    page = run(page)

    table = page.dataframe[0].value
    assert list(table["Company"]) == ["Coca-Cola Co", "PepsiCo Inc", "All"]
    assert table["Rows"][2] == table["Rows"][0] + table["Rows"][1]
    assert page.segmented_control[0].options == ["Bars", "Points", "No chart"]

    control(page, "selectbox", "Across").set_value("fiscal_year")
    control(page, "multiselect", "Figures").set_value(["sum:value"])
    page = run(page)
    assert list(page.dataframe[0].value.columns)[-2:] == ["2009", "All"]


def test_where_nothing_is_published_it_says_whom_to_ask(world: World, monkeypatch):
    page = opened(monkeypatch, world.acme.viewer, "explore")

    assert "Ask an analyst of your tenant" in texts(page)


def test_where_it_is_switched_off_there_is_no_such_page(world: World, monkeypatch):
    with open_work(world.acme.operator) as work:
        flags.switch_flag(work, "explore", killed=True, reason="not here")

    page = opened(monkeypatch, world.acme.analyst, "explore")

    assert page.title[0].value == "Home"
    assert "explore" not in {each.proto.page for each in page.get("page_link")}
