"""Ranges side by side."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.comparables.sound import comparisons, some_comparables
from tests.models.sound import rates
from valor_core.models.comparables.comparables import comparables
from valor_core.models.comparables.football import (
    FootballRow,
    football_field,
    rows_of_multiples,
)
from valor_core.models.comparables.refusals import (
    MultipleWeightNegative,
    NoMultiple,
    RangeBackwards,
)


def a_row(**changes):
    return replace(FootballRow(method="DCF", low=10.0, mid=12.0, high=15.0), **changes)


@st.composite
def ranges(draw):
    low, mid, high = sorted(draw(st.tuples(*[rates(-10.0, 50.0)] * 3)))
    return a_row(low=low, mid=mid, high=high, weight=draw(rates(0.1, 3.0)))


@given(rows=st.lists(ranges(), min_size=1, max_size=6))
def test_the_weighted_range_lies_within_the_ranges(rows):
    field = football_field(rows)

    near = 1e-9
    assert field.lowest - near <= field.low <= field.mid + near
    assert field.mid - near <= field.high <= field.highest + near


@given(rows=st.lists(ranges(), min_size=1, max_size=6))
def test_what_all_agree_on_lies_in_every_range(rows):
    agreed = football_field(rows).agreed

    if agreed is None:
        assert max(row.low for row in rows) > min(row.high for row in rows)
    else:
        assert all(row.low <= agreed[0] <= agreed[1] <= row.high for row in rows)


def test_a_row_without_weight_is_shown_and_does_not_count():
    shown = a_row(method="52-week average", low=1.0, mid=2.0, high=3.0, weight=0.0)

    field = football_field([a_row(), shown], price=30.0, price_range=(0.5, 31.0))

    assert (field.low, field.mid, field.high, field.agreed) == (10.0, 12.0, 15.0, (10.0, 15.0))
    assert (field.lowest, field.highest) == (0.5, 31.0)


@given(deal=comparisons())
def test_each_multiple_that_has_a_meaning_is_a_row(deal):
    result = comparables(deal)

    rows = rows_of_multiples(result)

    assert rows
    assert all(row.low <= row.mid <= row.high for row in rows)


def test_a_row_tells_the_multiples_that_make_it():
    (row,) = rows_of_multiples(comparables(some_comparables()))

    assert (row.method, row.assumption) == ("EV to EBITDA", "8.8× to 12.2×")


def test_ranges_that_run_backwards_and_fields_without_weight_are_refused():
    with pytest.raises(RangeBackwards):
        a_row(low=13.0)
    with pytest.raises(MultipleWeightNegative):
        a_row(weight=-1.0)
    with pytest.raises(NoMultiple):
        football_field([a_row(weight=0.0)])
