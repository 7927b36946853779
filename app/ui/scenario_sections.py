"""Scenarios around a draft: what each states otherwise, how likely it is, what all are worth."""

from collections.abc import Sequence
from dataclasses import replace
from math import isnan
from typing import Any

import streamlit as st

from app.ui import changes, grid, show, words
from app.ui.draft import Desk
from app.ui.field import Field
from app.ui.grid import Column, Edit
from app.ui.headline import called
from app.ui.places import figure_at
from app.ui.subjects import SUBJECTS
from valor_core.charts import scenarios as charts
from valor_core.models.fields import Unit, leaves
from valor_core.models.lines import lines_of
from valor_core.models.model import Model
from valor_core.models.sensitivity import replace_at
from valor_core.models.simulation.scenarios import (
    MOST_SCENARIOS,
    Change,
    Scenario,
    ScenarioSet,
    WeighedScenarios,
    weigh,
)

LONGEST_NAME = 80
DIGITS: dict[Unit | None, int] = {
    Unit.RATE: 1,
    Unit.MONEY: 0,
}  # as the figures above the picture have them
USUAL = tuple(
    Scenario(name=name, probability=odds)
    for name, odds in (("Bear", 0.25), ("Base", 0.5), ("Bull", 0.25))
)


def scenarios(desk: Desk, fields: Sequence[Field]) -> None:
    """The stated scenarios beside each other, and the value that is expected of them."""
    if desk.to_state:
        st.info("Scenarios appear once there is a value.", icon=":material/call_split:")
        return
    if not desk.content.scenarios:
        _begin(desk)
        return
    _named(desk)
    _changed(desk, [f for f in fields if figure_at(desk.inputs, f.path) is not None])
    stated, line = show.or_explain(lambda: desk.scenario_set), show.or_explain(_looked_at, desk)
    if stated is None or line is None:
        return
    found = show.or_explain(desk.once, "weighed", lambda: weigh(desk.inputs, stated, line.path))
    if found is not None:
        weighed(found, stated, desk.inputs, line=line, currency=desk.currency)


def usual(desk: Desk, result: Any) -> None:  # noqa: ARG001, as its siblings
    """What is looked at in the model if its usual drivers turn out otherwise."""
    drivers = SUBJECTS[desk.model.name].drivers_of(desk.inputs)
    scenarios(desk, [each.field for each in drivers.values()])


def headline_of(model: Model) -> Field:
    """What the model puts first."""
    return Field(model.headline, called(model), model.headline_unit)


def _looked_at(desk: Desk) -> Field:
    """The headline; while these inputs give none, the first line that they do give."""
    result, headline = desk.result(), headline_of(desk.model)
    if getattr(result, desk.model.headline) is not None:
        return headline
    return next(iter(SUBJECTS[desk.model.name].offered(result).values()), headline)


def _begin(desk: Desk) -> None:
    st.caption(
        "A scenario states some inputs otherwise than the draft, and how likely it is. The others "
        "follow the draft. The set is kept with the draft, and with the valuation once saved."
    )
    if st.button("State a bear, a base and a bull case", icon=":material/call_split:"):
        _put(desk, USUAL)
        st.rerun()


def _put(desk: Desk, stated: Sequence[Scenario]) -> None:
    desk.put(replace(desk.content, scenarios=tuple(stated)))


def _named(desk: Desk) -> None:
    """Names and probabilities, and one row more; a scenario without a name is gone."""
    stated = desk.content.scenarios

    def changed(edits: Sequence[Edit]) -> None:
        rows = [*stated, Scenario(name="", probability=0.0)]
        for edit in edits:
            told = (
                {"name": edit.value.strip()}
                if edit.column == "name"
                else {"probability": edit.value / 100.0}
            )
            rows[edit.row] = replace(rows[edit.row], **told)
        _put(desk, [each for each in rows if each.name])

    another = [("Another", ["", None])] if len(stated) < MOST_SCENARIOS else []
    grid.edited(
        "Scenarios",
        {
            "name": Column(heading="Name", kind="text", most=LONGEST_NAME),
            "probability": Column(heading="Probability, %"),
        },
        [
            *(
                (f"Scenario {place}", [each.name, round(100.0 * float(each.probability), 6)])
                for place, each in enumerate(stated, start=1)
            ),
            *another,
        ],
        key=desk.grid_key("scenarios"),
        on_change=changed,
    )
    st.caption("Probabilities add up to 100 %. A scenario whose name is emptied is taken out.")


