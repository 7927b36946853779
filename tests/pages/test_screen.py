"""The page Screen: from nothing published to a filtered table."""

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import frame
from tests.conftest import ONLY_SQLITE, World
from valor_core.settings import ROOT
from valor_core.snapshots import reader
from valor_core.values import Caller
from valor_core.workbench import snapshots

pytestmark = ONLY_SQLITE


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    folder = tmp_path / "snapshots"
    monkeypatch.setattr(snapshots, "_root", lambda: folder)
    yield folder
    reader.close_idle()


def page(monkeypatch: pytest.MonkeyPatch, caller: Caller) -> AppTest:
    monkeypatch.setattr(frame, "signed_in_caller", lambda: caller)
    shown = AppTest.from_file(str(ROOT / "pages" / "screen.py"), default_timeout=60).run()
    assert not shown.exception
    return shown


def tickers(shown: AppTest) -> list[str]:
    return [name.rpartition("(")[2].rstrip(")") for name in shown.dataframe[0].value["Company"]]


def test_an_analyst_publishes_filters_and_ranks(book: World, monkeypatch):
    shown = page(monkeypatch, book.acme.analyst)
    assert "Publish the first one" in shown.info[0].value

    shown.button[0].click().run()
    assert len(tickers(shown)) == 18
    assert tickers(shown)[0] == "AAPL"

    shown.number_input(key="screen_growth_from").set_value(40.0)
    shown.selectbox(key="screen_order").set_value("growth").run()
    assert tickers(shown) == ["NVDA", "JPM", "MRVL"]
    assert "3 of 18 companies, ranked by Growth: NVIDIA CORP" in shown.caption[0].value

    shown.number_input(key="screen_growth_from").set_value(4000.0).run()
    assert not shown.dataframe
    assert "None of 18 companies passes" in shown.info[0].value
    assert not shown.exception


def test_a_viewer_is_told_whom_to_ask(world: World, monkeypatch):
    shown = page(monkeypatch, world.acme.viewer)

    assert list(shown.button) == []
    assert "Ask an analyst" in shown.info[0].value


def test_a_damaged_snapshot_is_explained_and_publishing_mends_it(world: World, monkeypatch, root):
    shown = page(monkeypatch, world.acme.analyst)
    shown.button[0].click().run()
    for path in root.rglob("*.parquet"):
        path.unlink()

    shown.run()
    assert "is damaged" in shown.error[0].value

    shown.button[0].click().run()
    assert not shown.error
