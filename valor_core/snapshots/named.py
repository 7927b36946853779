"""Questions with a name: SQL in a file each, whose head declares who may ask, what with, what for.

The same text answers on a page, over HTTP and in a notebook, and an answer is kept while the
snapshot is open: neither of them can change.
"""

import csv
import io
import re
import threading
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from valor_core.cells import inert
from valor_core.errors import BadInput, NotFound, Unavailable
from valor_core.snapshots.manifest import Manifest
from valor_core.snapshots.reader import Opened, opened

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FOLDER = Path(__file__).parent / "queries"
ROWS_MAX = 10_000
SECONDS_MAX = 10.0
ANSWERS_KEPT, KEPT_ROWS_MAX = 64, 2_000  # of each open snapshot

_TITLE = re.compile(r"-- (?P<label>[^:\n]+): (?P<meaning>.+)")
_READS = re.compile(r"-- reads: (\w+\.\w+)")
_PARAMETER = re.compile(
    r"-- parameter (?P<name>\w+): (?P<kind>\w+)(?P<optional> = ?(?P<default>\S*))?; (?P<label>.+)"
)
_CHART = re.compile(
    r"-- chart: (?P<kind>lines|bars) of (?P<value>\w+) by (?P<by>\w+)(?:, (?P<each>\w+))?"
)
_COLUMN = re.compile(r"-- column (?P<name>\w+): (?P<kind>\w+); (?P<label>.+)")


class NoQuery(NotFound):
    """There is no named query of that name."""

    code = "no_query"

    def __init__(self, name: str) -> None:
        super().__init__("query", name[:80])
        self.hint = f"Choose among {', '.join(named_queries())}."


