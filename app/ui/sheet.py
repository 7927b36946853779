"""What the page of every model has: its company and draft, the acts on it, and the common sections.

A page adds its own headline and sections: `opened`, `acts`, what it shows, `chosen`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st

from app.ui import ask, changes, draft, frame, goal, show, swings, words
from app.ui.draft import Desk
from app.ui.field import Field
from app.ui.headline import called, worth
from app.ui.places import number_at
from valor_core.charts import valuation as charts
from valor_core.errors import ValorError
from valor_core.models.catalogue import checks_of
from valor_core.models.conventions import conventions_of
from valor_core.models.fields import Unit
from valor_core.models.sensitivity import grid
from valor_core.values import CompanyId, from_micros

STEPS = 3  # of a sensitivity, to either side of the base
OF_SEVERAL = {"merger", "comparables"}
Section = Callable[[Desk, Any], None]
# The theme's own colour of a chosen segment is too faint to be read in the dark.


def opened(model: str) -> Desk:
    """The desk of the company that the reader chooses; where there is none, the page ends."""
    company = ask.company()
    if company is None:
        st.info("There is no company yet. Import its filings on the page Company.")
        st.stop()
    desk = show.or_explain(draft.desk, company, model)
    if desk is None:
        st.stop()
    return desk


def acts(desk: Desk) -> None:
    """Begin again, step back, save, export; and what kept the last act from being done."""
    with st.container(horizontal=True, vertical_alignment="center"):
        ask.start_over(desk)
        ask.steps(desk)
        save(desk)
        export(desk)
    if desk.problem:
        show.refusal(desk.problem)


def save(desk: Desk) -> None:
    """Keep the valuation with its reason, and say where it went."""
    with st.popover(
        "Save",
        icon=":material/save:",
        disabled=bool(desk.to_state),
        help="State first what the value waits for." if desk.to_state else None,
        key=f"{desk.model.name}:save:{desk.saved.id if desk.saved else ''}",  # closes when saved
    ):
        why = ask.rationale(desk)
        # Never disabled: what was just typed counts only once the field is left, by this press.
        if st.button("Save valuation", type="primary", key=desk.key("save:go")):
            try:
                desk.save(why)
            except ValorError as error:
                show.refusal(error)
            else:
                st.toast("Saved", icon=":material/check:")
                st.rerun()


def export(desk: Desk) -> None:
    """The saved valuation as a workbook, and the list that it stands in."""
    if desk.saved is None:
        st.caption("Export: save first")
        return
    if desk.is_saved:
        show.links({"Export to Excel": f"/api/v1/valuations/{desk.saved.id}/workbook.xlsx"})
    else:
        st.caption("Unsaved changes: save first to export them")
    frame.link("valuations", "Valuations", id=desk.saved.id)


def against_saved(desk: Desk, result: Any) -> dict[str, str]:
    """The newest saved value beside the one on the screen; nothing where none is saved."""
    if desk.saved is None:
        return {}
    before, model = desk.saved.headline, desk.model
    told, now = worth(model, before, "").strip(), getattr(result, model.headline)
    if not (desk.to_state or desk.is_saved or now is None):
        if model.headline_unit is Unit.RATE:
            told += f" ({_signed(now - before, words.percent(now - before, 2))} points)"
        elif before:
            told += f" ({_signed(now - before, words.percent(now / before - 1.0))})"
    return {f"Saved {from_micros(desk.saved.at):%d %b %Y}": told}


def _signed(change: float, told: str) -> str:
    return f"+{told}" if change >= 0 else told


def checks(desk: Desk, result: Any) -> None:
    """What an experienced reader would question, folded."""
    if desk.to_state:
        return
    asked = desk.once("checks", lambda: checks_of(desk.inputs, result))
    if not asked:
        return
    failed = [check for check in asked if not check.passed]
    title = (
        f"{len(failed)} of {len(asked)} checks ask for a look"
        if failed
        else f"All {len(asked)} checks pass"
    )
    icon = ":material/rule:" if failed else ":material/check_circle:"
    with st.expander(title, icon=icon, key=desk.key("checks")):
        show.listed(
            "What an experienced reader would question",
            [
                ("Passes" if check.passed else check.severity.value.capitalize(), check.message)
                for check in asked
            ],
        )


def chosen(desk: Desk, result: Any, sections: Mapping[str, Section]) -> None:
    """The section that is looked at; the others are not built."""
    sections[show.section(list(sections), of=desk.model.name)](desk, result)


@st.fragment
def sensitivity(
    desk: Desk,
    result: Any,
    axes: Sequence[Field],
    *,
    inputs: Any = None,
    first: str = "",
) -> None:
    """The headline over two inputs, and why some cells have none.

    `inputs` takes the place of the draft's where an axis needs another form of them; `first` is
    the path that is offered first.
    """
    if result is None or desk.to_state:
        st.info("The grid appears once there is a value.", icon=":material/grid_on:")
        return
    model, name = desk.model, desk.model.name
    inputs = desk.inputs if inputs is None else inputs
    by_path = {f.path: f for f in axes if isinstance(number_at(inputs, f.path), float)}
    left, right = st.columns(2)
    down = left.selectbox(
        "Down",
        sorted(by_path, key=lambda path: path != first),
        format_func=lambda p: by_path[p].label,
        key=f"{name}:down",
    )
    others = [path for path in by_path if path != down]
    across = right.selectbox(
        "Across", others, format_func=lambda p: by_path[p].label, key=f"{name}:across"
    )
    try:
        found = desk.once(
            ("grid", down, across),
            lambda: grid(inputs, (down, _axis(inputs, by_path[down])),
                         (across, _axis(inputs, by_path[across]))),
        )  # fmt: skip
    except ValorError as error:
        show.refusal(error)
        return
    rows, columns = by_path[down], by_path[across]
    show.chart(
        charts.sensitivity(
            found,
            row_label=_axis_name(rows, desk.currency),
            column_label=_axis_name(columns, desk.currency),
            as_percent=(rows.unit is Unit.RATE, columns.unit is Unit.RATE),
            scale=(rows.scale, columns.scale),
            marks=(_mark(rows), _mark(columns)),
            base=(STEPS, STEPS),
            unit=model.headline_unit,
            theme=show.theme(),
        ),
        key=f"{name}:sensitivity",
        alt=f"{called(model)} over {rows.label} and {columns.label}",
    )
    unit = (
        f",{words.unit_mark(model.headline_unit, desk.currency)}"
        if model.headline_unit in charts.MONEY
        else ""
    )
    st.caption(f"{called(model)}{unit}; the base has a frame. {_step(rows)}, {_step(columns)}.")
    if found.reasons:
        show.listed(
            "Cells without a value",
            [
                (
                    (
                        f"{words.in_unit(found.rows[i], rows.unit)} / "
                        f"{words.in_unit(found.columns[j], columns.unit)}"
                    ),
                    str(reason),
                )
                for (i, j), reason in sorted(found.reasons.items())
            ],
        )
    st.header("One input at a time", anchor=False)
    swings.drawn(desk, inputs, by_path)
    goal.seek(desk, inputs, by_path)


def fiscal_years(desk: Desk, base: str, count: int) -> list[str]:
    """The forecast years, named after that of the fact behind the base figure."""
    facts = desk.start.sources[base].facts
    first = max((fact.fiscal_year for fact in facts), default=0)
    return [f"FY{first + year}" for year in range(1, count + 1)]


def _axis_name(axis: Field, currency: str) -> str:
    return axis.heading(currency) if axis.unit is Unit.MONEY else axis.label


def _mark(axis: Field) -> str:
    return "×" if axis.unit is Unit.RATIO else ""


def _axis(inputs: Any, axis: Field) -> list[float]:
    base = number_at(inputs, axis.path)
    return [base + axis.step * step for step in range(-STEPS, STEPS + 1)]


def _step(axis: Field) -> str:
    return f"{axis.label} in steps of {words.in_unit(axis.step, axis.unit)}"


@st.fragment
def workings(desk: Desk, result: Any) -> None:
    """How a number came about, down to the filing."""
    if result is None or desk.to_state:
        st.info("Workings appear once there is a value.", icon=":material/account_tree:")
        return
    made = desk.workings()
    lines = made.lines.results
    names = sorted(lines, key=lambda name: name != desk.model.headline)
    name = st.selectbox(
        "Explain",
        names,
        format_func=lambda each: lines[each].label,
        key=f"{desk.model.name}:explain",
    )
    found = desk.once(("tree", name), lambda: made.explain(name, desk.sources()))
    show.tree(found, desk.currency, filer=_filer(desk))
    show.listed("Conventions", list(conventions_of(desk.inputs, desk.basis).items()))


def sources(desk: Desk, result: Any) -> None:  # noqa: ARG001, as its siblings
    """What was changed and why; where each of the other numbers comes from."""
    day = desk.content.as_of or date.today()  # noqa: DTZ011, a day on the reader's page
    changes.yours(desk)
    st.header(f"Where the numbers come from, as known on {day:%d %b %Y}", anchor=False)
    show.listed("Sources", [(changes.label(path), ask.basis(source))
         for path, source in desk.sources().items()], filer=_filer(desk))  # fmt: skip


def _filer(desk: Desk) -> CompanyId | None:
    """Whose filings the sources are; none where they are of several companies."""
    return None if desk.model.name in OF_SEVERAL else desk.company.id
