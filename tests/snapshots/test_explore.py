"""Exploring by clicking: any view gives what a plain fold over the same rows gives."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from math import fsum
from statistics import median
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from valor_core.snapshots import explore as exploring
from valor_core.snapshots.datasets import DATASETS
from valor_core.snapshots.explore import Explored, compiled, read_answer
from valor_core.snapshots.fields import SUBJECTS, Subject
from valor_core.snapshots.manifest import Manifest
from valor_core.snapshots.view import (
    FILTERS,
    TIMES,
    Filter,
    View,
    figures_of,
    keys_of,
    planned,
)

KOKE = {"cik": 21344, "name": "Coca-Cola Co", "ticker": "KO", "sic": 2086}
MADE = Manifest(tenant="t", cut="2026-11-26T00:00:00+00:00", parent=None, audit_size=0,
                audit_mac="", engine="", files=())  # fmt: skip
NAMES = {"a": ("Ä Co", "A"), "b": ("'; DROP TABLE facts; --", "B")}  # "c" is of no company
SOME = ("", "x", "X y", "'", "é", "%")
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
        "text": SOME, "code": (-3, 0, 7), "yes_or_no": (True, False), "whole": (-3, 0, 7),
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


def ranked(value: Any) -> tuple[bool, Any]:
    """Missing ones last."""
    return value is None, 0 if value is None else value


def falling(lines: Sequence[tuple[Any, ...]], at: int) -> list[tuple[Any, ...]]:
    """The largest first, those that are alike as they stood, missing ones last."""
    known = [line for line in lines if line[at] is not None]
    known.sort(key=lambda line: line[at], reverse=True)
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
    made.execute(f"CREATE OR REPLACE TABLE main.{dataset} AS FROM rows")


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
