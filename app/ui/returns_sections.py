"""The parts of the page of returns: the headline, then one section at a time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import streamlit as st

from app.ui import ask, form, grid, scenario_sections, sheet, show, words
from app.ui.draft import Desk
from app.ui.field import Field
from app.ui.grid import Column, Edit
from valor_core.charts import returns as charts
from valor_core.errors import BadInput
from valor_core.models.fields import Unit
from valor_core.models.returns.model import ReturnsInputs, ReturnsResult, returns, the_rate
from valor_core.models.returns.refusals import AmbiguousIrr, NoIrr

FLOWS = "Flows"
LEAST, MOST = 2, 200
CURVE_POINTS = 121
RATE_LEAST, RATE_MOST = -0.95, 10.0  # between which the curve is drawn
RATES = (
    Field("rate", "Rate", Unit.RATE, 0.5),
    Field("residual_value", "Still held at the last flow", Unit.MONEY, 1.0),
    Field("finance_rate", "Outflows cost (empty: the rate)", Unit.RATE, 0.5),
    Field("reinvestment_rate", "Inflows earn (empty: the rate)", Unit.RATE, 0.5),
)


def headline(desk: Desk, result: ReturnsResult | None) -> None:
    """What the flows return and are worth; several rates, or none, in words."""
    if result is None:
        show.facts({"IRR": words.NOTHING}, first_large=True)
        return
    dated = desk.inputs.dates is not None
    show.facts(
        {
            "XIRR" if dated else "IRR": _irr(result),
            f"{'XNPV' if dated else 'NPV'} at {words.percent(desk.inputs.rate)}, "
            f"{desk.money_short}": words.money(result.npv, 2),
            "MIRR": words.percent(result.mirr, 2),
            "MOIC": words.times(result.moic),
            f"Paid in, {desk.money_short}": words.money(result.paid_in, 2),
            f"Received, {desk.money_short}": words.money(result.paid_out, 2),
            **sheet.against_saved(desk, result),
        },
        first_large=True,
    )
    if not np.any(result.net_flows):
        st.info(
            "State what is paid in as a number below zero, what is received as one above it, in "
            "the grid of flows.",
            icon=":material/edit:",
        )
    elif result.irr is None:
        st.info(_why_not_one(desk), icon=":material/rule:")


def _irr(result: ReturnsResult) -> str:
    if result.irr is not None:
        return words.percent(result.irr, 2)
    return "none" if result.irrs is None else f"{len(result.irrs)} rates"


def _why_not_one(desk: Desk) -> str:
    try:
        the_rate(desk.inputs)
    except (AmbiguousIrr, NoIrr) as error:
        return f"{show.plain(str(error))} {show.plain(error.hint)}"
    raise AssertionError("the model found no rate and the search found one")


def flows(desk: Desk, result: ReturnsResult | None) -> None:
    """The flows in a grid, the rates to judge them by, and their worth at every rate."""
    _profile(desk, result)
    ask.numbers(desk, RATES)
    left, middle, right = st.columns(3)
    with left:
        _count(desk)
    with middle:
        form.part(desk, "dates", _yearly(_today(desk), len(desk.inputs.flows)), "Flows are dated")
    if desk.inputs.dates is not None:
        with right:
            form.choice(desk, "day_count", "Days become years by")
    _grid(desk)
    st.caption(
        "Paid in is negative, received positive. A column of a spreadsheet can be pasted into the "
        "first cell: state the number of flows before."
    )


def _profile(desk: Desk, result: ReturnsResult | None) -> None:
    if result is None or not np.any(result.net_flows):
        return
    roots = _roots(result)
    rates = _drawn(desk.inputs.rate, roots)
    values = desk.once(
        "curve", lambda: returns(replace(desk.inputs, profile_rates=rates)).npv_profile
    )
    show.chart(
        charts.npv_by_rate(
            rates,
            values,
            roots=[root for root in roots if rates[0] <= root <= rates[-1]],
            stated=(float(desk.inputs.rate), float(result.npv)),
            currency=desk.currency,
            theme=show.theme(),
        ),
        key="returns:profile",
        alt=f"Net present value over the rate, {desk.money}; worth nothing at "
        + (", ".join(words.percent(root, 2) for root in roots) or "no rate"),
    )


def _roots(result: ReturnsResult) -> list[float]:
    if result.irr is not None:
        return [float(result.irr)]
    return [] if result.irrs is None else [float(root) for root in result.irrs]


def _drawn(rate: float, roots: Sequence[float]) -> list[float]:
    """Rates from below the least of 0, the roots and the stated one to above the greatest."""
    least, most = min(0.0, rate, *roots), max(0.2, rate, *roots)
    room = 0.25 * (most - least)
    low, high = max(least - room, RATE_LEAST), max(min(most + room, RATE_MOST), 1.1 * rate)
    return [float(each) for each in np.linspace(low, high, CURVE_POINTS)]


def _count(desk: Desk) -> None:
    key = desk.key("count")

    def changed() -> None:
        count, inputs = int(st.session_state[key]), desk.inputs
        days = inputs.dates
        if days is not None:
            days = (*days, *_yearly(days[-1], count)[1:])[:count]
        rows = [*map(float, inputs.flows), *[0.0] * count][:count]
        desk.put(replace(desk.content, inputs=replace(inputs, flows=rows, dates=days)))

    st.number_input(
        "Number of flows",
        value=len(desk.inputs.flows),
        min_value=LEAST,
        max_value=MOST,
        step=1,
        key=key,
        on_change=changed,
    )


def _today(desk: Desk) -> date:
    return desk.content.as_of or date.today()  # noqa: DTZ011, a day on the reader's page


def _yearly(first: date, count: int) -> tuple[date, ...]:
    """Days a year apart; the last of February falls on the 28th."""
    day = first.replace(day=28) if (first.month, first.day) == (2, 29) else first
    return (first, *(day.replace(year=day.year + years) for years in range(1, count)))


def _grid(desk: Desk) -> None:
    inputs: ReturnsInputs = desk.inputs
    amount = Field("flows", "Flow", Unit.MONEY)
    columns = {"flows": Column(heading=amount.heading(desk.currency))}
    if inputs.dates is not None:
        columns = {"dates": Column(heading="Day", kind="text", most=10), **columns}

    def changed(edits: Sequence[Edit]) -> None:
        rows, days, refused = [*map(float, inputs.flows)], list(inputs.dates or ()), ""
        for edit in edits:
            if edit.column == "flows":
                rows[edit.row] = edit.value * amount.scale
                continue
            try:
                days[edit.row] = date.fromisoformat(edit.value.strip())
            except ValueError:
                refused = edit.value
        stated = replace(desk.inputs, flows=rows, dates=tuple(days) or None)
        desk.put(replace(desk.content, inputs=stated))
        if refused:
            desk.problem = BadInput(f"“{refused}” is no day.", hint="Write it like 2026-06-30.")

    grid.edited(
        FLOWS,
        columns,
        [
            (
                f"Flow {place}" if inputs.dates else f"Year {place}",
                [
                    *([inputs.dates[place].isoformat()] if inputs.dates else []),
                    amount.on_screen(flow),
                ],
            )
            for place, flow in enumerate(inputs.flows)
        ],
        key=desk.grid_key(f"flows:{inputs.dates is not None}"),
        on_change=changed,
        corner="Flow",
    )


def by_flow(desk: Desk, result: ReturnsResult | None) -> None:
    """Each flow with its time, its discount factor and what it is worth."""
    if result is None:
        st.info("The worth of each flow appears once they are judged.", icon=":material/payments:")
        return
    rows = zip(
        result.times, result.net_flows, result.discount_factors, result.present_values, strict=True
    )
    show.table(
        f"Present values at {words.percent(desk.inputs.rate, 2)}, {desk.money}",
        ["Years from the first", "With what is held", "Discount factor", "Present value"],
        [
            (
                _named(desk.inputs, place),
                [
                    words.number(time, 3),
                    words.money(flow, 2),
                    words.number(factor, 4),
                    words.money(worth, 2),
                ],
            )
            for place, (time, flow, factor, worth) in enumerate(rows)
        ]
        + [("NPV", ["", "", "", words.money(result.npv, 2)])],
        first="Flow",
        strong=frozenset({"NPV"}),
    )


def _named(inputs: ReturnsInputs, place: int) -> str:
    return f"Year {place}" if inputs.dates is None else f"{place}: {inputs.dates[place]}"


SECTIONS: dict[str, sheet.Section] = {
    FLOWS: flows,
    "Present values": by_flow,
    "Scenarios": scenario_sections.usual,
    "Workings": sheet.workings,
    "Sources": sheet.sources,
}
