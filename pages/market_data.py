"""Prices, rates and exchange rates of data providers, kept as they came; and who can be asked."""

from datetime import date

import streamlit as st

from app.ui import market_sections as sections
from app.ui import show
from app.ui.frame import caller, only_for_its_readers
from app.ui.words import counted
from valor_core.market.provider import Capability
from valor_core.tenancy.access import MAY
from valor_core.workbench import market_data, people
from valor_core.workbench.market_methods import read_beta
from valor_core.workbench.verb import open_work

only_for_its_readers("market_data")
who = caller()
with open_work(who) as work:
    standing = market_data.list_providers(work)
    found = market_data.list_series(work)
    names = people.names(work)

st.title("Market data", anchor=False)
if who.role in MAY["series.keep"]:
    sections.fetching(who, standing)
else:
    st.caption("Fetching is for analysts. Ask one of your tenant for the series that you need.")

st.header("Kept series", anchor=False)
if found:
    rows = {row.sha256: row for row, _ in found}
    if st.session_state.get("market_series") not in rows:
        st.session_state["market_series"] = next(iter(rows))
    chosen = st.selectbox(
        "Series",
        list(rows),
        key="market_series",
        format_func=lambda each: sections.named(rows[each]),
    )
    with open_work(who) as work:
        told = show.or_explain(market_data.read_series, work, chosen)
    if told:
        sections.one(told)
        if told.row.capability == Capability.BARS:
            with open_work(who) as work:
                last = date.fromisoformat(told.row.last_day)
                measured = read_beta(work, told.row.symbol, as_of=last)
            if measured:
                sections.beta(measured)
        label = f"{counted(len(told.open_doubts), 'open doubt')} about this series"
        with st.expander(label, expanded=bool(told.open_doubts), icon=":material/help:"):
            sections.doubted(who, told, names)
    with st.expander("All kept series", icon=":material/list:"):
        sections.listing(found, names)
else:
    st.info(
        "No series is kept yet. Fetch one above: the provider Replay needs no key, and its "
        "prices are invented.",
        icon=":material/candlestick_chart:",
    )
with st.expander("Equity risk premium", icon=":material/trending_up:"):
    sections.premium(who, names)
with st.expander("Providers and keys", icon=":material/key:"):
    sections.providers(who, standing, names)
