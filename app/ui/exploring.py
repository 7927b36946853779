"""A view put together by clicking: what about, filtered by what, grouped by what, which figures."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from app.ui.answers import mark, scale
from app.ui.words import counted, person
from valor_core.errors import ValorError
from valor_core.snapshots.explore import Explored, said
from valor_core.snapshots.fields import Field, Subject
from valor_core.snapshots.view import (
    COUNT,
    FIGURES_MAX,
    FILTERS,
    FILTERS_MAX,
    GRAINS,
    KEYS_MAX,
    TIMES,
    WORDS,
    Filter,
    View,
    figures_of,
    keys_of,
)

AT_FIRST = 9  # columns of single rows, unless others are chosen
CHOICES_MAX = 500
BETWEEN = "between"
HOWS = {
    "is": "is", "is_not": "is not", "contains": "contains", BETWEEN: "lies between",
    "known": "is known", "missing": "is missing",
}  # fmt: skip
Ask = Callable[[View], Explored]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a view of one subject is put together; what was clicked stays with it."""

    subject: Subject
    names: Mapping[str, str]  # of persons
    ask: Ask

    def key(self, what: str) -> str:
        """The place in which a control keeps what was clicked."""
        return f"explore:{self.subject.name}:{what}"

    def view(self) -> View:
        """The view as it is clicked together."""
        rows, across, figures = self._groups()
        columns = () if rows or figures else self._columns()
        shown = [*rows, *(figures or ([COUNT] if rows else [])), *columns]
        left, middle, right = st.columns([3, 1, 1], vertical_alignment="bottom")
        order = self._order(shown, middle, right)
        return View(
            dataset=self.subject.name,
            filters=tuple(self._filters(left)),
            columns=tuple(columns),
            rows=tuple(rows),
            across=across,
            figures=tuple(figures),
            order=order,
        )

    def show(self, view: View) -> None:
        """Sets every control as the view has it."""
        kept: dict[str, Any] = {
            "rows": list(view.rows),
            "across": view.across,
            "figures": list(view.figures),
            "columns": list(view.columns or self._first_columns()),
            "order": view.order.removeprefix("-"),
            "falling": view.order.startswith("-"),
            "filters": list(dict.fromkeys(each.field for each in view.filters)),
        }
        for told in view.filters:
            kept |= self._as_clicked(told)
        for what, value in kept.items():
            st.session_state[self.key(what)] = value

    def _as_clicked(self, told: Filter) -> dict[str, Any]:
        field, how = self.subject.fields[told.field], told.how
        if how in ("from", "to"):
            (value,) = told.values
            end = date.fromisoformat(str(value)) if field.kind in TIMES else float(value)
            if isinstance(end, float):
                end /= scale(field.kind)
            return {f"{told.field}:how": BETWEEN, f"{told.field}:{how}": end}
        values: Any = list(told.values)
        if how == "contains" or field.kind == "yes_or_no":
            values = values[0] if values else None
        return {f"{told.field}:how": how, f"{told.field}:{how}": values}

    def _groups(self) -> tuple[list[str], str, list[str]]:
        fields = self.subject.fields.values()
        keys = [key for field in fields for key in keys_of(field)]
        figures = [COUNT, *(each for field in fields for each in figures_of(field))]
        left, middle, right = st.columns([2, 1, 2])
        rows = left.multiselect(
            "Group by", keys, format_func=self.label, key=self.key("rows"),
            max_selections=KEYS_MAX, placeholder="Nothing: single rows",
        )  # fmt: skip
        others = ["", *(key for key in keys if key not in rows)]
        if st.session_state.get(self.key("across")) not in others:
            st.session_state.pop(self.key("across"), None)
        across = ""
        if rows:
            across = middle.selectbox(
                "Across", others, format_func=lambda key: self.label(key) if key else "Nothing",
                key=self.key("across"), help="Each value of this field becomes a column.",
            )  # fmt: skip
        chosen = right.multiselect(
            "Figures", figures, format_func=self.label, key=self.key("figures"),
            max_selections=FIGURES_MAX, placeholder="The number of rows" if rows else "None",
        )  # fmt: skip
        return rows, across, chosen

    def _first_columns(self) -> list[str]:
        return list(self.subject.fields)[:AT_FIRST]

    def _columns(self) -> Sequence[str]:
        key = self.key("columns")
        st.session_state.setdefault(key, self._first_columns())
        return st.multiselect("Columns", list(self.subject.fields), format_func=self.label, key=key)

    def _order(self, shown: Sequence[str], left: Any, right: Any) -> str:
        key = self.key("order")
        if st.session_state.get(key) not in shown:
            st.session_state.pop(key, None)
        name = left.selectbox(
            "Order by", ["", *shown], key=key,
            format_func=lambda each: self.label(each) if each else "The usual order",
        )  # fmt: skip
        if not name:
            return ""
        return f"{'-' if right.toggle('Largest first', key=self.key('falling')) else ''}{name}"

    def label(self, name: str) -> str:
        """A field, a group or a figure in words."""
        if name == COUNT:
            return "Number of rows"
        head, _, tail = name.partition(":")
        fields = self.subject.fields
        if tail in GRAINS and head in fields:
            return f"{fields[head].label} by {tail}"
        return f"{fields[tail].label}, {WORDS[head]}" if tail else fields[head].label

    def _filters(self, place: Any) -> Iterator[Filter]:
        fields, usual = self.subject.fields, self.subject.usually
        if usual and self.key("filters") not in st.session_state:
            st.session_state[self.key("filters")] = [usual]
            st.session_state[self.key(f"{usual}:is")] = True
        names = place.multiselect(
            "Filter by", list(fields), format_func=self.label, key=self.key("filters"),
            max_selections=FILTERS_MAX, placeholder="Nothing: all rows",
        )  # fmt: skip
        for name in names:
            yield from self._filter(fields[name])

    def _filter(self, field: Field) -> Iterator[Filter]:
        """A field's own control, by its kind; nothing filled in filters nothing."""
        ways = [how for how in FILTERS[field.kind] if how not in ("from", "to")]
        if "from" in FILTERS[field.kind]:
            ways.insert(2 if field.kind == "code" else 0, BETWEEN)
        left, right = st.columns([1, 3])
        how = left.selectbox(
            field.label,
            ways,
            format_func=lambda each: HOWS[each],
            key=self.key(f"{field.name}:how"),
        )
        if how in ("known", "missing"):
            yield Filter(field=field.name, how=how)
        elif how == BETWEEN:
            with right:
                yield from self._between(field)
        else:
            values = self._values(field, how, right)
            if values:
                yield Filter(field=field.name, how=how, values=values)

    def _between(self, field: Field) -> Iterator[Filter]:
        for place, end in zip(st.columns(2), ("from", "to"), strict=True):
            key, label = self.key(f"{field.name}:{end}"), end.title() + mark(field.kind)
            if field.kind in TIMES:
                day = place.date_input(label, value=None, key=key, format="YYYY-MM-DD")
                told: Any = day.isoformat() if isinstance(day, date) else None
            else:
                told = place.number_input(label, value=None, key=key, format="%g")
                told = None if told is None else told * scale(field.kind)
                told = int(told) if told is not None and field.kind == "code" else told
            if told is not None:
                yield Filter(field=field.name, how=end, values=(told,))

    def _values(self, field: Field, how: str, place: Any) -> tuple[Any, ...]:
        key = self.key(f"{field.name}:{how}")
        if how == "contains":
            text = place.text_input("Text", key=key, max_chars=80)
            return (text,) if text else ()
        if field.kind == "yes_or_no":
            picked = place.segmented_control(
                "Answer", [True, False], format_func=lambda yes: "yes" if yes else "no", key=key
            )
            return () if picked is None else (picked,)
        counts = self._choices(field)
        chosen = st.session_state.get(key) or []
        return tuple(
            place.multiselect(
                "Values", [*counts, *(each for each in chosen if each not in counts)], key=key,
                format_func=lambda each: self._choice(field, each, counts.get(each, 0)),
            )
        )  # fmt: skip

    def _choice(self, field: Field, value: Any, rows: int) -> str:
        told = person(value, self.names) if field.kind == "person" else said(value, field.kind)
        return f"{told or 'an empty text'} ({counted(rows, 'row')})"

    def _choices(self, field: Field) -> dict[Any, int]:
        """The values that there are, the most frequent first."""
        view = View(dataset=self.subject.name, rows=(field.name,), order=f"-{COUNT}",
                    limit=CHOICES_MAX)  # fmt: skip
        try:
            found = self.ask(view)
        except ValorError:
            return {}  # the page tells it of the view itself
        return {value: rows for value, rows in found.rows if value is not None}
