"""Writing a dataset once: aside, flushed, named by its bytes, then made durable in its folder.

A crash at any step leaves at most a file that no manifest names; `sweep` takes it away.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from valor_core.snapshots.manifest import File
from valor_core.store.folders import private_folder
from valor_core.values import new_id

BATCH = 20_000  # rows in memory at a time

DATASETS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "companies": (
        ("company_id", "string"),
        ("name", "string"),
        ("ticker", "string"),
        ("cik", "int64"),
        ("sic", "int64"),
        ("financial", "bool_"),  # its debt is its raw material: EBIT and leverage say nothing
    ),
    "facts": (
        ("company_id", "string"),
        ("item", "string"),
        ("fiscal_year", "int64"),
        ("period_start", "string"),
        ("period_end", "string"),
        ("value", "float64"),
        ("unit", "string"),
        ("tag", "string"),
        ("accession", "string"),
        ("form", "string"),
        ("filed_on", "string"),
        ("known", "bool_"),  # the number that stands: what was restated later is false
    ),
    "figures": (  # of each company the newest fiscal year, as a valuation reads it from the facts
        ("company_id", "string"),
        ("fiscal_year", "int64"),
        ("revenue", "float64"),
        ("revenue_year_before", "float64"),
        ("revenue_3_years_before", "float64"),
        ("gross_profit", "float64"),
        ("ebit", "float64"),
        ("depreciation", "float64"),
        ("pretax_income", "float64"),
        ("income_tax", "float64"),
        ("net_income", "float64"),
        ("equity", "float64"),
        ("debt", "float64"),
        ("cash", "float64"),
        ("operating_cash_flow", "float64"),
        ("capex", "float64"),
    ),
    "valuations": (
        ("valuation_id", "string"),
        ("company_id", "string"),
        ("model", "string"),
        ("run_id", "string"),
        ("value_per_share", "float64"),
        ("equity_value", "float64"),
        ("enterprise_value", "float64"),
        ("diluted_shares", "float64"),
        ("currency", "string"),
        ("saved_at", "int64"),
        ("newest", "bool_"),  # of its company
    ),
}
"""The columns of each dataset, in their order."""


def tenant_folder(root: Path, tenant_id: str) -> Path:
    """One folder is one tenant: for walls, for deletion and for export."""
    assert re.fullmatch(r"[0-9a-z-]{1,40}", tenant_id)
    return root / f"tenant={tenant_id}"


def write_dataset(
    root: Path, tenant_id: str, dataset: str, rows: Iterable[Mapping[str, Any]]
) -> File:
    """One immutable Parquet file; the same rows in the same order are the same file.

    A file that stands there already is kept, unless its bytes are no longer those of its name.
    """
    folder = tenant_folder(root, tenant_id) / dataset
    _make_folder(folder)
    aside = folder / f".{new_id()}.part"
    try:
        count = _write_parquet(aside, DATASETS[dataset], rows)
        digest, size = sha256_of(aside), aside.stat().st_size
        target = folder / f"{digest}.parquet"
        if not target.exists() or sha256_of(target) != digest:
            aside.chmod(0o400)
            _make_durable(aside)
            aside.rename(target)
            _make_durable(folder)
    finally:
        aside.unlink(missing_ok=True)
    return File(
        dataset=dataset,
        path=target.relative_to(root).as_posix(),
        sha256=digest,
        size=size,
        rows=count,
    )


def sweep(root: Path, tenant_id: str, named: Iterable[str]) -> int:
    """Removes the tenant's files that no manifest names; how many.

    Only while nobody else of the tenant can publish: a file just written has no manifest yet.
    """
    keep, folder = {root / path for path in named}, tenant_folder(root, tenant_id)
    orphans = [
        path
        for pattern in ("*/.*.part", "*/*.parquet")
        for path in folder.glob(pattern)
        if path not in keep
    ]
    for path in orphans:
        path.unlink()
    return len(orphans)


def sha256_of(path: Path) -> str:
    """The digest of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write_parquet(
    path: Path, columns: tuple[tuple[str, str], ...], rows: Iterable[Mapping[str, Any]]
) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema, count = pa.schema([(name, getattr(pa, kind)()) for name, kind in columns]), 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in _batches(rows):
            arrays = [pa.array([row[field.name] for row in batch], field.type) for field in schema]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
            count += len(batch)
    return count


def _batches(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
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