def _changed(desk: Desk, fields: Sequence[Field]) -> None:
    """A driver a row, a scenario a column; what is left empty is as in the draft."""
    stated = desk.content.scenarios

    def changed(edits: Sequence[Edit]) -> None:
        made = list(stated)
        for edit in edits:
            field, place = fields[edit.row], int(edit.column)
            value = None if edit.value is None else edit.value * field.scale
            made[place] = _with(made[place], field.path, value)
        _put(desk, made)

    grid.edited(
        "What each scenario states otherwise",
        {
            "base": Column(heading="Draft", editable=False),
            **{
                str(place): Column(heading=each.name, optional=True, placeholder="as draft")
                for place, each in enumerate(stated)
            },
        },
        [
            (
                field.heading(desk.currency),
                [
                    field.on_screen(figure_at(desk.inputs, field.path)),
                    *(field.on_screen(_stated(each, field.path)) for each in stated),
                ],
            )
            for field in fields
        ],
        key=desk.grid_key("scenario_changes"),
        on_change=changed,
        corner="Input",
    )


def _stated(scenario: Scenario, path: str) -> float | None:
    return next((c.value for c in scenario.changes if c.path == path), None)


def _with(scenario: Scenario, path: str, value: float | None) -> Scenario:
    kept = tuple(change for change in scenario.changes if change.path != path)
    added = () if value is None else (Change(path=path, value=value),)
    return replace(scenario, changes=(*kept, *added))


def weighed(
    found: WeighedScenarios, stated: ScenarioSet, inputs: Any, *, line: Field, currency: str
) -> None:
    """What is expected of the set, each scenario beside the base case, and why one has no value."""
    told = line.label
    if found.expected is not None and found.sd is not None:
        show.facts(
            {
                f"{told}, probability-weighted": _worth(line, found.expected, currency),
                "Base case": _worth(line, found.base, currency),
                "Difference": _worth(line, found.expected - found.base, currency),
                "Standard deviation": _worth(line, found.sd, currency),
            },
            first_large=True,
        )
    else:
        st.warning(
            "A likely scenario has no value, so nothing can be expected of the set.",
            icon=":material/warning:",
        )
    show.chart(
        charts.weighed(
            found,
            heading=line.heading(currency),
            scale=line.scale,
            digits=DIGITS.get(line.unit, 2),
            theme=show.theme(),
        ),
        key=f"weighed:{line.path}",
        alt=f"{told} in each scenario, beside the base case",
    )
    show.listing(
        f"{told} by scenario",
        ["Scenario", "Probability", told, "To base", "In percent", "States otherwise"],
        [
            [
                found.names[place],
                words.percent(found.probabilities[place]),
                *_against_base(found, place, line, currency),
                _in_words(each, inputs),
            ]
            for place, each in enumerate(stated.scenarios)
        ],
        text=frozenset({"Scenario", "States otherwise"}),
    )
    if found.reasons:
        show.listed(
            "Scenarios without a value",
            [(found.names[place], str(why)) for place, why in found.reasons.items()],
        )


def _worth(line: Field, value: float, currency: str) -> str:
    return f"{words.in_unit(value, line.unit)}{words.unit_mark(line.unit, currency)}"


def _against_base(
    found: WeighedScenarios, place: int, line: Field, currency: str
) -> tuple[str, str, str]:
    value = found.values[place]
    if isnan(value):
        return words.NOTHING, words.NOTHING, words.NOTHING
    change = value - found.base
    part = words.percent(change / abs(found.base)) if found.base else words.NOTHING
    return _worth(line, value, currency), _worth(line, change, currency), part


def _in_words(scenario: Scenario, inputs: Any) -> str:
    """Each change with what it takes the place of."""
    changed = inputs
    for each in scenario.changes:
        changed = replace_at(changed, each.path, each.value)
    before, after = (lines_of(each, leaves(each), is_input=True) for each in (inputs, changed))
    told = [
        f"{changes.label(path)} {changes.told(after[path])} (base {changes.told(before[path])})"
        for path in (each.path.partition("[")[0] if each.path not in after else each.path
                     for each in scenario.changes)
    ]  # fmt: skip
    return "; ".join(told) or "nothing"
