"""DuckDB over one snapshot of one tenant: exact files, nothing else, a cursor for each call.

One shared connection returned another thread's rows in 292 of 1,200 fetches: never share one.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from valor_core.snapshots.datasets import DATASETS
from valor_core.snapshots.files import check_files, tenant_folder
from valor_core.snapshots.manifest import Manifest
from valor_core.snapshots.measures import coverage_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

OPEN_MAX = 8
SQL_TYPES = {
    "text": "VARCHAR", "whole": "BIGINT", "number": "DOUBLE", "yes_or_no": "BOOLEAN",
    "moment": "TIMESTAMP", "day": "DATE",
}  # fmt: skip
Key: TypeAlias = tuple[str, str, tuple[str, ...], tuple[tuple[int, int, int], ...]]


@dataclass(slots=True)
class Opened:
    """A verified snapshot, perhaps beside another one, and how many calls read it now."""

    instance: "DuckDBPyConnection"
    readers: int = 0
    answers: OrderedDict[Hashable, Any] = field(default_factory=OrderedDict)  # the oldest first

    def cursor(self) -> "DuckDBPyConnection":
        """A cursor of the caller's own."""
        return self.instance.cursor()

    def remember(self, question: Hashable, answer: object, *, most: int) -> None:
        """Keeps an answer, and so many in all."""
        with _guard:
            self.answers[question] = answer
            while len(self.answers) > most:
                self.answers.popitem(last=False)


_open: OrderedDict[Key, Opened] = OrderedDict()  # the one used longest ago stands first
_guard = threading.Lock()


@contextmanager
def opened(root: Path, manifest: Manifest, before: Manifest | None = None) -> Iterator[Opened]:
    """The snapshot, and another one of the tenant as `before`; SnapshotDamaged for a wrong byte."""
    taken = _take(root.resolve(), manifest, before)
    try:
        yield taken
    finally:
        _give_back(taken)


@contextmanager
def cursor(root: Path, manifest: Manifest) -> "Iterator[DuckDBPyConnection]":
    """A cursor of its own over the snapshot's datasets."""
    with opened(root, manifest) as snapshot, snapshot.cursor() as own:
        yield own


def close_idle(*, keep: int = 0) -> None:
    """Closes what nobody reads, down to so many: the end of an instance would end its readers."""
    with _guard:
        idle = [key for key, each in _open.items() if not each.readers]
        spare = [_open.pop(key) for key in idle[: max(0, len(_open) - keep)]]
    for each in spare:
        each.instance.close()


def _take(root: Path, manifest: Manifest, before: Manifest | None) -> Opened:
    shown = [each for each in (manifest, before) if each]
    for each in shown:
        check_files(root, each)
    ids = tuple(each.id for each in shown)
    key = str(root), manifest.tenant, ids, _stamps(root, shown)
    with _guard:
        if known := _known(key):
            return known
    fresh = Opened(_locked_instance(root, manifest, before), readers=1)  # unguarded: takes time
    with _guard:
        known = _known(key)
        if known is None:
            _open[key] = fresh
            return fresh
    fresh.instance.close()  # another thread was first
    return known


def _known(key: Key) -> Opened | None:
    known = _open.get(key)
    if known is not None:
        known.readers += 1
        _open.move_to_end(key)
    return known


def _give_back(taken: Opened) -> None:
    with _guard:
        taken.readers -= 1
    close_idle(keep=OPEN_MAX)


def _stamps(root: Path, shown: Sequence[Manifest]) -> tuple[tuple[int, int, int], ...]:
    """What changes when somebody touches a file: it is then opened anew."""
    found = [(root / file.path).stat() for each in shown for file in each.files]
    return tuple((each.st_ino, each.st_size, each.st_mtime_ns) for each in found)


def _locked_instance(
    root: Path, manifest: Manifest, before: Manifest | None
) -> "DuckDBPyConnection":
    import duckdb

    own = tenant_folder(root, manifest.tenant)
    named = [*manifest.files, *(before.files if before else ())]
    paths = [root / file.path for file in named]
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
    _make_views(instance, root, manifest, "main")
    if before:
        instance.execute("CREATE SCHEMA before")
        _make_views(instance, root, before, "before")
    instance.execute("SET enable_external_access = false")
    instance.execute("SET lock_configuration = true")
    return instance


def _make_views(
    instance: "DuckDBPyConnection", root: Path, manifest: Manifest, schema: str
) -> None:
    for name in DATASETS:
        paths = [root / file.path for file in manifest.files_of(name)]
        instance.execute(f"CREATE VIEW {schema}.{name} AS {relation(name, paths)}")
    instance.execute(f"CREATE VIEW {schema}.coverage AS {coverage_sql(schema)}")


def relation(name: str, paths: Sequence[Path]) -> str:
    """The dataset with its declared columns, read from its files; from none, no row."""
    dataset = DATASETS[name]
    columns = ", ".join([column for column, _ in dataset.columns])
    derived = f", {dataset.derived}" if dataset.derived else ""
    if not paths:
        empty = ", ".join(
            f"NULL::{SQL_TYPES[kind]} AS {column}" for column, kind in dataset.columns
        )
        return f"SELECT {columns}{derived} FROM (SELECT {empty}) WHERE false"  # noqa: S608
    quoted = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
    return (
        f"SELECT {columns}{derived} "  # noqa: S608  our own names and quoted paths
        f"FROM read_parquet([{quoted}], hive_partitioning = false)"
    )
