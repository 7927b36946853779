"""The grids of the DCF page: each edited cell becomes one change of the draft."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from app.ui import grid
from app.ui.ask import BRIDGE_LABELS, basis
from app.ui.draft import Desk
from app.ui.drivers import (
    WACC,
    by_year,
    is_by_year,
    with_fade,
    years_of,
)
from app.ui.field import Field
from app.ui.grid import Column, Edit
from app.ui.places import at, put_at
from app.ui.words import MILLION, NOTHING
from valor_core.amounts import shown
from valor_core.models.bridge import ASSETS, CLAIMS
from valor_core.models.dilution import OptionTranche
from valor_core.models.paths import Fade

REASON = Column(heading="Your reason", kind="text", placeholder=NOTHING)


def drivers_by_year(
    desk: Desk,
    years: Sequence[str],
    drivers: Sequence[Field],
    *,
    name: str = "years",
    label: str = "Drivers of the forecast by year",
) -> None:
    """A year a row, a driver a column. An edited cell states its driver year by year."""
    by_path = {driver.path: driver for driver in drivers}
    stated = {path: years_of(desk.inputs, driver) for path, driver in by_path.items()}

    def changed(edits: Sequence[Edit]) -> None:
        inputs, aside = desk.inputs, desk.content.aside
        for edit in edits:
            driver = by_path[edit.column]
            row = years_of(inputs, driver)
            if row is not None:
                row[edit.row] = edit.value * driver.scale
                inputs, aside = by_year(inputs, aside, driver, row)
        desk.put(replace(desk.content, inputs=inputs, aside=aside))

    grid.edited(
        label,
        {
            path: Column(
                heading=driver.heading(desk.currency),
                editable=stated[path] is not None,
                placeholder=NOTHING,
            )
            for path, driver in by_path.items()
        },
        [
            (
                year,
                [
                    None if (row := stated[path]) is None else driver.on_screen(row[place])
                    for path, driver in by_path.items()
                ],
            )
            for place, year in enumerate(years)
        ],
        key=desk.grid_key(name),
        on_change=changed,
        corner="Year",
    )


def fades(desk: Desk, drivers: Sequence[Field]) -> None:
    """How each driver runs where it is not stated by year."""

    def changed(edits: Sequence[Edit]) -> None:
        inputs, aside = desk.inputs, desk.content.aside
        for edit in edits:
            driver, value = drivers[edit.row], edit.value
            if edit.column in ("start", "end") and value is not None:
                value *= driver.scale
            inputs, aside = with_fade(inputs, aside, driver, {edit.column: value})
        desk.put(replace(desk.content, inputs=inputs, aside=aside))

    grid.edited(
        "Fades of the drivers, between forecast years",
        {
            "start": Column(heading="Start", optional=True, placeholder=NOTHING),
            "end": Column(heading="End", optional=True, placeholder="terminal value"),
            "from_year": Column(heading="Holds to year", kind="whole", most=100),
            "to_year": Column(heading="Ends in year", kind="whole", most=100),
            "stated": Column(heading="Stated", kind="text", editable=False),
        },
        [
            (
                driver.heading(desk.currency),
                [
                    driver.on_screen(fade.start),
                    driver.on_screen(fade.end),
                    fade.from_year,
                    fade.to_year,
                    _stated(desk, driver),
                ],
            )
            for driver in drivers
            for fade in [_fade(desk, driver)]
        ],
        key=desk.grid_key("fades"),
        on_change=changed,
        corner="Driver",
    )


def _fade(desk: Desk, driver: Field) -> Fade:
    stated = at(desk.inputs, driver.path)
    return stated if isinstance(stated, Fade) else Fade()


def _stated(desk: Desk, driver: Field) -> str:
    if is_by_year(desk.inputs, driver):
        return "by year"
    capm = driver.path == WACC and desk.inputs.cost_of_capital is not None
    return "by CAPM" if capm else "as a fade"


def bridge(desk: Desk) -> None:
    """Each item between enterprise and equity value: amount, source, and the analyst's reason."""
    items = (*CLAIMS, *ASSETS)

    def changed(edits: Sequence[Edit]) -> None:
        inputs, reasons = desk.inputs, dict(desk.content.rationales)
        for edit in edits:
            path = f"bridge.{items[edit.row]}"
            if edit.column == "reason":
                reasons[path] = edit.value.strip()
            else:
                amount = None if edit.value is None else edit.value * shown().size
                inputs = put_at(inputs, path, amount)
        desk.put(replace(desk.content, inputs=inputs, rationales=reasons))

    grid.edited(
        "Items between enterprise and equity value",
        {
            "amount": Column(
                heading=f"Amount, {desk.money_short}",
                digits=1,
                optional=True,
                placeholder="to be stated",
            ),
            "reason": REASON,
            "filed": Column(
                heading="Where the filed amount comes from", kind="text", editable=False
            ),
        },
        [
            (
                ("● " if item in desk.to_state else "") + BRIDGE_LABELS[item],
                [
                    _on_screen(getattr(desk.inputs.bridge, item), shown().size),
                    desk.content.rationales.get(f"bridge.{item}", ""),
                    basis(desk.start.sources.get(f"bridge.{item}")),
                ],
            )
            for item in items
        ],
        key=desk.grid_key("bridge"),
        on_change=changed,
        corner="Item",
    )


def options(desk: Desk) -> None:
    """Option tranches, and one row more; a tranche that is emptied is gone."""
    # With those that still lack their number or strike, which are no part of the draft yet.
    told: list[tuple[float | None, float | None]] = st.session_state.setdefault(
        desk.key("tranches"),
        [(each.number / MILLION, each.strike) for each in desk.inputs.shares.options],
    )

    def changed(edits: Sequence[Edit]) -> None:
        rows = [*told, (None, None)]
        for edit in edits:
            number, strike = rows[edit.row]
            is_number = edit.column == "number"
            rows[edit.row] = (edit.value, strike) if is_number else (number, edit.value)
        told[:] = [row for row in rows if row != (None, None)]
        stated = tuple(
            OptionTranche(number=number * MILLION, strike=strike)
            for number, strike in rows
            if number is not None and strike is not None
        )
        if stated != desk.inputs.shares.options:
            desk.put(replace(desk.content, inputs=put_at(desk.inputs, "shares.options", stated)))

    grid.edited(
        "Option tranches",
        {
            "number": Column(heading="Options, million", optional=True),
            "strike": Column(heading=f"Strike, {desk.currency}", optional=True),
        },
        [
            *(
                (f"Tranche {place}", [_on_screen(number, 1.0), _on_screen(strike, 1.0)])
                for place, (number, strike) in enumerate(told, start=1)
            ),
            ("Another", [None, None]),
        ],
        key=desk.grid_key("options"),
        on_change=changed,
        corner="Options",
    )
    if any(None in row for row in told):
        st.warning("A row counts once it has a number and a strike.", icon=":material/edit:")
    elif told:
        st.caption("A tranche whose cells are both emptied is taken out.")


def _on_screen(value: float | None, scale: float) -> float | None:
    return None if value is None else round(value / scale, 6)