class QueryTooCostly(Unavailable):
    """A query was stopped, because it took too long or too much memory."""

    code = "query_too_costly"

    def __init__(self, name: str, *, why: str) -> None:
        super().__init__(
            f"The query {name} was stopped: it {why}.",
            hint="Ask for fewer days or fewer companies, or again when less is going on.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What a query is asked with."""

    name: str
    kind: str
    label: str
    default: str | None  # none: it must be given

    def read(self, told: str) -> Any:
        """The value told in words; BadInput where it is none."""
        if self.kind != "day":
            return told
        try:
            return date.fromisoformat(told)
        except ValueError as error:
            raise BadInput(
                f"{self.name} is {told[:40]!r}, which is no day.", hint="Write it as 2026-11-26."
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What a query tells of each row."""

    name: str
    kind: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What shows an answer at a look: a number over what, with a line for each of these."""

    kind: str  # lines, or bars
    value: int  # the places of columns
    by: int
    each: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A named query, as its file declares it."""

    name: str
    label: str
    meaning: str
    act: str  # whoever may do that may ask
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]
    chart: Chart | None
    compares: bool  # with another snapshot
    sql: str

    def values(self, told: Mapping[str, str]) -> dict[str, Any]:
        """The parameters as the SQL takes them; BadInput for an unknown or a missing one."""
        names = {each.name for each in self.parameters}
        for name in told:
            if name not in names:
                raise BadInput(
                    f"{self.label} has no parameter {name[:40]!r}.",
                    hint=f"It takes {', '.join(sorted(names)) or 'none'}.",
                )
        return {each.name: each.read(self._given(each, told)) for each in self.parameters}

    def _given(self, parameter: Parameter, told: Mapping[str, str]) -> str:
        given = told.get(parameter.name, parameter.default)
        if given is None:
            raise BadInput(
                f"{self.label} needs {parameter.name}.", hint=f"Give it: {parameter.label.lower()}."
            )
        return given


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The rows of a query, and the snapshot that says so."""

    query: Query
    snapshot_id: str
    cut: str
    compared_with: str | None  # the other snapshot
    rows: tuple[tuple[Any, ...], ...]
    more: bool  # than an answer holds
    instead_of: str = ""  # what is wrong with the newest one, where an earlier one had to answer

    def as_csv(self) -> str:
        """The rows as a spreadsheet reads them; a text never becomes a formula there."""
        made = io.StringIO()
        write = csv.writer(made, lineterminator="\n")
        write.writerow([column.name for column in self.query.columns])
        write.writerows([[inert(cell) for cell in row] for row in self.rows])
        return made.getvalue()


@cache
def named_queries() -> Mapping[str, Query]:
    """Every query by its name."""
    return {path.stem: _read(path) for path in sorted(FOLDER.glob("*.sql"))}


def named_query(name: str) -> Query:
    """The query of that name; NoQuery otherwise."""
    if name not in named_queries():
        raise NoQuery(name)
    return named_queries()[name]


def _read(path: Path) -> Query:
    sql = path.read_text(encoding="utf-8")
    title, reads = _TITLE.match(sql), _READS.search(sql)
    assert title, f"{path.name} begins with no `-- Label: meaning`"
    assert reads, f"{path.name} does not say who may ask"
    columns = tuple(
        Column(name=each["name"], kind=each["kind"], label=each["label"])
        for each in _COLUMN.finditer(sql)
    )
    return Query(
        name=path.stem,
        label=title["label"],
        meaning=title["meaning"],
        act=reads[1],
        parameters=tuple(
            Parameter(
                name=each["name"],
                kind=each["kind"],
                label=each["label"],
                default=each["default"] if each["optional"] else None,
            )
            for each in _PARAMETER.finditer(sql)
        ),
        columns=columns,
        chart=_chart(sql, [column.name for column in columns]),
        compares="-- compares: yes" in sql,
        sql=sql,
    )


def _chart(sql: str, columns: Sequence[str]) -> Chart | None:
    told = _CHART.search(sql)
    if told is None:
        return None
    return Chart(
        kind=told["kind"],
        value=columns.index(told["value"]),
        by=columns.index(told["by"]),
        each=columns.index(told["each"]) if told["each"] else None,
    )


def ask(
    root: Path,
    manifest: Manifest,
    query: Query,
    told: Mapping[str, str],
    *,
    before: Manifest | None = None,
) -> Answer:
    """The answer of a snapshot; the second time it is remembered."""
    values = query.values(told)
    key = query.name, tuple(sorted(values.items()))
    with opened(root, manifest, before if query.compares else None) as snapshot:
        rows = answered(snapshot, key, query.sql, values, name=query.name)
    return Answer(
        query=query,
        snapshot_id=manifest.id,
        cut=manifest.cut,
        compared_with=before.id if before and query.compares else None,
        rows=rows[:ROWS_MAX],
        more=len(rows) > ROWS_MAX,
    )


def answered(
    snapshot: Opened, key: Hashable, sql: str, values: Any, *, name: str, most: int = ROWS_MAX + 1
) -> tuple[tuple[Any, ...], ...]:
    """The rows of SQL of our own, remembered by its key while the snapshot is open."""
    rows = snapshot.answers.get(key)
    if rows is None:
        with snapshot.cursor() as own, _within(own, name):
            own.execute(sql, values)
            rows = tuple(own.fetchmany(most))
        if len(rows) <= KEPT_ROWS_MAX:
            snapshot.remember(key, rows, most=ANSWERS_KEPT)
    return rows


@contextmanager
def _within(cursor: "DuckDBPyConnection", name: str) -> Iterator[None]:
    """Stops what takes too long; the engine itself refuses what takes too much memory."""
    import duckdb

    timer = threading.Timer(SECONDS_MAX, cursor.interrupt)
    timer.start()
    try:
        yield
    except duckdb.InterruptException as error:
        raise QueryTooCostly(name, why=f"took longer than {SECONDS_MAX:g} s") from error
    except duckdb.OutOfMemoryException as error:
        raise QueryTooCostly(name, why="needs more memory than a query may have") from error
    finally:
        timer.cancel()
