"""The page Snapshots: from nothing published to what changed, and whether it is unchanged."""

from pathlib import Path

import pytest

from tests.conftest import ONLY_SQLITE, World
from tests.pages.opening import opened, pressed, run, texts
from valor_core.snapshots import reader
from valor_core.workbench import snapshots

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
    page = pressed(opened(monkeypatch, book.acme.analyst, "snapshots"), "Publish a snapshot")
    page.segmented_control[0].set_value("Questions")
    page = run(page)
    question = next(each for each in page.selectbox if each.label == "Question")
    offered = [option.partition(":")[0] for option in question.options]
    assert offered == [
        "Coverage", "Peer set", "Providers by day", "Valuation history", "What changed",
    ]  # fmt: skip
    assert len(page.dataframe[0].value) == 18

    question.set_value("changes")
    page = run(page)
    assert "no snapshot before" in texts(page)

    next(each for each in page.selectbox if each.label == "Question").set_value("peer_set")
    page = run(page)
    assert "Say which company" in texts(page)
    next(each for each in page.text_input if each.label == "A ticker").set_value("KO")
    page = run(page)

    assert page.dataframe[0].value["Company"][0] == "PepsiCo Inc"
    assert "queries/peer_set?company=KO&format=csv" in texts(page)


def test_a_viewer_is_told_whom_to_ask_and_clears_nothing_away(world: World, monkeypatch):
    page = opened(monkeypatch, world.acme.viewer, "snapshots")

    assert "Ask an analyst" in texts(page)
    assert [button.label for button in page.button] == ["Sign out"]


def test_an_administrator_clears_away(world: World, monkeypatch):
    page = opened(monkeypatch, world.acme.admin, "snapshots")

    page = pressed(pressed(page, "Publish a snapshot"), "Clear away")

    assert "0 snapshots and 0 files" in page.toast[0].value
