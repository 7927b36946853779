"""Statements in pictures: filed years, then expected ones, in one row."""

from hypothesis import given
from hypothesis import strategies as st

from tests.workbooks.cases import Draw
from tests.workbooks.statements_cases import a_plan
from valor_core.charts.statements import debt_and_cash, performance
from valor_core.models.statements.forecast import forecast_statements

amounts = st.none() | st.floats(0.0, 1e9)


@given(seed=st.integers(0, 1_000), revenue=st.lists(amounts, min_size=0, max_size=4))
def test_every_year_has_its_bar_and_what_is_not_filed_none(seed, revenue):
    inputs = a_plan(Draw(seed))
    years = [f"FY{2001 + year}A" for year in range(len(revenue))]
    years += [f"FY{2001 + len(revenue) + year}E" for year in range(inputs.years)]

    chart = performance(
        forecast_statements(inputs), {"revenue": revenue, "ebitda": [None] * len(revenue),
        "free_cash_flow": [None] * len(revenue)}, years=years, currency="EUR",
    ).to_dict()  # fmt: skip

    bars = chart["data"][0]
    assert list(bars["x"]) == years
    assert [v is None for v in bars["y"][: len(revenue)]] == [v is None for v in revenue]
    assert all(len(trace["y"]) == len(years) for trace in chart["data"])


@given(seed=st.integers(0, 1_000))
def test_cash_less_debt_is_what_the_bars_come_to(seed):
    inputs = a_plan(Draw(seed))
    result = forecast_statements(inputs)
    years = [f"FY{2001 + year}E" for year in range(inputs.years)]

    *bars, net = debt_and_cash(result, {}, years=years, currency="EUR").to_dict()["data"]

    totals = [sum(column) for column in zip(*(bar["y"] for bar in bars), strict=True)]
    assert all(abs(one - other) < 1e-9 for one, other in zip(totals, net["y"], strict=True))
