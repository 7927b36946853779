"""A report held against what it stands on: its snapshot alone tells it once more."""

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.books import imported, of_the_demo_book, valued
from tests.conftest import ONLY_SQLITE, World
from valor_core.amounts import Scale
from valor_core.coverage import job_runs
from valor_core.coverage.job_runs import JobRun, Status
from valor_core.coverage.report_parameters import report_source
from valor_core.settings import home
from valor_core.store.tables import SnapshotRow
from valor_core.values import Caller, Role
from valor_core.workbench import jobs, preferences, reports, snapshots
from valor_core.workbench.report_verifying import (
    KEPT,
    THE_PRESENT,
    THE_SNAPSHOT,
    Ground,
    what_it_stands_on,
)
from valor_core.workbench.verb import open_work

OF_A_SNAPSHOT = {
    "valuation": {"company": "KO"},
    "portfolio_review": {},
    "committee_book": {"company": "21344"},
}


@pytest.fixture
def coke(world: World) -> World:
    """Coca-Cola's figures are imported, and a value by a DCF is saved."""
    imported(world.acme.analyst, of_the_demo_book("KO"))
    valued(world.acme.analyst, why="A first look.")
    return world


def made(world: World, report: str, parameters: Mapping[str, Any]) -> JobRun:
    """A run with its document, as its process leaves it, without its notebook's cells."""
    with open_work(world.acme.admin, world.store) as work:
        asked = reports.ask_for_run(work, report, parameters)
        run = jobs.take_run(work, asked.id, owner="test", lease=timedelta(minutes=1))
        assert run is not None
    with open_work(job(world, run), world.store) as work:
        told = reports.gather(work, run)
    run.folder.mkdir(parents=True)
    (run.folder / "source.ipynb").write_bytes(report_source(report))
    (run.folder / "input.json").write_text(json.dumps(told, sort_keys=True))
    record = {
        "source_sha256": digest(run.folder / "source.ipynb"),
        "outputs": {"input.json": digest(run.folder / "input.json")},
        "stands_on": {"snapshot_id": told["snapshot_id"]},
    }
    with open_work(job(world, run), world.store) as work:
        return jobs.finish_run(work, run, Status.SUCCEEDED, record=record)


def job(world: World, run: JobRun) -> Caller:
    return Caller(tenant_id=world.acme.id, user_id=run.id, role=Role.ANALYST, kind="job")


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def ground(world: World, run: JobRun) -> Ground:
    with open_work(world.acme.admin, world.store) as work:
        return what_it_stands_on(work, run.id)


def test_what_was_saved_since_does_not_reach_what_a_snapshot_tells(coke: World):
    with open_work(coke.acme.admin, coke.store) as work:
        preferences.show_everybody(work, Scale.BILLIONS)
    run = {name: made(coke, name, asked) for name, asked in OF_A_SNAPSHOT.items()}
    with open_work(coke.acme.admin, coke.store) as work:
        preferences.show_everybody(work, Scale.MILLIONS)
    valued(coke.acme.analyst, why="Another look.")

    for name, each in run.items():
        anew = ground(coke, each)

        assert (anew.made_from, list(anew.flaws)) == (THE_SNAPSHOT, []), name
        assert anew.told == json.loads((each.folder / "input.json").read_text()), name


@ONLY_SQLITE
def test_a_company_that_nobody_had_valued_is_told_anew_from_its_filed_figures(coke: World):
    run = made(coke, "valuation", {"company": "KO", "as_of": "2024-12-31"})
    assert json.loads((run.folder / "input.json").read_text())["valuation_id"] is None

    assert (ground(coke, run).made_from, list(ground(coke, run).flaws)) == (THE_SNAPSHOT, [])


@ONLY_SQLITE
def test_a_document_that_the_log_does_not_vouch_for_is_refused_though_its_row_does(coke: World):
    run = made(coke, "portfolio_review", {})
    file = run.folder / "input.json"
    file.write_text(file.read_text().replace("A first look.", "A better look."))
    with open_work(coke.acme.admin, coke.store) as work:
        work.begin_writing()
        row = job_runs.run_row(work, run.id)
        row.record = {**row.record, "outputs": {"input.json": digest(file)}}

    assert list(ground(coke, run).flaws) == ["the audit log tells of other files than its row"]


@ONLY_SQLITE
def test_what_its_snapshot_tells_otherwise_is_named(coke: World):
    """A value that was altered behind the log after the snapshot was cut."""
    with open_work(coke.acme.analyst, coke.store) as work:
        snapshots.publish_snapshot(work)
    with coke.store.engine.connect() as raw:
        raw.exec_driver_sql("DROP TRIGGER IF EXISTS valuations_no_update")
        raw.exec_driver_sql("UPDATE valuations SET headline = headline + 1")
        raw.commit()

    [flaw] = ground(coke, made(coke, "portfolio_review", {})).flaws

    assert flaw.startswith("told from its snapshot, figures, lists, run_id, spreadsheets come out")


@ONLY_SQLITE
@pytest.mark.parametrize("report", ["sla", "reconciliation", "data_quality"])
def test_a_report_about_the_present_is_made_from_the_figures_that_the_log_vouches_for(
    world: World, report: str
):
    anew = ground(world, made(world, report, {}))

    assert (anew.made_from, list(anew.flaws)) == (THE_PRESENT, [])
    assert KEPT in anew.made_from


@ONLY_SQLITE
def test_a_report_whose_snapshot_was_cleared_away_says_so(coke: World):
    run = made(coke, "portfolio_review", {})
    with open_work(coke.acme.admin, coke.store) as work:
        work.begin_writing()
        work.session.delete(work.session.get(SnapshotRow, (coke.acme.id, snapshot_of(run))))

    assert list(ground(coke, run).flaws) == ["its snapshot is not kept any more"]


@ONLY_SQLITE
def test_a_report_whose_snapshot_has_a_flipped_bit_is_not_made_from_it(coke: World):
    run = made(coke, "portfolio_review", {})
    with open_work(coke.acme.admin, coke.store) as work:
        manifest = snapshots.read_snapshot(work, snapshot_of(run))
    file = home() / "snapshots" / manifest.files_of("valuation_records")[0].path
    file.chmod(0o600)
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(raw)

    [flaw] = ground(coke, run).flaws

    assert flaw.startswith("its snapshot: the bytes of valuation_records")


def snapshot_of(run: JobRun) -> str:
    return run.record["stands_on"]["snapshot_id"]
