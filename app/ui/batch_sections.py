"""The parts of the batch page: the policy, the run, the table of companies and their picture."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import pandas as pd
import streamlit as st

from app.computations import COMPUTATIONS
from app.compute import owner_of
from app.ui import ask, computing, grid, show, words
from app.ui.computing import Awaited
from app.ui.field import Field
from app.ui.frame import caller, go
from app.ui.grid import Column, Edit
from app.ui.headline import page_of
from app.ui.subjects import SUBJECTS
from app.ui.words import label_of
from valor_core.amounts import shown as amounts
from valor_core.charts import batches as charts
from valor_core.coverage.batches import (
    MODELS,
    OLD_AFTER,
    BatchPolicy,
    StatedPrice,
    Valued,
    newest_year,
    old_ones,
    rows_of,
)
from valor_core.errors import BadInput
from valor_core.models.catalogue import model_named
from valor_core.models.codec import load
from valor_core.models.fields import Unit
from valor_core.models.simulation.scenarios import Change
from valor_core.workbench.adjustments import list_layers
from valor_core.workbench.batches import SUBJECT
from valor_core.workbench.verb import open_work

ROW_PX, ROWS_SEEN, DRAWN_MOST, LISTED_OPEN = 36, 20, 40, 10
NEEDS_A_BASE = {"wacc.start", "margin.end", "exit_multiple"}  # which filings do not suggest
CALLED = {name: SUBJECTS[name].title for name in MODELS}
_OPENED = "batch_opened"


@dataclass(slots=True, kw_only=True)
class Bench(Awaited):
    """The batch on somebody's screen: the policy, the run, and what came of it."""

    policy: BatchPolicy = field(default_factory=lambda: BatchPolicy(unfiled_is_nothing=True))
    priced: str = ""
    rows: tuple[Valued, ...] = ()
    of: BatchPolicy | None = None  # the policy by which the rows were valued

    def take(self) -> None:
        """What came of the run, once it has ended."""
        found = self.ended()
        if found is not None and found.outcome is not None:
            self.rows = rows_of(found.outcome)
            self.of = load(BatchPolicy, found.asked["policy"])


def bench() -> Bench:
    """The caller's bench in this session, with what its run has brought meanwhile."""
    name = f"batch:{owner_of(caller())}"
    if name not in st.session_state:
        st.session_state[name] = Bench()
        st.session_state[name].find("batch.run", SUBJECT)
    made: Bench = st.session_state[name]
    made.take()
    return made


def prices(text: str) -> tuple[StatedPrice, ...]:
    """A company and its price a line.

    >>> [(each.company, each.price) for each in prices("brk.b 1,480.25")]
    [('brk.b', 1480.25)]
    """
    found = []
    for line in filter(str.strip, text.splitlines()):
        name, _, told = line.strip().rpartition(" ")
        try:
            found.append(StatedPrice(company=name.strip(), price=float(told.replace(",", ""))))
        except ValueError as error:
            raise BadInput(
                f"The line {line.strip()[:60]!r} is no company with its price.",
                hint="Write one a line, such as KO 62.50",
            ) from error
    return tuple(found)


def alike(model: str) -> list[Field]:
    """The inputs that may be stated alike for all companies: rates and the like, no amounts."""
    return [
        each.field
        for each in SUBJECTS[model].usual
        if not each.of_base and each.field.path not in NEEDS_A_BASE
    ]


def shown(by: BatchPolicy) -> Field:
    """The line that a batch shows."""
    told = {each.path: each for each in SUBJECTS[by.model].lines}
    model = model_named(by.model)
    return told.get(by.shown, Field(by.shown, label_of(by.shown), model.headline_unit))


