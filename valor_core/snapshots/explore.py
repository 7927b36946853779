"""Exploring a snapshot by clicking: a view becomes one parameterised query over declared fields.

Groups and totals come from one look at the rows (grouping sets), so that the total of a median or
of different values is that of all rows, also of groups that an answer has no room for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

from valor_core.models.lines import spoken
from valor_core.snapshots.fields import Field, Subject
from valor_core.snapshots.manifest import Manifest
from valor_core.snapshots.named import ROWS_MAX, answered
from valor_core.snapshots.reader import opened
from valor_core.snapshots.view import GRAINS, TEXTS, Plan, Shown, View, planned

SERIES_MAX = 24
"""Values of a field that are laid across; the others are in the totals."""
CELLS_MAX = ROWS_MAX * (SERIES_MAX + 1)
Row: TypeAlias = tuple[Any, ...]
Made: TypeAlias = "tuple[tuple[Heading, ...], tuple[Row, ...], Row | None]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A column of an answer; of a field laid across, which value and which figure it stands for."""

    name: str
    label: str
    kind: str
    figure: str = ""  # none: a group, or a field of single rows
    figure_label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explored:
    """The rows of a view, the totals below them, and how much an answer has no room for."""

    view: View
    snapshot_id: str
    cut: str
    keys: int  # columns that say which row it is
    columns: tuple[Heading, ...]
    rows: tuple[tuple[Any, ...], ...]
    totals: tuple[Any, ...] | None  # of all rows, those without room too
    rows_in_all: int
    series: int  # values laid across that have a column
    series_in_all: int
    instead_of: str = ""  # what is wrong with the newest one, where an earlier one had to answer


def explore(root: Path, manifest: Manifest, subject: Subject, view: View) -> Explored:
    """The answer of a snapshot to a view; the second time it is remembered."""
    plan = planned(view, subject)
    sql, values = compiled(plan)
    key = "explore", sql, repr(values)
    with opened(root, manifest) as snapshot:
        rows = answered(snapshot, key, sql, values, name="of this view", most=CELLS_MAX)
    return read_answer(view, plan, rows, manifest)


def read_answer(view: View, plan: Plan, rows: Sequence[Row], manifest: Manifest) -> Explored:
    """What the query of a view has given, as a table."""
    headings, made, totals = _single(plan, rows) if plan.columns else _folded(plan, rows)
    in_all, series_in_all = rows[0][-2:] if rows else (0, 0)
    return Explored(
        view=view,
        snapshot_id=manifest.id,
        cut=manifest.cut,
        keys=len(plan.keys),
        columns=headings,
        rows=made,
        totals=totals,
        rows_in_all=in_all or len(made),
        series=min(series_in_all, SERIES_MAX),
        series_in_all=series_in_all,
    )


def compiled(plan: Plan) -> tuple[str, list[Any]]:
    """One SELECT, and the values that travel beside it."""
    conditions, values = _conditions(plan)
    picked = f"FROM {plan.subject.source} WHERE {' AND '.join(conditions) or 'true'}"
    return (_of_rows if plan.columns else _of_groups)(plan, picked), values


def _conditions(plan: Plan) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []
    for field, told, given in plan.filters:
        conditions.append(_condition(field, told.how, f"${len(values) + 1}"))
        values += [list(given)] if told.how in ("is", "is_not") else given
    return conditions, values


def _condition(field: Field, how: str, value: str) -> str:
    sql = field.sql
    if how == "to" and field.kind == "moment":
        return f"{sql} < {value}::DATE + 1"  # the whole of that day
    return {
        "is": f"{sql} IN (SELECT unnest({value}))",
        "is_not": f"({sql} IS NULL OR {sql} NOT IN (SELECT unnest({value})))",
        "contains": f"contains(lower({sql}), lower({value}))",
        "from": f"{sql} >= {value}",
        "to": f"{sql} <= {value}",
        "known": f"{sql} IS NOT NULL",
        "missing": f"{sql} IS NULL",
    }[how]


def _of_rows(plan: Plan, picked: str) -> str:
    """Single rows, and behind each how many there are in all."""
    made = ", ".join(f"{each.sql} AS c{at}" for at, each in enumerate(plan.columns))
    names = {f"c{at}": each for at, each in enumerate(plan.columns)}
    order = _ordered(plan, names, by=len(names))
    return (
        f"SELECT {made}, (SELECT count(*) {picked}), 0 {picked} ORDER BY {order} LIMIT {plan.limit}"
    )


