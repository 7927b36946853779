"""A saved value of a share in the currency that it trades in, or per ADR, saved beside it."""

from datetime import date

import streamlit as st

from app.ui import show
from app.ui.headline import value_of
from app.ui.words import number
from valor_core.errors import BadInput, ValorError
from valor_core.models.trading import TradingInputs, trading_value
from valor_core.tenancy.access import MAY
from valor_core.values import Caller, CompanyId
from valor_core.workbench.companies import read_company
from valor_core.workbench.valuations import Saved, ValuationRow, run_valuation
from valor_core.workbench.verb import open_work


def in_trading_currency(who: Caller, saved: Saved) -> None:
    """The rate with its day and source, what the value becomes, and the way to keep it."""
    row = saved.row
    if who.role not in MAY["valuation.run"] or row.model != "dcf":
        return
    with st.expander("In the currency it trades in", icon=":material/currency_exchange:"):
        st.caption(
            f"{value_of(row)} a share, reported in {row.currency}. No rate of exchange is kept: "
            "state one, its day and its source."
        )
        left, middle, right = st.columns(3)
        currency = left.text_input("Trading currency", value=row.currency, max_chars=3)
        rate = middle.number_input(
            f"Trading currency for one {row.currency}", value=1.0, format="%.6f", step=0.01
        )
        shares = right.number_input(
            "Shares per ADR", value=_shares_per_adr(who, row), format="%.4f", step=1.0
        )
        day, source = st.columns([1, 2])
        on = day.date_input("Day of the rate", value=date.today(), format="YYYY-MM-DD")  # noqa: DTZ011, the reader's calendar
        why = source.text_input("Source of the rate", max_chars=400)
        inputs = TradingInputs(
            value_per_share=row.headline,
            reporting_currency=row.currency,
            trading_currency=currency.strip().upper(),
            exchange_rate=rate,
            rate_on=on,
            shares_per_adr=shares,
        )
        result = show.or_explain(trading_value, inputs)
        if result is None:
            return
        value = number(float(result.value_per_adr), 2)
        st.markdown(f"**{value} {show.plain(inputs.trading_currency)} per ADR**")
        if st.button("Save it") and (kept := _kept(who, row, inputs, why)):
            st.query_params["valuation"] = kept.id
            st.rerun()


def _shares_per_adr(who: Caller, row: ValuationRow) -> float:
    with open_work(who) as work:
        adr = read_company(work, row.company_id).adr
    return adr.shares if adr else 1.0


def _kept(who: Caller, row: ValuationRow, inputs: TradingInputs, why: str) -> ValuationRow | None:
    if not why.strip():
        show.refusal(
            BadInput("A rate without its source cannot be kept.", hint="State where it is from.")
        )
        return None
    told = {"exchange_rate": why.strip(), "value_per_share": f"value per share of run {row.run_id}"}
    try:
        with open_work(who) as work:
            return run_valuation(
                work,
                CompanyId(row.company_id),
                inputs,
                rationale=f"{row.rationale} In {inputs.trading_currency}, as it trades."[:4_000],
                rationales=told,
            )
    except ValorError as error:
        show.refusal(error)
        return None
