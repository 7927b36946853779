"""What a report names as its snapshot: it holds all that the report shows, however new."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.conftest import World
from tests.snapshots.conftest import APPLE, filing, import_filings, publish, value_apple
from valor_core.workbench import reports, snapshots
from valor_core.workbench.demo import seed_demo
from valor_core.workbench.verb import open_work

NEWER = {"accession": "0000320193-25-000079", "filed_on": "2025-10-31"}


def gathered(world: World) -> dict[str, Any]:
    with open_work(world.acme.analyst, world.store) as work:
        run = reports.ask_for_run(work, "valuation", {"company": "AAPL"})
        return reports.gather(work, run)


def rows_of(world: World, root: Path, snapshot_id: str, dataset: str) -> list[dict[str, Any]]:
    with open_work(world.acme.viewer, world.store) as work:
        manifest = snapshots.latest_snapshot(work)
    assert manifest.id == snapshot_id
    (path,) = (file.path for file in manifest.files if file.dataset == dataset)
    return pq.read_table(root / path, partitioning=None).to_pylist()


def test_the_snapshot_holds_the_facts_that_were_imported_a_moment_before(apple: World, root: Path):
    publish(apple, apple.acme.analyst)
    import_filings(apple, apple.acme.analyst, filing({2025: APPLE}, **NEWER))

    document = gathered(apple)

    shown = {
        (fact["tag"], fact["accession"], fact["value"])
        for source in document["sources"].values()
        for fact in source["facts"]
    }
    held = {
        (row["tag"], row["accession"], row["value"])
        for row in rows_of(apple, root, document["snapshot_id"], "facts")
    }
    assert NEWER["accession"] in {accession for _, accession, _ in shown}
    assert shown <= held


def test_the_snapshot_holds_the_valuation_that_was_saved_a_moment_before(apple: World, root: Path):
    publish(apple, apple.acme.analyst)
    value_apple(apple)

    document = gathered(apple)

    held = rows_of(apple, root, document["snapshot_id"], "valuations")
    assert document["valuation_id"] in {row["valuation_id"] for row in held}
    assert document["run_id"] in {row["run_id"] for row in held}


def test_reports_on_data_that_stand_still_stand_on_one_snapshot(apple: World):
    first = gathered(apple)

    assert gathered(apple)["snapshot_id"] == first["snapshot_id"]


def test_a_book_that_has_grown_since_is_in_the_snapshot(apple: World, root: Path):
    before = gathered(apple)["snapshot_id"]
    seed_demo(apple.store)

    snapshot_id = gathered(apple)["snapshot_id"]

    assert snapshot_id != before
    tickers = {row["ticker"] for row in rows_of(apple, root, snapshot_id, "companies")}
    assert {"AAPL", "KO"} <= tickers
