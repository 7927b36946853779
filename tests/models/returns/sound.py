"""Sound investments, so that a test states only what it is about."""

from dataclasses import replace
from datetime import date

from hypothesis import strategies as st

from tests.models.sound import rates
from valor_core.models.returns.day_count import DayCount
from valor_core.models.returns.model import ReturnsInputs

DAYS = st.dates(date(1990, 1, 1), date(2050, 12, 31))


def an_investment(**changes) -> ReturnsInputs:
    """A fund that calls for three years and pays back in the last three."""
    known = ReturnsInputs(flows=[-100.0, -50.0, -20.0, 40.0, 90.0, 130.0], rate=0.08)
    return replace(known, **changes)


@st.composite
def investments(draw):
    """Flows of any signs, by period or on any days, of which several may be one."""
    count = draw(st.integers(1, 12))
    amounts = st.just(0.0) | rates(-1e6, -0.01) | rates(0.01, 1e6)
    rows = st.lists(amounts, min_size=count, max_size=count)
    days = st.lists(DAYS, min_size=count, max_size=count).map(tuple)
    index = st.lists(rates(1.0, 1e4), min_size=count, max_size=count)
    return ReturnsInputs(
        flows=draw(rows),
        dates=draw(st.none() | days),
        day_count=draw(st.sampled_from(DayCount)),
        residual_value=draw(rates(0.0, 1e6)),
        rate=draw(rates(-0.3, 1.0)),
        finance_rate=draw(st.none() | rates(-0.3, 1.0)),
        reinvestment_rate=draw(st.none() | rates(-0.3, 1.0)),
        index=draw(st.none() | index),
    )
