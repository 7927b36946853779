"""Exploring by clicking: any view gives what a plain fold over the same rows gives."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from functools import cache
from io import BytesIO
from math import fsum
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from tests.conftest import ONLY_SQLITE, World
from tests.snapshots.conftest import Published, filing, import_filings, publish
from valor_core.errors import AccessDenied, BadInput
from valor_core.notebook import Workspace
from valor_core.notebook.local import LocalDesk
from valor_core.snapshots import explore as exploring
from valor_core.snapshots.datasets import DATASETS
from valor_core.snapshots.explore import Explored, compiled, read_answer
from valor_core.snapshots.exported import EXPORTS, as_csv, as_parquet, as_workbook
from valor_core.snapshots.fields import SUBJECTS, NoSubject, Subject, subject_named
from valor_core.snapshots.manifest import Manifest
from valor_core.snapshots.reader import opened
from valor_core.snapshots.view import (
    FILTERS,
    TIMES,
    Filter,
    View,
    figures_of,
    keys_of,
    planned,
)
from valor_core.values import Caller
from valor_core.workbench import snapshots
from valor_core.workbench.verb import open_work

KOKE = {"cik": 21344, "name": "Coca-Cola Co", "ticker": "KO", "sic": 2086}
MADE = Manifest(tenant="t", cut="2026-11-26T00:00:00+00:00", parent=None, audit_size=0,
                audit_mac="", engine="", files=())  # fmt: skip
NAMES = {"a": ("Ä Co", "A"), "b": ("'; DROP TABLE facts; --", "B")}  # "c" is of no company
SOME = ("", "x", "X y", "'", "é", "Zoë", "zoe", "%")
DAYS = [date(2025, 12, 31) + timedelta(days=n) for n in (0, 1, 40, 366)]
NUMBERS = (-1.5, 0.0, 0.25, 2.5, 2.0**40)  # whose sums are exact


def maybe(values: Sequence[Any]) -> st.SearchStrategy[Any]:
    return st.none() | st.sampled_from(values)


POOLS: Mapping[str, Sequence[Any]] = {
    "text": SOME, "whole": (-3, 0, 7, 2**40), "number": NUMBERS, "yes_or_no": (True, False),
    "moment": [datetime(d.year, d.month, d.day, h) for d in DAYS for h in (0, 23)],  # noqa: DTZ001  as stored: UTC
}  # fmt: skip
WRITTEN = {"period_start", "period_end", "filed_on"}


def stored_rows(dataset: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    columns = {
        name: maybe([*map(str, DAYS), "soon"] if name in WRITTEN else POOLS[kind])
        for name, kind in DATASETS[dataset].columns
    }
    if "company_id" in columns:
        columns["company_id"] = st.sampled_from("abc")
    return st.lists(st.fixed_dictionaries(columns), max_size=30)


def as_told(row: Mapping[str, Any]) -> dict[str, Any]:
    """A stored row as the fields have it."""
    name, ticker = NAMES.get(row.get("company_id", ""), (None, None))
    told = {**row, "company": name, "ticker": ticker, "sic": 7 if name else None}
    for each in WRITTEN & row.keys():
        try:
            told[each] = date.fromisoformat(row[each])
        except (TypeError, ValueError):
            told[each] = None
    return told


@st.composite
def views(draw: Callable[..., Any], subject: Subject) -> View:
    fields = list(subject.fields.values())
    keys = [key for field in fields for key in keys_of(field)]
    figures = ["count", *(figure for field in fields for figure in figures_of(field))]
    rows = draw(st.lists(st.sampled_from(keys), max_size=2, unique=True))
    others = [key for key in keys if key not in rows]
    across = draw(st.sampled_from(["", *others])) if rows else ""
    told = draw(st.lists(st.sampled_from(figures), max_size=4, unique=True))
    columns = draw(st.lists(st.sampled_from(list(subject.fields)), max_size=4, unique=True))
    shown = [*rows, *(told or ["count"])] if rows or told else columns or list(subject.fields)
    order = draw(st.sampled_from(["", *shown])) if not columns or rows or told else ""
    return View(
        dataset=subject.name,
        filters=tuple(draw(st.lists(filters(subject), max_size=2))),
        columns=tuple(columns),
        rows=tuple(rows),
        across=across,
        figures=tuple(told),
        order=draw(st.sampled_from(["", "-"])) + order if order else "",
        limit=draw(st.integers(1, 40)),
    )


@st.composite
def filters(draw: Callable[..., Any], subject: Subject) -> Filter:
    field = draw(st.sampled_from(list(subject.fields.values())))
    how = draw(st.sampled_from(FILTERS[field.kind]))
    pool: Sequence[Any] = {
        "text": SOME, "term": SOME, "yes_or_no": (True, False),
        "code": (-3, 0, 7), "whole": (-3, 0, 7),
        **{kind: [str(day) for day in DAYS] for kind in TIMES},
    }.get(field.kind, NUMBERS)  # fmt: skip
    least, most = (0, 0) if how in ("known", "missing") else (1, 3 if how.startswith("is") else 1)
    values = draw(st.lists(st.sampled_from(pool), min_size=least, max_size=most))
    return Filter(field=field.name, how=how, values=tuple(values))


def passes(row: Mapping[str, Any], told: Filter) -> bool:
    value, given = row[told.field], told.values
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        given = tuple(date.fromisoformat(str(each)) for each in given)
    if told.how in ("known", "missing"):
        return (value is None) == (told.how == "missing")
    if value is None:
        return told.how == "is_not"
    return {
        "is": lambda: value in given,
        "is_not": lambda: value not in given,
        "contains": lambda: str(given[0]).lower() in value.lower(),
        "from": lambda: value >= given[0],
        "to": lambda: value <= given[0],
    }[told.how]()


def key_of(row: Mapping[str, Any], name: str) -> Any:
    field, _, grain = name.partition(":")
    value = row[field]
    if not grain or value is None:
        return value
    first = {"year": (1, 1), "quarter": (3 * ((value.month - 1) // 3) + 1, 1),
             "month": (value.month, 1), "day": (value.month, value.day)}  # fmt: skip
    return date(value.year, *first[grain])


def figure(rows: Sequence[Mapping[str, Any]], name: str) -> Any:
    if name == "count":
        return len(rows)
    how, _, field = name.partition(":")
    values = [row[field] for row in rows if row[field] is not None]
    if how == "distinct":
        return len(set(values))
    if not values:
        return None
    return {
        "sum": lambda: sum(values) if isinstance(values[0], int) else fsum(values),
        "mean": lambda: fsum(values) / len(values),
        "median": lambda: median(values),
        "least": lambda: min(values),
        "most": lambda: max(values),
    }[how]()


def as_read(value: Any) -> Any:
    """Texts as an index has them: by their letters, whatever their case and accents."""
    if not isinstance(value, str):
        return value
    parts = unicodedata.normalize("NFD", value.lower())
    return "".join(each for each in parts if not unicodedata.combining(each)), value


def ranked(value: Any) -> tuple[bool, Any]:
    """Missing ones last."""
    return value is None, 0 if value is None else as_read(value)


def falling(lines: Sequence[tuple[Any, ...]], at: int) -> list[tuple[Any, ...]]:
    """The largest first, those that are alike as they stood, missing ones last."""
    known = [line for line in lines if line[at] is not None]
    known.sort(key=lambda line: as_read(line[at]), reverse=True)
    return known + [line for line in lines if line[at] is None]


@cache
def engine() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect(config={"threads": 1})
    named = [{"company_id": key, "name": n, "ticker": t, "sic": 7} for key, (n, t) in NAMES.items()]
    hold(made, "companies", named)
    return made


def hold(made: duckdb.DuckDBPyConnection, dataset: str, rows: Sequence[Mapping[str, Any]]) -> None:
    schema = DATASETS[dataset].schema
    arrow = pa.table({name: [row.get(name) for row in rows] for name in schema.names}, schema)
    made.register("rows", arrow)
    derived = DATASETS[dataset].derived or "0 AS nothing"
    made.execute(f"CREATE OR REPLACE TABLE main.{dataset} AS SELECT *, {derived} FROM rows")


def asked_of(rows: Sequence[Mapping[str, Any]], subject: Subject, view: View) -> Explored:
    plan = planned(view, subject)
    hold(engine(), subject.name, rows)
    return read_answer(view, plan, engine().execute(*compiled(plan)).fetchall(), MADE)


Table = tuple[list[tuple[Any, ...]], tuple[Any, ...] | None, int]


def by_hand(rows: Sequence[Mapping[str, Any]], view: View, subject: Subject) -> Table:
    """The lines, the totals and how many lines there are, by a fold in Python."""
    kept = [row for row in rows if all(passes(row, each) for each in view.filters)]
    if not (view.rows or view.figures):
        names = view.columns or tuple(subject.fields)
        lines = standing([tuple(row[n] for n in names) for row in kept], names, view, subject)
        return lines[: view.limit], None, len(lines)
    figures = view.figures or ("count",)
    values = series_of(kept, view, figures[0], subject)

    def block(of: Sequence[Mapping[str, Any]]) -> list[Any]:
        parts = [[row for row in of if key_of(row, view.across) == value] for value in values]
        nothing = [None] * len(figures)
        cells = [[figure(part, f) for f in figures] if part else nothing for part in parts]
        return [cell for each in cells for cell in each]

    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in kept:
        groups.setdefault(tuple(key_of(row, key) for key in view.rows), []).append(row)
    if not view.rows:
        groups = {(): list(kept)}
    lines = [(*key, *(figure(of, f) for f in figures)) for key, of in groups.items()]
    lines = standing(lines, (*view.rows, *figures), view, subject)
    of_groups = [groups[line[: len(view.rows)]] for line in lines]
    table = [
        (*line[: len(view.rows)], *block(of), *line[len(view.rows) :])
        for line, of in zip(lines, of_groups, strict=True)
    ]
    totals = (*(None for _ in view.rows), *block(kept), *(figure(kept, f) for f in figures))
    return table[: view.limit], totals if view.rows else None, len(table)


def series_of(
    rows: Sequence[Mapping[str, Any]], view: View, first: str, subject: Subject
) -> list[Any]:
    """The values that have a column: the latest of what has an order, else the largest."""
    if not view.across:
        return []
    values = sorted({key_of(row, view.across) for row in rows}, key=ranked)
    if subject.fields[view.across.partition(":")[0]].kind in (*TIMES, "code", "yes_or_no"):
        latest = falling([(value,) for value in values], 0)[: exploring.SERIES_MAX]
        return [value for value in values if (value,) in latest]
    sized = [
        (value, figure([row for row in rows if key_of(row, view.across) == value], first))
        for value in values
    ]
    return [value for value, _ in falling(sized, 1)][: exploring.SERIES_MAX]


def standing(
    lines: list[tuple[Any, ...]], names: Sequence[str], view: View, subject: Subject
) -> list[tuple[Any, ...]]:
    """In the order of the view; those that are alike in it by their keys, or by all they show."""
    by_keys = len(view.rows) or len(names)
    lines = sorted(lines, key=lambda line: tuple(map(ranked, line[:by_keys])))
    name = view.order.removeprefix("-")
    if name:
        at, largest_first = names.index(name), view.order.startswith("-")
    else:
        key = subject.fields[view.rows[0].partition(":")[0]].kind if view.rows else "code"
        in_order = key in (*TIMES, "code")
        at, largest_first = (0, False) if in_order else (len(view.rows), True)
    if largest_first:
        return falling(lines, at)
    return sorted(lines, key=lambda line: ranked(line[at]))


@pytest.mark.parametrize("dataset", ["facts", "provider_calls"])
@given(data=st.data())
def test_any_view_gives_what_a_fold_in_python_gives(dataset: str, data: st.DataObject):
    subject = SUBJECTS[dataset]
    stored = data.draw(stored_rows(dataset))
    view = data.draw(views(subject))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exploring, "SERIES_MAX", 3)
        found = asked_of(stored, subject, view)
        lines, totals, in_all = by_hand([as_told(row) for row in stored], view, subject)

    assert found.rows_in_all == in_all
    assert found.rows == tuple(lines)
    assert found.totals == totals
    assert all(len(found.columns) == len(row) for row in found.rows)


def asked(world: World, view: View, who: Caller | None = None) -> Explored:
    with open_work(who or world.acme.viewer, world.store) as work:
        return snapshots.explore(work, view)


@ONLY_SQLITE
def test_a_view_of_a_published_snapshot_is_remembered_and_a_notebook_shows_the_same(
    apple: World, published: Published, root: Path
):
    made = published()
    view = View(dataset="facts", rows=("fiscal_year",), figures=("count", "most:value"))

    found = asked(apple, view)

    assert (found.snapshot_id, found.rows_in_all) == (made.id, 3)
    assert [row[0] for row in found.rows] == [2021, 2023, 2024]
    assert found.totals
    assert found.rows[2][2] == found.totals[2] == 391_035e6
    table = Workspace("acme", LocalDesk(apple.store, apple.acme.analyst)).explore(view)
    assert [tuple(row) for row in table.itertuples(index=False)] == list(found.rows)
    with opened(root, made) as snapshot:
        assert len(snapshot.answers) == 1
        snapshot.instance.execute("DROP VIEW facts")  # so that nothing can be asked anew
    assert asked(apple, view) == found


@ONLY_SQLITE
def test_who_may_not_read_what_a_dataset_was_made_of_may_not_explore_it(
    apple: World, published: Published
):
    published()
    with open_work(apple.acme.viewer, apple.store) as work:
        offered = {each.name for each in snapshots.list_subjects(work)}

    assert SUBJECTS.keys() - offered == {
        "usage", "usage_daily", "billing", "billing_daily", "invoices", "audit",
    }  # fmt: skip
    for name in SUBJECTS.keys() - offered:
        with pytest.raises(AccessDenied):
            asked(apple, View(dataset=name))
        asked(apple, View(dataset=name), apple.acme.admin)


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        ({"rows": ("nosuch",)}, "no field 'nosuch'"),
        ({"rows": ('company" FROM facts; --',)}, "no field"),
        ({"rows": ("value",)}, "cannot be grouped by value"),
        ({"rows": ("filed_on",)}, "cannot be grouped by filed_on"),
        ({"rows": ("filed_on:month') --",)}, "cannot be grouped"),
        ({"rows": ("company", "company")}, "named twice"),
        ({"across": "company"}, "there are no rows"),
        ({"figures": ("sum:company",)}, "is no figure of Company"),
        ({"figures": ("fsum(1)--:value",)}, "is no figure of Value"),
        ({"columns": ("1",)}, "no field"),
        ({"order": "value; DROP"}, "cannot stand by"),
        ({"rows": ("company",), "order": "value"}, "which is not shown"),
        ({"limit": 10_001}, "cannot have 10001 rows"),
        ({"filters": (Filter(field="company", how="like", values=("x",)),)}, "filtered by 'like'"),
        ({"filters": (Filter(field="value", how="from", values=("1",)),)}, "compared with '1'"),
        ({"filters": (Filter(field="value", how="to", values=(float("nan"),)),)}, "with 'nan'"),
        ({"filters": (Filter(field="fiscal_year", how="is", values=(2.0**70,)),)}, "compared"),
        ({"filters": (Filter(field="filed_on", how="to", values=("soon",)),)}, "with 'soon'"),
        ({"filters": (Filter(field="company", how="contains", values=("\ud800",)),)}, "compared"),
        ({"filters": (Filter(field="company", how="is"),)}, "has 0 values"),
        ({"filters": (Filter(field="known", how="is", values=(1,)),)}, "compared with '1'"),
    ],
)
def test_what_no_declared_field_answers_is_refused_and_never_becomes_sql(view, problem):
    with pytest.raises(BadInput, match=problem):
        planned(View(dataset="facts", **view), SUBJECTS["facts"])


def test_a_dataset_that_is_not_declared_is_none():
    with pytest.raises(NoSubject, match="no dataset"):
        subject_named("facts; DROP TABLE facts")


@ONLY_SQLITE
def test_threads_of_two_tenants_never_receive_each_others_groups(
    apple: World, published: Published
):
    """200 interleaved views on 8 threads, each asked anew."""
    import_filings(apple, apple.rival.analyst, filing({2024: {"revenue": 47_061}}, **KOKE))
    published()
    publish(apple, apple.rival.analyst)

    def companies(turn: int) -> list[str]:
        who = (apple.acme.viewer, apple.rival.viewer)[turn % 2]
        apart = Filter(field="value", how="to", values=(1e15 + turn,))
        if turn % 4 < 2:
            found = asked(apple, View(dataset="facts", filters=(apart,), rows=("company",)), who)
        else:
            found = asked(apple, View(dataset="facts", filters=(apart,), columns=("company",)), who)
        return sorted({row[0] for row in found.rows})

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(companies, range(200)))

    assert seen == [["Apple Inc."], ["Coca-Cola Co"]] * 100


def test_no_text_becomes_a_formula_in_a_file():
    """In a CSV it is marked; in a workbook the cell is a text; Parquet keeps it as it is."""
    evil = "=cmd|' /C calc'!A0"
    rows = [{"company_id": "c", "item": evil, "value": -1.5, "fiscal_year": 2024}]
    view = View(dataset="facts", rows=("item",), across="fiscal_year", figures=("sum:value",))
    found = asked_of(rows, SUBJECTS["facts"], view)

    assert as_csv(found).decode().splitlines() == ["Line item,2024,All", f"'{evil},-1.5,-1.5"]
    sheet = load_workbook(BytesIO(as_workbook(found)))["Explored"]
    assert [(cell.value, cell.data_type) for cell in sheet[2]] == [
        (evil, "s"), (-1.5, "n"), (-1.5, "n"),
    ]  # fmt: skip
    table = pq.read_table(BytesIO(as_parquet(found)))
    assert table.to_pylist() == [{"item": evil, "sum:value@2024": -1.5, "sum:value@All": -1.5}]


def test_every_field_can_be_shown_grouped_summed_up_and_written_to_a_file():
    for subject in SUBJECTS.values():
        if subject.name == "coverage":
            continue
        keys = [key for field in subject.fields.values() for key in keys_of(field)][:4]
        figures = [each for field in subject.fields.values() for each in figures_of(field)][:8]
        made = [dict.fromkeys(DATASETS[subject.name].schema.names)]
        for view in (
            View(dataset=subject.name),
            View(dataset=subject.name, rows=tuple(keys), figures=tuple(figures)),
        ):
            found = asked_of(made, subject, view)
            assert len(found.rows) == 1
            assert all(each.write(found) for each in EXPORTS.values())