def policy(made: Bench) -> None:
    """What all companies are valued by."""
    with open_work(caller()) as work:
        layers = list(dict.fromkeys(("", *list_layers(work), made.policy.layer)))
    left, second, middle, right = st.columns(4)
    lines = {each.path: each.label for each in SUBJECTS[made.policy.model].lines}

    def changed() -> None:
        told = st.session_state
        name, day = told["batch:model"], told["batch:as_of"]
        kept = made.policy.changes if name == made.policy.model else ()
        made.policy = BatchPolicy(
            model=name,
            line=told["batch:line"] if name == made.policy.model else "",
            changes=kept,
            unfiled_is_nothing=told["batch:nothing"],
            as_of=day,
            layer=told["batch:layer"],
        )

    with left:
        st.selectbox(
            "Model", MODELS, index=MODELS.index(made.policy.model), format_func=CALLED.__getitem__,
            key="batch:model", on_change=changed,
        )  # fmt: skip
    with second:
        st.selectbox(
            "What is shown", list(lines), index=list(lines).index(made.policy.shown),
            format_func=lambda path: lines.get(path, path), key="batch:line", on_change=changed,
        )  # fmt: skip
    with middle:
        st.date_input(
            "Facts as known on", value=made.policy.as_of, max_value=date.today(),  # noqa: DTZ011
            key="batch:as_of", on_change=changed, format="YYYY-MM-DD",
        )  # fmt: skip
    with right:
        st.selectbox(
            "Figures", layers, index=layers.index(made.policy.layer),
            format_func=lambda each: f"adjusted by {each}" if each else "as filed",
            key="batch:layer", on_change=changed,
        )  # fmt: skip
    st.checkbox(
        "What a filing lacks between enterprise and equity value counts as nothing",
        value=made.policy.unfiled_is_nothing, key="batch:nothing", on_change=changed,
    )  # fmt: skip
    with st.expander("Inputs stated alike for all companies", icon=":material/tune:"):
        _changes(made, alike(made.policy.model))
    if made.policy.shown == "value_per_share":
        beside = made.policy.model == "comparables"
        told = "Prices of the peers, and to compare with" if beside else "Prices to compare with"
        with st.expander(told, icon=":material/sell:", expanded=beside):
            made.priced = st.text_area(
                "A company and its price a line", value=made.priced, placeholder="KO 62.50",
                key="batch:prices", max_chars=100_000,
            )  # fmt: skip


def _changes(made: Bench, fields: Sequence[Field]) -> None:
    stated = {each.path: each.value for each in made.policy.changes}

    def changed(edits: Sequence[Edit]) -> None:
        for edit in edits:
            asked = fields[edit.row]
            stated.pop(asked.path, None)
            if edit.value is not None:
                stated[asked.path] = edit.value * asked.scale
        told = tuple(Change(path=path, value=value) for path, value in stated.items())
        made.policy = replace(made.policy, changes=told)

    grid.edited(
        "Inputs stated alike for all companies",
        {"value": Column(heading="For all", optional=True, placeholder="as each one's facts")},
        [(each.heading("own currency"), [each.on_screen(stated.get(each.path))])
         for each in fields],
        key=f"batch:changes:{made.policy.model}",
        on_change=changed,
        corner="Input",
    )  # fmt: skip


def start(made: Bench) -> None:
    """The button; while a run is at work, how far it is instead."""

    def begin() -> None:
        shares = made.policy.shown == "value_per_share"
        made.begin(
            lambda work: COMPUTATIONS.value_all(
                work, replace(made.policy, prices=prices(made.priced) if shares else ())
            )
        )

    st.button(
        "Value all companies",
        type="primary",
        icon=":material/play_arrow:",
        disabled=computing.running() is not None,
        on_click=begin,
    )
    computing.state(made)


def results(made: Bench) -> None:
    """How many have a value, the table, its picture, and why the others have none."""
    by = made.of
    if by is None:
        st.caption("Nothing has been run yet.")
        return
    if made.policy != replace(by, prices=()):
        st.warning(
            "This is the last run. The policy has changed since: run again.",
            icon=":material/history:",
        )
    there = [each for each in made.rows if each.value is not None]
    st.caption(
        f"{len(there)} of {words.counted(len(made.rows), 'company', 'companies')} valued by "
        f"{CALLED[by.model]}: {shown(by).label}. Press a name to value it on its own page."
    )
    rows = _recent(made.rows)
    _table(rows, by)
    _drawn([each for each in rows if each.value is not None], by)
    lost = [each for each in rows if each.value is None]
    if lost:
        counted = words.counted(len(lost), "company", "companies")
        with st.expander(
            f"{counted} without a value, and why",
            icon=":material/help:",
            expanded=len(lost) <= LISTED_OPEN,
        ):
            show.listed("Companies without a value", [(each.name, each.reason) for each in lost])


def _recent(rows: Sequence[Valued]) -> Sequence[Valued]:
    """The rows, without those of old figures where the reader leaves them out."""
    old, newest = old_ones(rows), newest_year(rows)
    if not old or newest is None:
        return rows
    left_out = st.checkbox(
        f"Leave out {words.counted(len(old), 'company', 'companies')} whose figures are of "
        f"FY{newest - OLD_AFTER - 1} or earlier; the newest here are of FY{newest}",
        key="batch:recent",
    )
    return [each for each in rows if each.company_id not in old] if left_out else rows


