"""Ten million uses against what was billed: roll-ups, the scan of a snapshot, Postgres and pandas.

    .venv/bin/python benchmarks/reconciling.py             # 10,000,000 uses, about two minutes
    .venv/bin/python benchmarks/reconciling.py 1000000

One question, the named query `usage_and_billing`, asked of the daily roll-ups as the product asks
it, and of every single use as the others have to. Each has a process of its own, which tells its
time and the most memory it had; their lines are compared before any of it is told.
"""

import hashlib
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

EVENTS, COLD_EVENTS = 10_000_000, 1_000_000
DAYS, TIMES = 90, 5
METERS = (
    "valuations",
    "imports",
    "reports",
    "snapshots",
    "calls",
    "simulations",
    "batches",
    "audits",
)
BEGIN_US = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
DAY_US = 86_400_000_000
MANIFEST = "manifest.json"
Lines = Sequence[Sequence[Any]]

IN_POSTGRES = """
WITH used AS (
  SELECT used_at::date AS day, meter, sum(quantity)::bigint AS quantity FROM usage GROUP BY 1, 2),
billed AS (
  SELECT day::date AS day, meter, sum(quantity)::bigint AS quantity FROM billing GROUP BY 1, 2)
SELECT day, meter, coalesce(used.quantity, 0), coalesce(billed.quantity, 0),
       coalesce(used.quantity, 0) - coalesce(billed.quantity, 0)
FROM used FULL JOIN billed USING (day, meter)
WHERE used.quantity IS DISTINCT FROM billed.quantity
ORDER BY day, meter
"""


def main() -> None:
    """Prints each time, each peak of memory, and the ratios."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    for name, value in ratios(events).items():
        print(f"{value:12,.2f}  {name}")


def ratios(events: int = EVENTS) -> dict[str, float]:
    """What the others take, as multiples of what we take."""
    with tempfile.TemporaryDirectory(prefix="valor") as name:
        whole, small = Path(name) / "whole", Path(name) / "small"
        _make(whole, events)
        _make(small, min(events, COLD_EVENTS))
        told = {engine: _child(engine, whole) for engine in ("rollup", "scan", "pandas")}
        told["postgres"] = _in_postgres(whole)
        assert len({each["lines"] for each in told.values()}) == 1, "they do not agree"
        cold = statistics.median(_cold(small) for _ in range(3))
    first_line = f"cold process to the first line at {min(events, COLD_EVENTS):,} uses, s"
    seconds = {engine: each["seconds"] for engine, each in told.items()}
    memory = {engine: each["mb"] for engine, each in told.items()}
    return {
        f"reconciliation of {events:,} uses: the scan ÷ roll-ups": seconds["scan"]
        / seconds["rollup"],
        "reconciliation: Postgres ÷ the scan": seconds["postgres"] / seconds["scan"],
        "reconciliation: pandas with load ÷ the scan": seconds["pandas"] / seconds["scan"],
        "reconciliation: pandas ÷ the scan, peak memory": memory["pandas"] / memory["scan"],
        "reconciliation: roll-ups, ms": 1000 * seconds["rollup"],
        "reconciliation: the scan, ms": 1000 * seconds["scan"],
        "reconciliation: the scan, MB": memory["scan"],
        f"reconciliation: {first_line}": cold,
    }


def _make(folder: Path, events: int) -> None:
    """A snapshot's files: uses by day, what was billed of them, and the roll-ups of both."""
    import numpy as np
    import pyarrow as pa

    from valor_core.snapshots.datasets import BILLING, BILLING_DAILY, USAGE, USAGE_DAILY

    rng = np.random.default_rng(7)
    acts, actors = [f"{m}.run" for m in METERS], [f"user:{n:04}" for n in range(200)]
    files, used, billed = [], [], []
    for day in range(DAYS):
        count = events // DAYS + (day < events % DAYS)
        meters = rng.integers(0, len(METERS), count)
        quantity = rng.integers(1, 5, count)
        moments = np.sort(rng.integers(0, DAY_US, count)) + BEGIN_US + day * DAY_US
        columns = {
            "used_at": pa.array(moments, pa.timestamp("us")),
            "meter": pa.array(METERS).take(pa.array(meters)),
            "quantity": pa.array(quantity),
            "act": pa.array(acts).take(pa.array(meters)),
            "actor": pa.array(actors).take(pa.array(rng.integers(0, len(actors), count))),
        }
        files.append(_written(folder, USAGE, columns, part=str(day)))
        sums = np.bincount(meters, quantity, len(METERS)).astype(int)
        counts = np.bincount(meters, minlength=len(METERS))
        told = np.where(rng.random(len(METERS)) < 0.005, sums + 1, sums)  # what drifts
        on = date(2026, 1, 1) + timedelta(days=day)
        used += [(on, m, int(s), int(n)) for m, s, n in zip(METERS, sums, counts, strict=True)]
        billed += [(on, m, int(s)) for m, s in zip(METERS, told, strict=True)]
    files.append(_written(folder, USAGE_DAILY, _columns(USAGE_DAILY, used)))
    rows = [(*each, 1) for each in billed]
    names = ("day", "meter", "quantity", "events")
    files.append(_written(folder, BILLING_DAILY, _columns(BILLING_DAILY, rows, names)))
    as_text = [(str(on), meter, quantity) for on, meter, quantity in billed]
    files.append(_written(folder, BILLING, _columns(BILLING, as_text, names[:3])))
    (folder / MANIFEST).write_text(json.dumps([each.told() for each in files]))


