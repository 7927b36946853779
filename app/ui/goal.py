"""The input that brings about a stated result: what a price says of growth, a return of a bid."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from app.ui import show
from app.ui.draft import Desk
from app.ui.field import Field
from app.ui.headline import called
from app.ui.places import number_at, put_at
from valor_core.errors import ValorError
from valor_core.models.solving import Solution, solve

REACH = 40
"""Steps of an input in which it is sought on both sides."""


def seek(desk: Desk, inputs: Any, axes: Mapping[str, Field]) -> None:
    """A result is stated, an input is found, and taken if that is what the analyst wants.

    `inputs` may have another form of the draft's, where an input is sought that those do not state.
    """
    name = desk.model.name
    st.header("Which input gives a result", anchor=False)
    left, right = st.columns(2)
    path = left.selectbox(
        "Input", list(axes), format_func=lambda p: axes[p].label, key=f"{name}:sought"
    )
    stated = right.number_input(
        wanted(desk).heading(desk.currency), value=None, format="%.2f", key=f"{name}:target"
    )
    if stated is None:
        st.caption("State what you want or see in the market: the input that it takes is found.")
        return
    try:
        found = desk.once(("goal", path, stated), lambda: _solved(desk, inputs, axes[path], stated))
    except ValorError as error:
        show.refusal(error)
        return
    _told(desk, inputs, axes[path], found)


def wanted(desk: Desk) -> Field:
    """The headline of the model as a number that is stated."""
    return Field(desk.model.headline, called(desk.model), desk.model.headline_unit)


def _solved(desk: Desk, inputs: Any, sought: Field, stated: float) -> Solution:
    base, reach = number_at(inputs, sought.path), REACH * sought.step
    return solve(
        inputs,
        sought.path,
        stated * wanted(desk).scale,
        between=(base - reach, base + reach),
        field=desk.model.headline,
    )


def _told(desk: Desk, inputs: Any, sought: Field, found: Solution) -> None:
    target = _said(desk, wanted(desk), found.goal.target)
    for root in found.roots:
        there = _said(desk, sought, root)
        text, take = st.columns([3, 1], vertical_alignment="center")
        text.markdown(f"**{sought.label} {there}** gives {target}.")
        if take.button("Take it", key=desk.key(f"take:{sought.path}:{root!r}"), width="stretch"):
            stands = number_at(desk.inputs, sought.path) is not None
            now = put_at(desk.inputs if stands else inputs, sought.path, root)
            desk.put(replace(desk.content, inputs=now), widgets=True)
            st.rerun()
    if not found.roots:
        low, high = (_said(desk, sought, end) for end in found.goal.between)
        lower, upper = (_result(desk, value) for value in (found.at_low, found.at_high))
        st.info(
            f"{sought.label} from {low} to {high} never gives {target}: "
            f"at the lower end it is {lower}, at the upper {upper}."
        )


def _result(desk: Desk, value: float | None) -> str:
    return "without a value" if value is None else _said(desk, wanted(desk), value)


def _said(desk: Desk, each: Field, value: float) -> str:
    """A number as it is stated on the screen, with its unit."""
    unit = each.heading(desk.currency).removeprefix(each.label).removeprefix(", ")
    return f"{value / each.scale:,.2f} {unit}".replace("-", "−").strip()
