"""The page Snapshots: from nothing published to what changed, and whether it is unchanged."""

from pathlib import Path

import pytest

from tests.conftest import ONLY_SQLITE, World
from tests.pages.opening import opened, pressed, run, texts
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


def test_an_analyst_publishes_looks_and_verifies(world: World, monkeypatch, root: Path):
    page = opened(monkeypatch, world.acme.analyst, "snapshots")
    assert "Publish the first one" in texts(page)

    page = pressed(page, "Publish a snapshot")
    assert "One row is" in texts(page)
    assert "Since the one before" not in texts(page)
    assert "Unchanged: all" in texts(pressed(page, "Verify"))

    page = pressed(page, "Publish a snapshot")
    assert "Since the one before" in texts(page)
    assert "anna" in page.selectbox[0].options[0]
    for path in root.rglob("audit/*.parquet"):
        path.unlink()
    assert "Not what was published: the bytes of audit" in texts(pressed(page, "Verify"))


def test_a_question_is_asked_of_the_snapshot_and_its_answer_taken_along(book: World, monkeypatch):
    with open_work(book.acme.analyst) as work:
        snapshots.publish_snapshot(work)
    page = opened(monkeypatch, book.acme.analyst, "explore", question="changes")
    question = next(each for each in page.selectbox if each.label == "Question")
    offered = [option.partition(":")[0] for option in question.options]
    assert offered == [
        "Coverage", "Peer set", "Providers by day", "Valuation history", "What changed",
    ]  # fmt: skip
    assert "no snapshot before" in texts(page)

    question.set_value("coverage")
    page = run(page)
    assert len(page.dataframe[0].value) == 18

    next(each for each in page.selectbox if each.label == "Question").set_value("peer_set")
    page = run(page)
    assert "Say which company" in texts(page)
    next(each for each in page.text_input if each.label == "A ticker").set_value("KO")
    page = run(page)

    assert page.dataframe[0].value["Company"][0] == "PepsiCo Inc"
    assert len(page.get("plotly_chart")) == 1
    assert "queries/peer_set?company=KO&format=csv" in texts(page)
    assert "queries/peer_set?company=KO&format=xlsx" in texts(page)


def test_an_analyst_asks_in_sql_unless_it_is_switched_off(world: World, monkeypatch):
    with open_work(world.acme.analyst) as work:
        snapshots.publish_snapshot(work)
    page = opened(monkeypatch, world.acme.analyst, "explore")
    page.segmented_control[0].set_value("SQL")
    page = run(page)
    assert not page.dataframe
    page.text_area[0].set_value("SELECT 40 + 2 AS answer")
    page = pressed(page, "Ask")

    assert list(page.dataframe[0].value["answer"]) == [42]
    assert "sql=SELECT+40+%2B+2+AS+answer&format=csv" in texts(page)
    assert "an amount that an analyst added" in texts(page)
    shared = opened(monkeypatch, world.acme.analyst, "explore", sql="SELECT 7 AS shared")
    assert list(shared.dataframe[0].value["shared"]) == [7]
    with open_work(world.acme.operator) as work:
        flags.switch_flag(work, "analyst_sql", killed=True, reason="not here")
    page = opened(monkeypatch, world.acme.analyst, "explore")
    assert page.segmented_control[0].options == ["View", "Saved views", "Questions"]


def test_a_viewer_is_told_whom_to_ask_and_clears_nothing_away(world: World, monkeypatch):
    page = opened(monkeypatch, world.acme.viewer, "snapshots")

    assert "Ask an analyst" in texts(page)
    assert [button.label for button in page.button] == ["Sign out"]


def test_an_administrator_clears_away(world: World, monkeypatch):
    page = opened(monkeypatch, world.acme.admin, "snapshots")

    page = pressed(pressed(page, "Publish a snapshot"), "Clear away")

    assert "0 snapshots and 0 files" in page.toast[0].value
