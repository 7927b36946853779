"""SQL that an analyst writes, over one snapshot: in a process of its own, with hard limits.

Neither the engine's memory limit nor its interrupt contain hostile SQL; ending a process does.
"""

import csv
import io
import json
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from valor_core.cells import inert
from valor_core.errors import BadInput, Unavailable
from valor_core.snapshots.datasets import DATASETS
from valor_core.snapshots.files import check_files, tenant_folder
from valor_core.snapshots.manifest import Manifest
from valor_core.snapshots.measures import coverage_sql
from valor_core.snapshots.named import QueryTooCostly
from valor_core.snapshots.reader import relation

CHILD = Path(__file__).parent / "sql_child.py"
SECONDS_MAX = 10.0
LENGTH_MAX = 4_000
AT_ONCE = 4  # of a tenant
IN_ALL, KEPT_FOR_OTHERS = 8, 4
"""Of all tenants together; the last of these places are for tenants of whom none is answered."""
COVERAGE = "coverage"
OF_COVERAGE = {"companies", "figures", "valuations"}
_PATH = re.compile(r"(?:/[^\s'\"/]+){2,}/?")


class SqlRefused(BadInput):
    """A statement that is not one SELECT over the datasets of the snapshot."""

    code = "sql_refused"

    def __init__(self, why: str) -> None:
        super().__init__(
            why,
            hint="Write one SELECT over the datasets of the snapshot; the page lists them with "
            "their columns. No file, no setting and no other source can be reached.",
        )


class SqlBusy(Unavailable):
    """A tenant asks as much at once as it may, or all tenants together as much as is answered."""

    code = "sql_busy"

    def __init__(self, own: int) -> None:
        many = "statement" if own == 1 else "statements"
        told = f"{own} {many} of your tenant" if own else "As many statements as may be at once"
        super().__init__(
            f"{told} {'is' if own == 1 else 'are'} being answered right now.",
            hint="Ask again in a few seconds.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlAnswer:
    """The rows of a statement, and the snapshot that says so."""

    snapshot_id: str
    cut: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool  # than an answer holds
    instead_of: str = ""  # what is wrong with the newest one, where an earlier one had to answer

    def as_csv(self) -> str:
        """The rows as a spreadsheet reads them; a text never becomes a formula there."""
        made = io.StringIO()
        write = csv.writer(made, lineterminator="\n")
        write.writerow([inert(name) for name in self.columns])
        write.writerows([[inert(cell) for cell in row] for row in self.rows])
        return made.getvalue()


def ask_sql(root: Path, manifest: Manifest, datasets: Collection[str], sql: str) -> SqlAnswer:
    """The answer of one SELECT over those datasets of a snapshot, whose bytes are checked first."""
    if not 0 < len(sql.strip()) <= LENGTH_MAX:
        raise SqlRefused(f"A statement has 1 to {LENGTH_MAX:,} characters.")
    check_files(root, manifest)
    order = {"sql": sql, "seconds": SECONDS_MAX, "tables": _tables(root, manifest, datasets, sql)}
    with _one_of_few(manifest.tenant):
        told = _carried_out(order)
    if "stopped" in told:
        raise QueryTooCostly("in SQL", why=told["stopped"])
    if "refused" in told:
        raise SqlRefused(_in_plain_words(told["refused"]))
    return SqlAnswer(
        snapshot_id=manifest.id,
        cut=manifest.cut,
        columns=_apart(told["columns"]),
        rows=tuple(tuple(row) for row in told["rows"]),
        more=told["more"],
    )


def _tables(
    root: Path, manifest: Manifest, datasets: Collection[str], sql: str
) -> list[tuple[str, str]]:
    """What the statement speaks of, and may, each with the SQL that reads it."""
    own = tenant_folder(root, manifest.tenant)
    wanted = {
        name for name in (*DATASETS, COVERAGE) if re.search(rf"\b{name}\b", sql, re.IGNORECASE)
    }
    tables = []
    for name in DATASETS:
        if name in datasets and (name in wanted or (COVERAGE in wanted and name in OF_COVERAGE)):
            paths = [(root / file.path).resolve() for file in manifest.files_of(name)]
            assert all(path.is_relative_to(own.resolve()) for path in paths), "a foreign file"
            tables.append((name, relation(name, paths)))
    if COVERAGE in wanted and set(datasets) >= OF_COVERAGE:
        tables.append((COVERAGE, coverage_sql("main")))
    return tables


def _carried_out(order: dict[str, Any]) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(CHILD)],
            input=json.dumps(order), capture_output=True, text=True, timeout=SECONDS_MAX,
            env={"LANG": "C.UTF-8"}, cwd="/", check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"stopped": f"took longer than {SECONDS_MAX:g} s"}
    if done.returncode or not done.stdout:
        return {"stopped": "needs more memory or time than a query may have"}
    told: dict[str, Any] = json.loads(done.stdout)
    return told


_running: Counter[str] = Counter()
_guard = threading.Lock()


@contextmanager
def _one_of_few(tenant: str) -> Iterator[None]:
    """One of the tenant's places, and of all; who has one already leaves the last to others."""
    with _guard:
        own, all_places = _running[tenant], IN_ALL - (KEPT_FOR_OTHERS if _running[tenant] else 0)
        if own >= AT_ONCE or _running.total() >= all_places:
            raise SqlBusy(own)
        _running[tenant] += 1
    try:
        yield
    finally:
        with _guard:
            _running[tenant] -= 1
            if not _running[tenant]:
                del _running[tenant]


def _apart(names: list[str]) -> tuple[str, ...]:
    """The names of columns, which two tables may share, each by a name of its own.

    >>> _apart(["name", "item", "name", "name"])
    ('name', 'item', 'name (2)', 'name (3)')
    """
    apart: dict[str, None] = {}
    more = Counter[str]()
    for name in names:
        own = name
        while own in apart:
            more[name] += 1
            own = f"{name} ({more[name] + 1})"
        apart[own] = None
    return tuple(apart)


def _in_plain_words(told: str) -> str:
    """What the engine says, without the kind of error, without any path, and not at length."""
    if "disabled by configuration" in told or "Permission Error" in told:
        return "That reaches beyond the datasets of the snapshot."
    if "pytz" in told:
        return "A moment with a time zone within another value cannot be shown: cast it to VARCHAR."
    first = told.partition("\n\nLINE ")[0].replace("\n", " ")
    said = first.partition("Error: ")[2] or first
    return _PATH.sub("…", said)[:300]
