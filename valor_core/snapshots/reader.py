"""DuckDB over one snapshot of one tenant: exact files, nothing else, a cursor for each call.

One shared connection returned another thread's rows in 292 of 1,200 fetches: never share one.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from valor_core.snapshots.datasets import DATASETS
from valor_core.snapshots.files import check_files, tenant_folder
from valor_core.snapshots.manifest import Manifest

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

OPEN_MAX = 8
SQL_TYPES = {
    "text": "VARCHAR", "whole": "BIGINT", "number": "DOUBLE", "yes_or_no": "BOOLEAN",
    "moment": "TIMESTAMP", "day": "DATE",
}  # fmt: skip
Key: TypeAlias = tuple[str, str, str, tuple[tuple[int, int, int], ...]]


@dataclass(slots=True)
class _Opened:
    """A verified snapshot, and how many calls read it now."""

    instance: "DuckDBPyConnection"
    readers: int = 0


_open: OrderedDict[Key, _Opened] = OrderedDict()  # the one used longest ago stands first
_guard = threading.Lock()


@contextmanager
def cursor(root: Path, manifest: Manifest) -> "Iterator[DuckDBPyConnection]":
    """A cursor of its own over the snapshot's datasets; SnapshotDamaged when a byte is wrong."""
    opened = _take(root.resolve(), manifest)
    try:
        with opened.instance.cursor() as own:
            yield own
    finally:
        _give_back(opened)


def close_idle(*, keep: int = 0) -> None:
    """Closes what nobody reads, down to so many: the end of an instance would end its readers."""
    with _guard:
        idle = [key for key, opened in _open.items() if not opened.readers]
        spare = [_open.pop(key) for key in idle[: max(0, len(_open) - keep)]]
    for opened in spare:
        opened.instance.close()


def _take(root: Path, manifest: Manifest) -> _Opened:
    check_files(root, manifest)
    key = str(root), manifest.tenant, manifest.id, _stamps(root, manifest)
    with _guard:
        if opened := _known(key):
            return opened
    fresh = _Opened(_locked_instance(root, manifest), readers=1)  # unguarded: it takes time
    with _guard:
        opened = _known(key)
        if opened is None:
            _open[key] = fresh
            return fresh
    fresh.instance.close()  # another thread was first
    return opened


def _known(key: Key) -> _Opened | None:
    opened = _open.get(key)
    if opened is not None:
        opened.readers += 1
        _open.move_to_end(key)
    return opened


def _give_back(opened: _Opened) -> None:
    with _guard:
        opened.readers -= 1
    close_idle(keep=OPEN_MAX)


def _stamps(root: Path, manifest: Manifest) -> tuple[tuple[int, int, int], ...]:
    """What changes when somebody touches a file: it is then opened anew."""
    found = [(root / file.path).stat() for file in manifest.files]
    return tuple((each.st_ino, each.st_size, each.st_mtime_ns) for each in found)


def _locked_instance(root: Path, manifest: Manifest) -> "DuckDBPyConnection":
    import duckdb

    own = tenant_folder(root, manifest.tenant)
    paths = [root / file.path for file in manifest.files]
    assert all(path.is_relative_to(own) for path in paths), "a foreign file"
    instance = duckdb.connect(
        config={
            "temp_directory": "",
            "python_enable_replacements": False,
            "memory_limit": "512MB",
            "threads": 2,
        }
    )
    # Exact files, not the folder: inside an allowed folder DuckDB may write.
    instance.execute("SET allowed_paths = ?", [[str(path) for path in paths]])
    for name in DATASETS:
        instance.execute(f"CREATE VIEW {name} AS {_relation(root, manifest, name)}")
    instance.execute("SET enable_external_access = false")
    instance.execute("SET lock_configuration = true")
    return instance


def _relation(root: Path, manifest: Manifest, name: str) -> str:
    """The dataset with its declared columns; of one that the snapshot lacks, no row."""
    dataset, files = DATASETS[name], manifest.files_of(name)
    columns = ", ".join([column for column, _ in dataset.columns])
    derived = f", {dataset.derived}" if dataset.derived else ""
    if not files:
        empty = ", ".join(
            f"NULL::{SQL_TYPES[kind]} AS {column}" for column, kind in dataset.columns
        )
        return f"SELECT {columns}{derived} FROM (SELECT {empty}) WHERE false"  # noqa: S608
    quoted = ", ".join("'" + str(root / file.path).replace("'", "''") + "'" for file in files)
    return (
        f"SELECT {columns}{derived} "  # noqa: S608  our own names and quoted paths
        f"FROM read_parquet([{quoted}], hive_partitioning = false)"
    )