def _table(rows: Sequence[Valued], by: BatchPolicy) -> None:
    line, column = shown(by), st.column_config
    is_rate, scale = line.unit is Unit.RATE, line.scale
    table = {
        "Company": [each.name for each in rows],
        "Ticker": [each.ticker for each in rows],
        "Value": [None if each.value is None else each.value / scale for each in rows],
        "Year": [each.fiscal_year for each in rows],
    }
    if old := old_ones(rows):
        table["Age"] = ["old" if each.company_id in old else "" for each in rows]
    if by.prices:
        table |= {
            "Price": [each.price for each in rows],
            "Upside": [None if each.upside is None else 100.0 * each.upside for each in rows],
        }
    if by.shown != "enterprise_value" and any(each.enterprise_value for each in rows):
        table["Enterprise"] = [
            None
            if each.enterprise_value is None
            else round(each.enterprise_value / amounts().size, amounts().digits)
            for each in rows
        ]
    table["Currency"] = [each.currency for each in rows]
    if by.unfiled_is_nothing:
        table["Nothing"] = [
            ", ".join(ask.BRIDGE_LABELS[item] for item in each.counted_as_nothing) for each in rows
        ]
    if any(each.reason for each in rows):
        table["Why"] = [each.reason for each in rows]
    st.dataframe(
        pd.DataFrame(table),
        key="batch_table",
        hide_index=True,
        height=ROW_PX * (min(len(rows), ROWS_SEEN) + 1) + 2,
        row_height=ROW_PX,
        placeholder=words.NOTHING,
        column_config={
            "Company": column.ButtonColumn(
                type="tertiary", alignment="left", pinned=True, width=170, key=_OPENED
            ),
            "Ticker": column.TextColumn(width=64),
            "Value": column.NumberColumn(
                line.label,
                format="%.1f %%" if is_rate else "%,.2f",
                width=116,
                help=f"In {amounts()} of the company's currency."
                if line.unit is Unit.MONEY
                else None,
            ),
            "Price": column.NumberColumn(format="%,.2f", width=90),
            "Upside": column.NumberColumn(
                format="%.1f %%", width=90, help="Value over price, less 1."
            ),
            "Enterprise": column.NumberColumn(
                f"Enterprise value, {amounts().mark}", format=f"%,.{amounts().digits}f", width=130
            ),
            "Currency": column.TextColumn(width=76),
            "Year": column.NumberColumn(
                "FY", format="%d", width=56, help="The fiscal year whose figures it begins with."
            ),
            "Age": column.TextColumn(
                "Figures",
                width=70,
                help=f"Old: more than {OLD_AFTER} fiscal years before the newest of the batch.",
            ),
            "Nothing": column.TextColumn("Counted as nothing", width=300),
            "Why": column.TextColumn("Why no value", width=200),
        },
        alt=f"Companies by name with their {line.label.lower()}; click a head to sort",
    )
    if clicked := st.session_state.get(_OPENED):
        go(page_of(by.model), company=rows[clicked.row].ticker or rows[clicked.row].company_id)


def _drawn(rows: Sequence[Valued], by: BatchPolicy) -> None:
    theme = show.theme()
    priced = [(each.name, each.upside) for each in rows if each.upside is not None]
    whole = [(e.name, e.enterprise_value) for e in rows if (e.enterprise_value or 0.0) > 0.0]
    if priced:
        count, heading = len(priced), "Value over price, less 1"
        figure, alt = (
            charts.rates(_first(priced), heading=heading, theme=theme),
            "How far each company's value is above or below its price",
        )
    elif shown(by).unit is Unit.RATE:
        found = [(each.name, each.value) for each in rows]
        count, heading = len(found), shown(by).label
        figure, alt = charts.rates(_first(found), heading=heading, theme=theme), heading
    elif whole:
        count, heading = len(whole), f"Enterprise value, {amounts().word}"
        figure, alt = charts.sizes(_first(whole), heading=heading, theme=theme), heading
        if by.shown != "enterprise_value":
            st.caption(
                "By enterprise value, on a scale of powers of ten: values per share do not compare."
            )
    else:
        return
    if count > DRAWN_MOST:
        st.caption(f"The largest {DRAWN_MOST} of {count:,}.")
    show.chart(figure, key="batch:drawn", alt=alt)


def _first(found: Sequence[tuple[str, float | None]]) -> list[tuple[str, float]]:
    """The largest; more bars than these nobody reads."""
    known = [(name, value) for name, value in found if value is not None]
    return sorted(known, key=lambda each: -each[1])[:DRAWN_MOST]
