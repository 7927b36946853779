"""What kept series say of an input by several methods, and the way to take another one."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from app.ui import frame, show
from app.ui.draft import Desk
from app.ui.words import NOTHING, number, percent
from valor_core.coverage.prefill import Alternative
from valor_core.errors import ValorError
from valor_core.models.cost_of_capital import BetaKind, cost_of_capital
from valor_core.models.fields import leaves
from valor_core.settings import setting
from valor_core.workbench.market_inputs import taken
from valor_core.workbench.market_methods import BETA, PREMIUM, RISK_FREE, names_of
from valor_core.workbench.verb import open_work

CALLED = {
    BETA: "Beta",
    RISK_FREE: "Risk-free rate",
    PREMIUM: "Equity risk premium",
    "volatility": "Volatility a year",
    "rate": "Risk-free rate, continuous",
}


def of_capital(desk: Desk) -> None:
    """Beta, risk-free rate and premium by each method, with the WACC that each would give."""
    if desk.inputs.cost_of_capital is None:
        return
    wacc = {_key(each): _wacc(desk, each) for each in desk.start.alternatives}
    _offered(desk, "What market data say, and the WACC that each would give", "WACC then", wacc)
    _lacking(desk)


def of_project(desk: Desk) -> None:
    """Volatility and rate of a right by each method."""
    if desk.start.alternatives:
        _offered(desk, "What market data say of the share", "", {})
    else:
        st.caption(
            f"The volatility is a round figure. Fetch a year of daily prices of {_share(desk)} on "
            "the page Market data, and it is told from them."
        )


def _offered(desk: Desk, caption: str, heading: str, beside: dict[str, str]) -> None:
    told = desk.start.alternatives
    names = desk.once("series", lambda: _names(told))
    columns = ["Input", "Method", "Value", heading, "Choose it", "Rests on"]
    rows = [
        [
            CALLED[each.path],
            each.method + ", in use" * _in_use(desk, each),
            in_words(each),
            beside.get(_key(each), NOTHING),
            each.reason,
            "; ".join(names[sha256] for sha256 in each.series) or each.source.text,
        ]
        for each in told
    ]
    if not heading:
        del columns[3]
        rows = [[*row[:3], *row[4:]] for row in rows]
    text = frozenset({"Input", "Method", "Choose it", "Rests on"})
    show.listing(caption, columns, rows, text=text)
    others = [each for each in told if not _in_use(desk, each)]
    if others:
        _taking(desk, others)


def _taking(desk: Desk, others: Sequence[Alternative]) -> None:
    key = desk.key("method")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Take another",
            others,
            format_func=lambda each: f"{CALLED[each.path]}: {each.method}, {in_words(each)}",
            key=key,
        )
        st.button(
            "Take it",
            icon=":material/input:",
            key=desk.key("method:take"),
            on_click=lambda: take(desk, st.session_state[key]),
        )


def take(desk: Desk, told: Alternative) -> None:
    """What a method tells becomes the input; when to choose it is the reason, until another is."""
    reasons = {**desk.content.rationales, told.path: f"{told.method}: {told.reason}"}
    content = replace(desk.content, inputs=taken(desk.inputs, told), rationales=reasons)
    desk.put(content, widgets=True)


def in_words(told: Alternative) -> str:
    """A value as it is read: betas as they are, with the debt they carry, all else in percent."""
    if told.path != BETA:
        return percent(told.value, 2)
    return number(told.value, 2) + " without debt" * (told.beta_kind is BetaKind.UNLEVERED)


def _in_use(desk: Desk, told: Alternative) -> bool:
    path = told.path
    return desk.start.alternative(desk.inputs, path, leaves(desk.inputs).get(path)) == told


def _wacc(desk: Desk, told: Alternative) -> str:
    try:
        found = cost_of_capital(taken(desk.inputs, told).cost_of_capital)
    except ValorError:
        return NOTHING
    return percent(float(found.wacc), 2)


def _lacking(desk: Desk) -> None:
    there = {each.path for each in desk.start.alternatives}
    wanted = []
    if BETA not in there:
        market = setting("VALOR_MARKET_SYMBOL").upper()
        wanted.append(f"for a beta two years of daily prices of {_share(desk)} and of {market}")
    if RISK_FREE not in there:
        wanted.append("for a risk-free rate the yield DGS10")
    if wanted:
        st.caption(
            f"Fetch {', and '.join(wanted)} on the page Market data: they are then told here, and "
            "a DCF begins with them."
        )


def _share(desk: Desk) -> str:
    return show.plain(desk.company.ticker or desk.company.name)


def _key(told: Alternative) -> str:
    return f"{told.path} {told.method}"


def _names(told: Sequence[Alternative]) -> dict[str, str]:
    with open_work(frame.caller()) as work:
        return names_of(work, told)
