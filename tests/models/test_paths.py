"""Drivers over the years."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.sound import rates
from valor_core.models.fields import settled
from valor_core.models.paths import Fade, Shape, constant, over_years
from valor_core.models.refusals import FadeBackwards, FadeWithoutEnd, LengthDoesNotFit


@given(start=rates(-1, 1), end=rates(-1, 1), begin=st.integers(0, 9), length=st.integers(1, 9))
def test_a_fade_keeps_its_start_ends_at_its_end_and_moves_evenly_between(start, end, begin, length):
    values = over_years(
        Fade(start=start, end=end, from_year=begin, to_year=begin + length), 20, name="growth"
    )

    assert values[:begin] == [start] * begin
    assert values[begin + length - 1 :] == [end] * (21 - begin - length)
    path = [start, *values[max(begin, 0) : begin + length]]
    assert np.diff(path) == pytest.approx((end - start) / length, abs=1e-12)


def test_a_stepped_fade_jumps_in_the_year_of_its_end():
    stepped = Fade(start=2.0, end=1.0, from_year=1, to_year=4, shape=Shape.STEPPED)

    assert over_years(stepped, 5, name="ratio") == [2.0, 2.0, 2.0, 1.0, 1.0]


def test_the_first_year_may_differ_and_then_nothing_is_asked_of_the_start():
    assert over_years(Fade(start=0.05, first=0.2), 3, name="growth") == [0.2, 0.05, 0.05]
    assert over_years(Fade(first=0.2), 1, name="growth") == [0.2]


def test_a_fade_without_an_end_runs_to_the_terminal_value_and_is_refused_without_one():
    fade = Fade(start=0.06, from_year=1, to_year=3)

    assert over_years(fade, 3, name="growth", terminal=0.02)[-1] == 0.02
    with pytest.raises(FadeWithoutEnd, match="growth has no end"):
        over_years(fade, 3, name="growth")
    with pytest.raises(FadeWithoutEnd, match="wacc has no start"):
        over_years(Fade(end=0.06, from_year=1, to_year=3), 3, name="wacc")


def test_an_end_that_the_forecast_never_reaches_is_still_asked_for_on_the_way_there():
    with pytest.raises(FadeWithoutEnd):
        over_years(Fade(start=0.06, from_year=1, to_year=9), 3, name="growth")
    assert over_years(Fade(start=0.06, from_year=5, to_year=9), 3, name="growth") == [0.06] * 3


def test_a_fade_that_ends_before_it_begins_and_a_row_of_the_wrong_length_are_refused():
    with pytest.raises(FadeBackwards, match="year 4 to year 4"):
        over_years(Fade(start=1.0, end=2.0, from_year=4, to_year=4), 5, name="margin")
    with pytest.raises(LengthDoesNotFit, match="3 numbers for 2 years"):
        over_years(np.ones(3), 2, name="margin")


def test_scenarios_may_vary_any_end_of_a_fade_and_a_constant():
    ends = np.array([0.0, 0.1])

    values = over_years(Fade(start=0.2, end=ends, from_year=0, to_year=2), 2, name="growth")

    assert values[0].tolist() == pytest.approx([0.1, 0.15])
    assert over_years(constant(ends), 2, name="growth")[1] is not None


def test_whole_numbers_become_floats_and_rows_cannot_be_written_into():
    assert isinstance(Fade(start=1).start, float)
    with pytest.raises(TypeError, match="truth value"):
        Fade(start=True)
    row = settled([1, 2])
    with pytest.raises(ValueError, match="read-only"):
        row[0] = 3.0
