"""A view of a snapshot, as somebody clicked it together: its filters, its groups, its figures.

All of it are names of declared fields, and values that travel as parameters.

    View(dataset="facts", filters=(Filter(field="item", how="is", values=("revenue",)),),
         rows=("company",), across="fiscal_year", figures=("sum:value",), order="-sum:value")
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Any

from valor_core.errors import BadInput
from valor_core.snapshots.fields import Field, Subject
from valor_core.snapshots.named import ROWS_MAX

KEYS_MAX, FIGURES_MAX, FILTERS_MAX, VALUES_MAX, COLUMNS_MAX = 4, 8, 20, 500, 40
TEXT_MAX, WHOLE_MAX = 200, 2**63
COUNT = "count"
NUMBERS = ("whole", "number", "money", "rate", "ratio")
TEXTS = ("text", "person", "term")
TIMES = ("day", "moment")
GRAINS = {"day": "day", "month": "month", "quarter": "quarter", "year": "year"}
WORDS = {
    "sum": "sum", "mean": "mean", "median": "median", "least": "least", "most": "most",
    "distinct": "different",
}  # fmt: skip
HOWS = {
    **dict.fromkeys(("whole", "number", "money"), ("sum", "mean", "median", "least", "most")),
    **dict.fromkeys(("rate", "ratio"), ("mean", "median", "least", "most")),
    **dict.fromkeys((*TEXTS, "code"), ("distinct",)),
    **dict.fromkeys(TIMES, ("least", "most")),
    "yes_or_no": (),
}
"""How a field of each kind can be summed up."""
FOLDS = {
    "sum": "fsum({})", "mean": "favg({})", "median": "median({})", "least": "min({})",
    "most": "max({})", "distinct": "count(DISTINCT {})",
}  # fmt: skip
FOLDS_OF_WHOLE = {**FOLDS, "sum": "sum({})", "mean": "avg({})"}
FILTERS = {
    **dict.fromkeys(TEXTS, ("is", "is_not", "contains", "known", "missing")),
    **dict.fromkeys(NUMBERS, ("from", "to", "known", "missing")),
    **dict.fromkeys(TIMES, ("from", "to", "known", "missing")),
    "code": ("is", "is_not", "from", "to", "known", "missing"),
    "yes_or_no": ("is", "known", "missing"),
}
"""What can be asked of a field of each kind."""
VALUES_OF = {"known": (0, 0), "missing": (0, 0), "is": (1, VALUES_MAX), "is_not": (1, VALUES_MAX)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a row must fulfil to count."""

    field: str
    how: str
    values: tuple[str | float | bool, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is looked at: single rows in `columns`, or figures by `rows` and perhaps `across`."""

    dataset: str
    filters: tuple[Filter, ...] = ()
    columns: tuple[str, ...] = ()  # of single rows; all of them where none is named
    rows: tuple[str, ...] = ()  # fields, of times with a grain: `used_at:month`
    across: str = ""
    figures: tuple[str, ...] = ()  # `count`, or how and of what: `sum:quantity`
    order: str = ""  # a column, behind a minus for the largest first
    limit: int = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A column of the answer: its name in the view, its heading, its kind, and how it is made."""

    name: str
    label: str
    kind: str
    sql: str
    fold: str = ""  # of a figure, which sums up many rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A view whose every name was found among the declared fields."""

    subject: Subject
    filters: tuple[tuple[Field, Filter, tuple[Any, ...]], ...]
    columns: tuple[Shown, ...]  # of single rows; none where rows are summed up
    keys: tuple[Shown, ...]
    across: Shown | None
    figures: tuple[Shown, ...]
    order: int  # the place of a column among those of the answer
    descending: bool
    limit: int

    @property
    def shown(self) -> tuple[Shown, ...]:
        """The columns of the answer, before a field is laid across them."""
        return self.columns or (*self.keys, *self.figures)


def planned(view: View, subject: Subject) -> Plan:
    """The view with each of its names found; BadInput names what cannot be."""
    _check_sizes(view)
    grouped = bool(view.rows or view.figures or view.across)
    if view.across and not view.rows:
        raise BadInput(
            "A field is laid across, but there are no rows.", hint="Group by a field first."
        )
    keys = tuple(_key(subject, name) for name in view.rows)
    figures = tuple(_figure(subject, name) for name in view.figures)
    if grouped and not figures:
        figures = (_figure(subject, COUNT),)
    columns = () if grouped else _columns(subject, view.columns)
    order, descending = _order(view.order, columns or (*keys, *figures), len(keys))
    return Plan(
        subject=subject,
        filters=tuple(_filter(subject, each) for each in view.filters),
        columns=columns,
        keys=keys,
        across=_key(subject, view.across) if view.across else None,
        figures=figures,
        order=order,
        descending=descending,
        limit=view.limit,
    )


def _check_sizes(view: View) -> None:
    for what, count, most in (
        ("filters", len(view.filters), FILTERS_MAX),
        ("groups", len(view.rows), KEYS_MAX),
        ("figures", len(view.figures), FIGURES_MAX),
        ("columns", len(view.columns), COLUMNS_MAX),
    ):
        if count > most:
            raise BadInput(f"A view cannot have {count} {what}.", hint=f"It has {most} at most.")
    for names in (view.columns, (*view.rows, view.across), view.figures):
        for name in names:
            if name and names.count(name) > 1:
                raise BadInput(f"{name[:60]} is named twice.", hint="Name it once.")
    if not 1 <= view.limit <= ROWS_MAX:
        raise BadInput(f"A view cannot have {view.limit} rows.", hint=f"Ask for 1 to {ROWS_MAX:,}.")


def _of(subject: Subject, name: str) -> Field:
    if name not in subject.fields:
        raise BadInput(
            f"{subject.label} has no field {name[:60]!r}.",
            hint=f"It has {', '.join(subject.fields)}.",
        )
    return subject.fields[name]


def _columns(subject: Subject, names: tuple[str, ...]) -> tuple[Shown, ...]:
    found = [_of(subject, name) for name in names] or list(subject.fields.values())
    return tuple(Shown(name=f.name, label=f.label, kind=f.kind, sql=f.sql) for f in found)


def keys_of(field: Field) -> tuple[str, ...]:
    """The groups that a field can make, as a view names them."""
    if field.kind in TIMES:
        return tuple(f"{field.name}:{grain}" for grain in GRAINS)
    return (field.name,) if field.kind in (*TEXTS, "code", "yes_or_no") else ()


def figures_of(field: Field) -> tuple[str, ...]:
    """The figures that a field can make, as a view names them."""
    return tuple(f"{how}:{field.name}" for how in HOWS[field.kind])


def _key(subject: Subject, name: str) -> Shown:
    field_name, _, grain = name.partition(":")
    field = _of(subject, field_name)
    if name not in keys_of(field):
        ways = ", ".join(keys_of(field))
        raise BadInput(
            f"Rows cannot be grouped by {name[:60]}.",
            hint=f"Write one of {ways}." if ways else "Take it as a figure, such as its sum.",
        )
    if not grain:
        return Shown(name=name, label=field.label, kind=field.kind, sql=field.sql)
    return Shown(
        name=name,
        label=f"{field.label} by {grain}",
        kind=GRAINS[grain],
        sql=f"date_trunc('{grain}', {field.sql})::DATE",
    )


def _figure(subject: Subject, name: str) -> Shown:
    if name == COUNT:
        return Shown(name=COUNT, label="Rows", kind="whole", sql="1", fold="count(*)")
    how, _, field_name = name.partition(":")
    field = _of(subject, field_name)
    if how not in HOWS[field.kind]:
        ways = ", ".join(figures_of(field)) or "none, but `count` counts rows"
        raise BadInput(f"{name[:60]} is no figure of {field.label}.", hint=f"Its figures: {ways}.")
    return Shown(
        name=name,
        label=f"{field.label}, {WORDS[how]}",
        kind=_kind_of_figure(how, field.kind),
        sql=field.sql,
        fold=FOLDS_OF_WHOLE[how] if field.kind == "whole" else FOLDS[how],
    )


def _kind_of_figure(how: str, kind: str) -> str:
    if how == "distinct":
        return "whole"
    return "number" if how in ("mean", "median") and kind == "whole" else kind


def _order(name: str, columns: tuple[Shown, ...], keys: int) -> tuple[int, bool]:
    """The column by which rows stand, and whether the largest stands first."""
    if not name:
        in_time = not keys or columns[0].kind in (*GRAINS, "code")
        return (0, False) if in_time else (keys, True)
    names = [each.name for each in columns]
    wanted = name.removeprefix("-")
    if wanted not in names:
        raise BadInput(
            f"Rows cannot stand by {wanted[:60]}, which is not shown.",
            hint=f"Choose among {', '.join(names)}.",
        )
    return names.index(wanted), name.startswith("-")


def _filter(subject: Subject, told: Filter) -> tuple[Field, Filter, tuple[Any, ...]]:
    field = _of(subject, told.field)
    if told.how not in FILTERS[field.kind]:
        raise BadInput(
            f"{field.label} cannot be filtered by {told.how[:40]!r}.",
            hint=f"It can by {', '.join(FILTERS[field.kind])}.",
        )
    least, most = VALUES_OF.get(told.how, (1, 1))
    if not least <= len(told.values) <= most:
        wanted = f"{least} to {most}" if most > least else str(least)
        raise BadInput(
            f"The filter of {field.label} has {len(told.values)} values.",
            hint=f"By {told.how!r} it takes {wanted}.",
        )
    return field, told, tuple(_value(field, each) for each in told.values)


def _value(field: Field, told: Any) -> Any:
    """The value as the field's kind has it; BadInput where it cannot be."""
    try:
        return _READERS[field.kind](told)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadInput(
            f"{field.label} cannot be compared with {str(told)[:40]!r}.",
            hint=f"Give {_WANTED[field.kind]}.",
        ) from error


def _a_text(told: Any) -> str:
    if not isinstance(told, str) or len(told) > TEXT_MAX:
        raise TypeError
    told.encode()  # no half of a pair
    return told


def _a_whole(told: Any) -> int:
    if isinstance(told, bool) or int(told) != told or abs(told) >= WHOLE_MAX:
        raise TypeError
    return int(told)


def _a_number(told: Any) -> float:
    if isinstance(told, (bool, str)) or not isfinite(told):
        raise TypeError
    return float(told)


def _a_yes_or_no(told: Any) -> bool:
    if not isinstance(told, bool):
        raise TypeError
    return told


_WANTED = {
    **dict.fromkeys(TEXTS, f"a text of up to {TEXT_MAX} characters"),
    **dict.fromkeys(NUMBERS, "a number"),
    **dict.fromkeys(TIMES, "a day, written as 2026-11-26"),
    "code": "a whole number",
    "yes_or_no": "true or false",
}
_READERS: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(TEXTS, _a_text),
    **dict.fromkeys(NUMBERS, _a_number),
    **dict.fromkeys(TIMES, date.fromisoformat),
    "code": _a_whole,
    "yes_or_no": _a_yes_or_no,
}
