"""Keeping snapshots: found by id or moment, proven unchanged, cleared away when old."""

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import ONLY_SQLITE, World
from tests.snapshots.conftest import Published, filing, import_filings, publish
from tests.snapshots.object_store import object_store
from tests.snapshots.test_reader import flip_a_bit, path_of
from valor_core.errors import AccessDenied
from valor_core.snapshots.bucket import BucketUnavailable
from valor_core.snapshots.catalogue import NoSnapshot
from valor_core.snapshots.manifest import Manifest, SnapshotDamaged
from valor_core.store.work import unit_of_work
from valor_core.values import SnapshotId, utc_now
from valor_core.workbench import jobs, reports, retention, snapshots
from valor_core.workbench.snapshots import Cleared, SnapshotVerdict
from valor_core.workbench.verb import open_work

OLD = timedelta(days=500)


def published_ago(world: World, ago: timedelta) -> Manifest:
    with unit_of_work(world.acme.analyst, world.store, utc_now() - ago) as work:
        return snapshots.publish_snapshot(work)


def cleared(world: World, **told: timedelta) -> Cleared:
    with open_work(world.acme.admin, world.store) as work:
        return snapshots.clear_snapshots(work, **told)


def verdict(world: World, snapshot_id: SnapshotId) -> SnapshotVerdict:
    with open_work(world.acme.viewer, world.store) as work:
        return snapshots.verify_snapshot(work, snapshot_id)


def listed(world: World) -> list[str]:
    with open_work(world.acme.viewer, world.store) as work:
        return [row.id for row in snapshots.list_snapshots(work)]


def test_a_snapshot_is_found_by_the_beginning_of_its_id_or_by_a_moment(apple: World):
    first, second = (published_ago(apple, timedelta(days=days)) for days in (20, 10))
    then = second.cut_at

    with open_work(apple.acme.viewer, apple.store) as work:
        assert snapshots.read_snapshot(work, first.id[:8]) == first
        for moment, found in (
            (None, second), (then, second), (then - timedelta(microseconds=1), first),
            (first.cut_at, first),
        ):  # fmt: skip
            assert snapshots.latest_snapshot(work, as_of=moment) == found
            assert snapshots.screen(work, {}, as_of=moment).snapshot_id == found.id
        for nowhere in (first.id[:7], "0" * 64, "%" * 8, ""):
            with pytest.raises(NoSnapshot):
                snapshots.read_snapshot(work, nowhere)
        with pytest.raises(NoSnapshot, match="as of"):
            snapshots.latest_snapshot(work, as_of=first.cut_at - timedelta(microseconds=1))
    with open_work(apple.rival.viewer, apple.store) as work, pytest.raises(NoSnapshot):
        snapshots.read_snapshot(work, first.id[:8])


@ONLY_SQLITE
def test_what_the_newest_cannot_answer_the_last_good_one_does_and_says_so(
    apple: World, published: Published, root: Path
):
    good = published()
    for year in (2019, 2020):
        import_filings(apple, apple.acme.analyst, filing({year: {"revenue": 1}}))
        damaged = published()
        flip_a_bit(path_of(root, damaged, "facts"))

    with open_work(apple.acme.viewer, apple.store) as work:
        found = snapshots.screen(work, {})
        assert found.snapshot_id == good.id
        assert f"Snapshot {damaged.id[:12]} is damaged: the bytes of facts" in found.instead_of
        with pytest.raises(SnapshotDamaged):
            snapshots.screen(work, {}, snapshot_id=damaged.id)


@ONLY_SQLITE
def test_every_bit_of_every_file_counts(apple: World, published: Published, root: Path):
    made = published()
    assert verdict(apple, made.id).holds
    for file in made.files:
        path = root / file.path
        found, stood = path.stat(), path.read_bytes()
        flip_a_bit(path)
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))  # as rot leaves it

        flaws = verdict(apple, made.id).flaws

        assert len(flaws) == 1
        assert f"the bytes of {file.dataset}" in flaws[0]
        path.write_bytes(stood)
    assert verdict(apple, made.id).holds


