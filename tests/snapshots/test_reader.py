"""Reading a snapshot: what was damaged is refused, and nothing but its own files can be reached."""

import shutil
from pathlib import Path

import duckdb
import pytest

from tests.conftest import ONLY_SQLITE, World
from tests.snapshots.conftest import Published, filing, import_filings, publish
from valor_core.snapshots import reader
from valor_core.snapshots.manifest import File, Manifest, SnapshotDamaged
from valor_core.snapshots.reader import cursor
from valor_core.workbench import snapshots
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE


def path_of(root: Path, made: Manifest, dataset: str) -> Path:
    (file,) = (file for file in made.files if file.dataset == dataset)
    return root / file.path


def flip_a_bit(path: Path) -> None:
    path.chmod(0o644)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


def screen(world: World, snapshot_id: str | None = None):
    with open_work(world.acme.viewer, world.store) as work:
        return snapshots.screen(work, {}, snapshot_id=snapshot_id)


@pytest.mark.parametrize("damage", [flip_a_bit, Path.unlink])
@pytest.mark.parametrize("was_open", [False, True])
def test_a_damaged_file_is_refused_and_the_snapshot_before_can_be_used(
    apple: World, published: Published, root: Path, damage, was_open
):
    before = published()
    import_filings(apple, apple.acme.analyst, filing({2022: {"revenue": 394_328}}))
    made = published()
    if was_open:
        screen(apple)

    damage(path_of(root, made, "facts"))

    with pytest.raises(SnapshotDamaged, match=f"Snapshot {made.id[:12]} is damaged") as told:
        screen(apple, made.id)
    assert before.id in told.value.hint
    assert screen(apple, before.id).companies == 1


@pytest.mark.parametrize("damage", [flip_a_bit, Path.unlink])
def test_publishing_again_mends_what_was_damaged(
    apple: World, published: Published, root: Path, damage
):
    made = published()
    damage(path_of(root, made, "facts"))

    published()

    assert screen(apple, made.id).companies == screen(apple).companies == 1


def test_no_sql_leaves_the_snapshot(apple: World, published: Published, root: Path, tmp_path):
    """Files of others, of the host, and every way out, beside a control without the lock."""
    made = published()
    import_filings(apple, apple.rival.analyst, filing({2022: {"revenue": 1}}))
    theirs = path_of(root, publish(apple, apple.rival.analyst), "facts")
    own = path_of(root, made, "facts")
    link = own.with_name("link.parquet")
    link.symlink_to(theirs)
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    stood = own.read_bytes()
    reads = [
        f"SELECT * FROM read_parquet('{theirs}')",
        f"SELECT * FROM read_parquet('{own.parent}/../../{theirs.relative_to(root)}')",
        f"SELECT * FROM read_parquet('{link}')",
        f"SELECT * FROM read_csv('{secret}')",
        f"SELECT content FROM read_text('{secret}')",
    ]
    for sql in reads:
        assert duckdb.connect().execute(sql).fetchall()
    writes = [
        f"COPY (SELECT 1) TO '{own}'",
        f"COPY (SELECT 1) TO '{own.with_name('new.parquet')}'",
        f"ATTACH '{tmp_path}/x.duckdb'",
        f"EXPORT DATABASE '{tmp_path}/out'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SET allowed_paths = []",
        "RESET lock_configuration",
        "SELECT * FROM somebody",
    ]
    somebody = [1]  # DuckDB would find a Python variable of that name
    for sql in (*reads, *writes):
        with cursor(root, made) as asked, pytest.raises(duckdb.Error):
            asked.execute(sql).fetchall()

    assert own.read_bytes() == stood
    assert somebody == [1]
    assert not own.with_name("new.parquet").exists()


def test_a_manifest_that_names_a_file_of_another_tenant_is_not_opened(
    apple: World, published: Published, root: Path
):
    made = published()
    file = made.files[0]
    stolen = Manifest(
        tenant="rival", cut=made.cut, parent=None, audit_size=0, audit_mac="", engine="",
        files=(File(dataset=file.dataset, path=file.path, sha256=file.sha256, size=file.size,
                    rows=file.rows),),
    )  # fmt: skip

    with pytest.raises(AssertionError, match="a foreign file"), cursor(root, stolen):
        pass


def test_open_snapshots_are_bounded_and_one_that_is_read_stays_open(
    published: Published, root: Path, monkeypatch
):
    monkeypatch.setattr(reader, "OPEN_MAX", 2)
    made = [published() for _ in range(4)]

    with cursor(root, made[0]) as asked:
        for each in made[1:]:
            with cursor(root, each):
                pass
        assert len(reader._open) == 2
        assert asked.execute("SELECT count(*) FROM companies").fetchall() == [(1,)]

    reader.close_idle()
    assert not reader._open


def test_a_snapshot_moves_with_its_folder(published: Published, root: Path, tmp_path):
    made = published()
    moved = tmp_path / "it's elsewhere"
    shutil.copytree(root, moved)

    with cursor(moved, made) as asked:
        assert asked.execute("SELECT name FROM companies").fetchall() == [("Apple Inc.",)]
