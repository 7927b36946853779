"""Publishing: the same rows are the same bytes, and a snapshot exists whole or not at all."""

import hashlib
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis.strategies import booleans, floats, integers, lists, none, text, tuples
from sqlalchemy import update

from tests.conftest import ONLY_SQLITE, World
from tests.snapshots.conftest import APPLE, Published, filing, import_filings, publish
from valor_core.errors import AccessDenied
from valor_core.settings import ROOT
from valor_core.snapshots import catalogue
from valor_core.snapshots.catalogue import NoSnapshot
from valor_core.snapshots.files import write_dataset
from valor_core.snapshots.manifest import SnapshotDamaged
from valor_core.store.tables import SnapshotRow
from valor_core.store.work import Work
from valor_core.workbench import logbook, snapshots
from valor_core.workbench.verb import open_work

numbers = floats(allow_nan=False) | none()
rows_of_companies = lists(
    tuples(text(), text(), text(), integers(0, 2**40), integers(0, 9999) | none(), booleans()),
    max_size=20,
)
COLUMNS = "company_id", "name", "ticker", "cik", "sic", "financial"


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
    told = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        first = write_dataset(Path(folder), "acme", "companies", told)
        again = write_dataset(Path(folder), "acme", "companies", iter(told))
        path = Path(folder) / first.path

        assert first == again
        assert hashlib.sha256(path.read_bytes()).hexdigest() == first.sha256 == path.stem
        assert pq.read_table(path, partitioning=None).to_pylist() == told
        assert list(files(Path(folder))) == [first.path]


def test_nobody_else_reads_what_a_snapshot_holds(published: Published, root: Path):
    published()

    modes = {(each.is_dir(), each.stat().st_mode & 0o777) for each in (root, *root.rglob("*"))}

    assert modes == {(True, 0o700), (False, 0o400)}


def test_data_that_has_not_changed_is_not_written_again(published: Published, root: Path):
    first = published()
    before = files(root)

    second = published()

    assert files(root) == before
    assert second.files == first.files
    assert (second.parent, second.id != first.id) == (first.id, True)


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


def test_what_others_do_meanwhile_waits_and_is_not_in_the_snapshot(apple: World, monkeypatch):
    change = filing({2022: {"revenue": 394_328}})
    with ThreadPoolExecutor(1) as other:
        meanwhile: list[Future[None]] = []

        def slow(folder, tenant, dataset, rows):
            if dataset == "companies":
                meanwhile.append(other.submit(import_filings, apple, apple.acme.admin, change))
                wait(meanwhile, timeout=0.5)
            return write_dataset(folder, tenant, dataset, rows)

        monkeypatch.setattr(snapshots, "write_dataset", slow)
        made = publish(apple, apple.acme.analyst)
        meanwhile[0].result(timeout=30)

    assert made.rows_of("facts") == len(APPLE) + 2
    monkeypatch.setattr(snapshots, "write_dataset", write_dataset)
    assert publish(apple, apple.acme.analyst).rows_of("facts") == len(APPLE) + 3


@ONLY_SQLITE
def test_every_vintage_is_kept_and_the_one_that_stands_is_marked(apple: World, root: Path):
    import_filings(
        apple,
        apple.acme.analyst,
        filing({2023: {"revenue": 383_000}}, accession="0000320193-23-000106",
               filed_on="2023-11-03"),
    )  # fmt: skip

    made = publish(apple, apple.acme.analyst)

    (facts,) = (file for file in made.files if file.dataset == "facts")
    rows = pq.read_table(root / facts.path, partitioning=None).to_pylist()
    assert [
        (row["value"], row["known"])
        for row in rows
        if row["item"] == "revenue" and row["fiscal_year"] == 2023
    ] == [(383_000e6, False), (383_285e6, True)]
    assert len(rows) == len(APPLE) + 3 == made.rows_of("facts")


@ONLY_SQLITE
@pytest.mark.parametrize("fails_at", ["companies", "figures", "valuations", "the row", "commit"])
def test_what_fails_halfway_leaves_the_snapshot_before_and_is_swept(
    apple: World, published: Published, root: Path, monkeypatch, fails_at
):
    before = published()
    import_filings(apple, apple.acme.analyst, filing({2022: {"revenue": 394_328}}))

    def failing(folder, tenant, dataset, rows):
        made = write_dataset(folder, tenant, dataset, rows)
        if dataset == fails_at:
            raise OSError("no space left")
        return made

    def broken(*_):
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "write_dataset", failing)
        if fails_at == "the row":
            patch.setattr(catalogue, "keep", broken)
        if fails_at == "commit":
            patch.setattr(Work, "commit", broken)
        with pytest.raises(OSError, match="no space"):
            publish(apple, apple.acme.analyst)

    with open_work(apple.acme.viewer, apple.store) as work:
        assert snapshots.latest_snapshot(work).id == before.id
        assert snapshots.screen(work, {}).companies == 1
    after = published()
    assert set(files(root)) == {file.path for made in (before, after) for file in made.files}


KILLED = """
import os, signal, sys
from pathlib import Path
from valor_core.store.engines import Store
from valor_core.values import Caller, Role, TenantId
from valor_core.workbench import snapshots
from valor_core.workbench.verb import open_work
from valor_core.store.work import Work

url, root, tenant, user, left = sys.argv[1:]
snapshots._root = lambda: Path(root)
left, flush = int(left), os.fsync
def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)
def counted(handle):
    global left
    left -= 1
    flush(handle)
    if left == 0:
        kill()
os.fsync = counted
if not left:
    Work.commit = kill
who = Caller(tenant_id=TenantId(tenant), user_id=user, role=Role.ANALYST)
with open_work(who, Store(url)) as w:
    snapshots.publish_snapshot(w)
"""


@ONLY_SQLITE
@pytest.mark.parametrize("flushes", [0, 1])
def test_a_kill_leaves_no_half_snapshot_and_the_next_one_tidies_up(
    apple: World, published: Published, root: Path, flushes
):
    """Killed just before the commit, and while the files are written."""
    before = published()
    import_filings(apple, apple.acme.analyst, filing({2022: {"revenue": 394_328}}))
    analyst = apple.acme.analyst

    done = subprocess.run(
        [sys.executable, "-c", KILLED, apple.store.url, str(root), analyst.tenant_id,
         analyst.user_id, str(flushes)],
        cwd=ROOT, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == -signal.SIGKILL
    assert set(files(root)) > {file.path for file in before.files}
    with open_work(apple.acme.viewer, apple.store) as work:
        assert snapshots.latest_snapshot(work).id == before.id
        assert snapshots.screen(work, {}).companies == 1
    after = published()
    assert set(files(root)) == {file.path for made in (before, after) for file in made.files}


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
