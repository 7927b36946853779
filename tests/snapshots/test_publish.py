"""Publishing: the same rows are the same bytes, and a snapshot exists whole or not at all."""

import hashlib
import resource
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis.strategies import booleans, floats, integers, lists, none, text, tuples
from sqlalchemy import update

from tests.conftest import ONLY_SQLITE, World
from tests.snapshots.conftest import (
    APPLE,
    APPLE_ID,
    Published,
    filing,
    import_filings,
    publish,
    value_apple,
)
from valor_core.billing import metering
from valor_core.billing.metering import Meter
from valor_core.errors import AccessDenied
from valor_core.settings import ROOT
from valor_core.snapshots.catalogue import NoSnapshot
from valor_core.snapshots.datasets import COMPANIES
from valor_core.snapshots.files import SnapshotNotWritten, write_part
from valor_core.snapshots.manifest import Manifest, SnapshotDamaged
from valor_core.store.tables import SnapshotRow
from valor_core.store.work import unit_of_work
from valor_core.values import utc_now
from valor_core.workbench import adjustments, cuts, logbook, snapshots
from valor_core.workbench.verb import open_work

numbers = floats(allow_nan=False) | none()
rows_of_companies = lists(
    tuples(text(), text(), text(), integers(0, 2**40), integers(0, 9999) | none(), booleans()),
    max_size=20,
)


def files(root: Path) -> dict[str, tuple[int, int]]:
    """Every file with what changes when it is written."""
    return {
        path.relative_to(root).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file()
    }


@given(rows=rows_of_companies)
@settings(max_examples=25)
def test_rows_come_back_as_they_were_and_the_same_rows_are_the_same_file(rows):
    with tempfile.TemporaryDirectory() as folder:
        first = write_part(Path(folder), "acme", COMPANIES, rows)
        again = write_part(Path(folder), "acme", COMPANIES, iter(rows))
        path = Path(folder) / first.path

        assert first == again
        assert hashlib.sha256(path.read_bytes()).hexdigest() == first.sha256 == path.stem
        found = pq.read_table(path, partitioning=None).to_pylist()
        assert [tuple(row.values()) for row in found] == rows
        assert list(files(Path(folder))) == [first.path]


def test_nobody_else_reads_what_a_snapshot_holds(published: Published, root: Path):
    published()

    modes = {(each.is_dir(), each.stat().st_mode & 0o777) for each in (root, *root.rglob("*"))}

    assert modes == {(True, 0o700), (False, 0o400)}


def test_data_that_has_not_changed_is_not_written_again(published: Published, root: Path):
    first = published()
    before = files(root)

    second = published()

    assert files(root).items() >= before.items()
    changed = {file.dataset for file in set(second.files) - set(first.files)}
    assert changed == {"usage", "usage_daily", "audit"}  # publishing itself is a use and an act
    assert (second.parent, second.id != first.id) == (first.id, True)


def rows_of(root: Path, made: Manifest, dataset: str) -> list[dict[str, Any]]:
    return [
        row
        for file in made.files_of(dataset)
        for row in pq.read_table(root / file.path, partitioning=None).to_pylist()
    ]


def test_the_manifest_names_every_file_and_the_place_of_the_cut_in_the_log(
    apple: World, root: Path
):
    with open_work(apple.acme.admin, apple.store) as work:
        newest = logbook.read_log(work, limit=1)[0]
    made = publish(apple, apple.acme.analyst)

    assert hashlib.sha256(made.text.encode()).hexdigest() == made.id
    assert {file.path for file in made.files} == set(files(root))
    assert (made.audit_size, made.audit_mac) == (newest.seq, newest.mac.hex())
    with open_work(apple.acme.admin, apple.store) as work:
        entry = logbook.read_log(work, limit=1)[0]
        assert (entry.action, entry.target) == ("snapshot.publish", f"snapshot:{made.id}")
        assert logbook.verify_log(work).holds


def test_what_others_do_meanwhile_goes_on_and_is_in_the_next_snapshot(
    apple: World, root: Path, monkeypatch
):
    """An import between two datasets of the cut: nobody waits, and none of it is seen."""
    change = filing({2022: {"revenue": 394_328}}, cik=21344, name="Coca-Cola Co", ticker="KO")

    def interrupted(folder, tenant, dataset, rows, **told):
        if dataset is COMPANIES:
            import_filings(apple, apple.acme.admin, change)
        return write_part(folder, tenant, dataset, rows, **told)

    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "write_part", interrupted)
        made = publish(apple, apple.acme.analyst)

    assert (made.rows_of("companies"), made.rows_of("facts")) == (1, len(APPLE) + 2)
    assert rows_of(root, made, "usage_daily")[-1]["events"] == 1
    after = publish(apple, apple.acme.analyst)
    assert (after.rows_of("companies"), after.rows_of("facts")) == (2, len(APPLE) + 3)
    assert after.audit_size == made.audit_size + 2  # the import, and the first snapshot


