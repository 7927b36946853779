"""The page Explore: from a snapshot to a figure by group, filtered, charted and with its total."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import frame
from tests.conftest import ONLY_SQLITE, World
from tests.pages.opening import opened, pressed, run, texts
from valor_core.snapshots import reader
from valor_core.snapshots.view import View
from valor_core.workbench import saved_views, snapshots
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


def control(page: AppTest, kind: str, label: str) -> Any:
    return next(each for each in getattr(page, kind) if each.label == label)


def test_a_figure_by_group_is_clicked_together_filtered_and_charted(published: World, monkeypatch):
    page = opened(monkeypatch, published.acme.viewer, "explore")
    assert len(page.dataframe[0].value) == 18
    assert "18 rows." in texts(page)
    assert page.segmented_control[1].options == ["Points", "Histogram", "No chart"]

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
    assert page.segmented_control[1].options == ["Bars", "Points", "No chart"]

    control(page, "selectbox", "Across").set_value("fiscal_year")
    control(page, "multiselect", "Figures").set_value(["sum:value"])
    page = run(page)
    assert list(page.dataframe[0].value.columns)[-2:] == ["2009", "All"]


def test_a_view_is_saved_opened_by_its_address_exported_and_renamed(published: World, monkeypatch):
    page = opened(monkeypatch, published.acme.analyst, "explore")
    control(page, "selectbox", "About").set_value("facts")
    page = run(page)
    control(page, "multiselect", "Group by").set_value(["filed_on:year"])
    control(page, "multiselect", "Filter by").set_value(["known", "value"])
    page = run(page)
    control(page, "button_group", "Answer").set_value(True)
    control(page, "number_input", "From").set_value(1e9)
    control(page, "text_input", "Name").set_value("Large figures by year")
    page = pressed(run(page), "Save")
    table = page.dataframe[0].value

    with open_work(published.acme.viewer) as work:
        (row,) = saved_views.list_views(work)
    shared = opened(monkeypatch, published.acme.viewer, "explore", view=row.id)

    assert "Large figures by year" in texts(shared)
    assert shared.dataframe[0].value.equals(table)
    assert [button.label for button in shared.button if "ave" in button.label] == []
    assert "Download valor-facts-" in pressed(shared, "CSV").get("link_button")[0].proto.label
    with open_work(published.acme.admin) as work:
        hidden = saved_views.keep_view(work, "*Uses*", View(dataset="usage"))
    told = texts(opened(monkeypatch, published.acme.viewer, "explore", view=hidden.id))
    assert "The view *Uses* is about what your role may not read" in told
    with open_work(published.acme.admin) as work:
        saved_views.drop_view(work, hidden.id)
    monkeypatch.setattr(frame, "signed_in_caller", lambda: published.acme.analyst)
    page.segmented_control[0].set_value("Saved views")
    page = run(page)
    control(page, "text_input", "Its name").set_value("Large ones")
    page = pressed(run(page), "Rename")
    assert list(page.dataframe[0].value["View"]) == ["Large ones"]
    assert "No view is saved" in texts(pressed(page, "Delete for everybody"))


def test_where_nothing_is_published_it_says_whom_to_ask(world: World, monkeypatch):
    page = opened(monkeypatch, world.acme.viewer, "explore")

    assert "Ask an analyst of your tenant" in texts(page)