def _of_groups(plan: Plan, picked: str) -> str:
    """Figures by group and by value laid across, by either alone, and of all.

    Behind them stand the places of the group and of the value, 0 where it is a total of them, and
    how many there are of either.
    """
    keys = [f"k{at}" for at in range(len(plan.keys))]
    figures = [f"f{at}" for at in range(len(plan.figures))]
    across = ["a"] if plan.across else []
    sets = [[*keys, *across], *([keys, across] if across else []), *([[]] if keys else [])]
    folds = [f"{each.fold.format(f)} AS {f}" for f, each in zip(figures, plan.figures, strict=True)]
    alike = [f"folded.{k} IS NOT DISTINCT FROM groups.{k}" for k in keys]
    return f"""
WITH picked AS (SELECT {_named([*keys, *across, *figures], plan)} {picked}),
folded AS MATERIALIZED (
  SELECT {_list([*keys, *across, *folds])},
         {_is_told(keys)} AS by_row, {_is_told(across)} AS by_value
  FROM picked GROUP BY GROUPING SETS ({_list(f"({_list(each)})" for each in sets)})),
groups AS (
  SELECT *, row_number() OVER (ORDER BY {_order_of_groups(plan, keys)}) AS place
  FROM folded WHERE by_row AND NOT by_value),
series AS (
  SELECT *, row_number() OVER (ORDER BY {_order_of_series(plan)}) AS place
  FROM folded WHERE by_value AND NOT by_row)
SELECT {_list(f"folded.{each}" for each in [*keys, *across, *figures])},
       coalesce(groups.place, 0) AS group_place, coalesce(series.place, 0) AS series_place,
       (SELECT count(*) FROM groups), (SELECT count(*) FROM series)
FROM folded
LEFT JOIN groups ON {" AND ".join(["folded.by_row", *alike])}
LEFT JOIN series ON folded.by_value{" AND folded.a IS NOT DISTINCT FROM series.a" if across else ""}
WHERE (NOT folded.by_row OR groups.place <= {plan.limit})
  AND (NOT folded.by_value OR series.place <= {SERIES_MAX})
ORDER BY group_place, series_place
"""  # noqa: S608  declared fields


def _named(names: Sequence[str], plan: Plan) -> str:
    parts = (*plan.keys, *((plan.across,) if plan.across else ()), *plan.figures)
    return _list(f"{each.sql} AS {name}" for name, each in zip(names, parts, strict=True))


def _list(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def _is_told(names: Sequence[str]) -> str:
    """Whether a row of the fold is of one value of the field, and no total over them."""
    return f"grouping({names[0]}) = 0" if names else "false"


def _order_of_groups(plan: Plan, keys: Sequence[str]) -> str:
    if not keys:
        return "1"
    names = [*keys, *(f"f{at}" for at in range(len(plan.figures)))]
    shown = dict(zip(names, (*plan.keys, *plan.figures), strict=True))
    return _ordered(plan, shown, by=len(keys))


def _order_of_series(plan: Plan) -> str:
    """The latest of times and codes, the largest of others, so that those have a column."""
    if plan.across is None:
        return "1"
    if _in_order(plan.across):
        return "a DESC NULLS LAST"
    return f"f0 DESC NULLS LAST, {_as_read('a', plan.across, 'ASC')}"


def _in_order(shown: Shown) -> bool:
    return shown.kind in (*GRAINS, "code", "yes_or_no")


def _ordered(plan: Plan, names: Mapping[str, Shown], *, by: int) -> str:
    """By the column of the view; rows that are alike in it by the first `by` of the columns."""
    column = list(names)[plan.order]
    others = [name for name in list(names)[:by] if name != column]
    first = _as_read(column, names[column], "DESC" if plan.descending else "ASC")
    return _list([first, *(_as_read(each, names[each], "ASC") for each in others)])


def _as_read(name: str, shown: Shown, way: str) -> str:
    """Texts as an index has them, apple before Zebra, and those that are alike in it as stored."""
    parts = [f"strip_accents(lower({name}))", name] if shown.kind in TEXTS else [name]
    return _list(f"{part} {way} NULLS LAST" for part in parts)


def _single(plan: Plan, rows: Sequence[Row]) -> Made:
    headings = tuple(Heading(name=s.name, label=s.label, kind=s.kind) for s in plan.columns)
    return headings, tuple(row[: len(headings)] for row in rows), None


def _folded(plan: Plan, rows: Sequence[Row]) -> Made:
    """The fold as a table: a line a group, in it a block of figures for each value laid across."""
    cells = {(row[-4], row[-3]): row[:-4] for row in rows}
    groups = [group for group, series in cells if group and not series]
    series = [series for group, series in cells if series and not group]
    keys = len(plan.keys)
    if plan.across and _in_order(plan.across):
        series.sort(key=lambda each: ((value := cells[0, each][keys]) is None, value))
    blocks = [*series, 0]
    nothing = (None,) * len(plan.figures)

    def line(group: int) -> Row:
        parts = (cells.get((group, each), nothing)[-len(nothing) :] for each in blocks)
        return *cells[group, 0][:keys], *chain.from_iterable(parts)

    values = [cells[0, each][keys] for each in series]
    headings = tuple(_headings(plan, values))
    if not keys:
        return headings, (line(0),), None
    return headings, tuple(line(each) for each in groups), line(0)


def _headings(plan: Plan, values: Sequence[Any]) -> Iterator[Heading]:
    for each in plan.keys:
        yield Heading(name=each.name, label=each.label, kind=each.kind)
    across = plan.across
    told = [said(value, across.kind) for value in values] if across else []
    for place in (*told, "All") if across else ("",):
        for each in plan.figures:
            alone = place and len(plan.figures) == 1
            label = place if alone else f"{place}, {each.label}" if place else each.label
            name = f"{each.name}@{place}" if place else each.name
            yield Heading(
                name=name, label=label, kind=each.kind, figure=each.name, figure_label=each.label
            )


def said(value: Any, kind: str) -> str:
    """A value of a group as people read it.

    >>> said(date(2026, 10, 1), "quarter"), said(None, "text"), said("net_debt", "term")
    ('2026 Q4', 'missing', 'Net debt')
    """
    if value is None:
        return "missing"
    if kind == "term" and value:
        return spoken(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        quarter = (value.month + 2) // 3
        written = {
            "year": f"{value:%Y}",
            "quarter": f"{value:%Y} Q{quarter}",
            "month": f"{value:%Y-%m}",
        }
        return written.get(kind, f"{value:%Y-%m-%d}")
    return str(value)