def test_a_snapshot_holds_what_its_tenant_did_and_nothing_of_others(
    apple: World, published: Published, root: Path
):
    import_filings(apple, apple.rival.analyst, filing({2024: {"revenue": 1}}))
    value_apple(apple)
    with open_work(apple.acme.analyst, apple.store) as work:
        made_once = adjustments.add_adjustment(
            work, APPLE_ID, layer="Adjusted", item="revenue", fiscal_year=2024, amount=1e6,
            rationale="a sale that was booked late",
        )  # fmt: skip
    made = published()

    used = [(row["meter"], row["quantity"]) for row in rows_of(root, made, "usage")]
    assert used == [("imports", 1), ("valuations", 1)]
    days = [(row["meter"], row["events"]) for row in rows_of(root, made, "usage_daily")]
    assert days == used
    (adjusted,) = rows_of(root, made, "adjustments")
    assert (adjusted["adjustment_id"], adjusted["amount"]) == (made_once.id, 1e6)
    (valued,) = rows_of(root, made, "valuations")
    assert valued["company_id"] == APPLE_ID
    log = rows_of(root, made, "audit")
    assert [row["seq"] for row in log] == list(range(1, made.audit_size + 1))
    assert (log[-1]["action"], log[-1]["mac"]) == ("adjustment.add", made.audit_mac)
    assert rows_of(root, made, "billing") == rows_of(root, made, "invoices") == []


@ONLY_SQLITE
def test_a_day_that_is_over_keeps_its_file_and_is_not_read_again(
    apple: World, published: Published, root: Path, monkeypatch
):
    """A use of yesterday and one of today: only today's part, and what follows from it, is new."""
    yesterday = utc_now() - timedelta(days=1)
    with unit_of_work(apple.acme.analyst, apple.store, yesterday) as work:
        work.begin_writing()
        metering.count(work, Meter.REPORTS, act="report.run", act_id="of yesterday")
    before = published()
    read = []

    def counted(folder, tenant, dataset, rows, *, part, state):
        read.append((dataset.name, part))
        return write_part(folder, tenant, dataset, rows, part=part, state=state)

    monkeypatch.setattr(snapshots, "write_part", counted)
    after = published()

    days = {file.part: file for file in before.files_of("usage")}
    assert len(days) == 2
    assert days[str(yesterday.date())] in after.files_of("usage")
    assert days[str(utc_now().date())] not in after.files_of("usage")
    assert ("usage", str(yesterday.date())) not in read
    assert {name for name, _ in read} == {
        "companies", "adjustments", "invoices",  # small, and read whole each time
        "usage", "usage_daily", "audit",  # publishing itself is a use and an act
    }  # fmt: skip


@ONLY_SQLITE
def test_an_import_renews_only_the_part_of_its_companies(
    apple: World, published: Published, monkeypatch
):
    monkeypatch.setattr(cuts, "COMPANIES_A_PART", 1)
    others = [filing({2024: {"revenue": 1}}, cik=cik, name=f"Co {cik}") for cik in range(1, 16)]
    import_filings(apple, apple.acme.analyst, *others)
    before = published()

    import_filings(apple, apple.acme.analyst, filing({2022: {"revenue": 394_328}}))
    after = published()

    for dataset in "facts", "figures":
        parts = {file.part for file in before.files_of(dataset)}
        assert len(parts) > 4
        renewed = set(after.files_of(dataset)) - set(before.files_of(dataset))
        assert [file.part for file in renewed] == [file.part for file in list(renewed)[:1]]
    assert after.rows_of("facts") == before.rows_of("facts") + 1


def test_publishers_at_once_lose_nothing(apple: World, published: Published):
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: published(), range(8)))

    with open_work(apple.acme.viewer, apple.store) as work:
        kept = snapshots.list_snapshots(work)
        newest_first = sorted(made, key=lambda each: each.cut, reverse=True)
        assert [row.id for row in kept] == [each.id for each in newest_first]
        assert snapshots.latest_snapshot(work) == newest_first[0]
        assert snapshots.screen(work, {}).companies == 1
    with open_work(apple.acme.admin, apple.store) as work:
        assert logbook.verify_log(work).holds


@ONLY_SQLITE
def test_every_vintage_is_kept_and_the_one_that_stands_is_marked(apple: World, root: Path):
    import_filings(
        apple,
        apple.acme.analyst,
        filing({2023: {"revenue": 383_000}}, accession="0000320193-23-000106",
               filed_on="2023-11-03"),
    )  # fmt: skip

    made = publish(apple, apple.acme.analyst)

    rows = rows_of(root, made, "facts")
    assert [
        (row["value"], row["known"])
        for row in rows
        if row["item"] == "revenue" and row["fiscal_year"] == 2023
    ] == [(383_000e6, False), (383_285e6, True)]
    assert len(rows) == len(APPLE) + 3 == made.rows_of("facts")


