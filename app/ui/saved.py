"""A saved valuation on the screen: its numbers, whose they are, how they came about."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from app.ui import changes, scenario_sections, show
from app.ui.choices import choices_in_words
from app.ui.headline import called, value_of, worth
from app.ui.sheet import OF_SEVERAL
from app.ui.words import (
    NOTHING,
    counted,
    in_unit,
    label_of,
    moment,
    percent,
    person,
    unit_mark,
)
from valor_core.amounts import shown
from valor_core.models.catalogue import checks_of
from valor_core.models.checks import Check
from valor_core.models.comparison import Move, moves
from valor_core.models.conventions import valued_as_of
from valor_core.models.dcf import DcfInputs
from valor_core.models.discounting import parts_of_years
from valor_core.models.explained import Explained, adjusted_text
from valor_core.models.fields import Unit
from valor_core.models.lines import Line, spoken
from valor_core.models.upgrade import Departure, Today
from valor_core.values import CompanyId, Source, from_micros
from valor_core.workbench.valuations import Saved

KINDS = {
    "filed": "filed",
    "derived": "follows from filings",
    "assumed": "assumption",
    "missing": "not filed",
}
DEPARTURES_MAX = 40
CAPITAL = "cost_of_capital."
TERMINAL = ("terminal_", "pv_terminal", "implied_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One number, or one number a year, ready to be shown."""

    path: str
    label: str
    unit: Unit | None
    values: tuple[float, ...]
    by_year: bool
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A saved valuation run once more: every line of it and the tree behind the value."""

    inputs: tuple[Row, ...]
    results: tuple[Row, ...]
    checks: tuple[Check, ...]
    tree: Explained
    valued: str  # on which day, by which facts, in which currency
    base_year: int | None  # the filed fiscal year before the first forecast one, of a DCF


@st.cache_data(max_entries=100, show_spinner=False)
def told(tenant_id: str, valuation_id: str, _saved: Saved) -> Told:  # noqa: ARG001, the cache's key
    """A saved valuation never changes, so it is run again only once."""
    workings, currency = _saved.workings(), _saved.row.currency
    return Told(
        inputs=tuple(
            replace(_row(line, currency), label=changes.label(line.name))  # as its page asks it
            for line in workings.lines.inputs.values()
        ),
        results=tuple(_results(_saved, workings.lines.results, currency)),
        checks=tuple(checks_of(_saved.inputs, workings.result)),
        tree=workings.explain(_saved.model.headline, _saved.sources),
        valued=valued_as_of(_saved.inputs, _saved.basis),
        base_year=_base_year(_saved),
    )


def _base_year(saved: Saved) -> int | None:
    base = saved.sources.get("revenue") if isinstance(saved.inputs, DcfInputs) else None
    return max((fact.fiscal_year for fact in base.facts), default=None) if base else None


def _results(saved: Saved, lines: Mapping[str, Line], currency: str) -> Iterator[Row]:
    """Each line; before the free cash flow, the part of the first year that it counts."""
    inputs = saved.inputs
    for name, line in lines.items():
        if name == "fcff" and isinstance(inputs, DcfInputs) and inputs.stub is not None:
            yield Row(
                path="stub",
                label="Part of the year",
                unit=Unit.RATE,
                values=tuple(parts_of_years(inputs.years, inputs.stub)),
                by_year=True,
                currency=currency,
            )
        yield _row(line, currency)


def _row(line: Line, currency: str) -> Row:
    return Row(
        path=line.name,
        label=line.label,
        unit=line.unit,
        values=tuple(line.values),
        by_year=line.is_row,
        currency=currency,
    )


def headline(saved: Saved, names: Mapping[str, str]) -> None:
    """What it is worth, by whom and why."""
    row = saved.row
    show.facts(
        {
            called(saved.model): value_of(row),
            "Model": f"{spoken(row.model)}, version {row.model_version}",
            "Facts as known on": row.facts_as_of or "all filed by then",
            "Saved": moment(from_micros(row.created_at)),
            "By": person(row.created_by, names),
            "Run": row.run_id[:12],
        },
        first_large=True,
    )
    st.markdown(f"**Why:** {show.plain(row.rationale)}")


def as_of_today(saved: Saved, today: Today) -> None:
    """Where the model of today gives other numbers: both, and how far they are apart."""
    st.warning(
        f"Saved by version {saved.row.model_version} of this model; version {today.version}, which "
        f"stands now, {_judges(saved, today)} The saved value stays as it is.",
        icon=":material/update:",
    )
    if today.refusal:
        return
    lines = told(saved.row.tenant_id, saved.row.id, saved).results
    units = {line.path: line.unit for line in lines}
    show.listing(
        "Saved and today; below, all is computed by the version of today",
        ["Number", "Saved", "Today", "Difference"],
        [_departure(each, units) for each in today.departures[:DEPARTURES_MAX]],
        text=frozenset({"Number"}),
    )
    if len(today.departures) > DEPARTURES_MAX:
        st.caption(f"and {len(today.departures) - DEPARTURES_MAX} more")


def _judges(saved: Saved, today: Today) -> str:
    if today.refusal:
        return f"refuses these inputs: {show.plain(today.refusal)}"
    moved = {each.path: each for each in today.departures}.get(saved.model.headline)
    if moved is None or moved.today is None:
        return f"gives {counted(len(today.departures), 'other number')}."
    currency = saved.row.currency
    change = worth(saved.model, moved.today - saved.row.headline, currency)
    return f"values the same inputs at {worth(saved.model, moved.today, currency)} ({change})."


def _departure(each: Departure, units: Mapping[str, Unit | None]) -> list[str]:
    unit = units.get(each.path) or units.get(each.path.rpartition("[")[0])
    numbers = (each.saved, each.today, _apart(each))
    return [spoken(each.path), *(_said_number(number, unit) for number in numbers)]


def _apart(each: Departure) -> float | None:
    numbers = isinstance(each.saved, float | int) and isinstance(each.today, float | int)
    return each.today - each.saved if numbers else None


def _said_number(value: Any, unit: Unit | None) -> str:
    if value is None:
        return NOTHING
    return in_unit(value, unit) if isinstance(value, float | int) else str(value)


def results(told: Told) -> None:
    """On which day it stands, the checks, the years side by side, the single numbers by kind."""
    st.caption(told.valued)
    _checked(told.checks)
    single = [row for row in told.results if not row.by_year]
    yearly = [row for row in told.results if row.by_year]
    years = max((len(row.values) for row in yearly), default=0)
    if yearly:
        show.table(
            f"By forecast year; money in {shown()}",
            [
                str(year) if told.base_year is None else f"FY{told.base_year + year}"
                for year in range(1, years + 1)
            ],
            [(row.label, _by_year(row, years)) for row in yearly],
            first="Year",
        )
    capital = [
        replace(row, label=spoken(row.path.removeprefix(CAPITAL)))  # their caption says of what
        for row in single
        if row.path.startswith(CAPITAL)
    ]
    terminal = [row for row in single if row.path.startswith(TERMINAL)]
    to_a_share = [row for row in single if not row.path.startswith((CAPITAL, *TERMINAL))]
    left, right = st.columns(2, gap="large")
    with left:
        _numbers("From the forecast to one share", to_a_share)
        _numbers("Cost of capital", capital)
    with right:
        _numbers("Terminal value", terminal)


def _numbers(caption: str, rows: Sequence[Row]) -> None:
    if rows:
        told = [(row.label, [_shown(row)]) for row in rows]
        show.table(caption, ["Value"], told, first="Number")


def scenarios(saved: Saved) -> None:
    """The scenarios that were saved with the value, by the model as it is now."""
    stated, found = saved.scenarios, show.or_explain(saved.weighed)
    if stated is None or found is None:
        return
    line, currency = scenario_sections.headline_of(saved.model), saved.row.currency
    scenario_sections.weighed(found, stated, saved.inputs, line=line, currency=currency)


def _checked(checks: Sequence[Check]) -> None:
    failed = [check for check in checks if not check.passed]
    passed = [check for check in checks if check.passed]
    for check in failed:
        st.warning(
            f"{label_of(check.name)}: {show.plain(check.message)}", icon=":material/warning:"
        )
    with st.expander(f"{counted(len(passed), 'check')} passed", icon=":material/check:"):
        for check in passed:
            st.caption(f"{label_of(check.name)}: {show.plain(check.message)}")


def filer(saved: Saved) -> CompanyId | None:
    """Whose filings a saved value rests on; none where they are of several companies."""
    return None if saved.model.name in OF_SEVERAL else CompanyId(saved.row.company_id)


def inputs(
    told: Told,
    sources: Mapping[str, Source],
    names: Mapping[str, str],
    *,
    filer: CompanyId | None = None,
) -> None:
    """Every input with its kind of source and what stands behind it."""
    show.listing(
        f"Inputs; money in {shown()}, shares in millions",
        ["Input", "Value", "Is", "Why"],
        [[row.label, _shown(row), *_why(sources.get(row.path), names)] for row in told.inputs],
        text=frozenset({"Input", "Is", "Why"}),
        filer=filer,
    )


def _why(source: Source | None, names: Mapping[str, str]) -> tuple[str, str]:
    if source is None:
        return NOTHING, ""
    tags: dict[str, list[str]] = {}
    for fact in source.facts:
        filing = f"{fact.accession} ({fact.form} filed on {fact.filed_on.isoformat()})"
        tags.setdefault(filing, []).append(fact.named.removeprefix("us-gaap:"))
    by = [person(source.author, names)] if source.author else []
    by += [source.stated_on.isoformat()] if source.stated_on else []
    told = [source.text, *([", ".join(by)] if by else [])]
    told += [f"{', '.join(each)} in {filing}" for filing, each in tags.items()]
    told += [f"{fact.item}{text}" for fact in source.facts if (text := adjusted_text(fact))]
    return KINDS[source.kind.value], "; ".join(told)


def _shown(row: Row) -> str:
    numbers = [in_unit(value, row.unit) for value in row.values]
    if len(set(numbers)) == 1 and len(numbers) > 1:
        numbers = [f"{numbers[0]} each year"]
    return ", ".join(numbers) + unit_mark(row.unit, row.currency)


def _by_year(row: Row, years: int) -> list[str]:
    cells = [in_unit(value, row.unit) for value in row.values]
    return cells + [NOTHING] * (years - len(cells))


def comparison(one: Saved, other: Saved, names: Mapping[str, str]) -> None:
    """Which inputs of two saved values differ, and how one value became the other."""
    before, after = sorted((one, other), key=lambda saved: saved.row.created_at)
    _headlines(before, after, names)
    if before.row.currency != after.row.currency:
        st.info("These two are in different currencies, so no difference of them has a meaning.")
        return
    if before.model.name != after.model.name:
        st.info("These two were made by different models, so their inputs have no common names.")
        return
    steps = moves(before.inputs, after.inputs)
    if not steps:
        st.info("All inputs are the same, and so is the value.")
        return
    _way(after, steps)
    _differences(before, after)


def _headlines(before: Saved, after: Saved, names: Mapping[str, str]) -> None:
    was, now = before.row, after.row
    change = now.headline - was.headline
    rate = percent(change / was.headline) if was.headline else NOTHING
    show.listing(
        "The two values, the earlier one first",
        ["Company", called(after.model), "Saved", "By", "Why"],
        [
            [
                row.company_name,
                value_of(row),
                moment(from_micros(row.created_at)),
                person(row.created_by, names),
                row.rationale,
            ]
            for row in (was, now)
        ],
        text=frozenset({"Company", "Saved", "By", "Why"}),
    )
    if was.currency == now.currency:
        show.facts({"Change": worth(after.model, change, now.currency), "In percent": rate})


def _way(saved: Saved, steps: Sequence[Move]) -> None:
    model, currency = saved.model, saved.row.currency
    show.listing(
        "How the value moved, one changed input after the other in the model's order",
        ["Input", called(saved.model), "Effect"],
        [
            [
                " and ".join(spoken(name) for name in step.changed),
                worth(model, step.after, currency),
                worth(model, step.after - step.before, currency),
            ]
            for step in steps
        ],
        text=frozenset({"Input"}),
    )


def _differences(before: Saved, after: Saved) -> None:
    was, now = _said(before), _said(after)
    paths = [p for p in dict.fromkeys((*was, *now)) if was.get(p) != now.get(p)]
    show.listing(
        f"Inputs that differ; money in {shown()}, shares in millions",
        ["Input", "Earlier", "Later"],
        [[spoken(path), was.get(path, NOTHING), now.get(path, NOTHING)] for path in paths],
        text=frozenset({"Input"}),
    )


def _said(saved: Saved) -> dict[str, str]:
    """Every input as it is shown, numbers and choices, by its path."""
    numbers = told(saved.row.tenant_id, saved.row.id, saved).inputs
    return {row.path: _shown(row) for row in numbers} | choices_in_words(saved.inputs)
