"""Writing a part of a dataset once: aside, flushed, named by its bytes, then made durable.

A crash at any step leaves at most a file that no manifest names; `sweep` takes it away.
"""

import hashlib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from valor_core.errors import Unavailable
from valor_core.snapshots.bucket import Bucket, the_bucket
from valor_core.snapshots.datasets import Dataset
from valor_core.snapshots.manifest import File, Manifest, SnapshotDamaged
from valor_core.store.folders import private_folder
from valor_core.values import new_id

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 20_000  # rows in memory at a time


class SnapshotNotWritten(Unavailable):
    """The disk takes no more files of snapshots."""

    code = "snapshot_not_written"

    def __init__(self, errno: int | None) -> None:
        why = os.strerror(errno) if errno else "the disk refuses"
        super().__init__(
            f"The files of the snapshot cannot be written: {why.lower()}.",
            hint="Nothing was published, and earlier snapshots are as they were. Make room in "
            "VALOR_HOME, for instance by `valor snapshot gc`, then publish again.",
        )


def tenant_folder(root: Path, tenant_id: str) -> Path:
    """One folder is one tenant: for walls, for deletion and for export."""
    assert re.fullmatch(r"[0-9a-z-]{1,40}", tenant_id)
    return root / f"tenant={tenant_id}"


def write_part(
    root: Path,
    tenant_id: str,
    dataset: Dataset,
    rows: Iterable[Sequence[Any]],
    *,
    part: str = "",
    state: str = "",
) -> File:
    """One immutable Parquet file; the same rows in the same order are the same file.

    A file that stands there already is kept, unless its bytes are no longer those of its name.
    """
    folder = tenant_folder(root, tenant_id) / dataset.name
    _make_folder(folder)
    aside = folder / f".{new_id()}.part"
    try:
        count = _write_parquet(aside, dataset.schema, rows)
        digest, size = sha256_of(aside), aside.stat().st_size
        target = folder / f"{digest}.parquet"
        if _digest_now(target) != digest:
            _put_in_place(aside, target)
    except OSError as error:
        raise SnapshotNotWritten(error.errno) from error
    finally:
        aside.unlink(missing_ok=True)
    return File(
        dataset=dataset.name,
        version=dataset.version,
        part=part,
        state=state,
        path=target.relative_to(root).as_posix(),
        sha256=digest,
        size=size,
        rows=count,
    )


def is_sound(root: Path, file: File) -> bool:
    """Whether the file is there with the bytes that were published."""
    return _digest_now(root / file.path) == file.sha256


def check_files(root: Path, manifest: Manifest) -> None:
    """SnapshotDamaged unless every file is what was published; the bucket heals the folder.

    DuckDB reads a Parquet file with a flipped bit without complaint: the bytes come first.
    """
    for file in manifest.files:
        check_file(root, manifest, file)


def check_file(root: Path, manifest: Manifest, file: File) -> None:
    """The same of one file."""
    if is_sound(root, file):
        return
    bucket = the_bucket()
    if not (bucket and _fetched(bucket, root, file)):
        raise SnapshotDamaged(manifest.id, flaw(root, file), parent=manifest.parent)


def flaw(root: Path, file: File) -> str:
    """What is wrong with a file, in words."""
    named = f"{file.dataset} ({file.part})" if file.part else file.dataset
    return (
        f"the bytes of {named} {'were changed' if (root / file.path).exists() else 'are missing'}"
    )


def forget_digests() -> None:
    """From here on every file is read again before it is believed."""
    _digest.cache_clear()


def _fetched(bucket: Bucket, root: Path, file: File) -> bool:
    """Whether the bucket had the file as it was published; it then stands in the folder."""
    target = root / file.path
    _make_folder(target.parent)
    aside = target.with_name(f".{new_id()}.part")
    try:
        if not bucket.fetch(file.path, aside) or sha256_of(aside) != file.sha256:
            return False
        _put_in_place(aside, target)
    finally:
        aside.unlink(missing_ok=True)
    return True


def _put_in_place(aside: Path, target: Path) -> None:
    aside.chmod(0o400)
    _make_durable(aside)
    aside.rename(target)
    _make_durable(target.parent)


def _digest_now(path: Path) -> str | None:
    """The digest of a file as it stands: known, unless it was touched since it was last read."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return _digest(path, found.st_ino, found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=65_536)
def _digest(path: Path, _inode: int, _size: int, _changed_ns: int) -> str:
    return sha256_of(path)


def left_over(root: Path, tenant_id: str, named: Iterable[str], *, before: float) -> list[Path]:
    """The tenant's files that no manifest names and nobody has written since that moment."""
    keep, folder = {root / path for path in named}, tenant_folder(root, tenant_id)
    return [
        path
        for pattern in ("*/.*.part", "*/*.parquet")
        for path in folder.glob(pattern)
        if path not in keep and path.stat().st_mtime < before
    ]


def sweep(root: Path, tenant_id: str, named: Collection[str], *, before: float) -> None:
    """Removes them, from the bucket too.

    Only while no snapshot of the tenant can come to exist: one that is being made has its files,
    and no manifest yet.
    """
    for path in left_over(root, tenant_id, named, before=before):
        path.unlink()
    if bucket := the_bucket():
        bucket.sweep(tenant_folder(Path(), tenant_id).as_posix(), named, before=before)


def sha256_of(path: Path) -> str:
    """The digest of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write_parquet(path: Path, schema: "pa.Schema", rows: Iterable[Sequence[Any]]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    count = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in _batches(rows):
            columns = zip(*batch, strict=True)
            arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
            count += len(batch)
    return count


def _batches(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        yield batch


def _make_folder(folder: Path) -> None:
    """Makes what is missing, each new entry durable in its parent."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    private_folder(folder)
    for each in missing:
        _make_durable(each.parent)


def _make_durable(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