@ONLY_SQLITE
def test_a_full_disk_leaves_the_snapshot_before_and_no_part_of_a_file(
    apple: World, published: Published, root: Path
):
    """A file may have as many bytes as the smallest of them has, and no more."""
    before = published()
    stood = files(root)
    import_filings(apple, apple.acme.analyst, filing({2022: {"revenue": 394_328}}))
    least, most = min(file.size for file in before.files), resource.RLIM_INFINITY
    with open_work(apple.acme.analyst, apple.store) as work:
        resource.setrlimit(resource.RLIMIT_FSIZE, (least, most))
        try:
            with pytest.raises(SnapshotNotWritten, match="cannot be written: file too large"):
                snapshots.cut_snapshot(work)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    assert files(root) == stood
    with open_work(apple.acme.viewer, apple.store) as work:
        assert snapshots.screen(work, {}).snapshot_id == before.id
    assert published().parent == before.id


KILLED = """
import os, signal, sys
from pathlib import Path
from valor_core.snapshots import catalogue
from valor_core.store.engines import Store
from valor_core.values import Caller, Role, TenantId
from valor_core.workbench import snapshots
from valor_core.workbench.verb import open_work
from valor_core.store.work import Work

url, root, tenant, user = sys.argv[1:]
snapshots._root = lambda: Path(root)
who = Caller(tenant_id=TenantId(tenant), user_id=user, role=Role.ANALYST)
open_work(who, Store(url)).__enter__().end()  # all is imported before the children begin

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def after(owner, name, calls):
    act, left = getattr(owner, name), [calls]
    def counted(*given):
        done = act(*given)
        left[0] -= 1
        if left[0] == 0:
            kill()
        return done
    setattr(owner, name, counted)

STAGES = {
    "files are written": lambda: after(os, "fsync", 3),
    "the row is made": lambda: after(catalogue, "keep", 1),
    "all but the commit is done": lambda: setattr(Work, "commit", kill),
    "all is done": lambda: after(Work, "commit", 1),
}
for line in sys.stdin:
    child = os.fork()
    if not child:
        STAGES[line.strip()]()
        with open_work(who, Store(url)) as w:
            snapshots.publish_snapshot(w)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
LEFT_BEFORE = "files are written", "the row is made", "all but the commit is done"


@ONLY_SQLITE
def test_a_kill_at_any_stage_leaves_the_old_or_the_new_snapshot(
    apple: World, published: Published, root: Path
):
    before = published()
    analyst = apple.acme.analyst
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, apple.store.url, str(root), analyst.tenant_id,
         analyst.user_id],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as publisher:  # fmt: skip
        assert publisher.stdin
        assert publisher.stdout

        def killed_when(stage: str) -> Manifest:
            print(stage, file=publisher.stdin, flush=True)
            assert int(publisher.stdout.readline()) == -signal.SIGKILL
            with open_work(apple.acme.viewer, apple.store) as work:
                assert snapshots.screen(work, {}).companies == 1
                return snapshots.latest_snapshot(work)

        for year, stage in enumerate(LEFT_BEFORE, start=2010):
            import_filings(apple, analyst, filing({year: {"revenue": 394_328}}))
            assert killed_when(stage).id == before.id
        new = killed_when("all is done")
        publisher.stdin.close()

    assert new.parent == before.id
    assert new.rows_of("facts") == before.rows_of("facts") + len(LEFT_BEFORE)
    assert published().parent == new.id


@ONLY_SQLITE
def test_a_manifest_that_was_altered_is_refused_and_nothing_is_swept(
    apple: World, published: Published, root: Path
):
    made = published()
    with open_work(apple.acme.analyst, apple.store) as work:
        work.begin_writing()
        work.session.execute(update(SnapshotRow).values(manifest=made.text.replace("acme", "ACME")))
    kept = set(files(root))

    with (
        open_work(apple.acme.viewer, apple.store) as work,
        pytest.raises(SnapshotDamaged, match="its manifest was changed"),
    ):
        snapshots.latest_snapshot(work)
    again = published()

    assert kept <= set(files(root))
    with open_work(apple.acme.viewer, apple.store) as work:
        assert snapshots.latest_snapshot(work).id == again.id


@ONLY_SQLITE
def test_a_viewer_reads_snapshots_and_publishes_none(apple: World, published: Published):
    with open_work(apple.acme.viewer, apple.store) as work, pytest.raises(NoSnapshot):
        snapshots.latest_snapshot(work)
    with pytest.raises(AccessDenied):
        publish(apple, apple.acme.viewer)

    made = published()

    with open_work(apple.acme.viewer, apple.store) as work:
        assert [row.id for row in snapshots.list_snapshots(work)] == [made.id]
    with open_work(apple.rival.analyst, apple.store) as work:
        assert list(snapshots.list_snapshots(work)) == []
        with pytest.raises(NoSnapshot):
            snapshots.screen(work, {}, snapshot_id=made.id)