def _columns(dataset: Any, rows: Lines, names: Sequence[str] = ()) -> dict[str, Any]:
    import pyarrow as pa

    told = zip(names or dataset.schema.names, zip(*rows, strict=True), strict=True)
    made = {name: pa.array(values) for name, values in told}
    return {name: made.get(name, pa.nulls(len(rows))) for name in dataset.schema.names}


def _written(folder: Path, dataset: Any, columns: dict[str, Any], *, part: str = "") -> Any:
    """A part as `snapshots.files.write_part` has it, without going through rows in Python."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from valor_core.snapshots.files import sha256_of, tenant_folder
    from valor_core.snapshots.manifest import File

    own = tenant_folder(folder, "bench") / dataset.name
    own.mkdir(parents=True, exist_ok=True)
    aside = own / "aside"
    table = pa.table(columns).cast(dataset.schema)
    pq.write_table(table, aside, compression="zstd")
    digest = sha256_of(aside)
    target = aside.rename(own / f"{digest}.parquet")
    return File(
        dataset=dataset.name, version=dataset.version, part=part, sha256=digest,
        path=target.relative_to(folder).as_posix(), size=target.stat().st_size, rows=len(table),
    )  # fmt: skip


def _manifest(folder: Path) -> Any:
    from valor_core.snapshots.manifest import File, Manifest

    files = tuple(File(**each) for each in json.loads((folder / MANIFEST).read_text()))
    return Manifest(tenant="bench", cut="2026-04-01T00:00:00+00:00", parent=None, audit_size=0,
                    audit_mac="", engine="bench", files=files)  # fmt: skip


def _child(engine: str, folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__, engine, str(folder)], check=True, capture_output=True, text=True
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _cold(folder: Path) -> float:
    began = time.perf_counter()
    _child("first", folder)
    return time.perf_counter() - began


def rollup(folder: Path) -> Iterator[Lines]:
    """As the product answers, but remembering nothing."""
    yield from _of_snapshot(folder, lambda sql: sql)


def scan(folder: Path) -> Iterator[Lines]:
    """The same query over every use and every billing event."""
    used = "(SELECT used_at::DATE AS day, meter, quantity FROM usage)"
    billed = "(SELECT day::DATE AS day, meter, quantity FROM billing)"
    yield from _of_snapshot(
        folder, lambda sql: sql.replace("usage_daily", used).replace("billing_daily", billed)
    )


def _of_snapshot(folder: Path, changed: Callable[[str], str]) -> Iterator[Lines]:
    from valor_core.snapshots.named import named_query
    from valor_core.snapshots.reader import opened

    query = named_query("usage_and_billing")
    with opened(folder, _manifest(folder)) as snapshot:
        while True:
            with snapshot.cursor() as own:
                yield own.execute(changed(query.sql), query.values({})).fetchall()


def first(folder: Path) -> Iterator[Lines]:
    """Every single use, from nothing: the files are checked, opened and read."""
    yield next(scan(folder))


def pandas(folder: Path) -> Iterator[Lines]:
    """Loaded, grouped and joined."""
    import pandas as pd

    own = folder / "tenant=bench"
    usage, billing = (pd.read_parquet(own / name) for name in ("usage", "billing"))
    used = usage.groupby([usage["used_at"].dt.floor("D"), "meter"])["quantity"].sum()
    billed = billing.groupby([pd.to_datetime(billing["day"]), "meter"])["quantity"].sum()
    both = pd.concat({"used": used, "billed": billed}, axis=1).fillna(0).astype("int64")
    differ = both[both["used"] != both["billed"]].sort_index()
    yield [
        (day.date(), meter, used, billed, used - billed)
        for (day, meter), used, billed in differ.itertuples()
    ]


def _in_postgres(folder: Path) -> dict[str, Any]:
    """Loaded by COPY, analysed, and asked of a warm server."""
    import duckdb

    from tests.embedded_postgres import EmbeddedPostgres

    engine = duckdb.connect()
    with EmbeddedPostgres() as server, server.connect() as connection:
        connection.execute(
            "CREATE UNLOGGED TABLE usage (used_at timestamp, meter text, quantity bigint, act text,"
            " actor text); CREATE UNLOGGED TABLE billing (day text, meter text, quantity bigint)"
        )
        for table, columns in (("usage", "*"), ("billing", "day, meter, quantity")):
            files = str(folder / "tenant=bench" / table / "*.parquet")
            batches = engine.sql(
                f"SELECT {columns} FROM read_parquet('{files}', hive_partitioning = false)"
            ).to_arrow_reader(200_000)
            with connection.cursor() as cursor:
                _copied(cursor, table, batches)
        connection.execute("VACUUM ANALYZE")
        seconds, lines = _timed(lambda: connection.execute(IN_POSTGRES).fetchall())
    return {"seconds": seconds, "mb": 0.0, "lines": _digest(lines)}


def _copied(cursor: Any, table: str, batches: Any) -> None:
    import pyarrow.csv as pa_csv

    options = pa_csv.WriteOptions(include_header=False)
    with cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
        for batch in batches:
            text = io.BytesIO()
            pa_csv.write_csv(batch, text, options)
            copy.write(text.getvalue())


def _timed(act: Callable[[], Lines]) -> tuple[float, Lines]:
    """The median of a few times, after one that warms up."""
    lines, taken = act(), []
    for _ in range(TIMES):
        began = time.perf_counter()
        lines = act()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken), lines


def _digest(lines: Lines) -> str:
    plain = [[str(cell) for cell in line] for line in lines]
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest() if plain else "none"


def _peak_mb() -> float:
    """The most memory of this process; `getrusage` would count what its parent had."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _be(engine: str, folder: Path) -> None:
    """One engine in this process."""
    answers = {"rollup": rollup, "scan": scan, "first": first, "pandas": pandas}[engine](folder)
    if engine in ("first", "pandas"):  # from the files on, once
        began = time.perf_counter()
        lines = next(answers)
        seconds = time.perf_counter() - began
    else:
        seconds, lines = _timed(lambda: next(answers))
    print(json.dumps({"seconds": seconds, "mb": _peak_mb(), "lines": _digest(lines)}))
    sys.stdout.flush()
    os._exit(0)  # what a process takes to end is nobody's answer


if __name__ == "__main__":
    if len(sys.argv) == 3:
        _be(sys.argv[1], Path(sys.argv[2]))
    main()