@ONLY_SQLITE
def test_old_snapshots_go_with_their_files_but_never_the_newest(apple: World, root: Path):
    old, newest = published_ago(apple, 2 * OLD), published_ago(apple, OLD)

    done = cleared(apple, grace=timedelta())

    assert (done.snapshots, listed(apple)) == (1, [newest.id])
    left = {path.relative_to(root).as_posix() for path in root.rglob("*.parquet")}
    assert left == {file.path for file in newest.files}
    assert done.files == len({file.path for file in old.files} - left)
    assert cleared(apple, grace=timedelta()) == Cleared(snapshots=0, files=0)
    assert verdict(apple, newest.id).holds


@ONLY_SQLITE
def test_a_hold_or_a_report_keeps_an_old_snapshot(apple: World):
    reported, held, other = (published_ago(apple, OLD + timedelta(days=day)) for day in (3, 2, 1))
    newest = published_ago(apple, timedelta())
    with open_work(apple.acme.analyst, apple.store) as work:
        run = reports.ask_for_run(work, "valuation", {"company": "AAPL"})
        told = {"outputs": {}, "stands_on": {"snapshot_id": reported.id}}
        jobs.finish_run(work, run, jobs.Status.SUCCEEDED, record=told)
    with open_work(apple.acme.compliance, apple.store) as work:
        retention.set_hold(work, f"snapshot:{held.id}", "a dispute")

    assert cleared(apple).snapshots == 1
    assert listed(apple) == [newest.id, held.id, reported.id]
    assert other.id not in listed(apple)

    with open_work(apple.acme.compliance, apple.store) as work:
        retention.set_hold(work, "user:somebody", "whose deeds may be in any of them")
    published_ago(apple, OLD)
    assert cleared(apple).snapshots == 0


@ONLY_SQLITE
def test_files_that_a_cut_has_just_written_are_not_cleared_away(apple: World, root: Path):
    """One that is kept afterwards is whole; one that nobody keeps goes when it is old enough."""
    with open_work(apple.acme.analyst, apple.store) as work:
        made = snapshots.cut_snapshot(work)
    assert cleared(apple) == Cleared(snapshots=0, files=0)
    with open_work(apple.acme.analyst, apple.store) as work:
        assert snapshots.keep_snapshot(work, made).files == made.files

    with open_work(apple.acme.analyst, apple.store) as work:
        unkept = snapshots.cut_snapshot(work)
    new = {file.path for file in unkept.files} - {file.path for file in made.files}
    assert new
    assert cleared(apple, grace=timedelta()).files == len(new)
    with (
        pytest.raises(snapshots.FilesSwept, match="cleared away"),
        open_work(apple.acme.analyst, apple.store) as work,
    ):
        snapshots.keep_snapshot(work, unkept)


@ONLY_SQLITE
def test_only_an_administrator_clears_away(apple: World):
    with open_work(apple.acme.analyst, apple.store) as work, pytest.raises(AccessDenied):
        snapshots.clear_snapshots(work)


@ONLY_SQLITE
def test_a_bucket_keeps_what_the_folder_loses(apple: World, root: Path, monkeypatch):
    with object_store() as bucket:
        monkeypatch.setenv("VALOR_SNAPSHOTS", bucket.url)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        published_ago(apple, OLD)
        import_filings(apple, apple.acme.analyst, filing({2020: {"revenue": 1}}))
        made = publish(apple, apple.acme.analyst)
        assert {f"snaps/{file.path}" for file in made.files} <= set(bucket.objects)

        flip_a_bit(path_of(root, made, "facts"))
        shutil.rmtree(root / f"tenant={made.tenant}" / "companies")
        with open_work(apple.acme.viewer, apple.store) as work:
            found = snapshots.screen(work, {})
        assert (found.snapshot_id, found.instead_of, found.companies) == (made.id, "", 1)
        assert verdict(apple, made.id).holds

        cleared(apple, grace=timedelta(seconds=-1))
        kept = {key for key in bucket.objects if key.endswith(".parquet")}
        assert kept == {f"snaps/{file.path}" for file in made.files} != set()

        bucket.refuses = True
        import_filings(apple, apple.acme.analyst, filing({2022: {"revenue": 1}}))
        with pytest.raises(BucketUnavailable):
            publish(apple, apple.acme.analyst)
        assert listed(apple) == [made.id]
