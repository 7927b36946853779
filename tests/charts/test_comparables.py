"""Ranges of value as bars: from low to high, the middle marked, the price among them."""

from hypothesis import given
from hypothesis import strategies as st

from valor_core.charts.comparables import ranges
from valor_core.models.comparables.football import FootballRow

amounts = st.floats(-1e4, 1e4)


@given(st.tuples(amounts, amounts, amounts), st.none() | amounts)
def test_every_bar_and_the_price_lie_within_the_axis(points, price):
    low, mid, high = sorted(points)
    row = FootballRow(method="P/E", low=low, mid=mid, high=high)

    chart = ranges([row], currency="USD", price=price).to_dict()

    bar = chart["data"][0]
    assert (bar["base"][0], bar["x"][0]) == (low, high - low)
    first, last = chart["layout"]["xaxis"]["range"]
    assert first < min(low, high if price is None else price)
    assert last > max(high, low if price is None else price)
