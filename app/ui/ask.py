"""Single widgets into inputs: each commits what was changed, and only that, to the draft."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from textwrap import shorten

import streamlit as st

from app.ui import show
from app.ui.draft import Desk
from app.ui.drivers import (
    drivers_of,
    fade_again,
    is_by_year,
    years_of,
)
from app.ui.field import Field
from app.ui.frame import caller
from app.ui.places import at, can_be_empty, put_at
from valor_core.amounts import shown as amounts
from valor_core.coverage.adjustments import AS_FILED
from valor_core.coverage.companies import Company
from valor_core.errors import BadInput
from valor_core.models.cost_of_capital import BetaKind
from valor_core.models.explained import adjusted_text
from valor_core.models.fields import Unit
from valor_core.values import Source, SourceKind
from valor_core.workbench.adjustments import list_layers
from valor_core.workbench.companies import list_companies
from valor_core.workbench.verb import open_work

BRIDGE_LABELS = {
    "debt": "Debt",
    "leases": "Leases",
    "minority_interests": "Minority interests",
    "preferred": "Preferred stock",
    "pensions": "Pension deficit after tax",
    "options_value": "Options valued apart",
    "cash": "Cash and marketable securities",
    "associates": "Associates",
    "non_operating_assets": "Non-operating assets",
}


CAPM = (
    Field("cost_of_capital.risk_free", "Risk-free rate", Unit.RATE, 0.1),
    Field("cost_of_capital.equity_risk_premium", "Equity risk premium", Unit.RATE, 0.1),
    Field("cost_of_capital.beta", "Beta, levered", None, 0.05),
    Field("cost_of_capital.size_premium", "Size premium", Unit.RATE),
    Field("cost_of_capital.country_premium", "Country premium", Unit.RATE),
    Field("cost_of_capital.pretax_cost_of_debt", "Cost of debt before tax", Unit.RATE, 0.1),
    Field("cost_of_capital.tax", "Tax that interest saves", Unit.RATE, 1.0),
    Field("cost_of_capital.target.debt", "Debt share of capital", Unit.RATE, 1.0),
)
BETAS = {
    BetaKind.LEVERED: "Beta, levered",
    BetaKind.UNLEVERED: "Beta without debt",
    BetaKind.PEER: "Beta of the peers",
}
TERMINAL = (
    Field("terminal_growth", "Terminal growth", Unit.RATE),
    Field("terminal_roic", "Return on new capital (empty: WACC)", Unit.RATE),
    Field("terminal_wacc", "Terminal WACC (empty: last year's)", Unit.RATE),
    Field("terminal_tax", "Terminal tax (empty: last year's)", Unit.RATE, 1.0),
    Field("exit_multiple", "Exit multiple (empty: none)", Unit.RATIO, 0.5),
    Field("stub", "Part of year 1 still to come (empty: all)", Unit.YEARS, 0.05),
)
BASICS = (
    Field("revenue", "Revenue of the base year", Unit.MONEY, 100.0),
    Field("operating_loss", "Losses carried forward", Unit.MONEY, 100.0),
    Field("loss_limit", "Part of profit they may shelter", Unit.RATE, 5.0),
)
CHOICES = {
    "terminal_method": "The value rests on",
    "multiple_of": "Multiple of",
    "timing": "Cash arrives",
}
FORECAST_YEARS = "Forecast years"
LAST = "ask:last_company"


def company(label: str = "Company") -> Company | None:
    """The company to look at, kept in the address (`?company=AAPL`).

    An address without one, as the list of pages has it, is about the one looked at last.
    """
    with open_work(caller()) as work:
        known = list_companies(work)
    if not known:
        return None
    asked = str(st.query_params.get("company", "")).upper()
    wanted = asked or last_company().upper()
    named = next((i for i, c in enumerate(known) if wanted in (c.ticker, c.id.upper())), None)
    with show.asked():
        chosen = st.selectbox(
            label,
            known,
            index=named if asked else named or 0,
            format_func=lambda c: f"{c.name} ({c.ticker})" if c.ticker else c.name,
            key="company",
            placeholder="Choose a company",
        )
    if chosen is None:
        st.warning(
            "There is no such company here. Choose another one, or import what it has filed on "
            "the page Company.",
            icon=":material/search_off:",
        )
        st.stop()
    st.query_params["company"] = chosen.ticker or chosen.id
    st.session_state[LAST] = chosen.id
    return chosen


def last_company() -> str:
    """The id of the company that was looked at last in this session; empty before the first."""
    return st.session_state.get(LAST, "")


def start_over(desk: Desk) -> None:
    """The day whose facts the draft starts from, and the way back to them."""
    with st.popover("Facts", icon=":material/event:"):
        day = st.date_input(
            "Facts known on (empty: the newest)",
            value=desk.content.as_of,
            key=desk.key("as_of"),
            format="YYYY-MM-DD",
        )
        layer = _layer(desk)
        st.caption("Begins again from what was filed by that day. Undo brings your draft back.")
        st.button(
            "Start over from the facts",
            icon=":material/restart_alt:",
            on_click=lambda: desk.start_over(day, layer),
            key=desk.key("start_over"),
        )


def _layer(desk: Desk) -> str:
    """Through which filed figures are read; nothing to choose where nobody has adjusted any."""
    with open_work(caller()) as work:
        known = list_layers(work)
    if not known:
        return ""
    chosen = st.selectbox(
        "Figures",
        [AS_FILED, *known],
        index=known.index(desk.content.layer) + 1 if desk.content.layer in known else 0,
        key=desk.key("layer"),
        help="As filed, or with the adjustments of a layer; they stand on the page Company.",
    )
    return "" if chosen == AS_FILED else chosen


def steps(desk: Desk) -> None:
    """Undo and redo, by button and keyboard."""
    st.button(
        "Undo",
        icon=":material/undo:",
        shortcut="Ctrl+Z",
        disabled=not desk.undo_steps,
        on_click=desk.undo,
        key=f"{desk.model.name}:undo",
    )
    st.button(
        "Redo",
        icon=":material/redo:",
        shortcut="Ctrl+Shift+Z",
        disabled=not desk.redo_steps,
        on_click=desk.redo,
        key=f"{desk.model.name}:redo",
    )


def rationale(desk: Desk) -> str:
    """Why this is the value."""
    return st.text_area(
        "Why is this the value?",
        key=desk.key(f"save:{desk.saved.id if desk.saved else ''}"),  # each value has its own
        max_chars=4_000,
        height=110,
    ).strip()


def numbers(desk: Desk, fields: Sequence[Field], *, columns: int = 4) -> None:
    """Single numbers side by side, each with its source as help."""
    there = [each for each in fields if _is_used(desk, each.path.rpartition(".")[0])]
    for place in range(0, len(there), columns):
        row = st.columns(columns, vertical_alignment="bottom")  # where one label takes two lines
        for column, each in zip(row, there[place : place + columns], strict=False):
            with column:
                number(desk, each)


def capm(desk: Desk) -> list[Field]:
    """The inputs of the cost of capital, the beta called by the debt that it carries."""
    capital = desk.inputs.cost_of_capital
    called = BETAS[capital.beta_kind] if capital else ""
    return [replace(f, label=called) if f.path.endswith(".beta") else f for f in CAPM]


def _is_used(desk: Desk, part: str) -> bool:
    return not part or at(desk.inputs, part) is not None


TITLE_MOST = 90


def notes(desk: Desk) -> None:
    """What to know about the filed figures before one relies on them."""
    told = desk.start.warnings
    if told:
        first = shorten(told[0], TITLE_MOST, placeholder=" …")
        more = f", and {len(told) - 1} more to know" if told[1:] else ""
        title = f"{show.plain(first)}{more}"
        with st.expander(title, icon=":material/visibility:", key=desk.key("notes")):
            for warning in told:
                st.markdown(show.plain(warning))


def number(desk: Desk, asked: Field) -> None:
    """One number; an untouched one is never written back, so that it keeps its last bit.

    What may be empty begins empty for Streamlit: it could not be emptied again otherwise.
    """
    value, key = at(desk.inputs, asked.path), desk.key(asked.path)

    def changed() -> None:
        stated = st.session_state[key]
        value = None if stated is None else stated * asked.scale
        desk.put(replace(desk.content, inputs=put_at(desk.inputs, asked.path, value)))

    source = desk.sources().get(asked.path)
    shown = asked.on_screen(value)
    optional = can_be_empty(desk.inputs, asked.path)
    if optional:
        st.session_state.setdefault(key, shown)
    st.number_input(
        asked.heading(desk.currency),
        value=None if optional else shown,
        step=asked.step_on_screen,
        format=f"%.{amounts().digits}f" if asked.unit is Unit.MONEY else "%.2f",
        key=key,
        help=". ".join(filter(None, (asked.meaning, basis(source)))) or None,
        on_change=changed,
    )


def choice(desk: Desk, path: str, words: Mapping[StrEnum, str]) -> None:
    """One of a few conventions."""
    key, options = desk.key(path), list(words)

    def changed() -> None:
        desk.put(replace(desk.content, inputs=put_at(desk.inputs, path, st.session_state[key])))

    st.selectbox(
        CHOICES[path],
        options,
        index=options.index(at(desk.inputs, path)),
        format_func=lambda option: words[option],
        key=key,
        on_change=changed,
    )


def years(desk: Desk) -> None:
    """How many years are forecast; rows by year grow by their last number, or are cut."""
    key = desk.key("years")

    def changed() -> None:
        count, inputs = int(st.session_state[key]), desk.inputs
        for driver in drivers_of(inputs):
            row = years_of(inputs, driver) if is_by_year(inputs, driver) else None
            if row:
                longer = [*row, *[row[-1]] * count][:count]
                inputs = put_at(inputs, driver.path, longer)
        desk.put(replace(desk.content, inputs=replace(inputs, years=count)))

    st.number_input(
        FORECAST_YEARS,
        value=desk.inputs.years,
        min_value=1,
        max_value=40,
        step=1,
        key=key,
        on_change=changed,
    )


def fades_again(desk: Desk, drivers: Sequence[Field]) -> None:
    """The way back to its fade for each driver that is stated by year."""
    with st.container(horizontal=True):
        for driver in drivers:
            if is_by_year(desk.inputs, driver):
                st.button(
                    f"{driver.label}: fade again",
                    icon=":material/trending_flat:",
                    key=desk.key(f"fade:{driver.path}"),
                    on_click=_fade_again(desk, driver),
                )


def _fade_again(desk: Desk, driver: Field) -> Callable[[], None]:
    def act() -> None:
        inputs, aside = fade_again(desk.inputs, desk.content.aside, driver)
        desk.put(replace(desk.content, inputs=inputs, aside=aside))

    return act


def open_items(desk: Desk) -> None:
    """What keeps the equity from having a value, as something to do rather than an error."""
    names = ", ".join(BRIDGE_LABELS[item] for item in desk.to_state)
    st.warning(
        f"**{len(desk.to_state)} to state before a share has a value:** {names}. "
        "The filings do not carry them, and nothing is taken for zero by itself. "
        "State amount and reason under *Bridge and shares*.",
        icon=":material/checklist:",
    )
    with st.popover("Take them as none", icon=":material/exposure_zero:"):
        st.text_input(
            "Your reason",
            key=desk.key("none"),
            placeholder="such as: none in the notes to the accounts",
            max_chars=2_000,
        )
        st.button(
            "Take the empty ones as 0",
            key=desk.key("none:go"),
            on_click=lambda: _take_as_none(desk, st.session_state[desk.key("none")].strip()),
        )


def _take_as_none(desk: Desk, reason: str) -> None:
    if not reason:
        desk.problem = BadInput(
            "Nothing is taken for zero without a reason.", hint="Say why, then press again."
        )
        return
    inputs, reasons = desk.inputs, dict(desk.content.rationales)
    for item in desk.to_state:
        path = f"bridge.{item}"
        inputs = put_at(inputs, path, at(inputs, path) or 0.0)
        reasons[path] = reasons.get(path) or reason
    desk.put(replace(desk.content, inputs=inputs, rationales=reasons))


def basis(source: Source | None) -> str:
    """Where a number comes from, in one line."""
    if source is None:
        return ""
    filings = ", ".join(
        sorted({f"{f.named} in {f.accession}{adjusted_text(f)}" for f in source.facts})
    )
    who = f"{source.author}: " if source.author else ""
    kind = "not filed: " if source.kind is SourceKind.MISSING else ""
    return f"{kind}{who}{source.text}" + (f" ({filings})" if filings else "")
