"""Adjustments on the page of a company: what was filed, what is added and why, what that makes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import streamlit as st

from app.ui import show
from app.ui.stating import done
from app.ui.words import NOTHING, in_filed_unit, moment, person
from valor_core.amounts import shown
from valor_core.coverage.adjustments import LAYER_MAX, RATIONALE_MAX, Standing
from valor_core.coverage.companies import Company
from valor_core.coverage.items import ITEM, Measure
from valor_core.coverage.statements import Statements
from valor_core.store.work import Work
from valor_core.tenancy.access import MAY
from valor_core.values import Caller, FiledFact, from_micros
from valor_core.workbench.adjustments import add_adjustment, drop_adjustment

FIRST_LAYER = "Adjusted"
LABELS = {
    "item": "Figure",
    "amount": "Amount added",
    "layer": "Layer",
    "rationale": "Why",
}
DONE = "adjusting:done"  # how often in this session, so that what was asked for is asked anew


def adjustments(
    who: Caller,
    company: Company,
    statements: Statements,
    *,
    standing: Sequence[Standing],
    layers: Sequence[str],
    names: Mapping[str, str],
) -> None:
    """The adjustments that stand, and for an analyst the way to add one or to drop it."""
    st.caption(
        "An adjustment is added to a filed figure in a layer, and the filing stays as it is. A "
        "valuation reads its figures as filed, or through the layer chosen under Facts."
    )
    if standing:
        _listed(standing, names)
    if who.role not in MAY["adjustment.add"]:
        return
    _adding(who, company, statements, layers)
    if standing:
        _dropping(who, company, standing)


def _listed(standing: Sequence[Standing], names: Mapping[str, str]) -> None:
    figures = [(each.row.fiscal_year, each.row.item, each.row.layer) for each in standing]
    show.listing(
        "In whole units, the newest year first; adjustments of one figure in a layer add up",
        ["FY", "Item", "Layer", "Filed", "Adjustment", "Adjusted", "Why", "By", "On"],
        [
            [
                str(each.row.fiscal_year),
                ITEM[each.row.item].label,
                each.row.layer,
                _filed(each) if figure not in figures[:place] else "",
                _signed(each),
                _adjusted(each) if figure not in figures[place + 1 :] else "",
                each.row.rationale,
                person(each.row.created_by, names),
                moment(from_micros(each.row.created_at)),
            ]
            for place, (figure, each) in enumerate(zip(figures, standing, strict=True))
        ],
        text=frozenset({"Item", "Layer", "Why", "By", "On"}),
    )


def _filed(each: Standing) -> str:
    return in_filed_unit(each.filed) if each.filed else NOTHING


def _adjusted(each: Standing) -> str:
    return NOTHING if each.adjusted is None else _in_unit(each, each.adjusted)


def _signed(each: Standing) -> str:
    told = _in_unit(each, each.row.amount)
    return f"+{told}" if each.row.amount >= 0 else told


def _in_unit(each: Standing, value: float) -> str:
    filed: FiledFact | None = each.filed
    return in_filed_unit(replace(filed, value=value)) if filed else f"{value:,.2f}"


def _adding(who: Caller, company: Company, statements: Statements, layers: Sequence[str]) -> None:
    lines = {line.item: line.label for each in statements.tables.values() for line in each}
    times = st.session_state.get(DONE, 0)
    with st.form("adjusting", border=False):
        year, item = st.columns([1, 3])
        fiscal_year = year.selectbox(
            "Fiscal year", statements.years[::-1], format_func=lambda each: f"FY{each}"
        )
        name = item.selectbox(LABELS["item"], list(lines), format_func=lines.__getitem__)
        amount, layer = st.columns(2)
        added = amount.number_input(
            f"{LABELS['amount']}, {shown().word}",
            value=0.0,
            key=f"{DONE}:{times}:amount",
            step=1.0,
            help="Below zero to take away; of a figure a share in its own unit.",
        )
        chosen = layer.selectbox(
            LABELS["layer"],
            list(layers) or [FIRST_LAYER],
            accept_new_options=True,
            help=f"Type a new name to begin another one; at most {LAYER_MAX} characters.",
        )
        why = st.text_area(
            LABELS["rationale"], max_chars=RATIONALE_MAX, height=80, key=f"{DONE}:{times}:why"
        )
        pressed = st.form_submit_button("Adjust", type="primary", icon=":material/tune:")
    if pressed:
        a_share = ITEM[name].measure is Measure.PER_SHARE
        _done(
            who,
            lambda work: add_adjustment(
                work,
                company.id,
                layer=chosen or "",
                item=name,
                fiscal_year=fiscal_year,
                amount=added if a_share else added * shown().size,
                rationale=why,
            ),
        )


def _dropping(who: Caller, company: Company, standing: Sequence[Standing]) -> None:
    by_id = {each.row.id: each for each in standing}
    with st.form("dropping", border=False):
        chosen = st.selectbox("Adjustment", list(by_id), format_func=lambda i: _named(by_id[i]))
        pressed = st.form_submit_button("Drop it", icon=":material/delete:")
    if pressed and chosen:
        _done(who, lambda work: drop_adjustment(work, company.id, chosen))


def _named(each: Standing) -> str:
    row = each.row
    return f"FY{row.fiscal_year} {ITEM[row.item].label}, {_signed(each)} in {row.layer}"


def _done(who: Caller, act: Callable[[Work], object]) -> None:
    done(who, act, labels=LABELS, counter=DONE)
